"""How the sliding window is painted: what falls from it, the products, and the sums that lead to the output."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QPainter, QPainterPath, QPen

from cvlab.ui.panels.convolution.board import Board
from cvlab.ui.panels.convolution.pieces import number
from cvlab.ui.panels.convolution.stage_paint import StagePaint
from cvlab.ui.panels.convolution.tile import signed_colour
from cvlab.ui.theme import theme

if TYPE_CHECKING:
    from cvlab.ui.panels.convolution.slide_stage import SlideStage


class SlidePaint(StagePaint):
    stage: SlideStage

    def gutter(self) -> Iterable[tuple[str, str]]:
        return ("x", "input"), ("w", "× filter"), ("p", "= terms")

    def paint_beams(self) -> None:
        """What the window sees falls onto the filter, and from there onto the terms."""
        stage = self.stage
        self.start_beams()
        for c in stage.scene.reads(stage.spot[0]):
            filter, terms = stage.board("w", (stage.spot[0], c)).area, stage.board("p", (c,)).area
            self.beam(stage.window(c), filter)
            self.beam(filter, terms)
        self.painter.setRenderHint(QPainter.RenderHint.Antialiasing)

    def factors(self, board: Board) -> tuple[np.ndarray, np.ndarray]:
        return self.stage.now.patch[board.index[0]], self.stage.now.weights[board.index[0]]

    def paint_marks(self) -> None:
        stage = self.stage
        fits = stage.output is not None
        colour = theme().colour("accent" if fits else "negative")
        for c in stage.scene.reads(stage.spot[0]):
            board, window = stage.board("x", (c,)), stage.window(c)
            self.mark(window, colour, halo=not board.is_readable, dashed=not fits)
            self.mark_taps(board, window, colour)
        if fits:
            k, row, column = stage.spot
            self.mark_cell(stage.board("y", (k,)), row, column, colour)

    def paint_sums(self) -> None:
        """Below each channel its own sum, then the bias, then the total, which a line leads up to its cell."""
        stage, painter, look = self.stage, self.painter, theme()
        now, read, plan = stage.now, stage.scene.reads(stage.spot[0]), stage.plan
        if now is None:
            return
        bias = next(board for board in stage.boards if board.name == "b").area
        self.say(QRectF(bias.left() - 26, bias.top(), 24, bias.height()), "+")
        self.paint_bias(bias)
        self.say(QRectF(plan.gutter, bias.top(), 48, bias.height()), "Σ sums", 12, int(Qt.AlignmentFlag.AlignVCenter))
        largest = max(float(np.abs(now.channel_sums).max()), abs(now.total), 1e-9)
        for c in read:
            value = now.channel_sums[c]
            middle = plan.left(c) + plan.column / 2
            terms = stage.board("p", (c,)).area
            painter.setPen(QPen(look.colour("faint"), 1.5))
            painter.drawLine(QPointF(middle, terms.bottom() + 2), QPointF(middle, bias.top() - 2))
            chip = QRectF(middle - 44, bias.top(), 88, bias.height())
            self.chip(chip, number(float(value)), signed_colour(float(value), largest), bold=False)
            if c + 1 in read:
                gap = plan.left(c + 1) - chip.right() + plan.column / 2 - 44
                self.say(QRectF(chip.right(), bias.top(), gap, bias.height()), "+", 14)
        total = QRectF(bias.right() + 22, bias.top(), plan.right.right() - bias.right() - 22, bias.height())
        total.setWidth(min(total.width(), 96))
        self.say(QRectF(bias.right(), bias.top(), 22, bias.height()), "=", 14)
        self.chip(total, number(now.total, 4), signed_colour(now.total, largest), bold=True)
        self._paint_lead(total)

    def _paint_lead(self, total: QRectF) -> None:
        stage, painter = self.stage, self.painter
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
