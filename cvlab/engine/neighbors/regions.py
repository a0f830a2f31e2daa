"""The decision regions of k-NN in the plane: which class each cell of a grid is taken for, and that again while a point moves.

A whole map sorts out the k nearest of N points for every cell: 80 ms for 256 x 256 cells and 200 points. While one point is
held, the others stand still. Each cell then needs three numbers once: the distance b of the k-th nearest of the others, the votes
of their k nearest, and those of their k - 1 nearest. Wherever the point is taken, a cell at distance d from it

    keeps the others' vote            if d > b,
    or has the k - 1 others and it    if d < b (at d = b the lower number comes first),

so that a move costs one distance a cell, whatever k and N are: under a millisecond.

Distances are compared as float32 numbers, and equal ones by the points' numbers.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from cvlab.engine.errors import Cancelled, DataError
from cvlab.engine.neighbors import metrics
from cvlab.engine.neighbors.search import never
from cvlab.engine.neighbors.votes import NEAREST

TIE = -1
MAX_POINTS, MAX_CLASSES, MAX_K = 500, 6, 51
_ROWS = 16


@dataclass(frozen=True)
class Rule:
    """How a place is decided. k: 1..51; where there are fewer points, all vote. metric: see `metrics.OF_POINTS`."""

    k: int = 1
    metric: str = "l2"
    weighted: bool = False

    def __post_init__(self) -> None:
        if not 1 <= self.k <= MAX_K:
            raise DataError(f"k lies between 1 and {MAX_K} here.", received=f"k = {self.k}")
        if self.metric not in metrics.OF_POINTS:
            raise DataError(
                "Points are not compared like this.",
                received=self.metric,
                remedy=f"There are: {', '.join(metrics.OF_POINTS)}.",
            )


@dataclass(frozen=True)
class Grid:
    """columns x rows cells over [left, right] x [bottom, top]; a cell stands for its centre. Row 0 is at the top."""

    left: float
    right: float
    bottom: float
    top: float
    columns: int = 256
    rows: int = 256

    @property
    def x(self) -> np.ndarray:
        """(columns,) float32"""
        return (self.left + (np.arange(self.columns) + 0.5) * (self.right - self.left) / self.columns).astype(
            np.float32
        )

    @property
    def y(self) -> np.ndarray:
        """(rows,) float32, falling"""
        return (self.top - (np.arange(self.rows) + 0.5) * (self.top - self.bottom) / self.rows).astype(np.float32)


def distances(x: np.ndarray, y: np.ndarray, points: np.ndarray, metric: str) -> np.ndarray:
    """From every cell to every point: x (w,), y (h,), points (N, 2) -> (h, w, N) float32; l2 squared, which sorts the same."""
    px, py = points[:, 0].astype(np.float32), points[:, 1].astype(np.float32)
    if metric == "cosine":
        lengths = np.hypot(px, py)
        ux = np.divide(px, lengths, out=np.zeros_like(px), where=lengths > 0)
        uy = np.divide(py, lengths, out=np.zeros_like(py), where=lengths > 0)
        cell = np.hypot(x[None, :], y[:, None])
        made = (y[:, None, None] * uy)[:, :, :] + x[None, :, None] * ux
        made /= np.where(cell > 0, cell, 1)[:, :, None]
        return np.maximum(1 - made, 0)
    dx, dy = np.abs(x[:, None] - px), np.abs(y[:, None] - py)  # (w, N), (h, N)
    if metric == "linf":
        return np.maximum(dy[:, None, :], dx[None, :, :])
    if metric == "l2":
        dx, dy = dx * dx, dy * dy
    return dy[:, None, :] + dx[None, :, :]


def _weights(d: np.ndarray, metric: str) -> np.ndarray:
    """1 / distance; the squares of l2 are taken back."""
    return 1.0 / np.maximum(np.sqrt(d) if metric == "l2" else d, np.float32(NEAREST))


def decide(votes: np.ndarray) -> np.ndarray:
    """The class with the most votes, TIE where several have as many: votes (..., C) -> (...) int8."""
    top = votes.max(axis=-1, keepdims=True)
    leads = votes >= top * (1 - 1e-6) if votes.dtype.kind == "f" else votes == top
    return np.where(leads.sum(axis=-1) > 1, TIE, leads.argmax(axis=-1)).astype(np.int8)


class _Columns:
    """Points sorted by class, so that a class's votes are the sum of a run of columns."""

    def __init__(self, points: np.ndarray, labels: np.ndarray, classes: int, numbers: np.ndarray) -> None:
        order = np.argsort(labels, kind="stable")
        self.points, self.numbers = points[order], numbers[order]
        self.edges = np.searchsorted(labels[order], np.arange(classes + 1))

    def votes(self, d: np.ndarray, bar: np.ndarray, k: int, rule: Rule) -> np.ndarray:
        """(n, C) of the k nearest: d (n, N) distances, bar (n,) the k-th smallest of each row."""
        inside = d <= bar[:, None]
        count = inside.sum(axis=1)
        for row in np.flatnonzero(count > k):  # several at the bar: those with the lower numbers come in
            at_bar = np.flatnonzero(d[row] == bar[row])
            surplus = int(count[row]) - k
            inside[row, at_bar[np.argsort(self.numbers[at_bar])[len(at_bar) - surplus :]]] = False
        runs = range(len(self.edges) - 1)
        if not rule.weighted:
            parts = [inside[:, self.edges[c] : self.edges[c + 1]].sum(axis=1, dtype=np.int16) for c in runs]
        else:
            weight = np.where(inside, _weights(d, rule.metric), 0)
            parts = [weight[:, self.edges[c] : self.edges[c + 1]].sum(axis=1, dtype=np.float64) for c in runs]
        return np.stack(parts, axis=1)


