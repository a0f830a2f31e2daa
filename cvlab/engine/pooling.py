"""Pooling: the largest, the mean or the L2 norm of each window, who won, and where the gradient goes on its way back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from cvlab.engine.convolution import Fit, Sliding, tap

PoolKind = Literal["max", "average", "l2"]
KINDS: tuple[PoolKind, ...] = ("max", "average", "l2")


@dataclass(frozen=True, eq=False)
class Pooled:
    """values: (C, H', W'). winners: (C, H', W', 2), row and column in the input of the largest of each window, the first
    of equals as in PyTorch; for all kinds, but it decides only for max.
    """

    kind: PoolKind
    x: np.ndarray
    values: np.ndarray
    winners: np.ndarray
    down: Fit
    across: Fit

    @property
    def discarded(self) -> float:
        """The share of the numbers that is gone: 1 - H'W' / HW. 2 x 2 windows at stride 2 leave one of four: 0.75."""
        return 1 - self.values[0].size / self.x[0].size

    def gradient(self, upstream: np.ndarray) -> np.ndarray:
        """dL/dx (C, H, W) from dL/dy (C, H', W'); windows that overlap add up.

        max: all of it to the winner. average: 1/F^2 of it to each. L2: x/y of it to each, 0 where y = 0.
        """
        dx, size = np.zeros_like(self.x), self.down.filter
        if self.kind == "max":
            channels = np.arange(len(self.x))[:, None, None]
            np.add.at(dx, (channels, self.winners[..., 0], self.winners[..., 1]), upstream)
            return dx
        for i, j in np.ndindex(size, size):
            share = np.full_like(upstream, 1 / size**2)
            if self.kind == "l2":
                seen = tap(self.x, i, j, self.down, self.across)
                share = np.divide(seen, self.values, out=np.zeros_like(seen), where=self.values > 0)
            tap(dx, i, j, self.down, self.across)[...] += share * upstream
        return dx


def pool(x: np.ndarray, kind: PoolKind, size: int, stride: int) -> Pooled:
    """Each channel by itself, no padding. x: (C, H, W). y = max, mean, or sqrt(sum x^2) of the window.

    O(C size^2 H' W'). Raises `ShapeError` where no window fits. Course, chapter 8.2.2.

    >>> pool(np.arange(16.0).reshape(1, 4, 4), "max", 2, 2).values[0].tolist()
    [[5.0, 7.0], [13.0, 15.0]]
    """
    down, across = Sliding(size, stride).fits(*x.shape[1:])
    seen = np.stack([tap(x, i, j, down, across) for i, j in np.ndindex(size, size)])  # (F^2, C, H', W')
    first = seen.argmax(axis=0)
    rows = np.arange(down.count)[:, None] * stride + first // size
    columns = np.arange(across.count)[None, :] * stride + first % size
    if kind == "max":
        values = seen.max(axis=0)
    elif kind == "average":
        values = seen.mean(axis=0)
    else:
        values = np.sqrt((seen**2).sum(axis=0))
    return Pooled(kind, x, values, np.stack([rows, columns], axis=-1), down, across)
