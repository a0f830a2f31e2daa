"""Where the gates stand: columns from left to right, few crossings, straight wires; deterministic, and it draws nothing.

Sugiyama's method: columns by longest path, long wires led through the columns as one trunk for each source, barycentre
sweeps that keep the best order seen, and heights by least squares with a least distance (pool adjacent violators).
"""

from __future__ import annotations

from bisect import bisect_right, insort
from collections.abc import Mapping
from dataclasses import dataclass

from cvlab.engine.circuit.circuit import Circuit

MAX_BENDS = 8_000
"""Points that wires are led through. Beyond it the longest wires run straight, so that 5,000 gates take under 2 s."""

Point = tuple[float, float]


@dataclass(frozen=True, eq=False)
class Layout:
    """position: node id -> its middle, for every node that is drawn. trunk: source id -> the points its wire is led through, by
    column. column: node id -> number of its column. crossings: pairs of wires that cross, as far as they are led."""

    position: Mapping[int, Point]
    column: Mapping[int, int]
    trunk: Mapping[int, tuple[Point, ...]]
    width: float
    height: float
    crossings: int

    def route(self, source: int, target: int) -> tuple[Point, ...]:
        """The points between a source and one gate that uses it."""
        return self.trunk.get(source, ())[: self.bends(source, target)]

    def bends(self, source: int, target: int) -> int:
        """How many points of the source's trunk its wire to one gate passes."""
        return self.column[target] - self.column[source] - 1 if source in self.trunk else 0


def is_drawn(circuit: Circuit, id: int) -> bool:
    """A constant number, or a list of classes, is written on the face of the gate that uses it, and is no node of the picture."""
    node = circuit.nodes[id]
    if node.kind != "constant" or not node.shape:
        return node.kind != "constant"
    return any(circuit.nodes[i].gate not in ("cross_entropy", "hinge") for i in circuit.consumers[id])


def layout(
    circuit: Circuit,
    *,
    across: float = 160.0,
    down: float = 88.0,
    sizes: Mapping[int, tuple[float, float]] | None = None,
) -> Layout:
    """across: from middle to middle of two columns; down: of two nodes of a column. Some 0.2 s for 5,000 gates.

    sizes: of nodes that need another room than that, (to the next column, height). A column is as wide as its widest node.
    """
    return _Layering(circuit, sizes or {}).solved(across, down)


