"""The axes of a training curve: steps below, epochs above, and values on a linear or a logarithmic scale."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np
import pyqtgraph as pg

from cvlab.core.epochs import EpochLine

SMALLEST = 1e-12
"""What a logarithmic axis shows instead of zero."""


class StepAxis(pg.AxisItem):
    """Whole steps only, with thousands set apart; or, with `is_whole` off, seconds and parts of epochs."""

    is_whole = True

    def tickValues(self, low: float, high: float, size: float) -> list[tuple[float, list[float]]]:
        return [(gap, values) for gap, values in super().tickValues(low, high, size) if gap >= 1 or not self.is_whole]

    def tickStrings(self, values: Sequence[float], scale: float, spacing: float) -> list[str]:
        return [f"{value:,.0f}" if float(value).is_integer() else f"{value:g}" for value in values]


class EpochAxis(pg.AxisItem):
    """The same steps counted in passes over the training images; silent until it is known how many steps a pass has."""

    line: EpochLine | None = None

    def tickValues(self, low: float, high: float, size: float) -> list[tuple[float, list[float]]]:
        line = self.line
        if line is None or size <= 0:
            return []
        wanted = max(2.0, size / 60)
        start, end = line.at(max(low, 0)), line.at(max(high, 0))
        gap = next(g for g in _whole_gaps() if max(end - start, 1e-9) / g <= wanted)
        first = max(math.ceil(start / gap - 1e-9), 1) * gap
        last = math.floor(end / gap + 1e-9) * gap
        return [(gap * line.each, [line.step_of(n) for n in range(first, last + 1, gap)])]

    def tickStrings(self, values: Sequence[float], scale: float, spacing: float) -> list[str]:
        counts = [f"{self.line.at(value) if self.line is not None else value:,.0f}" for value in values]
        return [f"epoch {text}" if i == 0 else text for i, text in enumerate(counts)]


def _whole_gaps():
    decade = 1
    while True:
        yield from (decade, 2 * decade, 5 * decade)
        decade *= 10


class ValueAxis(pg.AxisItem):
    """Values as `text` writes them. With `is_log` the positions are decimal logarithms of the values."""

    def __init__(self, text: Callable[[float], str]) -> None:
        super().__init__("left")
        self.text = text
        self.is_log = False

    def tickValues(self, low: float, high: float, size: float) -> list[tuple[float, list[float]]]:
        if not self.is_log:
            return super().tickValues(low, high, size)[:1]
        decades = range(math.floor(low), math.ceil(high) + 1)
        span = max(high - low, 1e-9)
        steps = (1, 2, 5) if size / span > 90 else (1,)
        every = max(1, math.ceil(span / max(size / 30, 1)))
        marks = [d + math.log10(m) for d in decades[::every] for m in steps]
        return [(1.0, [mark for mark in marks if low <= mark <= high])]

    def tickStrings(self, values: Sequence[float], scale: float, spacing: float) -> list[str]:
        return [self.text(10.0**value if self.is_log else value) for value in values]


def value_range(
    curves: Sequence[tuple[np.ndarray, bool]],
    reference: float | None,
    *,
    top: float | None,
    log: bool,
    from_zero: bool = True,
) -> tuple[float, float]:
    """(low, high) that shows the curves (values, is_raw), as decimal logarithms if `log`.

    The rarest 2 % of a raw curve may stick out: one wild batch should not flatten the rest. High ends are round (1, 1.5,
    2, 3, 5, 7 times a power of ten) and logarithmic ends are half decades, so that a growing curve changes them seldom.
    from_zero: off, the axis shows no more than the values need: small differences can be seen.
    """
    highs, lows = ([reference] if reference else []), ([reference] if reference else [])
    for y, is_raw in curves:
        finite = y[np.isfinite(y)]
        if len(finite):
            highs.append(float(np.quantile(finite, 0.98)) if is_raw and len(finite) > 20 else float(finite.max()))
            positive = finite[finite > 0]
            if len(positive):
                lows.append(float(np.quantile(positive, 0.02)) if is_raw else float(positive.min()))
    high = top if top is not None else _round_up(1.05 * max(highs, default=1.0))
    if not log and not from_zero and lows:
        return _close(min(lows), max(highs), top)
    if not log:
        return 0.0, high
    low = max(min(lows, default=high / 100), SMALLEST)
    low_end = math.floor(2 * math.log10(low)) / 2
    return low_end, max(math.ceil(2 * math.log10(max(high, SMALLEST))) / 2, low_end + 0.5)


def _close(low: float, high: float, top: float | None) -> tuple[float, float]:
    """Around the values with a little air, on round ends."""
    air = max(0.08 * (high - low), 1e-3 * max(abs(high), abs(low)), 1e-9)
    grain = _round_up(air) / 2
    low, high = math.floor((low - air) / grain) * grain, math.ceil((high + air) / grain) * grain
    return max(low, 0.0), high if top is None else min(high, top)


def _round_up(value: float) -> float:
    if not value > 0:
        return 1.0
    decade = 10.0 ** math.floor(math.log10(value))
    return next(decade * m for m in (1, 1.5, 2, 3, 5, 7, 10) if decade * m >= value * (1 - 1e-9))
