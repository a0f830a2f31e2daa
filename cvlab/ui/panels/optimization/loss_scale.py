"""Both axes of the loss plot: whole decades of steps across, whole decades of loss up, and the pixels between them."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil, floor, log10

import numpy as np
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QPainter

from cvlab.ui.theme import theme

_MOST_DECADES = 9
_POWERS = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


@dataclass(frozen=True)
class LossScale:
    """area: pixels. across: decades of steps, from step 1. low, high: powers of ten at the bottom and at the top."""

    left: float
    top: float
    width: float
    height: float
    across: int
    low: int
    high: int

    @classmethod
    def around(cls, area: QRectF, t: int, least: float, most: float) -> LossScale:
        """Whole decades around t steps and around losses from least to most (> 0), nine of them at most: what is lower
        counts as the bottom. least > most: there is no loss above 0."""
        if least > most:
            low, high = -2, 0
        else:
            high = ceil(log10(most) + 1e-9)
            low = min(max(floor(log10(least)), high - _MOST_DECADES), high - 2)
        return cls(area.left(), area.top(), area.width(), area.height(), max(2, ceil(log10(t + 1e-9))), low, high)

    @property
    def area(self) -> QRectF:
        return QRectF(self.left, self.top, self.width, self.height)

    def x(self, steps: np.ndarray) -> np.ndarray:
        return self.left + np.log10(steps) / self.across * self.width

    def y(self, losses: np.ndarray) -> np.ndarray:
        powers = np.log10(np.clip(losses, 10.0**self.low, 10.0 ** min(self.high, 308)))
        return self.top + self.height - (powers - self.low) / (self.high - self.low) * self.height

    def paint_grid(self, painter: QPainter) -> None:
        line, text, area = theme().colour("faint"), theme().colour("muted"), self.area
        for d in range(self.across + 1):
            x = self.left + d / self.across * self.width
            painter.setPen(line)
            painter.drawLine(QPointF(x, area.top()), QPointF(x, area.bottom()))
            painter.setPen(text)
            is_last = d == self.across
            box = QRectF(x - 40, area.bottom() + 4, 50 if is_last else 80, 16)
            side = Qt.AlignmentFlag.AlignRight if is_last else Qt.AlignmentFlag.AlignHCenter
            painter.drawText(box, side, "step 1" if d == 0 else f"{10**d:,}")
        is_plain = self.low > -3 and self.high < 5  # powers for all of them, or for none
        every = max(1, ceil((self.high - self.low) / max(self.height / 26, 1)))
        for d in range(self.low, self.high + 1, every):
            y = area.bottom() - (d - self.low) / (self.high - self.low) * self.height
            painter.setPen(line)
            painter.drawLine(QPointF(area.left(), y), QPointF(area.right(), y))
            painter.setPen(text)
            words = f"{10.0**d:,g}" if is_plain else f"10{str(d).translate(_POWERS)}"
            side = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
            painter.drawText(QRectF(0, y - 8, area.left() - 6, 16), side, words)
