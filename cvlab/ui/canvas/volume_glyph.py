"""A small picture of a volume: a box, wide and high as its maps, deep as their number; a vector is a column."""

from __future__ import annotations

import math

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPen, QPolygonF

from cvlab.engine.nets.layers import Shape

SIDE = 40.0
"""The glyph fits a square of this side, in pixels."""


def paint_volume(painter: QPainter, x: float, y: float, shape: Shape | None, colour: QColor) -> None:
    """Paints into the square whose top left is (x, y). None: a dashed box, for what cannot be worked out yet.

    Sizes follow the square root (sides) and the logarithm (depth) so that 5 and 224 pixels, 3 and 512 maps all fit.
    """
    painter.setPen(QPen(colour, 1.2))
    if shape is None:
        painter.setPen(QPen(colour, 1.2, Qt.PenStyle.DashLine))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRoundedRect(QRectF(x + 8, y + 8, 24, 24), 3, 3)
    elif len(shape) == 3:
        _paint_box(painter, x, y, shape, colour)
    else:
        _paint_column(painter, x, y, math.prod(shape), colour)


def _paint_box(painter: QPainter, x: float, y: float, shape: Shape, colour: QColor) -> None:
    depth, height, width = shape
    wide, high = (min(4 + 3.6 * math.sqrt(side), 27.0) for side in (width, height))
    deep = min(1.5 + 2.2 * math.log2(depth), 12.0)
    left, top = x + (SIDE - wide - deep) / 2, y + (SIDE - high - deep) / 2 + deep
    front = QRectF(left, top, wide, high)
    back = QPointF(deep, -deep)
    lid = QPolygonF([front.topLeft(), front.topLeft() + back, front.topRight() + back, front.topRight()])
    flank = QPolygonF([front.topRight(), front.topRight() + back, front.bottomRight() + back, front.bottomRight()])
    for outline, alpha in ((lid, 0.34), (flank, 0.5)):
        painter.setBrush(_faded(colour, alpha))
        painter.drawPolygon(outline)
    painter.setBrush(_faded(colour, 0.16))
    painter.drawRect(front)


def _paint_column(painter: QPainter, x: float, y: float, length: int, colour: QColor) -> None:
    high = min(8 + 3.2 * math.log2(max(length, 1)), 38.0)
    column = QRectF(x + SIDE / 2 - 5, y + (SIDE - high) / 2, 10, high)
    painter.setBrush(_faded(colour, 0.16))
    painter.drawRect(column)
    painter.setPen(QPen(_faded(colour, 0.6), 1))
    cells = max(min(length, int(high // 5)), 1)
    for index in range(1, cells):
        level = column.top() + index * high / cells
        painter.drawLine(QPointF(column.left(), level), QPointF(column.right(), level))


def _faded(colour: QColor, alpha: float) -> QColor:
    faded = QColor(colour)
    faded.setAlphaF(alpha)
    return faded
