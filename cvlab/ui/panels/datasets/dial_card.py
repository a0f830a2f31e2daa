"""The chosen image before and after a challenge, and the dial between them."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QTimer, Signal
from PySide6.QtWidgets import QHBoxLayout, QWidget

from cvlab.core.lab import Lab
from cvlab.ui.panels.datasets.image_choice import ImageChoice
from cvlab.ui.panels.datasets.pieces import button, icon_button, label, named
from cvlab.ui.theme.icons import icon
from cvlab.ui.widgets.card import Card
from cvlab.ui.widgets.image_tiles import ImageTiles
from cvlab.ui.widgets.number import NumberSlider

_SWEEP_MS, _SWEEP_STEP = 40, 0.01


class DialCard(Card):
    """turned(amount): the dial moved, by hand or by itself. again: the button for another seed, for the owner."""

    turned = Signal(float)

    def __init__(self, lab: Lab, parent: QWidget) -> None:
        super().__init__("", parent)
        self.choice = ImageChoice(lab, "challenge", self)
        self.pictures = ImageTiles(2, most=300, gap=24, parent=self)
        self.pictures.setMinimumHeight(120)
        self.says = label(self, "", "small muted", wraps=True)
        self.dial = named(
            NumberSlider(0.0, 1.0, parent=self),
            "challenge_amount",
            "Amount of the challenge",
            "From none, where the image stays as it is to the byte, to extreme.",
        )
        self.dial.setMinimumWidth(120)
        self.amount = label(self, "", "number")
        self.amount.setFixedWidth(48)
        self.play = icon_button(
            self, "challenge_play", "play", "Sweep the dial", "Turns the dial from none to extreme and back."
        )
        self.again = button(
            self, "challenge_again", "Another way", "The same amount, happening another way: another seed.", role="chip"
        )
        self.header.addStretch(1)
        for one in self.choice.buttons:
            self.header.addWidget(one)
        row = QHBoxLayout()
        row.setSpacing(8)
        row.addWidget(self.play)
        row.addWidget(label(self, "None"))
        row.addWidget(self.dial, 1)
        row.addWidget(label(self, "Extreme"))
        row.addWidget(self.amount)
        row.addWidget(self.again)
        self.body.addWidget(self.says)
        self.body.addWidget(self.pictures, 1)
        self.body.addLayout(row)
        self._direction = 1
        self._timer = QTimer(self)
        self._timer.setInterval(_SWEEP_MS)
        self._timer.timeout.connect(self._sweep)
        self.dial.moved.connect(self.turned)
        self.dial.sliderPressed.connect(self.stop)
        self.play.clicked.connect(self.toggle)

    def show_images(self, before: np.ndarray, after: np.ndarray, amount: float) -> None:
        """(C, H, W) uint8 each."""
        changed = np.abs(after.astype(np.int16) - before).mean()
        self.title.setText(self.choice.caption)
        self.pictures.show_images(
            np.stack([before, after]),
            ("as it is", f"mean change {changed:.0f} of 255" if amount else "as it is, to the byte"),
        )

    def show_amount(self, amount: float) -> None:
        if not self.dial.isSliderDown():
            self.dial.show_number(amount)
        self.amount.setText(f"{amount:.0%}".replace("%", " %"))

    # -- by itself ---------------------------------------------------------------------------------------------------

    @property
    def is_playing(self) -> bool:
        return self._timer.isActive()

    def toggle(self) -> None:
        if self.is_playing:
            self.stop()
        else:
            self._timer.start()
            self.play.setIcon(icon("pause", "accent_ink"))

    def stop(self) -> None:
        self._timer.stop()
        self.play.setIcon(icon("play", "accent_ink"))

    def _sweep(self) -> None:
        here = round(self.dial.number() + self._direction * _SWEEP_STEP, 2)
        if not 0 <= here <= 1:
            self._direction = -self._direction
            here = min(max(here, 0.0), 1.0)
        self.dial.show_number(here)
        self.turned.emit(here)
