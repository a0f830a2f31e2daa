"""The mark of where a layer will land: a plus in a ring on the wire that opens for it."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF
from PySide6.QtGui import QPainter, QPen
from PySide6.QtWidgets import QGraphicsItem, QStyleOptionGraphicsItem, QWidget

from cvlab.ui.theme import theme

_RADIUS = 13.0


class SlotItem(QGraphicsItem):
    """Hidden until `show_at` gives it a point."""

    def __init__(self) -> None:
        super().__init__()
        self.setZValue(6)
        self.hide()

    def show_at(self, point: QPointF | None) -> None:
        self.setVisible(point is not None)
        if point is not None:
            self.setPos(point)

    def boundingRect(self) -> QRectF:
        return QRectF(-_RADIUS - 6, -_RADIUS - 6, 2 * _RADIUS + 12, 2 * _RADIUS + 12)

    def paint(self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None) -> None:
        look = theme()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(look.colour("accent", 0.25), 8))
        painter.setBrush(look.colour("accent"))
        painter.drawEllipse(QPointF(0, 0), _RADIUS, _RADIUS)
        painter.setPen(QPen(look.colour("accent_ink"), 2.2))
        painter.drawLine(QPointF(-5, 0), QPointF(5, 0))
        painter.drawLine(QPointF(0, -5), QPointF(0, 5))
