"""Is the gradient right? Each beside its centred difference, with the relative error, and a word where there is a kink."""

from __future__ import annotations

from dataclasses import dataclass
from math import isfinite

from cvlab.engine.circuit.passes import Evaluation, branches, forward
from cvlab.engine.circuit.words import shown

STEP = 6e-6
"""About the cube root of 2^-52, where the error of rounding and that of the formula are alike; times max(1, |x|)."""


@dataclass(frozen=True)
class Check:
    """One gradient, two ways.

    relative_error: |analytic - numeric| / max(|analytic|, |numeric|); 0 if both are 0, NaN if either is no number.
    kink:           in words, if the function bends within the step, so that the two need not agree; else "".
    verdict:        "agrees" (under 1e-6, or both too small to tell apart from rounding), "kink", "differs" or "no number".
    """

    name: str
    analytic: float
    numeric: float
    step: float
    relative_error: float
    kink: str
    verdict: str


def check(evaluation: Evaluation) -> tuple[Check, ...]:
    """Every input's gradient beside (f(x + h) - f(x - h)) / 2h: two forward passes an input."""
    circuit = evaluation.circuit
    here = evaluation.branches()
    found = []
    for node in circuit.inputs:
        x, analytic = evaluation.inputs[node.name], evaluation.gradients[node.id]
        # A step that is a difference of two floats exactly: x + h - x is not always h.
        h = (x + STEP * max(1.0, abs(x))) - x
        right = forward(circuit, {**evaluation.inputs, node.name: x + h})
        left = forward(circuit, {**evaluation.inputs, node.name: x - h})
        numeric = (right[circuit.output] - left[circuit.output]) / (2 * h)
        kink = ""
        if not here == branches(circuit, right) == branches(circuit, left):
            kink = f"The function bends within {shown(h)} of {node.name} = {shown(x)}: left and right slopes differ."
        found.append(_check(node.name, analytic, numeric, h, kink, abs(evaluation.output)))
    return tuple(found)


def relative_error(a: float, b: float) -> float:
    """|a - b| / max(|a|, |b|), the course's measure; 0 for two zeros."""
    if a == b:
        return 0.0
    return abs(a - b) / max(abs(a), abs(b))


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
