"""Losses over the steps or epochs of a training, a line each, named where it ends."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from cvlab.ui.panels.optimization.names import named
from cvlab.ui.theme import theme
from cvlab.ui.widgets.polyline import polyline, thinned

_CUT = 25.0
"""Times the top: no line is drawn further up, where its steepness would say nothing."""


@dataclass(frozen=True, eq=False)
class Curve:
    """x, y: (n,); y is NaN where there is nothing. role: of the colour. name, words: two lines at the right of its end."""

    name: str
    role: str
    x: np.ndarray
    y: np.ndarray
    words: str = ""


class CurvePlot(QWidget):
    """Curves over a grid from 0 to `top`; words in their place while there are none.

    ticks: heights with a line. across: what the axis below counts. up: what the other measures. margin: pixels at the right
    for the names.
    """

    def __init__(
        self,
        name: str,
        says: str,
        tip: str,
        parent: QWidget,
        *,
        ticks: Sequence[float],
        across: str,
        up: str,
        margin: float,
        width: float = 2.0,
    ) -> None:
        super().__init__(parent)
        named(self, name, says, tip)
        self._ticks, self._across, self._up, self._margin, self._width = tuple(ticks), across, up, margin, width
        self._top = max(ticks)
        self.curves: tuple[Curve, ...] = ()
        self._length, self._words = 1, ""
        self.setMinimumSize(260, 150)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        theme().changed.connect(self.update)

    def sizeHint(self) -> QSize:
        return QSize(440, 300)

    def show_curves(self, curves: Sequence[Curve], length: int, words: str = "") -> None:
        """length: of the whole training. words: in place of curves, where there are none."""
        self.curves, self._length, self._words = tuple(curves), max(length, 1), words
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        font = painter.font()
        font.setPixelSize(11)
        painter.setFont(font)
        if self.curves:
            area = QRectF(self.rect()).adjusted(54, 26, -self._margin, -34)
            paint_grid(painter, area, self._length, self._ticks, self._top, self._across, self._up)
            ends = [self._paint_curve(painter, area, curve) for curve in self.curves]
            self._paint_names(painter, area, [end for end in ends if end is not None])
        else:
            painter.setPen(theme().colour("muted"))
            flags = Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap
            painter.drawText(QRectF(self.rect()).adjusted(24, 0, -24, 0), flags, self._words)
        painter.end()

    def _paint_curve(self, painter: QPainter, area: QRectF, curve: Curve) -> tuple[float, Curve] | None:
        """Its height in pixels where it ends, and itself; None for a curve without a point."""
        known = np.flatnonzero(np.isfinite(curve.y))
        if not known.size:
            return None
        x = area.left() + curve.x[known] / self._length * area.width()
        y = area.bottom() - np.minimum(curve.y[known], _CUT * self._top) / self._top * area.height()
        painter.setPen(QPen(theme().colour(curve.role), self._width, j=Qt.PenJoinStyle.RoundJoin))
        painter.setClipRect(area.adjusted(0, -4, 2, 1))
        painter.drawPolyline(polyline(*thinned(x, y)))
        painter.setClipping(False)
        return float(y[-1]), curve

    def _paint_names(self, painter: QPainter, area: QRectF, ends: list[tuple[float, Curve]]) -> None:
        """At the right, pushed apart where lines end together."""
        ends.sort(key=lambda end: end[0])
        high = 30.0 if any(curve.words for _, curve in ends) else 15.0
        lowest = area.bottom() - high * (len(ends) - 1) - (12 if high > 20 else 0)
        floor = -1e9
        for i, (y, curve) in enumerate(ends):
            wanted = min(max(y, area.top() + 8), area.bottom())
            at = floor = max(min(wanted, lowest + high * i), floor + high)
            painter.setPen(theme().text(curve.role))
            painter.drawText(QPointF(area.right() + 10, at + (-2 if curve.words else 4)), curve.name)
            painter.setPen(theme().colour("muted"))
            painter.drawText(QPointF(area.right() + 10, at + 11), curve.words)


def paint_grid(
    painter: QPainter, area: QRectF, length: int, ticks: Sequence[float], top: float, across: str, up: str
) -> None:
    """Level lines with their values at the left under what they measure, and below what `across` says."""
    line, text = theme().colour("faint"), theme().colour("muted")
    for value in ticks:
        y = area.bottom() - value / top * area.height()
        painter.setPen(line)
        painter.drawLine(QPointF(area.left(), y), QPointF(area.right(), y))
        painter.setPen(text)
        box = QRectF(area.left() - 54, y - 8, 48, 16)
        painter.drawText(box, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, f"{value:.3g}")
    painter.drawText(QRectF(area.left() - 54, area.top() - 25, 160, 15), Qt.AlignmentFlag.AlignLeft, up)
    gap = next(g for g in (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000) if length / g <= 10)
    for n in range(0, length + 1, gap):
        x = area.left() + n / length * area.width()
        painter.setPen(text)
        painter.drawText(QRectF(x - 30, area.bottom() + 3, 60, 14), Qt.AlignmentFlag.AlignHCenter, f"{n}")
    painter.drawText(QRectF(area.left(), area.bottom() + 17, area.width(), 15), Qt.AlignmentFlag.AlignHCenter, across)
