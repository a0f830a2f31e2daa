"""The inputs: a slider and a box for each, its gradient beside it, and the buttons that move all of them along the gradient."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from PySide6.QtCore import QSignalBlocker, Qt, Signal
from PySide6.QtWidgets import QFrame, QGridLayout, QHBoxLayout, QLabel, QPushButton, QScrollArea, QVBoxLayout, QWidget

from cvlab.engine.circuit.circuit import Circuit
from cvlab.engine.circuit.passes import Evaluation
from cvlab.engine.circuit.tensors import Shape, cells
from cvlab.ui.panels.circuits.face import number
from cvlab.ui.panels.circuits.input_row import InputRow
from cvlab.ui.panels.circuits.input_table import InputTable
from cvlab.ui.theme.icons import icon
from cvlab.ui.widgets.finish import finish
from cvlab.ui.widgets.number import NumberBox


class InputsCard(QFrame):
    """Rows for the inputs of the present circuit, and the nudges. It asks; the panel decides.

    rows: of single numbers; tables: of vectors and matrices; both by the input's name.
    """

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
        self.tables: dict[str, InputTable] = {}
        self._starts: Mapping[str, float] = {}
        self._shapes: tuple[tuple[str, Shape], ...] = ()
        title = QLabel("Inputs", self)
        title.setProperty("role", "subheading")
        self.output = QLabel(self)
        self.output.setObjectName("circuits.output")
        self.output.setProperty("role", "subheading success")
        self.output.setFixedSize(200, 20)
        self.output.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self.output.setToolTip("The value of the whole circuit.")
        head = QHBoxLayout()
        head.setContentsMargins(0, 0, 4, 0)
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
        edge = QFrame(self)
        edge.setProperty("role", "hairline")
        column.addWidget(edge)
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

    def show_inputs(self, circuit: Circuit) -> None:
        """Builds the rows anew, if they are for other inputs."""
        starts, shapes = circuit.starting_values(), tuple((node.name, node.shape) for node in circuit.inputs)
        if starts == self._starts and shapes == self._shapes:
            return
        self._starts, self._shapes = starts, shapes
        page = QWidget(self._scroll)
        page.setProperty("role", "page")
        column = QVBoxLayout(page)
        column.setContentsMargins(0, 0, 4, 0)
        column.setSpacing(6)
        self.rows, self.tables = {}, {}
        for name, shape in shapes:
            if shape:
                row = self.tables[name] = InputTable(name, shape, {c: starts[c] for c in cells(name, shape)}, page)
            else:
                row = self.rows[name] = InputRow(name, starts[name], page)
            row.turned.connect(self.turned)
            row.released.connect(self.released)
            row.chosen.connect(self.chosen)
            column.addWidget(row)
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
        for table in self.tables.values():
            table.show_numbers(evaluation, along)
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
        """Of every number that can be turned."""
        return tuple(self._starts)

    def _nudge_up(self) -> None:
        self.nudged.emit(1)

    def _nudge_down(self) -> None:
        self.nudged.emit(-1)
