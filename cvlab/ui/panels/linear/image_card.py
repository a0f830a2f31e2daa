"""The card of one image: its picture, its scores in both losses, and how they are looked at."""

from __future__ import annotations

import numpy as np
from PySide6.QtWidgets import QCheckBox, QComboBox, QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from cvlab.core.panels.linear import LinearState
from cvlab.ui.bind import bind_choice, bind_toggle
from cvlab.ui.panels.linear.formula_table import FormulaTable
from cvlab.ui.panels.linear.pieces import icon_button, label, named
from cvlab.ui.panels.linear.template_tiles import DigitPicture
from cvlab.ui.widgets.card import Card


class ImageCard(Card):
    """before, after and mistake are buttons for the owner, who knows the images."""

    def __init__(self, classes: int, state: LinearState, parent: QWidget) -> None:
        super().__init__("One image, two losses", parent)
        self._state = state
        self.names: tuple[str, ...] = ()
        self.picture, self.answer = DigitPicture(self), label(self, "", "", wraps=True)
        self.before = icon_button(self, "image_before", "left", "Image before", "The held-out image before this one.")
        self.after = icon_button(self, "image_after", "right", "Next image", "The next held-out image.")
        self.mistake = named(
            QPushButton("Next mistake", self),
            "mistake",
            "Next mistake",
            "The next held-out image whose right class does not score highest.",
        )
        self.mistake.setProperty("role", "chip")
        self.shift = named(
            QCheckBox("Shift by max", self),
            "shift",
            "Take the largest score off",
            "Subtracts the largest score before the powers: the same p, and no power above 1. Without it, large scores overflow.",
        )
        self.magnify = named(
            QComboBox(self),
            "magnify",
            "W and b times",
            "Looks at scores this many times as large. At 1000 the powers overflow, unless the largest score is taken off.",
        )
        for times in (1, 10, 100, 1000):
            self.magnify.addItem(f"W × {times}", times)
        self.table = FormulaTable(classes, self)
        choose = QHBoxLayout()
        for button in (self.before, self.after, self.mistake):
            choose.addWidget(button)
        choose.addStretch(1)
        beside = QVBoxLayout()
        beside.addWidget(self.answer)
        beside.addLayout(choose)
        beside.addStretch(1)
        tricks = QHBoxLayout()
        tricks.addWidget(self.magnify)
        tricks.addWidget(self.shift)
        tricks.addStretch(1)
        beside.addLayout(tricks)
        top = QHBoxLayout()
        top.setSpacing(16)
        top.addWidget(self.picture)
        top.addLayout(beside, 1)
        self.body.addLayout(top)
        self.body.addWidget(self.table, 1)
        bind_choice(self.magnify, state, "magnify")
        bind_toggle(self.shift, state, "shift")

    def _name(self, k: int) -> str:
        return self.names[k] if k < len(self.names) else str(k)

    def show_image(self, number: int, image: np.ndarray, right: int, scores: np.ndarray) -> None:
        """The held-out image of this number, counted from 1, (C, H, W), with its class and its scores (K,)."""
        best = int(scores.argmax())
        self.picture.show_image(image)
        self.answer.setText(
            f"Held-out image {number:,}: {self._name(right)}.\n"
            + (
                "Its own template scores highest."
                if best == right
                else f"The template of {self._name(best)} scores higher."
            )
        )
        self.table.show_scores(scores * self._state.magnify, right, shifts=self._state.shift)
