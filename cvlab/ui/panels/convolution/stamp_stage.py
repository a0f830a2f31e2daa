"""The stage of a transposed convolution: an input number, the kernel, its multiple as a stamp, and the output that grows."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QRectF
from PySide6.QtWidgets import QWidget

from cvlab.engine.transposed import Term
from cvlab.ui.panels.convolution.board import Board
from cvlab.ui.panels.convolution.pieces import number
from cvlab.ui.panels.convolution.scene import StampingScene
from cvlab.ui.panels.convolution.stamp_layout import StampLayout
from cvlab.ui.panels.convolution.stamp_paint import StampPaint
from cvlab.ui.panels.convolution.walk_stage import WalkStage

_MOST = 12
"""Terms that are read out."""


class StampStage(WalkStage):
    """It goes over the input's numbers. canvas: (K, H'', W''), the output so far with the rim that is cut off, or None.
    written: map, row and column of the output number that is written out. terms: of it, so far. coming: how many follow.
    """

    scene: StampingScene | None
    walks, planner, painter = "x", StampLayout, StampPaint

    def __init__(self, parent: QWidget) -> None:
        super().__init__(
            "slide.stamps",
            "Stamps",
            "Point at an input number to see its stamp, and at an output cell to see what was added up there; a click on an "
            "output cell keeps its sum in view while the stamps go on. Click a number to type over it, or turn it by the wheel. "
            "Arrow keys go from number to number, Page Down to the next channel, the space bar plays.",
            parent,
        )
        self.moving = frozenset({"p", "y"})
        self.canvas: np.ndarray | None = None
        self.written, self.is_written = (0, 0, 0), False
        self.terms: list[Term] = []
        self.coming = 0
        self.pinned: tuple[int, int, int] | None = None
        self._hovered: tuple[int, int, int] | None = None

    @property
    def plane(self) -> tuple[int, ...]:
        return self.spot[0], self.written[0]

    def show_scene(self, scene: StampingScene, position: int) -> None:
        self._hovered = None
        output = scene.output
        if self.pinned is not None and (
            output is None or any(i >= n for i, n in zip(self.pinned, output.shape, strict=True))
        ):
            self.pinned = None
        super().show_scene(scene, position)

    # -- the stamp ---------------------------------------------------------------------------------------------------

    def product(self, k: int) -> np.ndarray:
        """(F, F): the input number's multiple of the kernel into map k."""
        return self.scene.x[self.spot] * self.scene.w[k, self.spot[0]]

    def take_apart(self) -> None:
        scene = self.scene
        if not self.walk:
            self.canvas, self.terms, self.coming, self.written, self.is_written = None, [], 0, (0, 0, 0), False
            self.setAccessibleDescription("" if scene is None else scene.problem)
            return
        self.canvas = scene.canvas(self.position + 1)
        self._write_out()
        c, row, column = self.spot
        said = f"Input {c}, row {row}, column {column}: {number(float(scene.x[self.spot]))} times the kernel. "
        if self.is_written:
            k, r, q = self.written
            sums = " + ".join(f"{number(term.value)} × {number(term.weight)}" for term in self.terms[-_MOST:])
            before = f"{len(self.terms) - _MOST} terms + " if len(self.terms) > _MOST else ""
            said += f"Map {k}, row {r}, column {q}: bias {number(scene.b[k])} + {before}{sums} = {number(self.total)}"
        else:
            said += "Its stamp lies wholly on what is cut off."
        self.setAccessibleDescription(said)

    def _write_out(self) -> None:
        """Chooses the output number that is written out, and its terms so far."""
        wanted = self._hovered or self.pinned
        if wanted is None:
            down, across = self.scene.growths
            row, column = (
                _most_stamped(growth, stamp) for growth, stamp in zip((down, across), self.spot[1:], strict=True)
            )
            if row is not None and column is not None:
                wanted = (self.scene.maps(self.spot[0])[0], row, column)
        self.is_written = wanted is not None
        self.written = wanted or (self.scene.maps(self.spot[0])[0], 0, 0)
        every = self.scene.terms(*self.written) if self.is_written else []
        self.terms = [term for term in every if self.flat((term.channel, term.row, term.column)) <= self.position]
        self.coming = len(every) - len(self.terms)

    @property
    def total(self) -> float:
        """The written number so far."""
        return float(self.scene.b[self.written[0]]) + sum(term.product for term in self.terms)

    def refresh(self, board: Board) -> None:
        if board.name == "p":
            board.values = self.product(board.index[0])
        elif board.name == "y" and self.canvas is not None:
            board.values = self.canvas[board.index[0]]

    def window(self, board: Board) -> QRectF:
        """Where the stamp lies on a map, from its first tap to its last."""
        S, extent = self.scene.sliding.stride, self.scene.growths[0].extent
        return board.cell(self.spot[1] * S, self.spot[2] * S, extent, extent)

    # -- what a person does ------------------------------------------------------------------------------------------

    def _look(self, name: str, place: tuple[int, ...]) -> None:
        hovered = place if name == "y" and self.walk else None
        if hovered != self._hovered:
            self._hovered = hovered
            self._go()
        super()._look(name, place)

    def _choose(self, name: str, place: tuple[int, ...]) -> None:
        if name == "y" and self.output is not None:
            inside = all(0 <= i < n for i, n in zip(place, self.output.shape, strict=True))
            self.pinned = place if inside and place != self.pinned else None
            self._go()
        super()._choose(name, place)

    def edit(self, name: str, place: tuple[int, ...]) -> None:
        """The number that is typed stamps."""
        self._choose(name, place) if name == "x" else None
        super().edit(name, place)

    def place_for(self, c: int, row: int, column: int) -> tuple[int, int, int]:
        return c, row, column

    def explanation(self, board: Board, row: int, column: int) -> str:
        if board.name == "y" and not board.is_own(row, column):
            return "Cut off by the padding: stamps lie here, too, but it is no output."
        if board.name == "n":
            return f"Row {row}, column {column}: {int(board.values[row, column])} stamps of each channel lie here."
        if board.name == "p":
            value, weight = (
                float(self.scene.x[self.spot]),
                float(self.scene.w[board.index[0], self.spot[0], row, column]),
            )
            return f"{number(value)} × {number(weight)} = {number(value * weight)}"
        return super().explanation(board, row, column)


def _most_stamped(growth, stamp: int) -> int | None:
    """Of the output cells on which this stamp lies, the first that most stamps so far share; None if all are cut off."""
    cells = [tap - growth.padding for tap in growth.taps(stamp)]
    inside = [cell for cell in cells if 0 <= cell < growth.count]
    if not inside:
        return None
    return max(inside, key=lambda cell: sum(other <= stamp for other, _ in growth.stamps_on(cell)))
