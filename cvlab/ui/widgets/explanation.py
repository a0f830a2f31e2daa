"""The explanation dock: what one is looking at, the formulas behind it, and what to try. Shows a lesson; knows none."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QScrollArea, QToolButton, QVBoxLayout, QWidget

from cvlab.engine.formula import Formula
from cvlab.ui.panel import Lesson
from cvlab.ui.theme import theme
from cvlab.ui.theme.icons import icon
from cvlab.ui.widgets.formula import FormulaLabel
from cvlab.ui.widgets.sign import Sign

WIDTH, LEAST = 320, 256


class Explanation(QFrame):
    """One lesson at a time. `closed` when the person closes it."""

    closed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        theme().style(self)
        self.setObjectName("explanation")
        self.setAccessibleName("Explanation")
        self.setMinimumWidth(LEAST)
        self.lesson: Lesson | None = None
        sign = Sign("lesson", "accent", 20, self)
        caption = QLabel("What am I looking at?", self)
        caption.setProperty("role", "muted small")
        close = QToolButton(self)
        close.setIcon(icon("close", "muted"))
        close.setObjectName("explanation.close")
        close.setAccessibleName("Close the explanation")
        close.setToolTip("Closes the explanation. F1 brings it back.")
        close.clicked.connect(self.closed)
        bar = QHBoxLayout()
        bar.setContentsMargins(16, 10, 8, 2)
        bar.setSpacing(8)
        bar.addWidget(sign)
        bar.addWidget(caption, 1)
        bar.addWidget(close)
        self._scroll = QScrollArea(self)
        self._scroll.setWidgetResizable(True)
        self._scroll.setFrameShape(QFrame.Shape.NoFrame)
        self._scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(bar)
        column.addWidget(self._scroll, 1)

    def show_lesson(self, lesson: Lesson) -> None:
        """Replaces what is shown; the same lesson again costs nothing."""
        if lesson == self.lesson:
            return
        self.lesson = lesson
        page = QWidget(self._scroll)
        page.setProperty("role", "page")
        column = QVBoxLayout(page)
        column.setContentsMargins(16, 6, 16, 24)
        column.setSpacing(10)
        column.addWidget(_label(lesson.title, "heading", page))
        if lesson.looking_at:
            column.addWidget(_label(lesson.looking_at, "", page))
        for formula in lesson.formulas:
            column.addWidget(self._formula(formula, page))
        if lesson.try_this:
            column.addSpacing(6)
            column.addWidget(_label("Try this", "subheading", page))
        for number, words in enumerate(lesson.try_this, 1):
            column.addLayout(self._step(number, words, page))
        column.addStretch()
        self._scroll.setWidget(page)

    @staticmethod
    def _formula(formula: Formula, page: QWidget) -> QFrame:
        well = QFrame(page)
        well.setProperty("role", "well")
        column = QVBoxLayout(well)
        column.setContentsMargins(12, 10, 12, 12)
        column.setSpacing(8)
        if formula.caption:
            column.addWidget(_label(formula.caption, "muted small", well))
        column.addWidget(FormulaLabel(formula, well))
        return well

    @staticmethod
    def _step(number: int, words: str, page: QWidget) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setSpacing(10)
        badge = _label(str(number), "badge", page)
        badge.setAlignment(Qt.AlignmentFlag.AlignCenter)
        badge.setFixedSize(26, 20)
        row.addWidget(badge, 0, Qt.AlignmentFlag.AlignTop)
        row.addWidget(_label(words, "", page), 1)
        return row


def _label(words: str, role: str, parent: QWidget) -> QLabel:
    label = QLabel(words, parent)
    label.setProperty("role", role)
    label.setWordWrap(True)
    label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
    label.setFocusPolicy(Qt.FocusPolicy.NoFocus)
    return label
