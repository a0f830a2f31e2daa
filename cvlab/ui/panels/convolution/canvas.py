"""A canvas of boards: what is under the pointer, a cell that is typed into, and a wheel that turns a number."""

from __future__ import annotations

import math

from PySide6.QtCore import QEvent, QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QHelpEvent, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QResizeEvent, QWheelEvent
from PySide6.QtWidgets import QLineEdit, QSizePolicy, QToolTip, QWidget

from cvlab.core.panels.convolution_documents import LARGEST
from cvlab.ui.panels.convolution.board import Board
from cvlab.ui.panels.convolution.pieces import named, number
from cvlab.ui.theme import theme
from cvlab.ui.theme.style import set_role

Place = tuple[str, tuple[int, ...]]
"""A number: the board's name, and its index with row and column; padding not counted."""


class CellLine(QLineEdit):
    """The line that lies over the cell which is typed into. moved(step): Tab, on to the next cell. left: Escape."""

    moved = Signal(int)
    left = Signal()

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.KeyPress and event.key() in (Qt.Key.Key_Tab, Qt.Key.Key_Backtab):
            self.moved.emit(1 if event.key() == Qt.Key.Key_Tab else -1)
            return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self.left.emit()
        else:
            super().keyPressEvent(event)
        event.accept()  # a line lets Enter pass on, and the canvas would open the next cell


