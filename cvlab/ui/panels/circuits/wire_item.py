"""All the wires that leave one node: a trunk with its branches, the value in green above it and the gradient in red below."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QFontMetricsF, QPainter, QPainterPath, QPen, QPolygonF
from PySide6.QtWidgets import QGraphicsItem, QStyleOptionGraphicsItem, QWidget

from cvlab.ui.panels.circuits.node_item import MIN_DETAIL, font
from cvlab.ui.theme import theme

LABEL_GAP = 9.0
"""From a node's edge to the numbers on its wire."""


class WireItem(QGraphicsItem):
    """source: the node's id. Branches are numbered as they were given to `route`."""

    def __init__(self, source: int) -> None:
        super().__init__()
        self.source = source
        self._paths: list[QPainterPath] = []
        self._all = QPainterPath()
        self._start = QPointF()
        self._value, self._gradient = "", ""
        self._is_partial = self._is_dim = False
        self._active: dict[int, str] = {}
        self._direction, self._pulse = "", 1.0
        self._area = QRectF()
        self.setAcceptedMouseButtons(Qt.MouseButton.NoButton)
        self.setZValue(1)

    def route(self, lines: Sequence[Sequence[QPointF]]) -> None:
        """The points of every branch, from the node to the end."""
        self.prepareGeometryChange()
        self._paths = [_smooth(points) for points in lines]
        self._all = QPainterPath()
        for path in self._paths:
            self._all.addPath(path)
        self._start = lines[0][0] if lines else QPointF()
        self._measure()
        self.update()

    def show_numbers(self, value: str, gradient: str, is_partial: bool, is_dim: bool) -> None:
        """value, gradient: "" where there is none yet. is_partial: more of the gradient is still to come."""
        if (value, gradient, is_partial, is_dim) == (self._value, self._gradient, self._is_partial, self._is_dim):
            return
        self.prepareGeometryChange()
        self._value, self._gradient, self._is_partial, self._is_dim = value, gradient, is_partial, is_dim
        self._measure()
        self.update()

    def show_active(self, direction: str, active: dict[int, str]) -> None:
        """direction: "forward", "backward" or "". active: the branches at work, and the local gradient at the end of each."""
        if (direction, active) != (self._direction, self._active):
            self.prepareGeometryChange()
            self._direction, self._active = direction, active
            self._measure()
            self.update()

    def show_pulse(self, pulse: float) -> None:
        """How far the spark has come along the active branches, 0..1; at 1 it is gone."""
        self._pulse = pulse
        if self._active:
            self.update()

    @property
    def is_active(self) -> bool:
        return bool(self._active)

    @property
    def numbers(self) -> tuple[str, str]:
        return self._value, self._gradient

    # -- Qt ----------------------------------------------------------------------------------------------------------

    def boundingRect(self) -> QRectF:
        return self._area

    def shape(self) -> QPainterPath:
        return QPainterPath()

    def _measure(self) -> None:
        metrics = QFontMetricsF(font(13, bold=True))
        widest = max(metrics.horizontalAdvance(self._value), metrics.horizontalAdvance(self._gradient))
        label = QRectF(self._start.x(), self._start.y() - 24, LABEL_GAP + widest + 8, 48)
        self._area = self._all.boundingRect().adjusted(-8, -8, 8, 8).united(label)
        if self._active:
            self._area.adjust(-46, -22, 4, 22)

    def paint(self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None) -> None:
        look = theme()
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(look.colour("line", 0.45 if self._is_dim else 0.9), 1.4))
        painter.drawPath(self._all)
        detail = QStyleOptionGraphicsItem.levelOfDetailFromTransform(painter.worldTransform())
        if self._active:
            self._paint_active(painter, detail)
        if detail >= MIN_DETAIL:
            self._paint_numbers(painter)

    def _paint_active(self, painter: QPainter, detail: float) -> None:
        look = theme()
        role = "positive" if self._direction == "forward" else "negative"
        colour = look.colour(role)
        for branch, local in self._active.items():
            path = self._paths[branch]
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(colour, 2.6, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap))
            painter.drawPath(path)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(colour)
            painter.drawPolygon(self._arrow(path))
            if self._pulse < 1:
                share = self._pulse if self._direction == "forward" else 1 - self._pulse
                painter.drawEllipse(path.pointAtPercent(share), 6.5, 6.5)
            if local and detail >= MIN_DETAIL:
                self._paint_local(painter, path, local)

    def _arrow(self, path: QPainterPath) -> QPolygonF:
        # Forward it points into the gate, backward into the node.
        if self._direction == "forward":
            tip = path.pointAtPercent(1.0)
            return QPolygonF([tip, tip + QPointF(-10, -5), tip + QPointF(-10, 5)])
        tip = path.pointAtPercent(0.0)
        return QPolygonF([tip, tip + QPointF(10, -5), tip + QPointF(10, 5)])

    def _paint_local(self, painter: QPainter, path: QPainterPath, local: str) -> None:
        look, end = theme(), path.pointAtPercent(1.0)
        face = font(11, bold=True)
        width = QFontMetricsF(face).horizontalAdvance(local) + 10
        above = path.pointAtPercent(0.75).y() <= end.y() + 0.5 and end.y() <= path.pointAtPercent(0.0).y() + 0.5
        top = end.y() - 21 if above or end.y() < path.pointAtPercent(0.0).y() else end.y() + 4
        area = QRectF(end.x() - width - 8, top, width, 17)
        painter.setPen(QPen(look.colour("negative", 0.5), 1))
        painter.setBrush(look.colour("raised"))
        painter.drawRoundedRect(area, 5, 5)
        painter.setFont(face)
        painter.setPen(look.colour("ink"))
        painter.drawText(area, Qt.AlignmentFlag.AlignCenter, local)

    def _paint_numbers(self, painter: QPainter) -> None:
        look = theme()
        face = font(13, bold=True)
        painter.setFont(face)
        metrics = QFontMetricsF(face)
        left = self._start.x() + LABEL_GAP
        for text, role, top in ((self._value, "positive", -21.0), (self._gradient, "negative", 3.0)):
            if not text:
                continue
            area = QRectF(left, self._start.y() + top, metrics.horizontalAdvance(text) + 2, 18)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(look.colour("sunken", 0.82))
            painter.drawRoundedRect(area.adjusted(-2, 0, 2, 0), 4, 4)
            is_pale = self._is_partial and role == "negative"
            painter.setPen(look.colour(role, 0.65 if is_pale else 1.0))
            painter.drawText(area, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, text)


def _smooth(points: Sequence[QPointF]) -> QPainterPath:
    """Through the points, level at each of them."""
    path = QPainterPath(points[0])
    for a, b in zip(points, points[1:], strict=False):
        if abs(a.y() - b.y()) < 0.5:
            path.lineTo(b)
        else:
            pull = QPointF((b.x() - a.x()) * 0.5, 0)
            path.cubicTo(a + pull, b - pull, b)
    return path
