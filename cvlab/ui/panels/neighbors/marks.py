"""The sign of each class: a shape beside its colour, so that no one has to tell classes by colour alone."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QPointF, QSize
from PySide6.QtGui import QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QWidget

from cvlab.ui.theme import theme

NAMES = ("A", "B", "C", "D", "E", "F")
_SHAPES = ((0, 0.0, 6.0), (4, 45.0, 7.5), (3, 90.0, 8.5), (4, 0.0, 8.0), (6, 0.0, 7.5), (3, -90.0, 8.5))
"""Corners, turn in degrees, size: dot, square, triangle, diamond, hexagon, triangle on its head."""


def paint_mark(painter: QPainter, label: int, at: QPointF, scale: float = 1.0) -> None:
    corners, turn, size = _SHAPES[label]
    painter.setPen(QPen(theme().colour("raised"), 1.5))
    painter.setBrush(theme().colour(f"class-{label}"))
    if not corners:
        painter.drawEllipse(at, size * scale, size * scale)
        return
    angles = np.deg2rad(turn + np.arange(corners) * 360 / corners)
    painter.drawPolygon(QPolygonF([at + QPointF(float(np.cos(a)), float(-np.sin(a))) * size * scale for a in angles]))


class Mark(QWidget):
    """A class's sign on its own, for buttons and legends."""

    def __init__(self, label: int, parent: QWidget) -> None:
        super().__init__(parent)
        self._label = label
        self.setFixedSize(QSize(18, 18))
        theme().changed.connect(self.update)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        paint_mark(painter, self._label, QPointF(9, 9), 0.9)
        painter.end()
