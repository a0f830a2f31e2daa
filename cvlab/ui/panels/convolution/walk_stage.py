"""A stage on which one number after the other is looked at: where it stands, the pointer's peek, keys, and what stays painted."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

import numpy as np
from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QImage, QKeyEvent, QMouseEvent, QPainter
from PySide6.QtWidgets import QWidget

from cvlab.ui.panels.convolution.board import Board
from cvlab.ui.panels.convolution.canvas import BoardCanvas
from cvlab.ui.panels.convolution.scene import Scene
from cvlab.ui.panels.convolution.stage_layout import StageLayout
from cvlab.ui.panels.convolution.stage_paint import StagePaint
from cvlab.ui.theme import theme

_STEPS = {
    Qt.Key.Key_Left: (0, -1), Qt.Key.Key_Right: (0, 1), Qt.Key.Key_Up: (-1, 0), Qt.Key.Key_Down: (1, 0),
}  # fmt: skip


class WalkStage(BoardCanvas):
    """chosen(position): somebody went there. toggled: the space bar.

    walks: the board over whose numbers it goes. position: counts them, plane by plane, row by row; spot: plane, row, column.
    The pointer on such a cell looks there for as long. moving: names of boards that change while it goes.
    """

    chosen = Signal(int)
    toggled = Signal()
    walks: ClassVar[str] = "y"
    planner: ClassVar[type[StageLayout]]
    painter: ClassVar[Callable[[WalkStage, QPainter], StagePaint]]

    def __init__(self, name: str, words: str, tip: str, parent: QWidget) -> None:
        super().__init__(name, words, tip, parent)
        self.scene: Scene | None = None
        self.spot = (0, 0, 0)
        self.moving: frozenset[str] = frozenset({"p"})
        self._position = 0
        self._peek: int | None = None
        self._dragged = False
        self._pressed_on: tuple | None = None
        self.plan: StageLayout | None = None
        self._still: QImage | None = None
        self._still_for: tuple = ()
        self._is_fresh = True
        self.pointed.connect(self._look)
        self.pressed.connect(self._choose)

    def sizeHint(self) -> QSize:
        return QSize(640, 480)

    def minimumSizeHint(self) -> QSize:
        return QSize(420, 360)

    # -- what it is given --------------------------------------------------------------------------------------------

    def show_scene(self, scene: Scene, position: int) -> None:
        self.scene, self._position, self._peek = scene, position, None
        self._stand()
        self.renew()

    def show_position(self, position: int) -> None:
        self._position, self._peek = position, None
        self._go()

    @property
    def output(self) -> np.ndarray | None:
        return None if self.scene is None else self.scene.output

    @property
    def walk(self) -> tuple[int, ...]:
        return () if self.scene is None else self.scene.walk

    @property
    def position(self) -> int:
        """The number looked at."""
        return (self._position if self._peek is None else self._peek) % max(int(np.prod(self.walk)), 1)

    def _stand(self) -> None:
        if self.walk:
            self.spot = tuple(int(i) for i in np.unravel_index(self.position, self.walk))
        self.take_apart()

    @property
    def plane(self) -> tuple[int, ...]:
        """While it is the same, boards stay where they are."""
        return self.spot[:1]

    def _go(self) -> None:
        before = self.plane
        self._stand()
        if before != self.plane:
            self.renew()
        else:
            for board in self.boards:
                if board.name in self.moving:
                    self.refresh(board)
            self.update()

    def take_apart(self) -> None:
        """Makes what is shown of the number at `spot`; the walk may be empty."""
        raise NotImplementedError

    def refresh(self, board: Board) -> None:
        """Gives a board of `moving` its numbers of now."""
        raise NotImplementedError

    def lay_out(self) -> None:
        self.boards = []
        if self.scene is not None:
            self.plan = self.planner(self)
            self.boards = self.plan.boards

    def paint(self, painter: QPainter) -> None:
        if self.scene is not None:
            type(self).painter(self, painter).paint()

    def renew(self) -> None:
        self._still, self._is_fresh = None, True
        super().renew()

    def still(self) -> QImage | None:
        """The boards that stay while the window moves, painted once. None the first time that they are asked for: while a
        slider is dragged they are others each time, and are painted without this detour."""
        ratio, name = self.devicePixelRatioF(), theme().tokens.name
        if self._is_fresh:
            self._is_fresh = False
            return None
        if self._still is None or self._still_for != (self.size(), ratio, name):
            self._still_for = (self.size(), ratio, name)
            self._still = QImage(self.size() * ratio, QImage.Format.Format_ARGB32_Premultiplied)
            self._still.setDevicePixelRatio(ratio)
            self._still.fill(Qt.GlobalColor.transparent)
            painter = QPainter(self._still)
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            type(self).painter(self, painter).paint_still()
            painter.end()
        return self._still

    # -- what a person does ------------------------------------------------------------------------------------------

    def flat(self, place: tuple[int, ...]) -> int:
        """The position of (plane, row, column)."""
        return int(np.ravel_multi_index(place, self.walk))

    def is_there(self, name: str, place: tuple[int, ...]) -> bool:
        """Whether this is one of the numbers gone over."""
        return name == self.walks and bool(self.walk) and all(0 <= i < n for i, n in zip(place, self.walk, strict=True))

    def _look(self, name: str, place: tuple[int, ...]) -> None:
        peek = self.flat(place) if self.is_there(name, place) else None
        if peek != self._peek:
            self._peek = peek
            self._go()

    def _choose(self, name: str, place: tuple[int, ...]) -> None:
        if self.is_there(name, place):
            self.chosen.emit(self.flat(place))

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self._dragged = False
        self._pressed_on = self.find(event.position())

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        super().mouseMoveEvent(event)
        found = self.find(event.position())
        if not event.buttons() & Qt.MouseButton.LeftButton or found is None or found[0].name != "x":
            return
        if self._dragged or self._pressed_on is None or found[1:] != self._pressed_on[1:] or not found[0].editable:
            self._dragged = True
            self._bring(found[0].index[0], *found[1:])

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        found = self.find(event.position())
        if not self._dragged and found is not None and found[0].name == "x" and not found[0].editable:
            self._bring(found[0].index[0], *found[1:])
        elif not self._dragged:
            super().mouseReleaseEvent(event)

    def _bring(self, c: int, row: int, column: int) -> None:
        place = self.place_for(c, row, column) if self.walk else None
        if place is not None and self.flat(place) != self.position:
            self.chosen.emit(self.flat(place))

    def place_for(self, c: int, row: int, column: int) -> tuple[int, int, int] | None:
        """Where to go when somebody drags over this cell of an input board, padding counted; None for nowhere."""
        raise NotImplementedError

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Space:
            self.toggled.emit()
        elif not self.walk:
            super().keyPressEvent(event)
        elif event.key() in _STEPS and not event.modifiers() & Qt.KeyboardModifier.AltModifier:
            k, row, column = self.spot
            _, H, W = self.walk
            down, right = _STEPS[Qt.Key(event.key())]
            self.chosen.emit(self.flat((k, min(max(row + down, 0), H - 1), min(max(column + right, 0), W - 1))))
        elif event.key() in (Qt.Key.Key_PageUp, Qt.Key.Key_PageDown):
            step = 1 if event.key() == Qt.Key.Key_PageDown else -1
            self.chosen.emit(self.flat(((self.spot[0] + step) % self.walk[0], *self.spot[1:])))
        else:
            super().keyPressEvent(event)
