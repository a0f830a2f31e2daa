"""Start and stop, how far it is, and how long it will take."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QProgressBar, QWidget

from cvlab.ui.panels.neighbors.pieces import button, label
from cvlab.ui.theme.icons import icon


class ProgressRow(QWidget):
    """toggled(): the button was pressed."""

    toggled = Signal()

    def __init__(self, name: str, words: str, tip: str, parent: QWidget) -> None:
        super().__init__(parent)
        self._words = words
        self.start = button(self, name, words, tip, glyph="play", role="primary")
        self.start.setMinimumWidth(112)
        self.bar = QProgressBar(self)
        self.bar.setRange(0, 1000)
        self.bar.setAccessibleName("Progress")
        self.text = label(self)
        self.text.setMinimumWidth(140)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(12)
        row.addWidget(self.start)
        row.addWidget(self.bar, 1)
        row.addWidget(self.text)
        self.start.clicked.connect(self.toggled)

    def show_running(self, running: bool) -> None:
        self.start.setText("Stop" if running else self._words)
        self.start.setIcon(icon("stop" if running else "play", "accent_ink"))
        self.start.setAccessibleName(self.start.text())

    def show_progress(self, share: float, text: str) -> None:
        self.bar.setValue(round(1000 * share))
        self.text.setText(text)


def time_left(seconds: float) -> str:
    """ "12 s left", "3 min left"."""
    return f"{seconds:.0f} s left" if seconds < 90 else f"{seconds / 60:.0f} min left"
