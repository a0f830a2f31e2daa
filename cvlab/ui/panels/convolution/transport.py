"""Rewind, back, play, forward, where, and how fast: the row under the stage, and the walk that it steers."""

from __future__ import annotations

from math import prod

from PySide6.QtCore import QSignalBlocker, Qt, QTimer, Signal
from PySide6.QtWidgets import QHBoxLayout, QSlider, QWidget

from cvlab.core.panels.convolution_documents import SPEEDS
from cvlab.ui.panels.convolution.pieces import controls, label, named
from cvlab.ui.widgets.controls import steady
from cvlab.ui.widgets.transport import Said, SpeedSlider, TransportButtons


class Transport(QWidget):
    """went(position): the window is to stand there. speed: its slider. It plays round and round."""

    went = Signal(int)

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._count = self._position = 0
        self._timer = QTimer(self)
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.timeout.connect(self.forward)
        self.buttons = TransportButtons(
            controls,
            Said(
                "rewind",
                "To the first position",
                "The first window of the first filter, or the first number that stamps (Home).",
            ),
            Said("back", "One position back", "One window or stamp back (Alt+Left)."),
            Said(
                "play",
                "Play",
                "Slides the window over all positions and filters, or lets all numbers stamp (space, or F5).",
            ),
            Said("forward", "One position on", "One window or stamp on (Alt+Right)."),
            self,
        )
        self.scrub = named(
            QSlider(Qt.Orientation.Horizontal, self),
            "scrub",
            "Position",
            "Drag to any output number, filter by filter, or to any number that stamps, channel by channel.",
        )
        self.where = steady(label(self), "channel 0 · row 88 · col 88")
        self.speed = SpeedSlider(
            controls, SPEEDS, "Positions a second, 1 to 60. Slow: read the sum. Fast: watch the map grow.", self
        )
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(6)
        row.addWidget(self.buttons)
        row.addWidget(self.scrub, 1)
        row.addWidget(self.where)
        row.addWidget(self.speed)
        self.buttons.rewind.clicked.connect(self.go_first)
        self.buttons.back.clicked.connect(self.step_back)
        self.buttons.forward.clicked.connect(self.step)
        self.buttons.play.clicked.connect(self.toggle)
        self.scrub.valueChanged.connect(self._scrub)

    @property
    def is_playing(self) -> bool:
        return self._timer.isActive()

    def show_where(self, position: int, shape: tuple[int, ...], plane: str) -> None:
        """shape: of the numbers gone over, (planes, rows, columns); () where there is none. plane: what one is called."""
        self._count, self._position = (prod(shape) if shape else 0), position
        blocker = QSignalBlocker(self.scrub)
        self.scrub.setRange(0, max(self._count - 1, 0))
        self.scrub.setPageStep(shape[2] if shape else 1)
        self.scrub.setValue(position)
        blocker.unblock()
        some = bool(shape)
        self.buttons.show_possible(back=some, play=some, forward=some)
        if self.scrub.isEnabled() != some:
            self.scrub.setEnabled(some)
        if not shape:
            self.stop()
            self.where.setText("no position")
            return
        k, rest = divmod(position, shape[1] * shape[2])
        row, column = divmod(rest, shape[2])
        self.where.setText(f"{plane} {k} · row {row} · col {column}")

    def show_speed(self, speed: int) -> None:
        self.speed.show_speed(speed)
        self._timer.setInterval(max(16, round(1000 / speed)))

    def toggle(self) -> None:
        """Plays, or pauses."""
        if self.is_playing:
            self.stop()
        elif self._count:
            self._timer.start()
            self.buttons.show_playing(True)

    def stop(self) -> None:
        if self.is_playing:
            self._timer.stop()
            self.buttons.show_playing(False)

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
