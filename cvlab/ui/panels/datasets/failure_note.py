"""A failure in words where it happened: what, what was received, what to do next."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from cvlab.ui.panels.datasets.pieces import label
from cvlab.ui.widgets.figures import words_of
from cvlab.ui.widgets.sign import Sign


class FailureNote(QWidget):
    """Hidden while nothing failed."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.title, self.what = label(self, role="subheading", wraps=True), label(self, role="", wraps=True)
        self.received, self.remedy = label(self, wraps=True), label(self, role="", wraps=True)
        words = QVBoxLayout()
        words.setSpacing(6)
        for each in (self.title, self.what, self.received, self.remedy):
            each.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
            words.addWidget(each)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 4, 0, 4)
        row.setSpacing(12)
        row.addWidget(Sign("warning", "negative", 28, self), 0, Qt.AlignmentFlag.AlignTop)
        row.addLayout(words, 1)
        self.hide()

    @property
    def text(self) -> str:
        """All that is said."""
        parts = (self.title, self.what, self.received, self.remedy)
        return " ".join(each.text() for each in parts if each.text())

    def show_error(self, error: BaseException | None) -> None:
        """None: nothing failed."""
        self.setVisible(error is not None)
        texts = words_of(error) if error is not None else ("",) * 4
        for each, text in zip((self.title, self.what, self.received, self.remedy), texts, strict=True):
            each.setText(text)
            each.setVisible(bool(text))
        if self.received.text():
            self.received.setText(f"Received: {self.received.text()}")
