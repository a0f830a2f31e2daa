"""The surface that a curve plot is drawn on."""

from __future__ import annotations

from collections.abc import Callable
from time import perf_counter

import pyqtgraph as pg
from PySide6.QtCore import QEvent, QPointF, Qt, Signal
from PySide6.QtGui import QColor, QMouseEvent, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QGraphicsView, QWidget


class Canvas(pg.GraphicsLayoutWidget):
    """The drawing surface: says when the pointer is over it, and how long a painting took.

    Its scene holds only what a hand takes hold of, the view and the axes. What is seen is painted by `paint` in one go: that a
    scene asks each of its items where it is, what it hides, and what may have changed, would take most of a painting's time.
    """

    pointed = Signal(QPointF)
    left = Signal()
    asked_all = Signal()
    resized = Signal()

    def __init__(self, paint: Callable[[QPainter], None], parent: QWidget | None = None) -> None:
        """paint: everything over the ground, in the canvas' pixels."""
        super().__init__(parent)
        self._paint = paint
        self._ground = QColor()
        self.paint_seconds = 0.0
        self.setProperty("role", "plain")
        self.setMinimumHeight(96)
        self.setViewportUpdateMode(QGraphicsView.ViewportUpdateMode.NoViewportUpdate)
        # Else everything behind it would be painted first.
        self.viewport().setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)

    def show_ground(self, colour: QColor) -> None:
        """What it is painted over, an opaque colour."""
        self._ground = colour
        self.paint_soon()

    def paint_soon(self) -> None:
        """Something that can be seen is another now."""
        self.viewport().update()

    def paintEvent(self, event: QPaintEvent) -> None:
        start = perf_counter()
        self.scene().prepareForPaint()  # the view's mapping, which the hand needs
        painter = QPainter(self.viewport())
        try:
            painter.fillRect(self.viewport().rect(), self._ground)
            self._paint(painter)
        finally:
            painter.end()
        self.paint_seconds = perf_counter() - start

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        super().mouseMoveEvent(event)
        self.pointed.emit(self.mapToScene(event.position().toPoint()))

    def leaveEvent(self, event: QEvent) -> None:
        super().leaveEvent(event)
        self.left.emit()

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        self.asked_all.emit()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.resized.emit()
