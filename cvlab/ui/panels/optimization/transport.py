"""Rewind, back, play, step, speed and noise: the row under the map. It decides nothing."""

from __future__ import annotations

from PySide6.QtCore import QSignalBlocker, Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QSlider, QWidget

from cvlab.core.panels.optimization import SPEEDS
from cvlab.ui.panels.optimization.names import controls, named
from cvlab.ui.widgets.controls import label, steady
from cvlab.ui.widgets.transport import Said, SpeedSlider, TransportButtons


class Transport(QWidget):
    """buttons, speed: public. noise_asked(0..1), noise_set: the slider was let go."""

    noise_asked = Signal(float)
    noise_set = Signal()

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.buttons = TransportButtons(
            controls,
            Said("rewind", "Rewind", "Everybody back to the start (Home)."),
            Said("back", "One step back", "Takes the last step of everybody back (Alt+Left)."),
            Said("play", "Play", "Runs the race, all from one start with the same noise (F5)."),
            Said("step", "One step", "Everybody takes one step (Alt+Right)."),
            self,
        )
        self.where = steady(label(self), "step 8,888")
        self.speed = SpeedSlider(
            controls, SPEEDS, "Steps a second, 2 to 300. Slow: watch one step's arrows. Fast: see who arrives.", self
        )
        self.noise = QSlider(Qt.Orientation.Horizontal, self)
        self.noise.setRange(0, 100)
        self.noise.setFixedWidth(56)
        named(
            self.noise,
            "noise",
            "Mini-batch noise",
            "What a small batch does to the slope: seeded noise, in typical slopes of this surface, the same for everybody. "
            "High: plain SGD staggers, averages keep calm.",
        )
        self.noise_words = steady(label(self), "noise 0.00")
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(4)
        row.addWidget(self.buttons)
        row.addSpacing(6)
        row.addWidget(self.where)
        row.addStretch(1)
        row.addWidget(self.noise_words)
        row.addWidget(self.noise)
        row.addSpacing(6)
        row.addWidget(self.speed)
        self.noise.valueChanged.connect(self._tell_noise)
        self.noise.sliderReleased.connect(self.noise_set)

    def show_step(self, t: int, limit: int) -> None:
        self.where.setText(f"step {t:,}")
        self.buttons.show_possible(back=t > 0, play=True, forward=t < limit)

    def show_noise(self, noise: float) -> None:
        blocker = QSignalBlocker(self.noise)
        self.noise.setValue(round(noise * 100))
        blocker.unblock()
        self.noise_words.setText(f"noise {noise:.2f}")

    def _tell_noise(self, value: int) -> None:
        self.noise_asked.emit(value / 100)
