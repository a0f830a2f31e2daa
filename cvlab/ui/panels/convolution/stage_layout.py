"""Where the stage's boards stand: a column for each channel, from the input down to its sum, and the output's at the right."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from PySide6.QtCore import QRectF

from cvlab.engine.convolution import ProductSum, pad
from cvlab.ui.panels.convolution.board import Board
from cvlab.ui.panels.convolution.scene import Scene

GUTTER, GAP, SUMS, CAPTION = 48.0, 22.0, 40.0, 20.0
MARGIN, OUTPUT = 14.0, 1.25
"""Room at the right for the line from the total to its cell; width of the output's column, in channels' columns."""
_AIR = 36.0
"""The least air between the rows, all together."""
_CHANNELS = ("red", "green", "blue")


@dataclass
class StageLayout:
    """width, height: of the stage in pixels. output: (K, H', W') and now: the sum looked at; None where no window fits. k: the
    filter shown. boards: "x", "w" and "p" (the products) of each channel, "b", and "y" of each filter. column: a channel's width.
    """

    width: float
    height: float
    scene: Scene
    output: np.ndarray | None
    now: ProductSum | None
    k: int
    boards: list[Board] = field(default_factory=list)

    def __post_init__(self) -> None:
        C = len(self.scene.x)
        self.k = min(self.k, len(self.scene.w) - 1)
        self.column = (self.width - GUTTER - MARGIN - GAP * C) / (C + OUTPUT)
        self._weight = float(np.abs(self.scene.w).max()) or 1.0
        self._place_channels()
        self._place_bias()
        if self.output is not None:
            self._place_output()

    def left(self, c: int) -> float:
        """Where the column of channel c begins; the column after the last is the output's."""
        return GUTTER + c * (self.column + GAP)

    @property
    def right(self) -> QRectF:
        """The column of the output, from top to bottom."""
        return QRectF(self.left(len(self.scene.x)), 0, OUTPUT * self.column, self.height)

    def _place_channels(self) -> None:
        scene, (C, H, W), F = self.scene, self.scene.x.shape, self.scene.sliding.filter
        P, column = scene.sliding.padding, self.column
        rest = self.height - SUMS - 2 * CAPTION - _AIR
        side = min(column, max(rest * 0.44, 60.0))
        weight = _whole(min((rest - side) * 0.47 / F, column / F, 46.0))
        high = _whole(min((rest - side - weight * F) / F, 54.0))
        wide = _whole(min(column / F, high * 2.1))
        air = _AIR / 3 + max((rest - side - F * (weight + high)) / 3, 0.0)
        filters = 2 * CAPTION + side + air
        terms = filters + weight * F + air
        down, across = scene.fits
        fits, read = self.now is not None, scene.reads(self.k)
        # A window that fits nowhere is shown as it sticks out.
        cell = _whole(side / max(H + 2 * P, W + 2 * P, 0 if fits else across.extent))
        dim = ~(down.visited[:, None] & across.visited[None, :]) if fits else None
        strongest = float(np.abs(scene.x).max()) or 1.0
        for c, values in enumerate(pad(scene.x, P)):
            left, (rows, columns) = self.left(c), values.shape
            area = _centred(left, CAPTION, column, cell * columns if fits else side, cell * rows)
            area.setWidth(cell * columns)
            tint = c if scene.is_picture and C == 3 else -1
            self.boards.append(
                Board(
                    "x",
                    (c,),
                    values,
                    area,
                    (f"x  {_CHANNELS[c]}" if tint >= 0 else f"x[{c}]" if C > 1 else "x")
                    + ("" if c in read else "  ·  not read"),
                    "picture" if scene.is_picture else "signed",
                    strongest,
                    tint,
                    P,
                    editable=not scene.is_picture,
                    dim=dim,
                )
            )
            if c not in read:
                continue
            caption = f"w{self.k}[{c}]" if C > 1 else f"w{self.k}"
            area = _centred(left, filters, column, weight * F, weight * F)
            values = scene.w[self.k, c]
            self.boards.append(Board("w", (self.k, c), values, area, caption, largest=self._weight, editable=True))
            if fits:
                area = _centred(left, terms, column, wide * F, high * F)
                self.boards.append(Board("p", (c,), self.now.products[c], area, largest=strongest * self._weight))

    def _place_bias(self) -> None:
        area = QRectF(round(self.right.left()) + 6, self.height - SUMS + 4, 44, SUMS - 12)
        bias = self.scene.b[self.k]
        self.boards.append(
            Board("b", (), np.array([[bias]]), area, largest=max(self._weight, abs(bias)), editable=True)
        )

    def _place_output(self) -> None:
        K, H, W = self.output.shape
        room = self.height - SUMS - 32 - K * CAPTION
        cell = _whole(min(self.right.width() / W, (room / K - 6) / H, 54.0))
        top, largest = CAPTION, float(np.abs(self.output).max()) or 1.0
        for n, values in enumerate(self.output):
            area = _centred(self.right.left(), top, self.right.width(), cell * W, cell * H)
            caption = f"y[{n}]  ·  filter w{n}" if K > 1 else "y"
            self.boards.append(Board("y", (n,), values, area, caption, largest=largest))
            top += cell * H + CAPTION + 6


def _centred(left: float, top: float, room: float, wide: float, high: float) -> QRectF:
    """At whole pixels, as cells are."""
    return QRectF(round(left + (room - wide) / 2), round(top), wide, high)


def _whole(cell: float) -> float:
    """A cell's side in whole pixels, where that costs little of the room."""
    return float(int(cell)) if cell >= 3 else cell