def regions(
    points: np.ndarray,
    labels: np.ndarray,
    classes: int,
    rule: Rule,
    grid: Grid,
    *,
    cancelled: Callable[[], bool] = never,
) -> np.ndarray:
    """(rows, columns) int8: the class of each cell, TIE (-1) for a tied vote. points (N, 2), labels (N,). Raises Cancelled.

    Without a point every cell is a tie. 80 ms for 256 x 256 cells and 200 points, for any k.
    """
    out = np.full((grid.rows, grid.columns), TIE, np.int8)
    if not len(points):
        return out
    columns = _Columns(points, labels, classes, np.arange(len(points)))
    k = min(rule.k, len(points))
    x, y = grid.x, grid.y
    for top in range(0, grid.rows, _ROWS):
        if cancelled():
            raise Cancelled
        d = distances(x, y[top : top + _ROWS], columns.points, rule.metric)
        flat = d.reshape(-1, len(points))
        bar = np.partition(flat, k - 1, axis=1)[:, k - 1]
        out[top : top + _ROWS] = decide(columns.votes(flat, bar, k, rule)).reshape(-1, grid.columns)
    return out


class Held:
    """Everything about the map that does not depend on where one point is. Making it costs what a map costs."""

    def __init__(
        self, points: np.ndarray, labels: np.ndarray, classes: int, rule: Rule, grid: Grid, held: int, *,
        cancelled: Callable[[], bool] = never,
    ) -> None:  # fmt: skip
        """held: the number of the point that will move. Raises Cancelled."""
        self.rule, self.grid, self.held, self._label = rule, grid, held, int(labels[held])
        others = np.delete(np.arange(len(points)), held)
        columns = _Columns(points[others], labels[others], classes, others)
        k = min(rule.k, len(points))
        cells = grid.rows * grid.columns
        kind = np.float64 if rule.weighted else np.int16
        # `bar`: the k-th nearest of the others; infinite where there are only k - 1: then the point always votes.
        self._bar = np.full(cells, np.inf, np.float32)
        self._kept = np.full(cells, TIE, np.int8)
        self._comes_first = np.zeros(cells, bool)
        fewer = np.zeros((cells, classes), kind)
        for top in range(0, grid.rows, _ROWS):
            if cancelled():
                raise Cancelled
            part = slice(top * grid.columns, min(top + _ROWS, grid.rows) * grid.columns)
            d = distances(grid.x, grid.y[top : top + _ROWS], columns.points, rule.metric)
            flat = d.reshape(d.shape[0] * d.shape[1], len(others))
            if len(others) >= k:
                sorted_to = np.partition(flat, sorted({max(k - 2, 0), k - 1}), axis=1)
                bar = sorted_to[:, k - 1]
                self._bar[part] = bar
                self._kept[part] = decide(columns.votes(flat, bar, k, rule))
                self._comes_first[part] = self._is_before(flat, bar, k, columns)
                below = sorted_to[:, k - 2]
            else:
                below = flat.max(axis=1, initial=0)
            if k > 1:
                fewer[part] = columns.votes(flat, below, k - 1, rule)
        self._own = fewer[:, self._label].copy()
        fewer[:, self._label] = -1
        self._most = fewer.max(axis=1, initial=0) if classes > 1 else np.zeros(cells, kind)
        self._rival = decide(fewer)

    def _is_before(self, flat: np.ndarray, bar: np.ndarray, k: int, columns: _Columns) -> np.ndarray:
        """(n,) whether the held point, at the same distance as the k-th of the others, comes before it."""
        made = np.empty(len(flat), bool)
        at_bar = flat == bar[:, None]
        single = at_bar.sum(axis=1) == 1
        made[single] = self.held < columns.numbers[at_bar[single].argmax(axis=1)]
        for row in np.flatnonzero(~single):
            nearer = int((flat[row] < bar[row]).sum())
            made[row] = self.held < np.sort(columns.numbers[at_bar[row]])[k - 1 - nearer]
        return made

    def moved(self, x: float, y: float) -> np.ndarray:
        """(rows, columns) int8: the map with the held point at (x, y); what `regions` would give. Under a millisecond."""
        d = distances(self.grid.x, self.grid.y, np.array([[x, y]]), self.rule.metric).reshape(-1)
        votes_now = self._own + (_weights(d, self.rule.metric) if self.rule.weighted else 1)
        if self.rule.weighted:
            ahead, level = votes_now * (1 - 1e-6) > self._most, np.abs(votes_now - self._most) <= 1e-6 * votes_now
        else:
            ahead, level = votes_now > self._most, votes_now == self._most
        joined = np.where(ahead, np.int8(self._label), np.where(level, np.int8(TIE), self._rival))
        takes_part = (d < self._bar) | ((d == self._bar) & self._comes_first)
        return np.where(takes_part, joined, self._kept).reshape(self.grid.rows, self.grid.columns)
