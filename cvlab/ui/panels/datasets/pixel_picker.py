"""The mean image with two markers on it: the two pixels whose values make a cloud. Markers are dragged, or moved by keys."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QFocusEvent, QImage, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QWidget

from cvlab.ui.theme import theme
from cvlab.ui.widgets.image_tiles import picture_of

_KEYS = {
    Qt.Key.Key_Left: (0, -1),
    Qt.Key.Key_Right: (0, 1),
    Qt.Key.Key_Up: (-1, 0),
    Qt.Key.Key_Down: (1, 0),
}
Place = tuple[int, int]


class PixelPicker(QWidget):
    """picked(which, row, column): marker 0 or 1 was moved. Tab goes from one marker to the other by the space bar."""

    picked = Signal(int, int, int)

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._picture = QImage()
        self.places: tuple[Place, Place] = ((0, 0), (0, 1))
        self._held = 0
        self._is_dragging = False
        self.setFixedSize(QSize(148, 148))
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setCursor(Qt.CursorShape.CrossCursor)
        theme().changed.connect(self.update)

    def show_image(self, image: np.ndarray) -> None:
        """image (C, H, W) uint8."""
        self._picture = picture_of(image)
        self.update()

    def show_places(self, first: Place, second: Place) -> None:
        """(row, column) of both markers."""
        self.places = (first, second)
        self.setAccessibleDescription(
            f"A at row {first[0]}, column {first[1]}; B at row {second[0]}, column {second[1]}"
        )
        self.update()

    @property
    def _rows(self) -> int:
        return max(1, self._picture.height())

    @property
    def _columns(self) -> int:
        return max(1, self._picture.width())

    def centre_of(self, place: Place) -> QPointF:
        """Where a pixel's middle is painted."""
        return QPointF((place[1] + 0.5) / self._columns * self.width(), (place[0] + 0.5) / self._rows * self.height())

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.drawImage(QRectF(self.rect()), self._picture)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        for which, (place, name) in enumerate(zip(self.places, "AB", strict=True)):
            centre = self.centre_of(place)
            painter.setPen(QPen(theme().colour("raised"), 4))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawEllipse(centre, 7, 7)
            painter.setPen(QPen(theme().colour("accent" if which == 0 else "negative"), 2))
            painter.drawEllipse(centre, 7, 7)
            # A's name stands at its left and B's at its right, so that neighbours can be told apart.
            plate = QRectF(centre.x() - 22 if which == 0 else centre.x() + 7, centre.y() - 18, 15, 15)
            plate.moveLeft(min(max(plate.left(), 1), self.width() - 16))
            plate.moveTop(max(plate.top(), 1))
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(theme().colour("raised"))
            painter.drawRoundedRect(plate, 3, 3)
            painter.setPen(theme().colour("ink"))
            painter.drawText(plate, int(Qt.AlignmentFlag.AlignCenter), name)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(theme().colour("accent" if self.hasFocus() else "faint"), 2 if self.hasFocus() else 1))
        painter.drawRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5))
        painter.end()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        away = [(self.centre_of(place) - event.position()).manhattanLength() for place in self.places]
        self._held, self._is_dragging = int(away[1] < away[0]), True
        self._move(event.position())

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self._is_dragging:
            self._move(event.position())

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        self._is_dragging = False

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Space:
            self._held = 1 - self._held
        elif event.key() in _KEYS:
            row, column = self.places[self._held]
            down, right = _KEYS[event.key()]
            self._tell(row + down, column + right)
        else:
            super().keyPressEvent(event)

    def focusInEvent(self, event: QFocusEvent) -> None:
        self.update()
        super().focusInEvent(event)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        self.update()
        super().focusOutEvent(event)

    def _move(self, place: QPointF) -> None:
        self._tell(int(place.y() / self.height() * self._rows), int(place.x() / self.width() * self._columns))

    def _tell(self, row: int, column: int) -> None:
        row, column = min(max(row, 0), self._rows - 1), min(max(column, 0), self._columns - 1)
        if (row, column) != self.places[self._held]:
            self.picked.emit(self._held, row, column)
