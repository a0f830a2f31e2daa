"""What an import would make, and how: seen before anything is decoded, and changed if it is not what was meant."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QHBoxLayout, QProgressBar, QVBoxLayout, QWidget

from cvlab.ui.panels.datasets.drop_zone import DropZone
from cvlab.ui.panels.datasets.failure_note import FailureNote
from cvlab.ui.panels.datasets.import_form import ImportForm
from cvlab.ui.panels.datasets.left_out import LeftOut
from cvlab.ui.panels.datasets.pieces import button, label
from cvlab.ui.widgets.card import Card

if TYPE_CHECKING:
    from cvlab.engine.data.entries import Entry
    from cvlab.engine.data.planning import Options, Survey


class ImportCard(QWidget):
    """Five states: empty, looking, found (to be imported), known (a public set), failed.

    changed: look through the source again with these options. accepted: import. given_up: leave it. another: choose another.
    """

    changed = Signal()
    accepted = Signal()
    given_up = Signal()
    another = Signal()

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        card = Card("Import your own images", self)
        card.setMaximumWidth(620)
        self.zone, self.form = DropZone(card), ImportForm(card)
        self.source, self.found, self.notes = (
            label(card, wraps=True),
            label(card, role="", wraps=True),
            label(card, wraps=True),
        )
        self.failure, self.left_out = FailureNote(card), LeftOut(card, "import.left_out")
        self.looking = QProgressBar(card)
        self.looking.setRange(0, 0)
        self.looking.setAccessibleName("Looking through the source")
        for part in (
            self.zone, self.source, self.failure, self.found, self.looking, self.notes, self.left_out, self.form,
        ):  # fmt: skip
            card.body.addWidget(part)
        card.body.addSpacing(4)
        card.body.addLayout(self._buttons(card))
        across = QHBoxLayout()
        across.addStretch(1)
        across.addWidget(card, 6)
        across.addStretch(1)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addStretch(1)
        outer.addLayout(across)
        outer.addStretch(2)
        self.form.changed.connect(self.changed)
        self.go.clicked.connect(self.accepted)
        self.again.clicked.connect(self.changed)
        self.other.clicked.connect(self.another)
        self.leave.clicked.connect(self.given_up)
        self._show(self.zone)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self.given_up.emit()
        else:
            super().keyPressEvent(event)

    def _buttons(self, card: Card) -> QHBoxLayout:
        self.go = button(
            card,
            "import.start",
            "Import",
            "Decodes every picture once, and keeps the numbers. The source stays as it is.",
            role="primary",
        )
        self.again = button(card, "import.again", "Look again", "The source may have been mended.", glyph="replay")
        self.other = button(card, "import.other", "Another source…", "Back to where a folder or a file is chosen.")
        self.leave = button(card, "import.leave", "Cancel", "Imports nothing.")
        row = QHBoxLayout()
        row.setSpacing(8)
        for each in (self.go, self.again, self.leave):
            row.addWidget(each)
        row.addStretch(1)
        row.addWidget(self.other)
        return row

    def _show(self, *seen: QWidget) -> None:
        """These parts and no others."""
        for part in (
            self.zone,
            self.source,
            self.looking,
            self.found,
            self.notes,
            self.form,
            self.go,
            self.again,
            self.other,
        ):
            part.setVisible(part in seen)
        if self.failure not in seen:
            self.failure.show_error(None)
        if self.left_out not in seen:
            self.left_out.hide()

    def _offer(self, words: str) -> None:
        """The button may be pressed, also by Enter where nothing else is being edited."""
        self.go.setText(words)
        self.go.setEnabled(True)
        if self.isVisible() and self.focusWidget() in (None, self.leave, self.zone.folder):
            self.go.setFocus()

    def show_empty(self) -> None:
        """Nothing has been given yet."""
        self._show(self.zone)
        self.zone.folder.setFocus()

    def begin(self, source: Path) -> None:
        """Another source: options as they come."""
        self.form.begin(source.stem if source.is_file() else source.name)
        self.source.setText(str(source))
        self.source.setToolTip(str(source))
        self.found.setText("Looking through it: names, and the sizes of some pictures…")
        self._show(self.source, self.found, self.looking)

    def wait(self) -> None:
        """The source is being looked through, perhaps again with other options: what was found before stays in its place."""
        self.go.setEnabled(False)
        self.looking.show()

    def options(self) -> Options:
        return self.form.options()

    def show_survey(self, survey: Survey) -> None:
        self._show(self.source, self.found, self.notes, self.left_out, self.form, self.go, self.other)
        channels, height, width = survey.image_shape
        shown = ", ".join(survey.classes[:8]) + (" …" if len(survey.classes) > 8 else "")
        classes = "1 class" if len(survey.classes) == 1 else f"{len(survey.classes):,} classes"
        self.found.setText(
            f"{survey.train_count + survey.test_count:,} pictures in {classes} ({shown}), to be "
            f"{width} × {height} {'grey' if channels == 1 else 'colour'} pixels: {survey.train_count:,} to train on, "
            f"{survey.test_count:,} to test on."
        )
        self.notes.setText("\n".join(survey.notes))
        self.notes.setVisible(bool(survey.notes))
        self.left_out.show_files(survey.skipped, survey.skipped_count)
        self.form.show_survey(survey)
        self._offer("Import")

    def show_known(self, entry: Entry) -> None:
        """The source is a public set, as its makers publish it."""
        self._show(self.source, self.found, self.notes, self.go, self.other)
        self.found.setText(f"This is {entry.title}, as it is published: {entry.summary}")
        self.notes.setText(f"It is taken in under that name, checked against its checksums.\nLicence: {entry.licence}")
        self._offer(f"Take in {entry.title}")

    def show_failure(self, error: BaseException, *, mendable: bool = False) -> None:
        """mendable: other options may help, or another try with the same ones."""
        form = (self.form, self.go) if mendable else (self.again,)
        self._show(self.source, self.failure, self.other, *form)
        self.failure.show_error(error)
        self.go.setText("Import")
        self.go.setEnabled(False)

    def show_refusal(self, error: BaseException) -> None:
        """The import itself failed; what it was made of is still here."""
        self.show_failure(error, mendable=True)
        self._offer("Try again")
