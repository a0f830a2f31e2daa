"""W and b of each class, every number adjustable, with the gradient of the total loss by each beside it."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QGridLayout, QLabel, QWidget

from cvlab.engine.classifier import MAX_CLASSES, LinearClassifier
from cvlab.engine.gradient_check import GradientCheck, Verdict
from cvlab.ui.panels.linear.cell import NumberCell
from cvlab.ui.panels.linear.pieces import label, number
from cvlab.ui.panels.linear.points_table import SIGNS
from cvlab.ui.theme import theme
from cvlab.ui.widgets.bars import tabular

_NAMES = ("w_x", "w_y", "b")
_SIGN = {Verdict.AGREES: " ✓", Verdict.KINK: " ~", Verdict.DIFFERS: " ✗"}


class WeightsTable(QWidget):
    """cells: by (class, column), the column of b being the last. A check, once made, marks each gradient: ✓, ~ or ✗."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(4)
        grid.setVerticalSpacing(2)
        self.cells: dict[tuple[int, int], NumberCell] = {}
        self.gradients: dict[tuple[int, int], QLabel] = {}
        self._names: list[QLabel] = []
        for column, head in enumerate(
            ("", "w<sub>x</sub>", "w<sub>y</sub>", "b", "∇ w<sub>x</sub>", "∇ w<sub>y</sub>", "∇ b")
        ):
            made = label(self, head)
            made.setAlignment(Qt.AlignmentFlag.AlignRight)
            grid.addWidget(made, 0, column)
        for k in range(MAX_CLASSES):
            name = label(self, SIGNS[k], "subheading")
            name.setToolTip(f"Class {k}")
            self._names.append(name)
            grid.addWidget(name, k + 1, 0)
            for d, what in enumerate(_NAMES):
                cell = NumberCell(
                    "b" if d == 2 else "W",
                    k,
                    d,
                    f"{what}.{k}",
                    f"{what} of class {k}",
                    "Moves the class's line." if d == 2 else "Turns the class's line and makes its score steeper.",
                    self,
                )
                cell.figures = 3
                self.cells[k, d] = cell
                grid.addWidget(cell, k + 1, d + 1)
                slope = label(self, "", "small error")
                slope.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
                slope.setFont(tabular(slope.font()))
                slope.setMinimumWidth(57)
                self.gradients[k, d] = slope
                grid.addWidget(slope, k + 1, d + 4)
        for column in range(1, 7):
            grid.setColumnStretch(column, 1 if column < 4 else 0)
        theme().changed.connect(self._colour)
        self._colour()

    def _colour(self) -> None:
        for k, name in enumerate(self._names):
            name.setText(f"<span style='color:{theme().colour(f'class-{k}').name()}'>{SIGNS[k]}</span>")

    def show_classifier(self, classifier: LinearClassifier, check: GradientCheck | None) -> None:
        now = classifier.now
        for k in range(MAX_CLASSES):
            there = k < classifier.classes
            self._names[k].setVisible(there)
            for d in range(3):
                cell, slope = self.cells[k, d], self.gradients[k, d]
                cell.setVisible(there)
                slope.setVisible(there)
                if not there:
                    continue
                cell.show_value(float(classifier.b[k] if d == 2 else classifier.W[k, d]))
                gradient = float(now.db[k] if d == 2 else now.dW[k, d])
                slope.setText(number(round(gradient, 3)) + ("" if check is None else _SIGN[check.verdicts[k, d]]))
                slope.setToolTip(
                    "How the total loss grows with this number; a step goes against it."
                    if check is None
                    else f"By the formula {check.analytic[k, d]:.8g}, by centred difference {check.numeric[k, d]:.8g}, "
                    f"relative error {check.errors[k, d]:.1e}."
                )
