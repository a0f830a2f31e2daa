"""The page where f(x, W, b) = Wx + b is done by hand: every number can be typed over, every product is shown."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QCheckBox, QGridLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from cvlab.core.history import SetField
from cvlab.core.lab import Lab
from cvlab.engine.linear import Worksheet, course_worksheet
from cvlab.ui.bind import bind
from cvlab.ui.panels.linear.cell import NumberCell
from cvlab.ui.panels.linear.pieces import label, named
from cvlab.ui.panels.linear.products import ProductsView
from cvlab.ui.widgets.card import Card


class WorksheetPage(QWidget):
    """cells: by (part, row, column), as they are named."""

    def __init__(self, lab: Lab, parent: QWidget) -> None:
        super().__init__(parent)
        self._state, self._history = lab.project.linear, lab.history
        self.cells: dict[tuple[str, int, int], NumberCell] = {}
        self._shape: tuple[int, int] | None = None
        self._folded: bool | None = None
        self._labels: list[QLabel] = []
        self.numbers, self.sums = Card("f(x, W, b) = Wx + b", self), Card("Every product, and the sum so far", self)
        self.fold = named(
            QCheckBox("Bias trick", self),
            "fold",
            "Bias trick",
            "Writes b as one more column of W, and appends the constant 1 to x: one product, the same scores.",
        )
        self.course = named(
            QPushButton("Course's numbers", self),
            "course",
            "The course's numbers",
            "Puts the cat of four pixels back, with the weights that take it for a dog.",
        )
        self.course.setProperty("role", "chip")
        self.numbers.header.addStretch(1)
        self.numbers.header.addWidget(self.fold)
        self.numbers.header.addWidget(self.course)
        self._grid = QGridLayout()
        self._grid.setHorizontalSpacing(8)
        self._grid.setVerticalSpacing(5)
        self.numbers.body.addLayout(self._grid)
        self.shapes = label(self, wraps=True)
        self.numbers.body.addWidget(self.shapes)
        self.products = ProductsView(self)
        self.remark = label(self, role="warning", wraps=True)
        self.remark.setObjectName("linear.remark")
        self.sums.body.addWidget(self.products, 100)
        self.sums.body.addWidget(self.remark)
        self.sums.body.addStretch()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(12)
        column.addWidget(self.numbers)
        column.addWidget(self.sums, 1)
        self.fold.clicked.connect(self._fold)
        self.course.clicked.connect(self._reset)
        bind(self, self._state, "sheet", self._show_sheet)

    def rest(self) -> None:
        """Nothing runs here."""

    def wake(self) -> None:
        """Nothing to take up."""

    # -- showing -----------------------------------------------------------------------------------------------------

    def _show_sheet(self, sheet: Worksheet) -> None:
        if self._shape != sheet.W.shape:
            self._make_cells(sheet)
        if self._folded != sheet.folds_bias or not self._labels:
            self._place(sheet)
        for (part, row, column), cell in self.cells.items():
            values = getattr(sheet, part)
            cell.show_value(float(values[row, column] if part == "W" else values[row]))
        self.fold.setChecked(sheet.folds_bias)
        K, D = sheet.W.shape
        self.shapes.setText(
            f"One matrix of {K} × {D + 1}, times a column of {D + 1} with a 1 at its foot. For CIFAR-10: 10 × 3073."
            if sheet.folds_bias
            else f"W is {K} × {D}, x is {D} × 1, b has {K} numbers. For CIFAR-10: W is 10 × 3072 and b has 10 numbers."
        )
        self.products.show_sheet(sheet)
        remarks = " ".join(sheet.remarks).replace("-", "−")
        self.remark.setText(remarks)
        self.remark.setVisible(bool(remarks))

    def _make_cells(self, sheet: Worksheet) -> None:
        for cell in self.cells.values():
            cell.deleteLater()
        K, D = self._shape = sheet.W.shape
        self._folded = None
        self.cells = {}
        places = [("W", k, d) for k in range(K) for d in range(D)]
        places += [("x", d, 0) for d in range(D)] + [("b", k, 0) for k in range(K)]
        tips = {
            "W": "What one unit of this pixel adds to this class's score.",
            "x": "A pixel's value, 0 to 255 in the course's image.",
            "b": "Added to the class's score whatever the image is.",
        }
        for part, row, column in places:
            name = f"sheet.{part}.{row}.{column}" if part == "W" else f"sheet.{part}.{row}"
            cell = NumberCell(part, row, column, name, f"{part} {row + 1} {column + 1}", tips[part], self.numbers)
            cell.given.connect(self._give)
            self.cells[part, row, column] = cell

    def _place(self, sheet: Worksheet) -> None:
        """W, x and b as they are multiplied: with the bias trick b stands as W's last column."""
        K, D = sheet.W.shape
        self._folded = sheet.folds_bias
        for old in self._labels:
            old.hide()
            old.deleteLater()
        self._labels = []
        for cell in self.cells.values():
            self._grid.removeWidget(cell)
        last = D + 1 + (1 if sheet.folds_bias else 0)  # the column after W's
        for k in range(K):
            self._write(sheet.classes[k], k + 1, 0, "subheading")
            for d in range(D):
                self._grid.addWidget(self.cells["W", k, d], k + 1, d + 1)
            self._grid.addWidget(self.cells["b", k, 0], k + 1, D + 1 if sheet.folds_bias else last + 3)
        for d in range(D):
            self._grid.addWidget(self.cells["x", d, 0], d + 1, last + 1)
        if sheet.folds_bias:
            self._write("1", D + 1, last + 1, "subheading")
            self._write("b", 0, D + 1, "small muted")
        else:
            self._write("+", 2, last + 2, "subheading")
            self._write("b", 0, last + 3, "small muted")
        self._write("·", 2, last, "subheading")
        self._write("x", 0, last + 1, "small muted")
        self._write("W", 0, 1, "small muted")
        for column in range(last + 4):
            self._grid.setColumnStretch(column, 0 if column in (0, last, last + 2) else 1)

    def _write(self, text: str, row: int, column: int, role: str) -> None:
        made = label(self.numbers, text, role)
        made.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._labels.append(made)
        self._grid.addWidget(made, row, column)
        made.show()

    # -- what a person does ------------------------------------------------------------------------------------------

    def _push(self, sheet: Worksheet, words: str) -> None:
        self._history.push(SetField(self._state, "sheet", sheet, words))
        self._history.end_gesture()

    def _give(self, part: str, row: int, column: int, value: float) -> None:
        sheet = self._state.sheet
        self._push(sheet.with_number(part, (row, column) if part == "W" else row, value), f"Change {part}")

    def _fold(self, folded: bool) -> None:
        self._push(self._state.sheet.with_bias_folded(folded), "Bias trick")

    def _reset(self) -> None:
        self._push(course_worksheet().with_bias_folded(self._state.sheet.folds_bias), "The course's numbers")
