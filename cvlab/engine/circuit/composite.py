"""Several gates that feed one value as one gate: found, folded and opened again. Values and gradients stay what they are.

A set of gates can be one gate if one value alone leaves it. Its local gradients are those that the chain rule gives inside.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from cvlab.engine.circuit.circuit import Circuit, Node
from cvlab.engine.circuit.infix import slopes
from cvlab.engine.circuit.tensors import Value, shape
from cvlab.engine.circuit.words import shown
from cvlab.engine.errors import ExpressionError

if TYPE_CHECKING:
    from cvlab.engine.circuit.passes import Evaluation

Span = tuple[int, int]
"""The characters of the text that a gate stands for. It stays the same when the circuit is rewritten: use it as a handle."""

Group = tuple[Span, ...]
"""Gates that are one gate; the span of a gate that is one of several already stands for all of them."""


def span(node: Node) -> Span:
    """Where the node stands in the text: from, and up to but without, in characters."""
    return node.offset, node.after


# -- what can be one gate ---------------------------------------------------------------------------------------------


def own_gates(circuit: Circuit, id: int) -> tuple[int, ...]:
    """The gates of the statement that computes a value: those that feed only it, as far as the values that have names."""
    return _feeding(circuit, id, stop_at_names=True)


def all_gates(circuit: Circuit, id: int) -> tuple[int, ...]:
    """All gates that feed this value and nothing else, names or not."""
    return _feeding(circuit, id, stop_at_names=False)


def gates_for(circuit: Circuit, id: int) -> tuple[int, ...]:
    """What becomes one gate where only its value was named: its statement, or, if that is one gate, all that feeds it alone.

    Raises `ExpressionError` for what is no gate, or is one already and has no name of its own.
    """
    node = circuit.nodes[id]
    if node.kind != "gate":
        raise ExpressionError(f"{node.name} is no gate: nothing is computed in it.", remedy="Choose a gate.")
    found = own_gates(circuit, id)
    if len(found) == 1:
        found = all_gates(circuit, id)
    if len(found) == 1 and (node.inside or not node.is_named):
        raise ExpressionError(
            f"{node.name} is one gate already, and nothing feeds it alone.",
            remedy="Choose several gates that lead to one value.",
        )
    return found


def _feeding(circuit: Circuit, id: int, *, stop_at_names: bool) -> tuple[int, ...]:
    found = {id}
    for node in reversed(circuit.gates):
        if node.id >= id or (stop_at_names and node.is_named):
            continue
        users = circuit.consumers[node.id]
        if users and found.issuperset(users) and node.id != circuit.output:
            found.add(node.id)
    return tuple(sorted(found))


def ways_out(circuit: Circuit, ids: Collection[int]) -> tuple[int, ...]:
    """Those of the gates whose values are used outside, or by nobody."""
    inside = set(ids)
    return tuple(
        id
        for id in sorted(inside)
        if id == circuit.output or not circuit.consumers[id] or not inside.issuperset(circuit.consumers[id])
    )


def check(circuit: Circuit, ids: Collection[int]) -> None:
    """Raises `ExpressionError` where these gates cannot be one gate."""
    nodes = [circuit.nodes[id] for id in sorted(ids)]
    if any(node.kind != "gate" for node in nodes) or not nodes:
        raise ExpressionError("Only gates can become one gate.", remedy="Leave the inputs out.")
    leaving = [circuit.nodes[id].name for id in ways_out(circuit, ids)]
    if len(leaving) > 1:
        raise ExpressionError(
            f"{', '.join(leaving[:-1])} and {leaving[-1]} all leave these gates, and a gate gives one value."
            if len(leaving) > 2
            else f"{leaving[0]} and {leaving[1]} both leave these gates, and a gate gives one value.",
            remedy="Take in the gates up to where they meet, or leave one out.",
        )


# -- folding ----------------------------------------------------------------------------------------------------------


def fold(circuit: Circuit, groups: Iterable[Group]) -> Circuit:
    """Each group as one gate. A group that does not fit the circuit (any more) is left as it is."""
    members = _members(circuit, groups)
    if not members:
        return circuit
    hidden = {id for inside in members.values() for id in inside}
    # A constant that only hidden gates use is hidden with them.
    hidden |= {
        node.id
        for node in circuit.nodes
        if node.kind == "constant" and circuit.consumers[node.id] and hidden.issuperset(circuit.consumers[node.id])
    }
    place: dict[int, int] = {}
    nodes: list[Node] = []
    for node in circuit.nodes:
        inside = members.get(node.id, ())
        if node.id in hidden and not inside:
            continue
        operands = _comes_in(circuit, inside) if inside else node.operands
        changes = {"gate": "composite", "inside": inside, "is_tensor": _has_tensors(circuit, inside)} if inside else {}
        place[node.id] = len(nodes)
        nodes.append(replace(node, id=len(nodes), operands=tuple(place[i] for i in operands), **changes))
    aliases = {name: place[id] for name, id in circuit.aliases.items() if id in place}
    return Circuit(tuple(nodes), place[circuit.output], circuit.text, aliases, circuit.declared, circuit, tuple(place))


def _members(circuit: Circuit, groups: Iterable[Group]) -> dict[int, tuple[int, ...]]:
    """For the last gate of each group the ids of all of them."""
    # What each span means: its own gates, or all of those that they have become one with.
    known: dict[Span, set[int]] = {}
    for node in circuit.gates:
        known.setdefault(span(node), set()).add(node.id)
    found: dict[int, tuple[int, ...]] = {}
    for group in groups:
        if not group or not all(each in known for each in group):
            continue
        ids = set().union(*(known[each] for each in group))
        leaving = ways_out(circuit, ids)
        if len(leaving) != 1:
            continue
        known |= dict.fromkeys((span(circuit.nodes[id]) for id in ids), ids)
        found = {root: inside for root, inside in found.items() if root not in ids}
        found[leaving[0]] = tuple(sorted(ids))
    return found


def _comes_in(circuit: Circuit, inside: Sequence[int]) -> tuple[int, ...]:
    """What the gates need from outside, in the order of the text, each once. Constants are theirs."""
    own, found, todo = set(inside), {}, [inside[-1]]
    met: set[int] = set()
    while todo:
        id = todo.pop()
        if id in met:
            continue
        met.add(id)
        if id in own:
            todo.extend(reversed(circuit.nodes[id].operands))
        elif circuit.nodes[id].kind != "constant":
            found[id] = None
    return tuple(found)


def _has_tensors(circuit: Circuit, inside: Sequence[int]) -> bool:
    return any(circuit.nodes[id].is_tensor for id in inside)


# -- gradients --------------------------------------------------------------------------------------------------------


def shares(evaluation: Evaluation, inside: Sequence[int], upstream: Value) -> tuple[Value, ...]:
    """What the gates inside hand back to each value that comes in, given what arrives at the last of them: the chain rule.

    evaluation: of the circuit that they are written out in. With an upstream of 1 these are the local gradients.
    """
    circuit, arrived = evaluation.circuit, {inside[-1]: upstream}
    for id in reversed(inside):
        node = circuit.nodes[id]
        if id not in arrived:
            continue
        if node.is_tensor:
            xs = [evaluation.values[i] for i in node.operands]
            parts = circuit.gate_of(node).pull(xs, evaluation.values[id], arrived[id])
        else:
            parts = circuit.gate_of(node).input_gradients(arrived[id], evaluation.locals[id])
        for operand, part in zip(node.operands, parts, strict=True):
            if circuit.nodes[operand].kind != "constant":
                arrived[operand] = arrived[operand] + part if operand in arrived else part
    return tuple(arrived[i] for i in _comes_in(circuit, inside))


# -- words ------------------------------------------------------------------------------------------------------------


def forward_words(node: Node) -> str:
    """The sentence of its step forward."""
    return f"{node.name} is one gate here that stands for {_gates(node)}: values come in, and one value goes out."


def backward_words(node: Node, upstream: Value) -> str:
    """The sentence of its step backward. upstream: the gradient that arrives at its output."""
    arrives = "what arrives" if shape(upstream) else shown(upstream)
    return (
        f"{node.name} is one gate here that stands for {_gates(node)}. The chain rule inside is multiplied out already: "
        f"each input gets {arrives} times its own slope."
    )


def _gates(node: Node) -> str:
    return f"{len(node.inside)} gate{'s' * (len(node.inside) != 1)}"


def slope_line(circuit: Circuit, node: Node) -> str:
    """The local gradients in signs, as far as they are short: "∂s/∂w = x, ∂s/∂x = w"; "" if none is."""
    operands = _comes_in(circuit.unfolded, node.inside)
    names = [circuit.unfolded.nodes[i].name for i in operands]
    texts = slopes(circuit.unfolded, node.inside, operands)
    return ", ".join(f"∂{node.name}/∂{name} = {text}" for name, text in zip(names, texts, strict=True) if text)


def inner_note(notes: Mapping[int, str], node: Node) -> str:
    """The first of the sentences about gates inside."""
    return next((notes[id] for id in node.inside if id in notes), "")
