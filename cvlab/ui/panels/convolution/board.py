"""A board: a grid of numbers at a place on a canvas, painted as cells that can be read, or as a picture where they are small."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from typing import Literal

import numpy as np
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QBrush, QColor, QImage, QPainter, QPen

from cvlab.ui.panels.convolution.pieces import fitting
from cvlab.ui.panels.convolution.tile import draw_words, signed_colour, tile
from cvlab.ui.theme import theme
from cvlab.ui.widgets.image_grid import colour_table, to_levels

READABLE = 15.0
"""Pixels that a cell needs before its number is written in it."""
Look = Literal["signed", "picture", "grey"]


@dataclass
class Board:
    """name, index: which numbers these are, ("w", (k, c)). values: (H, W). area: where; a cell is area / (H, W).

    look: "signed" (blue above 0, orange below, the well's shade at 0), "picture" (a channel of a picture in 0..1, tint: which
    of three) or "grey". largest: the magnitude with the strongest colour. ring: rows and columns of padding around.
    dim: (H, W) bool, cells that are hatched because no window reads them. covered: (H, W) bool, cells whose number is kept back.
    """

    name: str
    index: tuple[int, ...]
    values: np.ndarray
    area: QRectF
    caption: str = ""
    look: Look = "signed"
    largest: float = 1.0
    tint: int = -1
    ring: int = 0
    editable: bool = False
    dim: np.ndarray | None = field(default=None, repr=False)
    covered: np.ndarray | None = field(default=None, repr=False)

    @property
    def shape(self) -> tuple[int, int]:
        return self.values.shape

    @cached_property
    def step(self) -> tuple[float, float]:
        """Width and height of a cell: neither area nor shape change once it stands."""
        return self.area.width() / self.shape[1], self.area.height() / self.shape[0]

    @property
    def is_readable(self) -> bool:
        return min(self.step) >= READABLE

    def cell(self, row: int, column: int, rows: int = 1, columns: int = 1) -> QRectF:
        """Where a cell is, or so many."""
        wide, high = self.step
        return QRectF(self.area.left() + column * wide, self.area.top() + row * high, columns * wide, rows * high)

    def at(self, point: QPointF) -> tuple[int, int] | None:
        """Row and column under a point."""
        if not self.area.contains(point):
            return None
        wide, high = self.step
        row, column = int((point.y() - self.area.top()) / high), int((point.x() - self.area.left()) / wide)
        return min(row, self.shape[0] - 1), min(column, self.shape[1] - 1)

    def is_own(self, row: int, column: int) -> bool:
        """Whether the cell is of the numbers themselves, not of the padding."""
        H, W = self.shape
        return self.ring <= row < H - self.ring and self.ring <= column < W - self.ring

    # -- painting ----------------------------------------------------------------------------------------------------

    def paint(self, painter: QPainter, role: str = "muted") -> None:
        """role: of the caption's colour."""
        if self.caption:
            room = QRectF(self.area.left() - 60, self.area.top() - 18, self.area.width() + 120, 16)
            draw_words(painter, room, self.caption, theme().colour(role), 12, bold=role != "muted")
        if self.is_readable:
            self._paint_cells(painter)
        else:
            self._paint_picture(painter)
        if self.dim is not None and self.dim.any():
            self._paint_hatch(painter)

    def _paint_picture(self, painter: QPainter) -> None:
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, False)
        values = self.values if self.covered is None else np.where(self.covered, 0.0, self.values)
        painter.drawImage(self.area, as_image(values, self.look, self.largest, self.tint))
        if self.ring:
            outer, inner = self.area, self.cell(self.ring, self.ring, *(n - 2 * self.ring for n in self.shape))
            painter.setPen(QPen(theme().colour("muted", 0.7), 1, Qt.PenStyle.DotLine))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRect(outer)
            painter.drawRect(inner)

    def _paint_cells(self, painter: QPainter) -> None:
        wide, high = self.step
        left, top, across, down = (round(n) for n in (self.area.left(), self.area.top(), wide, high))
        H, W = self.shape
        of_board = (
            self.look,
            self.largest,
            self.tint,
            wide,
            high,
            painter.device().devicePixelRatioF(),
            theme().tokens.name,
        )
        for row, line in enumerate(self.values.tolist()):
            inside = self.ring <= row < H - self.ring
            for column, value in enumerate(line):
                own = inside and self.ring <= column < W - self.ring
                if self.covered is not None and self.covered[row, column]:
                    value, own = math.nan, False
                painter.drawImage(left + column * across, top + row * down, _cell(value, own, *of_board))

    def _paint_hatch(self, painter: QPainter) -> None:
        """Whole rows and columns at the far ends are one hatched strip; single small cells only fade."""
        painter.setPen(Qt.PenStyle.NoPen)
        hatch = QBrush(theme().colour("warning", 0.75), Qt.BrushStyle.BDiagPattern)
        H, W = self.shape
        rest = self.dim
        if not self.is_readable:
            rows, columns = self.dim.all(axis=1), self.dim.all(axis=0)
            below = H if rows.all() else H - 1 - int(np.flatnonzero(~rows)[-1])
            beside = W if columns.all() else W - 1 - int(np.flatnonzero(~columns)[-1])
            painter.setBrush(hatch)
            painter.drawRect(self.cell(H - below, 0, below, W))
            painter.drawRect(self.cell(0, W - beside, H - below, beside))
            rest = self.dim[: H - below, : W - beside]
            hatch = QBrush(theme().colour("raised", 0.5))
        painter.setBrush(hatch)
        for row, column in np.argwhere(rest):
            painter.drawRect(self.cell(int(row), int(column)))

    def colour(self, value: float) -> QColor:
        """A cell's colour."""
        return _colour(value, self.look, self.largest, self.tint)


