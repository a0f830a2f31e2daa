"""Which training examples to hold out: every class in proportion, the same for the same seed. Touches no test set."""

from __future__ import annotations

import numpy as np

from cvlab.engine.errors import DataError


def held_out(labels: np.ndarray, fraction: float, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """(train_indices, held_out_indices): sorted, disjoint, together all of 0..N-1; int64.

    labels:   (N,) integers; a CPU tensor will do.
    fraction: 0..0.9, of every class, rounded to the nearest; a class of two or more keeps at least one to train on.
    Raises DataError when the fraction is out of range.
    """
    if not 0 <= fraction <= 0.9:
        raise DataError("The held-out part lies between 0 and 0.9.", received=f"{fraction}")
    labels = _labels(labels)
    out = np.zeros(len(labels), bool)
    rng = np.random.default_rng(seed)
    for members in _by_class(labels, rng):
        count = min(round(fraction * len(members)), len(members) - 1)
        out[members[:count]] = True
    return np.flatnonzero(~out), np.flatnonzero(out)


def k_folds(labels: np.ndarray, k: int, seed: int = 0) -> list[tuple[np.ndarray, np.ndarray]]:
    """k pairs of (train_indices, validation_indices) for cross-validation; every example validates exactly once.

    labels: (N,) integers. k: 2..N. Folds differ by at most one example, and by at most one of each class.
    """
    labels = _labels(labels)
    if not 2 <= k <= len(labels):
        raise DataError("The number of folds lies between 2 and the number of examples.", received=f"{k} folds")
    rng = np.random.default_rng(seed)
    fold = np.empty(len(labels), np.int64)
    # One deal through all classes, a card to each fold in turn: fair for every class and for the whole.
    fold[np.concatenate(_by_class(labels, rng))] = np.arange(len(labels)) % k
    return [(np.flatnonzero(fold != i), np.flatnonzero(fold == i)) for i in range(k)]


def _labels(labels: np.ndarray) -> np.ndarray:
    labels = np.asarray(labels)
    if labels.ndim != 1:
        raise DataError("Labels are one row of integers.", received=f"shape {labels.shape}")
    return labels


def _by_class(labels: np.ndarray, rng: np.random.Generator) -> list[np.ndarray]:
    return [rng.permutation(np.flatnonzero(labels == label)) for label in np.unique(labels)]
