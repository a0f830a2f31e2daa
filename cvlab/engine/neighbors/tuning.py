"""Choosing k and the metric on validation data: hold-out and k-fold cross-validation, one distance pass a fold for all k.

The test set is not touched here. A neighbour list for the largest k holds those for all smaller ones, so a grid of twenty
values of k costs a single search a fold.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from cvlab.engine.data.splits import held_out, k_folds
from cvlab.engine.errors import DataError
from cvlab.engine.neighbors.search import Index, never
from cvlab.engine.neighbors.votes import check_weighted, predict_for

Fold = tuple[np.ndarray, np.ndarray]
COURSE_KS = (1, 3, 5, 8, 10, 12, 15, 20, 50, 100)
"""What the course tries."""


@dataclass(frozen=True)
class FoldStep:
    """A part of one metric's pass over one fold is done. accuracies: (len(ks),) once the fold is complete, else empty.

    done, total: validation images compared, over all metrics and folds.
    """

    metric: str
    fold: int
    accuracies: tuple[float, ...]
    done: int
    total: int


@dataclass(frozen=True)
class Choice:
    """The best cell of a grid. mean, deviation: over its folds (the population's standard deviation)."""

    metric: str
    k: int
    mean: float
    deviation: float


def plan(labels: np.ndarray, *, folds: int = 5, share: float = 0.0, seed: int = 0) -> list[Fold]:
    """(train, validation) indices: one pair holding out `share` of each class, or `folds` pairs for cross-validation (share 0).

    Raises DataError if a validation part would be empty.
    """
    parts = [held_out(labels, share, seed)] if share else k_folds(labels, folds, seed)
    if any(not len(validation) for _, validation in parts):
        raise DataError(
            "The validation split is empty: there is nothing to choose by.",
            received=f"{share:.1%} of {len(labels):,} images" if share else f"{folds} folds of {len(labels):,} images",
            remedy="Hold out a larger share, or use more images.",
        )
    return parts


def describe(parts: Sequence[Fold]) -> str:
    """The sizes in words, and whether they are equal: unequal folds weigh the same in the mean."""
    sizes = [len(validation) for _, validation in parts]
    if len(sizes) == 1:
        return f"{len(parts[0][0]):,} to look up in, {sizes[0]:,} held out to choose by."
    if min(sizes) == max(sizes):
        return f"{len(sizes)} folds of {sizes[0]:,}: each is validated on once, the others are looked up in."
    return (
        f"{len(sizes)} unequal folds of {min(sizes):,} to {max(sizes):,}: each counts the same in the mean, "
        "though the smaller ones are measured on fewer images."
    )


def tune(
    images: np.ndarray, labels: np.ndarray, classes: int, ks: Sequence[int], metrics: Sequence[str], parts: Sequence[Fold], *,
    weighted: bool = False, device: str = "cpu", cancelled: Callable[[], bool] = never,
) -> Iterator[FoldStep]:  # fmt: skip
    """Every metric over every fold. Raises DataError for a k that a fold has not images enough for, Cancelled."""
    if not ks or not metrics:
        raise DataError("There is nothing to choose from.", remedy="Give at least one k and one metric.")
    smallest = min(len(train) for train, _ in parts)
    if max(ks) > smallest:
        raise DataError(
            f"The smallest fold leaves {smallest:,} images to look up in, fewer than the neighbours asked for.",
            received=f"k = {max(ks):,}",
            remedy=f"Choose k up to {smallest:,}, or more images.",
        )
    for metric in metrics:
        check_weighted(metric, weighted)
    done, total = 0, len(metrics) * sum(len(validation) for _, validation in parts)
    for metric in metrics:
        for number, (train, validation) in enumerate(parts):
            index = Index(images[train], metric, device=device)
            right = np.zeros(len(ks), np.int64)
            at = 0
            for found in index.batches(images[validation], max(ks), cancelled=cancelled):
                true = labels[validation[at : at + len(found.indices)]]
                guesses = predict_for(found, labels[train], classes, ks, weighted=weighted)  # (q, len(ks))
                right += (guesses == true[:, None]).sum(axis=0)
                at += len(true)
                done += len(true)
                if at < len(validation):
                    yield FoldStep(metric, number, (), done, total)
            yield FoldStep(metric, number, tuple((right / len(validation)).tolist()), done, total)


def best(ks: Sequence[int], accuracies: dict[str, list[tuple[float, ...]]]) -> Choice | None:
    """The metric and k with the highest mean; among equals the earlier metric, then the smaller k. None without a fold.

    accuracies: for each metric a row a fold, (len(ks),).
    """
    found: Choice | None = None
    for metric, rows in accuracies.items():
        if not rows:
            continue
        table = np.array(rows)  # (folds, len(ks))
        for column in np.argsort(ks, kind="stable"):
            mean = float(table[:, column].mean())
            if found is None or mean > found.mean + 1e-12:
                found = Choice(metric, ks[column], mean, float(table[:, column].std()))
    return found
