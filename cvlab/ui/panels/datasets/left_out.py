"""Files that an import leaves out, each with its reason: counted, listed, never fatal."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QPlainTextEdit, QSizePolicy, QVBoxLayout, QWidget

from cvlab.core import paths
from cvlab.engine.data import own
from cvlab.engine.errors import DataError
from cvlab.ui.dialogs import Dialog
from cvlab.ui.panels.datasets.pieces import label, named

if TYPE_CHECKING:
    from cvlab.engine.data.own import Manifest


class LeftOut(QWidget):
    """Hidden while there is none. rows: lines that are seen at once, at most."""

    def __init__(self, parent: QWidget, name: str, rows: int = 4) -> None:
        super().__init__(parent)
        self._rows = rows
        self.heading = label(self, role="small")
        self.list = named(QPlainTextEdit(self), name, "Files left out", "Each with its reason. Ctrl+C copies.")
        self.list.setReadOnly(True)
        self.list.setProperty("role", "well small")
        self.list.setTabChangesFocus(True)
        self.list.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAsNeeded)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Maximum)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        column.addWidget(self.heading)
        column.addWidget(self.list)
        self.hide()

    def show_files(self, files: Sequence[tuple[str, str]], count: int, words: str = "will be left out") -> None:
        """files: (name, reason), perhaps only the first of `count`."""
        self.setVisible(count > 0)
        self.heading.setText(f"{files_words(count)} {words}:")
        rows = [f"{name}: {reason}" for name, reason in files]
        if count > len(files):
            rows.append(f"and {count - len(files):,} more")
        self.list.setPlainText("\n".join(rows))
        line, frame = self.list.fontMetrics().lineSpacing(), 2 * self.list.frameWidth() + 18
        self.list.setFixedHeight(min(len(rows), self._rows) * line + frame)


class LeftOutDialog(Dialog):
    """The list of an imported set."""

    def __init__(self, parent: QWidget, manifest: Manifest) -> None:
        super().__init__(parent, "left_out_dialog", f"Left out of {manifest.title}")
        files = LeftOut(self, "left_out_files", 14)
        files.setMinimumWidth(480)
        files.show_files(manifest.skipped, manifest.skipped_count, "could not be taken in")
        self.body.addWidget(files)
        self.add_button("close", "Close", "Back to the set.", "primary").clicked.connect(self.accept)


def manifest_of(dataset_id: str) -> Manifest | None:
    """What is known of one of the person's own sets; None for any other, and where it cannot be read."""
    try:
        return own.read(paths.data(), dataset_id)
    except DataError:
        return None


def files_words(count: int) -> str:
    """1 file, 12 files."""
    return "1 file" if count == 1 else f"{count:,} files"
