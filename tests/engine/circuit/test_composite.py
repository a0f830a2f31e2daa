"""Several gates as one: values stay to the bit, gradients are autograd's, steps and code hold, and what cannot be is said."""

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from cvlab.engine.circuit.autograd import by_autograd
from cvlab.engine.circuit.code import lines, source
from cvlab.engine.circuit.composite import all_gates, check, fold, own_gates, shares, slope_line, span, ways_out
from cvlab.engine.circuit.explore import sweep
from cvlab.engine.circuit.infix import slopes, written
from cvlab.engine.circuit.layout import layout
from cvlab.engine.circuit.passes import evaluate
from cvlab.engine.circuit.presets import BY_ID, PRESETS
from cvlab.engine.circuit.reader import read
from cvlab.engine.circuit.tensors import finite, same
from cvlab.engine.circuit.trust import check as trust
from cvlab.engine.circuit.walk import Walk
from cvlab.engine.errors import ExpressionError
from tests.engine.circuit import tensor_strategies
from tests.engine.circuit.strategies import all_finite, examples, expressions, inputs


def groups_of(circuit, data):
    """Some groups that can be one gate, also one inside another."""
    found = []
    for _ in range(data.draw(st.integers(1, 3))):
        root = data.draw(st.sampled_from(circuit.gates)).id
        how = data.draw(st.sampled_from((own_gates, all_gates)))
        found.append(tuple(span(circuit.nodes[id]) for id in how(circuit, root)))
    return found


def names_of(circuit):
    return {node.name: node.id for node in circuit.nodes if node.kind != "constant"}


@given(expressions(), inputs(), st.data(), st.booleans())
@settings(max_examples=examples(300), deadline=None)
def test_values_stay_to_the_bit_and_gradients_within_rounding(text, values, data, merge):
    plain = read(text, merge=merge)
    assume(plain.gates)
    folded = fold(plain, groups_of(plain, data))
    assert any(node.inside for node in folded.gates) and len(folded.gates) <= len(plain.gates)
    given_ = {node.name: values[node.name] for node in plain.inputs}
    before, after = evaluate(plain, given_), evaluate(folded, given_)
    sizes = [abs(v) for v in before.values] + [abs(s) for slopes_ in before.locals for s in slopes_]
    sizes += [abs(g) for g in before.gradients]
    assume(all_finite(*sizes) and max(sizes) < 1e3)
    places = names_of(plain)
    for name, id in names_of(folded).items():
        assert after.values[id] == before.values[places[name]]
        assert after.gradients[id] == pytest.approx(before.gradients[places[name]], rel=1e-11, abs=1e-11 * max(sizes))
    assert after.by_input == pytest.approx(by_autograd(folded, given_), rel=1e-10, abs=1e-11 * max(sizes) ** 2)


@given(tensor_strategies.of_shape((), 3), tensor_strategies.values(), st.data())
@settings(max_examples=examples(120), deadline=None)
def test_vectors_and_matrices_fold_too(text, numbers, data):
    assume(any(name in text for name in tensor_strategies.INPUTS))
    plain = read(tensor_strategies.with_values(text, numbers))
    assume(plain.gates)
    folded = fold(plain, groups_of(plain, data))
    before, after = evaluate(plain), evaluate(folded)
    known = [*before.values, *before.gradients]
    assume(all(map(finite, known)))
    size = max(float(np.max(np.abs(v))) for v in known)
    assume(size < 1e3)
    places = names_of(plain)
    for name, id in names_of(folded).items():
        assert same(after.values[id], before.values[places[name]])
        np.testing.assert_allclose(
            after.gradients[id], before.gradients[places[name]], rtol=1e-10, atol=1e-11 * max(size, 1.0) ** 2
        )
    walk = Walk(after)
    while walk.step():
        assert walk.current().sentence and walk.current().node >= 0
    assert len(set(layout(folded).position.values())) == len(layout(folded).position)


@given(expressions(8), inputs(), st.data())
@settings(max_examples=120, deadline=None)
def test_a_composite_is_one_step_with_its_arithmetic(text, values, data):
    plain = read(text)
    assume(plain.gates)
    folded = fold(plain, groups_of(plain, data))
    after = evaluate(folded, {node.name: values[node.name] for node in plain.inputs})
    walk = Walk(after)
    assert walk.last <= Walk(after.unfolded).last
    while walk.step():
        step = walk.current()
        node = folded.nodes[step.node]
        if node.inside and step.kind == "forward":
            assert step.arithmetic[0].startswith(f"{node.name} = ")
        if node.inside and step.kind == "backward":
            assert [t.operand for t in step.terms] == list(node.operands)
            assert repr([t.local for t in step.terms]) == repr(list(after.locals[node.id]))
    for node in folded.nodes:
        if folded.varies[node.id] and folded.reaches_output[node.id]:
            assert same(walk.gradient(node.id), after.gradients[node.id])