@lru_cache(maxsize=8192)
def _cell(
    value: float,
    own: bool,
    look: Look,
    largest: float,
    tint: int,
    wide: float,
    high: float,
    ratio: float,
    theme_name: str,
) -> QImage:
    """Most numbers of a board are alike, and most boards are as they were a frame ago."""
    fill = _colour(value, look, largest, tint) if own else None
    ink = theme().colour("ink" if own and value else "muted")
    if fill is not None and look != "signed":
        ink = QColor(Qt.GlobalColor.black if fill.lightnessF() > 0.5 else Qt.GlobalColor.white)
    face = max(8, round(min(13.0, 0.46 * high, 0.40 * wide + 2)))
    return tile(
        "?" if math.isnan(value) else fitting(value, wide, face * 0.64),
        fill,
        ink,
        (round(wide), round(high)),
        (face, False),
        ratio,
    )


def _colour(value: float, look: Look, largest: float, tint: int) -> QColor:
    if look == "signed":
        return signed_colour(value, largest)
    return _pixel(min(max(value, 0.0), 1.0), tint if look == "picture" else -1)


def _pixel(value: float, tint: int) -> QColor:
    """A channel's value as light: all of its own colour, a third of the others."""
    level = round(255 * value)
    faint = round(0.35 * level)
    return QColor(*(level if tint in (-1, part) else faint for part in range(3)))


def as_image(values: np.ndarray, look: Look, largest: float, tint: int = -1) -> QImage:
    """(H, W) numbers as an image of H x W pixels that owns its bytes."""
    H, W = values.shape
    if look == "signed":
        levels = np.zeros((H, -(-W // 4) * 4), np.uint8)  # QImage wants whole words a line
        levels[:, :W] = to_levels(np.asarray(values, np.float32), largest, signed=True)
        image = QImage(levels.data, W, H, levels.shape[1], QImage.Format.Format_Indexed8)
        image.setColorTable(_table(theme().tokens.name))
        return image.convertToFormat(QImage.Format.Format_RGB32)
    light = np.clip(values, 0, 1)
    parts = [light if look == "grey" or tint in (-1, part) else 0.35 * light for part in range(3)]
    return rgb_image(np.stack(parts))


@lru_cache(maxsize=2)
def _table(theme_name: str) -> list[int]:
    return [colour.rgba() for colour in colour_table(signed=True)]


def rgb_image(channels: np.ndarray) -> QImage:
    """(3, H, W) or (1, H, W) in 0..1, cut where they are outside, as an image that owns its bytes."""
    whole = np.clip(np.nan_to_num(channels), 0, 1)
    pixels = np.ascontiguousarray(
        np.moveaxis(np.broadcast_to(whole, (3, *whole.shape[1:])), 0, 2) * 255 + 0.5, np.uint8
    )
    H, W, _ = pixels.shape
    return QImage(pixels.data, W, H, 3 * W, QImage.Format.Format_RGB888).copy()
