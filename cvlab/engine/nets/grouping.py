"""Layers made a named block, and a block's settings changed."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from cvlab.engine.errors import GraphError
from cvlab.engine.nets.parts import MAX_TIMES, Group, crossing, refuse_name

if TYPE_CHECKING:
    from cvlab.engine.nets.architecture import Architecture


def group(net: Architecture, node_ids: Iterable[int], times: int, name: str) -> tuple[Architecture, int]:
    """See `Architecture.grouped`. Without a name it is block1, block2, ..."""
    wanted = set(node_ids)
    members = tuple(node.id for node in net.nodes if node.id in wanted)
    if not members:
        raise GraphError("A group needs a layer in it.", remedy="Select some layers first.")
    for other in net.groups:
        if set(other.members) == set(members):
            raise GraphError(f"These layers are a group already: {other.name}.")
        if crossing(set(members), set(other.members)):
            raise GraphError(
                f"The selection cuts through {other.name}.", remedy=f"Select all of {other.name}, or nothing of it."
            )
    if name:
        _refuse_taken(net, name, None)
    else:
        taken = [int(m[1]) for g in net.groups if (m := re.fullmatch(r"block(\d+)", g.name))]
        name = f"block{max(taken, default=0) + 1}"
    made = Group(id=net.next_id, name=name, members=members, times=times)
    return net._replace(groups=(*net.groups, made), next_id=net.next_id + 1), made.id


def change(
    net: Architecture, group_id: int, name: str | None, times: int | None, collapsed: bool | None
) -> Architecture:
    """See `Architecture.with_group`; None leaves a setting as it is."""
    changes: dict[str, Any] = {}
    if name is not None:
        _refuse_taken(net, name, group_id)
        changes["name"] = name
    if times is not None:
        if not 1 <= times <= MAX_TIMES:
            raise GraphError(f"A group repeats 1 to {MAX_TIMES} times.", received=str(times))
        changes["times"] = times
    if collapsed is not None:
        changes["collapsed"] = collapsed
    return net._replace(groups=tuple(g.model_copy(update=changes) if g.id == group_id else g for g in net.groups))


def _refuse_taken(net: Architecture, name: str, group_id: int | None) -> None:
    refuse_name(name)
    if any(other.name == name and other.id != group_id for other in net.groups):
        raise GraphError(f"Another group is called {name}.", remedy="Choose a name that is free.")
