"""Where a convolution's boards stand: a column for each channel, from the input down to its sum, the output's at the right."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QRectF

from cvlab.engine.convolution import pad
from cvlab.ui.panels.convolution.board import Board
from cvlab.ui.panels.convolution.stage_layout import ASIDE, CAPTION, GAP, GUTTER, SUMS, StageLayout, centred, whole

if TYPE_CHECKING:
    from cvlab.ui.panels.convolution.slide_stage import SlideStage


class SlideLayout(StageLayout):
    """Boards: "x" of each channel, "w" and "p" (the products) of each that the filter reads, "b", and "y" of each filter."""

    def __init__(self, stage: SlideStage) -> None:
        super().__init__(stage, len(stage.scene.x))
        self._stage = stage
        self._k = min(stage.spot[0], len(self.scene.w) - 1)
        self._place_channels()
        if stage.output is not None:
            area = QRectF(round(self.right.left()) + 6, self.height - SUMS + 4, 44, SUMS - 12)
            self.boards.append(self.b_board(self._k, area))
            self._place_output(stage.output)

    def left(self, c: int) -> float:
        """Where the column of channel c begins; the column after the last is the output's."""
        return GUTTER + c * (self.column + GAP)

    @property
    def right(self) -> QRectF:
        """The column of the output, from top to bottom."""
        return QRectF(self.left(len(self.scene.x)), 0, ASIDE * self.column, self.height)

    @property
    def message(self) -> QRectF:
        return self.right.adjusted(0, 20, 0, -70)

    def _place_channels(self) -> None:
        scene, now, column = self.scene, self._stage.now, self.column
        (_, H, W), F, P = scene.x.shape, scene.sliding.filter, scene.sliding.padding
        side, weight, wide, high, air = self.rows()
        filters = 2 * CAPTION + side + air
        terms = filters + weight * F + air
        down, across = scene.fits
        fits, read = now is not None, scene.reads(self._k)
        # A window that fits nowhere is shown as it sticks out.
        cell = whole(side / max(H + 2 * P, W + 2 * P, 0 if fits else across.extent))
        dim = ~(down.visited[:, None] & across.visited[None, :]) if fits else None
        for c, values in enumerate(pad(scene.x, P)):
            left, (rows, columns) = self.left(c), values.shape
            area = centred(left, CAPTION, column, cell * columns if fits else side, cell * rows)
            area.setWidth(cell * columns)
            board = self.x_board(c, values, area, P, "" if c in read else "  ·  not read")
            board.dim = dim
            self.boards.append(board)
            if c not in read:
                continue
            self.boards.append(self.w_board(self._k, c, centred(left, filters, column, weight * F, weight * F)))
            if fits:
                area = centred(left, terms, column, wide * F, high * F)
                self.boards.append(Board("p", (c,), now.products[c], area, largest=self.strongest * self.weight))

    def _place_output(self, output: np.ndarray) -> None:
        K, H, W = output.shape
        room = self.height - SUMS - 32 - K * CAPTION
        cell = whole(min(self.right.width() / W, (room / K - 6) / H, 54.0))
        top, largest = CAPTION, float(np.abs(output).max()) or 1.0
        for n, values in enumerate(output):
            area = centred(self.right.left(), top, self.right.width(), cell * W, cell * H)
            caption = f"y[{n}]  ·  filter w{n}" if K > 1 else "y"
            covered = self._stage.covered(n)
            self.boards.append(Board("y", (n,), values, area, caption, largest=largest, covered=covered))
            top += cell * H + CAPTION + 6
