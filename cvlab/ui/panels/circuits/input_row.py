"""One number that can be turned: the chip that chooses it, a slider, a box, and its gradient."""

from __future__ import annotations

import math

from PySide6.QtCore import QSignalBlocker, Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QWidget

from cvlab.ui.panels.circuits.face import number
from cvlab.ui.widgets.number import NumberBox, NumberSlider


def reach(start: float) -> float:
    """How far an input's slider goes to both sides: 5, or the next 1, 2 or 5 times a power of ten above twice its start."""
    wanted = max(2 * abs(start), 5.0)
    decade = 10.0 ** math.floor(math.log10(wanted))
    return next(decade * m for m in (1, 2, 5, 10) if decade * m >= wanted * (1 - 1e-9))


class InputRow(QWidget):
    """turned(name, value) while it moves; released when the person lets go; chosen(name): plot along this one."""

    turned = Signal(str, float)
    released = Signal()
    chosen = Signal(str)

    def __init__(self, name: str, start: float, parent: QWidget) -> None:
        super().__init__(parent)
        self.name = name
        self._value = math.nan
        end = reach(start)
        self.button = QPushButton(self)
        width = 54 if "[" not in name else 76
        self.button.setText(self.button.fontMetrics().elidedText(name, Qt.TextElideMode.ElideRight, width - 16))
        self.button.setProperty("role", "chip")
        self.button.setCheckable(True)
        self.button.setObjectName(f"circuits.along-{name}")
        self.button.setAccessibleName(f"Plot along {name}")
        self.button.setToolTip(f"Plots the output against {name}, with the tangent that its gradient gives.")
        self.button.setFixedWidth(width)
        self.slider = NumberSlider(-end, end, parent=self)
        self.slider.setObjectName(f"circuits.slider-{name}")
        self.slider.setAccessibleName(f"{name}, slider")
        self.slider.setToolTip(f"Turns {name}: every value and gradient follows at once.")
        self.slider.setMinimumWidth(48)
        self.box = NumberBox(-1e9, 1e9, parent=self)
        self.box.setSingleStep(0.1)
        self.box.setObjectName(f"circuits.input-{name}")
        self.box.setAccessibleName(name)
        self.box.setToolTip(f"The value of {name}. Type any number, also outside the slider's range.")
        self.box.setFixedWidth(84)
        self.gradient = QLabel(self)
        self.gradient.setProperty("role", "small error")
        self.gradient.setToolTip(f"The gradient of the output by {name}: how the output moves when {name} does.")
        # A fixed size, so that new numbers move nothing and cost no layout.
        self.gradient.setFixedSize(self.gradient.fontMetrics().horizontalAdvance("∇ −0.00001"), 20)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(6)
        row.addWidget(self.button)
        row.addWidget(self.slider, 1)
        row.addWidget(self.box)
        row.addWidget(self.gradient)
        self.button.clicked.connect(self._choose)
        self.slider.moved.connect(self._turn)
        self.slider.sliderReleased.connect(self.released)
        self.box.valueChanged.connect(self._turn)
        self.box.editingFinished.connect(self.released)

    def show_numbers(self, value: float, gradient: float, is_along: bool) -> None:
        if value != self._value:
            self._value = value
            for widget, show in ((self.slider, self.slider.show_number), (self.box, self.box.setValue)):
                blocker = QSignalBlocker(widget)
                show(value)
                blocker.unblock()
        text = number(gradient)
        self.gradient.setText(f"∇ {text if len(text) <= 8 else number(gradient, 2)}")
        self.button.setChecked(is_along)

    def _turn(self, value: float) -> None:
        self._value = math.nan  # what is shown now is the person's, until the document answers
        self.turned.emit(self.name, value)

    def _choose(self) -> None:
        self.button.setChecked(True)
        self.chosen.emit(self.name)
