"""Beside the curves: what differs between the chosen runs, how they vote, and what was written about the last of them."""

from __future__ import annotations

from PySide6.QtWidgets import QButtonGroup, QFrame, QHBoxLayout, QPushButton, QStackedLayout, QVBoxLayout, QWidget

from cvlab.core.lab import Lab
from cvlab.ui.panels.runs.comparison import Comparison
from cvlab.ui.panels.runs.ensemble_card import EnsembleCard
from cvlab.ui.panels.runs.notes_card import NotesCard
from cvlab.ui.widgets.controls import button


class Aside(QFrame):
    """A card with three pages."""

    def __init__(self, lab: Lab, parent: QWidget) -> None:
        super().__init__(parent)
        self.setProperty("role", "card")
        self.setMinimumWidth(300)
        self.comparison = Comparison(lab.project.runs, self)
        self.ensemble = EnsembleCard(lab, self)
        self.notes = NotesCard(self)
        self._chips: dict[QPushButton, QWidget] = {}
        group = QButtonGroup(self)
        row = QHBoxLayout()
        row.setSpacing(8)
        self._pages = QStackedLayout()
        for name, words, tip, page in (
            ("differs", "What differs", "The recipes of the chosen runs, side by side.", self.comparison),
            (
                "ensemble",
                "Ensemble",
                "Let the chosen runs vote, and see whether that is better than each.",
                self.ensemble,
            ),
            ("written", "Notes", "Tags and notes on the run that was chosen last.", self.notes),
        ):
            chip = button(self, f"runs.{name}", words, tip, role="chip")
            chip.setCheckable(True)
            group.addButton(chip)
            row.addWidget(chip)
            self._chips[chip] = page
            self._pages.addWidget(page)
        row.addStretch(1)
        column = QVBoxLayout(self)
        column.setContentsMargins(16, 10, 16, 12)
        column.setSpacing(6)
        column.addLayout(row)
        column.addLayout(self._pages, 1)
        group.buttonClicked.connect(self._turn)
        self.turn_to(self.comparison)

    def turn_to(self, page: QWidget) -> None:
        """Brings one of the pages to the front."""
        self._pages.setCurrentWidget(page)
        next(chip for chip, other in self._chips.items() if other is page).setChecked(True)

    def _turn(self, chip: QPushButton) -> None:
        self.turn_to(self._chips[chip])
