"""The receptive field of a layer: the rows and columns of the image that its outputs depend on.

For every output position the first and last row and column are followed through the layers, so the border of the image,
the position inside an upsampled block and the gaps of a transposed convolution count as they are.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from cvlab.engine.nets.layers import PASS, REARRANGED, STACKED, WHOLE, Reach, Reads, Shape, Taps

_NONE = 2**30
"""The first row or column of a position that depends on nothing; its last one is -1."""

_MAX_PARTS, _MAX_TERMS = 256, 8
"""More are not followed one by one: they are taken to depend on all that any of them depends on."""


@dataclass(frozen=True, eq=False)
class Intervals:
    """The first and the last row (or column) of the image for each of n positions.

    first, last: (n + 1,) int32. The entry behind the end stands for padding, which depends on nothing: (2^30, -1).
    """

    first: np.ndarray
    last: np.ndarray

    def __eq__(self, other: object) -> bool:
        return (
            isinstance(other, Intervals)
            and np.array_equal(self.first, other.first)
            and np.array_equal(self.last, other.last)
        )

    def __hash__(self) -> int:
        return hash((self.first.tobytes(), self.last.tobytes()))

    @classmethod
    def of_image(cls, side: int) -> Intervals:
        first, last = np.arange(side + 1, dtype=np.int32), np.arange(side + 1, dtype=np.int32)
        first[-1], last[-1] = _NONE, -1
        return cls(first, last)

    @property
    def count(self) -> int:
        return len(self.first) - 1

    @cached_property
    def seen(self) -> np.ndarray:
        """(n,) bool: which positions depend on the image at all."""
        return self.first[:-1] <= self.last[:-1]

    @cached_property
    def is_full(self) -> bool:
        return bool(self.seen.all())

    @property
    def size(self) -> int:
        """From the first to the last row, for the position where that is most; 0 where none depends on the image."""
        return max(int((self.last - self.first).max()) + 1, 0)

    def read_by(self, taps: Taps) -> Intervals:
        if taps.index.shape[1] == 1:
            only = taps.index[:, 0]
            return Intervals(self.first[only], self.last[only])
        return Intervals(self.first[taps.index].min(1), self.last[taps.index].max(1))

    def joined(self, other: Intervals) -> Intervals:
        if other is self:
            return self
        return Intervals(np.minimum(self.first, other.first), np.maximum(self.last, other.last))

    def repeated(self, count: int) -> Intervals:
        """The interval of the only position, for `count` positions."""
        index = np.zeros(count + 1, dtype=np.intp)
        index[-1] = 1
        return Intervals(self.first[index], self.last[index])

    def whole(self) -> Intervals:
        """One position that depends on all that these depend on."""
        return Intervals(
            np.array([self.first.min(), _NONE], dtype=np.int32), np.array([self.last.max(), -1], dtype=np.int32)
        )


_NOTHING = Intervals(np.array([_NONE, _NONE], dtype=np.int32), np.array([-1, -1], dtype=np.int32))

Term = tuple[Intervals, Intervals]
"""Position (p, q) depends on the rectangle rows[p] × columns[q]; on nothing where one of the two is empty."""


@dataclass(frozen=True)
class Part:
    """Neighboring channels with one receptive field: at each position, that of all terms together.

    Several terms are needed only where branches meet that depend on nothing at different positions.
    """

    channels: int
    terms: tuple[Term, ...]

    @property
    def sides(self) -> tuple[int, int]:
        rows, columns = self.terms[0]
        return rows.count, columns.count

    @property
    def length(self) -> int:
        """Numbers in it."""
        height, width = self.sides
        return self.channels * height * width

    @cached_property
    def size(self) -> tuple[int, int]:
        """(rows, columns), each for the position where it is most."""
        if len(self.terms) == 1:
            rows, columns = self.terms[0]
            down = rows.size
            across = down if columns is rows else columns.size
            return (down, across) if down and across else (0, 0)
        first_row, last_row, first_column, last_column = self._boxes()
        return max(int((last_row - first_row).max()) + 1, 0), max(int((last_column - first_column).max()) + 1, 0)

    def _boxes(self) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        shape = self.sides
        low_row, low_column = np.full(shape, _NONE), np.full(shape, _NONE)
        high_row, high_column = np.full(shape, -1), np.full(shape, -1)
        for rows, columns in self.terms:
            seen = rows.seen[:, None] & columns.seen
            low_row = np.where(seen, np.minimum(low_row, rows.first[:-1, None]), low_row)
            high_row = np.where(seen, np.maximum(high_row, rows.last[:-1, None]), high_row)
            low_column = np.where(seen, np.minimum(low_column, columns.first[:-1]), low_column)
            high_column = np.where(seen, np.maximum(high_column, columns.last[:-1]), high_column)
        return low_row, high_row, low_column, high_column


@dataclass(frozen=True)
class Sight:
    """The receptive field of a layer's outputs.

    parts: the channels in order; those of a vector may come from volumes of different sides. stride: (rows, columns) of the
    image between neighboring outputs, 0 where an output depends on everything. image: (rows, columns) that there are.
    """

    parts: tuple[Part, ...]
    stride: tuple[float, float]
    image: tuple[int, int]

    @classmethod
    def of_image(cls, shape: Shape) -> Sight:
        channels, height, width = shape
        rows = Intervals.of_image(height)
        columns = rows if width == height else Intervals.of_image(width)
        return cls((Part(channels, ((rows, columns),)),), (1, 1), (height, width))

    @cached_property
    def field(self) -> tuple[int, int]:
        """(rows, columns) of the image that one output number can depend on.

        Counted from the first to the last, with what lies between, inside the image; each for the output for which it is
        most: behind an upsampling, neighboring outputs can depend on different numbers of rows.
        """
        sizes = [part.size for part in self.parts]
        return max(down for down, _ in sizes), max(across for _, across in sizes)


def after(reach: Reach, sights: tuple[Sight, ...], output: Shape) -> Sight:
    """The receptive field of a layer's output. reach: what an output reads of the inputs; sights: those of the inputs.

    Exact for all layers but one: numbers that a reshape or an addition of vectors brings together from places that do not
    correspond are taken to depend on all that any of them depends on.
    """
    first = sights[0]
    if reach is PASS and len(sights) == 1:
        return first
    stride = (max(sight.stride[0] for sight in sights), max(sight.stride[1] for sight in sights))
    if reach is STACKED:
        parts = tuple(part for sight in sights for part in sight.parts)
        return Sight(_limited(parts), stride, first.image)
    if len(sights) > 1:
        return Sight(_added(sights), stride, first.image)
    if reach is REARRANGED:
        return _rearranged(first, output)
    if reach is WHOLE:
        return Sight((_everything(first.parts, output[0]),), (0, 0), first.image)
    assert isinstance(reach, Reads)
    parts = first.parts
    if reach.groups is not None:
        if any(part.sides != parts[0].sides for part in parts):  # neighbors in a vector of several volumes
            return Sight((_everything(parts, output[0]),), (0, 0), first.image)
        parts = _mixed(parts, reach.groups, output[0])
    if reach.rows is None or reach.columns is None:
        return Sight(parts, stride, first.image)
    stride = (stride[0] * reach.rows.stride, stride[1] * reach.columns.stride)
    return Sight(tuple(_read(part, reach.rows, reach.columns) for part in parts), stride, first.image)


def _read(part: Part, down: Taps, across: Taps) -> Part:
    terms = []
    for rows, columns in part.terms:
        read = rows.read_by(down)
        terms.append((read, read if columns is rows and across is down else columns.read_by(across)))
    return Part(part.channels, tuple(terms) if len(terms) == 1 else _together(terms))


def _together(terms: list[Term]) -> tuple[Term, ...]:
    """Terms that depend on nothing at the same positions become one; the bounding box of a union stays what it is."""
    kept: list[Term] = []
    for rows, columns in terms:
        for i, (other_rows, other_columns) in enumerate(kept):
            if _alike(rows, other_rows) and _alike(columns, other_columns):
                joined = other_rows.joined(rows)
                same = other_rows is other_columns and rows is columns
                kept[i] = (joined, joined if same else other_columns.joined(columns))
                break
        else:
            kept.append((rows, columns))
    if len(kept) > _MAX_TERMS:
        rows, columns = kept[0]
        for more_rows, more_columns in kept[1:]:
            rows, columns = rows.joined(more_rows), columns.joined(more_columns)
        kept = [(rows, columns)]
    return tuple(kept)


def _alike(one: Intervals, other: Intervals) -> bool:
    return one is other or (one.is_full and other.is_full) or bool(np.array_equal(one.seen, other.seen))


def _union(parts: list[Part], channels: int) -> Part:
    if len(parts) == 1:
        return Part(channels, parts[0].terms)
    return Part(channels, _together([term for part in parts for term in part.terms]))


def _mixed(parts: tuple[Part, ...], groups: int, channels: int) -> tuple[Part, ...]:
    """Each of `groups` equal groups of channels becomes as many equal ones of the output, which depend on the whole group."""
    if len(parts) == 1:
        return (Part(channels, parts[0].terms),)
    if groups == 1:
        return (_union(list(parts), channels),)
    size, made = sum(part.channels for part in parts) // groups, channels // groups
    ends = np.cumsum([part.channels for part in parts]).tolist()
    result: list[Part] = []
    group = index = 0
    while group < groups:
        while ends[index] <= group * size:
            index += 1
        inside = ends[index] // size - group  # groups that lie in this part as a whole
        if inside > 0:
            result.append(Part(made * inside, parts[index].terms))
            group += inside
            continue
        last = index
        while ends[last] < (group + 1) * size:
            last += 1
        result.append(_union(list(parts[index : last + 1]), made))
        group += 1
    return _limited(tuple(result))


def _limited(parts: tuple[Part, ...]) -> tuple[Part, ...]:
    """Neighbors with the same terms in one. More parts than are followed become one that depends on all of theirs."""
    joined: list[Part] = []
    for part in parts:
        if joined and joined[-1].terms is part.terms:
            joined[-1] = Part(joined[-1].channels + part.channels, part.terms)
        else:
            joined.append(part)
    if len(joined) > _MAX_PARTS and all(part.sides == joined[0].sides for part in joined):
        return (_union(joined, sum(part.channels for part in joined)),)
    return tuple(joined)


def _everything(parts: tuple[Part, ...], channels: int) -> Part:
    """Numbers that depend on all that any number of the parts depends on."""
    terms = []
    for part in parts:
        for rows, columns in part.terms:
            down, across = rows.whole(), columns.whole()
            if down.is_full and across.is_full:
                terms.append((down, across))
    return Part(channels, _together(terms) if terms else ((_NOTHING, _NOTHING),))


def _added(sights: tuple[Sight, ...]) -> tuple[Part, ...]:
    """The parts of a sum: number for number what any of the inputs depends on."""
    parts = sights[0].parts
    if len(sights) == 1 + sum(sight.parts is parts for sight in sights[1:]):
        return parts
    for sight in sights[1:]:
        parts = _sum(parts, sight.parts)
    return _limited(parts)


def _sum(ours: tuple[Part, ...], theirs: tuple[Part, ...]) -> tuple[Part, ...]:
    left, right, result = list(ours), list(theirs), []
    while left:
        a, b = left.pop(), right.pop()  # from the end: the order does not matter, and popping there is quick
        sides = a.sides if a.sides != (1, 1) else b.sides
        volumes = [_laid_out(part, sides) for part in (a, b)]
        count = min(volume.channels for volume in volumes)
        if count == 0:
            return (_everything((*ours, *theirs), sum(part.length for part in ours)),)
        terms = a.terms if a.terms is b.terms else _together([*volumes[0].terms, *volumes[1].terms])
        result.append(Part(count, terms))
        for part, waiting in ((a, left), (b, right)):
            rest = part.channels - (count if part.sides == sides else count * sides[0] * sides[1])
            if rest:
                waiting.append(Part(rest, part.terms))
    return tuple(reversed(result))


def _laid_out(part: Part, sides: tuple[int, int]) -> Part:
    """Channels of one number each as maps of these sides, as many as they fill; without channels where that cannot be."""
    if part.sides == sides:
        return part
    if part.sides != (1, 1):
        return Part(0, part.terms)
    terms = tuple((rows.repeated(sides[0]), columns.repeated(sides[1])) for rows, columns in part.terms)
    return Part(part.channels // (sides[0] * sides[1]), terms)


def _rearranged(sight: Sight, output: Shape) -> Sight:
    """The same numbers in the same order as a volume of another shape."""
    sides = output[1:]
    if all(part.sides == sides for part in sight.parts):
        return sight
    volumes = tuple(_laid_out(part, sides) for part in sight.parts)
    if sum(volume.channels for volume in volumes) == output[0]:
        return Sight(volumes, sight.stride, sight.image)
    everything = _laid_out(_everything(sight.parts, sides[0] * sides[1]), sides)
    return Sight((Part(output[0], everything.terms),), (0, 0), sight.image)
