"""What is drawn of a net: every layer a block, and every collapsed group one block in place of its layers. No Qt.

The document's ids go on: a block has the id of its layer, or of its group.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from cvlab.engine.nets.architecture import Architecture, Group

WireKey = tuple[int, int, int]
"""(source layer, target layer, port): a wire of the document."""

Port = tuple[int, int]
"""(layer, port) in the document."""


class Point(NamedTuple):
    """The top left corner of a block, or a port: canvas pixels, y downwards."""

    x: float
    y: float


class Strand(NamedTuple):
    """A wire as it is drawn: from the block `source` to the input `port` of the block `target`."""

    key: WireKey
    source: int
    target: int
    port: int


@dataclass(frozen=True)
class Sketch:
    """members: block id -> the layers that it stands for, in the order of the document. home: the way back.

    strands: the wires between blocks. ports: block id -> the document's port behind each of its inputs. exits: block id ->
    the layer whose output leaves it. pinned: the places of blocks that the person has put somewhere.
    """

    members: dict[int, tuple[int, ...]]
    home: dict[int, int]
    strands: tuple[Strand, ...]
    ports: dict[int, tuple[Port, ...]]
    exits: dict[int, int]
    pinned: dict[int, Point]

    def is_group(self, block: int) -> bool:
        return block not in self.home

    def is_hidden(self, group: Group) -> bool:
        """Whether the group lies in a collapsed one, or is collapsed itself."""
        block = self.home[group.members[0]]
        return self.is_group(block) and set(group.members) <= set(self.members[block])


def sketch(net: Architecture) -> Sketch:
    """The drawing of a net. O(layers + wires + members of groups)."""
    home = {node.id: node.id for node in net.nodes}
    collapsed = sorted((group for group in net.groups if group.collapsed), key=lambda group: len(group.members))
    for group in collapsed:  # the outer ones last, so that they have the last word
        home.update(dict.fromkeys(group.members, group.id))
    members: dict[int, list[int]] = {}
    for node in net.nodes:
        members.setdefault(home[node.id], []).append(node.id)
    ports = {block: _layer_ports(net, ids[0]) for block, ids in members.items() if block == ids[0]}
    strands: list[Strand] = []
    entering: dict[int, dict[int, list[Port]]] = {block: {} for block in members if block not in ports}
    for edge in net.edges:
        source, target = home[edge.source], home[edge.target]
        key = (edge.source, edge.target, edge.port)
        if target in ports:
            if edge.port < len(ports[target]):
                strands.append(Strand(key, source, target, edge.port))
        elif source != target:
            found = entering[target].setdefault(edge.source, [])
            if not found:  # what one layer feeds into several of a group's is drawn as one wire
                strands.append(Strand(key, source, target, len(entering[target]) - 1))
            found.append((edge.target, edge.port))
    for block, by_source in entering.items():
        ports[block] = tuple(found[0] for found in by_source.values()) or _open_ports(net, members[block])[:1]
    return Sketch(
        {block: tuple(ids) for block, ids in members.items()},
        home,
        tuple(strands),
        ports,
        {block: _exit(net, ids) for block, ids in members.items()},
        _pinned(net, members),
    )


def draws_alike(net: Architecture, other: Architecture) -> bool:
    """Whether two states of a net have the same drawing for certain: only settings and names differ. O(layers), 20 µs."""
    if net.edges is not other.edges or net.groups is not other.groups or len(net.nodes) != len(other.nodes):
        return False
    for one, two in zip(net.nodes, other.nodes, strict=True):
        if one is not two and (
            (one.id, one.x, one.y, one.layer.kind) != (two.id, two.x, two.y, two.layer.kind)
            or one.layer.arity != two.layer.arity
        ):
            return False
    return True


def _layer_ports(net: Architecture, node_id: int) -> tuple[Port, ...]:
    layer, into = net.by_id[node_id].layer, net.into(node_id)
    # A layer of another version has as many ports as it has wires.
    count = max(layer.arity, into[-1].port + 1 if into and layer.kind == "missing" else 0)
    return tuple((node_id, port) for port in range(count))


def _open_ports(net: Architecture, node_ids: list[int]) -> tuple[Port, ...]:
    found = []
    for node_id in node_ids:
        taken = {edge.port for edge in net.into(node_id)}
        found += [(node_id, port) for port in range(net.by_id[node_id].layer.arity) if port not in taken]
    return tuple(found)


def _exit(net: Architecture, node_ids: list[int]) -> int:
    """The layer whose output is the block's: one that is read outside, else the last that nothing reads."""
    inside = set(node_ids)
    leaving = [i for i in node_ids if any(edge.target not in inside for edge in net.out_of(i))]
    ends = [i for i in node_ids if not net.out_of(i)]
    return (leaving or ends or node_ids)[-1]


def _pinned(net: Architecture, members: dict[int, list[int]]) -> dict[int, Point]:
    pinned = {}
    for block, ids in members.items():
        placed = [net.by_id[i] for i in ids]
        placed = [node for node in placed if node.x is not None and node.y is not None]
        if placed:
            pinned[block] = Point(min(node.x for node in placed), min(node.y for node in placed))  # type: ignore
    return pinned
