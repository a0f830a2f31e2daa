"""What the first layer looks for: its weights as images, while they form."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtWidgets import QStackedLayout, QVBoxLayout, QWidget

from cvlab.engine.training.events import ViewTaken
from cvlab.ui.panels.training.inside_page import InsidePage
from cvlab.ui.widgets.controls import label, named
from cvlab.ui.widgets.image_grid import MOST, ImageGrid
from cvlab.ui.widgets.thumbnails import Thumbnails

if TYPE_CHECKING:
    from cvlab.engine.training.views import FiltersView

_COLOUR_SIDE = 72


class FiltersPage(InsidePage):
    """Grey filters with one diverging scale for all; filters of three colours in those colours, grey being zero."""

    views = ("filters",)

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.words = label(self, wraps=True)
        self.grid = ImageGrid(self)
        self.grid.setAccessibleName("First-layer filters")
        self.colours = named(
            Thumbnails(self), "training.filters", "First-layer filters in colour", "Weights of each filter"
        )
        self.colours.set_side(_COLOUR_SIDE)
        self._pages = QStackedLayout()
        self._pages.addWidget(self.grid)
        self._pages.addWidget(self.colours)
        column = QVBoxLayout(self)
        column.setContentsMargins(16, 4, 16, 12)
        column.setSpacing(8)
        column.addWidget(self.words)
        column.addLayout(self._pages, 1)

    @property
    def has_drawn(self) -> bool:
        return bool(self.words.text())

    def show_nothing(self, words: str) -> None:
        self.words.setText("")
        self._pages.setCurrentWidget(self.grid)
        self.grid.show_message(words)

    def show_view(self, view: ViewTaken, past: bool) -> None:
        content: FiltersView = view.content
        filters = content.filters  # (F, C, h, w)
        if not len(filters):
            self.show_nothing("The first layer of this net has no weights that are images.")
            return
        count, channels, h, w = filters.shape
        shown = f", {MOST} of them shown" if count > MOST and channels != 3 else ""
        self.words.setText(f"{content.name}: {count} filters of {w}×{h}×{channels}{shown}, at step {view.step:,}.")
        if channels == 3:
            self._pages.setCurrentWidget(self.colours)
            largest = float(np.abs(filters).max()) or 1.0
            at = self.colours.verticalScrollBar().value()
            self.colours.set_images(np.rint(127.5 + 127.5 * filters / largest).clip(0, 255).astype(np.uint8))
            self.colours.verticalScrollBar().setValue(at)
        else:
            self._pages.setCurrentWidget(self.grid)
            self.grid.set_maps(filters.mean(axis=1), signed=True, name="filter")
            if channels > 1:
                self.words.setText(f"{self.words.text()} Shown: the mean over the {channels} channels.")
