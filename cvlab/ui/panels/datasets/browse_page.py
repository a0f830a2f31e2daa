"""The page that shows every image of the set."""

from __future__ import annotations

from PySide6.QtWidgets import QVBoxLayout, QWidget

from cvlab.core.lab import Lab
from cvlab.ui.panels.datasets.lesson import BROWSE
from cvlab.ui.panels.datasets.page import Page
from cvlab.ui.widgets.thumbnails import Thumbnails


class BrowsePage(Page):
    lesson = BROWSE

    def __init__(self, lab: Lab, parent: QWidget) -> None:
        super().__init__(lab, parent)
        self.grid = Thumbnails(self)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addWidget(self.grid, 1)

    def _show_dataset(self, dataset) -> None:
        self.grid.set_images(dataset.train.images.numpy())
