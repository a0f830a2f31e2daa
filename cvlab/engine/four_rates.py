"""One small net trained with four learning rates: what too low, good, high and very high look like (course 9.2.1).

The same data, the same first weights and the same batches in all four; nothing but the rate differs.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from cvlab.engine.data import toy
from cvlab.engine.linear import append_one
from cvlab.engine.losses import cross_entropy

RATES: tuple[tuple[str, float], ...] = (("too low", 0.01), ("good", 1.0), ("high", 5.0), ("very high", 40.0))
POINTS, HIDDEN, BATCH = 60, 24, 30
ENOUGH = 1e3
"""A loss beyond this has flown off: the net is not trained any further."""


@dataclass(frozen=True, eq=False)
class RateCurve:
    """Training loss over all points before the first epoch and after each: (epochs + 1,), NaN once it has flown off."""

    name: str
    rate: float
    losses: np.ndarray


def train(
    rate: float,
    epochs: int,
    shape: Callable[[float], float] = lambda epoch: 1.0,
    seed: int = 0,
    check: Callable[[], None] = lambda: None,
) -> np.ndarray:
    """SGD on the softmax loss of f = W2 max(0, W1 x) for the course's spiral; the loss after each epoch, (epochs + 1,).

    rate: at its highest. shape: what share of it an epoch gets. check: called once an epoch, may raise to stop.
    Cost: some 0.4 ms an epoch.
    """
    X, y = toy.spiral(POINTS, 3, noise=0.15, seed=seed)
    X = append_one(2.0 * X)  # (N, 3)
    N, D = X.shape
    rng = np.random.default_rng(seed)
    W1 = rng.normal(0.0, (2.0 / D) ** 0.5, (HIDDEN, D))
    W2 = rng.normal(0.0, (2.0 / HIDDEN) ** 0.5, (3, HIDDEN))

    def loss() -> float:
        return float(cross_entropy(np.maximum(0.0, X @ W1.T) @ W2.T, y).L.mean())

    losses = np.full(epochs + 1, np.nan)
    losses[0] = loss()
    with np.errstate(all="ignore"):  # what overflows is told by its NaN
        for epoch in range(epochs):
            check()
            order, alpha = rng.permutation(N), rate * shape(epoch)
            for batch in np.array_split(order, N // BATCH):
                x = X[batch]
                z = x @ W1.T  # (B, H)
                h = np.maximum(0.0, z)
                dscores = cross_entropy(h @ W2.T, y[batch]).dscores / len(batch)  # (B, 3)
                dW2 = dscores.T @ h
                dW1 = ((dscores @ W2) * (z > 0)).T @ x
                W1 -= alpha * dW1
                W2 -= alpha * dW2
            now = loss()
            if not np.isfinite(now):
                break
            losses[epoch + 1] = now
            if now > ENOUGH:
                break
    return losses


def four_rates(
    epochs: int,
    shape: Callable[[float], float] = lambda epoch: 1.0,
    seed: int = 0,
    check: Callable[[], None] = lambda: None,
) -> tuple[RateCurve, ...]:
    """The four of `RATES`, lowest first; shape is the schedule they share, as a share of each one's rate."""
    return tuple(RateCurve(name, rate, train(rate, epochs, shape, seed, check)) for name, rate in RATES)
