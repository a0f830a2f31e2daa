"""A wire on the canvas: a smooth line from a block to the next, with an arrow head and the volume that flows along it."""

from __future__ import annotations

import math
from collections.abc import Sequence

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QPainter, QPainterPath, QPainterPathStroker, QPen, QPolygonF
from PySide6.QtWidgets import QGraphicsItem, QStyleOptionGraphicsItem, QWidget

from cvlab.ui.canvas.layout import NORMAL, Side
from cvlab.ui.canvas.lettering import width_of, write
from cvlab.ui.canvas.sketch import Point, WireKey
from cvlab.ui.theme import theme

GRAB = 12.0
"""Width of the band around the line that the pointer can hit, in canvas pixels."""

_LABEL_PIXELS = 10
_USUAL = 72.0
"""Pixels that the label of a usual volume takes at most."""

_MIN_DETAIL = 0.6
_LOOKS = {
    "plain": ("muted", 1.5),
    "hovered": ("ink", 2.0),
    "chosen": ("accent", 2.5),
    "target": ("accent", 3.0),
    "drawing": ("accent", 2.0),
    "doubtful": ("warning", 2.0),
    "refused": ("negative", 2.0),
}
"""The colour and the width of a line, by how it is shown."""

_HEAD = 7.0


class WireItem(QGraphicsItem):
    """One wire. key: (source id, target id, port), or None for the wire that a gesture is drawing."""

    def __init__(self, key: WireKey | None) -> None:
        super().__init__()
        self.key = key
        self._line = QPainterPath()
        self._arrow = QPolygonF()
        self._middle = QPointF()
        self._around = QRectF()
        self._around_line = QRectF()
        self._detail = 1.0  # of the last painting
        self._asked: tuple = ()
        self._label = ""
        self._label_width = 0.0
        self._asked_again = 0.0  # so much of the label's room is to be painted again
        self._look = "plain"
        self._straight = ""
        self.setZValue(0)

    def route(
        self, start: QPointF, leaving: Side, end: QPointF, arriving: Side | None, bends: Sequence[Point] = ()
    ) -> None:
        """From a port to a port; `arriving` None: to the pointer. bends: pairs of points between which it runs level."""
        asked = (start.x(), start.y(), leaving, end.x(), end.y(), arriving, bends)
        if asked == self._asked:
            return
        self._asked = asked
        across, down = end.x() - start.x(), end.y() - start.y()
        line = QPainterPath(start)
        aligned = abs(down) < 1 if leaving in ("left", "right") else abs(across) < 1
        self._straight = ""
        if bends:
            place, heading = start, NORMAL[leaving]
            for near, far in zip(bends[::2], bends[1::2], strict=True):
                level = (1.0 if far.x >= near.x else -1.0, 0.0)
                _curve(line, place, heading, QPointF(*near), (-level[0], 0.0))
                line.lineTo(QPointF(*far))
                place, heading = QPointF(*far), level
            _curve(line, place, heading, end, NORMAL[arriving] if arriving else (0.0, 0.0))
        elif aligned:
            line.lineTo(end)
            self._straight = "across" if leaving in ("left", "right") else "down"
        else:
            _curve(line, start, NORMAL[leaving], end, NORMAL[arriving] if arriving else (0.0, 0.0))
        nx, ny = NORMAL[arriving] if arriving else _unit(-across, -down)
        self.prepareGeometryChange()
        self._line = line
        # The tip touches the port's ring, not its middle.
        self._arrow = _arrow(end, QPointF(-nx, -ny), 4.0 if self.key else 0.0)
        self._middle = line.pointAtPercent(0.5)
        self._around_line = line.controlPointRect().adjusted(-_HEAD, -_HEAD, _HEAD, _HEAD)
        self._around = self._find_bounds()
        self.update()

    def show_label(self, label: str) -> None:
        if label == self._label:
            return
        before, self._label, self._label_width = self._label_width, label, width_of(label, _LABEL_PIXELS) + 4
        if max(before, self._label_width) > _USUAL:
            self.prepareGeometryChange()
            self._around = self._find_bounds()
        wide = max(before, self._label_width)
        if self._detail >= _MIN_DETAIL and wide > self._asked_again:  # else out of view: it has not been painted since
            self._asked_again = wide
            self.update(self._label_area(wide).adjusted(-1, -1, 1, 1))

    def _find_bounds(self) -> QRectF:
        """With room for the label of most volumes: one that changes leaves them as they are."""
        around = self._around_line
        return around.united(self._label_area(max(self._label_width, _USUAL))) if self.key else around

    def show_look(self, look: str) -> None:
        """ "plain", "hovered", "chosen", "target" (something will land on it), "drawing", "doubtful" or "refused"."""
        if look != self._look:
            self.prepareGeometryChange()
            self._look = look
            self.update()

    @property
    def look(self) -> str:
        return self._look

    @property
    def middle(self) -> QPointF:
        return QPointF(self._middle)

    # -- Qt --------------------------------------------------------------------------------------------------------

    def boundingRect(self) -> QRectF:
        return self._around

    def shape(self) -> QPainterPath:
        stroker = QPainterPathStroker()
        stroker.setWidth(GRAB)
        return stroker.createStroke(self._line)

    def paint(self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None) -> None:
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        self._asked_again = 0.0
        at = painter.worldTransform()
        region = self.scene().asked if widget is not None else None  # a file asks for all of it
        if region is None or region.intersects(at.mapRect(self._around_line).toAlignedRect()):
            self._paint_line(painter)
        self._detail = detail = QStyleOptionGraphicsItem.levelOfDetailFromTransform(at)
        if self._label and self._look != "target" and detail >= _MIN_DETAIL and self._has_room():
            area = self._label_area(self._label_width)
            if region is None or region.intersects(at.mapRect(area).toAlignedRect()):
                self._paint_label(painter, area)

    def _paint_line(self, painter: QPainter) -> None:
        role, width = _LOOKS[self._look]
        colour = theme().colour(role, 0.75 if self._look == "plain" else 1.0)
        style = Qt.PenStyle.DashLine if self._look in ("drawing", "doubtful", "refused") else Qt.PenStyle.SolidLine
        painter.setPen(QPen(colour, width, style, Qt.PenCapStyle.RoundCap))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawPath(self._line)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(colour)
        painter.drawPolygon(self._arrow)

    def _paint_label(self, painter: QPainter, area: QRectF) -> None:
        look = theme()
        if self._straight != "across":  # it lies on what is behind: the wire's bend, the edge of a group
            painter.setBrush(look.colour("sunken", 0.9))
            painter.setPen(Qt.PenStyle.NoPen)
            painter.drawRoundedRect(area, 4, 4)
        painter.setPen(look.colour("muted" if self._look == "plain" else "ink"))
        write(painter, area, self._label, _LABEL_PIXELS, align="middle")

    def _has_room(self) -> bool:
        """On a straight wire the label stands beside the line: a long one would run into the blocks, which say it too."""
        return (
            self._straight != "across"
            or self._label_area(self._label_width).width() <= self._line.boundingRect().width() - 4
        )

    def _label_area(self, width: float) -> QRectF:
        height, middle = _LABEL_PIXELS + 3.0, self._middle
        if self._straight == "across":
            return QRectF(middle.x() - width / 2 - 2, middle.y() - height - 4, width, height)
        if self._straight == "down":
            return QRectF(middle.x() + 8, middle.y() - height / 2, width, height)
        return QRectF(middle.x() - width / 2 - 2, middle.y() - height / 2, width + 4, height)


def _arrow(end: QPointF, along: QPointF, short: float) -> QPolygonF:
    beside = QPointF(-along.y(), along.x())
    tip = end - along * short
    foot = tip - along * _HEAD
    return QPolygonF([tip, foot + beside * 3.8, foot - beside * 3.8])


def _curve(
    line: QPainterPath, start: QPointF, leaving: tuple[float, float], end: QPointF, arriving: tuple[float, float]
) -> None:
    """Onwards to `end`; the directions point away from the two ends."""
    pull = min(max(math.hypot(end.x() - start.x(), end.y() - start.y()) / 2, 16.0), 90.0)
    line.cubicTo(start + QPointF(*leaving) * pull, end + QPointF(*arriving) * pull, end)


def _unit(x: float, y: float) -> tuple[float, float]:
    length = math.hypot(x, y) or 1.0
    return x / length, y / length
