"""Two-dimensional sets made from formulas, for pictures of what a classifier does: seeded, balanced, instant."""

from __future__ import annotations

import numpy as np

from cvlab.engine.errors import DataError

MAX_POINTS, MAX_CLASSES = 100_000, 10
Points = tuple[np.ndarray, np.ndarray]  # X (N, 2) float64, y (N,) int64


def blobs(n_per_class: int = 100, classes: int = 3, noise: float = 0.2, seed: int = 0) -> Points:
    """Round clouds on the unit circle: class c centred at angle 2 pi c / classes, with standard deviation `noise`."""
    rng = _checked(n_per_class, classes, noise, seed)
    y = np.repeat(np.arange(classes), n_per_class)
    angle = 2 * np.pi * y / classes
    return _noisy(np.cos(angle), np.sin(angle), y, noise, rng)


def moons(n_per_class: int = 100, classes: int = 2, noise: float = 0.1, seed: int = 0) -> Points:
    """Two half circles that reach into each other, t in 0..pi:

    class 0: (cos t - 1/2, sin t - 1/4), class 1: (1/2 - cos t, 1/4 - sin t).
    """
    rng = _checked(n_per_class, classes, noise, seed, exactly=2)
    t = np.tile(np.linspace(0, np.pi, n_per_class), 2)
    y = np.repeat([0, 1], n_per_class)
    side = 1 - 2 * y  # +1, -1
    return _noisy(side * (np.cos(t) - 0.5), side * (np.sin(t) - 0.25), y, noise, rng)


def spiral(n_per_class: int = 100, classes: int = 3, noise: float = 0.2, seed: int = 0) -> Points:
    """The course's spiral: arm c has r = i / (n - 1) and theta = 4 c + 4 r + noise * N(0, 1), i = 0..n-1;

    the point is (r sin theta, r cos theta). The noise is in radians: it shakes the angle, not the radius.
    With three classes the arms are 4 radians apart, about two thirds of a turn; else 2 pi / classes.
    """
    rng = _checked(n_per_class, classes, noise, seed)
    y = np.repeat(np.arange(classes), n_per_class)
    r = np.tile(np.linspace(0.0, 1.0, n_per_class), classes)
    apart = 4.0 if classes == 3 else 2 * np.pi / classes
    theta = apart * y + 4 * r + noise * rng.standard_normal(len(y))
    return np.stack([r * np.sin(theta), r * np.cos(theta)], axis=1), y.astype(np.int64)


def _noisy(x1: np.ndarray, x2: np.ndarray, y: np.ndarray, noise: float, rng: np.random.Generator) -> Points:
    X = np.stack([x1, x2], axis=1)  # (N, 2)
    return X + noise * rng.standard_normal(X.shape), y.astype(np.int64)


def _checked(
    n_per_class: int, classes: int, noise: float, seed: int, exactly: int | None = None
) -> np.random.Generator:
    if exactly is not None and classes != exactly:
        raise DataError(f"This set has {exactly} classes.", received=f"{classes} classes")
    if not 1 <= classes <= MAX_CLASSES:
        raise DataError(f"A 2-D set has 1 to {MAX_CLASSES} classes.", received=f"{classes} classes")
    if not 1 <= n_per_class <= MAX_POINTS // classes:
        raise DataError(f"A 2-D set has 1 to {MAX_POINTS:,} points.", received=f"{n_per_class:,} points a class")
    if not 0 <= noise <= 10:
        raise DataError("The noise lies between 0 and 10.", received=f"{noise}")
    return np.random.default_rng(seed)
