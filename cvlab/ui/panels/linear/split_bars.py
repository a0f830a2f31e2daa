"""What the loss is made of: data and penalty stacked into the total, now and over the last steps."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QBrush, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from cvlab.ui.panels.linear.pieces import number
from cvlab.ui.theme import theme
from cvlab.ui.widgets.bars import tabular

MOST = 60
"""Steps that stand beside each other."""
_HEAD, _FOOT, _LEFT = 18, 16, 40
"""Pixels of the figures above, of the words below, and of the axis's numbers."""


class SplitBars(QWidget):
    """A stacked bar for each of the last states: below the data loss, above it, hatched, the penalty."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setAccessibleName("Data loss and penalty")
        self.setToolTip(
            f"One bar a step, the last {MOST} of them, the newest at the right. Filled: data loss. Hatched: penalty. "
            "Together: the total."
        )
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self._splits: Sequence[tuple[float, float]] = ()
        theme().changed.connect(self.update)

    def minimumSizeHint(self) -> QSize:
        return QSize(200, 40)

    def sizeHint(self) -> QSize:
        return QSize(320, 110)

    def show_splits(self, splits: Sequence[tuple[float, float]]) -> None:
        """(data loss, penalty) of each state, the present one last."""
        self._splits = tuple(splits)[-MOST:]
        data, penalty = self._splits[-1]
        self.setAccessibleDescription(f"data {number(data)}, penalty {number(penalty)}, total {number(data + penalty)}")
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        if self._splits:
            self._paint(painter)
        painter.end()

    def _paint(self, painter: QPainter) -> None:
        look = theme()
        font = tabular(self.font())
        font.setPixelSize(12)
        painter.setFont(font)
        data, penalty = self._splits[-1]
        x = 0.0
        third = self.width() / 3
        for words, value, role, hatched in (
            ("data", data, "accent", False),
            ("penalty", penalty, "held_out", True),
            ("total", data + penalty, "", False),
        ):
            if role:
                self._fill(painter, QRectF(x, 4, 10, 10), role, hatched)
            painter.setPen(look.colour("ink"))
            painter.drawText(
                QRectF(x + (16 if role else 0), 0, third - 16, _HEAD),
                Qt.AlignmentFlag.AlignVCenter,
                f"{words} {value:.4g}",
            )
            x += third
        area = QRectF(_LEFT, _HEAD + 8, self.width() - _LEFT, self.height() - _HEAD - _FOOT - 10)
        highest = max(a + b for a, b in self._splits) or 1.0
        self._paint_axes(painter, area, highest)
        width = area.width() / MOST
        for i, (data, penalty) in enumerate(self._splits):
            left = area.left() + i * width
            low, high = area.height() * data / highest, area.height() * penalty / highest
            self._fill(painter, QRectF(left + 1, area.bottom() - low, width - 1.5, low), "accent", False)
            self._fill(painter, QRectF(left + 1, area.bottom() - low - high, width - 1.5, high), "held_out", True)

    @staticmethod
    def _paint_axes(painter: QPainter, area: QRectF, highest: float) -> None:
        """The losses from 0 to the highest that is shown, and what stands beside each other."""
        font = painter.font()
        font.setPixelSize(11)
        painter.setFont(font)
        for y, value in ((area.top(), highest), (area.bottom(), 0.0)):
            painter.setPen(theme().colour("faint"))
            painter.drawLine(QPointF(area.left(), y), QPointF(area.right(), y))
            painter.setPen(theme().colour("muted"))
            side = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
            painter.drawText(QRectF(0, y - 8, _LEFT - 6, 16), side, f"{value:.3g}")
        painter.drawText(
            QRectF(area.left(), area.bottom() + 2, area.width(), _FOOT - 2), Qt.AlignmentFlag.AlignHCenter, "step"
        )

    @staticmethod
    def _fill(painter: QPainter, area: QRectF, role: str, hatched: bool) -> None:
        colour = theme().colour(role)
        if hatched:
            painter.fillRect(area, theme().colour(role, 0.35))
        painter.fillRect(area, QBrush(colour, Qt.BrushStyle.BDiagPattern if hatched else Qt.BrushStyle.SolidPattern))
