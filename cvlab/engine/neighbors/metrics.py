"""What "near" means: the distances of the course, as formulas for small sets and as exact whole numbers for images.

Images are bytes, so their L1, squared L2 and inner products are whole numbers. They are kept as such (`exact`), since two
images are equally far only if those numbers are equal; a rounded root could say otherwise.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cvlab.engine.errors import DataError


@dataclass(frozen=True)
class Metric:
    """A way to compare two vectors x and y.

    formula:     mathtext. unit: what `exact` holds, in words.
    for_images:  the image search knows it. for_points: the 2-D lab does.
    is_distance: never negative, 0 for equal vectors; only then can a vote be weighted by 1 / d.
    """

    id: str
    title: str
    formula: str
    for_images: bool
    for_points: bool
    is_distance: bool = True


METRICS: dict[str, Metric] = {
    metric.id: metric
    for metric in (
        Metric("l1", "L1", r"d_1(x, y) = \sum_p |x_p - y_p|", True, True),
        Metric("l2", "L2", r"d_2(x, y) = \sqrt{\sum_p (x_p - y_p)^2}", True, True),
        Metric("linf", "L∞", r"d_\infty(x, y) = \max_p |x_p - y_p|", False, True),
        Metric(
            "cosine",
            "Cosine",
            r"d(x, y) = 1 - \frac{x \cdot y}{\sqrt{x \cdot x}\,\sqrt{y \cdot y}}",
            True,
            True,
        ),
        Metric("dot", "Dot product", r"d(x, y) = -\,x \cdot y", True, False, is_distance=False),
    )
}
OF_IMAGES = tuple(metric.id for metric in METRICS.values() if metric.for_images)
OF_POINTS = tuple(metric.id for metric in METRICS.values() if metric.for_points)


def find(metric: str) -> Metric:
    """The metric of an id. Raises DataError naming those there are."""
    if metric not in METRICS:
        raise DataError(
            "There is no metric of this name.", received=metric[:40], remedy=f"There are: {', '.join(METRICS)}."
        )
    return METRICS[metric]


def pairwise(A: np.ndarray, B: np.ndarray, metric: str) -> np.ndarray:
    """All distances between small sets of real vectors: A (N, D), B (M, D) -> (N, M) float64. O(N M D) memory and time.

    The cosine distance of a zero vector is 1: it has no direction. Raises DataError for an unknown metric.
    """
    find(metric)
    A, B = np.asarray(A, np.float64), np.asarray(B, np.float64)
    if metric == "dot":
        return -(A @ B.T)
    if metric == "cosine":
        lengths = np.sqrt((A * A).sum(axis=1))[:, None] * np.sqrt((B * B).sum(axis=1))[None, :]
        dots = A @ B.T
        return 1.0 - np.divide(dots, lengths, out=np.zeros_like(dots), where=lengths > 0)
    gaps = np.abs(A[:, None, :] - B[None, :, :])  # (N, M, D)
    if metric == "l1":
        return gaps.sum(axis=2)
    if metric == "linf":
        return gaps.max(axis=2, initial=0.0)
    return np.sqrt((gaps * gaps).sum(axis=2))


def exact_reference(X: np.ndarray, queries: np.ndarray, metric: str) -> np.ndarray:
    """What the image search must find, in one line a metric: X (N, D) uint8, queries (Q, D) uint8 -> (Q, N).

    int64 for l1 (sum of differences), l2 (sum of squares) and dot (minus the product); float64 for cosine.
    """
    A, B = np.asarray(queries, np.int64), np.asarray(X, np.int64)
    if metric == "l1":
        return np.stack([np.abs(B - a).sum(axis=1) for a in A])
    if metric == "l2":
        return np.stack([((B - a) ** 2).sum(axis=1) for a in A])
    if metric == "dot":
        return -(A @ B.T)
    if metric == "cosine":
        return cosine_distance(A @ B.T, (A * A).sum(axis=1)[:, None], (B * B).sum(axis=1)[None, :])
    raise DataError(
        "Images are not compared like this.", received=metric[:40], remedy=f"There are: {', '.join(OF_IMAGES)}."
    )


def cosine_distance(dots: np.ndarray, squares_x: np.ndarray, squares_y: np.ndarray) -> np.ndarray:
    """1 - x·y / (|x| |y|) in float64 from whole numbers; 1 where a vector is zero."""
    lengths = np.sqrt(squares_x.astype(np.float64)) * np.sqrt(squares_y.astype(np.float64))
    shares = np.divide(dots, lengths, out=np.zeros(np.broadcast(dots, lengths).shape), where=lengths > 0)
    return 1.0 - shares
