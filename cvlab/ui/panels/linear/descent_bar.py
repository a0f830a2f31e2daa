"""Below the plane: play, step and rewind, the step size, and which class a click adds."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QButtonGroup, QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from cvlab.core.panels.linear import HIGHEST_RATE, LOWEST_RATE
from cvlab.engine.classifier import MAX_CLASSES
from cvlab.ui.panels.linear.pieces import icon_button, label, named
from cvlab.ui.panels.linear.points_table import SIGNS
from cvlab.ui.theme.icons import icon
from cvlab.ui.widgets.number import NumberSlider


class DescentBar(QWidget):
    """classes_asked(n): new points of so many classes. label: the class that a click adds.

    count and fresh, how many steps and the chips for new points, are for the header of whoever owns the bar.
    """

    classes_asked = Signal(int)

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.rewind = icon_button(
            self, "rewind", "rewind", "Rewind", "Back to the weights that the descent started from."
        )
        self.back = icon_button(self, "back", "left", "One step back", "Takes the last step back (Alt+Left).")
        self.play = icon_button(self, "run", "play", "Run", "Steps down the gradient until it is stopped (Ctrl+Space).")
        self.forward = icon_button(
            self,
            "step",
            "right",
            "One step",
            "W −= step size × ∇W, b −= step size × ∇b, on all points at once (Alt+Right).",
        )
        self.random = icon_button(
            self, "randomise", "replay", "Randomise", "W drawn anew from a bell curve, and b = 0."
        )
        self.rate = named(
            NumberSlider(LOWEST_RATE, HIGHEST_RATE, log=True, parent=self),
            "step_size",
            "Step size",
            "How far each step goes down the gradient. Too small: nothing happens. Too large: the loss jumps up and down, or "
            "runs away.",
        )
        self.rate_text = label(self, "", "small")
        self.rate_text.setFixedWidth(44)
        self.count = label(self)
        self.count.setMinimumWidth(self.count.fontMetrics().horizontalAdvance("8,888 steps"))
        top = QHBoxLayout()
        top.setSpacing(4)
        for button in (self.rewind, self.back, self.play, self.forward, self.random):
            top.addWidget(button)
        top.addSpacing(8)
        top.addWidget(label(self, "step size"))
        top.addWidget(self.rate, 1)
        top.addWidget(self.rate_text)
        self.labels = QButtonGroup(self)
        low = QHBoxLayout()
        low.setSpacing(4)
        low.addWidget(label(self, "a click adds"))
        for k in range(MAX_CLASSES):
            chip = named(
                QPushButton(f"{SIGNS[k]} {k}", self),
                f"label.{k}",
                f"Add class {k}",
                f"A click on the plane adds a point of class {k}.",
            )
            chip.setCheckable(True)
            chip.setProperty("role", "chip")
            self.labels.addButton(chip, k)
            low.addWidget(chip)
        self.labels.button(0).setChecked(True)
        low.addStretch(1)
        self.fresh = QWidget(self)
        sets = QHBoxLayout(self.fresh)
        sets.setContentsMargins(0, 0, 0, 0)
        sets.setSpacing(4)
        sets.addWidget(label(self, "classes"))
        self.sets = QButtonGroup(self)
        for n in range(2, MAX_CLASSES + 1):
            chip = named(
                QPushButton(str(n), self),
                f"classes.{n}",
                f"{n} classes",
                f"Clears the plane for clouds of {n} classes. Undo brings yours back.",
            )
            chip.setProperty("role", "chip")
            self.sets.addButton(chip, n)
            sets.addWidget(chip)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(6)
        column.addLayout(top)
        column.addLayout(low)
        self.sets.idClicked.connect(self.classes_asked)

    @property
    def label(self) -> int:
        return self.labels.checkedId()

    def show_classes(self, classes: int) -> None:
        for k in range(MAX_CLASSES):
            self.labels.button(k).setVisible(k < classes)
        if self.label >= classes:
            self.labels.button(0).setChecked(True)

    def show_rate(self, rate: float) -> None:
        self.rate.show_number(rate)
        self.rate_text.setText(f"{rate:.2g}")

    def show_progress(self, steps: int, playing: bool, possible: bool) -> None:
        """possible: there is a point to learn from."""
        self.count.setText(f"{steps:,} step{'' if steps == 1 else 's'}")
        self.back.setEnabled(steps > 0)
        self.rewind.setEnabled(steps > 0)
        self.forward.setEnabled(possible)
        self.play.setEnabled(possible)
        words = "Pause" if playing else "Run"
        if words != self.play.accessibleName() or not self.play.icon():
            self.play.setIcon(icon("pause" if playing else "play", "accent_ink"))
            self.play.setAccessibleName(words)
