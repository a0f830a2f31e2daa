"""All numbers of one value of the circuit with their gradients: what a picture of many cannot show."""

from __future__ import annotations

from PySide6.QtWidgets import QLabel, QVBoxLayout, QWidget

from cvlab.engine.circuit.passes import Evaluation
from cvlab.engine.circuit.tensors import kind
from cvlab.ui.panels.circuits.tensor_grid import TensorGrid


class NumbersPage(QWidget):
    """node: the id of the value that is shown; the first vector or matrix of the circuit if that is none."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.node = -1
        self.title = QLabel(self)
        self.title.setProperty("role", "small muted")
        self.grid = TensorGrid(self, editable=False)
        self.grid.setObjectName("circuits.numbers")
        self.grid.setAccessibleName("Numbers and gradients")
        self.grid.setToolTip(
            "Black: the value. Red, with ∇: the gradient of the output by it. Click a node to see its numbers."
        )
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(6)
        column.addWidget(self.title)
        column.addWidget(self.grid, 1)

    def show_evaluation(self, evaluation: Evaluation) -> None:
        circuit = evaluation.circuit
        node = circuit.nodes[self.node] if 0 <= self.node < len(circuit.nodes) else None
        if node is None or not node.shape:
            node = next(n for n in circuit.nodes if n.shape)
        self.title.setText(f"{node.name} is {kind(node.shape)}; below each number its gradient")
        self.grid.show_value(node.name, evaluation.values[node.id], evaluation.gradients[node.id], "")
