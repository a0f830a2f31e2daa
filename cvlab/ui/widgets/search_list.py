"""A line to type in and the list of what it finds, led by one pair of hands: the focus stays in the line."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QLineEdit, QListWidget, QStyledItemDelegate, QWidget

_PAGE = 8


class SearchLine(QLineEdit):
    """Typing stays here; arrows, Enter and Esc are for the list."""

    moved = Signal(int)
    accepted = Signal()
    left = Signal()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        keys = Qt.Key
        steps = {keys.Key_Down: 1, keys.Key_Up: -1, keys.Key_PageDown: _PAGE, keys.Key_PageUp: -_PAGE, keys.Key_Tab: 1}
        if event.key() in steps:
            self.moved.emit(steps[event.key()])
        elif event.key() in (keys.Key_Return, keys.Key_Enter):
            self.accepted.emit()
        elif event.key() == keys.Key_Escape:
            self.left.emit()
        else:
            super().keyPressEvent(event)

    def focusNextPrevChild(self, forward: bool) -> bool:
        return False

    def focusOutEvent(self, event) -> None:
        super().focusOutEvent(event)
        if event.reason() in (Qt.FocusReason.MouseFocusReason, Qt.FocusReason.ActiveWindowFocusReason):
            self.left.emit()


class SearchList(QListWidget):
    """Follows the keys of its line. wanted: Enter was pressed there, or a row clicked."""

    wanted = Signal()

    def __init__(self, line: SearchLine, painter: type[QStyledItemDelegate], parent: QWidget) -> None:
        super().__init__(parent)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setItemDelegate(painter(self))
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setUniformItemSizes(True)
        line.moved.connect(self.step)
        line.accepted.connect(self.wanted)
        self.itemClicked.connect(self._clicked)

    def step(self, steps: int) -> None:
        """One row on goes round the end; a page stops there."""
        count = self.count()
        if count:
            row = self.currentRow() + steps
            self.setCurrentRow(row % count if abs(steps) == 1 else max(0, min(count - 1, row)))

    def shown_texts(self) -> list[str]:
        """What is listed, best first."""
        return [self.item(row).text() for row in range(self.count())]

    def _clicked(self) -> None:
        self.wanted.emit()
