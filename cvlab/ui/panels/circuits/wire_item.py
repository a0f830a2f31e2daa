"""All the wires that leave one node: a trunk with its branches, the value in green above it and the gradient in red below."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from PySide6.QtCore import QPointF, QRectF, QSizeF, Qt
from PySide6.QtGui import QPainter, QPainterPath, QPen, QPolygonF
from PySide6.QtWidgets import QGraphicsItem, QStyleOptionGraphicsItem, QWidget

from cvlab.engine.circuit.tensors import Shape, Value, same, told
from cvlab.ui.panels.circuits.face import number
from cvlab.ui.panels.circuits.fonts import draw_text, tint, width_of
from cvlab.ui.panels.circuits.matrix_label import MatrixLabel
from cvlab.ui.panels.circuits.matrix_label import size as label_size
from cvlab.ui.panels.circuits.node_item import growth

LABEL_GAP = 8.0
"""From a node's edge to the numbers on its wire."""

NUMBER_PIXELS = 13

_LABEL_ROOM = 150.0
_CROWDED = 1.3
"""From this growth on, numbers have two digits or one, and the local gradients stand in the arithmetic only."""

BESIDE = 2
"""The side of a local gradient where many wires meet at one gate: on its own wire, before they come close."""

_LEAD = 46.0
"""A wire leaves its node level for so long, where there is room, so that the numbers have it between them."""


