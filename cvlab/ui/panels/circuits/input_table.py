"""A vector or matrix among the inputs: its numbers with their gradients, and a slider for the one that is chosen."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QVBoxLayout, QWidget

from cvlab.engine.circuit.passes import Evaluation
from cvlab.engine.circuit.tensors import Shape, told
from cvlab.ui.panels.circuits.input_row import InputRow
from cvlab.ui.panels.circuits.tensor_grid import TensorGrid
from cvlab.ui.widgets.finish import finish


class InputTable(QWidget):
    """A vector or matrix: its name and shape, its numbers, and a row with slider and box for the one that is chosen."""

    turned = Signal(str, float)
    released = Signal()
    chosen = Signal(str)

    def __init__(self, name: str, shape: Shape, starts: Mapping[str, float], parent: QWidget) -> None:
        super().__init__(parent)
        self.name, self._starts = name, starts
        self.row: InputRow | None = None
        title = QLabel(name, self)
        title.setProperty("role", "subheading small")
        size = QLabel(told(shape), self)
        size.setProperty("role", "small muted")
        size.setToolTip("Rows × columns, or the length of a vector.")
        self.grid = TensorGrid(self, editable=True, most_rows=4)
        self.grid.setObjectName(f"circuits.grid-{name}")
        self.grid.setAccessibleName(f"The numbers of {name}")
        self.grid.setToolTip(
            f"Each number of {name} with its gradient below. Click one to plot along it and to turn it; double-click to type."
        )
        head = QHBoxLayout()
        head.setSpacing(8)
        head.addWidget(title)
        head.addWidget(size)
        head.addStretch()
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 4)
        self._column.setSpacing(4)
        self._column.addLayout(head)
        self._column.addWidget(self.grid)
        self.grid.turned.connect(self._typed)
        self.grid.chosen.connect(self.chosen)

    def _typed(self, name: str, value: float) -> None:
        self.turned.emit(name, value)
        self.released.emit()

    def show_numbers(self, evaluation: Evaluation, along: str) -> None:
        node = evaluation.circuit.by_name[self.name]
        self.grid.show_value(self.name, evaluation.values[node.id], evaluation.gradients[node.id], along)
        wanted = along if along in self._starts else ""
        if (self.row.name if self.row is not None else "") != wanted:
            self._show_row(wanted)
        if self.row is not None:
            self.row.show_numbers(evaluation.inputs[along], evaluation.by_input[along], True)

    def _show_row(self, name: str) -> None:
        if self.row is not None:
            self._column.removeWidget(self.row)
            self.row.hide()
            self.row.deleteLater()
            self.row = None
        if name:
            self.row = InputRow(name, self._starts[name], self)
            self.row.turned.connect(self.turned)
            self.row.released.connect(self.released)
            self.row.chosen.connect(self.chosen)
            self._column.addWidget(self.row)
            finish(self.row)
            self.row.show()
