"""One image enlarged, a square a pixel: grey or colour, as bytes or with signs, and the pixel under the pointer."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QImage, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from cvlab.ui.theme import theme


class PixelImage(QWidget):
    """pointed: (row, column) under the pointer or moved to by the arrow keys, (-1, -1) when it left.

    The pixel stays marked when the pointer leaves, so that its numbers can be read in peace.
    """

    pointed = Signal(int, int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._pixels: np.ndarray | None = None
        self._image = QImage()
        self._cell = (-1, -1)
        self._message = ""
        self.setMouseTracking(True)
        self.setCursor(Qt.CursorShape.CrossCursor)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        theme().changed.connect(self.update)

    # -- for the owner -----------------------------------------------------------------------------------------------

    def show_pixels(self, pixels: np.ndarray) -> None:
        """pixels: (C, H, W) uint8, C 1 or 3."""
        self._pixels, self._message = pixels, ""
        self._image = image_of(pixels)
        height, width = pixels.shape[1:]
        if self._cell[0] >= height or self._cell[1] >= width:
            self._cell = (-1, -1)
        self.update()

    def show_message(self, message: str) -> None:
        """Words in place of an image."""
        self._pixels, self._message = None, message
        self.update()

    def mark(self, row: int, column: int) -> None:
        """Marks a pixel without announcing it: another view of the same size was pointed at."""
        if (row, column) != self._cell:
            self._cell = (row, column)
            self.update()

    @property
    def pixels(self) -> np.ndarray | None:
        return self._pixels

    @property
    def cell(self) -> tuple[int, int]:
        return self._cell

    def sizeHint(self) -> QSize:
        return QSize(224, 224)

    def minimumSizeHint(self) -> QSize:
        return QSize(64, 64)

    def hasHeightForWidth(self) -> bool:
        return False

    # -- painting ----------------------------------------------------------------------------------------------------

    def area(self) -> QRectF:
        """Where the image lies: whole screen pixels a square where there is room, in the middle."""
        if self._pixels is None:
            return QRectF(self.rect())
        height, width = self._pixels.shape[1:]
        scale = min(self.width() / width, self.height() / height)
        if scale >= 1:
            scale = int(scale)
        w, h = width * scale, height * scale
        return QRectF(int((self.width() - w) / 2), int((self.height() - h) / 2), w, h)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter, area = QPainter(self), self.area()
        if self._pixels is None:
            painter.fillRect(area, theme().colour("sunken"))
            painter.setPen(theme().colour("muted"))
            flags = int(Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap)
            painter.drawText(area.adjusted(12, 12, -12, -12), flags, self._message)
            painter.end()
            return
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, area.width() < self._image.width())
        painter.drawImage(area, self._image)
        row, column = self._cell
        if row >= 0:
            height, width = self._pixels.shape[1:]
            x, y = area.width() / width, area.height() / height
            cell = QRectF(area.x() + column * x, area.y() + row * y, x, y).adjusted(-1, -1, 1, 1)
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(theme().colour("surface"), 3))  # a rim of both shades shows on every image
            painter.drawRect(cell)
            painter.setPen(QPen(theme().colour("accent"), 2))
            painter.drawRect(cell)
        if self.hasFocus():
            painter.setPen(QPen(theme().colour("accent"), 2))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRect(area.adjusted(1, 1, -1, -1))
        painter.end()

    # -- pointing ----------------------------------------------------------------------------------------------------

    def cell_at(self, place: QPointF) -> tuple[int, int]:
        if self._pixels is None:
            return -1, -1
        area, (height, width) = self.area(), self._pixels.shape[1:]
        row = int((place.y() - area.y()) / area.height() * height // 1)
        column = int((place.x() - area.x()) / area.width() * width // 1)
        return (row, column) if 0 <= row < height and 0 <= column < width else (-1, -1)

    def _point(self, cell: tuple[int, int]) -> None:
        if cell != self._cell and cell[0] >= 0:
            self._cell = cell
            self.update()
            self.pointed.emit(*cell)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self._point(self.cell_at(event.position()))

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self._point(self.cell_at(event.position()))

    def leaveEvent(self, event: QEvent) -> None:
        self.pointed.emit(-1, -1)

    def focusInEvent(self, event: QEvent) -> None:
        self.update()

    def focusOutEvent(self, event: QEvent) -> None:
        self.update()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        steps = {
            Qt.Key.Key_Left: (0, -1), Qt.Key.Key_Right: (0, 1), Qt.Key.Key_Up: (-1, 0), Qt.Key.Key_Down: (1, 0),
        }  # fmt: skip
        step = steps.get(event.key())
        if step is None or self._pixels is None:
            super().keyPressEvent(event)
            return
        height, width = self._pixels.shape[1:]
        row, column = (max(0, self._cell[0]), max(0, self._cell[1]))
        self._point((min(max(row + step[0], 0), height - 1), min(max(column + step[1], 0), width - 1)))


def image_of(pixels: np.ndarray) -> QImage:
    """(C, H, W) uint8, C 1 or 3, as an image that owns its bytes."""
    channels, height, width = pixels.shape
    if channels == 1:
        flat = np.ascontiguousarray(pixels[0])
        return QImage(flat.data, width, height, width, QImage.Format.Format_Grayscale8).copy()
    flat = np.ascontiguousarray(pixels.transpose(1, 2, 0))
    return QImage(flat.data, width, height, 3 * width, QImage.Format.Format_RGB888).copy()
