"""Images that the net reads wrongly and is sure of: what each is, what it was taken for, and how surely."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QImage, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from cvlab.ui.theme import theme
from cvlab.ui.theme.tokens import SMALL
from cvlab.ui.widgets.bars import tabular

if TYPE_CHECKING:
    from cvlab.engine.training.views import MistakesView

_SIDE, _GAP, _LINE = 56, 10, 30


class MistakeTiles(QWidget):
    """As many tiles as fit, the surest mistakes first."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._images: list[QImage] = []
        self._captions: list[tuple[str, str]] = []
        self._message = ""
        self.setAccessibleName("Most confident mistakes")
        self.setToolTip("What each image is → what the net took it for, and the probability that it gave to that.")
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        theme().changed.connect(self.update)

    def sizeHint(self) -> QSize:
        return QSize(360, 300)

    def minimumSizeHint(self) -> QSize:
        return QSize(2 * _SIDE + _GAP, _SIDE + _LINE)

    @property
    def captions(self) -> list[tuple[str, str]]:
        """Two lines a tile."""
        return self._captions

    def show_message(self, words: str) -> None:
        self._images, self._captions, self._message = [], [], words
        self.update()

    def show_mistakes(self, view: MistakesView, cell: tuple[int, int] | None) -> None:
        """cell: only those of this (right, predicted) class, if any are among them."""
        self._message = (
            "No mistake of this kind is among the surest." if cell else "No mistakes: every image is read rightly."
        )
        self._images, self._captions = [], []
        for i in range(len(view.images)):
            if cell is not None and cell != (int(view.right[i]), int(view.predicted[i])):
                continue
            self._images.append(_image(view.images[i]))
            right, taken = view.classes[view.right[i]], view.classes[view.predicted[i]]
            self._captions.append((f"{_short(right)} → {_short(taken)}", f"{view.probability[i]:.1%}"))
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        if not self._images:
            painter.setPen(theme().colour("muted"))
            painter.drawText(self.rect(), int(Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap), self._message)
            painter.end()
            return
        font = tabular(self.font())
        font.setPixelSize(SMALL - 1)
        painter.setFont(font)
        across, down = _SIDE + _GAP + 14, _SIDE + _LINE + _GAP
        columns = max(1, (self.width() + _GAP) // across)
        for i, image in enumerate(self._images):
            row, column = divmod(i, columns)
            x, y = column * across, row * down
            if y + _SIDE + _LINE > self.height():
                break
            painter.drawImage(QRectF(x + 7, y, _SIDE, _SIDE), image)
            first, second = self._captions[i]
            painter.setPen(theme().colour("ink"))
            painter.drawText(QRectF(x, y + _SIDE + 1, _SIDE + 14, 15), Qt.AlignmentFlag.AlignCenter, first)
            painter.setPen(theme().colour("negative"))
            painter.drawText(QRectF(x, y + _SIDE + 15, _SIDE + 14, 14), Qt.AlignmentFlag.AlignCenter, second)
        painter.end()


def _short(name: str) -> str:
    return name if len(name) <= 5 else f"{name[:4]}…"


def _image(pixels: np.ndarray) -> QImage:
    """(C, H, W) uint8, grey or colour, as an image of its own."""
    c, h, w = pixels.shape
    rgb = np.ascontiguousarray(
        np.broadcast_to(pixels, (3, h, w)).transpose(1, 2, 0) if c == 1 else pixels[:3].transpose(1, 2, 0)
    )
    return QImage(rgb.data, w, h, 3 * w, QImage.Format.Format_RGB888).copy()
