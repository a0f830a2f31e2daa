"""The circuit as Python: it runs on its own and gives the same numbers, to the last bit."""

import math
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import assume, given, settings

from cvlab.engine.circuit.code import source
from cvlab.engine.circuit.passes import evaluate
from cvlab.engine.circuit.presets import PRESETS
from cvlab.engine.circuit.reader import read
from tests.engine.circuit.strategies import all_finite, expressions, inputs


def run(evaluation):
    space = {"__name__": "generated"}
    exec(compile(source(evaluation), "circuit.py", "exec"), space)  # our own text, made a line above
    return space


def assert_same(evaluation, prefix="d"):
    space, circuit = run(evaluation), evaluation.circuit
    for node in circuit.nodes:
        if node.kind == "constant":
            continue
        assert np.array_equal(space[node.name], evaluation.values[node.id])
        if node.kind == "input" or (circuit.reaches_output[node.id] and circuit.varies[node.id]):
            assert np.array_equal(space[prefix + node.name], evaluation.gradients[node.id])


@pytest.mark.parametrize("preset", PRESETS, ids=lambda preset: preset.id)
def test_presets_run_to_the_same_numbers(preset):
    assert_same(evaluate(read(preset.text)))


@given(expressions(), inputs())
@settings(max_examples=300, deadline=None)
def test_random_circuits_run_to_the_same_numbers(text, values):
    circuit = read(text)
    evaluation = evaluate(circuit, {node.name: values[node.name] for node in circuit.inputs})
    assume(all_finite(*evaluation.values, *(slope for slopes in evaluation.locals for slope in slopes)))
    assert_same(evaluation)


@pytest.mark.parametrize(
    "text", ["max(x, y, x, 2)", "max(x, y)", "min(y, x) * abs(x - y)", "x**0 + y**-2 + 2**x", "2 * 3 + x"]
)
def test_ties_and_constants(text):
    circuit = read(text)
    assert_same(evaluate(circuit, {node.name: 2.0 for node in circuit.inputs}))


@pytest.mark.parametrize(
    "text", ["f = x", "y = x; f = y * y", "y = x; z = y; f = z + x * 2", "v = [1, 2]; w = v; f = sum(w)"]
)
def test_every_name_of_the_text_is_a_name_in_the_code(text):
    evaluation = evaluate(read(text))
    assert_same(evaluation)
    space, circuit = run(evaluation), evaluation.circuit
    assert any(name != circuit.nodes[id].name for name, id in circuit.aliases.items())
    for name, id in circuit.aliases.items():
        assert np.array_equal(space[name], evaluation.values[id])
        assert np.array_equal(space[f"d{name}"], evaluation.gradients[id])


@pytest.mark.parametrize("base", ["(-0.0)", "-0.0", "(-2)", "-2", "0.0"])
@pytest.mark.parametrize("x", [0.5, 1.0, 2.0, 3.0])
def test_a_negative_base_stays_in_its_brackets(base, x):
    evaluation = evaluate(read(f"{base} ** x"), {"x": x})
    if not np.isfinite(evaluation.output):
        return
    space = {"math": math}
    exec(source(evaluation).partition("# backward")[0], space)  # our own text
    assert space["f"] == evaluation.output


def test_names_that_are_taken_are_left_alone():
    assert_same(evaluate(read("dx = 2; x = 3; f = dx * x")), "grad_")
    code = source(evaluate(read("math = 2; f = exp(math)")))
    space = {}
    exec(compile(code, "circuit.py", "exec"), space)
    assert space["dmath_"] == space["f"]


def test_the_file_runs_and_reads_like_the_course(tmp_path):
    code = source(evaluate(read("x = -2; y = 5; z = -4\nq = x + y\nf = q * z")))
    assert "q = x + y  # 3\nf = q * z  # -12\n" in code
    assert code.endswith("df = 1.0\ndq = z * df\ndz = q * df\ndx = dq\ndy = dq\n")
    path = tmp_path / "circuit.py"
    path.write_text(code + "print(dx, dy, dz)\n", encoding="utf-8")
    assert (
        subprocess.run([sys.executable, path], capture_output=True, text=True, check=True).stdout == "-4.0 -4.0 3.0\n"
    )


def test_one_place_of_a_vector_is_a_float_like_any_other():
    evaluation = evaluate(read("v = [-2, 3]; W = [[1, -4], [2, 5]]; f = abs(v[0]) * relu(W[0, 1]) + abs(W[1])[0]"))
    space = {}
    exec(compile(source(evaluation), "circuit.py", "exec"), space)  # our own text
    assert space["f"] == evaluation.output == 2 and list(space["dW"][1]) == [1, 0]
