"""Where a stage's boards stand: columns of a large board, a filter and its terms, one beside the other, and one column aside."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from PySide6.QtCore import QRectF

from cvlab.ui.panels.convolution.board import Board

if TYPE_CHECKING:
    from cvlab.ui.panels.convolution.walk_stage import WalkStage

GUTTER, GAP, SUMS, CAPTION = 56.0, 22.0, 40.0, 20.0
MARGIN, ASIDE = 14.0, 1.25
"""Room at the right for the line from the total to its cell; width of the column aside, in the others' widths."""
_AIR = 36.0
"""The least air between the rows, all together."""
CHANNELS = ("red", "green", "blue")


class Rows(NamedTuple):
    """side: of the large board. weight: a filter's cell. wide, high: a term's. air: between rows. All in pixels."""

    side: float
    weight: float
    wide: float
    high: float
    air: float


class StageLayout:
    """columns: how many stand beside the one aside. column: their width. boards: by name and index, as the stage names them."""

    def __init__(self, stage: WalkStage, columns: int) -> None:
        self.width, self.height = float(stage.width()), float(stage.height())
        self.scene, self.boards = stage.scene, []
        self.column = (self.width - GUTTER - MARGIN - GAP * columns) / (columns + ASIDE)
        self.weight = float(np.abs(self.scene.w).max()) or 1.0
        self.strongest = float(np.abs(self.scene.x).max()) or 1.0

    boards: list[Board]
    gutter = 8.0
    """Where the words begin that say what the rows are: clear of the frame that shows the focus."""

    @property
    def message(self) -> QRectF:
        """Where it says why nothing comes out."""
        raise NotImplementedError

    def rows(self, share: float = 0.44) -> Rows:
        """share: of the height for the large board."""
        F, column = self.scene.sliding.filter, self.column
        rest = self.height - SUMS - 2 * CAPTION - _AIR
        side = min(column, max(rest * share, 60.0))
        weight = whole(min((rest - side) * 0.47 / F, column / F, 46.0))
        high = whole(min((rest - side - weight * F) / F, 54.0))
        wide = whole(min(column / F, high * 2.1))
        return Rows(side, weight, wide, high, _AIR / 3 + max((rest - side - F * (weight + high)) / 3, 0.0))

    def x_board(self, c: int, values: np.ndarray, area: QRectF, ring: int, said: str = "") -> Board:
        """An input channel."""
        scene, C = self.scene, len(self.scene.x)
        tint = c if scene.is_picture and C == 3 else -1
        caption = (f"x  {CHANNELS[c]}" if tint >= 0 else f"x[{c}]" if C > 1 else "x") + said
        look = "picture" if scene.is_picture else "signed"
        return Board("x", (c,), values, area, caption, look, self.strongest, tint, ring, editable=not scene.is_picture)

    def w_board(self, k: int, c: int, area: QRectF) -> Board:
        """What leads from channel c to map k."""
        caption = f"w{k}[{c}]" if len(self.scene.x) > 1 else f"w{k}"
        return Board("w", (k, c), self.scene.w[k, c], area, caption, largest=self.weight, editable=True)

    def b_board(self, k: int, area: QRectF) -> Board:
        bias = self.scene.b[k]
        return Board("b", (k,), np.array([[bias]]), area, largest=max(self.weight, abs(bias)), editable=True)


def centred(left: float, top: float, room: float, wide: float, high: float) -> QRectF:
    """At whole pixels, as cells are."""
    return QRectF(round(left + (room - wide) / 2), round(top), wide, high)


def whole(cell: float) -> float:
    """A cell's side in whole pixels, where that costs little of the room."""
    return float(int(cell)) if cell >= 3 else cell
