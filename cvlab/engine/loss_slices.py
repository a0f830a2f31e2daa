"""Losses as landscapes: a linear classifier's bowl and a small net's bumps, cut along two directions (course 5).

Slices are surfaces like any other: the race runs on them. Heights and slopes of many points are computed at once.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from cvlab.engine.classifier import Objective
from cvlab.engine.data import toy
from cvlab.engine.formula import Formula
from cvlab.engine.linear import append_one, f
from cvlab.engine.losses import LOSSES, PENALTIES, cross_entropy
from cvlab.engine.surfaces import Surface

TOTAL = Formula(
    "Total", r"L = \frac{1}{N} \sum_i L_i + R(W)", lambda losses, penalty: sum(losses) / len(losses) + penalty
)
TWO_LAYERS = Formula("Two layers", r"f = W_2 \max(0, W_1 x)", lambda W1, W2, x: W2 @ np.maximum(0, W1 @ x))

MAX_AT_ONCE = 2_000
"""Points of a slice whose scores are in memory together."""


def classifier_slice(
    X: np.ndarray,
    y: np.ndarray,
    W: np.ndarray,
    b: np.ndarray,
    objective: Objective,
    first: tuple[int, int] = (0, 0),
    second: tuple[int, int] = (0, 1),
) -> Surface:
    """The loss by two weights of W, all others as they are: for every loss of the course convex, a bowl with flat sides.

    X: (N, D). y: (N,). W: (K, D). b: (K,). first, second: places (class, input) in W, which become the axes.
    """
    loss, penalty = LOSSES[objective.loss], PENALTIES[objective.penalty]
    N, K = len(y), len(b)
    rest = W.copy()
    rest[first] = rest[second] = 0.0
    still = f(X, rest, b)  # (N, K), what the two weights have no part in
    along_u, along_v = np.zeros((N, K)), np.zeros((N, K))
    along_u[:, first[0]] = X[:, first[1]]
    along_v[:, second[0]] = X[:, second[1]]

    def penalised(u: float, v: float) -> tuple[float, float, float]:
        here = rest.copy()
        here[first], here[second] = u, v
        R, dR = penalty.value(here, objective.lambda_1, objective.lambda_2)
        return R, dR[first], dR[second]

    def each(u: np.ndarray, v: np.ndarray) -> np.ndarray:
        scores = still + u[:, None, None] * along_u + v[:, None, None] * along_v  # (P, N, K)
        rows = loss.rows(scores.reshape(-1, K), np.tile(y, len(u)), objective.delta)
        dscores = rows.dscores.reshape(-1, N, K) / N
        data = rows.L.reshape(-1, N).mean(axis=1), (dscores * along_u).sum((1, 2)), (dscores * along_v).sum((1, 2))
        return np.array(data) + np.array([penalised(*place) for place in zip(u, v, strict=True)]).T  # (3, P)

    return Surface(
        id="classifier-slice",
        title="A classifier's loss",
        formula=TOTAL,
        about="The loss by two weights of a linear classifier. However it is cut, it is a bowl.",
        f=lambda u, v: _in_parts(each, u, v)[0],
        slopes=lambda u, v: tuple(_in_parts(each, u, v)[1:]),
        bounds=(-4, 4, -4, 4),
        start=(-3.0, 2.5),
        rate=0.3,
    )


def hinge_bowl(seed: int = 1) -> Surface:
    """The course's bowl: hinge loss of three clouds by the two weights of the first class, the others pointing at theirs."""
    X, y = toy.blobs(20, 3, noise=0.35, seed=seed)
    W = np.array([X[y == k].mean(axis=0) for k in range(3)])  # (3, 2)
    bowl = classifier_slice(X, y, W, np.zeros(3), Objective(lambda_2=0.02))
    return replace(bowl, id="hinge-bowl", title="Hinge loss of a classifier")


def net_slice(seed: int = 27, hidden: int = 8) -> Surface:
    """The softmax loss of f = W2 max(0, W1 x) on the course's spiral, through random weights along two random directions.

    hidden: H, rows of W1. Bumpy, with an edge wherever a point switches one of the hidden numbers on or off; the seed left
    out is one with four valleys of different depth.
    """
    X, y = toy.spiral(12, 3, noise=0.1, seed=seed)
    X = append_one(2.0 * X)  # (N, 3)
    N, K = len(y), 3
    rng = np.random.default_rng(seed)
    W1, A1, B1 = rng.normal(0.0, 1.0, (3, hidden, 3))  # each (H, 3): the middle, and the two directions
    W2, A2, B2 = rng.normal(0.0, 1.0, (3, K, hidden))  # each (K, H)

    def each(u: np.ndarray, v: np.ndarray) -> np.ndarray:
        u, v = u[:, None, None], v[:, None, None]
        W1_, W2_ = W1 + u * A1 + v * B1, W2 + u * A2 + v * B2  # (P, H, 3), (P, K, H)
        z = X @ W1_.transpose(0, 2, 1)  # (N, 3) @ (P, 3, H) -> (P, N, H)
        h = np.maximum(0.0, z)
        scores = h @ W2_.transpose(0, 2, 1)  # (P, N, H) @ (P, H, K) -> (P, N, K)
        rows = cross_entropy(scores.reshape(-1, K), np.tile(y, len(u)))
        dscores = rows.dscores.reshape(-1, N, K) / N
        dW2 = dscores.transpose(0, 2, 1) @ h  # (P, K, H)
        dz = (dscores @ W2_) * (z > 0)  # (P, N, H)
        dW1 = dz.transpose(0, 2, 1) @ X  # (P, H, 3)
        return np.array(
            [
                rows.L.reshape(-1, N).mean(axis=1),
                (dW1 * A1).sum((1, 2)) + (dW2 * A2).sum((1, 2)),
                (dW1 * B1).sum((1, 2)) + (dW2 * B2).sum((1, 2)),
            ]
        )

    return Surface(
        id="net-slice",
        title="Softmax loss of a net",
        formula=TWO_LAYERS,
        about="A slice through the loss of a two-layer net. No bowl any more: where a path ends depends on where it began.",
        f=lambda u, v: _in_parts(each, u, v)[0],
        slopes=lambda u, v: tuple(_in_parts(each, u, v)[1:]),
        bounds=(-2, 2, -2, 2),
        start=(-1.5, 1.5),
        rate=0.01,
    )


SLICES: dict[str, Callable[[], Surface]] = {"hinge-bowl": hinge_bowl, "net-slice": net_slice}


def _in_parts(each: Callable[[np.ndarray, np.ndarray], np.ndarray], u: np.ndarray, v: np.ndarray) -> np.ndarray:
    """each(u, v) -> (3, P), height and two slopes, over arrays of any shape and size; NaN too far out to be computed."""
    u, v = np.broadcast_arrays(np.asarray(u, dtype=np.float64), np.asarray(v, dtype=np.float64))
    flat_u, flat_v = u.ravel(), v.ravel()
    found = np.full((3, u.size), np.nan)
    near = np.flatnonzero((np.abs(flat_u) < 1e50) & (np.abs(flat_v) < 1e50))
    for part in np.array_split(near, -(-len(near) // MAX_AT_ONCE) or 1):
        if len(part):
            found[:, part] = each(flat_u[part], flat_v[part])
    return found.reshape(3, *u.shape)
