"""A cloud of two features with its principal axes, as one small picture with a zero cross; it computes nothing."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from cvlab.ui.theme import theme
from cvlab.ui.widgets.bars import tabular

_WORDS = 34.0


class CloudPlot(QWidget):
    """Points (N, 2), y up, seen through a square window around the origin or the points, the same scale on both axes."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.title, self.caption = "", ""
        self.points: np.ndarray | None = None
        self.others: np.ndarray | None = None
        self._mean, self._axes = np.zeros(2), np.zeros((2, 2))
        self._centre, self._reach = np.zeros(2), 1.0
        self.setMinimumSize(96, 110)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        theme().changed.connect(self.update)

    def sizeHint(self) -> QSize:
        return QSize(180, 210)

    def show_cloud(
        self, title: str, caption: str, points: np.ndarray, others: np.ndarray, mean: np.ndarray, axes: np.ndarray
    ) -> None:
        """others: a second cloud in another colour. mean (2,): where the axes cross. axes (2, 2): columns, as long as they are to
        be drawn (two standard deviations are usual)."""
        self.title, self.caption, self.points, self.others = title, caption, points, others
        self._mean, self._axes = mean, axes
        far = np.quantile(np.abs(np.concatenate([points, others])), 0.995) if len(points) else 1.0
        tips = np.abs(mean[:, None] + np.concatenate([axes, -axes], axis=1)).max()
        self._reach = max(float(far), float(tips), 1e-9) * 1.1
        self._centre = np.zeros(2)
        self.setAccessibleDescription(f"{title}: {caption}")
        self.update()

    def area(self) -> QRectF:
        side = min(self.width() - 4, self.height() - _WORDS - 18)
        return QRectF((self.width() - side) / 2, 18, side, side)

    def place(self, points: np.ndarray) -> list[QPointF]:
        """Where points (N, 2) of the plane are painted: all of them at once, there are thousands."""
        area = self.area()
        middle, scale = area.center(), area.width() / 2 / self._reach
        x = middle.x() + (points[:, 0] - self._centre[0]) * scale
        y = middle.y() - (points[:, 1] - self._centre[1]) * scale
        return [QPointF(*pair) for pair in zip(x.tolist(), y.tolist(), strict=True)]

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        colours, area = theme(), self.area()
        painter.setPen(QPen(colours.colour("faint"), 1))
        painter.setBrush(colours.colour("sunken"))
        painter.drawRoundedRect(area, 4, 4)
        font = tabular(self.font())
        font.setPixelSize(12)
        painter.setFont(font)
        painter.setPen(colours.colour("ink"))
        painter.drawText(QRectF(0, 0, self.width(), 16), int(Qt.AlignmentFlag.AlignHCenter), self.title)
        if self.points is None:
            painter.end()
            return
        (zero,) = self.place(np.zeros((1, 2)))
        painter.setPen(QPen(colours.colour("line"), 1))
        painter.drawLine(QPointF(area.left(), zero.y()), QPointF(area.right(), zero.y()))
        painter.drawLine(QPointF(zero.x(), area.top()), QPointF(zero.x(), area.bottom()))
        painter.setClipRect(area)
        self._paint_points(painter, self.points, "train")
        self._paint_points(painter, self.others, "held_out")
        for axis, width in zip(self._axes.T, (2.4, 2.4), strict=True):
            painter.setPen(QPen(colours.colour("ink"), width, c=Qt.PenCapStyle.RoundCap))
            painter.drawLine(*self.place(np.stack([self._mean - axis, self._mean + axis])))
        painter.setClipping(False)
        painter.setPen(colours.colour("muted"))
        font.setPixelSize(11)
        painter.setFont(font)
        painter.drawText(
            QRectF(0, area.bottom() + 3, self.width(), _WORDS - 3),
            int(Qt.AlignmentFlag.AlignHCenter | Qt.TextFlag.TextWordWrap),
            self.caption,
        )
        painter.end()

    def _paint_points(self, painter: QPainter, points: np.ndarray, role: str) -> None:
        painter.setPen(QPen(theme().colour(role, 0.6), 3.0, c=Qt.PenCapStyle.RoundCap))
        painter.drawPoints(self.place(points))
