"""How the stage is painted: boards, the window and what falls from it, the terms, and the sums that lead to the output."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QImage, QPainter, QPainterPath, QPen, QPolygonF

from cvlab.ui.panels.convolution.board import Board
from cvlab.ui.panels.convolution.pieces import fitting, number
from cvlab.ui.panels.convolution.tile import signed_colour, sized, tile
from cvlab.ui.theme import theme

if TYPE_CHECKING:
    from cvlab.ui.panels.convolution.slide_stage import SlideStage

_CENTRE = int(Qt.AlignmentFlag.AlignCenter)
_TWO_LINES = 30.0
"""Pixels of height from which a term shows what it was made of above its product."""


class StagePaint:
    """One painting of the stage. It reads the stage; it changes nothing."""

    def __init__(self, stage: SlideStage, painter: QPainter) -> None:
        self._stage, self._painter, self._font = stage, painter, stage.font()

    def paint(self) -> None:
        stage, painter = self._stage, self._painter
        self._paint_beams()
        still = stage.still()
        if still is None:
            self.paint_still()
        else:
            painter.drawImage(0, 0, still)
        for board in stage.boards:
            if board.name == "p":
                self._paint_terms(board)
        self._paint_windows()
        self._paint_sums()
        if stage.output is None:
            self._paint_message()
        if stage.hasFocus():
            painter.setPen(QPen(theme().colour("accent", 0.8), 2))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(QRectF(stage.rect()).adjusted(1, 1, -1, -1), 6, 6)

    def paint_still(self) -> None:
        """What stays while the window moves under one filter."""
        for board in self._stage.boards:
            if board.name != "p":
                chosen = (board.name, board.index) == ("y", self._stage.spot[:1])
                board.paint(self._painter, self._font, role="ink" if chosen else "muted")
        self._paint_gutter()

    # -- beams -------------------------------------------------------------------------------------------------------

    def _paint_beams(self) -> None:
        """What the window sees falls onto the filter, and from there onto the terms."""
        stage, painter = self._stage, self._painter
        if stage.output is None:
            return
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)  # so pale that its edges need none
        for c in stage.scene.reads(stage.spot[0]):
            window, filter, terms = stage.window(c), stage.board("w", (stage.spot[0], c)), stage.board("p", (c,))
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(theme().colour("accent", 0.10))
            painter.drawPolygon(
                QPolygonF([window.bottomLeft(), window.bottomRight(), filter.area.topRight(), filter.area.topLeft()])
            )
            painter.drawPolygon(
                QPolygonF(
                    [filter.area.bottomLeft(), filter.area.bottomRight(), terms.area.topRight(), terms.area.topLeft()]
                )
            )
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)

    # -- terms -------------------------------------------------------------------------------------------------------

    def _paint_terms(self, board: Board) -> None:
        """Each product, and above it what it was made of."""
        stage, painter = self._stage, self._painter
        patch, weights = stage.now.patch[board.index[0]], stage.now.weights[board.index[0]]
        of_board = (board.largest, *board.step, painter.device().devicePixelRatioF(), theme().tokens.name)
        places = np.ndindex(*board.shape)
        numbers = zip(board.values.ravel().tolist(), patch.ravel().tolist(), weights.ravel().tolist(), strict=True)
        for (row, column), term in zip(places, numbers, strict=True):
            painter.drawImage(board.cell(row, column).topLeft().toPoint(), _term(*term, *of_board))

    # -- the window --------------------------------------------------------------------------------------------------

    def _paint_windows(self) -> None:
        stage, painter, look = self._stage, self._painter, theme()
        fits = stage.output is not None
        colour = look.colour("accent" if fits else "negative")
        d, F = stage.scene.sliding.dilation, stage.scene.sliding.filter
        for c in stage.scene.reads(stage.spot[0]):
            board, window = stage.board("x", (c,)), stage.window(c)
            painter.setBrush(Qt.BrushStyle.NoBrush)
            if not board.is_readable:  # on a picture the colour alone may drown
                painter.setPen(QPen(look.colour("raised"), 4.5))
                painter.drawRoundedRect(window, 3, 3)
            painter.setPen(QPen(colour, 2.5, Qt.PenStyle.SolidLine if fits else Qt.PenStyle.DashLine))
            painter.drawRoundedRect(window, 3, 3)
            if d > 1:  # only the taps are read
                painter.setPen(QPen(colour, 1.5))
                wide, high = board.step
                for i, j in np.ndindex(F, F):
                    tap = QRectF(window.left() + j * d * wide, window.top() + i * d * high, wide, high)
                    painter.drawRect(tap.adjusted(1, 1, -1, -1))
        if fits:
            k, row, column = stage.spot
            cell = stage.board("y", (k,)).cell(row, column)
            grown = cell if min(cell.width(), cell.height()) >= 10 else cell.adjusted(-3, -3, 3, 3)
            if grown is not cell:
                painter.setPen(QPen(look.colour("raised"), 4.5))
                painter.drawRoundedRect(grown, 3, 3)
            painter.setPen(QPen(colour, 2.5))
            painter.drawRoundedRect(grown, 3, 3)

    def _paint_gutter(self) -> None:
        """What the rows are."""
        stage, painter = self._stage, self._painter
        painter.setFont(sized(self._font, 12))
        painter.setPen(theme().colour("muted"))
        for name, text in (("x", "input"), ("w", "× filter"), ("p", "= terms")):
            board = next((board for board in stage.boards if board.name == name), None)
            if board is not None:
                painter.drawText(
                    QRectF(0, board.area.top(), 48, board.area.height()),
                    int(Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft),
                    text,
                )

    # -- sums --------------------------------------------------------------------------------------------------------

    def _paint_sums(self) -> None:
        """Below each channel its own sum, then the bias, then the total, which a line leads up to its cell."""
        stage, painter, look = self._stage, self._painter, theme()
        now, read = stage.now, stage.scene.reads(stage.spot[0])
        bias = stage.board("b").area
        painter.setFont(sized(self._font, 12))
        painter.setPen(look.colour("muted"))
        painter.drawText(QRectF(bias.left() - 26, bias.top(), 24, bias.height()), _CENTRE, "+")
        painter.drawText(QRectF(bias.left(), bias.top() - 16, bias.width(), 14), _CENTRE, "bias")
        if now is None:
            return
        painter.drawText(QRectF(0, bias.top(), 48, bias.height()), int(Qt.AlignmentFlag.AlignVCenter), "Σ sums")
        largest = max(float(np.abs(now.channel_sums).max()), abs(now.total), 1e-9)
        for c in read:
            value = now.channel_sums[c]
            middle = stage.plan.left(c) + stage.plan.column / 2
            terms = stage.board("p", (c,)).area
            painter.setPen(QPen(look.colour("faint"), 1.5))
            painter.drawLine(QPointF(middle, terms.bottom() + 2), QPointF(middle, bias.top() - 2))
            chip = QRectF(middle - 44, bias.top(), 88, bias.height())
            self._chip(chip, number(float(value)), signed_colour(float(value), largest), bold=False)
            if c + 1 in read:
                gap = stage.plan.left(c + 1) - chip.right() + stage.plan.column / 2 - 44
                painter.setFont(sized(self._font, 14))
                painter.setPen(look.colour("muted"))
                painter.drawText(QRectF(chip.right(), bias.top(), gap, bias.height()), _CENTRE, "+")
        total = QRectF(bias.right() + 22, bias.top(), stage.plan.right.right() - bias.right() - 22, bias.height())
        total.setWidth(min(total.width(), 96))
        painter.setFont(sized(self._font, 14))
        painter.setPen(look.colour("muted"))
        painter.drawText(QRectF(bias.right(), bias.top(), 22, bias.height()), _CENTRE, "=")
        self._chip(total, number(now.total, 4), signed_colour(now.total, largest), bold=True)
        self._paint_lead(total)

    def _chip(self, area: QRectF, text: str, fill: QColor, *, bold: bool) -> None:
        painter = self._painter
        painter.setPen(QPen(theme().colour("accent"), 2) if bold else Qt.PenStyle.NoPen)
        painter.setBrush(fill)
        painter.drawRoundedRect(area, 6, 6)
        painter.setFont(sized(self._font, 15 if bold else 13, bold=True))
        painter.setPen(theme().colour("ink"))
        painter.drawText(area, _CENTRE, text)

    def _paint_lead(self, total: QRectF) -> None:
        stage, painter = self._stage, self._painter
        k, row, column = stage.spot
        board = stage.board("y", (k,))
        cell = board.cell(row, column)
        if k == len(stage.output) - 1:  # nothing lies between: straight up
            start, end = QPointF(total.center().x(), total.top()), QPointF(cell.center().x(), board.area.bottom() + 2)
            path, middle = QPainterPath(start), (start.y() + end.y()) / 2
            path.cubicTo(QPointF(start.x(), middle), QPointF(end.x(), middle), end)
        else:
            start, end = (
                QPointF(total.right() + 1, total.center().y()),
                QPointF(board.area.right() + 2, cell.center().y()),
            )
            path, edge = QPainterPath(start), stage.plan.right.right() + 10
            path.cubicTo(QPointF(edge, start.y()), QPointF(edge, start.y() - 20), QPointF(edge, start.y() - 60))
            path.lineTo(QPointF(edge, end.y() + 24))
            path.quadTo(QPointF(edge, end.y()), end)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(theme().colour("accent", 0.7), 1.5))
        painter.drawPath(path)

    def _paint_message(self) -> None:
        stage, painter = self._stage, self._painter
        room = stage.plan.right.adjusted(0, 20, 0, -70)
        painter.setPen(theme().colour("negative"))
        painter.setFont(sized(self._font, 13, bold=True))
        flags = int(Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignTop | Qt.TextFlag.TextWordWrap)
        painter.drawText(room, flags, stage.scene.problem)


@lru_cache(maxsize=4096)
def _term(
    product: float, value: float, weight: float, largest: float, wide: float, high: float, ratio: float, theme_name: str
) -> QImage:
    """A product, and above it what it was made of, where there is room for both."""
    small, large = max(8, round(min(11, wide / 5.2))), max(8, round(min(14, high * 0.42, wide / 3)))
    two = high >= _TWO_LINES and wide >= 38
    text = fitting(product, wide, large * 0.66) if two or min(wide, high) >= 13 else ""
    made_of = f"{number(value, 2 if abs(value) >= 0.1 else 1)} × {number(weight, 2)}" if two else ""
    ink, size = theme().colour("ink" if product else "muted"), (round(wide), round(high))
    return tile(text, signed_colour(product, largest), ink, size, (large, True), ratio, above=made_of, small=small)
