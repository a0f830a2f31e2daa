"""The sigmoid as one gate or as four: 1 / (1 + exp(-x)) is found and collapsed, σ is expanded; gradients stay the same."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace

from cvlab.engine.circuit.circuit import Circuit, Node, named
from cvlab.engine.circuit.composite import Span, span


@dataclass(frozen=True)
class _Match:
    root: int
    argument: int
    inner: tuple[int, ...]


def collapsible(circuit: Circuit) -> tuple[Node, ...]:
    """The gates that are the last of a written-out sigmoid. A part that has a name of its own, or another use, stays visible."""
    return tuple(circuit.nodes[match.root] for match in _matches(circuit))


def collapse(circuit: Circuit, only: Collection[Span] | None = None) -> Circuit:
    """Written-out sigmoids (all, or those of these spans) as one gate, whose local gradient is (1 - s) s."""
    matches = [m for m in _matches(circuit) if only is None or span(circuit.nodes[m.root]) in only]
    if not matches:
        return circuit
    roots = {match.root: match for match in matches}
    gone = {id for match in matches for id in match.inner}
    rewriting = _Rewriting(circuit)
    for node in circuit.nodes:
        if node.id in roots:
            rewriting.add(node, gate="sigmoid", operands=(roots[node.id].argument,))
        elif node.id not in gone:
            rewriting.add(node)
    return rewriting.finished()


def expand(circuit: Circuit, only: Collection[Span] | None = None) -> Circuit:
    """Sigmoid gates (all, or those of these spans) as minus, exp, 1 + and 1 /."""
    chosen = {n.id for n in circuit.gates if n.gate == "sigmoid" and (only is None or span(n) in only)}
    if not chosen:
        return circuit
    rewriting = _Rewriting(circuit)
    for node in circuit.nodes:
        if node.id not in chosen:
            rewriting.add(node)
            continue
        place = {"offset": node.offset, "after": node.after}
        like = {"shape": node.shape, "is_tensor": node.is_tensor}
        minus = rewriting.new(kind="gate", gate="neg", operands=(rewriting.place[node.operands[0]],), **place, **like)
        power = rewriting.new(kind="gate", gate="exp", operands=(minus,), **place, **like)
        one = rewriting.new(kind="constant", value=1.0, name="1", **place)
        below = rewriting.new(kind="gate", gate="add", operands=(one, power), **place, **like)
        above = rewriting.new(kind="constant", value=1.0, name="1", **place)
        rewriting.place[node.id] = rewriting.new(
            kind="gate", gate="div", operands=(above, below), is_named=node.is_named,
            name=node.name if node.is_named else "", **place, **like,
        )  # fmt: skip
    return rewriting.finished()


class _Rewriting:
    """New nodes in place of old ones. place: old id -> new id."""

    def __init__(self, circuit: Circuit) -> None:
        self._circuit = circuit
        self._nodes: list[Node] = []
        self.place: dict[int, int] = {}

    def add(self, node: Node, gate: str = "", operands: tuple[int, ...] | None = None) -> None:
        operands = node.operands if operands is None else operands
        self.place[node.id] = len(self._nodes)
        self._nodes.append(
            replace(
                node,
                id=len(self._nodes),
                gate=gate or node.gate,
                operands=tuple(self.place[i] for i in operands),
                name="" if node.kind == "gate" and not node.is_named else node.name,
            )
        )

    def new(self, **fields) -> int:
        self._nodes.append(Node(**{"id": len(self._nodes), "name": "", **fields}))
        return len(self._nodes) - 1

    def finished(self) -> Circuit:
        old = self._circuit
        aliases = {name: self.place[id] for name, id in old.aliases.items() if id in self.place}
        output = self.place[old.output]
        return Circuit(named(self._nodes, output, set(aliases)), output, old.text, aliases, old.declared)


def _matches(circuit: Circuit) -> list[_Match]:
    return [match for node in circuit.gates if (match := _match(circuit, node)) is not None]


def _match(circuit: Circuit, root: Node) -> _Match | None:
    nodes = circuit.nodes
    if root.gate == "div" and _is_constant(nodes[root.operands[0]], 1.0):
        constant, below = root.operands
    elif root.gate == "pow" and _is_constant(nodes[root.operands[1]], -1.0):
        below, constant = root.operands
    else:
        return None
    total = nodes[below]
    if not (_is_inner(circuit, total) and total.gate == "add"):
        return None
    one, power = total.operands
    if not _is_constant(nodes[one], 1.0):
        one, power = power, one
    if not (_is_constant(nodes[one], 1.0) and _is_inner(circuit, nodes[power]) and nodes[power].gate == "exp"):
        return None
    minus = nodes[nodes[power].operands[0]]
    if not _is_inner(circuit, minus):
        return None
    inner = [constant, total.id, one, power, minus.id]
    if minus.gate == "neg":
        argument = minus.operands[0]
    elif minus.gate == "mul" and any(_is_constant(nodes[i], -1.0) for i in minus.operands):
        factor = next(i for i in minus.operands if _is_constant(nodes[i], -1.0))
        argument = next(i for i in minus.operands if i != factor)
        inner.append(factor)
    else:
        return None
    # A constant that is merged with another use of the same number must stay for that use.
    owned = {root.id, *inner}
    return _Match(root.id, argument, tuple(i for i in inner if owned.issuperset(circuit.consumers[i])))


def _is_constant(node: Node, value: float) -> bool:
    return node.kind == "constant" and node.value == value


def _is_inner(circuit: Circuit, node: Node) -> bool:
    return (
        node.kind == "gate"
        and not node.is_named
        and len(circuit.consumers[node.id]) == 1
        and node.id != circuit.output
        and node.id not in circuit.aliases.values()
    )
