"""What "near" means: the distances of the course, as formulas for small sets and as exact whole numbers for images.

Images are bytes, so their L1, squared L2 and inner products are whole numbers. They are kept as such (`exact`), since two
images are equally far only if those numbers are equal; a rounded root could say otherwise.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from cvlab.engine.errors import DataError
from cvlab.engine.formula import Formula


@dataclass(frozen=True)
class Metric:
    """A way to compare two vectors x and y.

    formula:     of two vectors. unit: what `exact` holds, in words.
    for_images:  the image search knows it. for_points: the 2-D lab does.
    is_distance: never negative, 0 for equal vectors; only then can a vote be weighted by 1 / d.
    """

    id: str
    title: str
    formula: Formula
    for_images: bool
    for_points: bool
    is_distance: bool = True


METRICS: dict[str, Metric] = {
    metric.id: metric
    for metric in (
        Metric(
            "l1",
            "L1",
            Formula("L1", r"d_1(x, y) = \sum_p |x_p - y_p|", lambda x, y: sum(abs(x - y))),
            True,
            True,
        ),
        Metric(
            "l2",
            "L2",
            Formula("L2", r"d_2(x, y) = \sqrt{\sum_p (x_p - y_p)^2}", lambda x, y: np.sqrt(sum((x - y) ** 2))),
            True,
            True,
        ),
        Metric(
            "linf",
            "L∞",
            Formula("L∞", r"d_\infty(x, y) = \max_p |x_p - y_p|", lambda x, y: max(abs(x - y))),
            False,
            True,
        ),
        Metric(
            "cosine",
            "Cosine",
            Formula(
                "Cosine",
                r"d(x, y) = 1 - \frac{x \cdot y}{\sqrt{x \cdot x}\,\sqrt{y \cdot y}}",
                lambda x, y: 1 - x @ y / (np.sqrt(x @ x) * np.sqrt(y @ y)),
            ),
            True,
            True,
        ),
        Metric(
            "dot",
            "Dot product",
            Formula("Dot product", r"d(x, y) = -\,x \cdot y", lambda x, y: -(x @ y)),
            True,
            False,
            is_distance=False,
        ),
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
        shares = np.divide(dots, lengths, out=np.zeros_like(dots), where=lengths > 0)
        return _with_exact_ties(1.0 - shares, A, B)
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
        exactly = np.frompyfunc(exact_cosine, 3, 1)
        return exactly(A @ B.T, (A * A).sum(axis=1)[:, None], (B * B).sum(axis=1)[None, :]).astype(np.float64)
    raise DataError(
        "Images are not compared like this.", received=metric[:40], remedy=f"There are: {', '.join(OF_IMAGES)}."
    )


ROUNDING = 4e-15
"""More than two equal cosine distances can differ by when each is rounded on its own, as `cosine_distance` does it."""


def exact_cosine(dot: int, square_x: int, square_y: int) -> float:
    """1 - x·y / (|x| |y|) of whole numbers, rounded so that equal distances are equal floats and none change their order.

    Python divides whole numbers of any size with one rounding. 1 where a vector is zero.
    """
    dot, product = int(dot), int(square_x) * int(square_y)
    return 1.0 - math.copysign(math.sqrt(dot * dot / product), dot) if product else 1.0


def _whole(vectors: np.ndarray) -> list[list[int]]:
    """(N, D) float64 -> the same directions in whole numbers: all numbers times one power of two."""
    ratios = [[float(v).as_integer_ratio() for v in row] for row in vectors]
    scale = max((below for row in ratios for _, below in row), default=1)
    return [[above * (scale // below) for above, below in row] for row in ratios]


def _with_exact_ties(distances: np.ndarray, A: np.ndarray, B: np.ndarray) -> np.ndarray:
    """Cosine distances (N, M) with those of a row that are closer than rounding made exact: equal ones then tie."""
    order = np.argsort(distances, axis=1, kind="stable")
    is_near = np.diff(np.take_along_axis(distances, order, axis=1), axis=1) < ROUNDING
    if not is_near.any():
        return distances
    a, b = _whole(A), _whole(B)
    squares_a, squares_b = ([sum(v * v for v in row) for row in rows] for rows in (a, b))
    for row in np.flatnonzero(is_near.any(axis=1)):
        for column in order[row, np.r_[is_near[row], False] | np.r_[False, is_near[row]]]:
            dot = sum(x * y for x, y in zip(a[row], b[column], strict=True))
            distances[row, column] = exact_cosine(dot, squares_a[row], squares_b[column])
    return distances


def cosine_distance(dots: np.ndarray, squares_x: np.ndarray, squares_y: np.ndarray) -> np.ndarray:
    """1 - x·y / (|x| |y|) in float64 from whole numbers, within `ROUNDING`; 1 where a vector is zero."""
    lengths = np.sqrt(squares_x.astype(np.float64)) * np.sqrt(squares_y.astype(np.float64))
    shares = np.divide(dots, lengths, out=np.zeros(np.broadcast(dots, lengths).shape), where=lengths > 0)
    return 1.0 - shares
