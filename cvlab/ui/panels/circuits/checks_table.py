"""Every gradient beside two others: the centred difference and PyTorch's autograd, with the error or the reason."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QGridLayout, QLabel, QScrollArea, QVBoxLayout, QWidget

from cvlab.engine.circuit.tensors import Shape
from cvlab.engine.circuit.tensors import told as shape_told
from cvlab.engine.circuit.trust import Check
from cvlab.ui.panels.circuits.face import number, told
from cvlab.ui.theme.style import set_role

_HEAD = (
    ("", "The input."),
    ("backprop", "The gradient from the backward pass."),
    ("difference", "(f(x + h) − f(x − h)) / 2h: the slope by trying, which knows nothing of the chain rule."),
    ("error", "|a − b| / max(|a|, |b|). Below 1e-6 they agree; at a kink they need not."),
    ("autograd", "What PyTorch finds for the same circuit in float64, and whether it is the same number."),
)
_VERDICTS = {"agrees": ("✓", "small success"), "kink": ("kink", "small warning"), "differs": ("✗", "small error"),
             "no number": ("none", "small warning")}  # fmt: skip


class ChecksTable(QScrollArea):
    """A row for each input."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("circuits.checks")
        self.setAccessibleName("Gradient checks")
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._names: tuple[tuple[str, Shape], ...] | None = None
        self.cells: dict[tuple[str, str], QLabel] = {}
        self._note = QLabel(self)
        self._note.hide()

    def show_checks(self, checks: Sequence[Check], autograd: Mapping[str, float] | None) -> None:
        """autograd: the relative error of each input's gradient beside PyTorch's; None while it has not answered."""
        names = tuple((each.name, each.shape) for each in checks)
        if names != self._names:
            self._build(names)
        for each in checks:
            sign, role = _VERDICTS[each.verdict]
            self._say(each.name, "backprop", number(each.analytic), "small")
            self._say(each.name, "difference", number(each.numeric), "small")
            self._say(each.name, "error", f"{sign} {_power(each.relative_error)}" if len(sign) == 1 else sign, role)
            where = f"The place where they differ most, {each.place}. {each.tried} were tried. " if each.shape else ""
            self.cells[each.name, "error"].setToolTip(told(each.kink) if each.kink else where + _HEAD[3][1])
            if each.shape:
                self._say(each.name, "shape", f"{shape_told(each.gradient_shape)} {'✓' if each.shapes_agree else '✗'}",
                          "small success" if each.shapes_agree else "small error")  # fmt: skip
            if autograd is None or each.name not in autograd:
                self._say(each.name, "autograd", "…", "small muted")
            else:
                error = autograd[each.name]
                same = error < 1e-12 or each.analytic != each.analytic
                self._say(each.name, "autograd", f"{'✓' if same else '✗'} {_power(error)}",
                          "small success" if same else "small error")  # fmt: skip
        kinks = [told(each.kink) for each in checks if each.verdict == "kink"]
        self._note.setText(kinks[0] if kinks else "")
        self._note.setVisible(bool(kinks))

    def _say(self, name: str, column: str, text: str, role: str) -> None:
        cell = self.cells[name, column]
        cell.setText(text)
        set_role(cell, role)

    def _build(self, names: tuple[tuple[str, Shape], ...]) -> None:
        self._names, self.cells = names, {}
        page = QWidget(self)
        page.setProperty("role", "page")
        grid = QGridLayout()
        grid.setHorizontalSpacing(8)
        grid.setVerticalSpacing(7)
        for column, (words, tip) in enumerate(_HEAD):
            label = QLabel(words, page)
            label.setProperty("role", "small muted")
            label.setToolTip(tip)
            grid.addWidget(label, 0, column, Qt.AlignmentFlag.AlignRight if column else Qt.AlignmentFlag.AlignLeft)
            grid.setColumnStretch(column, 1)
        for row, (name, shape) in enumerate(names, 1):
            label = QLabel(label_text(name), page)
            label.setToolTip(name)
            label.setProperty("role", "subheading small")
            head = QVBoxLayout()
            head.setSpacing(0)
            head.addWidget(label)
            if shape:
                cell = self.cells[name, "shape"] = QLabel(page)
                cell.setProperty("role", "small success")
                cell.setToolTip(f"The shape of the gradient, which must be that of {name}.")
                head.addWidget(cell)
            grid.addLayout(head, row, 0)
            for column, (words, _) in enumerate(_HEAD[1:], 1):
                cell = QLabel(page)
                cell.setProperty("role", "small")
                self.cells[name, words] = cell
                grid.addWidget(cell, row, column, Qt.AlignmentFlag.AlignRight)
        self._note = QLabel(page)
        self._note.setProperty("role", "small warning")
        self._note.setWordWrap(True)
        column = QVBoxLayout(page)
        column.setContentsMargins(0, 6, 6, 0)
        column.addLayout(grid)
        column.addWidget(self._note)
        column.addStretch()
        self.setWidget(page)


def label_text(name: str) -> str:
    return name if len(name) <= 8 else f"{name[:7]}…"


def _power(error: float) -> str:
    return "exact" if error == 0 else "—" if error != error else f"{error:.0e}".replace("e-0", "e-").replace("-", "−")
