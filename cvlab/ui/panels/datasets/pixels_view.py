"""One image enlarged, and the numbers around the pixel that is pointed at."""

from __future__ import annotations

import numpy as np
from PySide6.QtWidgets import QVBoxLayout, QWidget

from cvlab.ui.panels.datasets.pieces import label
from cvlab.ui.widgets.pixel_image import PixelImage
from cvlab.ui.widgets.pixel_matrix import PixelMatrix, pixel_words


class PixelsView(QWidget):
    """image and matrix follow each other; the words beneath say the shape, or the pixel."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.image, self.matrix = PixelImage(self), PixelMatrix(self)
        self.image.setObjectName("datasets.enlarged")
        self.image.setAccessibleName("The image, enlarged")
        self.image.setToolTip("Move over it, or use the arrow keys: the numbers below follow.")
        self.words = label(self, role="small")
        self.words.setFixedHeight(18)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        column.addWidget(self.image, 5)
        column.addWidget(self.words)
        column.addWidget(self.matrix, 4)
        self.image.pointed.connect(self._point)

    def show_pixels(self, pixels: np.ndarray) -> None:
        self.image.show_pixels(pixels)
        row, column = self.image.cell
        if row < 0:  # begin in the middle: there is something to read at once
            row, column = pixels.shape[1] // 2, pixels.shape[2] // 2
            self.image.mark(row, column)
        self._point(row, column)

    def _point(self, row: int, column: int) -> None:
        pixels = self.image.pixels
        if pixels is None or row < 0:
            return
        self.matrix.show_pixels(pixels, row, column)
        self.words.setText(f"Row {row}, column {column}: {pixel_words(pixels[:, row, column])}")
