"""Neighbours that a search has found: which, how far, and how several partial answers become one."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, eq=False)
class Found:
    """The k nearest of each query, nearest first, ties to the lower index.

    indices: (Q, k) int64 into the set that was searched.
    exact:   (Q, k) what was compared: int64 for l1, l2 (squared) and dot (negated), float64 for cosine.
    """

    indices: np.ndarray
    exact: np.ndarray
    metric: str

    @property
    def distances(self) -> np.ndarray:
        """(Q, k) float64 as the metric's formula has them: for l2 the root is taken."""
        values = self.exact.astype(np.float64)
        return np.sqrt(values) if self.metric == "l2" else values

    def first(self, k: int) -> Found:
        """The k nearest of those: what a search for k would have found."""
        return Found(self.indices[:, :k], self.exact[:, :k], self.metric)

    @classmethod
    def join(cls, parts: list[Found]) -> Found:
        """One after the other."""
        return cls(
            np.concatenate([part.indices for part in parts]),
            np.concatenate([part.exact for part in parts]),
            parts[0].metric,
        )


def smallest(values: np.ndarray, k: int, rows: np.ndarray | None = None) -> tuple[np.ndarray, np.ndarray]:
    """(rows, values) of the k smallest of one row of values, sorted, ties to the lower row. O(n).

    rows: the number of each value, 0..n-1 if None. k may be n or more: then all come, sorted.
    """
    if k < len(values):
        bar = np.partition(values, k - 1)[k - 1]
        keep = np.flatnonzero(values <= bar)
        values, rows = values[keep], keep if rows is None else rows[keep]
    elif rows is None:
        rows = np.arange(len(values))
    order = np.lexsort((rows, values))[:k]
    return rows[order], values[order]
