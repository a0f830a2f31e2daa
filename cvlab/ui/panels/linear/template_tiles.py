"""The rows of W as pictures, with the score that the chosen image gets from each."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QImage, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from cvlab.engine.linear import pictures
from cvlab.ui.panels.linear.pieces import number
from cvlab.ui.theme import theme
from cvlab.ui.widgets.bars import tabular
from cvlab.ui.widgets.image_grid import colour_table, to_levels

_CAPTION, _GAP = 20.0, 10.0


class TemplateTiles(QWidget):
    """Each template on its own scale, centred on zero: blue wants ink there, orange wants none."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("linear.templates")
        self.setAccessibleName("Templates")
        self.setToolTip(
            "Each is a row of W as an image. Of digits, blue: ink here raises the score; orange: it lowers it. Of colour images: "
            "the colours that it wants to see, grey where it does not care. The score is the sum of template times image, plus "
            "the bias. Each picture has its own scale."
        )
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.templates: np.ndarray | None = None
        self._scores: np.ndarray | None = None
        self._right = -1
        self.names: tuple[str, ...] = ()
        self._message = "Fetching the images…"
        theme().changed.connect(self.update)

    def minimumSizeHint(self) -> QSize:
        return QSize(320, 190)

    def show_templates(self, templates: np.ndarray, scores: np.ndarray, right: int) -> None:
        """templates: (K, C, H, W). scores: (K,) of the chosen image, whose class is `right`."""
        self.templates, self._scores, self._right = templates, scores, right
        self.update()

    def show_message(self, message: str) -> None:
        self.templates, self._message = None, message
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if self.templates is None:
            painter.setPen(theme().colour("muted"))
            painter.drawText(self.rect(), int(Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap), self._message)
        else:
            self._paint(painter)
        painter.end()

    def _side(self, count: int, columns: int) -> float:
        """How large a tile can be in so many columns."""
        return min(self.width() / columns - _GAP, self.height() / -(-count // columns) - _CAPTION - _GAP / 2)

    def _paint(self, painter: QPainter) -> None:
        K, channels, height, width = self.templates.shape
        # Full rows look better than slightly larger tiles.
        columns = max((2, 3, 4, 5), key=lambda n: self._side(K, n) * (1 - 0.25 * (-K % n) / n))
        side, across = self._side(K, columns), self.width() / columns
        rows = -(-K // columns)
        down = min(self.height() / rows, side + _CAPTION + 2 * _GAP)
        top = (self.height() - rows * down) / 2
        font = tabular(self.font())
        font.setPixelSize(12)
        colours = [colour.rgba() for colour in colour_table(signed=True)]
        best = int(self._scores.argmax())
        for k in range(K):
            row, column = divmod(k, columns)
            spare = (
                across * (columns - min(K - row * columns, columns)) / 2
            )  # a last row that is not full stands in the middle
            left = spare + column * across
            area = QRectF(left + (across - side) / 2, top + row * down, side, side)
            if channels == 3:
                painter.drawImage(area, colour_image(pictures(self.templates[k : k + 1])[0]))
            else:
                level = np.ascontiguousarray(
                    to_levels(self.templates[k, 0], float(np.abs(self.templates[k]).max()), signed=True)
                )
                image = QImage(level.tobytes(), width, height, width, QImage.Format.Format_Indexed8)
                image.setColorTable(colours)
                painter.drawImage(area, image)
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(theme().colour("accent" if k == best else "faint"), 2 if k == best else 1))
            painter.drawRect(area)
            font.setBold(k == best)
            painter.setFont(font)
            painter.setPen(theme().colour("ink" if k in (best, self._right) else "muted"))
            name = self.names[k] if k < len(self.names) else str(k)
            name = name if len(name) <= 9 else f"{name[:8]}…"
            words = f"{name}{' ✓' if k == self._right else ''}   {number(round(float(self._scores[k]), 2))}"
            painter.drawText(QRectF(left, area.bottom() + 1, across, _CAPTION), Qt.AlignmentFlag.AlignCenter, words)


def colour_image(pixels: np.ndarray) -> QImage:
    """(3, H, W) bytes as a picture that owns them."""
    height, width = pixels.shape[1:]
    lines = np.ascontiguousarray(pixels.transpose(1, 2, 0))
    return QImage(lines.tobytes(), width, height, 3 * width, QImage.Format.Format_RGB888).copy()


class DigitPicture(QWidget):
    """The chosen image."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setAccessibleName("The chosen image")
        self.setToolTip(
            "The image x. Its score for a class is the inner product with that class's template, plus the bias."
        )
        self.setFixedSize(112, 112)
        self._image: np.ndarray | None = None
        theme().changed.connect(self.update)

    def show_image(self, image: np.ndarray) -> None:
        """image: (C, H, W) uint8."""
        self._image = np.ascontiguousarray(image)
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        if self._image is not None:
            channels, height, width = self._image.shape
            if channels == 3:
                image = colour_image(self._image)
            else:
                image = QImage(self._image[0].tobytes(), width, height, width, QImage.Format.Format_Grayscale8)
            painter.drawImage(QRectF(self.rect()), image)
        painter.setPen(theme().colour("faint"))
        painter.drawRect(QRectF(QPointF(0.5, 0.5), QPointF(self.width() - 0.5, self.height() - 0.5)))
        painter.end()
