"""Values and gradients against PyTorch's autograd, over thousands of random expressions; and the two passes' own laws."""

import math

import numpy as np
import pytest
import torch
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from torch.nn import functional

from cvlab.engine.circuit.autograd import by_autograd
from cvlab.engine.circuit.code import source
from cvlab.engine.circuit.composite import fold
from cvlab.engine.circuit.gates import FUNCTIONS, GATES
from cvlab.engine.circuit.passes import evaluate
from cvlab.engine.circuit.presets import PRESETS, neuron
from cvlab.engine.circuit.reader import read
from cvlab.engine.circuit.sigmoids import collapse, collapsible, expand, span
from cvlab.engine.circuit.tensors import same
from cvlab.engine.circuit.trust import check, largest_relative_error, relative_error
from cvlab.engine.circuit.walk import Walk
from cvlab.engine.errors import ExpressionError
from tests.engine.circuit.strategies import all_finite, by_torch, examples, expressions, inputs


def with_values(circuit, values):
    return evaluate(circuit, {node.name: values[node.name] for node in circuit.inputs})


def scale_of(evaluation):
    """For each node the gradient with nothing cancelled, which is as well as float64 knows it.

    Products count as positive where they are added; so do the terms of 1 - tanh² and 1 - s, which lose the digits of a tanh or
    sigmoid near 1; and a sine or cosine near 0 is known to the last digit of 1.
    """
    whole = {"tanh": lambda f: 1 + f * f, "sigmoid": lambda f: (1 + f) * f, "sin": lambda f: 1.0, "cos": lambda f: 1.0}
    circuit = evaluation.circuit
    scale = [0.0] * len(circuit.nodes)
    scale[circuit.output] = 1.0
    for node in reversed(circuit.gates):
        for operand, slope in zip(node.operands, evaluation.locals[node.id], strict=True):
            size = whole[node.gate](evaluation.values[node.id]) if node.gate in whole else abs(slope)
            scale[operand] += scale[node.id] * size
    return scale


@given(expressions(), inputs())
@settings(max_examples=examples(2000), deadline=None)
def test_values_and_gradients_are_those_of_autograd(text, values):
    circuit = read(text)
    evaluation = with_values(circuit, values)
    value, gradients = by_torch(text, values)
    sizes = [abs(v) for v in evaluation.values] + [abs(s) for slopes in evaluation.locals for s in slopes]
    assume(all_finite(value, *gradients.values(), *sizes) and max(sizes) < 1e3)
    assert evaluation.output == pytest.approx(value, rel=1e-12, abs=1e-12 * max(sizes))
    scale = scale_of(evaluation)
    for node in circuit.inputs:
        assert evaluation.gradients[node.id] == pytest.approx(
            gradients[node.name], rel=1e-12, abs=1e-12 * scale[node.id]
        )


# From the test file of micrograd: the expressions are its own, what they must give comes from PyTorch.
MICROGRAD = [
    ("z = 2 * x + 2 + x; q = relu(z) + z * x; h = relu(z * z); y = h + q + q * x", {"x": -4.0}),
    (
        "c0 = a + b; d0 = a * b + b**3; c1 = c0 + c0 + 1; c2 = c1 + 1 + c1 + (-a); d1 = d0 + d0 * 2 + relu(b + a);"
        "d2 = d1 + 3 * d1 + relu(b - a); e = c2 - d2; f = e**2; g0 = f / 2.0; g = g0 + 10.0 / f",
        {"a": -4.0, "b": 2.0},
    ),
]


@pytest.mark.parametrize(("text", "values"), MICROGRAD)
def test_micrograds_own_expressions(text, values):
    evaluation = evaluate(read(text), values)
    value, gradients = by_torch(text, values)
    assert evaluation.output == pytest.approx(value, rel=1e-15)
    assert evaluation.by_input == pytest.approx(gradients, rel=1e-15)


SCALAR = [preset for preset in PRESETS if "[" not in preset.text]


@pytest.mark.parametrize("preset", SCALAR, ids=lambda preset: preset.id)
def test_presets_against_autograd_and_centred_differences(preset):
    circuit = read(preset.text)
    evaluation = evaluate(circuit)
    steps = [s for s in preset.text.replace("\n", ";").split(";") if not _is_number(s.partition("=")[2])]
    value, gradients = by_torch(";".join(steps), circuit.starting_values())
    assert evaluation.output == pytest.approx(value, rel=1e-13)
    assert evaluation.by_input == pytest.approx(gradients, rel=1e-12, abs=1e-15)
    assert [each.verdict for each in check(evaluation)] == ["agrees"] * len(circuit.inputs)
    assert not evaluation.troubles and not evaluation.kinks


def _is_number(text):
    try:
        return bool(text) and math.isfinite(float(text))
    except ValueError:
        return False


