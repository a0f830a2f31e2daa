"""Where the expression is typed: every keystroke is read, and what cannot be is underlined, with the words below its column."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QRectF, QSignalBlocker, QSize, Qt, Signal
from PySide6.QtGui import (
    QFocusEvent,
    QFontDatabase,
    QFontMetricsF,
    QKeySequence,
    QTextCharFormat,
    QTextCursor,
    QTextOption,
)
from PySide6.QtWidgets import QFrame, QLabel, QPlainTextEdit, QSizePolicy, QTextEdit, QVBoxLayout, QWidget

from cvlab.engine.circuit.tokens import MAX_CHARACTERS
from cvlab.engine.errors import ExpressionError
from cvlab.ui.theme import theme
from cvlab.ui.widgets.pointer import Pointer

MOST_LINES = 3

_AROUND = 18
"""Padding and border, above and below."""


class Editor(QPlainTextEdit):
    """As tall as its lines, three at most. left: the person has finished, the focus went elsewhere."""

    left = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        font = QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont)
        font.setPixelSize(14)
        self.setFont(font)
        self.document().setDefaultFont(font)
        self.setTabChangesFocus(True)
        # Undo belongs to the document, which knows every circuit that was read.
        self.setUndoRedoEnabled(False)
        self.setWordWrapMode(QTextOption.WrapMode.NoWrap)
        self.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAsNeeded)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.textChanged.connect(self._fit)
        self._fit()

    def _fit(self) -> None:
        lines = min(max(self.document().blockCount(), 1), MOST_LINES)
        # A block knows its height once it was laid out; the font may give it more than its metrics say.
        metrics = QFontMetricsF(self.document().defaultFont())
        line = max(self.blockBoundingRect(self.document().firstBlock()).height(), metrics.lineSpacing())
        # Where there is more, the last line shown is whole.
        around = _AROUND if self.document().blockCount() <= MOST_LINES else _AROUND - 10
        height = round(lines * line) + 2 * int(self.document().documentMargin()) + around
        if height != self.height():
            self.setFixedHeight(height)

    def sizeHint(self) -> QSize:
        return QSize(300, self.height())

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ShortcutOverride and (
            event.matches(QKeySequence.StandardKey.Undo) or event.matches(QKeySequence.StandardKey.Redo)
        ):
            event.ignore()
            return False
        return super().event(event)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self.left.emit()


class ExpressionBar(QFrame):
    """typed(text): after every keystroke. finished: one undo step is over."""

    typed = Signal(str)
    finished = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("role", "plain")
        self.editor = Editor(self)
        self.editor.setObjectName("circuits.expression")
        self.editor.setAccessibleName("Expression")
        self.editor.setPlaceholderText("(x + y) * z")
        self.editor.setToolTip(
            "Type what to compute: + - * / ** ( ) and max, min, exp, log, sin, cos, tan, tanh, sigmoid, relu, sqrt, abs, "
            "square. Name values with =, separate statements with ; or a new line, and start inputs with x = 2."
        )
        self.pointer = Pointer(self)
        self.message = QLabel(self)
        self.message.setObjectName("circuits.error")
        self.message.setProperty("role", "error small")
        self.message.setWordWrap(True)
        self.message.setAccessibleName("What is wrong with the expression")
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(2)
        column.addWidget(self.editor)
        column.addWidget(self.pointer)
        column.addWidget(self.message)
        self.pointer.hide()
        self.message.hide()
        self.editor.textChanged.connect(self._tell)
        self.editor.left.connect(self.finished)

    def text(self) -> str:
        return self.editor.toPlainText()

    def show_text(self, text: str) -> None:
        """Puts the text there without telling; the cursor stays where it is when the text is the same."""
        if text != self.text():
            blocker = QSignalBlocker(self.editor)
            self.editor.setPlainText(text)
            blocker.unblock()
            self.editor._fit()

    def show_error(self, error: ExpressionError | None) -> None:
        """Underlines the piece and says what to write instead; None: all is well."""
        self.editor.setExtraSelections([])
        self.pointer.setVisible(error is not None)
        self.message.setVisible(error is not None)
        if error is None:
            return
        self.message.setText(f"{error.what} {error.remedy}".strip())
        cursor = QTextCursor(self.editor.document())
        size = len(self.text())
        start = min(error.offset, max(size - 1, 0))
        cursor.setPosition(start)
        cursor.setPosition(min(start + error.length, size), QTextCursor.MoveMode.KeepAnchor)
        mark = QTextEdit.ExtraSelection()
        mark.cursor = cursor
        mark.format = QTextCharFormat()
        mark.format.setUnderlineStyle(QTextCharFormat.UnderlineStyle.WaveUnderline)
        mark.format.setUnderlineColor(theme().colour("negative"))
        background = theme().colour("negative", 0.14)
        mark.format.setBackground(background)
        self.editor.setExtraSelections([mark])
        at = QTextCursor(self.editor.document())
        at.setPosition(start)
        place = QRectF(self.editor.cursorRect(at))
        x = self.editor.viewport().mapTo(self, place.topLeft().toPoint()).x() - self.pointer.x()
        self.pointer.point_at(x + 4)

    def _tell(self) -> None:
        # A paste of a novel is not kept; the length is said by whoever reads it.
        if len(self.text()) <= 10 * MAX_CHARACTERS:
            self.typed.emit(self.text())
