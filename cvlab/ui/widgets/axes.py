"""The axes of a training curve: steps below, epochs above, and values on a linear or a logarithmic scale."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QPointF
from PySide6.QtGui import QPainter, QPen
from PySide6.QtWidgets import QGraphicsSceneWheelEvent

from cvlab.core.epochs import EpochLine
from cvlab.ui.widgets.scales import Scales
from cvlab.ui.widgets.ticks import Gap, decade_marks, gap_from, value_gap
from cvlab.ui.widgets.words import Words

SMALLEST = 1e-12
"""What a logarithmic axis shows instead of zero."""
_OFFSET = 6.0
"""Pixels between the axis and its words."""
_LABEL_GAP = 4.0
"""Between those and what the axis counts."""
AXIS_WIDTH, _EPOCHS_HEIGHT = 52, 20
_BETWEEN = 64
"""Between two marks along the axis, at least."""

Word = tuple[float, str]
"""Where on the axis, in its own units, and what is written there."""


class Axis(pg.GraphicsWidget):
    """The place of an axis beside a view, which a hand takes hold of to stretch that one direction; the plot paints it.

    pyqtgraph's own axis works its marks out by numpy, in three levels, records a picture of itself at every movement, with a
    stroke of no length for each mark, and then plays it: for the six axes of two plots nearly half of a frame of 8 ms. This one
    writes words that were laid out once, and takes a quarter of that.
    """

    UP = False
    """Whether it stands beside the view, or lies above or below it."""

    def __init__(self, view: pg.ViewBox) -> None:
        super().__init__()
        self._view = view
        self.pen, self.text_pen = QPen(), QPen()

    def wheelEvent(self, event: QGraphicsSceneWheelEvent) -> None:
        self._view.wheelEvent(event, axis=int(self.UP))

    def mouseDragEvent(self, event: object) -> None:
        self._view.mouseDragEvent(event, axis=int(self.UP))

    def paint_on(self, painter: QPainter, scales: Scales, words: Words) -> None:
        """The axis, in the pixels of its scene."""
        raise NotImplementedError


class WordAxis(Axis):
    """An axis above or below: a line and words in a row."""

    IS_TOP = False

    def paint_on(self, painter: QPainter, scales: Scales, words: Words) -> None:
        area = self.geometry()
        edge = area.bottom() - 1 if self.IS_TOP else area.top() + 1
        painter.setPen(self.pen)
        painter.drawLine(QPointF(area.left() - 1, edge), QPointF(area.right(), edge))
        painter.setPen(self.text_pen)
        top = area.bottom() - _OFFSET - words.height if self.IS_TOP else area.top() + _OFFSET
        for value, text in self.marks(scales.left, scales.right, area.width(), words.width):
            half = words.width(text) / 2
            x = scales.across(value)
            if area.left() <= x - half and x + half <= area.right():
                words.paint(painter, x - half, top, text)

    def marks(self, low: float, high: float, pixels: float, breadth: Callable[[str], float]) -> list[Word]:
        """What is written from low to high on so many pixels. breadth: of words, in pixels."""
        raise NotImplementedError


class StepAxis(WordAxis):
    """Whole steps only, with thousands set apart; or, with `is_whole` off, seconds and parts of epochs. `label` says which."""

    def __init__(self, view: pg.ViewBox) -> None:
        super().__init__(view)
        self.is_whole = True
        self.label = "step"
        words = Words()
        words.begin()
        self.setFixedHeight(_OFFSET + 2 * words.height + _LABEL_GAP)

    def marks(self, low: float, high: float, pixels: float, breadth: Callable[[str], float]) -> list[Word]:
        a_pixel = (high - low) / pixels
        gap = gap_from(_BETWEEN * a_pixel)
        if self.is_whole and gap.power < 0:
            gap = Gap(1, 0)
        # Words fill half of the axis at most.
        while 2 * max(breadth(self._text(low, gap)), breadth(self._text(high, gap))) > gap.size / a_pixel:
            gap = gap.wider
        return [(value, self._text(value, gap)) for value in gap.multiples(low, high)]

    @staticmethod
    def _text(value: float, gap: Gap) -> str:
        return f"{value:,.{gap.places}f}"

    def paint_on(self, painter: QPainter, scales: Scales, words: Words) -> None:
        super().paint_on(painter, scales, words)
        area = self.geometry()
        left = area.center().x() - words.width(self.label) / 2
        words.paint(painter, left, area.top() + _OFFSET + words.height + _LABEL_GAP, self.label)


class EpochAxis(WordAxis):
    """The same steps counted in passes over the training images; silent until it is known how many steps a pass has."""

    IS_TOP = True

    def __init__(self, view: pg.ViewBox) -> None:
        super().__init__(view)
        self.line: EpochLine | None = None
        self.setFixedHeight(_EPOCHS_HEIGHT)

    def marks(self, low: float, high: float, pixels: float, breadth: Callable[[str], float]) -> list[Word]:
        line = self.line
        if line is None or pixels <= 0:
            return []
        start, end = line.at(max(low, 0)), line.at(max(high, 0))
        gap = gap_from(max((end - start) / max(2.0, pixels / 60), 1.0))
        counts = [round(count) for count in gap.multiples(start, end) if count >= 1]
        return [(line.step_of(count), f"epoch {count:,}" if i == 0 else f"{count:,}") for i, count in enumerate(counts)]


class ValueAxis(Axis):
    """Values as `text` writes them, with a line across the view at each. With `is_log` the positions are decimal logarithms."""

    UP = True

    def __init__(self, view: pg.ViewBox, text: Callable[[float], str]) -> None:
        super().__init__(view)
        self.text = text
        self.is_log = False
        self.has_grid = True
        self.setFixedWidth(AXIS_WIDTH)

    def marks(self, low: float, high: float, pixels: float) -> list[Word]:
        """What is written from low to high on so many pixels."""
        if self.is_log:
            return [(mark, self.text(10.0**mark)) for mark in decade_marks(low, high, pixels)]
        return [(value, self.text(value)) for value in value_gap(low, high, pixels).multiples(low, high)]

    def paint_on(self, painter: QPainter, scales: Scales, words: Words) -> None:
        area = self.geometry()
        marks = [(scales.up(value), text) for value, text in self.marks(scales.low, scales.high, scales.area.height())]
        edge = area.right() - 1
        painter.setPen(self.pen)
        painter.drawLine(QPointF(edge, area.top() - 1), QPointF(edge, area.bottom() + 1))
        if self.has_grid:
            for y, _ in marks:
                painter.drawLine(QPointF(area.right(), y), QPointF(scales.area.right(), y))
        painter.setPen(self.text_pen)
        lowest = painter.window().height() - words.height
        for y, text in marks:
            top = min(max(y - words.height / 2, 0.0), lowest)  # whole, where no other axis leaves room beyond its end
            words.paint(painter, area.right() - _OFFSET - words.width(text), top, text)


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
    needs_low, needs_high = log or not from_zero, top is None or not (log or from_zero)
    for y, is_raw in curves:
        finite = y[np.isfinite(y)]
        if len(finite) and needs_high:
            highs.append(quantile(finite, 0.98) if is_raw and len(finite) > 20 else float(finite.max()))
        positive = finite[finite > 0] if needs_low else ()
        if len(positive):
            lows.append(quantile(positive, 0.02) if is_raw else float(positive.min()))
    high = top if top is not None else _round_up(1.05 * max(highs, default=1.0))
    if not log and not from_zero and lows:
        return _close(min(lows), max(highs), top)
    if not log:
        return 0.0, high
    low = max(min(lows, default=high / 100), SMALLEST)
    low_end = math.floor(2 * math.log10(low)) / 2
    return low_end, max(math.ceil(2 * math.log10(max(high, SMALLEST))) / 2, low_end + 0.5)


def quantile(values: np.ndarray, share: float) -> float:
    """As np.quantile gives it, to the rounding: a third of the time for the few thousand values of a curve."""
    place = share * (len(values) - 1)
    below = int(place)
    above = min(below + 1, len(values) - 1)
    parted = np.partition(values, (below, above))
    return float(parted[below] + (place - below) * (parted[above] - parted[below]))


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
