"""Four losses of one small net, a line a learning rate, each named where it ends."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QSizePolicy, QWidget

from cvlab.engine.four_rates import RateCurve
from cvlab.ui.panels.optimization.schedule_plot import paint_grid
from cvlab.ui.theme import theme

_ROLES = ("accent", "positive", "warning", "negative")
_TOP = 2.0
"""The three classes of the spiral, guessed at random, have a loss of 1.1."""


class RatesPlot(QWidget):
    """Shows what it is given; words in its place while there is nothing."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("optimization.rate_curves")
        self.setAccessibleName("Training loss for four learning rates")
        self.setToolTip(
            "Too low: a slow line. Good: steep, then flat and low. High: it gets stuck. Very high: it flies off."
        )
        self.setMinimumSize(260, 150)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.curves: tuple[RateCurve, ...] = ()
        theme().changed.connect(self.update)

    def sizeHint(self) -> QSize:
        return QSize(420, 260)

    def show_curves(self, curves: tuple[RateCurve, ...]) -> None:
        self.curves = curves
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        font = painter.font()
        font.setPixelSize(11)
        painter.setFont(font)
        area = QRectF(self.rect()).adjusted(54, 12, -92, -34)
        if not self.curves:
            painter.setPen(theme().colour("muted"))
            painter.drawText(QRectF(self.rect()), Qt.AlignmentFlag.AlignCenter, "Training four small nets…")
            painter.end()
            return
        epochs = len(self.curves[0].losses) - 1
        paint_grid(painter, area, epochs, [0.0, 0.5, 1.0, 1.5, 2.0], _TOP)
        ends = []
        for curve, role in zip(self.curves, _ROLES, strict=True):
            known = np.flatnonzero(np.isfinite(curve.losses))
            x = area.left() + known / max(epochs, 1) * area.width()
            y = area.bottom() - np.minimum(curve.losses[known], 50.0) / _TOP * area.height()
            painter.setPen(QPen(theme().colour(role), 2.2, j=Qt.PenJoinStyle.RoundJoin))
            painter.setClipRect(area.adjusted(0, -4, 0, 1))
            painter.drawPolyline(QPolygonF([QPointF(a, b) for a, b in zip(x.tolist(), y.tolist(), strict=True)]))
            painter.setClipping(False)
            ends.append([float(np.clip(y[-1], area.top() + 12, area.bottom() - 12)), curve, role])
        self._name(painter, area, ends)
        painter.end()

    def _name(self, painter: QPainter, area: QRectF, ends: list) -> None:
        """Names at the right, pushed apart where two lines end together."""
        ends.sort(key=lambda end: end[0])
        lowest = area.bottom() - 12 - 30 * (len(ends) - 1)
        floor = -1e9
        for i, (y, curve, role) in enumerate(ends):
            at = floor = max(min(y, lowest + 30 * i), floor + 30)
            painter.setPen(theme().colour(role))
            painter.drawText(QPointF(area.right() + 8, at - 2), curve.name)
            painter.setPen(theme().colour("muted"))
            last = curve.losses[np.isfinite(curve.losses)][-1]
            words = f"{curve.rate:g}: " + (f"{last:.2f}" if np.isfinite(curve.losses[-1]) else "flew off")
            painter.drawText(QPointF(area.right() + 8, at + 11), words)
