"""Accuracy over a whole test set while it is being measured: the share so far, how sure it is, and which classes are confused."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from math import sqrt
from time import monotonic

import numpy as np

from cvlab.engine.errors import DataError
from cvlab.engine.neighbors.search import Index, never
from cvlab.engine.neighbors.votes import check_weighted, predict


@dataclass(frozen=True, eq=False)
class Estimate:
    """What is known after `seen` of `total` queries.

    predictions: (seen,) in the order of the queries. confusion: (C, C) counts [true, predicted]. seconds: since the start.
    """

    seen: int
    total: int
    right: int
    seconds: float
    confusion: np.ndarray = field(repr=False)
    predictions: np.ndarray = field(repr=False)

    @property
    def share(self) -> float:
        """Right answers among the images that were asked so far, 0..1."""
        return self.right / self.seen

    @property
    def interval(self) -> tuple[float, float]:
        """95 % confidence for the share among all images like these."""
        return wilson(self.right, self.seen)

    @property
    def seconds_left(self) -> float:
        """How long the rest takes at the pace so far."""
        return self.seconds / self.seen * (self.total - self.seen)


def wilson(right: int, seen: int, z: float = 1.959964) -> tuple[float, float]:
    """Wilson's interval for a share: with p = right / seen and n = seen,

    (p + z^2/2n -+ z sqrt(p (1-p)/n + z^2/4n^2)) / (1 + z^2/n).

    It stays inside 0..1 and is honest for few queries, where p -+ z sqrt(p(1-p)/n) is not. z: 1.96 for 95 %.
    """
    if seen <= 0:
        return 0.0, 1.0
    p, n = right / seen, seen
    middle, half = p + z * z / (2 * n), z * sqrt(p * (1 - p) / n + z * z / (4 * n * n))
    return max(0.0, (middle - half) / (1 + z * z / n)), min(1.0, (middle + half) / (1 + z * z / n))


def measure(
    index: Index, labels: np.ndarray, queries: np.ndarray, truth: np.ndarray, classes: int, k: int = 1, *,
    weighted: bool = False, seed: int = 0, cancelled: Callable[[], bool] = never,
) -> Iterator[Estimate]:  # fmt: skip
    """An estimate after each batch, the last over all queries.

    labels: (N,) of the index. truth: (Q,). The queries are taken in a random order (seed), so that the running share is one
    of the whole from the start, though files lie class by class; `predictions` of the last estimate are in theirs.
    Raises DataError for what does not fit, Cancelled.
    """
    check_weighted(index.metric, weighted)
    if len(labels) != len(index) or len(truth) != len(queries):
        raise DataError("Every image needs one label.", received=f"{len(labels):,} labels for {len(index):,} images")
    if not len(queries):
        raise DataError("There is no query to test with.", remedy="Choose at least one test image.")
    order = np.random.default_rng(seed).permutation(len(queries))
    shuffled_truth = truth[order]
    predictions = np.empty(len(queries), np.int64)
    confusion = np.zeros(classes * classes, np.int64)
    began, seen, right = monotonic(), 0, 0
    for found in index.batches(queries[order], k, cancelled=cancelled):
        guess = predict(found, labels, classes, weighted=weighted)
        true = shuffled_truth[seen : seen + len(guess)]
        predictions[seen : seen + len(guess)] = guess
        seen += len(guess)
        right += int((guess == true).sum())
        confusion += np.bincount(true * classes + guess, minlength=classes * classes)
        so_far = predictions[:seen].copy()
        if seen == len(queries):
            so_far[order] = predictions
        yield Estimate(
            seen, len(queries), right, monotonic() - began, confusion.reshape(classes, classes).copy(), so_far
        )
