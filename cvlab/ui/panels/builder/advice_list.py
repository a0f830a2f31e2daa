"""The advice on the net: what the course would do otherwise, why, and a button that does it."""

from __future__ import annotations

from collections.abc import Sequence
from operator import is_
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from cvlab.ui.theme.style import set_role
from cvlab.ui.widgets.finish import wrapped
from cvlab.ui.widgets.sign import Sign

if TYPE_CHECKING:
    from cvlab.engine.nets.advice import Advice

MOST = 12
"""Rows shown; more advice than this is no help."""

_SIGNS = {"error": ("error", "negative"), "warning": ("warning", "warning"), "note": ("advice", "accent")}


class AdviceRow(QFrame):
    """One piece. taken(advice): its button was pressed. asked(node id): its words were clicked."""

    taken = Signal(object)
    asked = Signal(int)

    def __init__(self, name: str, parent: QWidget) -> None:
        super().__init__(parent)
        self.advice: Advice | None = None
        self.setProperty("role", "well")
        self.signs = {level: Sign(name, role, 16, self) for level, (name, role) in _SIGNS.items()}
        self.what, self.why = QLabel(self), QLabel(self)
        for label in (self.what, self.why):
            label.setWordWrap(True)
        set_role(self.why, "muted small")
        self.button = QPushButton(self)
        self.button.setObjectName(name)
        self.button.setAccessibleName("Take this advice")
        self.button.setToolTip("Makes the change that the advice names.")
        self.button.clicked.connect(self._take)
        self.show_it = QPushButton("Show", self)
        self.show_it.setObjectName(f"{name}.show")
        self.show_it.setAccessibleName("Show the layer")
        self.show_it.setToolTip("Selects the layer that this is about.")
        self.show_it.setProperty("role", "link")
        self.show_it.clicked.connect(self._ask)
        row = QHBoxLayout(self)
        row.setContentsMargins(8, 8, 8, 8)
        row.setSpacing(8)
        for sign in self.signs.values():
            row.addWidget(sign, 0, Qt.AlignmentFlag.AlignTop)
        column = QVBoxLayout()
        column.setSpacing(3)
        column.addWidget(self.what)
        column.addWidget(self.why)
        for control in (self.button, self.show_it):
            column.addWidget(control, 0, Qt.AlignmentFlag.AlignLeft)
        row.addLayout(column, 1)
        self.setProperty("role", "well")

    def show_advice(self, advice: Advice) -> None:
        self.advice = advice
        for level, sign in self.signs.items():
            sign.setVisible(level == advice.level)
        self.what.setText(advice.what)
        self.why.setText(advice.why)
        self.why.setVisible(bool(advice.why))
        self.button.setVisible(advice.apply is not None)
        self.button.setText(self.button.fontMetrics().elidedText(advice.change, Qt.TextElideMode.ElideRight, 136))
        self.button.setAccessibleName(advice.change or "Change it")
        self.button.setToolTip(
            wrapped(f"{advice.change}. One step: undo takes it back." if advice.change else "No change.")
        )
        self.show_it.setVisible(advice.node is not None)

    def _take(self) -> None:
        self.taken.emit(self.advice)

    def _ask(self) -> None:
        self.asked.emit(self.advice.node)


class AdviceList(QWidget):
    """Shows what it is given. Its signals are those of the rows."""

    taken = Signal(object)
    asked = Signal(int)

    def __init__(self, name: str, parent: QWidget) -> None:
        super().__init__(parent)
        self.rows = [AdviceRow(f"{name}.{index}", self) for index in range(MOST)]
        self._shown: tuple[Advice, ...] | None = None
        self.rest = QLabel(self)
        self.rest.setProperty("role", "muted small")
        self.rest.setWordWrap(True)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        for row in self.rows:
            row.taken.connect(self.taken)
            row.asked.connect(self.asked)
            row.hide()
            column.addWidget(row)
        column.addWidget(self.rest)

    def show_advice(self, advice: Sequence[Advice]) -> None:
        if self._shown is not None and len(advice) == len(self._shown) and all(map(is_, advice, self._shown)):
            return
        self._shown = tuple(advice)
        for index, row in enumerate(self.rows):
            row.setVisible(index < len(advice))
            if index < len(advice):
                row.show_advice(advice[index])
        if not advice:
            self.rest.setText("Nothing to object to. The course would build it much like this.")
        elif len(advice) > MOST:
            self.rest.setText(f"… and {len(advice) - MOST} more of the same.")
        self.rest.setVisible(not advice or len(advice) > MOST)
