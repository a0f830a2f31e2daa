"""What a person writes about a run: tags and notes, saved as one leaves them."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtCore import QEvent, QObject, Signal
from PySide6.QtWidgets import QLineEdit, QPlainTextEdit, QVBoxLayout, QWidget

from cvlab.core.run_list import RunRow, tags_in
from cvlab.ui.widgets.controls import label, named


class NotesCard(QWidget):
    """written(id, notes): the person has changed the notes of a run."""

    written = Signal(str, object)

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._row: RunRow | None = None
        self.words = label(self, wraps=True)
        self.tags = named(
            QLineEdit(self),
            "runs.tags",
            "Tags",
            "Short words to find a run by, with commas between. They stand in the table, too.",
        )
        self.tags.setPlaceholderText("tags, with commas between")
        self.text = named(
            QPlainTextEdit(self), "runs.notes", "Notes",
            "What you wanted to know, and what you saw. Kept in the run's folder.",
        )  # fmt: skip
        self.text.setPlaceholderText("What did you want to know, and what did you see?")
        self.text.setTabChangesFocus(True)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 6, 0, 0)
        column.setSpacing(8)
        column.addWidget(self.words)
        column.addWidget(self.tags)
        column.addWidget(self.text, 1)
        self.tags.editingFinished.connect(self.save)
        self.text.installEventFilter(self)

    def show_run(self, row: RunRow | None) -> None:
        """The notes of this run; what was typed for the one before is saved first."""
        if self._row is not None and (row is None or row.id != self._row.id):
            self.save()
        is_same = row is not None and self._row is not None and row.id == self._row.id
        self._row = row
        for widget in (self.tags, self.text):
            widget.setEnabled(row is not None)
        if is_same:
            return
        self.words.setText(row.title if row is not None else "Choose a run to write about it.")
        self.tags.setText(", ".join(row.notes.tags) if row is not None else "")
        self.text.setPlainText(row.notes.text if row is not None else "")

    def save(self) -> None:
        """Tells of what was typed, if it is another than before."""
        if self._row is None:
            return
        typed = {"tags": tags_in(self.tags.text()), "text": self.text.toPlainText()[:100_000]}
        notes = self._row.notes.model_copy(update=typed)
        if notes != self._row.notes:
            # Known as saved before it is told: whoever hears of it may show another run.
            self._row = replace(self._row, notes=notes)
            self.written.emit(self._row.id, notes)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if watched is self.text and event.type() == QEvent.Type.FocusOut:
            self.save()
        return False
