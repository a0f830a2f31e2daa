"""Bars on a logarithmic axis: counts that differ a thousandfold, each with its words and its figure."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QPen, QResizeEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from cvlab.ui.panels.convolution.tile import sized
from cvlab.ui.theme import theme

_AXIS, _ROW, _TALLEST = 24.0, 54.0, 92.0
_RIGHT = int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
_LEFT = int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)


@dataclass(frozen=True)
class Bar:
    """count: >= 0. role: a colour role."""

    words: str
    count: int
    role: str


class LogBars(QWidget):
    """The axis runs from 1 to a power of ten above the largest; it grows in whole decades, so that bars can be compared."""

    def __init__(self, decades: int, parent: QWidget) -> None:
        super().__init__(parent)
        self._bars: tuple[Bar, ...] = ()
        self._least = decades
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        theme().changed.connect(self.update)

    def show_bars(self, bars: Sequence[Bar]) -> None:
        self._bars = tuple(bars)
        self.setAccessibleDescription("; ".join(f"{bar.words}: {bar.count:,}" for bar in bars))
        self.updateGeometry()
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(400, round(_AXIS + _ROW * max(len(self._bars), 1)))

    def minimumSizeHint(self) -> QSize:
        return QSize(280, self.sizeHint().height())

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.setMaximumHeight(round(_AXIS + _TALLEST * max(len(self._bars), 1)))

    @property
    def decades(self) -> int:
        largest = max((bar.count for bar in self._bars), default=1)
        return max(self._least, math.ceil(math.log10(max(largest, 1)) + 1e-9))

    def length(self, count: int) -> float:
        """Of a bar, as a share of the axis; a count of 1 still shows."""
        return max(math.log10(count) / self.decades, 0.004) if count >= 1 else 0.0

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        look, wide = theme(), self.width() - 12.0
        tall = min((self.height() - _AXIS) / max(len(self._bars), 1), _TALLEST)
        foot = tall * len(self._bars)
        for decade in range(self.decades + 1):
            x = wide * decade / self.decades
            painter.setPen(QPen(look.colour("faint"), 1))
            painter.drawLine(round(x), 0, round(x), round(foot))
            if self.decades <= 9 or decade % 2 == 0:
                painter.setPen(look.colour("muted"))
                painter.setFont(sized(self.font(), 11))
                place = QRectF(x - 30, foot + 2, 60, _AXIS - 4)
                if decade == 0:
                    place, how = QRectF(0, foot + 2, 60, _AXIS - 4), _LEFT
                else:
                    how = int(Qt.AlignmentFlag.AlignCenter)
                painter.drawText(place, how, _decade(decade))
        for row, bar in enumerate(self._bars):
            self._paint_bar(painter, bar, row * tall, tall, wide)
        painter.end()

    def _paint_bar(self, painter: QPainter, bar: Bar, top: float, tall: float, wide: float) -> None:
        look, thick = theme(), tall - 34
        painter.setFont(sized(self.font(), 12))
        painter.setPen(look.colour("muted"))
        painter.fillRect(QRectF(1, top + 2, self._wide(bar.words) + 8, 18), look.colour("raised"))
        painter.drawText(QRectF(0, top, wide, 22), _LEFT, bar.words)
        length = max(wide * self.length(bar.count), 3.0 if bar.count else 0.0)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(look.colour(bar.role))
        painter.drawRoundedRect(QRectF(0, top + 24, length, thick), 4, 4)
        painter.setFont(sized(self.font(), 13, bold=True))
        figure = f"{bar.count:,}"
        room = painter.fontMetrics().horizontalAdvance(figure)
        inside = length + room + 12 > wide
        painter.setPen(look.colour("accent_ink" if inside else "ink"))
        if not inside:
            painter.fillRect(QRectF(length + 4, top + 24 + thick / 2 - 9, room + 8, 18), look.colour("raised"))
        place = QRectF(0, top + 24, length - 8, thick) if inside else QRectF(length + 8, top + 24, wide, thick)
        painter.drawText(place, _RIGHT if inside else _LEFT, figure)

    def _wide(self, words: str) -> float:
        return float(self.fontMetrics().horizontalAdvance(words))


def _decade(power: int) -> str:
    names = {0: "1", 1: "10", 2: "100", 3: "1 k", 4: "10 k", 5: "100 k", 6: "1 M", 7: "10 M", 8: "100 M", 9: "1 G"}
    return names.get(power, f"10^{power}")
