"""Where the boards of a transposed convolution stand: the input's at the left, then a column for each map, down to its sum."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QRectF

from cvlab.ui.panels.convolution.board import READABLE, Board
from cvlab.ui.panels.convolution.stage_layout import (
    ASIDE,
    CAPTION,
    GAP,
    GUTTER,
    SUMS,
    Rows,
    StageLayout,
    centred,
    whole,
)

if TYPE_CHECKING:
    from cvlab.ui.panels.convolution.stamp_stage import StampStage

_LEFT, _NAME, _LARGEST = 4.0, 88.0, 54.0
_OVERLAPS = {1: 0.5, 2: 0.36, 3: 0.2}
"""Channels -> the share of the input's column that the map of overlaps has."""


class StampLayout(StageLayout):
    """Boards: "x" of each channel, "n" (the overlaps), "w", "p" (the stamp) and "y" of each map that the channel stamps into,
    "y" of the others, too, and "b" of the map whose sum is written out.
    """

    def __init__(self, stage: StampStage) -> None:
        super().__init__(stage, len(stage.scene.w))
        self._stage = stage
        self._c = min(stage.spot[0], len(self.scene.x) - 1)
        self.gutter = _LEFT + ASIDE * self.column + 8
        self._place_inputs()
        self._place_maps()
        area = QRectF(_NAME, self.height - SUMS + 3, 40, SUMS - 6)
        self.boards.append(self.b_board(stage.written[0], area))

    def left(self, k: int) -> float:
        """Where the column of map k begins."""
        return self.gutter + GUTTER + k * (self.column + GAP)

    @property
    def message(self) -> QRectF:
        right = self.width - 8
        return QRectF(self.left(0), self.height * 0.62, right - self.left(0), self.height * 0.3)

    def _place_inputs(self) -> None:
        stage, (C, H, W) = self._stage, self.scene.x.shape
        room, wide = self.height - SUMS - 24, ASIDE * self.column
        share = _OVERLAPS[C] if stage.walk else 0.0
        each = room * (1 - share) / C - CAPTION - 4
        cell, top = whole(min(wide / W, each / H, _LARGEST)), CAPTION
        maps = self.scene.maps(self._c)
        for c, values in enumerate(self.scene.x):
            area = centred(_LEFT, top, wide, cell * W, cell * H)
            others = "" if self.scene.maps(c) == maps else "  ·  other maps"
            self.boards.append(self.x_board(c, values, area, 0, others))
            top += cell * H + CAPTION + 4
        if stage.walk:
            times = self.scene.overlaps
            R, Q = times.shape
            top = max(top, room * (1 - share) + CAPTION)
            cell = whole(min(wide / Q, (room - top) / R, _LARGEST))
            area = centred(_LEFT, top, wide, cell * Q, cell * R)
            low, high = int(times.min()), int(times.max())
            said = f"overlaps  ·  {low} to {high}" if low < high else f"overlaps  ·  all {low}"
            self.boards.append(Board("n", (), times, area, said, largest=max(float(high), 1.0)))

    def _readable_rows(self) -> Rows:
        """More for the output where its numbers can be read then."""
        usual, more = self.rows(), self.rows(0.58)
        cells = max(growth.canvas for growth in self.scene.growths)
        return more if usual.side / cells < READABLE <= more.side / cells else usual

    def _place_maps(self) -> None:
        scene, stage, column = self.scene, self._stage, self.column
        F, P = scene.sliding.filter, scene.sliding.padding
        side, weight, wide, high, air = self._readable_rows()
        terms = CAPTION + weight * F + air
        top = terms + high * F + air + CAPTION
        for k in scene.maps(self._c):
            area = centred(self.left(k), CAPTION, column, weight * F, weight * F)
            self.boards.append(self.w_board(k, self._c, area))
            if stage.walk:
                area = centred(self.left(k), terms, column, wide * F, high * F)
                self.boards.append(Board("p", (k,), stage.product(k), area, largest=self.strongest * self.weight))
        if not stage.walk:
            return
        low, high = float(scene.whole.min()), float(scene.whole.max())
        largest = max(-low, high) or 1.0
        is_picture = scene.is_picture and low >= 0 and high <= 1 + 1e-9
        for k, values in enumerate(stage.canvas):
            R, Q = values.shape
            cell = whole(min(side / max(R, Q), _LARGEST))
            area = centred(self.left(k), top, column, cell * Q, cell * R)
            said = f"{'y' if len(scene.w) == 1 else f'y[{k}]'}  ·  {Q - 2 * P} × {R - 2 * P}" + " kept" * bool(P)
            look, tint = ("picture", k if len(scene.w) == 3 else -1) if is_picture else ("signed", -1)
            self.boards.append(Board("y", (k,), values, area, said, look, largest, tint, P))
