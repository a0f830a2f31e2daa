"""Which layer feeds which. Architectures with the same ids and wires share one: an edit of settings leaves it as it is."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cached_property

from cvlab.engine.nets.parts import Edge


class Wiring:
    """into, out_of: node id -> its wires, those into a node by port. Never changed once made."""

    def __init__(self, node_ids: Iterable[int], edges: Iterable[Edge]) -> None:
        self.into: dict[int, list[Edge]] = {node_id: [] for node_id in node_ids}
        self.out_of: dict[int, list[Edge]] = {node_id: [] for node_id in self.into}
        for edge in edges:
            self.into[edge.target].append(edge)
            self.out_of[edge.source].append(edge)
        for wires in self.into.values():
            wires.sort(key=_port)

    @cached_property
    def flow(self) -> tuple[int, ...]:
        """Node ids so that every layer comes after what feeds it, as far as no circle stands in the way. O(nodes + wires)."""
        waiting = {node_id: len(wires) for node_id, wires in self.into.items()}
        ready = [node_id for node_id, count in waiting.items() if count == 0]
        for node_id in ready:  # grows while it is walked
            for edge in self.out_of[node_id]:
                waiting[edge.target] -= 1
                if waiting[edge.target] == 0:
                    ready.append(edge.target)
        return tuple(ready)

    def reaches(self, start: int, goal: int) -> bool:
        """Whether data can flow from `start` to `goal`."""
        seen, todo = set(), [start]
        while todo:
            node_id = todo.pop()
            if node_id == goal:
                return True
            if node_id not in seen:
                seen.add(node_id)
                todo.extend(edge.target for edge in self.out_of[node_id])
        return False


def _port(edge: Edge) -> int:
    return edge.port
