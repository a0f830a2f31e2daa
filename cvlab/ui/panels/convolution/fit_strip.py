"""One row of cells, and below it the windows that read it, or the stamps that lie on it, one under the other."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QBrush, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from cvlab.engine.convolution import Fit
from cvlab.engine.transposed import Growth
from cvlab.ui.panels.convolution.pieces import named
from cvlab.ui.panels.convolution.tile import draw_words, sized
from cvlab.ui.theme import theme

_LINE = 12.0


@dataclass(frozen=True, eq=False)
class Row:
    """touched: (n,) how often each cell is read or stamped. ring: cells at either end that are no input, or no output. count:
    of windows or stamps, at distances of stride; one more sticks out where stray. taps: of each, from its first cell.
    """

    touched: np.ndarray
    ring: int
    count: int
    stride: int
    taps: tuple[int, ...]
    stray: bool
    shows_times: bool

    @classmethod
    def of_fit(cls, fit: Fit) -> Row:
        taps = tuple(range(0, fit.extent, fit.dilation))
        seen = fit.visited if fit.count else np.ones(fit.padded, bool)
        return cls(seen.astype(int), fit.padding, fit.count, fit.stride, taps, not fit.is_whole, False)

    @classmethod
    def of_growth(cls, growth: Growth) -> Row:
        return cls(growth.touched, growth.padding, growth.length, growth.stride, growth.taps(0), False, True)

    @property
    def extent(self) -> int:
        return self.taps[-1] + 1

    @property
    def most(self) -> int:
        """How many windows or stamps are drawn."""
        return 3 if self.shows_times else 6


class FitStrip(QWidget):
    """Dotted cells are padding, or are cut off; hatched ones are read by no window, or get no stamp."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        named(
            self,
            "slide.strip",
            "Windows or stamps along one row",
            "One row of the input with its padding (dotted), and every window below it; or one row of the output, what is cut "
            "off of it (dotted), how many stamps lie on each cell, and every stamp. Filled squares are taps; hatched cells "
            "get none.",
        )
        self._row: Row | None = None
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        theme().changed.connect(self.update)

    def sizeHint(self) -> QSize:
        rows = 1 if self._row is None else min(self._row.count + self._row.stray, self._row.most)
        return QSize(200, round(_LINE * rows) + 26)

    def show_row(self, row: Row) -> None:
        self._row = row
        self.updateGeometry()
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if self._row is not None:
            self._paint(painter, self._row)
        painter.end()

    def _paint(self, painter: QPainter, row: Row) -> None:
        look, n = theme(), len(row.touched)
        step = min(self.width() / max(n, row.extent), 20.0)
        left = (self.width() - step * max(n, row.extent)) / 2
        high = min(step, 18.0) if not row.shows_times else 18.0
        most = max(int(row.touched.max()), 1)
        rim, plain, none = (
            QPen(look.colour("line", 0.6), 1, Qt.PenStyle.DotLine),
            Qt.PenStyle.NoPen,
            Qt.BrushStyle.NoBrush,
        )
        inks = {True: look.colour("ink"), False: look.colour("muted")}
        fills = {times: look.colour("accent", 0.12 + 0.5 * times / most if row.shows_times else 0.28)
                 for times in set(row.touched.tolist())}  # fmt: skip
        for cell, times in enumerate(row.touched.tolist()):
            area = QRectF(left + cell * step, 0, step, high).adjusted(0.75, 0.75, -0.75, -0.75)
            is_own = row.ring <= cell < n - row.ring
            painter.setPen(plain if is_own else rim)
            painter.setBrush(fills[times] if is_own else none)
            painter.drawRect(area)
            if not times and (is_own or not row.shows_times):
                painter.setPen(Qt.PenStyle.NoPen)
                painter.setBrush(QBrush(look.colour("warning"), Qt.BrushStyle.BDiagPattern))
                painter.drawRect(area)
            elif times and row.shows_times and step >= 8:
                draw_words(painter, area.adjusted(-4, 0, 4, 0), str(times), inks[is_own], 11)
        self._paint_rows(painter, row, left, step, high)

    def _paint_rows(self, painter: QPainter, row: Row, left: float, step: float, high: float) -> None:
        look = theme()
        shown = [*range(min(row.count, row.most))]
        if row.count > row.most:
            shown[-1] = row.count - 1
        rows = [(each * row.stride, True) for each in shown]
        if row.stray and len(shown) < row.most:
            rows.append((row.count * row.stride, False))
        for line, (first, fits) in enumerate(rows):
            top = high + 6 + line * _LINE
            colour = look.colour("accent" if fits else "negative")
            painter.setPen(QPen(colour, 1.5, Qt.PenStyle.SolidLine if fits else Qt.PenStyle.DotLine))
            middle, start = top + _LINE / 2, left + first * step
            painter.drawLine(
                round(start + 2), round(middle), round(min(start + row.extent * step - 2, self.width())), round(middle)
            )
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(colour)
            for tap in row.taps:
                x = start + tap * step
                painter.drawRoundedRect(QRectF(x + 2, middle - 3, max(step - 4, 1.5), 6), 1.5, 1.5)
        if row.count > row.most:
            painter.setFont(sized(self.font(), 11))
            painter.setPen(look.colour("muted"))
            hidden = row.count - row.most
            room = QRectF(0, high + 6 + (row.most - 2) * _LINE, self.width(), _LINE * 0.9)
            painter.drawText(room, int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter), f"{hidden} more")
