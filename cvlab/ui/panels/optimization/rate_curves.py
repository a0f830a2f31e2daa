"""What the curves of the four learning rates are: each named, with its rate and where it ended."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from cvlab.engine.four_rates import RateCurve
from cvlab.ui.panels.optimization.curve_plot import Curve

_ROLES = ("accent", "positive", "warning", "negative")
TICKS = (0.0, 0.5, 1.0, 1.5, 2.0)
"""The three classes of the spiral, guessed at random, have a loss of 1.1."""


def curves(trained: Sequence[RateCurve]) -> list[Curve]:
    made = []
    for one, role in zip(trained, _ROLES, strict=True):
        last = one.losses[-1]
        words = f"{one.rate:g}: {last:.2f}" if np.isfinite(last) else f"{one.rate:g}: flew off"
        made.append(Curve(one.name, role, np.arange(len(one.losses)), one.losses, words))
    return made