@given(expressions(10), st.booleans())
@settings(max_examples=200, deadline=None)
def test_a_line_is_read_again_as_the_same_circuit(text, named):
    circuit = read(f"f = {text}" if named else text)
    assume(circuit.gates)
    line = written(circuit, [node.id for node in circuit.gates])
    assume("…" not in line)
    again = read(line)
    assert [(n.kind, n.gate, n.operands, n.value) for n in again.nodes] == [
        (n.kind, n.gate, n.operands, n.value if n.kind == "constant" else m.value)
        for n, m in zip(circuit.nodes, again.nodes, strict=True)
    ]


@given(expressions(5), inputs())
@settings(max_examples=200, deadline=None)
def test_slopes_in_signs_are_the_slopes(text, values):
    circuit = read(f"f = {text}")
    assume(circuit.gates)
    evaluation = evaluate(circuit, {node.name: values[node.name] for node in circuit.inputs})
    gates = [node.id for node in circuit.gates]
    operands = [node.id for node in circuit.inputs]
    for node, told in zip(circuit.inputs, slopes(circuit, gates, operands), strict=True):
        if not told or "[" in told or "sign(" in told:
            continue
        here = {**evaluation.inputs, "f": evaluation.output}
        found = evaluate(
            read(f"({told}) + 0 * zero"), {n.name: here.get(n.name, 0.0) for n in read(told + "+zero").inputs}
        )
        assume(all_finite(*found.values, *evaluation.values, evaluation.by_input[node.name]))
        size = max(map(abs, (*found.values, *evaluation.values)))
        assert found.output == pytest.approx(evaluation.by_input[node.name], rel=1e-9, abs=1e-12 * size**2)


@pytest.mark.parametrize(
    ("text", "name", "line"),
    [
        ("q = x + y; f = q * z", "q", "∂q/∂x = 1, ∂q/∂y = 1"),
        ("f = (x + y) * z", "f", "∂f/∂x = z, ∂f/∂y = z, ∂f/∂z = x + y"),
        ("s = w*x + b; f = sigmoid(s)", "s", "∂s/∂w = x, ∂s/∂x = w, ∂s/∂b = 1"),
        ("q = x / y; f = q * 2", "q", "∂q/∂x = 1 / y, ∂q/∂y = -x / y**2"),
        ("q = -(x - y); f = q * q", "q", "∂q/∂x = -1, ∂q/∂y = 1"),
        ("q = (x + 1)**2; f = q", "q", "∂q/∂x = 2 * (x + 1)"),
        ("q = x * x; f = q * y", "q", "∂q/∂x = x + x"),
        ("q = sigmoid(w*x); f = q * y", "q", "∂q/∂w = (1 - q) * q * x, ∂q/∂x = (1 - q) * q * w"),
        ("q = relu(x) * y; f = q", "q", "∂q/∂x = y * [x > 0], ∂q/∂y = relu(x)"),
        ("q = max(x, y); f = q * z", "q", ""),
    ],
)
def test_local_gradients_in_signs(text, name, line):
    circuit = read(text)
    folded = fold(circuit, [tuple(span(circuit.nodes[i]) for i in all_gates(circuit, circuit.by_name[name].id))])
    assert slope_line(folded, folded.by_name[name]) == line


def composite(text, *names, how=own_gates):
    circuit = read(text)
    return fold(circuit, [tuple(span(circuit.nodes[i]) for i in how(circuit, circuit.by_name[n].id)) for n in names])


def test_what_belongs_to_a_value():
    circuit = read("a = x * y + 1; b = a * a; c = sin(b) + exp(x); f = c * c")
    named = {node.name: node.id for node in circuit.gates}

    def gates(ids):
        return [circuit.nodes[i].gate for i in ids]

    assert gates(own_gates(circuit, named["a"])) == ["mul", "add"]
    assert gates(own_gates(circuit, named["b"])) == ["mul"]
    assert gates(all_gates(circuit, named["b"])) == ["mul", "add", "mul"]
    assert gates(own_gates(circuit, named["c"])) == ["sin", "exp", "add"]
    assert gates(all_gates(circuit, named["f"])) == [node.gate for node in circuit.gates]


