"""Where f(x, y) is typed: read at every keystroke, with what is wrong below the column that it is about."""

from __future__ import annotations

from PySide6.QtCore import QSignalBlocker, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QLineEdit, QVBoxLayout, QWidget

from cvlab.engine.errors import ExpressionError
from cvlab.ui.panels.optimization.names import named
from cvlab.ui.theme.style import set_role
from cvlab.ui.widgets.pointer import Pointer

MOST = 20_000
"""Characters that the field takes at all; how many may be read is said in words."""


class TypedBar(QFrame):
    """typed(text): after every keystroke. finished: one undo step is over."""

    typed = Signal(str)
    finished = Signal()

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setProperty("role", "plain")
        label = QLabel("f(x, y) =", self)
        label.setProperty("role", "muted")
        self.line = QLineEdit(self)
        self.line.setMaxLength(MOST)
        named(
            self.line,
            "text",
            "Formula of the surface",
            "A formula in x and y: + - * / ** ( ) and max, min, exp, log, sin, cos, tan, tanh, sigmoid, relu, sqrt, abs, "
            "square. Where it has no value, the map has a hole.",
        )
        label.setBuddy(self.line)
        self.pointer = Pointer(self)
        self.message = QLabel(self)
        self.message.setProperty("role", "error small")
        self.message.setWordWrap(True)
        self.message.setAccessibleName("What is wrong with the formula")
        row = QHBoxLayout()
        row.setSpacing(8)
        row.addWidget(label)
        row.addWidget(self.line, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(2)
        column.addLayout(row)
        column.addWidget(self.pointer)
        column.addWidget(self.message)
        self.pointer.hide()
        self.message.hide()
        self.line.textEdited.connect(self.typed)
        self.line.editingFinished.connect(self.finished)

    def show_text(self, text: str) -> None:
        if text != self.line.text():
            blocker = QSignalBlocker(self.line)
            self.line.setText(text)
            blocker.unblock()
        self.show_error(None)

    def show_error(self, error: ExpressionError | None) -> None:
        """The sentence, and a triangle under the first character that it is about; None: all is well."""
        set_role(self.line, "" if error is None else "error")
        self.pointer.setVisible(error is not None)
        self.message.setVisible(error is not None)
        if error is None:
            return
        self.message.setText(f"{error.what} {error.remedy}".strip())
        metrics, text = self.line.fontMetrics(), self.line.text()
        cursor = self.line.cursorRect().center().x() - metrics.horizontalAdvance(text[: self.line.cursorPosition()])
        column = cursor + metrics.horizontalAdvance(text[: error.offset])
        self.pointer.point_at(
            self.line.x() + column + metrics.horizontalAdvance(text[error.offset : error.offset + 1]) / 2
        )
