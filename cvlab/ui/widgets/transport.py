"""The pieces of a transport: rewind, back, play and forward in a row, and a slider for how fast. They decide nothing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from PySide6.QtCore import QSignalBlocker, Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QSlider, QWidget

from cvlab.ui.theme.icons import icon
from cvlab.ui.widgets.controls import Controls, label, steady


class Said(NamedTuple):
    """A button of a transport: its permanent name without the panel's, what a screen reader says, and its tip."""

    name: str
    words: str
    tip: str


class TransportButtons(QWidget):
    """rewind, back, play, forward: the buttons themselves, to be connected by the owner."""

    def __init__(self, own: Controls, rewind: Said, back: Said, play: Said, forward: Said, parent: QWidget) -> None:
        super().__init__(parent)
        self._play_words = play.words
        glyphs = ("rewind", "left", "play", "right")
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(4)
        self.rewind, self.back, self.play, self.forward = made = [
            own.icon_button(self, said.name, glyph, said.words, said.tip)
            for said, glyph in zip((rewind, back, play, forward), glyphs, strict=True)
        ]
        for button in made:
            row.addWidget(button)

    def show_playing(self, playing: bool) -> None:
        words = "Pause" if playing else self._play_words
        if words != self.play.accessibleName():
            self.play.setIcon(icon("pause" if playing else "play", "accent_ink"))
            self.play.setAccessibleName(words)

    def show_possible(self, *, back: bool, play: bool, forward: bool) -> None:
        """back: also for the way to the start."""
        for button, possible in (
            (self.rewind, back),
            (self.back, back),
            (self.play, play),
            (self.forward, forward),
        ):
            if button.isEnabled() != possible:
                button.setEnabled(possible)


class SpeedSlider(QWidget):
    """One of a few speeds, named `<panel>.speed`. asked(how many a second): the person turned it."""

    asked = Signal(int)

    def __init__(self, own: Controls, speeds: Sequence[int], tip: str, parent: QWidget) -> None:
        super().__init__(parent)
        self._speeds = tuple(speeds)
        self.words = steady(label(self), f"speed {max(speeds)}/s")
        self.slider = own.named(QSlider(Qt.Orientation.Horizontal, self), "speed", "Speed", tip)
        self.slider.setRange(0, len(speeds) - 1)
        self.slider.setFixedWidth(56)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(4)
        row.addWidget(self.words)
        row.addWidget(self.slider)
        self.slider.valueChanged.connect(self._tell)

    def show_speed(self, speed: int) -> None:
        """The slider goes to the nearest that it has; the words say the speed itself."""
        blocker = QSignalBlocker(self.slider)
        self.slider.setValue(min(range(len(self._speeds)), key=lambda i: abs(self._speeds[i] - speed)))
        blocker.unblock()
        self.words.setText(f"speed {speed}/s")

    def _tell(self, value: int) -> None:
        self.asked.emit(self._speeds[value])
