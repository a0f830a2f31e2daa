"""How stamps are painted: the number that stamps, its multiple of the kernel, where it lies, and one output's sum written out."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QPainterPath, QPen

from cvlab.ui.panels.convolution.board import Board
from cvlab.ui.panels.convolution.pieces import number
from cvlab.ui.panels.convolution.stage_paint import StagePaint
from cvlab.ui.panels.convolution.tile import signed_colour
from cvlab.ui.theme import theme

if TYPE_CHECKING:
    from cvlab.ui.panels.convolution.stamp_stage import StampStage

_WIDE, _PLUS, _TOTAL, _MOST_MARKED = 58.0, 16.0, 78.0, 25


class StampPaint(StagePaint):
    stage: StampStage

    def gutter(self) -> Iterable[tuple[str, str]]:
        return ("w", "filter"), ("y", "output")

    def paint_beams(self) -> None:
        """The filter becomes the stamp, and the stamp lies on the output."""
        stage = self.stage
        self.start_beams()
        for k in stage.scene.maps(stage.spot[0]):
            terms = stage.board("p", (k,)).area
            self.beam(stage.board("w", (k, stage.spot[0])).area, terms)
            self.beam(terms, stage.window(stage.board("y", (k,))))
        self.painter.setRenderHint(self.painter.RenderHint.Antialiasing)

    def factors(self, board: Board) -> tuple[np.ndarray, np.ndarray]:
        stage = self.stage
        weights = stage.scene.w[board.index[0], stage.spot[0]]
        return np.full(weights.shape, stage.scene.x[stage.spot]), weights

    # -- marks -------------------------------------------------------------------------------------------------------

    def paint_marks(self) -> None:
        stage, look = self.stage, theme()
        if not stage.walk:
            return
        c, row, column = stage.spot
        accent, own = look.colour("accent"), look.colour("positive")
        if stage.is_written:
            self._mark_written(own)
        self.mark_cell(stage.board("x", (c,)), row, column, accent)
        for k in stage.scene.maps(c):
            board = stage.board("y", (k,))
            window = stage.window(board)
            self.mark(window, accent, halo=not board.is_readable)
            self.mark_taps(board, window, accent)
        if stage.is_written:  # over the window's frame
            k, r, q = stage.written
            ring = stage.scene.sliding.padding
            self.mark_cell(stage.board("y", (k,)), r + ring, q + ring, own)
        self._paint_factor(stage.board("x", (c,)).cell(row, column))

    def _mark_written(self, colour) -> None:
        """The numbers that were added up, the weight of the last of them, and how many there are."""
        stage = self.stage
        k, r, q = stage.written
        if len(stage.terms) <= _MOST_MARKED:
            for term in stage.terms:
                self.mark_cell(stage.board("x", (term.channel,)), term.row, term.column, colour, 1.5)
        for term in stage.terms[-1:]:
            terms = stage.board("p", (k,))
            if terms is not None and (term.channel, term.row, term.column) == stage.spot:
                self.mark_cell(terms, term.i, term.j, colour, 2)
        times = stage.board("n")
        if 0 <= r < times.shape[0] and 0 <= q < times.shape[1]:
            self.mark_cell(times, r, q, colour, 1.5)

    def _paint_factor(self, cell: QRectF) -> None:
        """The number on its way from the input to the stamp."""
        stage, painter = self.stage, self.painter
        first = stage.board("p", (stage.scene.maps(stage.spot[0])[0],))
        chip = QRectF(stage.plan.gutter, first.area.center().y() - 14, 42, 28)
        start, end = QPointF(cell.right() + 2, cell.center().y()), QPointF(chip.left(), chip.center().y())
        path, middle = QPainterPath(start), (start.x() + end.x()) / 2
        path.cubicTo(QPointF(middle, start.y()), QPointF(middle, end.y()), end)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(theme().colour("accent", 0.5), 1.5))
        painter.drawPath(path)
        value = float(stage.scene.x[stage.spot])
        self.chip(chip, f"{number(value, 2)} ×", signed_colour(value, stage.plan.strongest), bold=False)

    # -- the sum -----------------------------------------------------------------------------------------------------

    def paint_sums(self) -> None:
        """The written number: bias, what was before, the last terms, and the total."""
        stage = self.stage
        bias = next(board for board in stage.boards if board.name == "b").area
        self.paint_bias(bias)
        left = int(Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft)
        if not stage.walk:
            return
        k, r, q = stage.written
        name = QRectF(4, bias.top(), bias.left() - 8, bias.height())
        if not stage.is_written:
            self.say(name.adjusted(0, 0, 2, 0), "y", 13, left)
            room = QRectF(bias.right() + 16, bias.top(), stage.width() - bias.right() - 20, bias.height())
            self.say(room, "This stamp lies wholly on what the padding cuts off: it adds to no output.", 13, left)
            return
        is_cut = not all(0 <= i < n for i, n in zip((r, q), stage.output.shape[1:], strict=True))
        said = "cut off" if is_cut else f"y{k}[{r}, {q}]" if len(stage.output) > 1 else f"y[{r}, {q}]"
        self.say(name, f"{said}  =", 13, left)
        right = stage.width() - 10 - _TOTAL
        at = self._paint_terms_from(bias, right - 22)
        self.say(QRectF(at, bias.top(), 22, bias.height()), "=", 14)
        total, strongest = stage.total, max(abs(stage.total), stage.plan.strongest * stage.plan.weight)
        self.chip(
            QRectF(at + 22, bias.top(), _TOTAL, bias.height()),
            number(total, 4),
            signed_colour(total, strongest),
            bold=True,
        )
        if stage.coming:
            self.say(QRectF(at + 22 - 30, bias.top() - 16, _TOTAL + 60, 14), f"{stage.coming} to come")

    def _paint_terms_from(self, bias: QRectF, right: float) -> float:
        """The terms from the bias on, as many as there is room for; where they end."""
        stage, each = self.stage, _WIDE + _PLUS
        fit = max(int((right - bias.right()) // each), 1)
        terms = stage.terms
        before = terms[: len(terms) - fit + 1] if len(terms) > fit else []
        at, high = bias.right(), bias.height()
        largest = stage.plan.strongest * stage.plan.weight
        if before:
            value = sum(term.product for term in before)
            self.say(QRectF(at, bias.top(), _PLUS, high), "+")
            chip = QRectF(at + _PLUS, bias.top() + 1, _WIDE, high - 2)
            self.chip(chip, number(value), signed_colour(value, max(largest, abs(value))), bold=False)
            self.say(QRectF(chip.left() - 8, bias.top() - 16, _WIDE + 16, 14), f"{len(before)} before")
            at += each
        for term in terms[len(before) :]:
            self.say(QRectF(at, bias.top(), _PLUS, high), "+")
            image = self.term(term.product, term.value, term.weight, largest, _WIDE, high)
            self.painter.drawImage(QPointF(round(at + _PLUS), round(bias.top())), image)
            at += each
        return at