def test_the_course_example():
    evaluation = evaluate(read("(x+y)*z"), {"x": -2, "y": 5, "z": -4})
    nodes = evaluation.circuit.by_name
    assert evaluation.output == -12 and evaluation.by_input == {"x": -4, "y": -4, "z": 3}
    assert evaluation.gradients[nodes["q"].id] == -4 and evaluation.values[nodes["q"].id] == 3


@pytest.mark.parametrize(
    "text",
    ["max(x, y)", "min(x, y)", "max(x, y, x)", "relu(x - y)", "abs(x - y)", "max(0, x - y)", "min(x, y, 1.5, y)"],
)
def test_at_a_kink_the_slope_is_pytorchs_and_it_is_said(text):
    evaluation = evaluate(read(text), {"x": 1.5, "y": 1.5})
    assert evaluation.by_input == by_torch(text, {"x": 1.5, "y": 1.5})[1]
    assert any("kink" in sentence and "PyTorch" in sentence for sentence in evaluation.kinks.values())
    assert {each.verdict for each in check(evaluation)} <= {"kink", "agrees"}


def test_a_kink_within_the_step_is_told_from_an_error():
    near = evaluate(read("relu(x)"), {"x": 1e-9})
    assert check(near)[0].verdict == "kink" and not near.kinks
    assert check(evaluate(read("relu(x)"), {"x": 1e-3}))[0].verdict == "agrees"


@pytest.mark.parametrize(
    ("text", "x", "words"),
    [
        ("1 / x", 0.0, "division by zero"),
        ("x / (x - x)", 2.0, "division by zero"),
        ("log(x)", -1.0, "log of -1"),
        ("log(x)", 0.0, "minus infinity"),
        ("exp(x)", 1000.0, "too large"),
        ("x ** 300", 1e10, "too large"),
        ("x ** 0.5", -2.0, "no real number"),
        ("x ** -1", 0.0, "division by zero"),
        ("sqrt(x)", -4.0, "square root of -4"),
        ("x * x", 1e300, "too large"),
        ("q = log(x); f = sin(q) + max(q, 1) + tan(q) + sigmoid(q) + tanh(q) + abs(q) + relu(q) + q**2", -3.0, "log of -3"),
    ],
)  # fmt: skip
def test_what_has_no_value_gets_a_sentence_from_the_gate_that_began_it(text, x, words):
    evaluation = evaluate(read(text), {"x": x})
    assert not math.isfinite(evaluation.output)
    [sentence] = evaluation.troubles.values()
    assert words in sentence
    assert check(evaluation)[0].verdict in ("no number", "differs", "agrees", "kink")


def test_a_slope_without_end_is_said():
    evaluation = evaluate(read("sqrt(x)"), {"x": 0.0})
    assert evaluation.output == 0 and "no finite slope" in next(iter(evaluation.kinks.values()))


_MASKS = ["relu({})", "max({}, 0)", "min(0, {})", "max({}, y)", "relu({}) * relu(y)"]
_STEEP = ["log({})", "1 / {}", "sqrt({})", "({}) ** -0.5", "log(abs({}))", "-log({})", "sqrt({}) + y"]


@pytest.mark.parametrize("mask", _MASKS)
@pytest.mark.parametrize("steep", _STEEP)
@pytest.mark.parametrize("x", [-1.0, 0.0, 2.0])
@pytest.mark.parametrize("y", [-2.0, 0.0, 2.0])
def test_a_masked_input_gets_0_also_where_an_infinite_gradient_arrives(mask, steep, x, y):
    text = steep.format(f"({mask.format('x')})")
    circuit = read(text)
    values = {"x": x, "y": y}
    evaluation = with_values(circuit, values)
    expected = {name: g for name, g in by_autograd(circuit, evaluation.inputs).items() if name in evaluation.by_input}
    assert evaluation.by_input == pytest.approx(expected, rel=1e-12, nan_ok=True)
    walk = Walk(evaluation)
    walk.jump(walk.last)
    for node in circuit.inputs:
        assert same(walk.gradient(node.id) or 0.0, evaluation.gradients[node.id])
    folded = fold(circuit, [tuple(span(node) for node in circuit.gates)])
    assert with_values(folded, values).by_input == pytest.approx(evaluation.by_input, nan_ok=True)


def test_the_losers_of_a_maximum_of_three_get_0_whatever_arrives():
    evaluation = evaluate(read("1 / max(x, y, 0)"), {"x": -1, "y": -2})
    assert evaluation.by_input == {"x": 0, "y": 0}
    assert evaluate(read("log(max(x, y, 0)) * z"), {"x": -1, "y": -2, "z": 1}).by_input == {
        "x": 0,
        "y": 0,
        "z": -math.inf,
    }


