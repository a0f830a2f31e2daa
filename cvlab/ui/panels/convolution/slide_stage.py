"""The stage: the window on every input channel, the filter's slice below it, each product, the sums, and the output maps."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QImage, QKeyEvent, QMouseEvent, QPainter
from PySide6.QtWidgets import QWidget

from cvlab.engine.convolution import ProductSum, product_sum
from cvlab.ui.panels.convolution.board import Board
from cvlab.ui.panels.convolution.canvas import BoardCanvas
from cvlab.ui.panels.convolution.pieces import number
from cvlab.ui.panels.convolution.scene import Scene
from cvlab.ui.panels.convolution.stage_layout import StageLayout
from cvlab.ui.panels.convolution.stage_paint import StagePaint
from cvlab.ui.theme import theme

_STEPS = {
    Qt.Key.Key_Left: (0, -1), Qt.Key.Key_Right: (0, 1), Qt.Key.Key_Up: (-1, 0), Qt.Key.Key_Down: (1, 0),
}  # fmt: skip


class SlideStage(BoardCanvas):
    """chosen(position): somebody moved the window there. toggled: the space bar.

    position counts output numbers: filter by filter, row by row. The pointer on an output cell looks there for as long.
    """

    chosen = Signal(int)
    toggled = Signal()

    def __init__(self, parent: QWidget) -> None:
        super().__init__(
            "slide.stage",
            "Sliding window",
            "Point at an output cell to see what it was made of. Click a number to type over it, or turn it with the wheel "
            "(with Shift by 0.1). Drag on the input, or use the arrow keys, to move the window; "
            "Page Down shows the next filter, the space bar plays.",
            parent,
        )
        self.scene: Scene | None = None
        self.output: np.ndarray | None = None
        self.now: ProductSum | None = None
        self.spot = (0, 0, 0)
        self._position = 0
        self._peek: int | None = None
        self._dragged = False
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
        self.scene, self.output, self._position, self._peek = scene, scene.output, position, None
        self._take_apart()
        self.renew()

    def show_position(self, position: int) -> None:
        self._position, self._peek = position, None
        before = self.spot[0]
        self._take_apart()
        self.renew() if before != self.spot[0] else self._refresh()

    @property
    def count(self) -> int:
        """How many output numbers there are."""
        return 0 if self.output is None else self.output.size

    @property
    def position(self) -> int:
        """The output number looked at."""
        return (self._position if self._peek is None else self._peek) % max(self.count, 1)

    def _take_apart(self) -> None:
        if self.output is None:
            self.now = None
            return
        self.spot = k, row, column = tuple(int(i) for i in np.unravel_index(self.position, self.output.shape))
        scene = self.scene
        self.now = product_sum(scene.x, scene.weights(k), scene.b[k], scene.sliding, row, column)
        sums = " + ".join(number(self.now.channel_sums[c]) for c in scene.reads(k))
        self.setAccessibleDescription(
            f"Filter {k}, row {row}, column {column}: {sums} + bias {number(self.now.bias)} = {number(self.now.total)}"
        )

    def _refresh(self) -> None:
        """The window moved under the same filter: only the products are others."""
        for board in self.boards:
            if board.name == "p" and self.now is not None:
                board.values = self.now.products[board.index[0]]
        self.update()

    def lay_out(self) -> None:
        self.boards = []
        if self.scene is not None:
            self.plan = StageLayout(self.width(), self.height(), self.scene, self.output, self.now, self.spot[0])
            self.boards = self.plan.boards

    def paint(self, painter: QPainter) -> None:
        if self.scene is not None:
            StagePaint(self, painter).paint()

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
            StagePaint(self, painter).paint_still()
            painter.end()
        return self._still

    def window(self, c: int) -> QRectF:
        """Where the window stands on the input channel c, from its first tap to its last."""
        board, extent = self.board("x", (c,)), self.scene.fits[1].extent
        row, column = (0, 0) if self.output is None else self.spot[1:]
        S = self.scene.sliding.stride
        return board.cell(row * S, column * S, extent, extent)

    # -- what a person does ------------------------------------------------------------------------------------------

    def flat(self, place: tuple[int, ...]) -> int:
        """The position of an output number (k, row, column)."""
        return int(np.ravel_multi_index(place, self.output.shape))

    def _look(self, name: str, place: tuple[int, ...]) -> None:
        peek = self.flat(place) if name == "y" else None
        if peek != self._peek:
            before, self._peek = self.spot[0], peek
            self._take_apart()
            self.renew() if before != self.spot[0] else self._refresh()

    def _choose(self, name: str, place: tuple[int, ...]) -> None:
        if name == "y":
            self.chosen.emit(self.flat(place))

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self._dragged = False
        self._pressed_on = self.find(event.position())

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        super().mouseMoveEvent(event)
        found = self.find(event.position())
        if not event.buttons() & Qt.MouseButton.LeftButton or found is None or found[0].name != "x":
            return
        if self._dragged or found[1:] != self._pressed_on[1:] or not found[0].editable:
            self._dragged = True
            self._bring_window(found[1], found[2])

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        found = self.find(event.position())
        if not self._dragged and found is not None and found[0].name == "x" and not found[0].editable:
            self._bring_window(found[1], found[2])
        elif not self._dragged:
            super().mouseReleaseEvent(event)

    def _bring_window(self, row: int, column: int) -> None:
        """The window with its middle nearest to a padded cell of the input."""
        if self.output is None:
            return
        at = []
        for cell, fit in zip((row, column), self.scene.fits, strict=True):
            at.append(min(max(round((cell - (fit.extent - 1) / 2) / fit.stride), 0), fit.count - 1))
        position = self.flat((self.spot[0], *at))
        if position != self.position:
            self.chosen.emit(position)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Space:
            self.toggled.emit()
        elif self.output is None:
            super().keyPressEvent(event)
        elif event.key() in _STEPS and not event.modifiers() & Qt.KeyboardModifier.AltModifier:
            k, row, column = self.spot
            _, H, W = self.output.shape
            down, right = _STEPS[Qt.Key(event.key())]
            self.chosen.emit(self.flat((k, min(max(row + down, 0), H - 1), min(max(column + right, 0), W - 1))))
        elif event.key() in (Qt.Key.Key_PageUp, Qt.Key.Key_PageDown):
            K = len(self.output)
            k = (self.spot[0] + (1 if event.key() == Qt.Key.Key_PageDown else -1)) % K
            self.chosen.emit(self.flat((k, *self.spot[1:])))
        else:
            super().keyPressEvent(event)

    def explanation(self, board: Board, row: int, column: int) -> str:
        if board.name == "x" and not board.is_own(row, column):
            return "A zero of the padding: it adds nothing, but makes room for the window."
        said = super().explanation(board, row, column)
        if board.dim is not None and board.dim[row, column]:
            said += "\nNo window reads this cell: it has no influence on the output."
        if board.name == "p" and self.now is not None:
            c, value, weight = board.index[0], self.now.patch[board.index[0], row, column], board.values[row, column]
            return f"{number(value)} × {number(float(self.now.weights[c, row, column]))} = {number(float(weight))}"
        return said
