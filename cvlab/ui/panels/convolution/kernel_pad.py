"""The pad on which a kernel is painted: drag to set, the wheel to turn, keys to type."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent, QPainter, QPen
from PySide6.QtWidgets import QWidget

from cvlab.ui.panels.convolution.board import Board
from cvlab.ui.panels.convolution.canvas import BoardCanvas
from cvlab.ui.theme import theme

_STEPS = {
    Qt.Key.Key_Left: (0, -1), Qt.Key.Key_Right: (0, 1), Qt.Key.Key_Up: (-1, 0), Qt.Key.Key_Down: (1, 0),
}  # fmt: skip
_TYPED = "0123456789-−.,"


class KernelPad(BoardCanvas):
    """painted(row, column, value): a cell takes the brush's number. turned: so does a cell under the wheel (`given`).

    A click or a drag paints with `brush`, a right drag with 0; a double click types. cursor: the cell of the keyboard.
    """

    painted = Signal(int, int, float)

    def __init__(self, parent: QWidget) -> None:
        super().__init__(
            "kernel.pad",
            "Kernel",
            "Drag to paint with the brush's number, right-drag to paint 0. The wheel changes a cell by 1 (with Shift by 0.1); "
            "double-click, or type on the cell that the arrow keys chose, to give any number.",
            parent,
        )
        self.brush = 1.0
        self.cursor_at = (1, 1)
        self._kernel = np.zeros((3, 3))
        self._painting: float | None = None
        self.setMaximumHeight(232)

    def sizeHint(self) -> QSize:
        return QSize(216, 216)

    def minimumSizeHint(self) -> QSize:
        return QSize(150, 120)

    def show_kernel(self, kernel: np.ndarray) -> None:
        self._kernel = kernel
        F = len(kernel)
        self.cursor_at = min(self.cursor_at[0], F - 1), min(self.cursor_at[1], F - 1)
        self.renew()

    def lay_out(self) -> None:
        F = len(self._kernel)
        side = (min(self.width(), self.height()) - 4) // F * F
        area = QRectF((self.width() - side) // 2, (self.height() - side) // 2, side, side)
        largest = float(np.abs(self._kernel).max()) or 1.0
        self.boards = [Board("k", (), self._kernel, area, largest=largest, editable=True)]

    def paint(self, painter: QPainter) -> None:
        board = self.boards[0]
        board.paint(painter)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        if self.hasFocus():
            painter.setPen(QPen(theme().colour("accent"), 2))
            painter.drawRoundedRect(board.cell(*self.cursor_at).adjusted(1, 1, -1, -1), 4, 4)

    # -- the brush ---------------------------------------------------------------------------------------------------

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self._painting = {Qt.MouseButton.LeftButton: self.brush, Qt.MouseButton.RightButton: 0.0}.get(event.button())
        self._paint_at(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self._paint_at(event)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        self._painting = None
        self.settled.emit()

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        found = self.find(event.position())
        if found is not None:
            self.edit(*self.place(*found))

    def _paint_at(self, event: QMouseEvent) -> None:
        found = self.find(event.position())
        if self._painting is None or found is None:
            return
        self.cursor_at = found[1:]
        self.painted.emit(*found[1:], self._painting)

    # -- the keyboard ------------------------------------------------------------------------------------------------

    def keyPressEvent(self, event: QKeyEvent) -> None:
        row, column = self.cursor_at
        F = len(self._kernel)
        if event.key() in _STEPS and not event.modifiers() & Qt.KeyboardModifier.AltModifier:
            down, right = _STEPS[Qt.Key(event.key())]
            self.cursor_at = min(max(row + down, 0), F - 1), min(max(column + right, 0), F - 1)
            self.update()
        elif event.key() == Qt.Key.Key_Space:
            self.painted.emit(row, column, self.brush)
            self.settled.emit()
        elif event.key() in (Qt.Key.Key_Delete, Qt.Key.Key_Backspace):
            self.painted.emit(row, column, 0.0)
            self.settled.emit()
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_F2):
            self.edit("k", (row, column))
        elif event.text() and event.text() in _TYPED:
            self.edit("k", (row, column))
            self.line.setText(event.text())
            self.line.setModified(True)
        else:
            super().keyPressEvent(event)
