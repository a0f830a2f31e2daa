"""Comparing with everything: exact, in blocks of bounded size, on a CPU or a graphics card."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from importlib.util import find_spec
from itertools import pairwise

import numpy as np

from cvlab.engine.errors import Cancelled
from cvlab.engine.neighbors import exact
from cvlab.engine.neighbors.found import smallest
from cvlab.engine.neighbors.metrics import ROUNDING, cosine_distance, exact_cosine

_ROWS, _COLUMNS = 256, 4_096
"""Queries and images compared at once: 8 MB of results."""
_CUDA_COLUMNS = 16_384
_FEW = 8


@cache
def has_opencv() -> bool:
    """Whether OpenCV, the extra `fast`, is installed. Imports nothing."""
    return find_spec("cv2") is not None


class Dense:
    """X: (N, D) uint8. Holds nothing but what it is given, and the images' squared lengths for products."""

    def __init__(self, X: np.ndarray, metric: str, device: str = "cpu") -> None:
        self._X, self._metric, self._device = X, metric, device
        self._squares: np.ndarray | None = None
        self._sums: np.ndarray | None = None
        # OpenCV's loop over bytes is the fastest there is for L1; it is optional.
        self._cv2 = device == "cpu" and metric == "l1" and has_opencv()

    def nearest(
        self, queries: np.ndarray, k: int, pool: ThreadPoolExecutor, threads: int, cancelled: Callable[[], bool]
    ) -> tuple[np.ndarray, np.ndarray]:
        """(indices, exact) of the k nearest of each query (q, D) uint8, sorted, ties to the lower index. Raises Cancelled."""
        best = [(np.empty(0, np.int64), np.empty(0, self._kind))] * len(queries)
        columns = _CUDA_COLUMNS if self._device != "cpu" else _COLUMNS
        for first in range(0, len(self._X), columns):
            block = self._X[first : first + columns]
            for start in range(0, len(queries), _ROWS):
                if cancelled():
                    raise Cancelled
                part = queries[start : start + _ROWS]
                found = self._compare(part, block, first, k, pool, threads, cancelled)
                for j, (rows, values) in enumerate(found, start):
                    best[j] = _merged(best[j], (rows + first, values), k)
        return np.stack([rows for rows, _ in best]), np.stack([values for _, values in best])

    @property
    def _kind(self) -> type:
        return np.float64 if self._metric == "cosine" else np.int64

    def _compare(
        self, queries: np.ndarray, block: np.ndarray, first: int, k: int, pool: ThreadPoolExecutor, threads: int,
        cancelled: Callable[[], bool],
    ) -> list[tuple[np.ndarray, np.ndarray]]:  # fmt: skip
        """The k smallest of each query within one block of images."""
        if self._device != "cpu":
            return _by_torch(queries, block, k, self._metric, self._device)
        # A few queries are compared before their products' operands would be made.
        if self._metric == "l1" or (self._metric == "l2" and len(queries) <= _FEW):
            cuts = np.linspace(0, len(queries), threads + 1).astype(int)

            def work(start: int, end: int) -> list[tuple[np.ndarray, np.ndarray]]:
                part = queries[start:end]
                return _by_opencv(part, block, k) if self._cv2 else _by_rows(part, block, k, self._metric, cancelled)

            parts = [pool.submit(work, *cut) for cut in pairwise(cuts) if cut[0] < cut[1]]
            return [pair for part in parts for pair in part.result()]
        A, B = exact.centred(queries), exact.centred(block)
        dots = exact.dots(A, B)
        return _from_dots(dots, queries, block, k, self._metric)


def _from_dots(
    dots: np.ndarray, queries: np.ndarray, block: np.ndarray, k: int, metric: str
) -> list[tuple[np.ndarray, np.ndarray]]:
    """The k smallest of the metric's exact values for each query, from inner products of centred bytes, (q, n).

    With m = 128: |x - y|^2 = |x-m|^2 + |y-m|^2 - 2 (x-m).(y-m), and x.y = (x-m).(y-m) + m (sum x + sum y) - m^2 D.
    """
    D = queries.shape[1]
    sums_q, sums_b = (part.sum(axis=1, dtype=np.int64) for part in (queries, block))
    plain_q, plain_b = (_squares(part) for part in (queries, block))
    if metric == "l2":
        m2 = exact.MIDDLE**2 * D
        own_q = plain_q - 2 * exact.MIDDLE * sums_q + m2
        own_b = plain_b - 2 * exact.MIDDLE * sums_b + m2
        return _sorted_rows(own_q[:, None] + own_b[None, :] - 2 * dots, k)
    products = dots + exact.MIDDLE * (sums_q[:, None] + sums_b[None, :]) - exact.MIDDLE**2 * D
    if metric == "dot":
        return _sorted_rows(-products, k)
    return [_smallest_cosine(row, square, plain_b, k) for row, square in zip(products, plain_q, strict=True)]