def test_groups_nest_and_open_in_turn():
    circuit = read("a = x * y + 1; b = a * z; f = b + a")
    a = tuple(span(circuit.nodes[i]) for i in own_gates(circuit, circuit.by_name["a"].id))
    inner = fold(circuit, [a])
    assert [n.gate for n in inner.gates] == ["composite", "mul", "add"] and inner.by_name["a"].name == "a"
    whole = tuple(span(node) for node in inner.gates)
    outer = fold(circuit, [a, whole])
    assert [n.name for n in outer.gates] == ["f"] and len(outer.gates[0].inside) == 4
    assert {n.name for n in outer.nodes} == {"x", "y", "z", "f"}, "a constant goes inside with its gate"
    assert evaluate(outer).by_input == evaluate(circuit).by_input


def test_what_no_longer_fits_stays_open():
    circuit = read("q = x + y; f = q * q")
    assert fold(circuit, [((90, 95),)]) is circuit and fold(circuit, [()]) is circuit
    two = tuple(span(circuit.nodes[i]) for i in own_gates(circuit, circuit.by_name["q"].id))
    assert [n.gate for n in fold(circuit, [two, two]).gates].count("composite") == 1


def test_two_values_that_leave_are_named():
    circuit = read("a = x * y; b = x + y; c = sin(x); f = a * b * c")
    ids = {name: circuit.by_name[name].id for name in ("x", "a", "b", "c")}
    with pytest.raises(ExpressionError, match="a and b both leave"):
        check(circuit, [ids["a"], ids["b"]])
    with pytest.raises(ExpressionError, match="a, b and c all leave"):
        check(circuit, [ids["a"], ids["b"], ids["c"]])
    with pytest.raises(ExpressionError, match="Only gates"):
        check(circuit, [ids["x"], ids["a"]])
    with pytest.raises(ExpressionError, match="Only gates"):
        check(circuit, [])
    assert ways_out(circuit, [ids["a"]]) == (ids["a"],)


def test_trouble_and_kinks_inside_are_told_of_the_gate_outside():
    folded = composite("q = 1 / x + 2; f = q * y", "q")
    evaluation = evaluate(folded, {"x": 0.0})
    assert "division by zero" in evaluation.troubles[folded.by_name["q"].id]
    folded = composite("q = relu(x) + y; f = q * abs(y)", "q")
    evaluation = evaluate(folded, {"x": 0.0, "y": 0.0})
    assert [("ReLU" in s, "abs" in s) for s in evaluation.kinks.values()] == [(True, False), (False, True)]
    assert {each.verdict for each in trust(evaluation)} == {"kink"}


def test_code_writes_it_out_and_each_line_knows_its_gate():
    folded = composite(BY_ID["neuron"].text, "f", how=all_gates)
    evaluation = evaluate(folded)
    space = {}
    exec(compile(source(evaluation), "circuit.py", "exec"), space)  # our own text
    assert space["f"] == evaluation.output and space["dw0"] == pytest.approx(evaluation.by_input["w0"], rel=1e-14)
    owners = {line.node for line in lines(evaluation) if line.phase}
    assert owners == {folded.output, -1}


@pytest.mark.parametrize("preset", PRESETS, ids=lambda preset: preset.id)
def test_every_preset_as_one_gate(preset):
    circuit = read(preset.text)
    folded = fold(circuit, [tuple(map(span, circuit.gates))])
    assert len(folded.gates) == 1
    evaluation = evaluate(folded)
    assert evaluation.by_input == pytest.approx(evaluate(circuit).by_input, rel=1e-12, abs=1e-15)
    assert [each.verdict for each in trust(evaluation)] == [each.verdict for each in trust(evaluate(circuit))]
    name = next(iter(evaluation.inputs))
    assert np.array_equal(
        sweep(evaluation, name, -1, 1, 9).y, sweep(evaluate(circuit), name, -1, 1, 9).y, equal_nan=True
    )


def test_shares_through_the_largest_circuit():
    circuit = read("+".join(["x"] * 5_001))
    evaluation = evaluate(circuit)
    assert shares(evaluation, [node.id for node in circuit.gates], 1.0) == (5_001.0,)
    folded = fold(circuit, [tuple(map(span, circuit.gates))])
    assert evaluate(folded).by_input == {"x": 5_001} and "…" in folded.formula(folded.gates[0])
