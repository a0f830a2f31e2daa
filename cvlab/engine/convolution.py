"""The arithmetic of a convolutional layer, with the window that slides written out: what fits, each product, each sum.

Course, chapter 8.2.1. What a ConvNet calls a convolution is a cross-correlation: the filter is not turned round.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from cvlab.engine.errors import ShapeError


@dataclass(frozen=True)
class Fit:
    """How windows fit along one axis, in cells.

    length: W, of the input, >= 1. filter: F >= 1. stride: S >= 1. padding: P >= 0, zeros at each end.
    dilation: d >= 1, the distance of two taps, so that a window reaches over d(F - 1) + 1 cells.

    >>> fit = Fit(5, 3, stride=2, padding=1)
    >>> fit.extent, str(fit.exact), fit.count, fit.starts
    (3, '3', 3, (0, 2, 4))
    >>> str(Fit(6, 3, stride=2).exact), Fit(6, 3, stride=2).left_over
    ('5/2', 1)
    """

    length: int
    filter: int
    stride: int = 1
    padding: int = 0
    dilation: int = 1

    @property
    def extent(self) -> int:
        """d(F - 1) + 1: cells from a window's first tap to its last."""
        return self.dilation * (self.filter - 1) + 1

    @property
    def padded(self) -> int:
        """W + 2P."""
        return self.length + 2 * self.padding

    @property
    def slack(self) -> int:
        """W - F + 2P, with d(F - 1) + 1 for F: how far the window can be pushed. Below 0 it fits nowhere."""
        return self.padded - self.extent

    @property
    def exact(self) -> Fraction:
        """(W - F + 2P) / S + 1 as the formula gives it, whole or not."""
        return Fraction(self.slack, self.stride) + 1

    @property
    def count(self) -> int:
        """How many windows there are: the formula rounded down, as PyTorch does; 0 where not one fits."""
        return self.slack // self.stride + 1 if self.slack >= 0 else 0

    @property
    def left_over(self) -> int:
        """Padded cells at the far end that the last window does not reach, because the next would stick out."""
        return self.slack % self.stride if self.slack >= 0 else 0

    @property
    def is_whole(self) -> bool:
        """Whether the formula gives a whole number of windows, at least one."""
        return self.slack >= 0 and self.left_over == 0

    @property
    def starts(self) -> tuple[int, ...]:
        """The first padded cell of each window."""
        return tuple(range(0, self.count * self.stride, self.stride))

    def taps(self, window: int) -> tuple[int, ...]:
        """The padded cells that the window of this number reads, F of them."""
        first = window * self.stride
        return tuple(range(first, first + self.extent, self.dilation))

    @cached_property
    def visited(self) -> np.ndarray:
        """(W + 2P,) bool: which padded cells some window reads. Left-overs, and gaps of a stride or dilation, are False."""
        seen = np.zeros(self.padded, bool)
        for window in range(self.count):
            seen[list(self.taps(window))] = True
        return seen

    @property
    def unvisited(self) -> int:
        """Cells of the input itself, zeros not counted, that no window reads."""
        return int((~self.visited[self.padding : self.padding + self.length]).sum())


@dataclass(frozen=True)
class Sliding:
    """The setting of a layer with square windows. filter: F. See `Fit` for the others."""

    filter: int = 3
    stride: int = 1
    padding: int = 0
    dilation: int = 1

    def fit(self, length: int) -> Fit:
        """How the filter fits an axis of so many pixels."""
        return Fit(length, self.filter, self.stride, self.padding, self.dilation)

    def fits(self, height: int, width: int) -> tuple[Fit, Fit]:
        """Down and across. Raises `ShapeError` where not one window fits."""
        down, across = self.fit(height), self.fit(width)
        if not (down.count and across.count):
            raise ShapeError(
                "The layer",
                (height, width),
                f"an input of at least {down.extent - 2 * self.padding} x {down.extent - 2 * self.padding}",
                f"A window of {down.extent} cells does not fit into {min(height, width) + 2 * self.padding}.",
            )
        return down, across


@dataclass(frozen=True, eq=False)
class ProductSum:
    """One output number taken apart: sum over c, i, j of x[c, i, j] w[c, i, j], plus b.

    patch, weights, products: (C, F, F). is_zero: (F, F), whether the tap lies in the padding.
    """

    patch: np.ndarray
    weights: np.ndarray
    bias: float
    is_zero: np.ndarray

    @property
    def products(self) -> np.ndarray:
        """(C, F, F): patch times weights."""
        return self.patch * self.weights

    @property
    def channel_sums(self) -> np.ndarray:
        """(C,): what each input channel gives, the intermediate sums."""
        return self.products.sum(axis=(1, 2))

    @property
    def total(self) -> float:
        """All products and the bias, added up: the number of the output."""
        return float(self.channel_sums.sum() + self.bias)