def _smallest_cosine(products: np.ndarray, square: int, squares: np.ndarray, k: int) -> tuple[np.ndarray, np.ndarray]:
    """The k smallest cosine distances of one query, (n,) products: rounded ones choose, exact ones order, so equal ones tie."""
    rounded = cosine_distance(products, np.asarray(square), squares)
    bar = np.partition(rounded, k - 1)[k - 1] if k < len(rounded) else np.inf
    rows = np.flatnonzero(rounded <= bar + ROUNDING)
    exactly = [exact_cosine(products[row], square, squares[row]) for row in rows]
    return smallest(np.array(exactly), k, rows)


def _squares(part: np.ndarray) -> np.ndarray:
    return exact.l2_of_rows(part, np.zeros(part.shape[1], np.uint8))


def _by_rows(
    queries: np.ndarray, block: np.ndarray, k: int, metric: str, cancelled: Callable[[], bool]
) -> list[tuple[np.ndarray, np.ndarray]]:
    """L1 or L2 in numpy, 512 images at a time, so that the differences stay in the cache."""
    compare, found = exact.l1_of_rows if metric == "l1" else exact.l2_of_rows, []
    for query in queries:
        if cancelled():
            raise Cancelled
        values = np.concatenate([compare(block[at : at + 512], query) for at in range(0, len(block), 512)])
        found.append(smallest(values, k))
    return found


def _by_opencv(queries: np.ndarray, block: np.ndarray, k: int) -> list[tuple[np.ndarray, np.ndarray]]:
    """L1 by OpenCV. It takes rows in order and replaces only what is strictly farther: ties go to the lower index."""
    import cv2

    k = min(k, len(block))
    values, rows = cv2.batchDistance(queries, block, cv2.CV_32S, normType=cv2.NORM_L1, K=k)
    return [(row.astype(np.int64), value.astype(np.int64)) for row, value in zip(rows, values, strict=True)]


def _by_torch(
    queries: np.ndarray, block: np.ndarray, k: int, metric: str, device: str
) -> list[tuple[np.ndarray, np.ndarray]]:
    """The same whole numbers by PyTorch: float32 products over at most 1,024 centred values, and float32 sums of at most
    2**24 for L1, are exact as long as TensorFloat-32 is off."""
    import torch

    if metric == "l1":
        total = np.zeros((len(queries), len(block)), np.int64)
        for start in range(0, queries.shape[1], 65_536):
            a, b = (
                torch.from_numpy(np.ascontiguousarray(part[:, start : start + 65_536])).to(device).float()
                for part in (queries, block)
            )
            total += torch.cdist(a, b, p=1).round().long().cpu().numpy()
        return _sorted_rows(total, k)
    before = torch.backends.cuda.matmul.allow_tf32
    torch.backends.cuda.matmul.allow_tf32 = False
    try:
        a, b = (torch.from_numpy(part).to(device).float() - exact.MIDDLE for part in (queries, block))
        dots = torch.zeros((len(a), len(b)), dtype=torch.int64, device=device)
        for start in range(0, a.shape[1], 1_024):
            dots += (a[:, start : start + 1_024] @ b[:, start : start + 1_024].T).long()
    finally:
        torch.backends.cuda.matmul.allow_tf32 = before
    return _from_dots(dots.cpu().numpy(), queries, block, k, metric)


def _sorted_rows(values: np.ndarray, k: int) -> list[tuple[np.ndarray, np.ndarray]]:
    return [smallest(row, k) for row in values]


def _merged(
    old: tuple[np.ndarray, np.ndarray], new: tuple[np.ndarray, np.ndarray], k: int
) -> tuple[np.ndarray, np.ndarray]:
    rows, values = np.concatenate([old[0], new[0]]), np.concatenate([old[1], new[1]])
    return smallest(values, k, rows)
