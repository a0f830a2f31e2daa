"""From neighbours to a class: votes, plain or weighted by nearness, what a tie is, and one vote for many k at once."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from cvlab.engine.errors import DataError
from cvlab.engine.neighbors.found import Found
from cvlab.engine.neighbors.metrics import find

NEAREST = 1e-12
"""Distances below this weigh as if they were this: a neighbour at distance 0 outvotes all others."""


def weights(distances: np.ndarray) -> np.ndarray:
    """1 / d for each neighbour, any shape."""
    return 1.0 / np.maximum(distances, NEAREST)


def tally(labels: np.ndarray, classes: int, weight: np.ndarray | None = None) -> np.ndarray:
    """Votes of each class: labels (Q, k) of the neighbours -> (Q, classes) float64. weight: (Q, k), None for one vote each."""
    Q, k = labels.shape
    cells = np.arange(Q)[:, None] * classes + labels
    ballots = np.ones((Q, k)) if weight is None else weight
    return np.bincount(cells.reshape(-1), ballots.reshape(-1), Q * classes).reshape(Q, classes)


def tied(votes: np.ndarray) -> np.ndarray:
    """(Q,) whether the most votes are shared, from (Q, C) votes."""
    top = votes.max(axis=1, keepdims=True)
    return (votes >= top * (1 - 1e-12)).sum(axis=1) > 1


def winners(votes: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """(Q,) the class with the most votes; among equals the one whose nearest neighbour is nearer.

    votes: (Q, C). labels: (Q, k) of the neighbours, nearest first.
    """
    top = votes.max(axis=1, keepdims=True)
    leads = votes >= top * (1 - 1e-12)  # (Q, C); sums of weights in another order differ in the last digit
    nearest_that_leads = np.take_along_axis(leads, labels, axis=1).argmax(axis=1)
    return np.take_along_axis(labels, nearest_that_leads[:, None], axis=1)[:, 0]


def predict(found: Found, labels: np.ndarray, classes: int, *, weighted: bool = False) -> np.ndarray:
    """(Q,) the class that the neighbours vote for. labels: (N,) of the set. Raises DataError if they cannot be weighted."""
    return predict_for(found, labels, classes, (found.indices.shape[1],), weighted=weighted)[:, 0]


def predict_for(
    found: Found, labels: np.ndarray, classes: int, ks: Sequence[int], *, weighted: bool = False
) -> np.ndarray:
    """(Q, len(ks)): the vote for each k, from one search for the largest. O(Q k) work however many k there are.

    Raises DataError for a k beyond what was found, or a weighted vote by what is no distance.
    """
    check_weighted(found.metric, weighted)
    found_k = found.indices.shape[1]
    if max(ks) > found_k:
        raise DataError("So many neighbours were not found.", received=f"k = {max(ks)} of {found_k}")
    theirs = labels[found.indices]  # (Q, k)
    weight = weights(found.distances) if weighted else None
    out = np.empty((len(theirs), len(ks)), np.int64)
    votes, done = np.zeros((len(theirs), classes)), 0
    for column in np.argsort(ks, kind="stable"):
        k = ks[column]
        if k > done:
            votes += tally(theirs[:, done:k], classes, None if weight is None else weight[:, done:k])
            done = k
        out[:, column] = winners(votes, theirs[:, :k])
    return out


def check_weighted(metric: str, weighted: bool) -> None:
    """Raises DataError where votes cannot be weighted by 1 / d."""
    if weighted and not find(metric).is_distance:
        raise DataError(
            "Only votes by a distance can be weighted with 1 / d; an inner product is none.",
            received=metric,
            remedy="Vote plainly, or choose another metric.",
        )
