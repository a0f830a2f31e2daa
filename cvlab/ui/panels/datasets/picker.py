"""Which data set is looked at: a combo over the catalogue."""

from __future__ import annotations

from PySide6.QtWidgets import QComboBox, QHBoxLayout, QWidget

from cvlab.core.lab import Lab
from cvlab.engine.data.catalogue import CATALOGUE
from cvlab.ui.bind import bind_choice
from cvlab.ui.panels.datasets.pieces import named


class Picker(QWidget):
    """The choice is part of the project: it can be undone."""

    def __init__(self, lab: Lab, parent: QWidget) -> None:
        super().__init__(parent)
        self._lab = lab
        self.combo = named(
            QComboBox(self),
            "dataset",
            "Data set",
            "The set that all pages of this panel look at. Those that are not on this machine yet can be fetched.",
        )
        for entry in CATALOGUE.values():
            self.combo.addItem(entry.title, entry.id)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(8)
        row.addWidget(self.combo)
        bind_choice(self.combo, lab.project.datasets, "dataset", history=lab.history, label="Look at another data set")
