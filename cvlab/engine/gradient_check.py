"""Is this gradient right? Centred differences beside it, number by number, and a verdict that knows about kinks (course 5).

It judges any function of an array; it knows no loss.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from cvlab.engine.errors import DataError, ShapeError

STEP = 1e-5
"""h of the centred difference: its error h^2 f'''/6 and the rounding error 1e-16 f/h are both small there."""

TOLERANCE = 1e-5
"""The largest relative error that passes. A forgotten factor of 2 has 0.5."""

_ROUNDING = 32 * np.finfo(np.float64).eps


def numeric_gradient(f: Callable[[np.ndarray], float], x: np.ndarray, h: float = STEP) -> np.ndarray:
    """df/dx_i by centred differences (f(x + h e_i) - f(x - h e_i)) / 2h, exact up to a term in h^2.

    x: any shape, left as it is; h is relative for numbers above 1. Returns the shape of x. Cost: two calls of f a number.

    >>> numeric_gradient(lambda x: float((x**2).sum()), np.array([1.0, -3.0])).round(6)
    array([ 2., -6.])
    """
    backward, forward = _one_sided(f, x, h)
    return (backward + forward) / 2


def relative_error(a: np.ndarray, b: np.ndarray, floor: float = 0.0) -> np.ndarray:
    """|a - b| / max(|a|, |b|, floor), element by element, in 0..2; 0 where both are 0.

    floor: the size below which a difference is only rounding. Where one of the two is not a number, it is infinite.
    """
    a, b = np.asarray(a, dtype=np.float64), np.asarray(b, dtype=np.float64)
    with np.errstate(invalid="ignore"):
        apart = np.where(a == b, 0.0, np.abs(a - b))
        error = apart / np.where(apart == 0, 1.0, np.maximum(np.maximum(np.abs(a), np.abs(b)), floor))
    return np.where(np.isnan(error), np.inf, error)


class Verdict(StrEnum):
    """What is said of one number of a gradient."""

    AGREES = "agrees"
    KINK = "kink"
    DIFFERS = "differs"


@dataclass(frozen=True, eq=False)
class GradientCheck:
    """An analytic gradient beside centred differences; all arrays have the shape of x.

    backward, forward: one-sided slopes, which differ at a kink. verdicts: `Verdict` of each number:
    KINK if max(0, .) or |.| switches sides within h, and the analytic value lies between the one-sided slopes as it may;
    else AGREES within the tolerance, or DIFFERS.
    """

    analytic: np.ndarray
    numeric: np.ndarray
    backward: np.ndarray
    forward: np.ndarray
    errors: np.ndarray
    verdicts: np.ndarray
    tolerance: float

    @property
    def passed(self) -> bool:
        """Whether no number differs; those at a kink count as passed."""
        return not (self.verdicts == Verdict.DIFFERS).any()

    @property
    def worst(self) -> float:
        """The largest relative error among the numbers that are not at a kink."""
        return float(self.errors[self.verdicts != Verdict.KINK].max(initial=0.0))

    @property
    def kinks(self) -> int:
        """How many numbers could not be judged by a centred difference."""
        return int((self.verdicts == Verdict.KINK).sum())

    @property
    def summary(self) -> str:
        """The verdict in words, with its numbers."""
        wrong = int((self.verdicts == Verdict.DIFFERS).sum())
        if wrong:
            i = np.unravel_index(
                np.argmax(np.where(self.verdicts == Verdict.DIFFERS, self.errors, -1)), self.errors.shape
            )
            said = (
                f"Fail: {wrong} of {self.errors.size} numbers differ. The worst is analytic {self.analytic[i]:.6g} against "
                f"{self.numeric[i]:.6g} by differences, relative error {self.errors[i]:.2g}."
            )
        else:
            said = f"Pass: the largest relative error of {self.errors.size} numbers is {self.worst:.2g}."
        if self.kinks:
            said += f" {_count(self.kinks)} next to a kink, where only the slopes to either side can be compared."
        return said


def gradient_check(
    f: Callable[[np.ndarray], float],
    x: np.ndarray,
    dx: np.ndarray,
    *,
    branches: Callable[[np.ndarray], np.ndarray] | None = None,
    h: float = STEP,
    tolerance: float = TOLERANCE,
) -> GradientCheck:
    """Compares dx, the analytic gradient of f at x, with centred differences.

    x, dx: the same shape. branches(x): which side every max(0, .) and |.| of f takes, as an array; where it is not the
    same at x - h and x + h, a kink lies between. Left out, f is taken to be smooth. Cost: four calls of f a number.
    """
    x, dx = np.asarray(x, dtype=np.float64), np.asarray(dx, dtype=np.float64)
    if x.size == 0:
        raise DataError("There is no number to check.")
    if dx.shape != x.shape:
        raise ShapeError("The gradient", dx.shape, f"the shape of what it is a gradient by: {x.shape}")
    backward, forward = _one_sided(f, x, h)
    numeric = (backward + forward) / 2
    # What rounding alone may do to a difference of two values of f, divided by 2h.
    noise = _ROUNDING * max(1.0, abs(f(x))) / h
    errors = relative_error(dx, numeric, floor=noise / tolerance)
    slack = noise + tolerance * np.maximum(np.abs(backward), np.abs(forward))
    between = (np.minimum(backward, forward) - slack <= dx) & (dx <= np.maximum(backward, forward) + slack)
    verdicts = np.full(x.shape, Verdict.DIFFERS, dtype=object)
    verdicts[errors <= tolerance] = Verdict.AGREES
    if branches is not None:
        verdicts[_switches(branches, x, h) & between] = Verdict.KINK
    return GradientCheck(dx, numeric, backward, forward, errors, verdicts, tolerance)


def _nudges(x: np.ndarray, h: float):
    """For each number of x: its index, and copies of x that are a step lower and a step higher there."""
    for i in np.ndindex(x.shape):
        step = h * max(1.0, abs(x[i]))
        low, high = x.copy(), x.copy()
        low[i] -= step
        high[i] += step
        yield i, low, high


def _one_sided(f: Callable[[np.ndarray], float], x: np.ndarray, h: float) -> tuple[np.ndarray, np.ndarray]:
    """Slopes (f(x) - f(x - h)) / h and (f(x + h) - f(x)) / h of each number, with the h that floats really make."""
    x = np.asarray(x, dtype=np.float64)
    here = f(x)
    backward, forward = np.empty_like(x), np.empty_like(x)
    for i, low, high in _nudges(x, h):
        backward[i] = (here - f(low)) / (x[i] - low[i])
        forward[i] = (f(high) - here) / (high[i] - x[i])
    return backward, forward


def _switches(branches: Callable[[np.ndarray], np.ndarray], x: np.ndarray, h: float) -> np.ndarray:
    found = np.zeros(x.shape, dtype=bool)
    for i, low, high in _nudges(x, h):
        found[i] = not np.array_equal(branches(low), branches(high))
    return found


def _count(number: int) -> str:
    return "One number lies" if number == 1 else f"{number} numbers lie"
