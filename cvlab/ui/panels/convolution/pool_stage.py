"""The pool's stage: the input in its windows, the winners marked, what is left, and the gradient on its way back."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent, QPainter, QPen, QPolygonF
from PySide6.QtWidgets import QWidget

from cvlab.engine.pooling import Pooled
from cvlab.ui.panels.convolution.board import Board
from cvlab.ui.panels.convolution.canvas import BoardCanvas
from cvlab.ui.panels.convolution.pieces import number
from cvlab.ui.panels.convolution.tile import sized
from cvlab.ui.theme import theme

_GAP, _CAPTION, _FOOT, _LARGEST = 64.0, 22.0, 34.0, 84.0
_WORDS = {"max": "the largest", "average": "the mean", "l2": "√ of the sum of squares"}
_STEPS = {
    Qt.Key.Key_Left: (0, -1), Qt.Key.Key_Right: (0, 1), Qt.Key.Key_Up: (-1, 0), Qt.Key.Key_Down: (1, 0),
}  # fmt: skip


class PoolStage(BoardCanvas):
    """spot: the window looked at, (row, column) of the output. moved: it is another."""

    moved = Signal()

    def __init__(self, parent: QWidget) -> None:
        super().__init__(
            "pool.stage",
            "Pooling",
            "Point at a number to see its window; a ring marks the winner. Click an input number to type over it. The arrow "
            "keys go from window to window.",
            parent,
        )
        self.pooled: Pooled | None = None
        self.gradient: np.ndarray | None = None
        self.spot = (0, 0)
        self._why = ""
        self._x = np.zeros((1, 1, 1))
        self._is_picture = False
        self._tint = -1
        self._dim: np.ndarray | None = None
        self.pointed.connect(self._look)

    def sizeHint(self) -> QSize:
        return QSize(640, 420)

    def minimumSizeHint(self) -> QSize:
        return QSize(400, 240)

    def show_pool(
        self, x: np.ndarray, pooled: Pooled | None, gradient: np.ndarray | None, why: str, *, is_picture: bool
    ) -> None:
        """x: (1, H, W). pooled: None where no window fits, and why. gradient: (1, H, W), shown instead of hidden."""
        self._x, self.pooled, self.gradient, self._why, self._is_picture = x, pooled, gradient, why, is_picture
        if pooled is not None:
            if is_picture and self.spot == (0, 0):  # the corner of a picture is seldom worth a look
                self.spot = pooled.down.count // 2, pooled.across.count // 2
            self.spot = min(self.spot[0], pooled.down.count - 1), min(self.spot[1], pooled.across.count - 1)
            self._dim = ~(pooled.down.visited[:, None] & pooled.across.visited[None, :])
        else:
            self._dim = None
        self._say()
        self.renew()

    # -- layout ------------------------------------------------------------------------------------------------------

    def lay_out(self) -> None:
        H, W = self._x.shape[1:]
        R, Q = (H, W) if self.pooled is None else self.pooled.values.shape[1:]
        inputs = 1 if self.gradient is None else 2
        high = self.height() - _CAPTION - _FOOT - 6
        cell = min((self.width() - inputs * _GAP) / (inputs * W + Q), high / max(H, R), _LARGEST)
        cell = float(int(cell)) if cell >= 3 else cell
        whole = cell * (inputs * W + Q)
        gap = min((self.width() - whole) / max(inputs, 1), 2.5 * _GAP)
        start = (self.width() - whole - gap * inputs) / 2
        middle = _CAPTION + high / 2
        largest = float(np.abs(self._x).max()) or 1.0
        look = "picture" if self._is_picture else "signed"

        def place(left: float, rows: int, columns: int) -> QRectF:
            return QRectF(round(start + left), round(middle - cell * rows / 2), cell * columns, cell * rows)

        self.boards = [
            Board("x", (), self._x[0], place(0, H, W), f"input  {W} × {H}", look, largest,
                  editable=not self._is_picture, dim=self._dim)
        ]  # fmt: skip
        if self.pooled is None:
            return
        values = self.pooled.values[0]
        shown = "signed" if look == "signed" or self.pooled.kind == "l2" else look
        largest = float(np.abs(values).max()) or 1.0
        self.boards.append(Board("y", (), values, place(cell * W + gap, R, Q), f"pooled  {Q} × {R}", shown, largest))
        if self.gradient is not None:
            back = self.gradient[0]
            strongest = float(np.abs(back).max()) or 1.0
            self.boards.append(
                Board(
                    "g",
                    (),
                    back,
                    place(cell * (W + Q) + 2 * gap, H, W),
                    "gradient back to the input",
                    largest=strongest,
                )
            )

    # -- painting ----------------------------------------------------------------------------------------------------

    def paint(self, painter: QPainter) -> None:
        if not self.boards:
            return
        self._paint_beam(painter)
        for board in self.boards:
            board.paint(painter)
        if self.pooled is None:
            self._paint_why(painter)
            return
        self._paint_windows(painter)
        self._paint_winners(painter)
        self._paint_spot(painter)
        self._paint_sentence(painter)
        if self.hasFocus():
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(theme().colour("accent", 0.8), 2))
            painter.drawRoundedRect(QRectF(self.rect()).adjusted(1, 1, -1, -1), 6, 6)

    def _window(self, row: int, column: int) -> QRectF:
        S, F = self.pooled.down.stride, self.pooled.down.filter
        return self.board("x").cell(row * S, column * S, F, F)

    def _paint_beam(self, painter: QPainter) -> None:
        if self.pooled is None:
            return
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(theme().colour("accent", 0.12))
        window, cell = self._window(*self.spot), self.board("y").cell(*self.spot)
        painter.drawPolygon(QPolygonF([window.topRight(), cell.topLeft(), cell.bottomLeft(), window.bottomRight()]))
        if self.gradient is not None:
            back = self.board("g").area
            here = window.translated(back.left() - self.board("x").area.left(), 0)
            painter.setBrush(theme().colour("negative", 0.10))
            painter.drawPolygon(QPolygonF([cell.topRight(), here.topLeft(), here.bottomLeft(), cell.bottomRight()]))

    def _paint_windows(self, painter: QPainter) -> None:
        """The borders of windows that lie side by side; those that overlap would only be a net."""
        pooled, board = self.pooled, self.board("x")
        if pooled.down.stride < pooled.down.filter or not board.is_readable:
            return
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(theme().colour("line", 0.8), 1.2))
        for row in range(pooled.down.count):
            for column in range(pooled.across.count):
                painter.drawRoundedRect(self._window(row, column).adjusted(1, 1, -1, -1), 4, 4)

    def _paint_winners(self, painter: QPainter) -> None:
        """A ring round each winner; a dot where cells are small."""
        if self.pooled.kind != "max":
            return
        board, look = self.board("x"), theme()
        wide, high = board.step
        winners = {(int(row), int(column)) for row, column in self.pooled.winners[0].reshape(-1, 2)}
        for row, column in winners:
            cell = board.cell(row, column)
            if board.is_readable:
                painter.setBrush(Qt.BrushStyle.NoBrush)
                painter.setPen(QPen(look.colour("positive"), 2.2))
                side = min(wide, high) * 0.78
                ring = QRectF(0, 0, side, side)
                ring.moveCenter(cell.center())
                painter.drawEllipse(ring)
            elif min(wide, high) >= 4:
                painter.setPen(Qt.PenStyle.NoPen)
                painter.setBrush(look.colour("positive"))
                painter.drawEllipse(cell.center(), wide * 0.22, high * 0.22)

    def _paint_spot(self, painter: QPainter) -> None:
        painter.setBrush(Qt.BrushStyle.NoBrush)
        for area in (self._window(*self.spot), self.board("y").cell(*self.spot)):
            if not self.board("x").is_readable:  # on a picture the colour alone may drown
                area.adjust(-1.5, -1.5, 1.5, 1.5)
                painter.setPen(QPen(theme().colour("raised"), 4.5))
                painter.drawRoundedRect(area, 3, 3)
            painter.setPen(QPen(theme().colour("accent"), 2.5))
            painter.drawRoundedRect(area, 3, 3)

    def _paint_sentence(self, painter: QPainter) -> None:
        painter.setFont(sized(self.font(), 13))
        painter.setPen(theme().colour("ink"))
        below = max(board.area.bottom() for board in self.boards) + 10
        room = QRectF(0, min(below, self.height() - _FOOT), self.width(), _FOOT)
        painter.drawText(room, int(Qt.AlignmentFlag.AlignCenter), self._sentence())

    def _sentence(self) -> str:
        pooled, (row, column) = self.pooled, self.spot
        S, F = pooled.down.stride, pooled.down.filter
        seen = self._x[0, row * S : row * S + F, column * S : column * S + F].ravel()
        value = number(float(pooled.values[0, row, column]))
        few = ", ".join(number(float(each)) for each in seen[:9]) + (", …" if len(seen) > 9 else "")
        if pooled.kind == "max":
            return f"max({few}) = {value}"
        if pooled.kind == "average":
            return f"({few.replace(', ', ' + ').replace('+ −', '− ')}) / {F * F} = {value}"
        squares = " + ".join(
            f"{number(float(each)) if each >= 0 else f'({number(float(each))})'}²" for each in seen[:9]
        )
        return f"√({squares}{' + …' if len(seen) > 9 else ''}) = {value}"

    def _say(self) -> None:
        self.setAccessibleDescription(
            self._why if self.pooled is None else f"{_WORDS[self.pooled.kind]}: {self._sentence()}"
        )

    def _paint_why(self, painter: QPainter) -> None:
        painter.setPen(theme().colour("negative"))
        painter.setFont(sized(self.font(), 13, bold=True))
        left = self.board("x").area.right() + _GAP / 2
        room = QRectF(left, 0, self.width() - left, self.height())
        painter.drawText(room, int(Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap), self._why)

    # -- what a person does ------------------------------------------------------------------------------------------

    def _look(self, name: str, place: tuple[int, ...]) -> None:
        if self.pooled is None or not name:
            return
        if name == "y":
            spot = place
        else:  # a cell of the input: the last window that starts at or before it
            spot = tuple(
                min(cell // fit.stride, fit.count - 1)
                for cell, fit in zip(place, (self.pooled.down, self.pooled.across), strict=True)
            )
        self.go(spot)

    def go(self, spot: tuple[int, int]) -> None:
        """Looks at another window."""
        if spot != self.spot:
            self.spot = spot
            self._say()
            self.update()
            self.moved.emit()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if self.pooled is None or event.key() not in _STEPS or event.modifiers() & Qt.KeyboardModifier.AltModifier:
            super().keyPressEvent(event)
            return
        (row, column), (down, right) = self.spot, _STEPS[Qt.Key(event.key())]
        R, Q = self.pooled.values.shape[1:]
        self.go((min(max(row + down, 0), R - 1), min(max(column + right, 0), Q - 1)))

    def mousePressEvent(self, event: QMouseEvent) -> None:
        event.accept()

    def at(self, name: str, row: int, column: int) -> QPointF:
        """The middle of a cell, for scripts."""
        return self.board(name).cell(row, column).center()
