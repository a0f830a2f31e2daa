"""Rewind, back, play, forward, where, and how fast: the row under the stage, and the walk that it steers."""

from __future__ import annotations

from PySide6.QtCore import QSignalBlocker, Qt, QTimer, Signal
from PySide6.QtWidgets import QHBoxLayout, QSlider, QWidget

from cvlab.core.panels.convolution import SPEEDS
from cvlab.ui.panels.convolution.pieces import icon_button, label, named
from cvlab.ui.theme.icons import icon


class Transport(QWidget):
    """went(position): the window is to stand there. speed_asked(positions a second). It plays round and round."""

    went = Signal(int)
    speed_asked = Signal(int)

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._count = self._position = 0
        self._timer = QTimer(self)
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.timeout.connect(self.forward)
        self.rewind = icon_button(
            self, "rewind", "rewind", "To the first position", "The first window of the first filter (Home)."
        )
        self.back = icon_button(self, "back", "left", "One position back", "The window one position back (Alt+Left).")
        self.play = icon_button(
            self, "play", "play", "Play", "Slides the window over all positions and filters (space, or F5)."
        )
        self.next = icon_button(self, "forward", "right", "One position on", "The window one position on (Alt+Right).")
        self.scrub = named(
            QSlider(Qt.Orientation.Horizontal, self),
            "scrub",
            "Position",
            "Drag to any output number: filter by filter, row by row.",
        )
        self.where = label(self)
        self.where.setFixedWidth(self.where.fontMetrics().horizontalAdvance("filter 0 · row 88 · column 88") + 8)
        self.speed = named(
            QSlider(Qt.Orientation.Horizontal, self),
            "speed",
            "Speed",
            "Positions a second, 1 to 60. Slow: read the sum. Fast: watch the map grow.",
        )
        self.speed.setRange(0, len(SPEEDS) - 1)
        self.speed.setFixedWidth(60)
        self.speed_words = label(self)
        self.speed_words.setFixedWidth(self.speed_words.fontMetrics().horizontalAdvance("speed 60/s") + 4)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(4)
        for button in (self.rewind, self.back, self.play, self.next):
            row.addWidget(button)
        row.addSpacing(6)
        row.addWidget(self.scrub, 1)
        row.addSpacing(6)
        row.addWidget(self.where)
        row.addWidget(self.speed_words)
        row.addWidget(self.speed)
        self.rewind.clicked.connect(self.go_first)
        self.back.clicked.connect(self.step_back)
        self.next.clicked.connect(self.step)
        self.play.clicked.connect(self.toggle)
        self.scrub.valueChanged.connect(self._scrub)
        self.speed.valueChanged.connect(self._tell_speed)

    @property
    def is_playing(self) -> bool:
        return self._timer.isActive()

    def show_where(self, position: int, shape: tuple[int, ...]) -> None:
        """shape: (K, H', W') of the output; () where there is none."""
        count = 1
        for length in shape:
            count *= length
        self._count, self._position = (count if shape else 0), position
        blocker = QSignalBlocker(self.scrub)
        self.scrub.setRange(0, max(self._count - 1, 0))
        self.scrub.setPageStep(shape[2] if shape else 1)
        self.scrub.setValue(position)
        blocker.unblock()
        for widget in (self.rewind, self.back, self.play, self.next, self.scrub):
            if widget.isEnabled() != bool(shape):
                widget.setEnabled(bool(shape))
        if not shape:
            self.stop()
            self.where.setText("no position")
            return
        k, rest = divmod(position, shape[1] * shape[2])
        row, column = divmod(rest, shape[2])
        self.where.setText(f"filter {k} · row {row} · column {column}")

    def show_speed(self, speed: int) -> None:
        nearest = min(range(len(SPEEDS)), key=lambda i: abs(SPEEDS[i] - speed))
        blocker = QSignalBlocker(self.speed)
        self.speed.setValue(nearest)
        blocker.unblock()
        self.speed_words.setText(f"speed {speed}/s")
        self._timer.setInterval(max(16, round(1000 / speed)))

    def toggle(self) -> None:
        """Plays, or pauses."""
        if self.is_playing:
            self.stop()
        elif self._count:
            self._timer.start()
            self._show_playing()

    def stop(self) -> None:
        if self.is_playing:
            self._timer.stop()
            self._show_playing()

    def _show_playing(self) -> None:
        self.play.setIcon(icon("pause" if self.is_playing else "play", "accent_ink"))
        self.play.setAccessibleName("Pause" if self.is_playing else "Play")

    def forward(self) -> None:
        """One on; after the last comes the first."""
        if self._count:
            self.went.emit((self._position + 1) % self._count)

    def step(self) -> None:
        self.stop()
        self.forward()

    def step_back(self) -> None:
        self.stop()
        if self._count:
            self.went.emit((self._position - 1) % self._count)

    def go_first(self) -> None:
        self.stop()
        self.went.emit(0)

    def _scrub(self, position: int) -> None:
        self.stop()
        self.went.emit(position)

    def _tell_speed(self, value: int) -> None:
        self.speed_asked.emit(SPEEDS[value])
