"""What a class is like on the whole: its mean image, and the statistics of each channel beside the whole set's."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtWidgets import QGridLayout, QVBoxLayout, QWidget

from cvlab.ui.panels.datasets.pieces import label
from cvlab.ui.widgets.bars import tabular
from cvlab.ui.widgets.pixel_image import PixelImage
from cvlab.ui.widgets.pixel_matrix import pixel_words

if TYPE_CHECKING:
    from cvlab.engine.data.statistics import Statistics

_CHANNELS = {1: ("Grey",), 3: ("Red", "Green", "Blue")}


class ClassView(QWidget):
    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.image = PixelImage(self)
        self.image.setObjectName("datasets.mean_image")
        self.image.setAccessibleName("The mean image of the class")
        self.image.setToolTip("Every pixel is the mean of that pixel over all images of the class.")
        self.caption, self.words = label(self, role="subheading"), label(self, role="small", wraps=True)
        self.words.setMinimumHeight(36)
        self._table = QGridLayout()
        self._table.setHorizontalSpacing(16)
        self._table.setVerticalSpacing(4)
        self._cells = [
            [label(self, role="small muted" if not row or not column else "small") for column in range(3)]
            for row in range(4)
        ]
        for row, cells in enumerate(self._cells):
            for column, cell in enumerate(cells):
                cell.setFont(tabular(cell.font()))
                self._table.addWidget(cell, row, column)
        self._table.setColumnStretch(2, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        column.addWidget(self.caption)
        column.addWidget(self.image, 1)
        column.addWidget(self.words)
        column.addLayout(self._table)
        self.image.pointed.connect(self._point)

    def show_class(self, name: str, number: int, found: Statistics | None) -> None:
        """found: None while it is being counted."""
        self.caption.setText(f"Mean image of {name}")
        if found is None:
            self.image.show_message("Counting pixels…")
        elif not found.counts[number]:
            self.image.show_message(f"There is no image of {name} in this part.")
        else:
            self.image.show_pixels(found.mean_images[number].round().clip(0, 255).astype(np.uint8))
        self.words.setText(
            ""
            if found is None
            else f"{found.counts[number]:,} images. The sharper their mean, the more alike they are."
        )
        self._show_table(name, number, found)

    def _show_table(self, name: str, number: int, found: Statistics | None) -> None:
        for cells in self._cells:
            for cell in cells:
                cell.clear()
        if found is None:
            return
        self._cells[0][1].setText("this class")
        self._cells[0][2].setText("the whole part")
        for channel, words in enumerate(_CHANNELS[len(found.mean)]):
            row = self._cells[channel + 1]
            row[0].setText(words)
            row[1].setText(_pair(found.means[number, channel], found.stds[number, channel]))
            row[2].setText(_pair(found.mean[channel], found.std[channel]))

    def _point(self, row: int, column: int) -> None:
        if row >= 0 and self.image.pixels is not None:
            self.words.setText(
                f"Row {row}, column {column}: on average {pixel_words(self.image.pixels[:, row, column])}"
            )


def _pair(mean: float, std: float) -> str:
    return "–" if not np.isfinite(mean) else f"{mean:.1f} ± {std:.1f}"
