"""Shares against a dial from none to extreme: a line a judge, the level of guessing, and where the dial stands now."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QMouseEvent, QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QSizePolicy, QWidget

from cvlab.ui.theme import theme
from cvlab.ui.widgets.bars import tabular

_LEFT, _RIGHT, _TOP, _BOTTOM, _TITLE = 46, 12, 8, 20, 16
_LOW = 120
"""In a plot lower than this the title of the x axis stands between its ends, in place of the numbers there."""


@dataclass(frozen=True)
class DialLine:
    """x, y: shares in 0..1, x rising. role: its colour."""

    name: str
    role: str
    x: tuple[float, ...]
    y: tuple[float, ...]

    def at(self, x: float) -> float | None:
        """Linear between its points; None outside them."""
        if not self.x or not self.x[0] <= x <= self.x[-1]:
            return None
        return float(np.interp(x, self.x, self.y))


class DialPlot(QWidget):
    """picked(x): the person pressed or drags at this place of the dial."""

    picked = Signal(float)

    def __init__(self, x_title: str, y_title: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._titles = (x_title, y_title)
        self.lines: tuple[DialLine, ...] = ()
        self._here, self._level, self._message = 0.0, 0.0, ""
        self.setMinimumSize(240, 84)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setCursor(Qt.CursorShape.CrossCursor)
        theme().changed.connect(self.update)

    def sizeHint(self) -> QSize:
        return QSize(480, 190)

    def show_lines(self, lines: tuple[DialLine, ...], level: float) -> None:
        """level: a dashed line, where guessing would be."""
        self.lines, self._level = lines, level
        self.update()

    def show_here(self, x: float) -> None:
        self._here = x
        self.update()

    def show_message(self, message: str) -> None:
        """Words in the middle while there is no line; "" takes them away."""
        self._message = message
        self.update()

    def area(self) -> QRectF:
        title = _TITLE if self.height() >= _LOW else 0
        return QRectF(self.rect()).adjusted(_LEFT, _TOP, -_RIGHT, -_BOTTOM - title)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        font = tabular(self.font())
        font.setPixelSize(11)
        painter.setFont(font)
        self._paint_grid(painter)
        area = self.area()
        if self._message:
            self._paint_here(painter, area)
            self._paint_message(painter, area)
        else:
            self._paint_level(painter, area)
            self._paint_here(painter, area)
        for line in self.lines:
            self._paint_line(painter, line)
        painter.end()

    def _place(self, x: float, y: float) -> QPointF:
        area = self.area()
        return QPointF(area.left() + x * area.width(), area.bottom() - y * area.height())

    def _paint_grid(self, painter: QPainter) -> None:
        area, colours = self.area(), theme()
        is_low = self.height() < _LOW
        for tick in (0.0, 0.25, 0.5, 0.75, 1.0):
            y, x = self._place(0, tick).y(), self._place(tick, 0).x()
            painter.setPen(QPen(colours.colour("faint"), 1))
            painter.drawLine(QPointF(area.left(), y), QPointF(area.right(), y))
            painter.setPen(colours.colour("muted"))
            if tick in (0.0, 0.5, 1.0) or area.height() > 110:
                painter.drawText(
                    QRectF(0, y - 8, _LEFT - 6, 16),
                    int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter),
                    f"{tick:.0%}".replace("%", " %"),
                )
            edge = {0.0: Qt.AlignmentFlag.AlignLeft, 1.0: Qt.AlignmentFlag.AlignRight}
            place = QRectF(x - 40, area.bottom() + 3, 80, 15)
            if tick in edge:
                place.moveLeft(x if tick == 0 else x - 80)
            if tick in edge or not is_low:
                painter.drawText(
                    place, int(edge.get(tick, Qt.AlignmentFlag.AlignHCenter)), f"{tick:.0%}".replace("%", " %")
                )
        x_title, y_title = self._titles
        painter.setPen(colours.colour("muted"))
        title = QRectF(area.left(), area.bottom() + (3 if is_low else 18), area.width(), 16)
        painter.drawText(title, int(Qt.AlignmentFlag.AlignHCenter), x_title)
        self.setAccessibleDescription(f"{y_title} against {x_title}")

    def _paint_here(self, painter: QPainter, area: QRectF) -> None:
        painter.setPen(QPen(theme().colour("muted"), 1, Qt.PenStyle.DotLine))
        x = self._place(self._here, 0).x()
        painter.drawLine(QPointF(x, area.top()), QPointF(x, area.bottom()))

    def _paint_message(self, painter: QPainter, area: QRectF) -> None:
        """On a ground of its own: no line of the grid runs through the words."""
        flags = int(Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap)
        room = painter.boundingRect(area.adjusted(24, 0, -24, 0), flags, self._message).adjusted(-12, -6, 12, 6)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(theme().colour("raised"))
        painter.drawRoundedRect(room, 6, 6)
        painter.setPen(theme().colour("muted"))
        painter.drawText(room, flags, self._message)

    def _paint_level(self, painter: QPainter, area: QRectF) -> None:
        if not self._level:
            return
        painter.setPen(QPen(theme().colour("muted"), 1, Qt.PenStyle.DashLine))
        y = self._place(0, self._level).y()
        painter.drawLine(QPointF(area.left(), y), QPointF(area.right(), y))
        painter.setPen(theme().colour("muted"))
        painter.drawText(QRectF(area.left() + 6, y - 16, 200, 15), int(Qt.AlignmentFlag.AlignLeft), "guessing")

    def _paint_line(self, painter: QPainter, line: DialLine) -> None:
        if not line.x:
            return
        ink = theme().colour(line.role)
        points = [self._place(x, y) for x, y in zip(line.x, line.y, strict=True)]
        painter.setPen(QPen(ink, 2, j=Qt.PenJoinStyle.RoundJoin))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawPolyline(QPolygonF(points))
        painter.setPen(QPen(theme().colour("raised"), 1))
        painter.setBrush(ink)
        for point in points:
            painter.drawEllipse(point, 3.5, 3.5)
        now = line.at(self._here)
        if now is not None:
            painter.drawEllipse(self._place(self._here, now), 5.5, 5.5)

    # -- the pointer -------------------------------------------------------------------------------------------------

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self._pick(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if event.buttons() & Qt.MouseButton.LeftButton:
            self._pick(event)

    def _pick(self, event: QMouseEvent) -> None:
        area = self.area()
        share = (event.position().x() - area.left()) / max(area.width(), 1)
        self.picked.emit(round(min(max(share, 0.0), 1.0), 2))
