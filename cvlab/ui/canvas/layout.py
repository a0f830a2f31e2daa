"""Where the blocks of a net stand when nobody has placed them: numbers only, no Qt, the same answer for the same net.

A chain winds through rows like a river (left to right, then right to left), so that no wire is long. A branching part
is laid out by layers, top to bottom, in bands. Parts that are not wired together stand one below the other.
"""

from __future__ import annotations

import math
from typing import Literal, NamedTuple

from cvlab.engine.nets.architecture import Architecture

BLOCK_WIDTH, BLOCK_HEIGHT = 148.0, 88.0
GAP_X, GAP_Y = 56.0, 40.0
STEP_X, STEP_Y = BLOCK_WIDTH + GAP_X, BLOCK_HEIGHT + GAP_Y
PART_GAP = 32.0
"""Extra room between parts that are not wired together."""

MARGIN = 16.0
MAX_COLUMNS = 40
MIN_BAND = 4
"""A branching part of fewer rows than two of these stays in one piece."""

Side = Literal["left", "right", "top", "bottom"]
OPPOSITE: dict[Side, Side] = {"left": "right", "right": "left", "top": "bottom", "bottom": "top"}
NORMAL: dict[Side, tuple[float, float]] = {"left": (-1, 0), "right": (1, 0), "top": (0, -1), "bottom": (0, 1)}


class Point(NamedTuple):
    """The top left corner of a block, or a port: canvas pixels, y downwards."""

    x: float
    y: float


class Sides(NamedTuple):
    """On which sides of a block its wires arrive and leave."""

    into: Side
    out: Side


def arrange(net: Architecture, columns: int) -> dict[int, Point]:
    """A place for every block: its own where the person has put it, else where the winding rows bring it.

    columns: blocks a row, 1 or more. O(nodes log nodes + edges).
    """
    places: dict[int, Point] = {}
    top = 0.0
    for part in _parts(net):
        chain = _as_chain(net, part)
        laid = _wind(chain, columns) if chain else _by_layers(net, part, columns)
        for node_id, (x, y) in laid.items():
            places[node_id] = Point(x, top + y)
        # A part whose every block was put somewhere by hand leaves no hole behind.
        if any(net.by_id[node_id].x is None for node_id in part):
            top += max(y for _, y in laid.values()) + STEP_Y + PART_GAP
    for node in net.nodes:
        if node.x is not None and node.y is not None:
            places[node.id] = Point(node.x, node.y)
    return places


def best_columns(net: Architecture, width: float, height: float) -> int:
    """How many blocks a row show the net largest in a view of this size (never larger than life); the widest of equals."""
    lengths = [len(part) for part in _parts(net) if any(net.by_id[i].x is None for i in part)]
    best, best_scale = 1, 0.0
    for columns in range(1, min(max(lengths, default=1), MAX_COLUMNS) + 1):
        rows = sum(math.ceil(length / columns) for length in lengths)
        across = columns * STEP_X - GAP_X + 2 * MARGIN
        down = rows * STEP_Y - GAP_Y + max(len(lengths) - 1, 0) * PART_GAP + 2 * MARGIN
        scale = min(width / across, height / down, 1.0)
        if scale >= best_scale:
            best, best_scale = columns, scale
    return best


def sides(net: Architecture, places: dict[int, Point]) -> dict[int, Sides]:
    """Which side of each block its wires use: the side that faces the neighbour. O(nodes + edges)."""
    into: dict[int, Side] = {}
    out: dict[int, Side] = {}
    for edge in net.edges:
        leaving = _facing(places[edge.source], places[edge.target])
        out.setdefault(edge.source, leaving)
        into.setdefault(edge.target, OPPOSITE[leaving])
    found = {}
    for node in net.nodes:
        arriving = into.get(node.id) or OPPOSITE[out.get(node.id, "right")]
        found[node.id] = Sides(arriving, out.get(node.id) or OPPOSITE[arriving])
    return found


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


def _facing(here: Point, there: Point) -> Side:
    across, down = there.x - here.x, there.y - here.y
    if abs(down) > BLOCK_HEIGHT:
        return "bottom" if down > 0 else "top"
    return "right" if across >= 0 else "left"


