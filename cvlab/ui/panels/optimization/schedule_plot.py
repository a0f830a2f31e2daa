"""The learning rate over the epochs, with handles that shape it. It says what was dragged, and decides nothing."""

from __future__ import annotations

from dataclasses import dataclass
from math import log

import numpy as np
from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from cvlab.core.panels.optimization import ScheduleDocument
from cvlab.ui.panels.optimization.curve_plot import paint_grid
from cvlab.ui.theme import theme
from cvlab.ui.widgets.polyline import polyline

_REACH = 14.0
"""Pixels around a handle in which it is taken."""
_LOWEST = 1e-5


@dataclass(frozen=True)
class Handle:
    """A place on the curve that can be dragged. sets: the names of what it changes, across and up."""

    id: str
    epoch: float
    rate: float
    words: str


def handles(document: ScheduleDocument) -> tuple[Handle, ...]:
    """The handles of this kind of schedule: of its highest rate, and of what shapes it."""
    s, base, epochs = document.schedule, document.base, document.epochs
    third = epochs / 3
    peak = {"warm-up": min(s.warm, epochs), "one-cycle": s.peak_at * epochs}.get(s.kind, 0.0)
    words = "highest rate, and when" if s.kind in ("warm-up", "one-cycle") else "first rate"
    made = [Handle("base", peak, base, words)]
    if s.kind == "step" and s.every <= epochs:
        made.append(Handle("drop", s.every, base * s.factor, "factor, and epochs between drops"))
    elif s.kind in ("exponential", "1/t"):
        made.append(Handle("k", third, s.rate(base, third, epochs), "decay k"))
    return tuple(made)


def dragged(document: ScheduleDocument, id: str, epoch: float, rate: float) -> dict[str, float]:
    """What a handle at another place asks for: fields of the schedule, and "base"; all in their ranges."""
    s, base, epochs = document.schedule, document.base, document.epochs
    epoch, rate = min(max(epoch, 0.0), float(epochs)), max(rate, _LOWEST)
    wanted: dict[str, float] = {}
    if id == "base":
        wanted["base"] = min(rate, 100.0)
        if s.kind == "warm-up":
            wanted["warm"] = epoch
        elif s.kind == "one-cycle":
            wanted["peak_at"] = min(max(epoch / epochs, 0.01), 0.99)
    elif id == "drop":
        wanted = {"factor": min(max(rate / base, 0.01), 0.99), "every": max(epoch, epochs / 100)}
    else:
        third, share = epochs / 3, min(max(rate / base, 1e-6), 1.0)
        wanted["k"] = min(-log(share) / third if s.kind == "exponential" else (1 / share - 1) / third, 100.0)
    return {name: float(f"{value:.3g}") for name, value in wanted.items()}


class SchedulePlot(QWidget):
    """asked(dict): a handle was dragged to these values. let_go: and the button left."""

    asked = Signal(object)
    let_go = Signal()

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("optimization.schedule_curve")
        self.setAccessibleName("Learning rate over the epochs")
        self.setToolTip("Drag a dot on the curve to shape it; the form below follows.")
        self.setMouseTracking(True)
        self.setMinimumSize(260, 150)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self._document = ScheduleDocument()
        self._held, self._under = "", ""
        self._top = 0.1
        theme().changed.connect(self.update)

    def sizeHint(self) -> QSize:
        return QSize(420, 260)

    def show_document(self, document: ScheduleDocument) -> None:
        self._document = document
        if not self._held:  # an axis that moved under the pointer would run away with the handle
            self._top = _round_up(1.25 * document.base)
        self.update()

    def _area(self) -> QRectF:
        return QRectF(self.rect()).adjusted(54, 26, -16, -34)

    def pixel(self, epoch: float, rate: float) -> QPointF:
        area = self._area()
        return QPointF(
            area.left() + epoch / self._document.epochs * area.width(),
            area.bottom() - min(rate / self._top, 1.2) * area.height(),
        )

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        font = painter.font()
        font.setPixelSize(11)
        painter.setFont(font)
        area, document = self._area(), self._document
        paint_grid(
            painter, area, document.epochs, [self._top * i / 5 for i in range(6)], self._top, "epoch", "learning rate α"
        )
        epochs = np.linspace(0.0, document.epochs, max(int(area.width()), 2))
        rates = [document.schedule.rate(document.base, epoch, document.epochs) for epoch in epochs.tolist()]
        painter.setPen(QPen(theme().colour("accent"), 2.4, j=Qt.PenJoinStyle.RoundJoin))
        painter.setClipRect(area.adjusted(-10, -10, 10, 10))
        x = area.left() + epochs / document.epochs * area.width()
        y = area.bottom() - np.minimum(np.array(rates) / self._top, 1.2) * area.height()
        painter.drawPolyline(polyline(x, y))
        for handle in handles(document):
            at = self.pixel(handle.epoch, handle.rate)
            is_hot = handle.id in (self._held, self._under)
            painter.setPen(QPen(theme().colour("raised"), 2))
            painter.setBrush(theme().colour("accent"))
            painter.drawEllipse(at, 9.0 if is_hot else 7.0, 9.0 if is_hot else 7.0)
            painter.setPen(theme().colour("ink" if is_hot else "muted"))
            room = area.right() - at.x() > 190
            box = QRectF(at.x() + 14 if room else at.x() - 214, at.y() - 20, 200, 16)
            painter.drawText(box, Qt.AlignmentFlag.AlignLeft if room else Qt.AlignmentFlag.AlignRight, handle.words)
        painter.end()

    # -- dragging ----------------------------------------------------------------------------------------------------

    def _at(self, pixel: QPointF) -> str:
        for handle in reversed(handles(self._document)):
            away = self.pixel(handle.epoch, handle.rate) - pixel
            if away.x() ** 2 + away.y() ** 2 <= _REACH**2:
                return handle.id
        return ""

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self._held = self._at(event.position())

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if not self._held:
            self._under = self._at(event.position())
            self.setCursor(Qt.CursorShape.OpenHandCursor if self._under else Qt.CursorShape.ArrowCursor)
            self.update()
            return
        area, at = self._area(), event.position()
        epoch = (at.x() - area.left()) / area.width() * self._document.epochs
        rate = (area.bottom() - at.y()) / area.height() * self._top
        self.asked.emit(dragged(self._document, self._held, epoch, rate))

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        self._held = ""
        self.let_go.emit()
        self.show_document(self._document)


def _round_up(value: float) -> float:
    decade = 10.0 ** np.floor(np.log10(value))
    return float(next(decade * m for m in (1, 1.5, 2, 3, 5, 7.5, 10) if decade * m >= value * (1 - 1e-9)))
