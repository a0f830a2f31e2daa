"""A few images side by side, each with a caption and a frame that says what it is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil

import numpy as np
from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QFontMetricsF, QHelpEvent, QImage, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from cvlab.ui.theme import theme
from cvlab.ui.widgets.bars import tabular

_GAP, _LINE = 10.0, 16.0


@dataclass(frozen=True, eq=False)
class Tile:
    """image: (C, H, W) uint8. caption: one line or two. role: of the frame, "" for none. tip: what pointing at it says."""

    image: np.ndarray
    caption: str = ""
    role: str = ""
    tip: str = ""


def picture(image: np.ndarray) -> QImage:
    """(C, H, W) uint8 as a QImage that owns its bytes: grey for one channel, colour for three."""
    channels, height, width = image.shape
    if channels == 1:
        data = np.ascontiguousarray(image[0])
        return QImage(data.data, width, height, width, QImage.Format.Format_Grayscale8).copy()
    data = np.ascontiguousarray(image[:3].transpose(1, 2, 0))
    return QImage(data.data, width, height, 3 * width, QImage.Format.Format_RGB888).copy()


class ImageTiles(QWidget):
    """In as many columns as make the tiles largest. chosen(i): one was clicked."""

    chosen = Signal(int)

    def __init__(self, parent: QWidget, *, most: float = 120.0, columns: int = 0) -> None:
        """most: the largest side of a tile in pixels. columns: fixed, 0 for the best."""
        super().__init__(parent)
        self._most, self._fixed = most, columns
        self._tiles: tuple[Tile, ...] = ()
        self._pictures: list[QImage] = []
        self._message = ""
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        theme().changed.connect(self.update)

    def sizeHint(self) -> QSize:
        return QSize(320, 160)

    def minimumSizeHint(self) -> QSize:
        return QSize(120, 90)

    def show_tiles(self, tiles: Sequence[Tile]) -> None:
        self._tiles, self._message = tuple(tiles), ""
        self._pictures = [picture(tile.image) for tile in tiles]
        self.setAccessibleDescription("; ".join(tile.caption.replace("\n", ", ") for tile in tiles))
        self.update()

    def show_message(self, message: str) -> None:
        self._tiles, self._pictures, self._message = (), [], message
        self.setAccessibleDescription(message)
        self.update()

    @property
    def tiles(self) -> tuple[Tile, ...]:
        return self._tiles

    def _lines(self) -> int:
        return max((tile.caption.count("\n") + 1 for tile in self._tiles if tile.caption), default=0)

    def _layout(self) -> tuple[int, float]:
        """(columns, side)"""
        count = len(self._tiles)
        below = self._lines() * _LINE + 4

        def side(columns: int) -> float:
            rows = ceil(count / columns)
            return min(self.width() / columns - _GAP, self.height() / rows - below - _GAP, self._most)

        columns = self._fixed or max(range(1, count + 1), key=lambda n: (round(side(n), 2), -ceil(count / n)))
        return columns, max(side(columns), 8.0)

    def tile_area(self, i: int) -> QRectF:
        """Where a picture is, in pixels."""
        columns, side = self._layout()
        row, column = divmod(i, columns)
        across = min(self.width() / columns, max(side + _GAP, 96.0))
        down = side + self._lines() * _LINE + 4 + _GAP
        left = (self.width() - across) / 2 if len(self._tiles) == 1 else 0.0
        return QRectF(left + column * across + (across - side) / 2, row * down + 3, side, side)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter, look = QPainter(self), theme()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if not self._tiles:
            painter.setPen(look.colour("muted"))
            painter.drawText(self.rect(), int(Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap), self._message)
            painter.end()
            return
        font = tabular(self.font())
        font.setPixelSize(12)
        painter.setFont(font)
        metrics = QFontMetricsF(font)
        columns, _ = self._layout()
        room = min(self.width() / columns, 220.0)
        for i, (tile, shown) in enumerate(zip(self._tiles, self._pictures, strict=True)):
            area = self.tile_area(i)
            painter.drawImage(area, shown)
            if tile.role:
                painter.setBrush(Qt.BrushStyle.NoBrush)
                painter.setPen(QPen(look.colour(tile.role), 3))
                painter.drawRoundedRect(area.adjusted(-2, -2, 2, 2), 3, 3)
            for number, line in enumerate(tile.caption.split("\n")):
                painter.setPen(look.colour("ink" if not number else "muted"))
                box = QRectF(area.center().x() - room / 2, area.bottom() + 4 + number * _LINE, room, _LINE)
                text = metrics.elidedText(line, Qt.TextElideMode.ElideRight, room - 4)
                painter.drawText(box, int(Qt.AlignmentFlag.AlignCenter), text)
        painter.end()

    def _under(self, place: QPointF) -> int:
        return next((i for i in range(len(self._tiles)) if self.tile_area(i).contains(place)), -1)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        found = self._under(event.position())
        if found >= 0:
            self.chosen.emit(found)

    def event(self, event: QEvent) -> bool:
        if isinstance(event, QHelpEvent) and event.type() == QEvent.Type.ToolTip:
            found = self._under(QPointF(event.pos()))
            QToolTip.showText(event.globalPos(), self._tiles[found].tip if found >= 0 else self.toolTip(), self)
            return True
        return super().event(event)
