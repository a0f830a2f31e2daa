"""Arrows: how a part of a step is drawn, on the map and beside it. It decides no length."""

from __future__ import annotations

from math import hypot

from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QPainter, QPen, QPolygonF

from cvlab.ui.theme import theme


def draw_arrow(
    painter: QPainter, tail: QPointF, tip: QPointF, role: str, width: float, *, dashed: bool = False
) -> None:
    """From tail to tip in a colour role; nothing where both are the same pixel. dashed: it has a direction only."""
    dx, dy = tip.x() - tail.x(), tip.y() - tail.y()
    length = hypot(dx, dy)
    if not 1.5 < length < 1e5:
        return
    colour = theme().colour(role)
    head = min(9.0, 0.5 * length + 2)
    ux, uy = dx / length, dy / length
    neck = QPointF(tip.x() - head * ux, tip.y() - head * uy)
    style = Qt.PenStyle.DashLine if dashed else Qt.PenStyle.SolidLine
    painter.setPen(QPen(colour, width, style, Qt.PenCapStyle.FlatCap))
    painter.drawLine(tail, neck)
    side = 0.45 * head
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(colour)
    painter.drawPolygon(
        QPolygonF(
            [
                tip,
                QPointF(neck.x() - side * uy, neck.y() + side * ux),
                QPointF(neck.x() + side * uy, neck.y() - side * ux),
            ]
        )
    )
