"""A grid of tens of thousands of images, painted straight from their bytes: only what is seen, a strip of rows at a time.

Nothing is decoded twice: a block of rows becomes one pixmap and waits in a small cache.
"""

from __future__ import annotations

from collections import OrderedDict

import numpy as np
from PySide6.QtCore import QPoint, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QHelpEvent,
    QImage,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QPixmap,
    QResizeEvent,
)
from PySide6.QtWidgets import QAbstractScrollArea, QToolTip, QWidget

from cvlab.ui.theme import theme

GAP = 4
"""Pixels between two thumbnails."""
_CACHE_PIXELS = 24_000_000
"""Of all strips kept: some four screens."""


class Thumbnails(QAbstractScrollArea):
    """images: (N, C, H, W) uint8; order: which are shown, in which order. chosen: a position in the images was clicked.

    opened: Return or a double click. hovered: the image under the pointer, -1 for none.
    """

    chosen = Signal(int)
    opened = Signal(int)
    hovered = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._images = np.zeros((0, 1, 1, 1), np.uint8)
        self._order = np.zeros(0, np.int64)
        self._side, self._current, self._under = 40, -1, -1
        self._strips: OrderedDict[int, QPixmap] = OrderedDict()
        self._message = ""
        self.viewport().setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOn)
        self.setProperty("role", "well")
        theme().changed.connect(self._forget)

    # -- for the owner -----------------------------------------------------------------------------------------------

    def set_images(self, images: np.ndarray, order: np.ndarray | None = None) -> None:
        """Other images; shown as stored unless `order` says otherwise."""
        self._images = images
        self.set_order(np.arange(len(images)) if order is None else order)

    def set_order(self, order: np.ndarray) -> None:
        """order: (M,) positions in the images. The view goes back to the top."""
        self._order = np.asarray(order, np.int64)
        self._forget()
        self._measure()
        self.verticalScrollBar().setValue(0)

    def set_side(self, side: int) -> None:
        """The side of a thumbnail in pixels; what was at the top stays at the top."""
        if side == self._side:
            return
        first = self._first_row() * self.columns
        self._side = side
        self._forget()
        self._measure()
        self.verticalScrollBar().setValue(first // self.columns * self.pitch)

    def set_current(self, index: int) -> None:
        """Marks the image at this position of the images; -1 for none."""
        if index != self._current:
            self._current = index
            self.viewport().update()

    def show_message(self, message: str) -> None:
        """Words where no image is to be shown."""
        self._message = message
        self.viewport().update()

    @property
    def order(self) -> np.ndarray:
        return self._order

    @property
    def side(self) -> int:
        return self._side

    @property
    def pitch(self) -> int:
        """Pixels from one row of thumbnails to the next."""
        return self._side + GAP

    @property
    def columns(self) -> int:
        return max(1, (self.viewport().width() - GAP) // self.pitch)

    @property
    def rows(self) -> int:
        return -(-len(self._order) // self.columns)

    @property
    def margin(self) -> int:
        """Pixels left of the first column, so that the columns stand in the middle."""
        return max(GAP, (self.viewport().width() - self.columns * self.pitch + GAP) // 2)

    def index_at(self, place: QPoint) -> int:
        """The position in the images of what is at this place of the viewport; -1 between them."""
        x, y = place.x() - self.margin, place.y() + self.verticalScrollBar().value() - GAP
        column, row = x // self.pitch, y // self.pitch
        if not (
            0 <= column < self.columns and row >= 0 and x % self.pitch < self._side and y % self.pitch < self._side
        ):
            return -1
        number = row * self.columns + column
        return int(self._order[number]) if number < len(self._order) else -1

    def rect_of(self, number: int) -> QRect:
        """Where the thumbnail of this number in the order is, in the viewport."""
        row, column = divmod(number, self.columns)
        top = GAP + row * self.pitch - self.verticalScrollBar().value()
        return QRect(self.margin + column * self.pitch, top, self._side, self._side)

    def reveal(self, index: int) -> None:
        """Scrolls as little as shows the image at this position of the images."""
        places = np.flatnonzero(self._order == index)
        if not len(places):
            return
        top = int(places[0]) // self.columns * self.pitch
        bar = self.verticalScrollBar()
        room = self.viewport().height()
        if top < bar.value():
            bar.setValue(top)
        elif top + self.pitch + GAP > bar.value() + room:
            bar.setValue(top + self.pitch + GAP - room)

    def sizeHint(self) -> QSize:
        return QSize(560, 480)

    def minimumSizeHint(self) -> QSize:
        return QSize(200, 160)

    # -- geometry and cache ------------------------------------------------------------------------------------------

    def _measure(self) -> None:
        bar, room = self.verticalScrollBar(), self.viewport().height()
        bar.setRange(0, max(0, self.rows * self.pitch + GAP - room))
        bar.setPageStep(max(1, room - self.pitch))
        bar.setSingleStep(max(8, self.pitch // 2))

    def _first_row(self) -> int:
        return self.verticalScrollBar().value() // self.pitch

    def _forget(self) -> None:
        self._strips.clear()
        self.viewport().update()

    def resizeEvent(self, event: QResizeEvent) -> None:
        first = (
            self._first_row() * max(1, (event.oldSize().width() - GAP) // self.pitch)
            if event.oldSize().isValid()
            else 0
        )
        self._strips.clear()
        self._measure()
        self.verticalScrollBar().setValue(first // self.columns * self.pitch)

    def _strip(self, row: int) -> QPixmap:
        """One row of thumbnails as a pixmap without gaps, from the cache or painted now."""
        strip = self._strips.get(row)
        if strip is None:
            members = self._order[row * self.columns : (row + 1) * self.columns]
            strip = strip_of(self._images[members], self._side, self.devicePixelRatioF())
            self._strips[row] = strip
            most = max(8, _CACHE_PIXELS // max(1, self.columns * self._side * self._side))
            while len(self._strips) > most:
                self._strips.popitem(last=False)
        else:
            self._strips.move_to_end(row)
        return strip

    # -- painting ----------------------------------------------------------------------------------------------------

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self.viewport())
        if not len(self._order):
            painter.setPen(theme().colour("muted"))
            flags = int(Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap)
            painter.drawText(self.viewport().rect().adjusted(24, 24, -24, -24), flags, self._message)
            painter.end()
            return
        offset = self.verticalScrollBar().value() - GAP
        first = max(0, (event.rect().top() + offset) // self.pitch)
        last = min(self.rows - 1, (event.rect().bottom() + offset) // self.pitch)
        margin, pixels = self.margin, round(self._side * self.devicePixelRatioF())
        for row in range(first, last + 1):
            strip, top = self._strip(row), row * self.pitch - offset
            for column in range(strip.width() // pixels):
                painter.drawPixmap(
                    QRect(margin + column * self.pitch, top, self._side, self._side),
                    strip,
                    QRect(column * pixels, 0, pixels, pixels),
                )
        self._paint_mark(painter, self._current, theme().colour("accent"), 3)
        if self._under != self._current:
            self._paint_mark(painter, self._under, theme().colour("ink", 0.6), 1)
        painter.end()

    def _paint_mark(self, painter: QPainter, index: int, colour: QColor, width: int) -> None:
        if index < 0:
            return
        for number in np.flatnonzero(self._order == index):
            area = self.rect_of(int(number))
            if area.intersects(self.viewport().rect()):
                painter.setPen(QPen(colour, width))
                painter.setBrush(Qt.BrushStyle.NoBrush)
                painter.drawRect(QRectF(area).adjusted(-1, -1, 1, 1))

    # -- pointing and keys -------------------------------------------------------------------------------------------

    def mousePressEvent(self, event: QMouseEvent) -> None:
        index = self.index_at(event.position().toPoint())
        if event.button() == Qt.MouseButton.LeftButton and index >= 0:
            self.chosen.emit(index)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        index = self.index_at(event.position().toPoint())
        if index >= 0:
            self.opened.emit(index)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self._hover(self.index_at(event.position().toPoint()))

    def leaveEvent(self, event) -> None:
        self._hover(-1)

    def _hover(self, index: int) -> None:
        if index != self._under:
            self._under = index
            self.hovered.emit(index)
            self.viewport().update()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Arrows walk through the images, Page and Home/End leap, Return opens."""
        keys = Qt.Key
        places = np.flatnonzero(self._order == self._current)
        here = int(places[0]) if len(places) else -1
        page = max(1, self.viewport().height() // self.pitch) * self.columns
        leaps = {
            keys.Key_Right: 1, keys.Key_Left: -1, keys.Key_Down: self.columns, keys.Key_Up: -self.columns,
            keys.Key_PageDown: page, keys.Key_PageUp: -page, keys.Key_Home: -len(self._order),
            keys.Key_End: len(self._order),
        }  # fmt: skip
        if event.key() in (keys.Key_Return, keys.Key_Enter) and here >= 0:
            self.opened.emit(self._current)
        elif event.key() in leaps and len(self._order):
            there = 0 if here < 0 else min(max(here + leaps[event.key()], 0), len(self._order) - 1)
            index = int(self._order[there])
            self.chosen.emit(index)
            self.reveal(index)
        else:
            super().keyPressEvent(event)

    def viewportEvent(self, event) -> bool:
        if isinstance(event, QHelpEvent) and event.type() == QHelpEvent.Type.ToolTip:
            words = self.words(self.index_at(event.pos()))
            QToolTip.showText(event.globalPos(), words or self.toolTip(), self)
            return True
        return super().viewportEvent(event)

    def words(self, index: int) -> str:
        """What a tool tip says of an image; owners replace it."""
        return f"image {index + 1:,}" if index >= 0 else ""


def strip_of(images: np.ndarray, side: int, ratio: float = 1.0) -> QPixmap:
    """(n, C, H, W) bytes side by side in one pixmap, each scaled to `side` x `side` with its shape kept."""
    n, _, height, width = images.shape
    sheet = sheet_of(images)  # (H, n * W, 4): the format that Qt scales fastest
    image = QImage(sheet.data, sheet.shape[1], sheet.shape[0], sheet.strides[0], QImage.Format.Format_RGB32)
    pixels = round(side * ratio)
    if (height, width) == (pixels, pixels):
        return QPixmap.fromImage(image)
    made = QPixmap(n * pixels, pixels)
    if height != width:
        made.fill(theme().colour("sunken"))
    scale = pixels / max(height, width)
    painter = QPainter(made)
    if height == width and pixels % width == 0:  # a pixel becomes a square of whole pixels: a strip is one stroke
        painter.drawImage(QRectF(0, 0, n * pixels, pixels), image)
    else:  # one by one, so that no image is mixed with its neighbour's edge
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        wide, tall = width * scale, height * scale
        for number in range(n):
            area = QRectF(number * pixels + (pixels - wide) / 2, (pixels - tall) / 2, wide, tall)
            painter.drawImage(area, image, QRectF(number * width, 0, width, height))
    painter.end()
    return made


def sheet_of(images: np.ndarray) -> np.ndarray:
    """(n, C, H, W) bytes, C 1 or 3 -> (H, n * W, 4): side by side, as blue, green, red and 255."""
    n, channels, height, width = images.shape
    sheet = np.full((height, n, width, 4), 255, np.uint8)
    if channels == 1:
        sheet[..., :3] = images[:, 0].transpose(1, 0, 2)[..., None]
    else:
        for place, channel in enumerate((2, 1, 0)):
            sheet[..., place] = images[:, channel].transpose(1, 0, 2)
    return sheet.reshape(height, n * width, 4)