def _parts(net: Architecture) -> list[list[int]]:
    """Node ids by connected part, parts and nodes in the order of the document; the part with the input comes first."""
    part_of = {node.id: node.id for node in net.nodes}

    def root(node_id: int) -> int:
        while part_of[node_id] != node_id:
            part_of[node_id] = part_of[part_of[node_id]]
            node_id = part_of[node_id]
        return node_id

    for edge in net.edges:
        part_of[root(edge.source)] = root(edge.target)
    parts: dict[int, list[int]] = {}
    for node in net.nodes:
        parts.setdefault(root(node.id), []).append(node.id)
    return sorted(parts.values(), key=lambda part: all(net.by_id[i].layer.kind != "input" for i in part))


def _as_chain(net: Architecture, part: list[int]) -> list[int]:
    """The part's ids from first to last, or nothing if it branches, joins or runs in a circle."""
    if any(len(net.into(i)) > 1 or len(net.out_of(i)) > 1 for i in part):
        return []
    heads = [i for i in part if not net.into(i)]
    chain = heads[:1]
    while chain and net.out_of(chain[-1]):
        chain.append(net.out_of(chain[-1])[0].target)
    return chain


def _wind(chain: list[int], columns: int) -> dict[int, Point]:
    laid = {}
    for index, node_id in enumerate(chain):
        row, column = divmod(index, columns)
        if row % 2:
            column = columns - 1 - column
        laid[node_id] = Point(column * STEP_X, row * STEP_Y)
    return laid


def _by_layers(net: Architecture, part: list[int], columns: int) -> dict[int, Point]:
    """Each block one row below the lowest that feeds it, under the middle of what feeds it.

    A tall part is cut into bands that stand side by side, read down, then up, as long as they fit in `columns`.
    """
    rows = _rows(net, part)
    bands = [rows]
    for count in range(2, len(rows) + 1):
        length = math.ceil(len(rows) / count)
        cut = [rows[start : start + length] for start in range(0, len(rows), length)]
        if length < MIN_BAND or sum(max(map(len, band)) for band in cut) > columns:
            break
        bands = cut
    laid: dict[int, Point] = {}
    left = 0.0
    for index, band in enumerate(bands):
        x = _across(net, band)
        shift = left - min(x.values())
        for level, row in enumerate(band):
            down = len(bands[0]) - 1 - level if index % 2 else level
            laid.update({node_id: Point(x[node_id] + shift, down * STEP_Y) for node_id in row})
        left = max(laid[node_id].x for row in band for node_id in row) + STEP_X
    top = min(place.y for place in laid.values())
    return {node_id: Point(place.x, place.y - top) for node_id, place in laid.items()}


def _rows(net: Architecture, part: list[int]) -> list[list[int]]:
    """Ids by their distance from the start, the longest way counted."""
    members = set(part)
    rank = dict.fromkeys(part, 0)
    for node_id in _flow_order(net, part):
        feeding = [rank[edge.source] for edge in net.into(node_id) if edge.source in members]
        rank[node_id] = max(feeding, default=-1) + 1
    rows: dict[int, list[int]] = {}
    for node_id in part:
        rows.setdefault(rank[node_id], []).append(node_id)
    return [rows[level] for level in sorted(rows)]


def _across(net: Architecture, band: list[list[int]]) -> dict[int, float]:
    """The x of every block of a band: rows centred under what feeds them, no two blocks in one place."""
    x: dict[int, float] = {}
    for row in band:
        wanted = {}
        for node_id in row:
            above = [x[edge.source] for edge in net.into(node_id) if edge.source in x]
            wanted[node_id] = sum(above) / len(above) if above else 0.0
        middle = sum(wanted.values()) / len(row)
        for index, node_id in enumerate(sorted(row, key=lambda each, wanted=wanted: (wanted[each], each))):
            x[node_id] = middle + (index - (len(row) - 1) / 2) * STEP_X
    return x


def _flow_order(net: Architecture, part: list[int]) -> list[int]:
    """The part's ids, every one after what feeds it; those in a circle come last, in the order of the document."""
    waiting = {node_id: len(net.into(node_id)) for node_id in part}
    ready = [node_id for node_id in part if waiting[node_id] == 0]
    for node_id in ready:
        for edge in net.out_of(node_id):
            waiting[edge.target] -= 1
            if waiting[edge.target] == 0:
                ready.append(edge.target)
    return ready
