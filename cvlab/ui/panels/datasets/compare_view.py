"""Two images side by side, and where their numbers differ."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QGridLayout, QVBoxLayout, QWidget

from cvlab.ui.panels.datasets.pieces import button, label
from cvlab.ui.widgets.pixel_image import PixelImage
from cvlab.ui.widgets.pixel_matrix import pixel_words


class CompareView(QWidget):
    """Pointing at one of the three marks the same pixel in all."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.views = [PixelImage(self) for _ in range(3)]
        self.captions = [label(self) for _ in range(3)]
        for caption in self.captions:
            caption.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        names = ("The first pinned image", "The second pinned image", "Their difference")
        for number, (view, words) in enumerate(zip(self.views, names, strict=True)):
            view.setObjectName(f"datasets.pinned.{number}")
            view.setAccessibleName(words)
            view.setToolTip(f"{words}. Move over it: the same pixel is marked in all three.")
            view.pointed.connect(self._point)
        self.words = label(self, role="small", wraps=True)
        self.words.setFixedHeight(4 * self.words.fontMetrics().lineSpacing())  # what is said changes, the images stay
        self.words.setAlignment(Qt.AlignmentFlag.AlignTop)
        self.clear = button(self, "unpin", "Unpin both", "Lets both images go.", role="chip")
        grid = QGridLayout()
        grid.setSpacing(8)
        for number in range(3):
            row, column, span = (0, number, 1) if number < 2 else (2, 0, 2)
            grid.addWidget(self.views[number], row, column, 1, span)
            grid.addWidget(self.captions[number], row + 1, column, 1, span)
        grid.setRowStretch(0, 4)
        grid.setRowStretch(2, 5)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.setSpacing(8)
        outer.addLayout(grid, 1)
        outer.addWidget(self.words)
        outer.addWidget(self.clear, 0, Qt.AlignmentFlag.AlignLeft)
        self._pixels: list[np.ndarray] = []

    def show_images(self, pixels: list[np.ndarray], captions: list[str]) -> None:
        """None, one or two images with what they are."""
        self._pixels = pixels
        for number in range(2):
            if number < len(pixels):
                self.views[number].show_pixels(pixels[number])
                self.captions[number].setText(captions[number])
            else:
                self.views[number].show_message("Pin an image" if number == len(pixels) else "")
                self.captions[number].clear()
        self.clear.setEnabled(bool(pixels))
        if len(pixels) < 2:
            self.views[2].show_message("Pin two images: their difference comes here.")
            self.captions[2].clear()
            self.words.clear()
            return
        apart = np.abs(pixels[0].astype(np.int16) - pixels[1])
        self.views[2].show_pixels(apart.astype(np.uint8))
        self.captions[2].setText("Difference: black where they agree")
        self._say(apart)

    def _say(self, apart: np.ndarray) -> None:
        far = int(apart.sum())
        self.words.setText(
            f"L1 distance, the sum of all differences: {far:,} ({far / apart.size:.1f} a number).\n"
            f"L2 distance, the root of their squares' sum: {np.sqrt((apart.astype(np.float64) ** 2).sum()):,.0f}."
        )

    def _point(self, row: int, column: int) -> None:
        if row < 0:
            if len(self._pixels) == 2:
                self._say(np.abs(self._pixels[0].astype(np.int16) - self._pixels[1]))
            return
        for view in self.views:
            view.mark(row, column)
        found = [pixel_words(view.pixels[:, row, column]) for view in self.views if view.pixels is not None]
        between = " and ".join(found[:2])
        apart = f"\nDifference: {found[2]}." if len(found) == 3 else "\n"
        self.words.setText(f"Row {row}, column {column}: {between}.{apart}")
