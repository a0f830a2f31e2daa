"""The card of a block: its shadow, its edge and the strip in the colour of its layer. Blocks alike share one picture of it."""

from __future__ import annotations

from typing import NamedTuple

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QPainter, QPainterPath, QPen

from cvlab.ui.canvas.layout import BLOCK_HEIGHT, BLOCK_WIDTH
from cvlab.ui.canvas.stamp import Put
from cvlab.ui.theme import theme
from cvlab.ui.theme.tokens import RADIUS

BODY = QRectF(0, 0, BLOCK_WIDTH, BLOCK_HEIGHT)
HALO = 10.0
AREA = BODY.adjusted(-HALO, -HALO, HALO, HALO)


class Card(NamedTuple):
    """What a card depends on. role: of the layer's colour. has_sheets: it lies on those of its repetitions."""

    role: str
    has_error: bool
    is_waiting: bool
    is_chosen: bool
    is_hovered: bool
    is_lifted: bool
    has_sheets: bool

    def paint(self, put: Put) -> None:
        put(self, AREA, self._draw)

    def _draw(self, painter: QPainter) -> None:
        look = theme()
        painter.setPen(Qt.PenStyle.NoPen)
        depth = 4 if self.is_lifted else 2 if self.is_hovered else 1
        if self.has_sheets:
            painter.setBrush(look.colour("raised"))
            painter.setPen(QPen(look.colour("faint"), 1))
            for sheet in (6, 3):
                painter.drawRoundedRect(BODY.translated(sheet, sheet), RADIUS, RADIUS)
            painter.setPen(Qt.PenStyle.NoPen)
        for layer in range(depth, 0, -1):
            painter.setBrush(look.colour("ink", 0.05 if not look.is_dark else 0.0))
            painter.drawRoundedRect(BODY.adjusted(-layer, -layer + 2, layer, layer + 2), RADIUS + layer, RADIUS + layer)
        if self.is_chosen:
            painter.setBrush(look.colour("accent", 0.22))
            painter.drawRoundedRect(BODY.adjusted(-4, -4, 4, 4), RADIUS + 4, RADIUS + 4)
        if self.has_error:
            edge = QPen(look.colour("negative"), 1.6)
        elif self.is_chosen:
            edge = QPen(look.colour("accent"), 1.6)
        else:
            edge = QPen(look.colour("muted", 0.55) if self.is_hovered else look.colour("faint"), 1)
        painter.setBrush(look.colour("raised"))
        painter.setPen(edge)
        painter.drawRoundedRect(BODY, RADIUS, RADIUS)
        # The strip in the colour of the layer's role: a card-shaped clip keeps its corners round.
        strip = QPainterPath()
        strip.addRoundedRect(BODY.adjusted(1, 1, -1, -1), RADIUS - 1, RADIUS - 1)
        band = QPainterPath()
        band.addRect(QRectF(0, 0, 5, BLOCK_HEIGHT))
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(look.colour("negative" if self.has_error else self.role, 0.5 if self.is_waiting else 1.0))
        painter.drawPath(strip.intersected(band))
