"""The row above the table: find runs, what to do with the chosen ones, and how far a job on them has come."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QProgressBar, QPushButton, QSizePolicy, QWidget

from cvlab.core.panels.runs import RunsState
from cvlab.ui.bind import bind_text
from cvlab.ui.widgets.controls import button, icon_button, label, named

_BUTTONS = (
    ("take_up", "Take up", "Puts this run's net and recipe into the project, to be changed as you like.", "copy"),
    ("fork", "Fork", "Trains this run again with one thing changed: same first weights, same batches.", "pattern"),
    ("resume", "Go on", "Trains on where the run was stopped, to the bit as if it had not been.", "play"),
    ("draw", "Draw", "Lets this run's net read what you draw.", "digits"),
    ("export", "Export", "The chosen runs as a script, as TensorBoard's files, or their folder.", "export"),
)


class RunsBar(QWidget):
    """find: narrows the list as one types. count: how many are listed. buttons: by name. cancelled: of the job under way."""

    cancelled = Signal()

    def __init__(self, state: RunsState, parent: QWidget) -> None:
        super().__init__(parent)
        self._state = state
        self._counted = ""
        self.find = named(
            QLineEdit(self), "runs.find", "Find runs",
            "Words that a run must have in its name, tags, notes, data or recipe: momentum cifar",
        )  # fmt: skip
        self.find.setPlaceholderText("Find: words of the name, tags, notes, data, recipe")
        self.find.setClearButtonEnabled(True)
        self.find.setMaximumWidth(360)
        self.count = label(self)
        self.count.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self.progress = QProgressBar(self)
        self.progress.setAccessibleName("Progress of the export")
        self.progress.setRange(0, 100)
        self.progress.setFixedWidth(88)
        self.cancel = icon_button(self, "runs.cancel", "close", "Cancel", "Stops writing; no file is left half.")
        self.cancel.setFixedSize(28, 28)
        self.cancel.clicked.connect(self.cancelled)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(8)
        row.addWidget(label(self, "Runs", "heading"))
        row.addSpacing(8)
        row.addWidget(self.find, 1)
        row.addWidget(self.count, 1)
        row.addWidget(self.progress)
        row.addWidget(self.cancel)
        self.buttons: dict[str, QPushButton] = {}
        for name, words, tip, glyph in _BUTTONS:
            self.buttons[name] = button(self, f"runs.{name}", words, tip, glyph=glyph)
            row.addWidget(self.buttons[name])
        self.buttons["evaluate_test"] = icon_button(
            self,
            "runs.evaluate_test",
            "success",
            "Evaluate on test set",
            "Evaluate on test set: measures the chosen run once its settings are final. Each reading is counted.",
        )
        row.addWidget(self.buttons["evaluate_test"])
        self.buttons["throw_away"] = icon_button(
            self,
            "runs.throw_away",
            "delete",
            "Delete",
            "Deletes the chosen runs (Delete key in the table). Undo brings them back.",
        )
        row.addWidget(self.buttons["throw_away"])
        self.show_busy("")
        bind_text(self.find, state, "find")
        self.find.textChanged.connect(self._search)

    def show_count(self, listed: int, count: int) -> None:
        many = f"{count:,} run{'s' if count != 1 else ''}"
        self._counted = many if listed == count else f"{listed:,} of {many}"
        if self.progress.isHidden():
            self.count.setText(self._counted)

    def show_busy(self, words: str) -> None:
        """What is being written, in the place of the count; "" when nothing is."""
        self.progress.setVisible(bool(words))
        self.cancel.setVisible(bool(words))
        self.progress.setValue(0)
        self.count.setText(words or self._counted)

    def show_progress(self, share: float) -> None:
        self.progress.setValue(round(100 * share))

    def _search(self, words: str) -> None:
        self._state.find = words
