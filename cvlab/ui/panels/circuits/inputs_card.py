"""The inputs: a slider and a box for each, its gradient beside it, and the buttons that move all of them along the gradient."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from PySide6.QtCore import QSignalBlocker, Qt, Signal
from PySide6.QtWidgets import QFrame, QGridLayout, QHBoxLayout, QLabel, QPushButton, QScrollArea, QVBoxLayout, QWidget

from cvlab.engine.circuit.passes import Evaluation
from cvlab.ui.panels.circuits.face import number
from cvlab.ui.theme.icons import icon
from cvlab.ui.widgets.finish import finish
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
        self.button.setText(self.button.fontMetrics().elidedText(name, Qt.TextElideMode.ElideRight, 38))
        self.button.setProperty("role", "chip")
        self.button.setCheckable(True)
        self.button.setObjectName(f"circuits.along-{name}")
        self.button.setAccessibleName(f"Plot along {name}")
        self.button.setToolTip(f"Plots the output against {name}, with the tangent that its gradient gives.")
        self.button.setFixedWidth(54)
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


class InputsCard(QFrame):
    """Rows for the inputs of the present circuit, and the nudges. It asks; the panel decides."""

    turned = Signal(str, float)
    released = Signal()
    chosen = Signal(str)
    nudged = Signal(int)
    descend_asked = Signal()
    step_changed = Signal(float)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("role", "card")
        self.rows: dict[str, InputRow] = {}
        self._starts: Mapping[str, float] = {}
        title = QLabel("Inputs", self)
        title.setProperty("role", "subheading")
        self.output = QLabel(self)
        self.output.setObjectName("circuits.output")
        self.output.setProperty("role", "subheading success")
        self.output.setFixedSize(200, 20)
        self.output.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self.output.setToolTip("The value of the whole circuit.")
        head = QHBoxLayout()
        head.addWidget(title)
        head.addStretch()
        head.addWidget(self.output)
        self._scroll = QScrollArea(self)
        self._scroll.setWidgetResizable(True)
        self._scroll.setFrameShape(QFrame.Shape.NoFrame)
        self._scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._scroll.setMinimumHeight(96)
        column = QVBoxLayout(self)
        column.setContentsMargins(16, 12, 12, 12)
        column.setSpacing(8)
        column.addLayout(head)
        column.addWidget(self._scroll, 1)
        column.addLayout(self._make_nudges())

    def _make_nudges(self) -> QGridLayout:
        self.step = NumberBox(1e-6, 100.0, log=True, parent=self)
        self.step.setObjectName("circuits.step")
        self.step.setAccessibleName("Step size")
        self.step.setToolTip(
            "How far a nudge goes: each input moves by step × its gradient. Too large, and it jumps past the place where "
            "the gradient was true: the output goes the wrong way."
        )
        words = QLabel("step", self)
        words.setProperty("role", "muted small")
        self.up = self._button(
            "nudge-up", "Nudge up", "up", "Moves every input a step along its gradient: the output rises."
        )
        self.down = self._button(
            "nudge-down", "Nudge down", "down", "Moves every input a step against its gradient: the output falls."
        )
        self.descend = self._button(
            "descend",
            "Descend",
            "play",
            "Gradient descent on this circuit: nudges down again and again, until you stop it.",
        )
        self.descend.setCheckable(True)
        grid = QGridLayout()
        grid.setContentsMargins(0, 0, 4, 0)
        grid.setSpacing(8)
        row = QHBoxLayout()
        row.setSpacing(6)
        row.addWidget(words)
        row.addWidget(self.step, 1)
        grid.addLayout(row, 0, 0)
        grid.addWidget(self.descend, 0, 1)
        grid.addWidget(self.down, 1, 0)
        grid.addWidget(self.up, 1, 1)
        grid.setColumnStretch(0, 1)
        grid.setColumnStretch(1, 1)
        self.up.clicked.connect(self._nudge_up)
        self.down.clicked.connect(self._nudge_down)
        self.descend.clicked.connect(self.descend_asked)
        self.step.valueChanged.connect(self.step_changed)
        return grid

    def _button(self, name: str, text: str, glyph: str, tip: str) -> QPushButton:
        button = QPushButton(icon(glyph), text, self)
        button.setObjectName(f"circuits.{name}")
        button.setAccessibleName(text)
        button.setToolTip(tip)
        return button

    # -- showing -----------------------------------------------------------------------------------------------------

    def show_inputs(self, starts: Mapping[str, float]) -> None:
        """Builds the rows anew, if they are for other inputs."""
        if starts == self._starts:
            return
        self._starts = dict(starts)
        page = QWidget(self._scroll)
        page.setProperty("role", "page")
        column = QVBoxLayout(page)
        column.setContentsMargins(0, 0, 4, 0)
        column.setSpacing(6)
        self.rows = {}
        for name, start in starts.items():
            row = InputRow(name, start, page)
            row.turned.connect(self.turned)
            row.released.connect(self.released)
            row.chosen.connect(self.chosen)
            column.addWidget(row)
            self.rows[name] = row
        if not starts:
            nothing = QLabel("This circuit has no inputs: all of it is constant.", page)
            nothing.setProperty("role", "muted")
            nothing.setWordWrap(True)
            column.addWidget(nothing)
        column.addStretch()
        self._scroll.setWidget(page)
        finish(page)

    def show_numbers(self, evaluation: Evaluation, along: str) -> None:
        for name, row in self.rows.items():
            row.show_numbers(evaluation.inputs[name], evaluation.by_input[name], name == along)
        name = evaluation.circuit.nodes[evaluation.circuit.output].name
        self.output.setText(f"{name} = {number(evaluation.output)}")

    def show_step(self, step: float) -> None:
        blocker = QSignalBlocker(self.step)
        self.step.setValue(step)
        blocker.unblock()

    def show_descending(self, descending: bool) -> None:
        self.descend.setChecked(descending)
        self.descend.setText("Stop" if descending else "Descend")
        self.descend.setIcon(icon("pause" if descending else "play"))

    def names(self) -> Sequence[str]:
        return tuple(self.rows)

    def _nudge_up(self) -> None:
        self.nudged.emit(1)

    def _nudge_down(self) -> None:
        self.nudged.emit(-1)