@pytest.mark.parametrize("x", [-800.0, -709.0, -1.0, 0.0, 800.0])
def test_a_sigmoid_that_is_written_out_has_the_gradient_of_autograd_and_says_where_it_overflows(x):
    circuit = expand(read("sigmoid(x)"))
    evaluation = evaluate(circuit, {"x": x})
    assert evaluation.by_input == pytest.approx(by_autograd(circuit, {"x": x}), rel=1e-12, abs=1e-300, nan_ok=True)
    is_overflow = x < -709.78
    assert math.isnan(evaluation.by_input["x"]) == is_overflow == bool(evaluation.troubles)
    assert all("sigmoid" in note and "0 · ∞" in note for note in evaluation.troubles.values())
    assert evaluate(read("sigmoid(x)"), {"x": x}).by_input == pytest.approx(by_autograd(read("sigmoid(x)"), {"x": x}))


_NUMBERS = st.sampled_from(
    [0.0, -0.0, 1.0, -2.5, 1e300, -1e300, 1e-300, 1.7e308, 5e-324, 800.0, math.inf, -math.inf, math.nan]
)


@given(_NUMBERS | st.floats(), _NUMBERS | st.floats())
@settings(max_examples=examples(300), deadline=None)
def test_a_relative_error_is_between_0_and_2_or_nan(a, b):
    error = relative_error(a, b)
    assert math.isnan(error) if not (math.isfinite(a) and math.isfinite(b)) else 0 <= error <= 2
    assert largest_relative_error(np.array([a]), np.array([b])) == pytest.approx(error, nan_ok=True)


@given(expressions(8), st.fixed_dictionaries(dict.fromkeys("xyzw", _NUMBERS.filter(math.isfinite))))
@settings(max_examples=examples(300), deadline=None)
def test_every_circuit_can_be_checked_and_walked_at_extreme_inputs(text, values):
    evaluation = with_values(read(text), values)
    assert len(check(evaluation)) == len(evaluation.circuit.inputs)
    walk = Walk(evaluation)
    for position in range(walk.last + 1):
        assert walk.at(position).sentence
    troubles = [note for note in evaluation.troubles.values() if "division by zero" in note]
    assert not troubles or any(
        (node.gate == "div" and evaluation.values[node.operands[1]] == 0)
        or (node.gate == "pow" and evaluation.values[node.operands[0]] == 0)
        for node in evaluation.circuit.gates
    )


@pytest.mark.parametrize(
    ("text", "values", "words"),
    [
        ("log(exp(a)+exp(b))", {"a": 1000, "b": 0}, "logsumexp"),
        ("a/(a-a)", {"a": 3}, "division by zero"),
        ("x/y", {"x": 1e300, "y": 1e-300}, "the quotient is too large"),
        ("x*y", {"x": 1e300, "y": 1e300}, "the product is too large"),
    ],
)
def test_what_overflows_is_not_called_a_division_by_zero(text, values, words):
    evaluation = evaluate(read(text), values)
    [note] = evaluation.troubles.values()
    assert words in note and (words == "division by zero") == ("division by zero" in note)
    assert {each.verdict for each in check(evaluation)} == {"no number"}


@pytest.mark.parametrize("scores", [[1e17, 1e17], [1e300, 1e300, 1e300], [-1e17, -1e17 + 64], [1e17, 0.0], [3.0, 1.0]])
def test_the_softmax_loss_of_large_scores_is_pytorchs(scores):
    expected = functional.cross_entropy(torch.tensor([scores], dtype=torch.float64), torch.tensor([0])).item()
    evaluation = evaluate(read(f"s = {scores!r}; f = cross_entropy(s, 0)"))
    assert evaluation.output == pytest.approx(expected, rel=1e-14)
    space = {}
    exec(compile(source(evaluation), "circuit.py", "exec"), space)  # our own text
    assert space["f"] == evaluation.output


@pytest.mark.parametrize(
    ("text", "formula"),
    [
        ("square(-2.7)", "(-2.7)²"), ("(-2.7) ** x", "(-2.7) ** x"), ("x - (-2)", "x - (-2)"), ("relu(-2)", "relu(-2)"),
        ("max(-2, x)", "max(-2, x)"), ("(-2) * x", "(-2) * x"), ("abs(-2)", "abs(-2)"),
    ],
)  # fmt: skip
def test_a_negative_number_stands_in_brackets_where_a_sign_would_bind_tighter(text, formula):
    circuit = read(text)
    assert circuit.formula(circuit.nodes[circuit.output]) == formula


@pytest.mark.parametrize("gate", GATES)
@pytest.mark.parametrize("x", [0.0, -0.0, 1.0, -1.5, 1e308, -1e308, 5e-324, math.inf, -math.inf, math.nan])
@pytest.mark.parametrize("y", [0.0, 2.0, -3.0, 0.5, math.inf, math.nan])
def test_every_gate_is_total(gate, x, y):
    gate = GATES[gate]
    xs = [x, y][: gate.least]
    out = gate.forward(*xs)
    assert isinstance(out, float) and all(isinstance(slope, float) for slope in gate.local(xs, out))


