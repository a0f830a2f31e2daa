"""Where the blocks of a net stand when nobody has placed them: numbers only, no Qt, the same answer for the same net.

The flow winds through rows like a river (left to right, then right to left), so that no wire is long. Where it branches, a
row has lanes: the longest way through keeps its level, branches stand beside it and wires that skip blocks run beside them.
A row ends where the fewest wires cross. Parts that are not wired together stand one below the other.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from cvlab.engine.nets.architecture import Architecture
from cvlab.ui.canvas.flow import Part, parts
from cvlab.ui.canvas.sketch import Point, Sketch, WireKey, sketch

BLOCK_WIDTH, BLOCK_HEIGHT = 164.0, 104.0
GAP_X, GAP_Y = 64.0, 40.0
STEP_X, STEP_Y = BLOCK_WIDTH + GAP_X, BLOCK_HEIGHT + GAP_Y
LANE = 24.0
"""Height of a lane that holds only passing wires."""

PART_GAP = 32.0
"""Extra room between parts that are not wired together."""

MARGIN = 16.0
MAX_COLUMNS = 40
_TANGLED = 0.93
"""What a wire is worth that turns with the rows beside another: so much smaller may the net be shown without it."""


Side = Literal["left", "right", "top", "bottom"]
OPPOSITE: dict[Side, Side] = {"left": "right", "right": "left", "top": "bottom", "bottom": "top"}
NORMAL: dict[Side, tuple[float, float]] = {"left": (-1, 0), "right": (1, 0), "top": (0, -1), "bottom": (0, 1)}


@dataclass(frozen=True)
class Sides:
    """On which sides of a block its wires arrive and leave."""

    into: Side
    out: Side


@dataclass(frozen=True)
class Arrangement:
    """places: block -> its top left corner. sides: block -> where its wires are attached. bends: the points that a wire goes
    through on its way around blocks."""

    places: dict[int, Point]
    sides: dict[int, Sides]
    bends: dict[WireKey, tuple[Point, ...]]


class _Row:
    """A piece of the river: the ranks first ... last - 1 of a part, running right or left from the column `start`."""

    def __init__(self, part: Part, first: int, last: int, start: int, heading: int) -> None:
        self.first, self.last, self.start, self.heading = first, last, start, heading
        wide = {lane for rank in range(first, last) for lane in part.blocks_at[rank]}
        thin = {lane for rank in range(first, last) for lane in part.wires_at[rank]} - wide
        self.levels: dict[int, float] = {}  # lane -> the top of its blocks, or the level of its wires
        level = 0.0
        for lane in sorted(wide | thin):
            if lane in wide:
                self.levels[lane] = level
                level += STEP_Y
            else:
                self.levels[lane] = level + LANE / 2 - GAP_Y / 2
                level += LANE
        self.thin = thin
        self.height = level

    @property
    def end(self) -> int:
        return self.start + self.heading * (self.last - self.first - 1)

    def x(self, rank: int) -> float:
        return (self.start + self.heading * (rank - self.first)) * STEP_X

    def wire_level(self, lane: int) -> float:
        return self.levels[lane] if lane in self.thin else self.levels[lane] + BLOCK_HEIGHT / 2


def arrange(net: Architecture, drawing: Sketch, columns: int) -> Arrangement:
    """A place for every block: its own where the person has put it, else where the winding rows bring it.

    columns: blocks a row, 1 or more. O(blocks + wires).
    """
    places: dict[int, Point] = {}
    laid_sides: dict[int, Sides] = {}
    bends: dict[WireKey, tuple[Point, ...]] = {}
    top = 0.0
    for part in _parts(net, drawing):
        rows = _rows(part, columns)
        left = min(min(row.start, row.end) for row in rows) * STEP_X
        tops, level = [], top
        for row in rows:
            tops.append(level)
            level += row.height
        row_of = [index for index, row in enumerate(rows) for _ in range(row.first, row.last)]
        for block, (rank, lane) in part.spots.items():
            row = rows[row_of[rank]]
            places[block] = Point(row.x(rank) - left, tops[row_of[rank]] + row.levels[lane])
            laid_sides[block] = _laid_sides(rows, row_of[rank], rank)
        for key, run in part.runs.items():
            bends[key] = tuple(_bends(rows, tops, row_of, run.first, run.last, run.lane, left))
        # A part whose every block was put somewhere by hand leaves no hole behind.
        if any(block not in drawing.pinned for block in part.spots):
            top = level + PART_GAP
    places.update(drawing.pinned)
    moved = drawing.pinned.keys()
    free = {block for strand in drawing.strands if moved & {strand.source, strand.target}
            for block in (strand.source, strand.target)} | set(moved) if moved else set()  # fmt: skip
    found = _facing_sides(drawing, places, free) if free else {}
    for strand in drawing.strands if moved else ():
        if strand.source in moved or strand.target in moved:
            bends.pop(strand.key, None)
    return Arrangement(places, laid_sides | found, bends)


def best_columns(net: Architecture, drawing: Sketch, width: float, height: float) -> int:
    """How many blocks a row show the net largest in a view of this size (never larger than life); the widest of equals."""
    loose = [part for part in _parts(net, drawing) if any(block not in drawing.pinned for block in part.spots)]
    longest = max((part.length for part in loose), default=1)
    best, best_scale = 1, 0.0
    for columns in _candidates(loose, min(longest, MAX_COLUMNS), width, height):
        across = down = 0.0
        tangle = 0
        for part in loose:
            rows = _rows(part, columns)
            tangle += sum(part.crossing[row.last - 1] - 1 for row in rows[:-1])
            low = min(min(row.start, row.end) for row in rows)
            across = max(across, (max(max(row.start, row.end) for row in rows) - low + 1) * STEP_X)
            down += sum(row.height for row in rows)
        across += 2 * MARGIN - GAP_X
        down += max(len(loose) - 1, 0) * PART_GAP + 2 * MARGIN - GAP_Y
        scale = min(width / max(across, 1), height / max(down, 1), 1.0) * _TANGLED ** min(tangle, 12)
        if scale >= best_scale:
            best, best_scale = columns, scale
    return best


def _candidates(loose: list[Part], most: int, width: float, height: float) -> range:
    """The numbers of columns worth trying: all of a small net's, those near the view's proportions of a large one's."""
    ranks = sum(part.length for part in loose)
    if ranks <= MAX_COLUMNS:
        return range(1, most + 1)
    lanes = sum(len(set(at)) for part in loose for at in part.blocks_at) / ranks
    likely = math.sqrt(ranks * lanes * STEP_Y / STEP_X * width / max(height, 1.0))
    return range(max(1, min(int(0.6 * likely), most)), min(most, math.ceil(1.4 * likely) + 1) + 1)


