"""A curve that may grow for ever: exact while it is short, then min/max buckets of equal width, never a random sample."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

CAPACITY = 4096
"""Buckets kept. Twice as many as a wide screen has pixels."""


class Curve:
    """Points (x, y) with x rising. Memory is bounded; every extreme ever added stays visible."""

    def __init__(self, capacity: int = CAPACITY) -> None:
        self._x = np.empty(capacity)
        self._low = np.empty(capacity)
        self._high = np.empty(capacity)
        self._count = 0
        self._width = 1  # points a bucket
        self._filling = 0  # points in the last bucket
        self.last: tuple[float, float] | None = None

    def __len__(self) -> int:
        return self._count

    def append(self, x: float, y: float) -> None:
        """O(1), amortised."""
        self.last = (x, y)
        if self._count and self._filling < self._width:
            i = self._count - 1
            self._low[i] = np.fmin(self._low[i], y)
            self._high[i] = np.fmax(self._high[i], y)
            self._filling += 1
            return
        if self._count == len(self._x):
            self._halve()
        self._x[self._count], self._low[self._count], self._high[self._count] = x, y, y
        self._count += 1
        self._filling = 1

    def _halve(self) -> None:
        half = self._count // 2
        pairs = slice(0, 2 * half)
        self._x[:half] = self._x[pairs][::2]
        self._low[:half] = np.fmin.reduce(self._low[pairs].reshape(-1, 2), axis=1)
        self._high[:half] = np.fmax.reduce(self._high[pairs].reshape(-1, 2), axis=1)
        self._count = half
        self._width *= 2
        self._filling = self._width

    @property
    def is_exact(self) -> bool:
        """Whether every point is still there as it was added."""
        return self._width == 1

    def points(self) -> tuple[np.ndarray, np.ndarray]:
        """(x, y) to draw as one line: the points themselves, or each bucket's low and high in turn."""
        n = self._count
        if self.is_exact:
            return self._x[:n].copy(), self._low[:n].copy()
        return np.repeat(self._x[:n], 2), np.stack([self._low[:n], self._high[:n]], axis=1).ravel()

    def smoothed(self, span: int) -> tuple[np.ndarray, np.ndarray]:
        """(x, y) of an exponential moving average over about `span` points, without the bias of its start."""
        n = self._count
        x, middle = self._x[:n].copy(), (self._low[:n] + self._high[:n]) / 2
        keep = 1.0 - 1.0 / max(1.0, span / self._width)
        finite = np.isfinite(middle)
        if finite.all():
            return x, _average(middle, keep)
        seen = np.cumsum(finite)  # finite points up to and with each
        average = np.concatenate([[np.nan], _average(middle[finite], keep)])
        return x, average[seen]


def _average(values: np.ndarray, keep: float) -> np.ndarray:
    """The moving average without Python's loop: sums of values / keep**i, in blocks short enough not to overflow."""
    if keep == 0.0:
        return values
    # A power of two of them, so that a curve that grows seldom asks for others.
    rising, missing = _powers(keep, 1 << max(len(values) - 1, 1).bit_length())
    block = len(rising)
    out, before = np.empty(len(values)), 0.0
    for start in range(0, len(values), block):
        part = values[start : start + block]
        powers = rising[: len(part)]
        out[start : start + block] = (keep * before + (1 - keep) * np.cumsum(part * powers)) / powers
        before = out[start + len(part) - 1]
    return out / missing[: len(out)]


@lru_cache(maxsize=4)
def _powers(keep: float, count: int) -> tuple[np.ndarray, np.ndarray]:
    """keep**-i for a block of i that does not overflow, `count` at most, and 1 - keep**i for i from 1 to `count`: at every
    drawing the same, and the most of what an average costs."""
    block = max(1, int(200.0 / -np.log(keep)))
    return keep ** -np.arange(min(block, count), dtype=float), 1.0 - keep ** np.arange(1, count + 1)


class Pyramid:
    """A long series at every scale: each level holds the lowest and the highest of every four of the one below. What is seen of
    it, anywhere and at any zoom, is drawn from a few thousand numbers, and no extreme is ever left out.

    x: rising. Built once in O(n) (0.2 s for ten million points, two thirds of their memory on top); `window` in O(log n + most).
    """

    STEP = 4

    def __init__(self, x: np.ndarray, y: np.ndarray) -> None:
        self._x = [x]
        self._low = [y]
        self._high = [y]
        while len(self._x[-1]) > 2 * CAPACITY:
            self._x.append(self._x[-1][:: self.STEP])
            for levels, pick in ((self._low, np.fmin), (self._high, np.fmax)):
                below = levels[-1]
                whole = len(below) // self.STEP * self.STEP
                level = pick.reduce(below[:whole].reshape(-1, self.STEP), axis=1)
                if whole < len(below):
                    level = np.append(level, pick.reduce(below[whole:]))
                levels.append(level)

    def window(self, start: float, end: float, most: int = CAPACITY) -> tuple[np.ndarray, np.ndarray]:
        """(x, y) of the part from start to end and one bucket beyond on either side, as one line of about 2 `most` points:
        the points themselves where they are few enough, else each bucket's low and high in turn."""
        for level, x in enumerate(self._x):
            first = max(int(np.searchsorted(x, start, side="right")) - 2, 0)
            last = min(int(np.searchsorted(x, end, side="left")) + 2, len(x))
            if last - first <= most or level == len(self._x) - 1:
                break
        part = slice(first, last)
        if level == 0:
            return x[part], self._low[0][part]
        low, high = self._low[level][part], self._high[level][part]
        return np.repeat(x[part], 2), np.stack([low, high], axis=1).ravel()

    def coarse(self) -> tuple[np.ndarray, np.ndarray]:
        """(x, y) of the whole series from its top level: every extreme is in it."""
        return np.repeat(self._x[-1], 2), np.stack([self._low[-1], self._high[-1]], axis=1).ravel()
