"""An image as a grid of numbers: each pixel a cell in its own shade, with its value where there is room, to be typed over."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFocusEvent, QImage, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen, QResizeEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from cvlab.ui.panels.neighbors.image_tiles import picture
from cvlab.ui.panels.neighbors.pieces import named
from cvlab.ui.theme import theme
from cvlab.ui.widgets.bars import tabular
from cvlab.ui.widgets.image_grid import colour_table, to_levels

_MOVES = {Qt.Key.Key_Left: (0, -1), Qt.Key.Key_Right: (0, 1), Qt.Key.Key_Up: (-1, 0), Qt.Key.Key_Down: (1, 0)}
_READABLE = 26.0


class PixelCells(QWidget):
    """pointed((row, column)) or None. written(row, column, value): a number was typed into a cell."""

    pointed = Signal(object)
    written = Signal(int, int, int)
    resized = Signal()

    def __init__(self, name: str, words: str, parent: QWidget) -> None:
        super().__init__(parent)
        named(
            self,
            name,
            words,
            "Point at a pixel, or walk with the arrow keys: it is lit in all three grids. In the 4 × 4 grids type a number from "
            "0 to 255 and press Enter.",
        )
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMouseTracking(True)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self._values: np.ndarray | None = None  # (H, W) numbers that are written, or (C, H, W) of a colour image
        self._image = QImage()
        self._editable, self._is_image = False, True
        self._lit: tuple[int, int] | None = None
        self._typed = ""
        self._message = ""
        theme().changed.connect(self._recolour)

    def sizeHint(self) -> QSize:
        return QSize(260, 260)

    def minimumSizeHint(self) -> QSize:
        return QSize(120, 120)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.resized.emit()

    # -- for the owner -----------------------------------------------------------------------------------------------

    def show_image(self, image: np.ndarray, *, editable: bool = False) -> None:
        """image: (C, H, W) whole numbers 0..255."""
        self._values, self._editable, self._is_image = image, editable, True
        self._image = picture(image.astype(np.uint8))
        self._forget_typing()

    def show_terms(self, cells: np.ndarray) -> None:
        """cells: (H, W) sums that are never negative, shaded from nothing to the largest."""
        self._values, self._editable, self._is_image = cells[None], False, False
        self._shade()
        self._forget_typing()

    def show_message(self, message: str) -> None:
        self._values, self._message = None, message
        self.update()

    def light(self, cell: tuple[int, int] | None) -> None:
        """The cell that is pointed at, here or in another grid."""
        if cell != self._lit:
            self._lit = cell
            self._forget_typing()

    def _forget_typing(self) -> None:
        self._typed = ""
        self.update()

    def _shade(self) -> None:
        cells = self._values[0]
        levels = np.ascontiguousarray(to_levels(cells.astype(np.float64), float(cells.max(initial=0)), signed=False))
        height, width = levels.shape
        image = QImage(levels.data, width, height, width, QImage.Format.Format_Indexed8)
        image.setColorTable([colour.rgba() for colour in colour_table(signed=False)])
        self._image = image.convertToFormat(QImage.Format.Format_RGB32)

    def _recolour(self) -> None:
        if self._values is not None and not self._is_image:
            self._shade()
        self.update()

    # -- geometry ----------------------------------------------------------------------------------------------------

    def area(self) -> QRectF:
        """Where the grid is, in pixels: whole cells, at the top, in the middle."""
        _, height, width = self._values.shape
        side = min((self.width() - 6) / width, (self.height() - 6) / height, 140.0)
        side = max(float(int(side)), 1.0) if side >= 2 else side
        return QRectF((self.width() - side * width) / 2, 3, side * width, side * height)

    def cell(self, row: int, column: int) -> QRectF:
        area, (_, _, width) = self.area(), self._values.shape
        side = area.width() / width
        return QRectF(area.left() + column * side, area.top() + row * side, side, side)

    def _under(self, place: QPointF) -> tuple[int, int] | None:
        if self._values is None:
            return None
        area, (_, height, width) = self.area(), self._values.shape
        side = area.width() / width
        row, column = int((place.y() - area.top()) // side), int((place.x() - area.left()) // side)
        return (row, column) if 0 <= row < height and 0 <= column < width else None

    # -- painting ----------------------------------------------------------------------------------------------------

    def paintEvent(self, event: QPaintEvent) -> None:
        painter, look = QPainter(self), theme()
        if self._values is None:
            painter.setPen(look.colour("muted"))
            painter.drawText(self.rect(), int(Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap), self._message)
            painter.end()
            return
        area = self.area()
        painter.drawImage(area, self._image)
        _, height, width = self._values.shape
        side = area.width() / width
        if side >= _READABLE:
            self._paint_numbers(painter, side)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(look.colour("faint"), 1))
        painter.drawRect(area)
        if self._lit is not None and self._lit[0] < height and self._lit[1] < width:
            for role, wide in (("raised", 5), ("accent", 3)):
                painter.setPen(QPen(look.colour(role), wide))
                painter.drawRect(self.cell(*self._lit))
        if self.hasFocus():
            painter.setPen(QPen(look.colour("accent"), 1))
            painter.drawRoundedRect(QRectF(self.rect()).adjusted(1, 1, -1, -1), 4, 4)
        painter.end()

    def _paint_numbers(self, painter: QPainter, side: float) -> None:
        look, (channels, height, width) = theme(), self._values.shape
        if channels > 1:
            return
        font = tabular(self.font())
        font.setPixelSize(round(min(16, side * 0.34)))
        painter.setFont(font)
        for row in range(height):
            for column in range(width):
                area = self.cell(row, column)
                ground = QColor(self._image.pixel(column, row))
                is_dark = ground.lightnessF() < 0.5
                painter.setPen(look.colour("ink" if is_dark == look.is_dark else "raised"))
                lit = (row, column) == self._lit
                text = f"{self._typed}▏" if lit and self._typed else f"{int(self._values[0, row, column]):,}"
                painter.drawText(area, int(Qt.AlignmentFlag.AlignCenter), text)
                painter.setPen(QPen(look.colour("faint"), 1))
                painter.drawRect(area)

    # -- pointer and keys --------------------------------------------------------------------------------------------

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        cell = self._under(event.position())
        if cell != self._lit:
            self.pointed.emit(cell)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self.pointed.emit(self._under(event.position()))

    def leaveEvent(self, event: QEvent) -> None:
        if not self.hasFocus():
            self.pointed.emit(None)

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        keys = (Qt.FocusReason.TabFocusReason, Qt.FocusReason.BacktabFocusReason, Qt.FocusReason.ShortcutFocusReason)
        if self._lit is None and self._values is not None and event.reason() in keys:
            self.pointed.emit((0, 0))
        self.update()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self._finish()
        self.update()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        step = _MOVES.get(Qt.Key(event.key()))
        if self._values is None or event.modifiers() & (
            Qt.KeyboardModifier.AltModifier | Qt.KeyboardModifier.ControlModifier
        ):
            super().keyPressEvent(event)
        elif step is not None:
            self._finish()
            _, height, width = self._values.shape
            row, column = self._lit or (0, 0)
            self.pointed.emit((min(max(row + step[0], 0), height - 1), min(max(column + step[1], 0), width - 1)))
        elif self._editable and self._lit is not None and event.text().isdigit():
            self._typed = (self._typed + event.text())[-3:]
            self.update()
        elif event.key() == Qt.Key.Key_Backspace and self._typed:
            self._typed = self._typed[:-1]
            self.update()
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and self._typed:
            self._finish()
        elif event.key() == Qt.Key.Key_Escape and self._typed:
            self._forget_typing()
        else:
            super().keyPressEvent(event)

    def _finish(self) -> None:
        """Hands over what was typed; what is above 255 becomes 255."""
        if self._typed and self._lit is not None and self._editable:
            value, cell = min(int(self._typed), 255), self._lit
            self._typed = ""
            if int(self._values[0][cell]) != value:
                self.written.emit(*cell, value)
        self._forget_typing()
