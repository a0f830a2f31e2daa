"""Where a layer may land when it is let go: on a wire, at an open end, or nowhere (loose). Geometry only, no Qt."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from cvlab.ui.canvas.layout import BLOCK_HEIGHT, BLOCK_WIDTH, GAP_X, NORMAL, Side, Sides, port_point
from cvlab.ui.canvas.sketch import Point, Sketch, WireKey

REACH = 48.0
"""A wire attracts what is let go within so many pixels of it; over a block the nearest one always does."""


@dataclass(frozen=True)
class Landing:
    """Between the layers `after` and `before`; at an open end one of them is None. It shows on a line from start to end.

    blocks: the blocks at the two ends, as drawn. wire: the one that it would cut, None at an open end.
    """

    after: int | None
    before: int | None
    start: Point
    end: Point
    blocks: tuple[int | None, int | None] = (None, None)
    wire: WireKey | None = None

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
    drawing: Sketch, places: Mapping[int, Point], sides: Mapping[int, Sides], arity: int, moving: Collection[int] = ()
) -> list[Landing]:
    """Every place for a layer that takes `arity` wires. A layer that takes none (an input) fits only before an open start.

    moving: blocks on their way; their own wires are no place for them.
    """
    found = []
    read, fed = set(), set()
    for strand in drawing.strands:
        read.add(strand.source)
        fed.add((strand.target, strand.port))
        if arity and strand.source not in moving and strand.target not in moving:
            start = port_point(places[strand.source], sides[strand.source].out)
            count = max(len(drawing.ports[strand.target]), 1)
            end = port_point(places[strand.target], sides[strand.target].into, strand.port, count)
            after, before, _ = strand.key
            found.append(Landing(after, before, start, end, (strand.source, strand.target), strand.key))
    for block in drawing.members:
        if block in moving:
            continue
        if arity and block not in read:
            start, end = _stub(places[block], sides[block].out)
            found.append(Landing(drawing.exits[block], None, start, end, (block, None)))
        open_ports = [port for port in range(len(drawing.ports[block])) if (block, port) not in fed]
        if open_ports and len(open_ports) == len(drawing.ports[block]):
            start, end = _stub(places[block], sides[block].into)
            found.append(Landing(None, drawing.ports[block][0][0], end, start, (None, block)))
    return found


def nearest(
    choices: list[Landing], places: Mapping[int, Point], x: float, y: float, moving: Collection[int] = ()
) -> Landing | None:
    """The landing that a layer let go at (x, y) takes, or None in the open."""
    if not choices:
        return None
    best = min(choices, key=lambda landing: landing.distance(x, y))
    over_block = any(
        block not in moving and place.x <= x <= place.x + BLOCK_WIDTH and place.y <= y <= place.y + BLOCK_HEIGHT
        for block, place in places.items()
    )
    reach = BLOCK_WIDTH if over_block else REACH
    return best if best.distance(x, y) <= reach else None


def _stub(place: Point, side: Side) -> tuple[Point, Point]:
    start = port_point(place, side)
    across, down = NORMAL[side]
    return start, Point(start.x + across * GAP_X, start.y + down * GAP_X)
