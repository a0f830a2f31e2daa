"""A small triangle under a text field that points up at the column a message is about."""

from __future__ import annotations

from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QPolygonF
from PySide6.QtWidgets import QWidget

from cvlab.ui.theme import theme


class Pointer(QWidget):
    """x_at: where it points, in its own pixels."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.x_at = 0.0
        self.setFixedHeight(6)

    def point_at(self, x: float) -> None:
        self.x_at = x
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(theme().colour("negative"))
        x = min(max(self.x_at, 6.0), self.width() - 6.0)
        painter.drawPolygon(QPolygonF([QPointF(x, 0), QPointF(x - 6, 6), QPointF(x + 6, 6)]))
        painter.end()