class _Layering:
    """Elements are nodes (their id) and bends (numbers after the last id), in columns."""

    def __init__(self, circuit: Circuit, sizes: Mapping[int, tuple[float, float]]) -> None:
        self._circuit, self._sizes = circuit, sizes
        self.column = _columns(circuit, is_wide=bool(sizes))
        self._bends = self._led()
        self._column_of = dict(self.column)
        count = len(circuit.nodes)
        self._trunk: dict[int, tuple[int, ...]] = {}
        for source, length in self._bends.items():
            self._trunk[source] = tuple(range(count, count + length))
            for step, bend in enumerate(self._trunk[source], 1):
                self._column_of[bend] = self.column[source] + step
            count += length
        self._first_bend = len(circuit.nodes)
        self._left, self._right = self._links()
        self.columns = self._first_order()

    def _led(self) -> dict[int, int]:
        """For each source how many columns its wires cross, the longest left out beyond MAX_BENDS."""
        spans = {}
        for source in self.column:
            reach = max((self.column[i] for i in self._circuit.consumers[source]), default=0)
            if reach - self.column[source] > 1:
                spans[source] = reach - self.column[source] - 1
        led, budget = {}, MAX_BENDS
        for source, length in sorted(spans.items(), key=lambda pair: (pair[1], pair[0])):
            budget -= length
            if budget < 0:
                break
            led[source] = length
        return led

    def _links(self) -> tuple[dict[int, list[int]], dict[int, list[int]]]:
        left: dict[int, list[int]] = {element: [] for element in self._column_of}
        right: dict[int, list[int]] = {element: [] for element in self._column_of}

        def link(a: int, b: int) -> None:
            right[a].append(b)
            left[b].append(a)

        for source, bends in self._trunk.items():
            for a, b in zip((source, *bends), bends, strict=False):
                link(a, b)
        for target in self.column:
            for source in self._circuit.nodes[target].operands:
                if source not in self.column:
                    continue
                steps = self.column[target] - self.column[source] - 1
                if steps == 0:
                    link(source, target)
                elif source in self._trunk:
                    link(self._trunk[source][steps - 1], target)
        return left, right

    def _first_order(self) -> list[list[int]]:
        """As a walk from the output meets the nodes, operands in their order: a tree comes out without a crossing."""
        met: dict[int, int] = {}
        roots = [self._circuit.output, *reversed(self.column)]
        todo = [(root, False) for root in reversed(roots)]
        while todo:
            node, operands_done = todo.pop()
            if node in met or node not in self.column:
                continue
            if operands_done:
                met[node] = len(met)
                continue
            todo.append((node, True))
            todo.extend((operand, False) for operand in reversed(self._circuit.nodes[node].operands))
        columns: list[list[int]] = [[] for _ in range(max(self._column_of.values()) + 1)]
        rank = {element: (met[element], 0) for element in self.column}
        for source, bends in self._trunk.items():
            rank |= {bend: (met[source], step) for step, bend in enumerate(bends, 1)}
        for element in sorted(self._column_of, key=rank.__getitem__):
            columns[self._column_of[element]].append(element)
        return columns

    def solved(self, across: float, down: float) -> Layout:
        crossings = self._reduce_crossings()
        heights = self._heights(down)
        top = min(heights.values())
        left = self._lefts(across)
        place = {e: (left[self._column_of[e]], y - top) for e, y in heights.items()}
        return Layout(
            {id: place[id] for id in self.column},
            self.column,
            {source: tuple(place[bend] for bend in bends) for source, bends in self._trunk.items()},
            left[-1],
            max(heights.values()) - top,
            crossings,
        )

    def _lefts(self, across: float) -> list[float]:
        """The middle of each column: as far from the one before as that one's widest node needs."""
        if not self._sizes:
            return [number * across for number in range(len(self.columns))]
        found, at = [], 0.0
        for column in self.columns:
            found.append(at)
            at += max((self._sizes.get(e, (across, 0.0))[0] for e in column if e < self._first_bend), default=across)
        return found

    # -- crossings ---------------------------------------------------------------------------------------------------

    def _reduce_crossings(self) -> int:
        best, fewest = [list(c) for c in self.columns], self._crossings()
        sweeps = 16 if len(self._column_of) < 1_500 else 3
        for sweep in range(sweeps):
            if fewest == 0:
                break
            if sweep % 2 == 0:
                self._sort(range(1, len(self.columns)), self._left)
            else:
                self._sort(range(len(self.columns) - 2, -1, -1), self._right)
            now = self._crossings()
            if now < fewest:
                best, fewest = [list(c) for c in self.columns], now
        self.columns = best
        return fewest

    def _sort(self, order: range, beside: dict[int, list[int]]) -> None:
        place = {e: i for column in self.columns for i, e in enumerate(column)}
        for number in order:
            column = self.columns[number]
            wanted = {
                e: sum(place[n] for n in beside[e]) / len(beside[e]) if beside[e] else float(place[e]) for e in column
            }
            column.sort(key=wanted.__getitem__)
            place.update((e, i) for i, e in enumerate(column))

    def _crossings(self) -> int:
        total = 0
        for number in range(1, len(self.columns)):
            place = {e: i for i, e in enumerate(self.columns[number - 1])}
            seen: list[int] = []
            for element in self.columns[number]:
                ends = [place[n] for n in self._left[element]]
                total += sum(len(seen) - bisect_right(seen, end) for end in ends)
                for end in ends:
                    insort(seen, end)
        return total

    # -- heights -----------------------------------------------------------------------------------------------------

    def _heights(self, down: float) -> dict[int, float]:
        y = {e: i * down for column in self.columns for i, e in enumerate(column)}
        rounds = 12 if len(self._column_of) < 1_500 else 4
        columns = range(len(self.columns))
        for _ in range(rounds):
            for number in columns:
                self._settle(number, y, down, (self._left,))
            for number in reversed(columns):
                self._settle(number, y, down, (self._right,))
        for number in columns:
            self._settle(number, y, down, (self._left, self._right))
        for number in columns:
            self._straighten(number, y, down)
        return y

    def _settle(self, number: int, y: dict[int, float], down: float, sides: tuple[dict[int, list[int]], ...]) -> None:
        """Moves a column's elements towards the mean of their neighbours."""
        wanted = []
        for element in self.columns[number]:
            near = [n for side in sides for n in side[element]]
            wanted.append(sum(y[n] for n in near) / len(near) if near else y[element])
        self._place(number, wanted, y, down)

    def _straighten(self, number: int, y: dict[int, float], down: float) -> None:
        """Draws what has one neighbour to the left, and is that one's only one to the right, level with it."""
        wanted = []
        for element in self.columns[number]:
            left = self._left[element]
            is_alone = len(left) == 1 and len(self._right[left[0]]) == 1
            wanted.append(y[left[0]] if is_alone else y[element])
        self._place(number, wanted, y, down)

    def _place(self, number: int, wanted: list[float], y: dict[int, float], down: float) -> None:
        """The heights nearest to the wanted ones that keep the column's order and distances."""
        column, gaps, reach = self.columns[number], [], 0.0
        for at, element in enumerate(column):
            if at:
                bends = (element >= self._first_bend) + (column[at - 1] >= self._first_bend)
                reach += down * (1.0, 0.72, 0.5)[bends]
                if self._sizes:
                    reach += sum(
                        max(self._sizes.get(e, (0.0, down))[1] - down, 0.0) / 2 for e in (element, column[at - 1])
                    )
            gaps.append(reach)
        weights = [4.0 if element >= self._first_bend else 1.0 for element in column]
        free = _isotonic([height - gap for height, gap in zip(wanted, gaps, strict=True)], weights)
        y.update((element, height + gap) for element, height, gap in zip(column, free, gaps, strict=True))


def _columns(circuit: Circuit, *, is_wide: bool) -> dict[int, int]:
    """Gates by their longest path; inputs at the left, or just before their first use where that is far to the right.

    is_wide: nodes with matrices on their wires; all of them at the left would be a picture too high to be read.
    """
    column: dict[int, int] = {}
    for node in circuit.nodes:
        if is_drawn(circuit, node.id):
            column[node.id] = 1 + max((column[i] for i in node.operands if i in column), default=-1)
    for node in circuit.inputs:
        first = min((column[i] for i in circuit.consumers[node.id]), default=1) - 1
        column[node.id] = first if first > 2 or is_wide else 0
    return column


def _isotonic(wanted: list[float], weights: list[float]) -> list[float]:
    """The nondecreasing sequence nearest to `wanted` in weighted least squares."""
    blocks: list[list[float]] = []  # mean, weight, count
    for value, weight in zip(wanted, weights, strict=True):
        blocks.append([value, weight, 1])
        while len(blocks) > 1 and blocks[-2][0] > blocks[-1][0]:
            mean, total, count = blocks.pop()
            last = blocks[-1]
            last[0] = (last[0] * last[1] + mean * total) / (last[1] + total)
            last[1] += total
            last[2] += count
    return [mean for mean, _, count in blocks for _ in range(int(count))]
