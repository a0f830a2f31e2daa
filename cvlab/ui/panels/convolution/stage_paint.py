"""How a stage is painted: what stays, what falls from board to board, terms, marks on cells, and the sum in chips."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QColor, QImage, QPainter, QPen, QPolygonF

from cvlab.ui.panels.convolution.board import Board
from cvlab.ui.panels.convolution.pieces import fitting, number
from cvlab.ui.panels.convolution.tile import draw_words, signed_colour, sized, tile
from cvlab.ui.theme import theme

if TYPE_CHECKING:
    from cvlab.ui.panels.convolution.walk_stage import WalkStage

CENTRE = int(Qt.AlignmentFlag.AlignCenter)
_TWO_LINES = 30.0
"""Pixels of height from which a term shows what it was made of above its product."""


class StagePaint:
    """One painting of a stage. It reads the stage; it changes nothing."""

    def __init__(self, stage: WalkStage, painter: QPainter) -> None:
        self.stage, self.painter, self.font = stage, painter, stage.font()

    def paint(self) -> None:
        stage, painter = self.stage, self.painter
        if stage.walk:
            self.paint_beams()
        still = stage.still()
        if still is None:
            self.paint_still()
        else:
            painter.drawImage(0, 0, still)
        for board in stage.boards:
            if board.name == "p":
                self.paint_terms(board, *self.factors(board))
            elif board.name in stage.moving:
                self._paint_board(board)
        self.paint_marks()
        self.paint_sums()
        if not stage.walk:
            self._paint_message()
        if stage.hasFocus():
            painter.setPen(QPen(theme().colour("accent", 0.8), 2))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(QRectF(stage.rect()).adjusted(1, 1, -1, -1), 6, 6)

    def paint_still(self) -> None:
        """What stays while the position moves within one plane."""
        for board in self.stage.boards:
            if board.name not in self.stage.moving:
                self._paint_board(board)
        self._paint_gutter()

    def _paint_board(self, board: Board) -> None:
        chosen = (board.name, board.index) == (self.stage.walks, self.stage.spot[:1])
        board.paint(self.painter, role="ink" if chosen else "muted")

    # -- for subclasses ----------------------------------------------------------------------------------------------

    def paint_beams(self) -> None:
        """What falls from board to board."""
        raise NotImplementedError

    def factors(self, board: Board) -> tuple[np.ndarray, np.ndarray]:
        """What the products of this board were made of."""
        raise NotImplementedError

    def paint_marks(self) -> None:
        """Frames around what is looked at."""
        raise NotImplementedError

    def paint_sums(self) -> None:
        """The row below all columns."""
        raise NotImplementedError

    def gutter(self) -> Iterable[tuple[str, str]]:
        """Name of a board, and what its row is called."""
        raise NotImplementedError

    # -- pieces ------------------------------------------------------------------------------------------------------

    def beam(self, above: QRectF, below: QRectF) -> None:
        self.painter.drawPolygon(
            QPolygonF([above.bottomLeft(), above.bottomRight(), below.topRight(), below.topLeft()])
        )

    def start_beams(self) -> None:
        """So pale that their edges need no smoothing; `paint_beams` turns it on again."""
        self.painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
        self.painter.setPen(Qt.PenStyle.NoPen)
        self.painter.setBrush(theme().colour("accent", 0.10))

    def paint_terms(self, board: Board, values: np.ndarray, weights: np.ndarray) -> None:
        """Each product, and above it what it was made of."""
        painter = self.painter
        places = np.ndindex(*board.shape)
        numbers = zip(board.values.ravel().tolist(), values.ravel().tolist(), weights.ravel().tolist(), strict=True)
        for (row, column), made in zip(places, numbers, strict=True):
            painter.drawImage(board.cell(row, column).topLeft().toPoint(), self.term(*made, board.largest, *board.step))

    def term(self, product: float, value: float, weight: float, largest: float, wide: float, high: float) -> QImage:
        ratio = self.painter.device().devicePixelRatioF()
        return _term(product, value, weight, largest, wide, high, ratio, theme().tokens.name)

    def mark(self, area: QRectF, colour: QColor, *, halo: bool, dashed: bool = False, width: float = 2.5) -> None:
        """A frame; halo: on a picture the colour alone may drown."""
        painter = self.painter
        painter.setBrush(Qt.BrushStyle.NoBrush)
        if halo:
            painter.setPen(QPen(theme().colour("raised"), width + 2))
            painter.drawRoundedRect(area, 3, 3)
        painter.setPen(QPen(colour, width, Qt.PenStyle.DashLine if dashed else Qt.PenStyle.SolidLine))
        painter.drawRoundedRect(area, 3, 3)

    def mark_cell(self, board: Board, row: int, column: int, colour: QColor, width: float = 2.5) -> None:
        """row, column: on the board. A cell that is small is framed with room around."""
        cell = board.cell(row, column)
        small = min(cell.width(), cell.height()) < 10
        self.mark(cell.adjusted(-3, -3, 3, 3) if small else cell, colour, halo=small, width=width)

    def mark_taps(self, board: Board, window: QRectF, colour: QColor) -> None:
        """In a dilated window only the taps count."""
        d, F = self.stage.scene.sliding.dilation, self.stage.scene.sliding.filter
        if d == 1:
            return
        self.painter.setPen(QPen(colour, 1.5))
        wide, high = board.step
        for i, j in np.ndindex(F, F):
            tap = QRectF(window.left() + j * d * wide, window.top() + i * d * high, wide, high)
            self.painter.drawRect(tap.adjusted(1, 1, -1, -1))

    def say(self, area: QRectF, text: str, pixels: float = 12, flags: int = CENTRE) -> None:
        draw_words(self.painter, area, text, theme().colour("muted"), pixels, flags)

    def chip(self, area: QRectF, text: str, fill: QColor, *, bold: bool) -> None:
        painter = self.painter
        painter.setPen(QPen(theme().colour("accent"), 2) if bold else Qt.PenStyle.NoPen)
        painter.setBrush(fill)
        painter.drawRoundedRect(area, 6, 6)
        draw_words(painter, area, text, theme().colour("ink"), 15 if bold else 13, bold=True)

    def paint_bias(self, bias: QRectF) -> None:
        self.say(QRectF(bias.left(), bias.top() - 16, bias.width(), 14), "bias")

    def _paint_gutter(self) -> None:
        """What the rows are."""
        flags = int(Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft)
        for name, text in self.gutter():
            board = next((board for board in self.stage.boards if board.name == name), None)
            if board is not None:
                self.say(QRectF(self.stage.plan.gutter, board.area.top(), 48, board.area.height()), text, 12, flags)

    def _paint_message(self) -> None:
        painter = self.painter
        painter.setPen(theme().colour("negative"))
        painter.setFont(sized(self.font, 13, bold=True))
        flags = int(Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignTop | Qt.TextFlag.TextWordWrap)
        painter.drawText(self.stage.plan.message, flags, self.stage.scene.problem)


@lru_cache(maxsize=4096)
def _term(
    product: float, value: float, weight: float, largest: float, wide: float, high: float, ratio: float, theme_name: str
) -> QImage:
    """A product, and above it what it was made of, where there is room for both."""
    small, large = max(8, round(min(11, wide / 5.2))), max(8, round(min(14, high * 0.42, wide / 3)))
    two = high >= _TWO_LINES and wide >= 38
    text = fitting(product, wide, large * 0.66) if two or min(wide, high) >= 13 else ""
    made_of = f"{number(value, 2 if abs(value) >= 0.1 else 1)} × {number(weight, 2)}" if two else ""
    if made_of:
        small = max(8, min(small, int(wide / (0.54 * len(made_of)))))
    ink, size = theme().colour("ink" if product else "muted"), (round(wide), round(high))
    return tile(text, signed_colour(product, largest), ink, size, (large, True), ratio, above=made_of, small=small)
