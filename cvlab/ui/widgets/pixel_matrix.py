"""The numbers that an image is made of, around one pixel: a cell a pixel, a line a channel."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from cvlab.ui.theme import theme
from cvlab.ui.theme.tokens import SMALL
from cvlab.ui.widgets.bars import tabular

_ACROSS = 7  # cells; odd, so that there is a middle one
_MARKS = ("R", "G", "B")


class PixelMatrix(QWidget):
    """Cells keep their size and places; only numbers and shades change. Each cell is painted in its pixel's colour."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._pixels: np.ndarray | None = None
        self._centre = (0, 0)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        theme().changed.connect(self.update)

    def show_pixels(self, pixels: np.ndarray, row: int, column: int) -> None:
        """pixels: (C, H, W) uint8; (row, column): the middle, moved inwards where the image ends."""
        self._pixels = pixels
        self._centre = (row, column)
        self.update()

    def window_of(self) -> tuple[int, int]:
        """(first row, first column) of what is shown."""
        height, width = self._pixels.shape[1:]
        down = self.down
        return (
            min(max(self._centre[0] - down // 2, 0), max(0, height - down)),
            min(max(self._centre[1] - _ACROSS // 2, 0), max(0, width - _ACROSS)),
        )

    @property
    def down(self) -> int:
        """Rows of cells, an odd number."""
        return _ACROSS if self._pixels is None or self._pixels.shape[0] == 1 else 5

    def sizeHint(self) -> QSize:
        return QSize(256, 224)

    def minimumSizeHint(self) -> QSize:
        return QSize(200, 150)

    def paintEvent(self, event: QPaintEvent) -> None:
        if self._pixels is None:
            return
        painter = QPainter(self)
        channels, height, width = self._pixels.shape
        top, left = self.window_of()
        margin = 28.0
        cell_w = int((self.width() - margin) / _ACROSS)
        cell_h = int((self.height() - 18.0) / self.down)
        font = tabular(self.font())
        font.setPixelSize(max(8, min(SMALL, int(cell_h / channels) - 1, int(cell_w / 2.2))))
        painter.setFont(font)
        line = QFontMetricsF(font).height() - 1
        centred = int(Qt.AlignmentFlag.AlignCenter)
        painter.setPen(theme().colour("muted"))
        for across in range(min(_ACROSS, width)):
            painter.drawText(QRectF(margin + across * cell_w, 0, cell_w, 16), centred, str(left + across))
        for down in range(min(self.down, height)):
            y = 18.0 + down * cell_h
            painter.setPen(theme().colour("muted"))
            painter.drawText(
                QRectF(0, y, margin - 6, cell_h),
                int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter),
                str(top + down),
            )
            for across in range(min(_ACROSS, width)):
                values = self._pixels[:, top + down, left + across]
                area = QRectF(margin + across * cell_w, y, cell_w, cell_h)
                self._paint_cell(painter, area.adjusted(0.5, 0.5, -1.5, -1.5), values, line)
        row, column = self._centre
        area = QRectF(margin + (column - left) * cell_w, 18.0 + (row - top) * cell_h, cell_w, cell_h)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(theme().colour("accent"), 2))
        painter.drawRect(area.adjusted(0, 0, -1, -1))
        painter.end()

    def _paint_cell(self, painter: QPainter, area: QRectF, values: np.ndarray, line: float) -> None:
        shade = QColor(*(int(v) for v in (values if len(values) == 3 else [values[0]] * 3)))
        painter.fillRect(area, shade)
        # Black on light cells, white on dark ones, by their luminance: an image's own colours are no theme's.
        light = 0.299 * shade.red() + 0.587 * shade.green() + 0.114 * shade.blue() > 128
        painter.setPen(QColor(Qt.GlobalColor.black if light else Qt.GlobalColor.white))
        y = area.center().y() - line * len(values) / 2
        for value in values:
            painter.drawText(QRectF(area.x(), y, area.width(), line), int(Qt.AlignmentFlag.AlignCenter), str(value))
            y += line


def pixel_words(values: np.ndarray) -> str:
    """ "R 34, G 56, B 78", or the one number of a grey pixel."""
    if len(values) == 1:
        return str(values[0])
    return ", ".join(f"{mark} {value}" for mark, value in zip(_MARKS, values, strict=True))
