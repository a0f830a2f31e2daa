"""A part of a net put into another: under fresh ids and names."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cvlab.engine.errors import GraphError
from cvlab.engine.nets.parts import MAX_NODES, Edge, free_name

if TYPE_CHECKING:
    from cvlab.engine.nets.architecture import Architecture


def paste(net: Architecture, part: Architecture, dx: float, dy: float) -> tuple[Architecture, dict[int, int]]:
    """See `Architecture.pasted`. O(layers of both)."""
    if len(net.nodes) + len(part.nodes) > MAX_NODES:
        raise GraphError(f"A net may have {MAX_NODES} layers at most.", remedy="Delete some layers first.")
    new = {old: net.next_id + i for i, old in enumerate([*part.by_id, *part.group_by_id])}
    names, group_names = set(net.by_name), {group.name for group in net.groups}
    nodes = tuple(
        node.model_copy(
            update={"id": new[node.id], "name": free_name(node.name, names)}
            | ({} if node.x is None or node.y is None else {"x": node.x + dx, "y": node.y + dy})
        )
        for node in part.nodes
    )
    edges = tuple(Edge(source=new[e.source], target=new[e.target], port=e.port) for e in part.edges)
    groups = tuple(
        group.model_copy(
            update={
                "id": new[group.id],
                "name": free_name(group.name, group_names),
                "members": tuple(new[i] for i in group.members),
            }
        )
        for group in part.groups
    )
    pasted = net._replace(
        nodes=(*net.nodes, *nodes),
        edges=(*net.edges, *edges),
        groups=(*net.groups, *groups),
        next_id=net.next_id + len(new),
    )
    return pasted, {old: new[old] for old in part.by_id}
