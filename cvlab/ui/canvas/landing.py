"""Where a layer may land when it is let go: on a wire, at an open end, or nowhere (loose). Geometry only, no Qt."""

from __future__ import annotations

import math
from collections.abc import Collection
from dataclasses import dataclass

from cvlab.engine.nets.architecture import Architecture
from cvlab.ui.canvas.layout import (
    BLOCK_HEIGHT,
    BLOCK_WIDTH,
    GAP_X,
    NORMAL,
    Point,
    Sides,
    port_point,
)

REACH = 48.0
"""A wire attracts what is let go within so many pixels of it; over a block the nearest one always does."""


@dataclass(frozen=True)
class Landing:
    """Between `after` and `before`; at an open end one of them is None. The line is where it shows, from start to end."""

    after: int | None
    before: int | None
    start: Point
    end: Point

    @property
    def middle(self) -> Point:
        return Point((self.start.x + self.end.x) / 2, (self.start.y + self.end.y) / 2)

    def distance(self, x: float, y: float) -> float:
        """From a point to the line, in canvas pixels."""
        ax, ay = self.start
        dx, dy = self.end.x - ax, self.end.y - ay
        length = dx * dx + dy * dy
        along = 0.0 if length == 0 else min(max(((x - ax) * dx + (y - ay) * dy) / length, 0.0), 1.0)
        return math.hypot(x - ax - along * dx, y - ay - along * dy)


def landings(
    net: Architecture, places: dict[int, Point], sides: dict[int, Sides], arity: int, moving: Collection[int] = ()
) -> list[Landing]:
    """Every place for a layer that takes `arity` wires. A layer that takes none (an input) fits only before an open start.

    moving: layers on their way; their own wires are no place for them.
    """
    found = []
    for edge in net.edges if arity else ():
        if edge.source not in moving and edge.target not in moving:
            target = net.by_id[edge.target]
            start = port_point(places[edge.source], sides[edge.source].out)
            end = port_point(places[edge.target], sides[edge.target].into, edge.port, max(target.layer.arity, 1))
            found.append(Landing(edge.source, edge.target, start, end))
    for node in net.nodes:
        if node.id in moving:
            continue
        if arity and not net.out_of(node.id):
            start, end = _stub(places[node.id], sides[node.id].out)
            found.append(Landing(node.id, None, start, end))
        if node.layer.arity and not net.into(node.id):
            start, end = _stub(places[node.id], sides[node.id].into)
            found.append(Landing(None, node.id, end, start))
    return found


def nearest(
    choices: list[Landing], places: dict[int, Point], x: float, y: float, moving: Collection[int] = ()
) -> Landing | None:
    """The landing that a layer let go at (x, y) takes, or None in the open."""
    if not choices:
        return None
    best = min(choices, key=lambda landing: landing.distance(x, y))
    over_block = any(
        node_id not in moving and place.x <= x <= place.x + BLOCK_WIDTH and place.y <= y <= place.y + BLOCK_HEIGHT
        for node_id, place in places.items()
    )
    reach = BLOCK_WIDTH if over_block else REACH
    return best if best.distance(x, y) <= reach else None


def _stub(place: Point, side: str) -> tuple[Point, Point]:
    start = port_point(place, side)  # type: ignore[arg-type]
    across, down = NORMAL[side]  # type: ignore[index]
    return start, Point(start.x + across * GAP_X, start.y + down * GAP_X)