def _parts(net: Architecture, drawing: Sketch) -> tuple[Part, ...]:
    inputs = frozenset(drawing.home[node.id] for node in net.nodes if node.layer.kind == "input")
    return parts(tuple(drawing.members), drawing.strands, inputs)


def _rows(part: Part, columns: int) -> list[_Row]:
    rows: list[_Row] = []
    first, start, heading = 0, 0, 1
    while first < part.length:
        last = _row_end(part, first, columns)
        count = last - first
        # Each row starts below the end of the one before, as far as it fits between the margins.
        start = min(start, columns - count) if heading > 0 else max(start, count - 1)
        rows.append(_Row(part, first, last, start, heading))
        start, first, heading = rows[-1].end, last, -heading
    return rows


def _row_end(part: Part, first: int, columns: int) -> int:
    """Where the row that begins at `first` ends: before the rank with the fewest wires across, as late as that is possible."""
    farthest = first + columns
    if farthest >= part.length:
        return part.length
    earliest = first + max(1, columns - columns // 3)
    return min(range(earliest, farthest + 1), key=lambda end: (part.crossing[end - 1], -end))


def _laid_sides(rows: list[_Row], index: int, rank: int) -> Sides:
    row = rows[index]
    forwards: Side = "right" if row.heading > 0 else "left"
    turns_in = index > 0 and rank == row.first
    turns_out = index + 1 < len(rows) and rank == row.last - 1
    return Sides("top" if turns_in else OPPOSITE[forwards], "bottom" if turns_out else forwards)


def _bends(
    rows: list[_Row], tops: list[float], row_of: list[int], first: int, last: int, lane: int, left: float
) -> list[Point]:
    found = []
    for index in range(row_of[first], row_of[last] + 1):
        row = rows[index]
        level = tops[index] + row.wire_level(lane)
        begins, ends = max(first, row.first), min(last, row.last - 1)
        near, far = (0.0, BLOCK_WIDTH) if row.heading > 0 else (BLOCK_WIDTH, 0.0)
        found += [Point(row.x(begins) - left + near, level), Point(row.x(ends) - left + far, level)]
    return found


def _facing_sides(drawing: Sketch, places: dict[int, Point], blocks: set[int]) -> dict[int, Sides]:
    """The sides that face the neighbours, for blocks that do not stand where the rows have them."""
    into: dict[int, Side] = {}
    out: dict[int, Side] = {}
    for strand in drawing.strands:
        leaving = _facing(places[strand.source], places[strand.target])
        out.setdefault(strand.source, leaving)
        into.setdefault(strand.target, OPPOSITE[leaving])
    found = {}
    for block in blocks:
        arriving = into.get(block) or OPPOSITE[out.get(block, "right")]
        found[block] = Sides(arriving, out.get(block) or OPPOSITE[arriving])
    return found


def _facing(here: Point, there: Point) -> Side:
    across, down = there.x - here.x, there.y - here.y
    if abs(down) > BLOCK_HEIGHT:
        return "bottom" if down > 0 else "top"
    return "right" if across >= 0 else "left"


def port_point(place: Point, side: Side, index: int = 0, count: int = 1) -> Point:
    """Where on the block's edge a wire is attached; several ports share a side evenly."""
    share = (index + 1) / (count + 1)
    match side:
        case "left":
            return Point(place.x, place.y + share * BLOCK_HEIGHT)
        case "right":
            return Point(place.x + BLOCK_WIDTH, place.y + share * BLOCK_HEIGHT)
        case "top":
            return Point(place.x + share * BLOCK_WIDTH, place.y)
        case _:
            return Point(place.x + share * BLOCK_WIDTH, place.y + BLOCK_HEIGHT)


def layer_places(net: Architecture, drawing: Sketch, places: Mapping[int, Point], columns: int) -> dict[int, Point]:
    """Places of blocks as places of layers; those of a folded group stand as if it were laid out by itself, from there."""
    found = {}
    for block, place in places.items():
        if not drawing.is_group(block):
            found[block] = place
            continue
        part = net.part(drawing.members[block])
        for group in part.groups:
            part = part.with_group(group.id, collapsed=False)
        inner = arrange(part, sketch(part), columns).places
        left, top = (min(each[axis] for each in inner.values()) for axis in (0, 1))
        found.update({i: Point(x - left + place.x, y - top + place.y) for i, (x, y) in inner.items()})
    return found
