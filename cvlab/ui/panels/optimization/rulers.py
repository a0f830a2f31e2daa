"""Numbers along the left and lower edge of a map, at round places."""

from __future__ import annotations

from math import ceil, floor, log10

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QPainter

from cvlab.ui.panels.optimization.projection import Projection
from cvlab.ui.theme import theme

_BETWEEN = 96
"""Pixels between two numbers, at least."""


def paint_rulers(painter: QPainter, projection: Projection) -> None:
    """Inside the map, so that they take no room."""
    left, right, low, high = projection.view
    width, height, pixel = projection.width, projection.height, projection.pixel
    font = painter.font()
    font.setPixelSize(11)
    painter.setFont(font)
    painter.setPen(theme().colour("ink"))
    gap = _round_gap((right - left) / width * _BETWEEN)
    for n in range(ceil(left / gap), floor(right / gap) + 1):
        at = pixel(n * gap, low).x()
        if 40 < at < width - 20:
            painter.drawText(QRectF(at - 30, height - 18, 60, 14), Qt.AlignmentFlag.AlignHCenter, _words(n * gap))
    for n in range(ceil(low / gap), floor(high / gap) + 1):
        at = pixel(left, n * gap).y()
        if 16 < at < height - 26:
            painter.drawText(QPointF(8, at + 4), _words(n * gap))
    painter.drawText(QPointF(width - 14, height - 7), "x")
    painter.drawText(QPointF(8, 14), "y")


def _words(value: float) -> str:
    return f"{value:g}".replace("-", "−")


def _round_gap(least: float) -> float:
    decade = 10.0 ** floor(log10(least))
    return next(decade * m for m in (1, 2, 5, 10) if decade * m >= least)
