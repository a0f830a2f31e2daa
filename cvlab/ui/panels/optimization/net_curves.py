"""What the curves of the race on a real net are: losses of single batches, smoothed, in the racers' colours."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from cvlab.ui.panels.optimization.curve_plot import Curve
from cvlab.ui.panels.optimization.looks import RACERS

SMOOTHED = 9
"""Steps of the running mean: single batches jump."""
TICKS = (0.0, 0.5, 1.0, 1.5, 2.0, 2.5)
"""Ten classes guessed at random have a loss of 2.3."""


def smoothed(losses: np.ndarray) -> np.ndarray:
    """The mean of the last nine steps at each; NaN where the racer had flown off."""
    total = np.cumsum(np.insert(np.nan_to_num(losses), 0, 0.0))
    end = np.arange(1, len(losses) + 1)
    begin = np.maximum(end - SMOOTHED, 0)
    return np.where(np.isfinite(losses), (total[end] - total[begin]) / (end - begin), np.nan)


def curves(losses: Mapping[str, np.ndarray]) -> list[Curve]:
    """losses: (t,) by racer."""
    return [Curve(name, RACERS[name], np.arange(1, len(line) + 1), smoothed(line)) for name, line in losses.items()]
