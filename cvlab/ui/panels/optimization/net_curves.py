"""Losses of the race on a real net: a line a racer, smoothed, over its steps."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QSizePolicy, QWidget

from cvlab.ui.panels.optimization.looks import RACERS
from cvlab.ui.panels.optimization.schedule_plot import paint_grid
from cvlab.ui.theme import theme

SMOOTHED = 9
"""Steps of the running mean: single batches jump."""

_TOP = 2.5
"""Ten classes guessed at random have a loss of 2.3."""


def smoothed(losses: np.ndarray) -> np.ndarray:
    """The mean of the last nine steps at each; NaN where the racer had flown off."""
    total = np.cumsum(np.insert(np.nan_to_num(losses), 0, 0.0))
    end = np.arange(1, len(losses) + 1)
    begin = np.maximum(end - SMOOTHED, 0)
    return np.where(np.isfinite(losses), (total[end] - total[begin]) / (end - begin), np.nan)


class NetCurves(QWidget):
    """Shows what it is given; words in its place while there is nothing."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("optimization.net.curves")
        self.setAccessibleName("Training loss of each racer against its steps")
        self.setToolTip(
            "The loss over each batch, as the mean of nine steps. All begin with the same weights and batches."
        )
        self.setMinimumSize(280, 200)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.losses: dict[str, np.ndarray] = {}
        self._steps, self._words = 1, ""
        theme().changed.connect(self.update)

    def sizeHint(self) -> QSize:
        return QSize(560, 420)

    def show_losses(self, losses: dict[str, np.ndarray], steps: int, words: str = "") -> None:
        """steps: of the whole race. words: in place of curves, where there are none."""
        self.losses, self._steps, self._words = losses, steps, words
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        font = painter.font()
        font.setPixelSize(11)
        painter.setFont(font)
        area = QRectF(self.rect()).adjusted(54, 12, -16, -34)
        if not self.losses:
            painter.setPen(theme().colour("muted"))
            painter.drawText(QRectF(self.rect()), Qt.AlignmentFlag.AlignCenter, self._words)
            painter.end()
            return
        paint_grid(painter, area, self._steps, [0.0, 0.5, 1.0, 1.5, 2.0, 2.5], _TOP, "step")
        painter.setClipRect(area.adjusted(0, -2, 0, 1))
        for name, losses in self.losses.items():
            line = smoothed(losses)
            known = np.flatnonzero(np.isfinite(line))
            x = area.left() + (known + 1) / self._steps * area.width()
            y = area.bottom() - np.minimum(line[known], 50.0) / _TOP * area.height()
            painter.setPen(QPen(theme().colour(RACERS[name]), 1.6, j=Qt.PenJoinStyle.RoundJoin))
            painter.drawPolyline(QPolygonF([QPointF(a, b) for a, b in zip(x.tolist(), y.tolist(), strict=True)]))
        painter.end()
