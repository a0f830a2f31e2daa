"""Stepping through a circuit: every position is reachable both ways, and nothing is known before it is computed."""

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cvlab.engine.circuit.explore import nudge, sweep
from cvlab.engine.circuit.gates import GATES
from cvlab.engine.circuit.passes import evaluate
from cvlab.engine.circuit.presets import BY_ID, PRESETS
from cvlab.engine.circuit.reader import read
from cvlab.engine.circuit.tensors import same
from cvlab.engine.circuit.walk import Walk
from tests.engine.circuit.strategies import expressions


def seen(walk):
    ids = [node.id for node in walk.circuit.nodes]
    return [walk.value(i) for i in ids], [walk.gradient(i) for i in ids], walk.current()


@given(expressions(8), st.data())
@settings(max_examples=150, deadline=None)
def test_forward_back_and_jump_meet(text, data):
    evaluation = evaluate(read(text))
    walk = Walk(evaluation)
    pictures = [repr(seen(walk))]
    while walk.step():
        pictures.append(repr(seen(walk)))
    assert len(pictures) == walk.last + 1
    for position in range(walk.last - 1, -1, -1):
        assert walk.back() and repr(seen(walk)) == pictures[position]
    assert not walk.back()
    position = data.draw(st.integers(0, walk.last))
    assert repr(seen(Walk(evaluation, position))) == pictures[position]


@pytest.mark.parametrize("preset", PRESETS, ids=lambda preset: preset.id)
def test_values_come_one_gate_at_a_time_and_gradients_add_up(preset):
    evaluation = evaluate(read(preset.text))
    walk, circuit = Walk(evaluation), evaluation.circuit
    known = {node.id for node in circuit.nodes if node.kind != "gate"}
    assert {n.id for n in circuit.nodes if walk.value(n.id) is not None} == known
    while walk.position < walk.seed - 1:
        walk.step()
        gate = walk.current().node
        assert set(circuit.nodes[gate].operands) <= known, "a gate needs its inputs first"
        known.add(gate)
        assert {n.id for n in circuit.nodes if walk.value(n.id) is not None} == known
        assert all(walk.gradient(n.id) is None for n in circuit.nodes)
    walk.step()
    assert [n.id for n in circuit.nodes if walk.gradient(n.id) is not None] == [circuit.output]
    while walk.step():
        step = walk.current()
        assert all(t.local is None or t.downstream == t.upstream * t.local for t in step.terms)
        assert not walk.is_partial(step.node), "a gate passes on only when all of its gradient has arrived"
        assert same(walk.gradient(step.node), evaluation.gradients[step.node])
    for node in circuit.nodes:
        if circuit.varies[node.id] and circuit.reaches_output[node.id]:
            assert same(walk.gradient(node.id), evaluation.gradients[node.id])
    assert not any(walk.is_partial(n.id) for n in circuit.nodes)


def step_of(text, name, values, backward=True):
    walk = Walk(evaluate(read(text), values))
    id = walk.circuit.by_name[name].id
    order = walk.backward_order if backward else walk.forward_order
    return walk.at((walk.seed + 1 if backward else 1) + order.index(id))


@pytest.mark.parametrize(
    ("text", "values", "words"),
    [
        ("f = x + y", {}, "Add distributes"),
        ("f = x * y", {}, "Multiply swaps"),
        ("f = 3 * x", {}, "scales"),
        ("f = max(x, y)", {"x": 1, "y": 2}, "y was the larger"),
        ("f = max(x, y)", {"x": 2, "y": 2}, "share 1 evenly"),
        ("f = max(0, x)", {"x": -1}, "nothing flows back"),
        ("f = relu(x)", {"x": -1}, "shut"),
        ("f = relu(x)", {"x": 1}, "open"),
        ("f = sigmoid(x)", {}, "(1\u00a0−\u00a0s)\u00a0s"),
        ("f = -x", {}, "turns the sign"),
        ("f = x - y", {}, "turns its sign for y"),
    ],
)
def test_every_gate_says_what_it_does(text, values, words):
    assert words in step_of(text, "f", values).sentence


def test_the_arithmetic_of_a_step():
    step = step_of("q = x + y; f = q * z", "f", {"x": -2, "y": 5, "z": -4})
    assert step.arithmetic == ("∂f/∂q = ∂f/∂f · ∂f/∂q = 1 · (-4) = -4", "∂f/∂z = ∂f/∂f · ∂f/∂z = 1 · 3 = 3")
    forward = step_of("q = x + y; f = q * z", "q", {"x": -2, "y": -5, "z": -4}, backward=False)
    assert forward.arithmetic == ("q = x + y = -2 + (-5) = -7",)
    fork = step_of("a = x * y; f = a + x", "a", {"x": 2, "y": 3})
    assert "gradients add" in fork.sentence and fork.arithmetic[0] == "∂f/∂x = 1 + ∂f/∂a · ∂a/∂x = 1 + 1 · 3 = 4"


def test_the_largest_circuit_is_walked():
    walk = Walk(evaluate(read("+".join(["x"] * 5_001))), 10**9)
    assert walk.position == walk.last == 10_001 and walk.gradient(0) == 5_001


def test_a_nudge_along_the_gradient_raises_the_output_and_against_it_lowers():
    for preset in PRESETS:
        evaluation = evaluate(read(preset.text))
        up, down = (evaluate(evaluation.circuit, nudge(evaluation, step)).output for step in (1e-4, -1e-4))
        assert down < evaluation.output < up
    only = nudge(evaluation, 0.1, only="a")
    assert only["b"] == evaluation.inputs["b"] and only["a"] != evaluation.inputs["a"]


def test_nudges_find_the_bottom_of_the_bowl():
    evaluation = evaluate(read(BY_ID["bowl"].text))
    for _ in range(100):
        evaluation = evaluate(evaluation.circuit, nudge(evaluation, -0.2))
    assert evaluation.output == pytest.approx(1) and evaluation.inputs == pytest.approx({"x": 1, "y": -0.5})
    lost = evaluate(read("log(x)"), {"x": 0})
    assert nudge(lost, -0.1) == lost.inputs, "what has no finite gradient stays where it is"


def test_a_sweep_is_the_function_and_its_tangent_touches_it():
    evaluation = evaluate(read("f = sin(x) * y + log(x)"), {"x": 1.0, "y": 2.0})
    swept = sweep(evaluation, "x", -1, 2, 301)
    at = int(abs(swept.x - 1.0).argmin())
    assert math.isnan(swept.y[0]) and swept.y[at] == pytest.approx(evaluation.output)
    assert swept.tangent(evaluation)[at] == pytest.approx(evaluation.output)
    for x, y in zip(swept.x[200:], swept.y[200:], strict=True):
        assert y == pytest.approx(evaluate(evaluation.circuit, {"x": float(x), "y": 2.0}).output, rel=1e-13)


@pytest.mark.parametrize("gate", GATES)
def test_a_sweep_knows_every_gate(gate):
    names = ["x", "y", "x"][: max(GATES[gate].least, min(GATES[gate].most, 3))]
    line = {"neg": "-x", "add": "x + y", "sub": "x - y", "mul": "x * y", "div": "x / y", "pow": "x ** y"}.get(
        gate, f"{gate}({', '.join(names)})"
    )
    evaluation = evaluate(read(line), dict.fromkeys(set(names), 0.5))
    swept = sweep(evaluation, "x", 0.1, 2.1, 5)
    for x, y in zip(swept.x, swept.y, strict=True):
        assert y == pytest.approx(evaluate(evaluation.circuit, {**evaluation.inputs, "x": float(x)}).output, rel=1e-13)
