"""What stands where a panel fell over: the words, and a way to try again."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from cvlab.engine.errors import CvlabError
from cvlab.ui.theme import theme
from cvlab.ui.theme.icons import icon
from cvlab.ui.widgets.sign import Sign


class FailedCard(QWidget):
    """A designed failed state. `retry` carries the panel's id."""

    retry = Signal(str)

    def __init__(self, panel_id: str, title: str, error: BaseException, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        theme().style(self)
        self._panel_id = panel_id
        card = QFrame(self)
        card.setProperty("role", "card")
        card.setMaximumWidth(520)
        sign = Sign("warning", "negative", 32, card)
        heading = QLabel(f"{title} could not go on", card)
        heading.setProperty("role", "heading")
        text = QLabel(str(error) if isinstance(error, CvlabError) else f"{type(error).__name__}: {error}", card)
        text.setWordWrap(True)
        text.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        kept = QLabel("Your project is safe, and the other panels work. The log has the full story.", card)
        kept.setWordWrap(True)
        kept.setProperty("role", "muted")
        self.again = QPushButton(icon("replay", "accent_ink"), "Try again", card)
        self.again.setObjectName(f"{panel_id}.retry")
        self.again.setAccessibleName(f"Try to open {title} again")
        self.again.setToolTip("Builds the panel anew from the project.")
        self.again.setProperty("role", "primary")
        self.again.clicked.connect(self._ask)
        column = QVBoxLayout(card)
        column.setContentsMargins(24, 24, 24, 24)
        column.setSpacing(12)
        for part in (sign, heading, text, kept):
            column.addWidget(part)
        column.addSpacing(4)
        column.addWidget(self.again, 0, Qt.AlignmentFlag.AlignLeft)
        row = QHBoxLayout()
        row.addStretch()
        row.addWidget(card, 3)
        row.addStretch()
        outer = QVBoxLayout(self)
        outer.addStretch(2)
        outer.addLayout(row)
        outer.addStretch(3)

    def _ask(self) -> None:
        self.retry.emit(self._panel_id)
