"""The axes of a training curve: steps below, epochs above, and values on a linear or a logarithmic scale."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QPointF, QRectF
from PySide6.QtGui import QFontMetricsF, QGuiApplication, QPainter
from PySide6.QtWidgets import QStyleOptionGraphicsItem, QWidget

from cvlab.core.epochs import EpochLine

SMALLEST = 1e-12
"""What a logarithmic axis shows instead of zero."""


class WordAxis(pg.AxisItem):
    """An axis below or above that is a line and words, painted afresh at every change: a third of what pyqtgraph takes, which
    records a picture of it first, with a stroke of no length for each of its ticks, and then plays that."""

    def paint(self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None) -> None:
        area = self.mapRectFromParent(self.geometry())
        is_top = self.orientation == "top"
        edge = area.bottom() - 1 if is_top else area.top() + 1
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
        painter.setPen(self.pen())
        painter.drawLine(QPointF(area.left() - 1, edge), QPointF(area.right(), edge))
        font = QGuiApplication.font()
        metrics, offset = QFontMetricsF(font), self.style["tickTextOffset"][1]
        baseline = area.bottom() - offset - metrics.descent() if is_top else area.top() + offset + metrics.ascent()
        painter.setFont(font)
        painter.setPen(self.textPen())
        for x, text in self._words(area, metrics.horizontalAdvance):
            painter.drawText(QPointF(x, baseline), text)

    def _words(self, area: QRectF, breadth: Callable[[str], float]) -> Iterator[tuple[float, str]]:
        """(left edge, text) of what is written: the coarsest ticks, and finer ones as long as they are not crowded."""
        low, high = self.range
        if high <= low or area.width() <= 0:
            return
        used, count = 0.0, 0
        for gap, values in self.tickValues(low, high, area.width())[: self.style["maxTextLevel"] + 1]:
            texts = [
                (area.left() + area.width() * (value - low) / (high - low), text, breadth(text))
                for value, text in zip(values, self.tickStrings(values, 1.0, gap), strict=True)
                if low <= value <= high
            ]
            used += sum(width for _, _, width in texts)
            limits = self.style["textFillLimits"]
            if count and any(count >= least and used / area.width() >= share for least, share in limits):
                return
            for x, text, width in texts:
                if area.left() <= x - width / 2 and x + width / 2 <= area.right():
                    count += 1
                    yield x - width / 2, text


class StepAxis(WordAxis):
    """Whole steps only, with thousands set apart; or, with `is_whole` off, seconds and parts of epochs."""

    is_whole = True

    def tickValues(self, low: float, high: float, size: float) -> list[tuple[float, list[float]]]:
        return [(gap, values) for gap, values in super().tickValues(low, high, size) if gap >= 1 or not self.is_whole]

    def tickStrings(self, values: Sequence[float], scale: float, spacing: float) -> list[str]:
        return [f"{value:,.0f}" if float(value).is_integer() else f"{value:g}" for value in values]


class EpochAxis(WordAxis):
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