@given(expressions(8), inputs())
@settings(max_examples=300, deadline=None)
def test_merging_changes_no_value_and_no_gradient(text, values):
    text = f"({text}) * ({text}) + 1"
    plain, merged = with_values(read(text), values), with_values(read(text, merge=True), values)
    assert len(merged.circuit.gates) < len(plain.circuit.gates) or len(plain.circuit.gates) <= 2
    assume(all_finite(plain.output, *plain.by_input.values()) and abs(plain.output) < 1e8)
    assert merged.output == plain.output
    scale = scale_of(plain)
    for name, node in ((n.name, n) for n in plain.circuit.inputs):
        assert merged.by_input[name] == pytest.approx(plain.by_input[name], rel=1e-11, abs=1e-11 * scale[node.id])


SIGMOIDS = [
    "1 / (1 + exp(-(w*x + b)))", "1 / (exp(-x) + 1)", "(1 + exp(-1 * x)) ** -1", "y = 1/(1+exp(-x)); f = y * 1/(1+exp(-w))",
]  # fmt: skip


@pytest.mark.parametrize("merge", [False, True])
@pytest.mark.parametrize("text", SIGMOIDS)
def test_a_written_out_sigmoid_collapses_and_expands(text, merge):
    circuit = read(text, merge=merge)
    values = {node.name: 0.7 - 0.4 * i for i, node in enumerate(circuit.inputs)}
    plain = evaluate(circuit, values)
    small = collapse(circuit)
    assert len(small.gates) < len(circuit.gates) and any(n.gate == "sigmoid" for n in small.gates)
    assert not collapsible(small) and collapse(small) is small
    for other in (small, expand(small), collapse(expand(small))):
        evaluation = evaluate(other, values)
        assert evaluation.output == pytest.approx(plain.output, rel=1e-14)
        assert evaluation.by_input == pytest.approx(plain.by_input, rel=1e-13)


def test_one_sigmoid_of_two_collapses():
    circuit = read("1/(1+exp(-x)) + 1/(1+exp(-y))")
    first, second = collapsible(circuit)
    half = collapse(circuit, only={span(first)})
    assert [span(n) for n in collapsible(half)] == [span(second)]
    assert len(expand(half).gates) == len(circuit.gates)


@pytest.mark.parametrize(
    "text", ["e = exp(-x); f = 1 / (1 + e)", "d = 1 + exp(-x); f = 1/d + d", "2 / (1 + exp(-x))", "1 / (1 + exp(x))"]
)
def test_what_is_no_sigmoid_or_has_a_name_or_another_use_stays(text):
    assert not collapsible(read(text))


def test_unused_parts_get_no_gradient():
    evaluation = evaluate(read("u = x * y; f = x + 1"), {"x": 2, "y": 3})
    assert evaluation.by_input == {"x": 1, "y": 0}
    assert evaluation.gradients[evaluation.circuit.by_name["u"].id] == 0


def test_names_are_those_of_the_person_or_short_and_free():
    assert [n.name for n in read("(x+y)*z").gates] == ["q", "f"]
    assert [n.name for n in read("q1*f + x*y").gates] == ["t1", "t2", "out"]
    assert [n.name for n in read("f = sin(q1) + 1/q2").gates] == ["t1", "t2", "f"]
    assert read("y = x; f = y * y").by_name["y"].name == "x"


def test_inputs_come_in_the_order_of_the_text_with_their_starting_values():
    circuit = read("b = -2; a = 1e-3; unused = 7\nf = a * b * c")
    assert circuit.starting_values() == {"b": -2, "a": 1e-3, "unused": 7, "c": -1.0}
    with pytest.raises(ExpressionError, match=r"no input A.*Did you mean a"):
        evaluate(circuit, {"A": 1})
    with pytest.raises(ExpressionError, match="finite number"):
        evaluate(circuit, {"a": math.nan})


def test_a_neuron_as_a_circuit():
    evaluation = evaluate(read(neuron([2, -3], -3, [-1, -2], "sigmoid")))
    assert evaluation.output == pytest.approx(0.7310585786300049, rel=1e-15)
    assert evaluate(read(neuron([1.0], 0.0, [-2.0], ""))).output == -2
    with pytest.raises(ValueError, match="2 weights"):
        neuron([1, 2], 0, [1])


def test_every_function_that_can_be_called_is_a_gate():
    assert set(FUNCTIONS) == {
        "max", "min", "exp", "log", "sin", "cos", "tan", "tanh", "sigmoid", "relu", "sqrt", "abs", "square",
    }  # fmt: skip
