"""What undo brings back on the convolution panel: what slides, the painted kernel, the pool, the layer that is counted."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np

from cvlab.engine.convolution import Sliding
from cvlab.engine.data.photo import Photo
from cvlab.engine.kernels import PRESETS, normalised
from cvlab.engine.parameter_sharing import LayerSizes
from cvlab.engine.pooling import PoolKind
from cvlab.engine.transposed import Stamping, bilinear

MIN_SIDE, MAX_SIDE, MAX_CHANNELS = 2, 9, 3
MAX_FILTERS, MAX_FILTER, MAX_STRIDE, MAX_PADDING, MAX_DILATION, MAX_OUTPUT_PADDING = 3, 5, 4, 4, 3, 3
MAX_POOL, MAX_POOL_STRIDE = 5, 5
LARGEST = 999.0
"""The largest magnitude that a cell takes: more cannot be read in one."""
SPEEDS = (1, 2, 4, 8, 15, 30, 60)
"""Positions a second."""
PHOTO, OWN = "photo", "own"
"""Sources of pictures beside the data sets of the catalogue: the one that ships, and one that was opened."""
PIXELS = 32
"""A picture is reduced to so many pixels a side where each is to be seen by itself."""

Operation = Literal["convolution", "transposed"]
"""What the stage does: a window slides and reads, or input numbers stamp."""
Plane = tuple[tuple[float, ...], ...]
Volume = tuple[Plane, ...]


def volume(values: np.ndarray) -> Any:
    """An array as nested tuples, which compare by value."""
    return tuple(volume(part) for part in values) if values.ndim > 1 else tuple(map(float, values))


def _with(values: np.ndarray, place: tuple[int, ...], value: float) -> Any:
    changed = values.copy()
    changed[place] = value
    return volume(changed)


@dataclass(frozen=True)
class PictureChoice:
    """The picture that all pages look at. source: `PHOTO`, `OWN` or a data set's id. index: of the image in the set."""

    source: str = PHOTO
    index: int = 3
    own: Photo | None = None


@dataclass(frozen=True)
class SlideDocument:
    """What undo brings back of the stage, on which a window slides, or stamps add up (operation).

    x: (3, W, W) and w: (3, 3, F, F), b: (3,), always for three channels and three filters, of which the first `channels` and
    `filters` are used, so that turning a slider back loses nothing. groups: wanted, 1..3; nothing comes out where they do not
    divide channels and filters. uses_picture: the picture stands in for x. w[k][c] leads from channel c to map k in both
    operations. output_padding: of the transposed one only.
    """

    x: Volume
    w: tuple[Volume, ...]
    b: tuple[float, ...]
    channels: int = 3
    filters: int = 2
    stride: int = 2
    padding: int = 1
    dilation: int = 1
    groups: int = 1
    uses_picture: bool = False
    operation: Operation = "convolution"
    output_padding: int = 0

    @classmethod
    def course(cls, seed: int = 2016) -> SlideDocument:
        """The course's demonstration: 5 x 5 x 3 padded by 1, K = 2, F = 3, S = 2; 0, 1, 2 in x and -1, 0, 1 in w."""
        rng = np.random.default_rng(seed)
        x, w = rng.integers(0, 3, (3, 5, 5)), rng.integers(-1, 2, (MAX_FILTERS, 3, 3, 3))
        return cls(volume(x), volume(w), (1.0, 0.0, 0.0))

    @classmethod
    def stamps(cls) -> SlideDocument:
        """Nine numbers stamp 3 x 3 kernels at stride 2: stamps overlap in one row and column of two, an uneven pattern."""
        x, w = np.zeros((MAX_CHANNELS, 3, 3)), np.zeros((MAX_FILTERS, MAX_CHANNELS, 3, 3))
        x[:] = [[1, 2, 0], [3, 1, 2], [1, 0, 2]]
        w[:] = [[1, 2, 1], [2, 3, 2], [1, 2, 1]]
        return cls(volume(x), volume(w), (0.0,) * MAX_FILTERS, 1, 1, stride=2, padding=0, operation="transposed")

    @property
    def is_transposed(self) -> bool:
        return self.operation == "transposed"

    @property
    def side(self) -> int:
        """W = H of the typed numbers."""
        return len(self.x[0])

    @property
    def filter(self) -> int:
        """F."""
        return len(self.w[0][0])

    @property
    def sliding(self) -> Sliding:
        return Sliding(self.filter, self.stride, self.padding, self.dilation)

    @property
    def stamping(self) -> Stamping:
        return Stamping(self.filter, self.stride, self.padding, self.dilation, self.output_padding)

    def input(self) -> np.ndarray:
        """The typed numbers in use, (C, W, W)."""
        return np.array(self.x)[: self.channels]

    def weights(self, channels: int) -> np.ndarray:
        """The filters in use over so many channels, (K, C, F, F)."""
        return np.array(self.w)[: self.filters, :channels]

    def biases(self) -> np.ndarray:
        return np.array(self.b)[: self.filters]

    def sized(self, side: int) -> SlideDocument:
        """W cells a side: what does not fit is cut off, what is new is drawn from 0, 1, 2."""
        old = np.array(self.x)
        new = np.random.default_rng(side).integers(0, 3, (3, side, side)).astype(float)
        kept = min(side, self.side)
        new[:, :kept, :kept] = old[:, :kept, :kept]
        return replace(self, x=volume(new))

    def filtered(self, size: int) -> SlideDocument:
        """F cells a side, the old numbers kept in the middle, zeros around."""
        old, was = np.array(self.w), self.filter
        new = np.zeros((*old.shape[:2], size, size))
        kept = min(size, was)
        to, come = (size - kept) // 2, (was - kept) // 2
        new[:, :, to : to + kept, to : to + kept] = old[:, :, come : come + kept, come : come + kept]
        return replace(self, w=volume(new))

    def with_number(self, part: str, place: tuple[int, ...], value: float) -> SlideDocument:
        """part: "x", "w" or "b". place: (c, row, column), (k, c, row, column) or (k,)."""
        return replace(self, **{part: _with(np.array(getattr(self, part)), place, value)})

    def with_edges(self) -> SlideDocument:
        """Filters that find edges, the same over all channels: Sobel x, Sobel y and the Laplacian, at stride 1, padded by 1."""
        kernels = [np.array(PRESETS[id].three) for id in ("sobel-x", "sobel-y", "laplacian")]
        w = np.stack([np.broadcast_to(kernel, (MAX_CHANNELS, 3, 3)) for kernel in kernels])
        return replace(
            self, w=volume(w), b=(0.0,) * MAX_FILTERS, filters=MAX_FILTERS, stride=1, padding=1, dilation=1, groups=1
        )

    def with_blending(self, channels: int) -> SlideDocument:
        """Stamps that double a picture of so many channels smoothly: a bilinear 4 x 4 kernel at stride 2, 1 cut off, each
        channel by itself. 2 divides 4, so that nothing overlaps unevenly."""
        kernel = bilinear(2)
        w = np.broadcast_to(kernel, (MAX_FILTERS, MAX_CHANNELS, *kernel.shape))
        return replace(
            self, w=volume(w), b=(0.0,) * MAX_FILTERS, channels=channels, filters=channels, groups=channels, stride=2,
            padding=1, dilation=1, output_padding=0, operation="transposed",
        )  # fmt: skip

    def randomised(self, seed: int) -> SlideDocument:
        """Other numbers of the same kind, in the same sizes."""
        rng = np.random.default_rng(seed)
        x, w = rng.integers(0, 3, np.array(self.x).shape), rng.integers(-1, 2, np.array(self.w).shape)
        return replace(self, x=volume(x), w=volume(w), b=volume(rng.integers(-1, 2, MAX_FILTERS)))


