"""The arithmetic of a transposed convolution: each input number stamps its multiple of the kernel, and stamps add up.

It is the way back of a convolution: what a convolution of the same filter, stride, padding and dilation does to gradients. It
turns no sum round, so that no input is won back: only the shape is. Dumoulin and Visin, arXiv:1603.07285, chapter 4; the uneven
overlap: Odena, Dumoulin and Olah, Distill 2016, "Deconvolution and checkerboard artifacts".
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np

from cvlab.engine.convolution import Sliding, reads
from cvlab.engine.errors import ShapeError


@dataclass(frozen=True)
class Growth:
    """How stamps lie along one axis, in cells.

    length: W, of the input, >= 1. filter: F >= 1. stride: S >= 1, from one stamp to the next. padding: P >= 0, cells cut off at
    each end. dilation: d >= 1, the distance of two taps. output_padding: 0 <= OP < max(S, d), cells more at the far end.

    >>> growth = Growth(3, 3, stride=2)
    >>> growth.count, growth.overlaps.tolist(), growth.is_even
    (7, [1, 1, 2, 1, 2, 1, 1], False)
    >>> Growth(3, 4, stride=2, padding=1).count, Growth(3, 3, stride=2, padding=1, output_padding=1).count
    (6, 6)
    """

    length: int
    filter: int
    stride: int = 1
    padding: int = 0
    dilation: int = 1
    output_padding: int = 0

    @property
    def extent(self) -> int:
        """d(F - 1) + 1: cells from a stamp's first tap to its last."""
        return self.dilation * (self.filter - 1) + 1

    @property
    def canvas(self) -> int:
        """(W - 1)S + d(F - 1) + OP + 1: before P cells are cut off at each end."""
        return (self.length - 1) * self.stride + self.extent + self.output_padding

    @property
    def exact(self) -> int:
        """(W - 1)S - 2P + d(F - 1) + OP + 1 as the formula gives it, which may be below 1."""
        return self.canvas - 2 * self.padding

    @property
    def is_allowed(self) -> bool:
        """OP < max(S, d), as in PyTorch: cells further out would belong to no convolution that this is the way back of."""
        return self.output_padding < max(self.stride, self.dilation)

    @property
    def count(self) -> int:
        """How long the output is; 0 where nothing is left or the output padding is not allowed."""
        return max(self.exact, 0) if self.is_allowed else 0

    def taps(self, stamp: int) -> tuple[int, ...]:
        """The cells of the canvas on which the stamp of this input number lies, F of them."""
        first = stamp * self.stride
        return tuple(range(first, first + self.extent, self.dilation))

    @cached_property
    def touched(self) -> np.ndarray:
        """(canvas,) int: how many stamps lie on each cell of the canvas."""
        times = np.zeros(self.canvas, int)
        for stamp in range(self.length):
            times[list(self.taps(stamp))] += 1
        return times

    @property
    def overlaps(self) -> np.ndarray:
        """(count,) int: how many stamps lie on each cell of the output."""
        return self.touched[self.padding : self.padding + self.count]

    @property
    def rhythm(self) -> tuple[int, ...]:
        """Away from the ends, how many stamps lie on a cell, for S cells in a row: again and again the same."""
        times = [0] * self.stride
        for tap in range(self.filter):
            times[tap * self.dilation % self.stride] += 1
        return tuple(times)

    @property
    def is_even(self) -> bool:
        """Whether all cells away from the ends get equally many stamps. Undilated: whether S divides F."""
        return len(set(self.rhythm)) == 1

    def stamps_on(self, cell: int) -> list[tuple[int, int]]:
        """Which stamps lie on an output cell, each with the tap that does: (input number, tap), the first number first."""
        at = cell + self.padding
        found = [(at - tap * self.dilation, tap) for tap in range(self.filter)]
        return sorted(
            (start // self.stride, tap)
            for start, tap in found
            if start % self.stride == 0 and 0 <= start // self.stride < self.length
        )


@dataclass(frozen=True)
class Stamping(Sliding):
    """The setting of a layer with square stamps: of the convolution that it is the way back of, and how much longer its output
    is than the shortest that fits. See `Growth`.
    """

    output_padding: int = 0

    def growth(self, length: int) -> Growth:
        return Growth(length, self.filter, self.stride, self.padding, self.dilation, self.output_padding)

    def growths(self, height: int, width: int) -> tuple[Growth, Growth]:
        """Down and across. Raises `ShapeError` where nothing is left, or the output padding is not allowed."""
        down, across = self.growth(height), self.growth(width)
        if not down.is_allowed:
            raise ShapeError(
                "The output padding",
                (self.output_padding,),
                f"to be less than {self.largest}, stride and dilation's larger",
            )
        if not (down.count and across.count):
            raise ShapeError(
                "The layer",
                (height, width),
                f"a padding of at most {(min(down.canvas, across.canvas) - 1) // 2}",
                f"{2 * self.padding} of {min(down.canvas, across.canvas)} cells are cut off, and nothing is left.",
            )
        return down, across

    @property
    def largest(self) -> int:
        """max(S, d): the output padding must stay below."""
        return max(self.stride, self.dilation)


class Term(NamedTuple):
    """What one stamp adds to one output number: x[channel, row, column] w[channel, k, i, j]."""

    channel: int
    row: int
    column: int
    i: int
    j: int
    value: float
    weight: float

    @property
    def product(self) -> float:
        return self.value * self.weight


def stamped(x: np.ndarray, w: np.ndarray, stamping: Stamping, groups: int = 1) -> np.ndarray:
    """The whole canvas, before anything is cut off and without bias: the sum of all stamps.

    x: (C, H, W). w: (C, K / groups, F, F), as PyTorch keeps them. Gives (K, H'', W''), H'' = (H - 1)S + d(F - 1) + OP + 1.
    O(C K F^2 H W / groups), and F^2 K H W numbers at once. Raises `ShapeError` for weights or groups that do not fit.

    >>> stamped(np.array([[[1.0, 2.0]]]), np.ones((1, 1, 1, 1)), Stamping(1, stride=2)).tolist()
    [[[1.0, 0.0, 2.0]]]
    """
    C, H, W = x.shape
    if groups < 1 or C % groups:
        raise ShapeError("The layer", (C,), f"channels that {groups} groups divide")
    if len(w) != C or w.shape[2:] != (stamping.filter, stamping.filter):
        raise ShapeError(
            "The filter", w.shape, f"one kernel a channel and map, ({C}, K, {stamping.filter}, {stamping.filter})"
        )
    if groups > 1:
        parts = zip(np.split(x, groups), np.split(w, groups), strict=True)
        return np.concatenate([stamped(*part, stamping) for part in parts])
    down, across, d, S = stamping.growth(H), stamping.growth(W), stamping.dilation, stamping.stride
    products = np.tensordot(w, x, axes=(0, 0))  # (K, F, F, H, W): every stamp
    canvas = np.zeros((w.shape[1], down.canvas, across.canvas), products.dtype)
    for i, j in np.ndindex(stamping.filter, stamping.filter):
        top, left = i * d, j * d
        canvas[:, top : top + (H - 1) * S + 1 : S, left : left + (W - 1) * S + 1 : S] += products[:, i, j]
    return canvas


def transpose_convolve(x: np.ndarray, w: np.ndarray, b: np.ndarray, stamping: Stamping, groups: int = 1) -> np.ndarray:
    """y[k, r, q] = b[k] + sum over c, i, j of w[c, k, i, j] * x[c, (r + P - id) / S, (q + P - jd) / S] where both are whole.

    x: (C, H, W). w: (C, K / groups, F, F). b: (K,). Gives (K, H', W'), H' = (H - 1)S - 2P + d(F - 1) + OP + 1. It is
    `torch.nn.functional.conv_transpose2d`, and the gradient that `convolve` with the same w hands back. Raises `ShapeError`.

    >>> transpose_convolve(np.ones((1, 2, 2)), np.ones((1, 1, 3, 3)), np.zeros(1), Stamping(3, stride=2, padding=1))[0].tolist()
    [[1.0, 2.0, 1.0], [2.0, 4.0, 2.0], [1.0, 2.0, 1.0]]
    """
    down, across = stamping.growths(*x.shape[1:])
    P = stamping.padding
    kept = stamped(x, w, stamping, groups)[:, P : P + down.count, P : P + across.count]
    return kept + b[:, None, None].astype(kept.dtype)


def terms(
    x: np.ndarray, w: np.ndarray, stamping: Stamping, k: int, row: int, column: int, groups: int = 1
) -> Iterator[Term]:
    """What map k has at (row, column), written out: one term a stamp that lies there, channel by channel, row by row.

    Shapes as in `transpose_convolve`. The products and b[k] add up to its output; cells that are cut off have terms, too.
    """
    C, H, W = x.shape
    down, across = stamping.growth(H), stamping.growth(W)
    first = reads(k, C, w.shape[1] * groups, groups)
    place = k % w.shape[1]
    for c in first:
        for r, i in down.stamps_on(row):
            for q, j in across.stamps_on(column):
                yield Term(c, r, q, i, j, float(x[c, r, q]), float(w[c, place, i, j]))


def bilinear(stride: int) -> np.ndarray:
    """The (2S - S % 2)-sided kernel whose stamps at stride S blend neighbours: a learned upsampling often starts there.

    >>> bilinear(2)[0].tolist()
    [0.0625, 0.1875, 0.1875, 0.0625]
    """
    size = 2 * stride - stride % 2
    slope = 1 - np.abs(np.arange(size) - (size - 1) / 2) / stride
    return np.outer(slope, slope)
