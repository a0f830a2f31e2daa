"""A number in a table that a person can type over."""

from __future__ import annotations

import math

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent, QResizeEvent
from PySide6.QtWidgets import QLineEdit, QStyle, QStyleOptionFrame, QToolTip, QWidget

from cvlab.ui.panels.linear.pieces import named
from cvlab.ui.theme.style import set_role
from cvlab.ui.widgets.bars import tabular

LARGEST = 1e6
_WANTED = "A number from −1,000,000 to 1,000,000 is wanted. Until one is typed, the old one counts."


class NumberCell(QLineEdit):
    """given(part, row, column, value): a finite number was typed, or stepped with the arrow keys by a tenth.

    What is no number, or is beyond a million, is refused: the cell turns red and keeps what was typed until it is mended.
    """

    given = Signal(str, int, int, float)

    figures = 5
    """How many it shows at most: as many as there is room for. What is typed is kept whole."""

    def __init__(self, part: str, row: int, column: int, name: str, words: str, tip: str, parent: QWidget) -> None:
        super().__init__(parent)
        self._part, self._row, self._column = part, row, column
        self._value = 0.0
        named(self, name, words, f"{tip} Up and down keys change it by 0.1.")
        self.setAlignment(Qt.AlignmentFlag.AlignRight)
        self.setFont(tabular(self.font()))
        self.setMaxLength(24)
        self.editingFinished.connect(self._finish)

    def show_value(self, value: float) -> None:
        """Shows a value, but never over what is being typed."""
        if value == self._value and self.text() and not self.isModified():
            return
        self._value = value
        if not (self.hasFocus() and self.isModified()):
            self._write()

    def _write(self) -> None:
        self.setText(self._fitting())
        self.setCursorPosition(0)
        self.setModified(False)
        set_role(self, "")

    def _fitting(self) -> str:
        frame = QStyleOptionFrame()
        self.initStyleOption(frame)
        inside = self.style().subElementRect(QStyle.SubElement.SE_LineEditContents, frame, self)
        room, measure = inside.width() - 4, self.fontMetrics().horizontalAdvance
        texts = [f"{self._value:.{figures}g}".replace("-", "−") for figures in range(self.figures, 0, -1)]
        return next((text for text in texts if measure(text) <= room), texts[0])

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if not self.isModified():
            self._write()

    def _finish(self) -> None:
        if not self.isModified():
            return
        try:
            value = float(self.text().strip().replace("−", "-").replace(",", "."))
        except ValueError:
            value = math.nan
        if not abs(value) <= LARGEST:
            set_role(self, "error")
            QToolTip.showText(self.mapToGlobal(self.rect().bottomLeft()), _WANTED, self)
            return
        self._value = value
        self._write()
        self.given.emit(self._part, self._row, self._column, value)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        sign = {Qt.Key.Key_Up: 1, Qt.Key.Key_Down: -1}.get(Qt.Key(event.key()))
        if sign is None:
            super().keyPressEvent(event)
            return
        value = round(self._value + sign * 0.1, 10)
        if abs(value) <= LARGEST:
            self._value = value
            self._write()
            self.given.emit(self._part, self._row, self._column, value)