class BoardCanvas(QWidget):
    """Subclasses lay out `boards` in `lay_out` and paint in `paint`.

    given(name, place, value): a number was typed or turned. settled: the undo step is over.
    pointed(name, place): what the pointer is on, ("", ()) for nothing. pressed(name, place): clicked, not editable.
    """

    given = Signal(str, object, float)
    settled = Signal()
    pointed = Signal(str, object)
    pressed = Signal(str, object)

    def __init__(self, name: str, words: str, tip: str, parent: QWidget) -> None:
        super().__init__(parent)
        named(self, name, words, tip)
        self.boards: list[Board] = []
        self._under: Place = ("", ())
        self._editing: Place | None = None
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)  # it stands on a card; else all below is painted, too
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.line = named(
            CellLine(self), f"{name}.cell", "The number in this cell", "Enter takes it, Escape leaves it."
        )
        self.line.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.line.setMaxLength(12)
        self.line.hide()
        self.line.editingFinished.connect(self._finish)
        self.line.moved.connect(self._go_on)
        self.line.left.connect(self._leave)
        theme().changed.connect(self.update)

    # -- for subclasses ----------------------------------------------------------------------------------------------

    def lay_out(self) -> None:
        """Puts boards of the present size into `self.boards`."""
        raise NotImplementedError

    def paint(self, painter: QPainter) -> None:
        raise NotImplementedError

    def renew(self) -> None:
        """Lays out and paints again."""
        self.lay_out()
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.fillRect(event.rect(), theme().colour("raised"))
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        self.paint(painter)
        painter.end()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._leave()
        self.lay_out()

    # -- places ------------------------------------------------------------------------------------------------------

    def board(self, name: str, index: tuple[int, ...] = ()) -> Board | None:
        return next((board for board in self.boards if board.name == name and board.index == index), None)

    def find(self, point: QPointF) -> tuple[Board, int, int] | None:
        """The board under a point, and the cell on it."""
        for board in self.boards:
            cell = board.at(point)
            if cell is not None:
                return board, *cell
        return None

    @staticmethod
    def place(board: Board, row: int, column: int) -> Place:
        return board.name, (*board.index, row - board.ring, column - board.ring)

    def area(self, name: str, place: tuple[int, ...]) -> QRectF | None:
        """Where a number stands on the canvas."""
        board = self.board(name, place[:-2])
        if board is None:
            return None
        return board.cell(place[-2] + board.ring, place[-1] + board.ring)

    def _value(self, name: str, place: tuple[int, ...]) -> float:
        board = self.board(name, place[:-2])
        return float(board.values[place[-2] + board.ring, place[-1] + board.ring])

    def _editable(self) -> list[Place]:
        return [
            self.place(board, row, column)
            for board in self.boards
            if board.editable
            for row in range(board.shape[0])
            for column in range(board.shape[1])
            if board.is_own(row, column)
        ]

    # -- typing ------------------------------------------------------------------------------------------------------

    def edit(self, name: str, place: tuple[int, ...]) -> None:
        """Opens the line over a number."""
        cell = self.area(name, place)
        if cell is None:
            return
        self._editing = (name, place)
        room = QRectF(0, 0, max(cell.width(), 52), max(cell.height(), 30))
        room.moveCenter(cell.center())
        room.moveLeft(min(max(room.left(), 0), max(self.width() - room.width(), 0)))
        self.line.setGeometry(room.toRect())
        self.line.setText(number(self._value(name, place), 6))
        set_role(self.line, "")
        self.line.setToolTip("Enter takes the number, Tab goes on to the next cell, Escape leaves it as it was.")
        self.line.show()
        self.line.setFocus()
        self.line.selectAll()
        self.line.setModified(False)

    def edit_first(self) -> None:
        """Opens the line over the first number that can be changed: the way there by keyboard."""
        places = self._editable()
        if places:
            self.edit(*places[0])

    def _take(self) -> bool:
        """Hands over what was typed; False if it is no number."""
        if self._editing is None or not self.line.isModified():
            return True
        try:
            value = float(self.line.text().strip().replace("−", "-").replace(",", "."))
        except ValueError:
            value = math.nan
        if not abs(value) <= LARGEST:
            set_role(self.line, "error")
            wanted = f"A number from −{LARGEST:.0f} to {LARGEST:.0f} is wanted. Escape brings the old one back."
            self.line.setToolTip(wanted)
            QToolTip.showText(self.line.mapToGlobal(self.line.rect().bottomLeft()), wanted, self.line)
            return False
        self.line.setModified(False)
        self.given.emit(*self._editing, value)
        self.settled.emit()
        return True

    def _finish(self) -> None:
        if self.line.isVisible() and self._take():
            had_focus = self.line.hasFocus()
            self._leave()
            if had_focus:
                self.setFocus()

    def _go_on(self, step: int) -> None:
        before = self._editing
        if before is not None and self._take():
            places = self._editable()
            at = places.index(before) if before in places else -step
            self.edit(*places[(at + step) % len(places)])

    def _leave(self) -> None:
        self._editing = None
        self.line.setModified(False)
        had_focus = self.line.hasFocus()
        self.line.hide()
        if had_focus:
            self.setFocus()

    # -- the pointer -------------------------------------------------------------------------------------------------

    def _point(self, under: Place) -> None:
        if under != self._under:
            self._under = under
            self.pointed.emit(*under)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        found = self.find(event.position())
        editable = found is not None and found[0].editable and found[0].is_own(*found[1:])
        self.setCursor(Qt.CursorShape.IBeamCursor if editable else Qt.CursorShape.ArrowCursor)
        self._point(("", ()) if found is None else self.place(*found))

    def leaveEvent(self, event: QEvent) -> None:
        self._point(("", ()))

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        found = self.find(event.position())
        if found is None or event.button() != Qt.MouseButton.LeftButton:
            return
        if found[0].editable and found[0].is_own(*found[1:]):
            self.edit(*self.place(*found))
        else:
            self.pressed.emit(*self.place(*found))

    def wheelEvent(self, event: QWheelEvent) -> None:
        found = self.find(event.position())
        steps = round(event.angleDelta().y() / 120)
        if found is None or not steps or not (found[0].editable and found[0].is_own(*found[1:])):
            event.ignore()
            return
        name, place = self.place(*found)
        value = round(
            self._value(name, place) + steps * (0.1 if event.modifiers() & Qt.KeyboardModifier.ShiftModifier else 1), 6
        )
        if abs(value) <= LARGEST:
            self.given.emit(name, place, value)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_F2, Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.edit_first()
        else:
            super().keyPressEvent(event)

    def event(self, event: QEvent) -> bool:
        if isinstance(event, QHelpEvent) and event.type() == QEvent.Type.ToolTip:
            found = self.find(QPointF(event.pos()))
            words = self.explanation(*found) if found is not None else ""
            QToolTip.showText(event.globalPos(), words or self.toolTip(), self)
            return True
        return super().event(event)

    def explanation(self, board: Board, row: int, column: int) -> str:
        """What the pointer is on, in words."""
        return f"{board.caption or board.name}, row {row - board.ring}, column {column - board.ring}: " + number(
            float(board.values[row, column]), 4
        )