class WireItem(QGraphicsItem):
    """source: the node's id. shape: of the value that it carries, () for a single number.

    is_known: it carries a value. Branches are numbered as they were given to `route`.
    """

    def __init__(self, source: int, shape: Shape = ()) -> None:
        super().__init__()
        self.source, self.shape_carried = source, shape
        self._lead = _LEAD if not shape else label_size(shape).width() + 2 * LABEL_GAP
        self._labels: list[MatrixLabel | None] = [None, None]
        self._trunk: Sequence[QPointF] = ()
        self._branches: Sequence[tuple[int, QPointF]] = ()
        self._paths: dict[int, QPainterPath] = {}
        self._all = QPainterPath()
        self._pieces: list[tuple[QRectF, QPainterPath]] = []
        self._start = QPointF()
        self._value: Value | None = None
        self._gradient: Value | None = None
        self._texts: dict[int, tuple[str, str]] = {}
        self._is_partial = False
        self.is_known = True
        self._active: dict[int, tuple[str, int]] = {}
        self._direction, self._pulse = "", 1.0
        self._area = QRectF()
        self.setAcceptedMouseButtons(Qt.MouseButton.NoButton)
        self.setFlag(QGraphicsItem.GraphicsItemFlag.ItemHasNoContents)
        self.setZValue(1)

    def route(self, start: QPointF, trunk: Sequence[QPointF], branches: Sequence[tuple[int, QPointF]]) -> None:
        """trunk: the points that the wires share. branches: for each how many of them it passes, and where it ends."""
        self.prepareGeometryChange()
        self._start, self._trunk, self._branches, self._paths = start, trunk, branches, {}
        # The trunk is drawn once, however many branches leave it.
        points = [start, *trunk]
        pieces = [_smooth(ends, 0.0 if at else self._lead) for at, ends in enumerate(pairwise(points))]
        pieces += [_smooth([points[passed], end], 0.0 if passed else self._lead) for passed, end in branches]
        self._pieces = [(piece.boundingRect().adjusted(-2, -2, 2, 2), piece) for piece in pieces]
        self._all = QPainterPath()
        for piece in pieces:
            self._all.addPath(piece)
        self._measure()
        self._changed()

    def show_numbers(self, value: Value | None, gradient: Value | None, is_partial: bool) -> None:
        """None where there is none yet. is_partial: more of the gradient is still to come. The scene asks for painting."""
        if self.shape_carried:
            is_same = same(value, self._value) and same(gradient, self._gradient)
        else:
            is_same = value == self._value and gradient == self._gradient
        if is_same and is_partial == self._is_partial:
            return
        self._value, self._gradient, self._is_partial = value, gradient, is_partial
        self._texts = {}
        if self.shape_carried:
            self._labels = [None if v is None else MatrixLabel(np.asarray(v)) for v in (value, gradient)]

    def show_active(self, direction: str, active: dict[int, tuple[str, int]]) -> None:
        """direction: "forward", "backward" or "". active: for each branch at work the local gradient, and on which side of the
        wire there is room for it (-1 above, 1 below, 0 on it, `BESIDE` some way before the gate)."""
        if (direction, active) != (self._direction, self._active):
            self.prepareGeometryChange()
            self._direction, self._active = direction, active
            self._measure()
            self._changed()

    def show_pulse(self, pulse: float) -> None:
        """How far the spark has come along the active branches, 0..1; at 1 it is gone."""
        self._pulse = pulse
        if self._active:
            self._changed()

    @property
    def is_active(self) -> bool:
        return bool(self._active)

    @property
    def numbers(self) -> tuple[str, str]:
        """The value and the gradient as they stand in the picture now."""
        self.scene().fill(self)
        return self.texts(4)

    def texts(self, digits: int) -> tuple[str, str]:
        """The value and the gradient in so many digits; "" for what is not known yet."""
        if self.shape_carried:
            value, gradient = ("" if label is None else label.summary() for label in self._labels)
            return value, gradient and f"∇ {gradient}"
        if digits not in self._texts:
            value = "" if self._value is None else number(self._value, digits)
            gap = " " if digits > 1 else ""
            gradient = "" if self._gradient is None else f"∇{gap}{number(self._gradient, digits)}"
            self._texts[digits] = value, gradient + (" …" if self._is_partial else "")
        return self._texts[digits]

    def _changed(self) -> None:
        scene = self.scene()
        if scene is not None:
            scene.repaint()

    # -- Qt ----------------------------------------------------------------------------------------------------------

    def boundingRect(self) -> QRectF:
        return self._area

    def shape(self) -> QPainterPath:
        return QPainterPath()

    def label_area(self) -> QRectF:
        """Where the matrices on it stand; empty for single numbers, whose room is the node's own."""
        if not self.shape_carried:
            return QRectF()
        room = label_size(self.shape_carried) + QSizeF(LABEL_GAP, 20)
        return QRectF(self._start.x(), self._start.y() - room.height(), max(room.width(), 60.0), 2 * room.height())

    def _measure(self) -> None:
        label = (
            self.label_area() if self.shape_carried else QRectF(self._start.x(), self._start.y() - 44, _LABEL_ROOM, 88)
        )
        self._area = self._all.boundingRect().adjusted(-8, -8, 8, 8).united(label)
        if self._active:
            self._area.adjust(-60, -34, 4, 34)

    @property
    def path(self) -> QPainterPath:
        """All branches, the trunk once."""
        return self._all

    def path_in(self, area: QRectF) -> QPainterPath:
        """What of it lies in an area: a long wire is costly to draw, also where it cannot be seen."""
        if area.contains(self._all.boundingRect()):
            return self._all
        found = QPainterPath()
        for own, piece in self._pieces:
            if area.intersects(own):
                found.addPath(piece)
        return found

    def paint(self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None) -> None:
        """Nothing: the picture paints the wires, and calls what follows."""

    def paint_active(self, painter: QPainter) -> None:
        """The branches at work and their arrows."""
        role = "positive" if self._direction == "forward" else "negative"
        colour = tint(role)
        for branch in self._active:
            path = self._path(branch)
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(colour, 2.6, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap))
            painter.drawPath(path)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(colour)
            painter.drawPolygon(self._arrow(path))
            if self._pulse < 1:
                share = self._pulse if self._direction == "forward" else 1 - self._pulse
                painter.drawEllipse(path.pointAtPercent(share), 6.5, 6.5)

    def paint_locals(self, painter: QPainter, detail: float) -> None:
        """The local gradients of the branches at work, where there is room; after all branches, so that none covers them."""
        if growth(detail) < _CROWDED:
            for branch, (local, side) in self._active.items():
                if local:
                    self._paint_local(painter, self._path(branch), local, side, growth(detail))

    def paint_numbers(self, painter: QPainter, detail: float) -> None:
        """The value above the wire and the gradient below it."""
        if self.shape_carried:
            self._paint_matrices(painter, detail)
        else:
            self._paint_scalars(painter, growth(detail))

    def _path(self, branch: int) -> QPainterPath:
        if branch not in self._paths:
            passed, end = self._branches[branch]
            self._paths[branch] = _smooth([self._start, *self._trunk[:passed], end], self._lead)
        return self._paths[branch]

    def _arrow(self, path: QPainterPath) -> QPolygonF:
        # Forward it points into the gate, backward into the node.
        if self._direction == "forward":
            tip = path.pointAtPercent(1.0)
            return QPolygonF([tip, tip + QPointF(-10, -5), tip + QPointF(-10, 5)])
        tip = path.pointAtPercent(0.0)
        return QPolygonF([tip, tip + QPointF(10, -5), tip + QPointF(10, 5)])

    def _paint_local(self, painter: QPainter, path: QPainterPath, local: str, side: int, grown: float) -> None:
        end = path.pointAtPercent(0.72 if side == BESIDE else 1.0)
        pixels = round(11 * grown)
        width, height = width_of(local, pixels, bold=True) + 10, 17 * grown
        top = end.y() - height - 4 if side < 0 else end.y() + 4 if side == 1 else end.y() - height / 2
        area = QRectF(end.x() - (width / 2 if side == BESIDE else width + 4), top, width, height)
        painter.setPen(QPen(tint("negative", 0.6), 1))
        painter.setBrush(tint("raised"))
        painter.drawRoundedRect(area, 5, 5)
        painter.setPen(tint("ink"))
        draw_text(painter, area, local, pixels, bold=True)

    def _paint_matrices(self, painter: QPainter, detail: float) -> None:
        left, y = self._start.x() + LABEL_GAP, self._start.y()
        value, gradient = self._labels
        height = label_size(self.shape_carried).height()
        if value is not None:
            value.paint(painter, QPointF(left, y - height - 5), "positive", growth(detail))
        if gradient is not None:
            gradient.paint(painter, QPointF(left, y + 5), "negative", growth(detail), 0.65 if self._is_partial else 1.0)
        shape, pixels = told(self.shape_carried), round(11 * growth(detail))
        painter.setPen(tint("muted"))
        draw_text(painter, QRectF(left, y - height - 27, 120, 20), shape, pixels, across=0.0, down=1.0)
        if gradient is not None:
            painter.setPen(tint("negative"))
            below = QRectF(left, y + height + 6, 120, 20)
            draw_text(painter, below, f"∇ {shape}{' …' if self._is_partial else ''}", pixels, across=0.0, down=0.0)

    def _paint_scalars(self, painter: QPainter, grown: float) -> None:
        pixels = round(NUMBER_PIXELS * grown)
        left, height = self._start.x() + LABEL_GAP, 18 * grown
        value, gradient = self.texts(_digits(grown))
        for text, role, top in ((value, "positive", -height - 2), (gradient, "negative", 3.0)):
            if not text:
                continue
            area = QRectF(left, self._start.y() + top, width_of(text, pixels, bold=True) + 2, height)
            painter.fillRect(area.adjusted(-2, 1, 2, -1), tint("sunken", 0.8))
            is_pale = self._is_partial and role == "negative"
            painter.setPen(tint(role, 0.65 if is_pale else 1.0))
            draw_text(painter, area, text, pixels, bold=True, across=0.0)


def _digits(grown: float) -> int:
    return 4 if grown < 1.1 else 3 if grown < _CROWDED else 2 if grown < 1.8 else 1


def _smooth(points: Sequence[QPointF], lead: float = 0.0) -> QPainterPath:
    """Through the points, level at each of them. lead: the level piece that it begins with, where there is room."""
    path = QPainterPath(points[0])
    room = points[1].x() - points[0].x()
    lead = min(lead, room - (48 if lead <= _LEAD else 26))
    if lead > 0:
        path.lineTo(points[0] + QPointF(lead, 0))
    for a, b in pairwise([path.currentPosition(), *points[1:]]):
        if abs(a.y() - b.y()) < 0.5:
            path.lineTo(b)
        else:
            pull = QPointF((b.x() - a.x()) * 0.5, 0)
            path.cubicTo(a + pull, b - pull, b)
    return path
