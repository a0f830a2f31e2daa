"""What long work on a data set is doing, how fast and how much longer, and a way to stop it."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QProgressBar, QWidget

from cvlab.engine.data.progress import Progress
from cvlab.ui.panels.datasets.pieces import button, label


class ProgressStrip(QWidget):
    """cancelled: the person wants it stopped. Hidden while nothing goes on."""

    cancelled = Signal()

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.words = label(self, role="small")
        self.words.setMinimumWidth(0)
        self.bar = QProgressBar(self)
        self.bar.setRange(0, 0)
        self.bar.setAccessibleName("Progress")
        self.stop = button(
            self, "cancel", "Cancel", "Stops it. What a download has brought is kept; an import leaves nothing behind."
        )
        self.stop.setProperty("role", "chip")
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(12)
        row.addWidget(self.words, 3)
        row.addWidget(self.bar, 1)
        row.addWidget(self.stop)
        self.stop.clicked.connect(self.cancelled)
        self.hide()

    def begin(self, words: str) -> None:
        self.words.setText(words)
        self.bar.setRange(0, 0)
        self.show()

    def show_progress(self, progress: Progress) -> None:
        share = progress.fraction
        self.bar.setRange(0, 0 if share is None else 1000)
        self.bar.setValue(round(1000 * (share or 0)))
        speed = progress.bytes_per_second
        parts = [progress.stage]
        if speed is not None:
            parts.append(f"{progress.done / 1e6:,.0f} MB, {speed / 1e6:.1f} MB/s")
        if progress.eta_seconds is not None:
            parts.append(f"{left(progress.eta_seconds)} left")
        self.words.setText(" · ".join(parts))

    def end(self) -> None:
        self.hide()


def left(seconds: float) -> str:
    """12 s, 3 min, 1 h 20 min."""
    whole = round(seconds)
    if whole < 90:
        return f"{whole} s"
    minutes = round(whole / 60)
    return f"{minutes} min" if minutes < 90 else f"{minutes // 60} h {minutes % 60:02d} min"


def megabytes(count: int) -> str:
    """12 MB, 562 MB, 1.3 GB."""
    return f"{count / 1e9:.1f} GB" if count >= 1e9 else f"{max(1, round(count / 1e6))} MB"
