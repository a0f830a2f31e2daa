"""A vector or matrix as it stands on a wire: its numbers between brackets, or, if there are many, one coloured field for each."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QPointF, QRectF, QSizeF, Qt
from PySide6.QtGui import QImage, QPainter, QPen

from cvlab.engine.circuit.tensors import Shape, told
from cvlab.ui.panels.circuits.face import short
from cvlab.ui.panels.circuits.fonts import draw_text, tint
from cvlab.ui.theme import theme
from cvlab.ui.widgets.image_grid import colour_table, to_levels

MOST_ROWS, MOST_COLUMNS = 6, 5
"""Beyond it the numbers become colours."""

_CELL_WIDTH, _CELL_HEIGHT = 56.0, 18.0
_FIELD_SIDE, _MOST_FIELD, _LEAST_FIELD = 92.0, 10.0, 3.0
_BRACKET = 6.0
_PIXELS, _MOST_PIXELS = 13, 16
"""Of the digits, at life size and in a picture that is shown small: there they fill their cells, and are fewer."""


def is_written(shape: Shape) -> bool:
    """Its numbers can be read on the wire."""
    rows, columns = sides(shape)
    return rows <= MOST_ROWS and columns <= MOST_COLUMNS


def sides(shape: Shape) -> tuple[int, int]:
    """Rows and columns as drawn: a vector stands upright."""
    return (shape[0], 1) if len(shape) == 1 else (shape[0], shape[1])


def size(shape: Shape) -> QSizeF:
    """What the label takes, brackets and all."""
    rows, columns = sides(shape)
    if is_written(shape):
        return QSizeF(columns * _CELL_WIDTH + 2 * _BRACKET, rows * _CELL_HEIGHT)
    field = min(max(_FIELD_SIDE / max(rows, columns), _LEAST_FIELD), _MOST_FIELD)
    return QSizeF(max(columns * field, 12.0) + 2 * _BRACKET, max(min(rows * field, 150.0), 12.0))


class MatrixLabel:
    """Keeps the texts and the picture of one value, so that painting it again costs little."""

    def __init__(self, value: np.ndarray) -> None:
        self.value = value
        self.size = size(value.shape)
        self._texts: dict[int, list[list[str]]] = {}
        self._image: tuple[str, QImage] | None = None

    def texts(self, most: int = 6) -> list[list[str]]:
        """The numbers, row by row, in so many signs each."""
        if most not in self._texts:
            table = self.value.reshape(sides(self.value.shape))
            self._texts[most] = [[short(v, most) for v in row] for row in table.tolist()]
        return self._texts[most]

    def summary(self) -> str:
        """The numbers as a line of text, row by row; of a large one its shape."""
        if not is_written(self.value.shape):
            return told(self.value.shape)
        return " | ".join(" ".join(row) for row in self.texts())

    def paint(self, painter: QPainter, at: QPointF, role: str, grown: float, alpha: float = 1.0) -> None:
        """at: its upper left corner. grown: how much larger words are painted, the picture being small."""
        area = QRectF(at, self.size)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(tint("sunken", 0.8))
        painter.drawRect(area)
        inner = area.adjusted(_BRACKET, 0, -_BRACKET, 0)
        if is_written(self.value.shape):
            self._paint_numbers(painter, inner, role, grown, alpha)
        else:
            painter.drawImage(inner, self._picture())
        self._paint_brackets(painter, area, role, alpha)

    def _paint_numbers(self, painter: QPainter, area: QRectF, role: str, grown: float, alpha: float) -> None:
        painter.setPen(tint(role, alpha))
        pixels = min(round(_PIXELS * grown), _MOST_PIXELS)
        for i, row in enumerate(self.texts(6 if pixels < 15 else 5)):
            for j, text in enumerate(row):
                cell = QRectF(area.left() + j * _CELL_WIDTH, area.top() + i * _CELL_HEIGHT, _CELL_WIDTH, _CELL_HEIGHT)
                draw_text(painter, cell, text, pixels, bold=True)

    def _picture(self) -> QImage:
        name = theme().tokens.name
        if self._image is None or self._image[0] != name:
            table = np.nan_to_num(
                self.value.reshape(sides(self.value.shape)).astype(np.float32), posinf=0.0, neginf=0.0
            )
            levels = to_levels(table, float(np.abs(table).max()), signed=True)
            rows, columns = levels.shape
            colours = np.array([c.rgba() for c in colour_table(signed=True)], dtype=np.uint32)
            pixels = np.ascontiguousarray(colours[np.minimum(levels, len(colours) - 1)])
            image = QImage(pixels.data, columns, rows, columns * 4, QImage.Format.Format_ARGB32).copy()
            self._image = name, image
        return self._image[1]

    def _paint_brackets(self, painter: QPainter, area: QRectF, role: str, alpha: float) -> None:
        painter.setPen(QPen(tint(role, alpha), 1.3))
        for x, inward in ((area.left() + 1, 3.0), (area.right() - 1, -3.0)):
            painter.drawLine(QPointF(x, area.top()), QPointF(x, area.bottom()))
            for y in (area.top(), area.bottom()):
                painter.drawLine(QPointF(x, y), QPointF(x + inward, y))
