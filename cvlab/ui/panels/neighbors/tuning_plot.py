"""Accuracy against k: every fold a dot, their mean a line with its standard deviation, a colour and a sign a metric."""

from __future__ import annotations

from math import log2

import numpy as np
from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QFontMetricsF, QMouseEvent, QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QSizePolicy, QWidget

from cvlab.engine.neighbors.metrics import METRICS
from cvlab.engine.neighbors.tuning import Choice
from cvlab.ui.panels.neighbors.pieces import named, percent
from cvlab.ui.panels.neighbors.searching import Tuned
from cvlab.ui.theme import theme
from cvlab.ui.widgets.bars import tabular

ROLES = {"l1": "class-0", "l2": "class-1", "cosine": "class-3", "dot": "class-5"}
_LEFT, _BOTTOM, _TOP, _RIGHT = 56.0, 44.0, 12.0, 16.0
_DODGE = 5.0


class TuningPlot(QWidget):
    """pointed(k) or None: the value of k under the pointer."""

    pointed = Signal(object)

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        named(
            self,
            "tuning_plot",
            "Accuracy against k",
            "Each dot is one fold's accuracy on its validation images; the line runs through the means, whiskers are one "
            "standard deviation. The ring is the best mean, the diamond the test set's answer.",
        )
        self.setMouseTracking(True)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self._tuned: Tuned | None = None
        self._best: Choice | None = None
        self._test: float | None = None
        self._k: int | None = None
        self._message = ""
        theme().changed.connect(self.update)

    def sizeHint(self) -> QSize:
        return QSize(560, 380)

    def minimumSizeHint(self) -> QSize:
        return QSize(280, 200)

    def show_tuned(self, tuned: Tuned | None, best: Choice | None = None, test: float | None = None) -> None:
        """test: the accuracy of the best choice on the test images, once it was measured."""
        self._tuned, self._best, self._test = tuned, best, test
        if best is not None:
            self.setAccessibleDescription(f"best: k = {best.k}, {METRICS[best.metric].title}, {percent(best.mean, 2)}")
        self.update()

    def show_message(self, message: str) -> None:
        self._tuned, self._message = None, message
        self.update()

    # -- geometry ----------------------------------------------------------------------------------------------------

    def _room(self) -> QRectF:
        return QRectF(_LEFT, _TOP, max(10.0, self.width() - _LEFT - _RIGHT), max(10.0, self.height() - _TOP - _BOTTOM))

    def _x(self, k: int) -> float:
        """Evenly spaced where the k follow each other, by doublings where they leap."""
        ks = sorted(self._tuned.ks)
        low, high = ks[0], ks[-1]
        share = 0.5
        if high > low:
            even = high - low < 2 * len(ks)
            share = (k - low) / (high - low) if even else log2(k / low) / log2(high / low)
        room = self._room()
        return room.left() + 16 + share * (room.width() - 32)

    def _range(self) -> tuple[float, float]:
        values = [value for rows in self._tuned.accuracies.values() for row in rows for value in row]
        if self._test is not None:
            values.append(self._test)
        if not values:
            return 0.0, 1.0
        low, high = min(values), max(values)
        pad = max(0.01, 0.12 * (high - low))
        return max(0.0, np.floor(50 * (low - pad)) / 50), min(1.0, np.ceil(50 * (high + pad)) / 50)

    # -- painting ----------------------------------------------------------------------------------------------------

    def paintEvent(self, event: QPaintEvent) -> None:
        painter, look = QPainter(self), theme()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        font = tabular(self.font())
        font.setPixelSize(12)
        painter.setFont(font)
        if self._tuned is None:
            painter.setPen(look.colour("muted"))
            painter.drawText(self.rect(), int(Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap), self._message)
            painter.end()
            return
        low, high = self._range()
        self._paint_axes(painter, low, high)
        metrics = [metric for metric, rows in self._tuned.accuracies.items() if rows]
        for number, metric in enumerate(metrics):
            shift = (number - (len(metrics) - 1) / 2) * _DODGE
            self._paint_metric(painter, metric, np.array(self._tuned.accuracies[metric]), low, high, shift)
        self._paint_legend(painter, metrics)
        self._paint_best(painter, low, high, metrics)
        painter.end()

    def _y(self, value: float, low: float, high: float) -> float:
        room = self._room()
        return room.bottom() - (value - low) / max(high - low, 1e-9) * room.height()

    def _paint_axes(self, painter: QPainter, low: float, high: float) -> None:
        look, room = theme(), self._room()
        step = next(s for s in (0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5) if (high - low) / s <= 8)
        tick = np.ceil(low / step) * step
        while tick <= high + 1e-9:
            y = self._y(tick, low, high)
            painter.setPen(QPen(look.colour("faint"), 1))
            painter.drawLine(QPointF(room.left(), y), QPointF(room.right(), y))
            painter.setPen(look.colour("muted"))
            places = 0 if step >= 0.01 else 1
            painter.drawText(QRectF(0, y - 8, _LEFT - 8, 16), int(Qt.AlignmentFlag.AlignRight), percent(tick, places))
            tick += step
        last = -1e9
        metrics = QFontMetricsF(painter.font())
        for k in sorted(self._tuned.ks):
            x, text = self._x(k), str(k)
            if k == self._k:
                painter.setPen(QPen(look.colour("line"), 1, Qt.PenStyle.DashLine))
                painter.drawLine(QPointF(x, room.top()), QPointF(x, room.bottom()))
            painter.setPen(look.colour("muted"))
            painter.drawLine(QPointF(x, room.bottom()), QPointF(x, room.bottom() + 4))
            if x - metrics.horizontalAdvance(text) / 2 > last + 6:
                painter.drawText(QRectF(x - 24, room.bottom() + 5, 48, 16), int(Qt.AlignmentFlag.AlignHCenter), text)
                last = x + metrics.horizontalAdvance(text) / 2
        painter.drawText(
            QRectF(room.left(), self.height() - 20, room.width(), 16),
            int(Qt.AlignmentFlag.AlignHCenter),
            "k, neighbours that vote",
        )

    def _paint_metric(
        self, painter: QPainter, metric: str, table: np.ndarray, low: float, high: float, shift: float
    ) -> None:
        look, ks = theme(), self._tuned.ks
        order = np.argsort(ks, kind="stable")
        mean, spread = table.mean(axis=0), table.std(axis=0)
        places = [QPointF(self._x(ks[i]) + shift, self._y(float(mean[i]), low, high)) for i in order]
        painter.setPen(QPen(look.colour(ROLES[metric]), 2))
        painter.drawPolyline(QPolygonF(places))
        for place, i in zip(places, order, strict=True):
            if len(table) > 1:
                top, bottom = (self._y(float(mean[i] + sign * spread[i]), low, high) for sign in (1, -1))
                painter.setPen(QPen(look.colour(ROLES[metric]), 1.5))
                painter.drawLine(QPointF(place.x(), top), QPointF(place.x(), bottom))
                painter.drawLine(QPointF(place.x() - 3, top), QPointF(place.x() + 3, top))
                painter.drawLine(QPointF(place.x() - 3, bottom), QPointF(place.x() + 3, bottom))
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(look.colour(ROLES[metric], 0.55))
            for value in table[:, i]:
                _sign(painter, metric, QPointF(place.x(), self._y(float(value), low, high)), 3.0)

    def _paint_legend(self, painter: QPainter, metrics: list[str]) -> None:
        """Which colour and sign is which, right above."""
        look, x, y = theme(), self._room().right(), self._room().top() + 2
        wide = QFontMetricsF(painter.font()).horizontalAdvance
        for metric in reversed(metrics):
            x -= wide(METRICS[metric].title)
            painter.setPen(look.colour("ink"))
            painter.drawText(QPointF(x, y + 4), METRICS[metric].title)
            painter.setPen(QPen(look.colour(ROLES[metric]), 2))
            painter.drawLine(QPointF(x - 26, y), QPointF(x - 8, y))
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(look.colour(ROLES[metric]))
            _sign(painter, metric, QPointF(x - 17, y), 3.5)
            x -= 42

    def _paint_best(self, painter: QPainter, low: float, high: float, metrics: list[str]) -> None:
        if self._best is None or self._best.metric not in metrics:
            return
        shift = (metrics.index(self._best.metric) - (len(metrics) - 1) / 2) * _DODGE
        x = self._x(self._best.k) + shift
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(theme().colour("ink"), 2))
        painter.drawEllipse(QPointF(x, self._y(self._best.mean, low, high)), 8, 8)
        if self._test is not None:
            y = self._y(self._test, low, high)
            painter.setBrush(theme().colour("held_out"))
            painter.setPen(QPen(theme().colour("raised"), 1.5))
            painter.drawPolygon(QPolygonF([QPointF(x, y - 8), QPointF(x + 8, y), QPointF(x, y + 8), QPointF(x - 8, y)]))

    # -- pointing ----------------------------------------------------------------------------------------------------

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self._tuned is not None:
            x = event.position().x()
            self._point(min(self._tuned.ks, key=lambda k: abs(self._x(k) - x)))

    def leaveEvent(self, event: QEvent) -> None:
        self._point(None)

    def _point(self, k: int | None) -> None:
        if k != self._k:
            self._k = k
            self.pointed.emit(k)
            self.update()


def _sign(painter: QPainter, metric: str, at: QPointF, size: float) -> None:
    """Dots for L1, squares for L2, triangles for the others: not by colour alone."""
    if metric == "l1":
        painter.drawEllipse(at, size, size)
    elif metric == "l2":
        painter.drawRect(QRectF(at.x() - size, at.y() - size, 2 * size, 2 * size))
    else:
        painter.drawPolygon(QPolygonF([at + QPointF(0, -size), at + QPointF(size, size), at + QPointF(-size, size)]))
