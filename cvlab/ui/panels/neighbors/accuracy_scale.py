"""Accuracy on a scale from nothing to everything: the share so far, how sure it is, and what it stands beside."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QFontMetricsF, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from cvlab.ui.panels.neighbors.pieces import named, percent
from cvlab.ui.theme import theme
from cvlab.ui.widgets.bars import tabular


@dataclass(frozen=True)
class Beside:
    """A figure to compare with: its share, and its name."""

    share: float
    name: str


class AccuracyScale(QWidget):
    """A thick bar for the share, a whisker for its 95 % interval, thin marks for the figures beside it."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        named(
            self,
            "scale",
            "Accuracy",
            "The bar is the share that is right so far, the whisker its 95 % confidence. Marks: guessing at random, and what the "
            "course cites for people and ConvNets on this set.",
        )
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self._share: float | None = None
        self._interval = (0.0, 1.0)
        self._beside: tuple[Beside, ...] = ()
        theme().changed.connect(self.update)

    def sizeHint(self) -> QSize:
        return QSize(360, 92)

    def minimumSizeHint(self) -> QSize:
        return QSize(240, 92)

    def show_share(self, share: float | None, interval: tuple[float, float] = (0.0, 1.0)) -> None:
        self._share, self._interval = share, interval
        self.setAccessibleDescription(
            "" if share is None else f"{percent(share, 2)}, {percent(interval[0])} to {percent(interval[1])}"
        )
        self.update()

    def show_beside(self, beside: Sequence[Beside]) -> None:
        self._beside = tuple(beside)
        self.update()

    def _x(self, share: float) -> float:
        return 8 + share * (self.width() - 16)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter, look = QPainter(self), theme()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        font = tabular(self.font())
        font.setPixelSize(12)
        painter.setFont(font)
        track = QRectF(self._x(0), 24, self._x(1) - self._x(0), 22)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(look.colour("sunken"))
        painter.drawRoundedRect(track, 5, 5)
        if self._share is not None:
            painter.setBrush(look.colour("accent"))
            painter.drawRoundedRect(
                QRectF(track.left(), track.top(), max(4.0, track.width() * self._share), track.height()), 5, 5
            )
        painter.setPen(look.colour("muted"))
        for tenth in range(0, 11, 2):
            x = self._x(tenth / 10)
            painter.drawLine(QPointF(x, 47), QPointF(x, 51))
            box = QRectF(x - 24, 51, 48, 14)
            side = Qt.AlignmentFlag.AlignHCenter
            if tenth in (0, 10):
                box = QRectF(x if not tenth else x - 48, 51, 48, 14)
                side = Qt.AlignmentFlag.AlignLeft if not tenth else Qt.AlignmentFlag.AlignRight
            painter.drawText(box, int(side), f"{10 * tenth} %")
        self._paint_beside(painter, QFontMetricsF(font))
        if self._share is not None:
            low, high = (self._x(end) for end in self._interval)
            for role, wide in (("raised", 4.5), ("ink", 2.0)):
                painter.setPen(QPen(look.colour(role), wide))
                painter.drawLine(QPointF(low, 35), QPointF(high, 35))
                painter.drawLine(QPointF(low, 29), QPointF(low, 41))
                painter.drawLine(QPointF(high, 29), QPointF(high, 41))
        painter.end()

    def _paint_beside(self, painter: QPainter, metrics: QFontMetricsF) -> None:
        """Marks through the bar; names above and, where they would overlap, below the figures of the scale."""
        look, ends = theme(), {0: -1e9, 1: -1e9}
        for one in sorted(self._beside, key=_share_of):
            x = self._x(one.share)
            text = f"{one.name} {percent(one.share, 0)}"
            wide = metrics.horizontalAdvance(text)
            left = min(max(x - wide / 2, 0), self.width() - wide)
            line = 0 if left > ends[0] + 8 else 1
            ends[line] = left + wide
            painter.setPen(QPen(look.colour("held_out"), 2, Qt.PenStyle.DashLine))
            painter.drawLine(QPointF(x, 18 if not line else 24), QPointF(x, 50 if not line else 72))
            painter.setPen(look.text("held_out"))
            painter.drawText(QPointF(left, 14 if not line else 86), text)


def _share_of(one: Beside) -> float:
    return one.share