@dataclass(frozen=True)
class KernelDocument:
    """rows: 3 x 3 or 5 x 5 as painted. preset: its id while nobody changed it, else "". grey: one channel for all colours."""

    rows: Plane = PRESETS["sobel-x"].three
    preset: str = "sobel-x"
    normalise: bool = False
    grey: bool = True

    @property
    def size(self) -> int:
        return len(self.rows)

    @property
    def array(self) -> np.ndarray:
        """As painted, (F, F)."""
        return np.array(self.rows)

    @property
    def in_force(self) -> np.ndarray:
        """As it is applied: painted, or normalised."""
        return normalised(self.array) if self.normalise else self.array

    def chosen(self, id: str) -> KernelDocument:
        return replace(self, rows=PRESETS[id].rows(self.size), preset=id)

    def sized(self, size: int) -> KernelDocument:
        """A preset at the other size; a painted kernel with a ring of zeros, or cut to its middle."""
        if size == self.size:
            return self
        if self.preset:
            return replace(self, rows=PRESETS[self.preset].rows(size))
        old = self.array
        return replace(self, rows=volume(np.pad(old, 1) if size > len(old) else old[1:-1, 1:-1]))

    def painted(self, row: int, column: int, value: float) -> KernelDocument:
        if self.rows[row][column] == value:
            return self
        return replace(self, rows=_with(self.array, (row, column), value), preset="")


@dataclass(frozen=True)
class PoolDocument:
    """x: (W, W) typed numbers. kind, size, stride: of the pool. shows_gradient: the way back instead of only the way there."""

    x: Plane = (
        (1.0, 1.0, 2.0, 4.0),
        (5.0, 6.0, 7.0, 8.0),
        (3.0, 2.0, 1.0, 0.0),
        (1.0, 2.0, 3.0, 4.0),
    )
    kind: PoolKind = "max"
    size: int = 2
    stride: int = 2
    uses_picture: bool = False

    @property
    def side(self) -> int:
        return len(self.x)

    def input(self) -> np.ndarray:
        """(1, W, W)."""
        return np.array(self.x)[None]

    def sized(self, side: int) -> PoolDocument:
        new = np.random.default_rng(side).integers(0, 10, (side, side)).astype(float)
        kept = min(side, self.side)
        new[:kept, :kept] = np.array(self.x)[:kept, :kept]
        return replace(self, x=volume(new))

    def with_number(self, row: int, column: int, value: float) -> PoolDocument:
        return replace(self, x=_with(np.array(self.x), (row, column), value))

    def randomised(self, seed: int) -> PoolDocument:
        return replace(self, x=volume(np.random.default_rng(seed).integers(0, 10, (self.side, self.side))))


@dataclass(frozen=True)
class SharingDocument:
    """The layer whose parameters are counted: W x W x C in, K filters of F x F at stride S, padded by P."""

    width: int = 32
    channels: int = 3
    filters: int = 12
    filter: int = 3
    stride: int = 1
    padding: int = 1

    @property
    def sizes(self) -> LayerSizes:
        return LayerSizes(self.width, self.channels, self.filters, Sliding(self.filter, self.stride, self.padding))


RANGES: dict[str, tuple[int, int]] = {
    "width": (1, 512), "channels": (1, 512), "filters": (1, 512), "filter": (1, 11), "stride": (1, 8), "padding": (0, 5),
}  # fmt: skip
"""Field of `SharingDocument` -> its range."""
