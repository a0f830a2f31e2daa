"""Ways to look closer, one at a time: the output along an input, the checks, the code, and the numbers of a matrix."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QFrame, QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from cvlab.core.jobs import JobControl
from cvlab.core.lab import Lab
from cvlab.engine.circuit.circuit import Circuit
from cvlab.engine.circuit.explore import sweep
from cvlab.engine.circuit.passes import Evaluation
from cvlab.engine.circuit.tensors import cells
from cvlab.engine.circuit.trust import check, largest_relative_error
from cvlab.engine.circuit.walk import Walk
from cvlab.ui.panels.circuits.along_plot import AlongPlot
from cvlab.ui.panels.circuits.checks_table import ChecksTable
from cvlab.ui.panels.circuits.code_page import CodePage
from cvlab.ui.panels.circuits.input_row import reach
from cvlab.ui.panels.circuits.matrix_label import is_written
from cvlab.ui.panels.circuits.numbers_page import NumbersPage

_CHECKED = 600
"""Gates times inputs up to which checks follow every movement; beyond, they wait until it rests."""


@dataclass(frozen=True)
class AutogradRequest:
    """The gradients of a circuit by PyTorch, which may still have to be imported."""

    circuit: Circuit
    inputs: Mapping[str, float]

    def run(self, control: JobControl) -> dict[str, float]:
        from cvlab.engine.circuit.autograd import by_autograd

        return by_autograd(self.circuit, self.inputs)


class LookCloser(QFrame):
    """Computes only what its visible page shows."""

    def __init__(self, lab: Lab, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("role", "card")
        self._lab = lab
        self._evaluation: Evaluation | None = None
        self._along = ""
        self.plot = AlongPlot(self)
        self.checks = ChecksTable(self)
        self.numbers = NumbersPage(self)
        self.code = CodePage(self)
        self._walk: Walk | None = None
        self.to_plot = self._tab("to-plot", "Plot", "Plots the output against the input that is chosen above.")
        self.to_checks = self._tab(
            "to-checks", "Checks", "Every gradient beside its centred difference and PyTorch's autograd."
        )
        self.to_numbers = self._tab(
            "to-numbers", "Numbers", "Every number of the vector or matrix that was clicked last, with its gradient."
        )
        self.to_code = self._tab(
            "to-code",
            "Code",
            "The circuit as Python, forward then backward, with the lines of the present step marked.",
        )
        self.to_plot.setChecked(True)
        self._rest = QTimer(self)
        self._rest.setSingleShot(True)
        self._rest.setInterval(120)
        self._rest.timeout.connect(self._check)
        row = QHBoxLayout()
        row.setSpacing(6)
        row.addWidget(self.to_plot)
        row.addWidget(self.to_checks)
        row.addWidget(self.to_code)
        row.addWidget(self.to_numbers)
        row.addStretch()
        column = QVBoxLayout(self)
        column.setContentsMargins(16, 12, 12, 10)
        column.setSpacing(8)
        column.addLayout(row)
        column.addWidget(self.plot, 1)
        column.addWidget(self.checks, 1)
        column.addWidget(self.numbers, 1)
        column.addWidget(self.code, 1)
        for page in (self.checks, self.numbers, self.code):
            page.hide()
        self.to_plot.clicked.connect(self.show_plot)
        self.to_checks.clicked.connect(self.show_checks)
        self.to_numbers.clicked.connect(self.show_numbers)
        self.to_code.clicked.connect(self.show_code)

    def _tab(self, name: str, text: str, tip: str) -> QPushButton:
        button = QPushButton(text, self)
        button.setProperty("role", "chip")
        button.setCheckable(True)
        button.setAutoExclusive(True)
        button.setObjectName(f"circuits.{name}")
        button.setAccessibleName(text)
        button.setToolTip(tip)
        return button

    def show_walk(self, walk: Walk) -> None:
        """Where one is in the two passes: its lines of code."""
        self._walk = walk
        if self.to_code.isChecked():
            self.code.show_walk(walk)

    def show_code(self) -> None:
        self.to_code.setChecked(True)
        self._show_page()

    def show_evaluation(self, evaluation: Evaluation, along: str) -> None:
        """along: the input of the plot; "" for none."""
        self._evaluation, self._along = evaluation, along
        self._show_page()

    def show_checks(self) -> None:
        self.to_checks.setChecked(True)
        self._show_page()

    def show_plot(self) -> None:
        self.to_plot.setChecked(True)
        self._show_page()

    def show_numbers(self) -> None:
        self.to_numbers.setChecked(True)
        self._show_page()

    def show_node(self, id: int) -> None:
        """The node whose numbers are meant. A large one's cannot be read in the picture, so they come to the front."""
        self.numbers.node = id
        node = self._evaluation.circuit.nodes[id]
        if node.shape and not is_written(node.shape):
            self.show_numbers()
        elif self.to_numbers.isChecked():
            self._show_page()

    def rest(self) -> None:
        """The panel went behind."""
        self._rest.stop()
        self._lab.jobs.cancel("circuits.autograd")

    def _show_page(self) -> None:
        evaluation = self._evaluation
        if evaluation is None:
            return
        self.to_numbers.setVisible(not evaluation.circuit.is_scalar)
        if evaluation.circuit.is_scalar and self.to_numbers.isChecked():
            self.to_plot.setChecked(True)
        self.plot.setVisible(self.to_plot.isChecked())
        self.checks.setVisible(self.to_checks.isChecked())
        self.numbers.setVisible(self.to_numbers.isChecked())
        self.code.setVisible(self.to_code.isChecked())
        if self.to_code.isChecked() and self._walk is not None:
            self.code.show_walk(self._walk)
        if not self.to_checks.isChecked():
            self._rest.stop()
            if self.to_plot.isChecked():
                self._plot(evaluation)
            elif self.to_numbers.isChecked():
                self.numbers.show_evaluation(evaluation)
            return
        size = len(evaluation.circuit.gates) * len(evaluation.inputs)
        if size <= _CHECKED:
            self.checks.show_checks(check(evaluation), None)
        self._rest.start()

    def _plot(self, evaluation: Evaluation) -> None:
        if not self._along:
            self.plot.show_sweep(None, evaluation)
            return
        start = evaluation.circuit.starting_values()[self._along]
        end = max(reach(start), reach(evaluation.inputs[self._along] / 2))
        self.plot.show_sweep(sweep(evaluation, self._along, -end, end), evaluation)

    def _check(self) -> None:
        evaluation = self._evaluation
        self._lab.jobs.submit(
            "circuits.autograd", AutogradRequest(evaluation.circuit, evaluation.inputs),
            done=self._show_autograd, failed=self._no_autograd,
        )  # fmt: skip

    def _show_autograd(self, gradients: dict[str, float]) -> None:
        evaluation, errors = self._evaluation, {}
        for node in evaluation.circuit.inputs:
            mine = np.array([evaluation.by_input[name] for name in cells(node.name, node.shape)])
            theirs = np.array([gradients.get(name, np.nan) for name in cells(node.name, node.shape)])
            errors[node.name] = largest_relative_error(mine, theirs)
        self.checks.show_checks(check(evaluation), errors)

    def _no_autograd(self, error: BaseException) -> None:
        self._lab.notices.error(error)
