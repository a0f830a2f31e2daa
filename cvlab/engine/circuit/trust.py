"""Is the gradient right? Each beside its centred difference, with the relative error, and a word where there is a kink."""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import isfinite, nan

import numpy as np

from cvlab.engine.circuit.passes import Evaluation, branches, forward
from cvlab.engine.circuit.tensors import Shape, cells, shape
from cvlab.engine.circuit.words import shown

MOST_TRIED = 64
"""Numbers of one vector or matrix that are tried, spread evenly over it: each costs two forward passes."""

STEP = 6e-6
"""About the cube root of 2^-52, where the error of rounding and that of the formula are alike; times max(1, |x|)."""


@dataclass(frozen=True)
class Check:
    """One gradient, two ways.

    name:           of the input; for a vector or matrix the numbers are those of the place where the two differ most.
    relative_error: |analytic - numeric| / max(|analytic|, |numeric|); 0 if both are 0, NaN if either is no number.
    kink:           in words, if the function bends within the step, so that the two need not agree; else "".
    verdict:        "agrees" (under 1e-6, or both too small to tell apart from rounding), "kink", "differs" or "no number".
    shape, gradient_shape: of the input and of its gradient. place: of the number meant, "W[0,1]". tried: how many were.
    """

    name: str
    analytic: float
    numeric: float
    step: float
    relative_error: float
    kink: str
    verdict: str
    shape: Shape = ()
    gradient_shape: Shape = ()
    place: str = ""
    tried: int = 1

    @property
    def shapes_agree(self) -> bool:
        """A gradient has the shape of its value."""
        return self.shape == self.gradient_shape


_WORST = ("differs", "kink", "no number", "agrees")


def check(evaluation: Evaluation) -> tuple[Check, ...]:
    """Every input's gradient beside (f(x + h) - f(x - h)) / 2h: two forward passes a number, at most 64 numbers an input."""
    circuit = evaluation.circuit
    here = evaluation.branches()
    found = []
    for node in circuit.inputs:
        names = cells(node.name, node.shape)
        chosen = np.unique(np.linspace(0, len(names) - 1, min(len(names), MOST_TRIED)).round().astype(int))
        tried = [_try(evaluation, here, names[i]) for i in chosen]
        worst = min(
            tried, key=lambda c: (_WORST.index(c.verdict), -c.relative_error if isfinite(c.relative_error) else 0.0)
        )
        found.append(
            replace(
                worst, name=node.name, shape=node.shape, gradient_shape=shape(evaluation.gradients[node.id]),
                place=worst.name, tried=len(tried),
            )
        )  # fmt: skip
    return tuple(found)


def _try(evaluation: Evaluation, here: tuple, name: str) -> Check:
    circuit = evaluation.unfolded.circuit
    x, analytic = evaluation.inputs[name], evaluation.by_input[name]
    # A step that is a difference of two floats exactly: x + h - x is not always h.
    h = (x + STEP * max(1.0, abs(x))) - x
    right = forward(circuit, {**evaluation.inputs, name: x + h})
    left = forward(circuit, {**evaluation.inputs, name: x - h})
    numeric = (right[circuit.output] - left[circuit.output]) / (2 * h)
    kink = ""
    if not here == branches(circuit, right) == branches(circuit, left):
        kink = f"The function bends within {shown(h)} of {name} = {shown(x)}: left and right slopes differ."
    return _check(name, analytic, numeric, h, kink, abs(evaluation.output))


def relative_error(a: float, b: float) -> float:
    """|a - b| / max(|a|, |b|), the course's measure; 0 for two zeros, NaN where one of them is infinite or NaN."""
    if not (isfinite(a) and isfinite(b)):
        return nan
    if a == b:
        return 0.0
    scale = max(abs(a), abs(b))
    return abs(a / scale - b / scale)


def largest_relative_error(a: np.ndarray, b: np.ndarray) -> float:
    """max |a - b| / max(|a|, |b|) over all places, the largest of a and b below; NaN if a number is missing."""
    if not (np.isfinite(a).all() and np.isfinite(b).all()):
        return nan
    if np.array_equal(a, b):
        return 0.0
    scale = max(np.max(np.abs(a)), np.max(np.abs(b)))
    return float(np.max(np.abs(a / scale - b / scale)))


def _check(name: str, analytic: float, numeric: float, h: float, kink: str, size: float) -> Check:
    error = relative_error(analytic, numeric)
    if kink:
        verdict = "kink"  # also where the two agree: at abs(0) they do by chance
    elif not (isfinite(analytic) and isfinite(numeric)):
        verdict = "no number"
    elif error < 1e-6 or abs(analytic - numeric) < 4e-16 * max(size, 1.0) / h + 1e-9:
        verdict = "agrees"
    else:
        verdict = "differs"
    return Check(name, analytic, numeric, h, error, kink, verdict)
