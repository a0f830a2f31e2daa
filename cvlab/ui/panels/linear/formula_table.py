"""Hinge beside softmax for the same scores, each number of both formulas in its column, and the sums written out."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QGridLayout, QLabel, QVBoxLayout, QWidget

from cvlab.engine.losses import hinge, softmax_worked
from cvlab.ui.panels.linear.pieces import label, number
from cvlab.ui.theme.style import set_role
from cvlab.ui.widgets.bars import tabular

_HEADS = (
    ("class", "The class; ✓ is the right one."),
    ("score s", "The inner product of its template and the image, plus its bias."),
    ("hinge term", "max(0, s − s of the right class + 1): by how much the margin is missed."),
    (
        "s − shift",
        "The score less the shift. Any shift leaves p as it is; the largest score as shift keeps the powers small.",
    ),
    ("e^(s − shift)", "The power. Above about e^709 there is no number for it any more."),
    ("p", "The power divided by the sum of all powers."),
)


class FormulaTable(QWidget):
    """K rows and two sentences."""

    def __init__(self, classes: int, parent: QWidget) -> None:
        super().__init__(parent)
        numbers = QWidget(self)
        numbers.setMaximumHeight(380)
        grid = QGridLayout(numbers)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(10)
        grid.setVerticalSpacing(2)
        right = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        for column, (head, tip) in enumerate(_HEADS):
            made = label(self, head)
            made.setToolTip(tip)
            made.setAlignment(right)
            grid.addWidget(made, 0, column)
            grid.setColumnStretch(column, 1)
        self.cells: list[list[QLabel]] = []
        for k in range(classes):
            row = []
            for column in range(len(_HEADS)):
                cell = label(self, "", "small")
                cell.setFont(tabular(cell.font()))
                cell.setAlignment(right)
                cell.setMinimumWidth(48)
                grid.addWidget(cell, k + 1, column)
                row.append(cell)
            self.cells.append(row)
        self.hinge, self.softmax = label(self, role="small", wraps=True), label(self, role="small", wraps=True)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(6)
        column.addWidget(numbers, 100)
        column.addWidget(self.hinge)
        column.addWidget(self.softmax)
        column.addStretch(1)

    def show_scores(self, scores: np.ndarray, right: int, *, shifts: bool) -> None:
        """scores: (K,). shifts: the largest is taken off before the powers, else nothing is."""
        worked = softmax_worked(scores, right, None if shifts else 0.0)
        losses = hinge(scores[None], np.array([right]))
        terms = np.maximum(losses.inside[0], 0.0)  # (K,), 0 for the right class
        for k, row in enumerate(self.cells):
            for cell in row:
                cell.setVisible(k < len(scores))
            if k >= len(scores):
                continue
            texts = (
                f"{k}{' ✓' if k == right else ''}",
                number(scores[k]),
                "—" if k == right else number(terms[k]),
                number(worked.shifted[k]),
                _power(worked.e[k]),
                _power(worked.p[k]),
            )
            for cell, text in zip(row, texts, strict=True):
                cell.setText(text)
                set_role(cell, "small accent" if k == right else "small")
        missed = [k for k in range(len(scores)) if terms[k] > 0]
        if not missed:
            self.hinge.setText("Hinge: every margin is met, L = 0")
        else:
            written = [
                f"({number(scores[k])} − {number(scores[right])} + 1)" if len(missed) <= 3 else number(terms[k])
                for k in missed
            ]
            self.hinge.setText(f"Hinge: L = {' + '.join(written)} = {number(float(losses.L[0]))}")
        if worked.is_lost:
            self.softmax.setText(
                f"Softmax: p = {_power(worked.e[right])} / {_power(worked.total)} is no number: the powers are too large or too "
                "small for the computer. Take the largest score off first."
            )
        else:
            self.softmax.setText(
                f"Softmax: p = {_power(worked.e[right])} / {_power(worked.total)} = {_power(worked.p[right])},  "
                f"L = −log p = {number(worked.loss)}"
            )
        set_role(self.softmax, "small error" if worked.is_lost else "small")


def _power(value: float) -> str:
    """Four figures, two of a small or huge number: six columns must fit beside the image."""
    if np.isposinf(value):
        return "∞"
    if np.isnan(value):
        return "none"
    return number(float(f"{value:.2g}") if value < 0.1 or value > 1e6 else value)
