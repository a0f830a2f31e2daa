"""A small picture of a volume: a box, wide and high as its maps, deep as their number; a vector is a column."""

from __future__ import annotations

import math
from typing import NamedTuple

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPen, QPolygonF

from cvlab.engine.nets.layers import Shape

SIDE = 40.0
"""The glyph fits a square of this side, in pixels."""


class Glyph(NamedTuple):
    """What there is to draw of a shape: shapes that look alike have the same. cells: of a column, 0 for a box."""

    wide: float
    high: float
    deep: float
    cells: int = 0


def glyph_of(shape: Shape | None) -> Glyph | None:
    """Sizes follow the square root (sides) and the logarithm (depth) so that 5 and 224 pixels, 3 and 512 maps all fit."""
    if shape is None:
        return None
    if len(shape) == 3:
        depth, height, width = shape
        wide, high = (min(4 + 3.6 * math.sqrt(side), 27.0) for side in (width, height))
        return Glyph(wide, high, min(1.5 + 2.2 * math.log2(depth), 12.0))
    length = math.prod(shape)
    high = min(8 + 3.2 * math.log2(max(length, 1)), 38.0)
    return Glyph(10.0, high, 0.0, max(min(length, int(high // 5)), 1))


def paint_volume(painter: QPainter, x: float, y: float, glyph: Glyph | None, colour: QColor) -> None:
    """Paints into the square whose top left is (x, y). None: a dashed box, for what cannot be worked out yet."""
    painter.setPen(QPen(colour, 1.2))
    if glyph is None:
        painter.setPen(QPen(colour, 1.2, Qt.PenStyle.DashLine))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRoundedRect(QRectF(x + 8, y + 8, 24, 24), 3, 3)
    elif glyph.cells:
        _paint_column(painter, x, y, glyph, colour)
    else:
        _paint_box(painter, x, y, glyph, colour)


def _paint_box(painter: QPainter, x: float, y: float, glyph: Glyph, colour: QColor) -> None:
    wide, high, deep, _ = glyph
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


def _paint_column(painter: QPainter, x: float, y: float, glyph: Glyph, colour: QColor) -> None:
    wide, high, _, cells = glyph
    column = QRectF(x + (SIDE - wide) / 2, y + (SIDE - high) / 2, wide, high)
    painter.setBrush(_faded(colour, 0.16))
    painter.drawRect(column)
    painter.setPen(QPen(_faded(colour, 0.6), 1))
    for index in range(1, cells):
        level = column.top() + index * high / cells
        painter.drawLine(QPointF(column.left(), level), QPointF(column.right(), level))


def _faded(colour: QColor, alpha: float) -> QColor:
    faded = QColor(colour)
    faded.setAlphaF(alpha)
    return faded
