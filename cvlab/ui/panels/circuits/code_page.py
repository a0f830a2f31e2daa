"""The circuit as Python, the lines of the present step marked: forward, then backward, as the course stages it."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtGui import QFontDatabase, QTextCharFormat, QTextCursor, QTextFormat
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPlainTextEdit, QPushButton, QTextEdit, QVBoxLayout, QWidget

from cvlab.engine.circuit.code import Line, lines
from cvlab.engine.circuit.walk import Walk
from cvlab.ui.theme import theme
from cvlab.ui.theme.icons import icon

_MOST_GATES = 400
"""Beyond it the code is copied, not shown: its lines would be written anew at every movement."""


class CodePage(QWidget):
    """copy_asked: the person wants all of it on the clipboard."""

    copy_asked = Signal()

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._lines: tuple[Line, ...] = ()
        self._step = ("", -1)
        self.words = QLabel(self)
        self.words.setProperty("role", "small muted")
        self.copy = QPushButton(icon("copy"), "Copy", self)
        self.copy.setObjectName("circuits.code")
        self.copy.setAccessibleName("Copy the code")
        self.copy.setToolTip("The circuit as Python, forward then backward, on the clipboard: it runs anywhere.")
        self.text = QPlainTextEdit(self)
        self.text.setObjectName("circuits.code-text")
        self.text.setAccessibleName("The circuit as Python")
        self.text.setToolTip("Forward, then backward. The marked lines are those of the present step.")
        self.text.setReadOnly(True)
        self.text.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
        mono = QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont)
        mono.setPixelSize(12)
        self.text.setFont(mono)
        self.text.document().setDefaultFont(mono)
        self.text.setMinimumHeight(60)
        row = QHBoxLayout()
        row.addWidget(self.words, 1)
        row.addWidget(self.copy)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(6)
        column.addWidget(self.text, 1)
        column.addLayout(row)
        self.copy.clicked.connect(self.copy_asked)
        theme().changed.connect(self._mark)

    def show_walk(self, walk: Walk) -> None:
        """The code with its numbers, and the lines of the walk's step."""
        circuit = walk.evaluation.unfolded.circuit
        if len(circuit.gates) > _MOST_GATES:
            self.words.setText(f"{len(circuit.gates):,} gates: copy the code to read it.")
            self._show((), ("", -1))
            return
        step = walk.current()
        kind = "backward" if step.kind == "seed" else step.kind
        self.words.setText("Runs on its own" if circuit.is_scalar else "Runs with numpy alone")
        self._show(lines(walk.evaluation), (kind, step.node if step.kind != "seed" else -1))

    def _show(self, code: tuple[Line, ...], step: tuple[str, int]) -> None:
        if code != self._lines:
            at = self.text.verticalScrollBar().value()
            self._lines = code
            self.text.setPlainText("\n".join(line.text for line in code))
            self.text.verticalScrollBar().setValue(at)
        elif step == self._step:
            return
        self._step = step
        self._mark()

    @property
    def marked(self) -> tuple[str, ...]:
        """The lines of the present step."""
        return tuple(line.text for line in self._lines if line.phase and (line.phase, line.node) == self._step)

    def _mark(self) -> None:
        marks = []
        colour = theme().colour("positive" if self._step[0] == "forward" else "negative", 0.16)
        for number, line in enumerate(self._lines):
            if not line.phase or (line.phase, line.node) != self._step:
                continue
            mark = QTextEdit.ExtraSelection()
            mark.cursor = QTextCursor(self.text.document().findBlockByNumber(number))
            mark.format = QTextCharFormat()
            mark.format.setBackground(colour)
            mark.format.setProperty(QTextFormat.Property.FullWidthSelection, True)
            marks.append(mark)
        self.text.setExtraSelections(marks)
        # The last first, so that as many of them as fit are seen, and the first one surely.
        for mark in (*marks[-1:], *marks[:1]):
            self.text.setTextCursor(mark.cursor)
            self.text.ensureCursorVisible()
