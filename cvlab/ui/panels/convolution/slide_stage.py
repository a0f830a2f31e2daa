"""The stage of a convolution: the window on every input channel, the filter's slice, each product, the sums, the output maps."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QRectF
from PySide6.QtWidgets import QWidget

from cvlab.engine.convolution import ProductSum, product_sum
from cvlab.ui.panels.convolution.board import Board
from cvlab.ui.panels.convolution.pieces import number
from cvlab.ui.panels.convolution.scene import SlidingScene
from cvlab.ui.panels.convolution.slide_layout import SlideLayout
from cvlab.ui.panels.convolution.slide_paint import SlidePaint
from cvlab.ui.panels.convolution.walk_stage import WalkStage


class SlideStage(WalkStage):
    """It goes over the output's numbers. now: the one looked at, taken apart; None where no window fits."""

    scene: SlidingScene | None
    planner, painter = SlideLayout, SlidePaint

    def __init__(self, parent: QWidget) -> None:
        super().__init__(
            "slide.stage",
            "Sliding window",
            "Point at an output cell to see what it was made of; a click stays there. Click a number to type over it, or turn it "
            "with the wheel (with Shift by 0.1). Drag on the input, or use the arrow keys, to move the window; "
            "Page Down shows the next filter, the space bar plays.",
            parent,
        )
        self.now: ProductSum | None = None
        self.guess = False

    def show_guess(self, guess: bool) -> None:
        """Covers what comes after the position, or uncovers it."""
        self.guess, self.moving = guess, frozenset({"p", "y"} if guess else {"p"})
        self.renew()

    def covered(self, k: int) -> np.ndarray | None:
        """(H', W'): the cells of map k that are still to be guessed; None while nobody guesses."""
        if not self.guess or self.output is None:
            return None
        _, H, W = self.walk
        return np.arange(k * H * W, (k + 1) * H * W).reshape(H, W) > self._position % self.output.size

    def is_there(self, name: str, place: tuple[int, ...]) -> bool:
        """A number that is still to be guessed does not show how it is made."""
        covered = self.covered(place[0]) if name == "y" else None
        return super().is_there(name, place) and (covered is None or not covered[place[1:]])

    def take_apart(self) -> None:
        if self.output is None:
            self.now = None
            self.setAccessibleDescription("" if self.scene is None else self.scene.problem)
            return
        (k, row, column), scene = self.spot, self.scene
        self.now = product_sum(scene.x, scene.weights(k), scene.b[k], scene.sliding, row, column)
        sums = " + ".join(number(self.now.channel_sums[c]) for c in scene.reads(k))
        self.setAccessibleDescription(
            f"Filter {k}, row {row}, column {column}: {sums} + bias {number(self.now.bias)} = {number(self.now.total)}"
        )

    def refresh(self, board: Board) -> None:
        if board.name == "p" and self.now is not None:
            board.values = self.now.products[board.index[0]]
        elif board.name == "y":
            board.covered = self.covered(board.index[0])

    def window(self, c: int) -> QRectF:
        """Where the window stands on the input channel c, from its first tap to its last."""
        board, extent = self.board("x", (c,)), self.scene.fits[1].extent
        row, column = (0, 0) if self.output is None else self.spot[1:]
        S = self.scene.sliding.stride
        return board.cell(row * S, column * S, extent, extent)

    def place_for(self, c: int, row: int, column: int) -> tuple[int, int, int]:
        """The window with its middle nearest to the cell."""
        at = (
            min(max(round((cell - (fit.extent - 1) / 2) / fit.stride), 0), fit.count - 1)
            for cell, fit in zip((row, column), self.scene.fits, strict=True)
        )
        return self.spot[0], *at

    def explanation(self, board: Board, row: int, column: int) -> str:
        if board.name == "x" and not board.is_own(row, column):
            return "A zero of the padding: it adds nothing, but makes room for the window."
        if board.covered is not None and board.covered[row, column]:
            return "Still covered: what will it be? Move the window here to see."
        said = super().explanation(board, row, column)
        if board.dim is not None and board.dim[row, column]:
            said += "\nNo window reads this cell: it has no influence on the output."
        if board.name == "p" and self.now is not None:
            c, value, weight = board.index[0], self.now.patch[board.index[0], row, column], board.values[row, column]
            return f"{number(value)} × {number(float(self.now.weights[c, row, column]))} = {number(float(weight))}"
        return said
