"""A small grey image with its pixels to be seen: one square each, with the byte under the pointer in words."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QImage, QMouseEvent, QPainter, QPainterPath, QPaintEvent, QPen, QPixmap
from PySide6.QtWidgets import QSizePolicy, QWidget

from cvlab.engine.data.drawing import BOX, FIELD
from cvlab.ui.theme import theme

_GRID_FROM = 5.0  # screen pixels a cell: below that the grid would hide what it divides
_CORNER = 4.0


class PixelView(QWidget):
    """Shows (H, W) uint8, black to white, in the middle of a black field.

    field: side of the field in image pixels (28: as it lies in the net's input); 0 fits the image to the view.
    pointed: what the pointer is on, in words; "" when it left.
    """

    pointed = Signal(str)

    def __init__(self, parent: QWidget | None = None, *, field: int = 0, with_grid: bool = False) -> None:
        super().__init__(parent)
        self._field, self._with_grid = field, with_grid
        self._pixels = np.zeros((28, 28), np.uint8)
        self._image = QImage()
        self._cell: tuple[int, int] | None = None
        self._marks, self._marks_for = QPixmap(), (0.0, 0.0, "")
        if with_grid:
            self.setMouseTracking(True)
            self.setCursor(Qt.CursorShape.CrossCursor)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.show_pixels(self._pixels)
        theme().changed.connect(self.update)

    def show_pixels(self, pixels: np.ndarray) -> None:
        """pixels: (H, W) uint8."""
        self._pixels = pixels = np.ascontiguousarray(pixels)
        height, width = pixels.shape
        # A copy: QImage over an array does not keep it alive.
        self._image = QImage(pixels.data, width, height, width, QImage.Format.Format_Grayscale8).copy()
        self._tell()
        self.update()

    @property
    def pixels(self) -> np.ndarray:
        return self._pixels

    def sizeHint(self) -> QSize:
        return QSize(112, 112) if self._with_grid else QSize(56, 56)

    def minimumSizeHint(self) -> QSize:
        return QSize(84, 84) if self._with_grid else QSize(40, 40)

    def _square(self) -> QRectF:
        """The field on the screen; with a grid its side is a whole number of pixels a cell where there is room."""
        side = float(min(self.width(), self.height()))
        if self._with_grid and self._field and side >= self._field:
            side = float(side // self._field * self._field)
        return QRectF(int((self.width() - side) / 2), int((self.height() - side) / 2), side, side)

    def _target(self, square: QRectF) -> QRectF:
        height, width = self._pixels.shape
        scale = square.width() / (self._field or max(height, width))
        left, top = (square.width() - width * scale) / 2, (square.height() - height * scale) / 2
        if self._field:
            left, top = (int((self._field - n) // 2) * scale for n in (width, height))
        return QRectF(square.x() + left, square.y() + top, width * scale, height * scale)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        square = self._square()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(Qt.GlobalColor.black))  # no ink is byte 0, whatever the theme
        painter.drawRoundedRect(square, _CORNER, _CORNER)
        shape = QPainterPath()
        shape.addRoundedRect(square, _CORNER, _CORNER)
        painter.setClipPath(shape)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, max(self._pixels.shape) > square.width())
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
        painter.drawImage(self._target(square), self._image)
        if self._with_grid:
            self._paint_marks(painter, square)
        painter.end()

    def _paint_marks(self, painter: QPainter, square: QRectF) -> None:
        wanted = (square.width(), self.devicePixelRatioF(), theme().tokens.name)
        if wanted != self._marks_for:
            self._marks_for, self._marks = wanted, self._drawn_marks(square.width())
        painter.setClipping(False)
        painter.drawPixmap(square.topLeft(), self._marks)
        if self._cell is not None:
            cell, (row, column) = square.width() / self._field, self._cell
            painter.setPen(QPen(theme().colour("held_out"), 2))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRect(QRectF(square.x() + column * cell, square.y() + row * cell, cell, cell))

    def _drawn_marks(self, side: float) -> QPixmap:
        """The grid and MNIST's box, drawn once a size: half a hundred lines are dear under a moving pen."""
        marks = QPixmap(QSize(round(side), round(side)) * self.devicePixelRatioF())
        marks.setDevicePixelRatio(self.devicePixelRatioF())
        marks.fill(Qt.GlobalColor.transparent)
        painter = QPainter(marks)
        cell = side / self._field
        if cell >= _GRID_FROM:
            painter.setPen(QPen(theme().colour("muted", 0.28), 1))
            for line in range(1, self._field):
                painter.drawLine(QPointF(line * cell, 0), QPointF(line * cell, side))
                painter.drawLine(QPointF(0, line * cell), QPointF(side, line * cell))
        margin = (FIELD - BOX) / 2 * cell
        painter.setPen(QPen(theme().colour("accent"), 1, Qt.PenStyle.DashLine))
        painter.drawRect(QRectF(0, 0, side, side).adjusted(margin, margin, -margin, -margin))
        painter.end()
        return marks

    # -- pointing ----------------------------------------------------------------------------------------------------

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        square = self._square()
        place = event.position() - square.topLeft()
        rows, columns = self._pixels.shape
        row, column = int(place.y() / square.height() * rows // 1), int(place.x() / square.width() * columns // 1)
        self._cell = (row, column) if self._with_grid and 0 <= row < rows and 0 <= column < columns else None
        self._tell()
        self.update()

    def leaveEvent(self, event: QEvent) -> None:
        self._cell = None
        self._tell()
        self.update()

    def _tell(self) -> None:
        if not self._with_grid:
            return
        if self._cell is None:
            self.pointed.emit("")
        else:
            row, column = self._cell
            self.pointed.emit(f"row {row}, column {column}: {self._pixels[row, column]} of 255")
