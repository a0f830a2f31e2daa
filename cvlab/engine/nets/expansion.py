"""Groups written out: from a document whose blocks repeat to the flat net that is measured, built and trained."""

from __future__ import annotations

from dataclasses import dataclass

from cvlab.engine.errors import GraphError
from cvlab.engine.nets.architecture import MAX_NODES, Architecture, Edge, Group, Node


@dataclass(
    frozen=True, eq=False
)  # by identity: `net` may be the very net that keeps this, whose equality asks for ours
class Expansion:
    """net: without groups that repeat. origin: the document's node for each node of `net`; the first repetition keeps its id.
    Empty where nothing repeats and each is its own.

    problems: why a group could not be repeated; it stands in `net` once.
    """

    net: Architecture
    origin: dict[int, int]
    problems: tuple[GraphError, ...] = ()


def expand(net: Architecture) -> Expansion:
    """Every repetition written out, inner groups first. O(nodes of the result)."""
    repeated = [group for group in net.groups if group.times > 1]
    if not repeated:
        return Expansion(net, {})
    origin = {node.id: node.id for node in net.nodes}
    flat, problems = net, []
    for group in sorted(repeated, key=lambda g: len(g.members)):
        try:
            flat, copied = unroll(flat, group.id)
        except GraphError as error:
            problems.append(error)
            flat = flat.ungrouped(group.id)
        else:
            origin.update({new: origin[old] for new, old in copied.items()})
    return Expansion(flat._replace(groups=()), origin, tuple(problems))


def unroll(net: Architecture, group_id: int) -> tuple[Architecture, dict[int, int]]:
    """One group's repetitions as layers of their own: (the net without the group, the original's id for each copy's).

    The layers are called after the group and the repetition: block1_2_conv1. Raises `GraphError` where the group has no one
    way in and out, where the net would grow above `MAX_NODES`, or where names collide.
    """
    group = net.group_by_id[group_id]
    if group.times == 1:
        return net.ungrouped(group_id), {}
    inside = set(group.members)
    entering, exit_id = _ways(net, group, inside)
    if len(net.nodes) + len(inside) * (group.times - 1) > MAX_NODES:
        raise GraphError(
            f"{group.name} written out {group.times} times is more than {MAX_NODES} layers.",
            remedy="Repeat it less often.",
        )
    nodes = [_named(node, group, 1, node.id) if node.id in inside else node for node in net.nodes]
    leaving = [edge for edge in net.edges if edge.source in inside and edge.target not in inside]
    edges = [edge for edge in net.edges if edge.source not in inside or edge.target in inside]
    inner = [other for other in net.groups if other.id != group_id and inside.issuperset(other.members)]
    outer = [other for other in net.groups if other.id != group_id and other not in inner]
    internal = [edge for edge in net.edges if edge.source in inside and edge.target in inside]
    groups, next_id, previous, copied = list(inner), net.next_id, exit_id, {}
    for repetition in range(2, group.times + 1):
        new = {}
        for node in net.nodes:
            if node.id in inside:
                new[node.id] = next_id
                next_id += 1
                nodes.append(_named(node, group, repetition, new[node.id]))
        edges += [_edge(new[e.source], new[e.target], e.port) for e in internal]
        edges += [_edge(previous, new[e.target], e.port) for e in entering]
        for other in inner:
            members = tuple(new[i] for i in other.members)
            groups.append(
                other.model_copy(update={"id": next_id, "name": f"{other.name}_{repetition}", "members": members})
            )
            next_id += 1
        copied.update({copy: old for old, copy in new.items()})
        previous = new[exit_id]
    edges += [_edge(previous, e.target, e.port) for e in leaving]
    groups += [
        other.model_copy(update={"members": (*other.members, *copied)}) if inside.issubset(other.members) else other
        for other in outer
    ]
    _check_names(nodes, group)
    return net._replace(nodes=tuple(nodes), edges=tuple(edges), groups=tuple(groups), next_id=next_id), copied


def _ways(net: Architecture, group: Group, inside: set[int]) -> tuple[list[Edge], int]:
    """The wires into the group, all from one layer, and the one layer that gives its result."""
    told = f"{group.name} repeats {group.times} times"
    entering = [edge for edge in net.edges if edge.target in inside and edge.source not in inside]
    sources = dict.fromkeys(edge.source for edge in entering)
    if not sources:
        raise GraphError(f"{told}, but no wire leads into it.", remedy="Wire it up, or let it run once.")
    if len(sources) > 1:
        raise GraphError(
            f"{told}, so all its wires must come from one layer.",
            received=", ".join(net.by_id[i].name for i in sources),
            remedy="Put the layers between them into the group, or let it run once.",
        )
    exits = dict.fromkeys(e.source for e in net.edges if e.source in inside and e.target not in inside)
    exits = exits or dict.fromkeys(i for i in group.members if not net.out_of(i))
    if len(exits) != 1:
        raise GraphError(
            f"{told}, so one of its layers must give the result.",
            received=", ".join(net.by_id[i].name for i in exits),
            remedy="Take the layers that read them into the group, or let it run once.",
        )
    return entering, next(iter(exits))


def _named(node: Node, group: Group, repetition: int, node_id: int) -> Node:
    """The layer in one of the repetitions. Not checked again, as its parts have been: this runs at every edit."""
    name, here = f"{group.name}_{repetition}_{node.name}", node_id == node.id
    x, y = (node.x, node.y) if here else (None, None)
    return Node.model_construct(id=node_id, name=name, layer=node.layer, x=x, y=y)


def _edge(source: int, target: int, port: int) -> Edge:
    return Edge.model_construct(source=source, target=target, port=port)


def _check_names(nodes: list[Node], group: Group) -> None:
    seen: set[str] = set()
    for node in nodes:
        if node.name in seen:
            raise GraphError(
                f"{group.name} would hold a second {node.name}.", remedy=f"Rename {group.name} or the layer."
            )
        seen.add(node.name)
