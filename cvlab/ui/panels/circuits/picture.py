"""Paints the whole circuit as one item: hundreds of items that each paint themselves would cost more than a frame has.

What is small and like its neighbours is painted in one stroke: all plain wires as one path, all plain nodes as two. What can be
read, or stands out, is painted by its own item.
"""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QPainter, QPainterPath, QPen, QPixmap
from PySide6.QtWidgets import QGraphicsItem, QStyleOptionGraphicsItem, QWidget

from cvlab.ui.panels.circuits.fonts import tint
from cvlab.ui.panels.circuits.node_item import MIN_DETAIL, NodeItem
from cvlab.ui.panels.circuits.wire_item import WireItem
from cvlab.ui.theme import theme

_MANY = 60
"""Nodes beyond which words need more room before they are painted."""

_MANY_DETAIL = 0.42
_PLAIN = 0.6
"""Below this scale a wire is less than a pixel wide, and is painted as one."""


class Picture(QGraphicsItem):
    """nodes, wires: those of the scene, by id. It holds no truth."""

    def __init__(self) -> None:
        super().__init__()
        self._nodes: Mapping[int, NodeItem] = {}
        self._wires: Mapping[int, WireItem] = {}
        self._area = QRectF()
        self._wire_path: QPainterPath | None = None
        self._node_paths: tuple[QPainterPath, QPainterPath] | None = None
        self._shot: tuple[object, QPixmap] | None = None
        self._view: object = None
        self.setFlag(QGraphicsItem.GraphicsItemFlag.ItemUsesExtendedStyleOption)
        self.setAcceptedMouseButtons(Qt.MouseButton.NoButton)

    def show_items(self, nodes: Mapping[int, NodeItem], wires: Mapping[int, WireItem]) -> None:
        self._nodes, self._wires = nodes, wires
        self.moved()

    def moved(self) -> None:
        """Something stands elsewhere."""
        self._wire_path = self._node_paths = self._shot = None
        area = QRectF()
        for wire in self._wires.values():
            area = area.united(wire.boundingRect())
        for node in self._nodes.values():
            area = area.united(node.boundingRect().translated(node.pos()))
        if area != self._area:
            self.prepareGeometryChange()
            self._area = area
        self.update()

    @property
    def least_detail(self) -> float:
        """The scale from which on words are painted."""
        return MIN_DETAIL if len(self._nodes) <= _MANY else _MANY_DETAIL

    # -- Qt ----------------------------------------------------------------------------------------------------------

    def boundingRect(self) -> QRectF:
        return self._area

    def shape(self) -> QPainterPath:
        return QPainterPath()

    def paint(self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None) -> None:
        detail = QStyleOptionGraphicsItem.levelOfDetailFromTransform(painter.worldTransform())
        exposed, is_read = option.exposedRect, detail >= self.least_detail
        wires = [wire for wire in self._wires.values() if exposed.intersects(wire.boundingRect())]
        is_far = not is_read and len(self._nodes) > _MANY
        if is_far and widget is not None and self._lies_still(painter, widget):
            # Other numbers, and none of them can be read: the wires and nodes are the picture that they were.
            self._paint_still(painter, widget, detail)
        else:
            self._paint_wires(painter, wires, detail)
            if is_far:
                self._paint_plain(painter)
        for wire in wires:
            if wire.is_active:
                wire.paint_active(painter, detail)
            if is_read:
                wire.paint_numbers(painter, detail)
        for node in self._nodes.values():
            place = node.pos()
            if not (is_far and node.is_plain) and exposed.intersects(node.boundingRect().translated(place)):
                painter.translate(place)
                node.paint_on(painter, detail, is_read)
                painter.translate(-place)

    def _lies_still(self, painter: QPainter, widget: QWidget) -> bool:
        """Neither the circuit nor the eye has moved since the last painting. While they do, keeping a picture is wasted."""
        transform = painter.worldTransform()
        size, ratio = widget.size().toTuple(), widget.devicePixelRatioF()
        view = (transform.m11(), transform.dx(), transform.dy(), size, ratio, theme().tokens.name)
        was, self._view = self._view, view
        return was == view and all(wire.is_known for wire in self._wires.values())

    def _paint_still(self, painter: QPainter, widget: QWidget, detail: float) -> None:
        """Wires and plain nodes, from a picture that is kept while neither they nor the eye move."""
        transform, ratio = painter.worldTransform(), widget.devicePixelRatioF()
        if self._shot is None or self._shot[0] != self._view:
            pixmap = QPixmap(widget.size() * ratio)
            pixmap.setDevicePixelRatio(ratio)
            pixmap.fill(Qt.GlobalColor.transparent)
            inner = QPainter(pixmap)
            inner.setRenderHints(painter.renderHints())
            inner.setWorldTransform(transform)
            self._paint_wires(inner, list(self._wires.values()), detail)
            self._paint_plain(inner)
            inner.end()
            self._shot = self._view, pixmap
        painter.save()
        painter.resetTransform()
        painter.drawPixmap(0, 0, self._shot[1])
        painter.restore()

    def _paint_wires(self, painter: QPainter, wires: list[WireItem], detail: float) -> None:
        painter.setBrush(Qt.BrushStyle.NoBrush)
        pen = QPen(tint("line", 0.9), 1.4 if detail >= _PLAIN else 1.0)
        pen.setCosmetic(detail < _PLAIN)
        dim = QPen(pen)
        dim.setColor(tint("line", 0.45))
        if detail < _PLAIN and all(wire.is_known for wire in self._wires.values()):
            if self._wire_path is None:
                self._wire_path = QPainterPath()
                for wire in self._wires.values():
                    self._wire_path.addPath(wire.path)
            painter.setPen(pen)
            painter.drawPath(self._wire_path)
            return
        for wire in wires:
            painter.setPen(pen if wire.is_known else dim)
            painter.drawPath(wire.path)

    def _paint_plain(self, painter: QPainter) -> None:
        if self._node_paths is None:
            self._node_paths = QPainterPath(), QPainterPath()
            for node in self._nodes.values():
                body, radius = node.body().translated(node.pos()), node.radius
                self._node_paths[node.is_input].addRoundedRect(body, radius, radius)
        for path, fill, line in zip(
            self._node_paths, (tint("raised"), tint("accent_soft")), (tint("line"), tint("accent", 0.55)), strict=True
        ):
            pen = QPen(line, 1)
            pen.setCosmetic(True)
            painter.setPen(pen)
            painter.setBrush(fill)
            painter.drawPath(path)
