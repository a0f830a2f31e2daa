"""The row above the table: find runs, and what to do with the chosen ones."""

from __future__ import annotations

from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QPushButton, QWidget

from cvlab.core.panels.runs import RunsState
from cvlab.ui.bind import bind_text
from cvlab.ui.widgets.controls import button, label, named

_BUTTONS = (
    ("take_up", "Take up", "Puts this run's net and recipe into the project: change one thing, and start.", "copy"),
    ("resume", "Go on", "Trains on where the run was stopped, to the bit as if it had not been.", "play"),
    ("draw", "Draw", "Lets this run's net read what you draw.", "digits"),
    ("throw_away", "Throw away", "Moves the chosen runs into the trash; undo brings them back.", "delete"),
)


class RunsBar(QWidget):
    """find: narrows the list as one types. count: how many are listed. buttons: by name."""

    def __init__(self, state: RunsState, parent: QWidget) -> None:
        super().__init__(parent)
        self._state = state
        self.find = named(
            QLineEdit(self), "runs.find", "Find runs",
            "Words that a run must have in its name, tags, notes, data or recipe: momentum cifar",
        )  # fmt: skip
        self.find.setPlaceholderText("Find: words of the name, tags, notes, data, recipe")
        self.find.setClearButtonEnabled(True)
        self.find.setMaximumWidth(360)
        self.count = label(self)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(8)
        row.addWidget(label(self, "Runs", "heading"))
        row.addSpacing(8)
        row.addWidget(self.find, 1)
        row.addWidget(self.count)
        row.addStretch(1)
        self.buttons: dict[str, QPushButton] = {}
        for name, words, tip, glyph in _BUTTONS:
            self.buttons[name] = button(self, f"runs.{name}", words, tip, glyph=glyph)
            row.addWidget(self.buttons[name])
        bind_text(self.find, state, "find")
        self.find.textChanged.connect(self._search)

    def show_count(self, listed: int, count: int) -> None:
        many = f"{count:,} run{'s' if count != 1 else ''}"
        self.count.setText(many if listed == count else f"{listed:,} of {many}")

    def _search(self, words: str) -> None:
        self._state.find = words
