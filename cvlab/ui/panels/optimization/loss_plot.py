"""Loss against step, both logarithmic: a line a racer. Drawn by hand, so that nine lines cost a fraction of a frame."""

from __future__ import annotations

from math import ceil, floor, log10

import numpy as np
from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QSizePolicy, QWidget

from cvlab.engine.race import Race
from cvlab.ui.panels.optimization.looks import RACERS
from cvlab.ui.theme import theme

_MOST_DECADES = 9
_POWERS = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


class LossPlot(QWidget):
    """Heights above `floor`, the lowest known place, from step 1 on."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("optimization.losses")
        self.setAccessibleName("Loss against step, both logarithmic")
        self.setToolTip(
            "A straight line down is progress by a constant factor in each tenfold of steps. Flat: it sleeps."
        )
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMinimumSize(160, 90)
        self._race: Race | None = None
        self._names: tuple[str, ...] = ()
        self._chosen, self._floor = "", 0.0
        theme().changed.connect(self.update)

    def sizeHint(self) -> QSize:
        return QSize(320, 140)

    def show_race(self, race: Race | None, names: tuple[str, ...], chosen: str, floor: float) -> None:
        self._race, self._names, self._chosen, self._floor = race, names, chosen, floor
        self.update()

    def _area(self) -> QRectF:
        return QRectF(self.rect()).adjusted(40, 6, -10, -22)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        font = painter.font()
        font.setPixelSize(11)
        painter.setFont(font)
        area, race = self._area(), self._race
        if race is None or race.t < 1 or not self._names:
            painter.setPen(theme().colour("muted"))
            words = "Press play: the losses appear here." if self._names else "Choose at least one racer."
            painter.drawText(QRectF(self.rect()), Qt.AlignmentFlag.AlignCenter, words)
            painter.end()
            return
        decades = max(2, ceil(log10(race.t + 1e-9)))
        steps = self._steps(race.t, area.width(), decades)
        with np.errstate(over="ignore"):
            first = race.heights(self._names[0])[:1] - self._floor
            lines = {name: race.heights(name)[steps] - self._floor for name in self._names}
        low, high = _decades(np.concatenate([first, *lines.values()]))
        self._paint_grid(painter, area, decades, low, high)
        painter.setClipRect(area)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        x = area.left() + np.log10(steps) / decades * area.width()
        for name in sorted(self._names, key=self._chosen.__eq__):
            powers = np.log10(np.clip(lines[name], 10.0**low, 10.0 ** min(high, 308)))
            y = area.bottom() - (powers - low) / (high - low) * area.height()
            painter.setPen(QPen(theme().colour(RACERS[name]), 2.4 if name == self._chosen else 1.3))
            painter.drawPolyline(QPolygonF([QPointF(a, b) for a, b in zip(x.tolist(), y.tolist(), strict=True)]))
        painter.end()

    @staticmethod
    def _steps(t: int, width: float, decades: int) -> np.ndarray:
        """The steps worth drawing: one a pixel, and the last."""
        places = np.arange(0, int(width) + 1) / max(width, 1) * decades
        return np.unique(np.append(np.round(10.0 ** places[places <= log10(t)]).astype(int), t)).clip(1, t)

    def _paint_grid(self, painter: QPainter, area: QRectF, decades: int, low: int, high: int) -> None:
        line, text = theme().colour("faint"), theme().colour("muted")
        for d in range(decades + 1):
            x = area.left() + d / decades * area.width()
            painter.setPen(line)
            painter.drawLine(QPointF(x, area.top()), QPointF(x, area.bottom()))
            painter.setPen(text)
            words = "step 1" if d == 0 else f"{10**d:,}"
            box = QRectF(x - 40, area.bottom() + 4, 50 if d == decades else 80, 16)
            painter.drawText(box, Qt.AlignmentFlag.AlignRight if d == decades else Qt.AlignmentFlag.AlignHCenter, words)
        every = max(1, ceil((high - low) / max(area.height() / 26, 1)))
        for d in range(low, high + 1, every):
            y = area.bottom() - (d - low) / (high - low) * area.height()
            painter.setPen(line)
            painter.drawLine(QPointF(area.left(), y), QPointF(area.right(), y))
            painter.setPen(text)
            words = f"{10.0**d:g}" if -3 < d < 4 else f"10{str(d).translate(_POWERS)}"
            painter.drawText(
                QRectF(0, y - 8, area.left() - 6, 16),
                Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter,
                words,
            )


def _decades(losses: np.ndarray) -> tuple[int, int]:
    """Whole decades around the losses, nine at most: what is lower counts as the bottom."""
    positive = losses[np.isfinite(losses) & (losses > 0)]
    if not positive.size:
        return -2, 0
    high = ceil(log10(positive.max()) + 1e-9)
    low = max(floor(log10(positive.min())), high - _MOST_DECADES)
    return min(low, high - 2), high
