"""Paints the whole circuit as one item: hundreds of items that each paint themselves would cost more than a frame has.

What is small and like its neighbours is painted in one stroke: all plain wires as one path, all plain nodes as two. What can be
read, or stands out, is painted by its own item.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QPainter, QPainterPath, QPen, QTransform
from PySide6.QtWidgets import QGraphicsItem, QStyleOptionGraphicsItem, QWidget

from cvlab.ui.panels.circuits.fonts import tint
from cvlab.ui.panels.circuits.node_item import MIN_DETAIL, NodeItem
from cvlab.ui.panels.circuits.shot import Shot
from cvlab.ui.panels.circuits.wire_item import WireItem
from cvlab.ui.theme import theme

_FEW = 12
"""So few nodes are painted sooner than a picture of them is kept."""

_MANY = 60
"""Nodes beyond which words need more room before they are painted."""

_MANY_DETAIL = 0.42
_PLAIN = 0.6
"""Below this scale a wire is less than a pixel wide, and is painted as one."""


class Picture(QGraphicsItem):
    """nodes, wires: those of the scene, by id. It holds no truth.

    is_moving: the eye moves; until it rests, what was painted is shifted and scaled.
    """

    def __init__(self) -> None:
        super().__init__()
        self.is_moving = False
        self._nodes: Mapping[int, NodeItem] = {}
        self._wires: Mapping[int, WireItem] = {}
        self._areas: list[tuple[QRectF, NodeItem]] = []
        self._area = QRectF()
        self._wire_path: QPainterPath | None = None
        self._node_paths: tuple[QPainterPath, QPainterPath] | None = None
        self._ground: Shot | None = None
        self._ground_view: object = None
        self._shot: Shot | None = None
        self.setFlag(QGraphicsItem.GraphicsItemFlag.ItemUsesExtendedStyleOption)
        self.setAcceptedMouseButtons(Qt.MouseButton.NoButton)

    def show_items(self, nodes: Mapping[int, NodeItem], wires: Mapping[int, WireItem]) -> None:
        self._nodes, self._wires = nodes, wires
        self.moved()

    def moved(self) -> None:
        """Something stands elsewhere."""
        self._wire_path = self._node_paths = self._ground = None
        self._areas = [(node.boundingRect().translated(node.pos()), node) for node in self._nodes.values()]
        area = QRectF()
        for wire in self._wires.values():
            area = area.united(wire.boundingRect())
        for own, _ in self._areas:
            area = area.united(own)
        if area != self._area:
            self.prepareGeometryChange()
            self._area = area
        self.changed()

    def changed(self) -> None:
        """Something looks different, or other numbers stand there."""
        self._shot = None
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
        transform = QTransform(painter.worldTransform())
        if widget is None or not self.is_moving or len(self._nodes) < _FEW:
            self._shot = None
            if widget is not None and len(self._nodes) >= _FEW and self._lies_still(transform, widget):
                self._paint_still(painter, transform, widget)
            else:
                self._paint_all(painter, option.exposedRect)
            return
        self._ground_view = None
        if self._shot is None or not self._shot.fits(widget, transform):
            self._shot = Shot(widget, transform, painter.renderHints(), self._area, self._paint_all)
        painter.save()
        painter.resetTransform()
        self._shot.draw(painter, transform, self._paint_all)
        painter.restore()

    def _is_far(self, transform: QTransform) -> bool:
        """So far away that no word can be read."""
        return len(self._nodes) > _MANY and transform.m11() < self.least_detail

    def _paint_all(self, painter: QPainter, exposed: QRectF) -> None:
        detail = painter.worldTransform().m11()
        is_far = self._is_far(painter.worldTransform())
        self._paint_ground(painter, exposed, detail, is_far=is_far)
        self._paint_figures(painter, exposed, detail, is_far=is_far)

    def _paint_ground(self, painter: QPainter, exposed: QRectF, detail: float, *, is_far: bool) -> None:
        """Wires, and from afar the plain nodes: what other numbers do not change."""
        self._paint_wires(painter, exposed, detail)
        if is_far:
            self._paint_plain(painter, exposed)

    def _paint_figures(self, painter: QPainter, exposed: QRectF, detail: float, *, is_far: bool) -> None:
        """What is at work, the numbers where they can be read, and the nodes with their words."""
        is_read, scene, active = detail >= self.least_detail, self.scene(), []
        for wire in self._wires.values():
            if (is_read or wire.is_active) and exposed.intersects(wire.boundingRect()):
                if wire.is_active:
                    wire.paint_active(painter)
                    active.append(wire)
                if is_read:
                    scene.fill(wire)
                    wire.paint_numbers(painter, detail)
        for wire in active:
            wire.paint_locals(painter, detail)
        for area, node in self._areas:
            if not (is_far and node.is_plain) and exposed.intersects(area):
                place = node.pos()
                painter.translate(place)
                node.paint_on(painter, detail, is_read)
                painter.translate(-place)

    def _lies_still(self, transform: QTransform, widget: QWidget) -> bool:
        """Neither the circuit nor the eye has moved since the last painting. While they do, keeping a picture is wasted."""
        view = transform, widget.size(), widget.devicePixelRatioF(), theme().tokens.name
        was, self._ground_view = self._ground_view, view
        if was != view:
            self._ground = None
        return was == view

    def _paint_still(self, painter: QPainter, transform: QTransform, widget: QWidget) -> None:
        """Other numbers: the wires, and from afar the plain nodes, are the picture that they were."""
        detail, is_far = transform.m11(), self._is_far(transform)
        exposed = transform.inverted()[0].mapRect(QRectF(widget.rect()))

        def ground(inner: QPainter, area: QRectF) -> None:
            self._paint_ground(inner, area, detail, is_far=is_far)

        if self._ground is None:
            self._ground = Shot(widget, transform, painter.renderHints(), self._area, ground)
        painter.save()
        painter.resetTransform()
        self._ground.draw(painter, transform, ground)
        painter.restore()
        self._paint_figures(painter, exposed, detail, is_far=is_far)

    def dimmed(self) -> None:
        """Other wires carry a value than before."""
        self._ground = None

    def _paint_wires(self, painter: QPainter, exposed: QRectF, detail: float) -> None:
        painter.setBrush(Qt.BrushStyle.NoBrush)
        pen = QPen(tint("line", 0.9), 1.4 if detail >= _PLAIN else 1.0)
        pen.setCosmetic(detail < _PLAIN)
        dim = QPen(pen)
        dim.setColor(tint("line", 0.45))
        is_all = exposed.contains(self._area.adjusted(8, 8, -8, -8))
        if detail < _PLAIN and is_all and all(wire.is_known for wire in self._wires.values()):
            if self._wire_path is None:
                self._wire_path = QPainterPath()
                for wire in self._wires.values():
                    self._wire_path.addPath(wire.path)
            painter.setPen(pen)
            painter.drawPath(self._wire_path)
            return
        for wire in self._wires.values():
            if exposed.intersects(wire.boundingRect()):
                painter.setPen(pen if wire.is_known else dim)
                painter.drawPath(wire.path_in(exposed))

    def _paint_plain(self, painter: QPainter, exposed: QRectF) -> None:
        if exposed.contains(self._area):
            if self._node_paths is None:
                self._node_paths = self._bodies(list(self._nodes.values()))
            paths = self._node_paths
        else:
            paths = self._bodies([node for area, node in self._areas if exposed.intersects(area)])
        for path, fill, line in zip(
            paths, (tint("raised"), tint("accent_soft")), (tint("line"), tint("accent", 0.55)), strict=True
        ):
            pen = QPen(line, 1)
            pen.setCosmetic(True)
            painter.setPen(pen)
            painter.setBrush(fill)
            painter.drawPath(path)

    @staticmethod
    def _bodies(nodes: Sequence[NodeItem]) -> tuple[QPainterPath, QPainterPath]:
        """The outlines of gates, and of inputs."""
        found = QPainterPath(), QPainterPath()
        for node in nodes:
            found[node.is_input].addRoundedRect(node.body().translated(node.pos()), node.radius, node.radius)
        return found
