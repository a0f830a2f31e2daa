"""The page that divides a set."""

from __future__ import annotations

from PySide6.QtWidgets import QVBoxLayout, QWidget

from cvlab.core.lab import Lab
from cvlab.ui.panels.datasets.lesson import SPLITS
from cvlab.ui.panels.datasets.page import Page
from cvlab.ui.panels.datasets.pieces import label


class SplitsPage(Page):
    lesson = SPLITS

    def __init__(self, lab: Lab, parent: QWidget) -> None:
        super().__init__(lab, parent)
        self.counts = label(self, role="")
        outer = QVBoxLayout(self)
        outer.addWidget(self.counts)

    def _show_dataset(self, dataset) -> None:
        self.counts.setText(f"{len(dataset.train):,} to train on, {len(dataset.test):,} to test on.")
