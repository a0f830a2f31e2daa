"""Where the gates stand: from left to right, apart from each other, without crossings where there need be none, in time."""

import re
from itertools import pairwise

import pytest
from hypothesis import given, settings

from cvlab.engine.circuit.layout import is_drawn, layout
from cvlab.engine.circuit.presets import PRESETS
from cvlab.engine.circuit.reader import read
from tests.engine.circuit.strategies import expressions


def assert_sound(circuit):
    placed = layout(circuit, across=100, down=50)
    drawn = {node.id for node in circuit.nodes if is_drawn(circuit, node.id)}
    assert set(placed.position) == drawn
    columns = {}
    for id, (x, y) in placed.position.items():
        assert x == 100 * placed.column[id] and -1e-6 <= y <= placed.height + 1e-6 and x <= placed.width
        columns.setdefault(x, []).append(y)
        for operand in circuit.nodes[id].operands:
            if operand in drawn:
                assert placed.position[operand][0] < x, "wires run to the right"
                route = placed.route(operand, id)
                assert all(a[0] < b[0] for a, b in pairwise([placed.position[operand], *route, (x, y)]))
    for ys in columns.values():
        assert all(b - a >= 50 - 1e-6 for a, b in pairwise(sorted(ys))), "nodes do not touch"
    return placed


@pytest.mark.parametrize("preset", PRESETS, ids=lambda preset: preset.id)
def test_presets(preset):
    placed = assert_sound(read(preset.text))
    if preset.id not in ("net-2-3-2", "staged", "everything"):
        assert placed.crossings == 0


@given(expressions(10))
@settings(max_examples=150, deadline=None)
def test_random_circuits_stand_well_and_always_the_same(text):
    circuit = read(text)
    first, second = assert_sound(circuit), layout(read(text), across=100, down=50)
    assert first.position == second.position and first.trunk == second.trunk


@given(expressions(10))
@settings(max_examples=60, deadline=None)
def test_a_tree_has_no_crossings(text):
    # Every use of a name becomes another name, so that nothing forks.
    count = iter(range(1_000))
    tree = re.sub(r"\b[xyzw]\b", lambda name: f"{name[0]}{next(count)}", text)
    assert layout(read(tree)).crossings == 0


def _balanced(terms):
    while len(terms) > 1:
        terms = [f"({a}+{b})" for a, b in zip(terms[::2], terms[1::2], strict=False)] + terms[len(terms) // 2 * 2 :]
    return terms[0]


LARGE = {
    "a chain": "+".join(["x"] * 5_001),
    "a tree": _balanced([f"x{i % 9}" for i in range(2_500)]),
    "a tangle": "\n".join(["a0=x*y", "a1=x+y", *(f"a{i}=a{i * 7 // 11}*a{i - 2}" for i in range(2, 1_000))]),
    "one wide gate": "max(" + ",".join(f"x{i}" for i in range(64)) + ")",
}


@pytest.mark.parametrize("text", LARGE.values(), ids=LARGE)
def test_the_largest_circuits_are_laid_out_whole(text):
    # How long it takes is `cvlab bench circuit`'s to say.
    circuit = read(text)
    placed = layout(circuit)
    assert circuit.output in placed.position
    assert len(set(placed.position.values())) == len(placed.position), "no two nodes on one place"
    assert placed.column[circuit.output] == max(placed.column.values()), "the output stands at the right"