def pad(x: np.ndarray, padding: int) -> np.ndarray:
    """(C, H, W) with P zeros on every side: (C, H + 2P, W + 2P)."""
    C, H, W = x.shape
    padded = np.zeros((C, H + 2 * padding, W + 2 * padding), x.dtype)  # a tenth of what np.pad takes for small ones
    padded[:, padding : padding + H, padding : padding + W] = x
    return padded


def convolve(x: np.ndarray, w: np.ndarray, b: np.ndarray, sliding: Sliding, groups: int = 1) -> np.ndarray:
    """y[k, r, q] = b[k] + sum over c, i, j of w[k, c, i, j] * x[c, rS + id - P, qS + jd - P], zeros outside.

    x: (C, H, W). w: (K, C / groups, F, F). b: (K,). Gives (K, H', W'), H' = (H - d(F - 1) - 1 + 2P) / S + 1 rounded down.
    groups: the channels and the filters fall into so many, and a filter reads the channels of its own group only.
    Every window is a row of one matrix, a copy of F^2 times the input, and the filters the other: O(K C F^2 H' W' / groups).
    Raises `ShapeError`.

    >>> convolve(np.ones((1, 3, 3)), np.ones((1, 1, 3, 3)), np.zeros(1), Sliding(3, padding=1))[0, 0].tolist()
    [4.0, 6.0, 4.0]
    """
    C, H, W = x.shape
    if groups < 1 or C % groups or len(w) % groups:
        raise ShapeError("The layer", (C, len(w)), f"channels and filters that {groups} groups divide")
    if w.shape[1:] != (C // groups, sliding.filter, sliding.filter):
        wanted = f"one slice a channel, ({C // groups}, {sliding.filter}, {sliding.filter})"
        raise ShapeError("The filter", w.shape, wanted)
    if groups > 1:
        parts = zip(np.split(x, groups), np.split(w, groups), np.split(b, groups), strict=True)
        return np.concatenate([convolve(*part, sliding) for part in parts])
    down, across = sliding.fits(H, W)
    padded = pad(x, sliding.padding)
    windows = sliding_window_view(padded, (down.extent, across.extent), axis=(1, 2))
    d, S = sliding.dilation, sliding.stride
    windows = windows[:, ::S, ::S, ::d, ::d]  # (C, H', W', F, F)
    y = np.tensordot(w, windows, axes=([1, 2, 3], [0, 3, 4]))  # (K, C F F) . (C F F, H' W')
    return y + b[:, None, None].astype(w.dtype)


def reads(k: int, channels: int, filters: int, groups: int) -> range:
    """Which channels filter k of so many reads: those of its group. Raises `ZeroDivisionError` for more groups than either.

    >>> reads(1, 3, 3, 3), reads(1, 4, 2, 2), reads(1, 3, 2, 1)
    (range(1, 2), range(2, 4), range(0, 3))
    """
    each = channels // groups
    group = k // (filters // groups)
    return range(group * each, (group + 1) * each)


def tap(padded: np.ndarray, i: int, j: int, down: Fit, across: Fit) -> np.ndarray:
    """(C, H', W'): what tap (i, j) of the window reads at every position. A view."""
    top, left = i * down.dilation, j * across.dilation
    rows = slice(top, top + (down.count - 1) * down.stride + 1, down.stride)
    columns = slice(left, left + (across.count - 1) * across.stride + 1, across.stride)
    return padded[:, rows, columns]


def product_sum(x: np.ndarray, w: np.ndarray, b: float, sliding: Sliding, row: int, column: int) -> ProductSum:
    """Output (row, column) of one filter, written out. x: (C, H, W). w: (C, F, F)."""
    down, across = sliding.fits(*x.shape[1:])
    rows, columns = np.array(down.taps(row)), np.array(across.taps(column))
    P = sliding.padding
    outside = (rows < P) | (rows >= P + down.length), (columns < P) | (columns >= P + across.length)
    patch = pad(x, P)[:, rows[:, None], columns[None, :]]
    return ProductSum(patch, w, float(b), outside[0][:, None] | outside[1][None, :])


def filtered(image: np.ndarray, kernel: np.ndarray) -> np.ndarray:
    """One kernel over every channel by itself, stride 1, zeros around, so that the size stays.

    image: (C, H, W). kernel: (F, F), F odd. Gives (C, H, W). 25 taps over 300 x 250 x 3 take about 5 ms.
    """
    F = len(kernel)
    if F % 2 == 0 or kernel.shape != (F, F):
        raise ShapeError("The kernel", kernel.shape, "an odd number of rows and as many columns")
    sliding = Sliding(F, padding=F // 2)
    down, across = sliding.fits(*image.shape[1:])
    padded = pad(image, F // 2)
    y = np.zeros_like(image)
    for i, j in zip(*np.nonzero(kernel), strict=True):
        y += image.dtype.type(kernel[i, j]) * tap(padded, i, j, down, across)
    return y
