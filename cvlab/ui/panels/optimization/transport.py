"""Rewind, back, play, step, speed and noise: the row under the map. It decides nothing."""

from __future__ import annotations

from PySide6.QtCore import QSignalBlocker, Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QSlider, QWidget

from cvlab.core.panels.optimization import SPEEDS
from cvlab.ui.panels.optimization.names import named
from cvlab.ui.theme.icons import icon


class Transport(QWidget):
    """The buttons are public; speed_asked(steps a second), noise_asked(0..1), noise_set: the slider was let go."""

    speed_asked = Signal(int)
    noise_asked = Signal(float)
    noise_set = Signal()

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.rewind = self._button("rewind", "rewind", "Rewind", "Everybody back to the start (Home).")
        self.back = self._button("back", "left", "One step back", "Takes the last step of everybody back (Alt+Left).")
        self.play = self._button("play", "play", "Play", "Runs the race, all from one start with the same noise (F5).")
        self.forward = self._button("step", "right", "One step", "Everybody takes one step (Alt+Right).")
        self.where = QLabel(self)
        self.where.setProperty("role", "small muted")
        self.where.setMinimumWidth(self.where.fontMetrics().horizontalAdvance("step 8,888") + 8)
        self.speed = QSlider(Qt.Orientation.Horizontal, self)
        self.speed.setRange(0, len(SPEEDS) - 1)
        self.speed.setFixedWidth(68)
        named(
            self.speed,
            "speed",
            "Speed",
            "Steps a second, 2 to 300. Slow: watch one step's arrows. Fast: see who arrives.",
        )
        self.speed_words = QLabel(self)
        self.speed_words.setProperty("role", "small muted")
        self.speed_words.setMinimumWidth(self.speed_words.fontMetrics().horizontalAdvance("speed 300/s"))
        self.noise = QSlider(Qt.Orientation.Horizontal, self)
        self.noise.setRange(0, 100)
        self.noise.setFixedWidth(68)
        named(
            self.noise,
            "noise",
            "Mini-batch noise",
            "What a small batch does to the slope: seeded noise, in typical slopes of this surface, the same for everybody. "
            "High: plain SGD staggers, averages keep calm.",
        )
        self.noise_words = QLabel(self)
        self.noise_words.setProperty("role", "small muted")
        self.noise_words.setMinimumWidth(self.noise_words.fontMetrics().horizontalAdvance("noise 0.00") + 4)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(4)
        for button in (self.rewind, self.back, self.play, self.forward):
            row.addWidget(button)
        row.addSpacing(6)
        row.addWidget(self.where)
        row.addStretch(1)
        for words, slider in ((self.noise_words, self.noise), (self.speed_words, self.speed)):
            row.addWidget(words)
            row.addWidget(slider)
            row.addSpacing(6)
        self.speed.valueChanged.connect(self._tell_speed)
        self.noise.valueChanged.connect(self._tell_noise)
        self.noise.sliderReleased.connect(self.noise_set)

    def _button(self, name: str, glyph: str, words: str, tip: str) -> QPushButton:
        button = QPushButton(icon(glyph, "accent_ink" if name == "play" else "ink"), "", self)
        named(button, name, words, tip)
        button.setFixedSize(44 if name == "play" else 36, 32)
        button.setProperty("role", "primary icon" if name == "play" else "quiet icon")
        return button

    def show_playing(self, playing: bool) -> None:
        self.play.setIcon(icon("pause" if playing else "play", "accent_ink"))
        self.play.setAccessibleName("Pause" if playing else "Play")

    def show_step(self, t: int, limit: int) -> None:
        self.where.setText(f"step {t:,}")
        for button, possible in ((self.rewind, t > 0), (self.back, t > 0), (self.forward, t < limit)):
            if button.isEnabled() != possible:
                button.setEnabled(possible)

    def show_speed(self, speed: int) -> None:
        nearest = min(range(len(SPEEDS)), key=lambda i: abs(SPEEDS[i] - speed))
        blocker = QSignalBlocker(self.speed)
        self.speed.setValue(nearest)
        blocker.unblock()
        self.speed_words.setText(f"speed {speed}/s")

    def show_noise(self, noise: float) -> None:
        blocker = QSignalBlocker(self.noise)
        self.noise.setValue(round(noise * 100))
        blocker.unblock()
        self.noise_words.setText(f"noise {noise:.2f}")

    def _tell_speed(self, value: int) -> None:
        self.speed_asked.emit(SPEEDS[value])

    def _tell_noise(self, value: int) -> None:
        self.noise_asked.emit(value / 100)
