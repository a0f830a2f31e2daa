"""What a person does with the pointer, one object a gesture: start (by making it), move, finish, or cancel.

A gesture shows passing hints on the scene while it lasts. Only `finish` edits, once; `cancel` leaves no trace.
"""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QPointF, QRectF
from PySide6.QtGui import QPainterPath
from PySide6.QtWidgets import QGraphicsPathItem

from cvlab.engine.nets.layers import REGISTRY
from cvlab.ui.canvas.edits import NetEdits
from cvlab.ui.canvas.landing import Landing, nearest
from cvlab.ui.canvas.layout import Point
from cvlab.ui.canvas.scene import NetScene
from cvlab.ui.canvas.wire import WireItem
from cvlab.ui.theme import theme

SNAP = 8.0
GHOST_AWAY = 14.0
"""A layer from the palette hangs so far right of and below the pointer, so that the pointer can be seen."""

PORT_REACH = 30.0
"""A wire in the hand jumps to a port within so many canvas pixels."""


class Gesture:
    """Positions are scene pixels. `words` is what to say beside the pointer, `is_refused` whether it is a no."""

    def __init__(self, scene: NetScene, edits: NetEdits) -> None:
        self.scene, self.edits = scene, edits
        self.words = ""
        self.is_refused = False

    def move(self, point: QPointF) -> None: ...

    def finish(self, point: QPointF) -> None: ...

    def cancel(self) -> None: ...


class PlaceLayer(Gesture):
    """A new layer comes from the palette: onto a wire, to an open end, or loose where there is room."""

    def __init__(self, scene: NetScene, edits: NetEdits, kind: str) -> None:
        super().__init__(scene, edits)
        self._layer = REGISTRY[kind]()
        self._choices = scene.landings(self._layer.arity)

    def move(self, point: QPointF) -> None:
        landing = self._landing(point)
        self.scene.show_landing(landing)
        self.words = _where(self.scene, landing) if self._choices else ""

    def finish(self, point: QPointF) -> None:
        landing = self._landing(point)
        self.scene.show_landing(None)
        if landing is not None:
            self.edits.insert(self._layer, landing.after, landing.before)
        elif self.scene.net.nodes:
            self.edits.insert(self._layer, None, None, _snapped(point.x() + GHOST_AWAY, point.y() + GHOST_AWAY))
        else:
            self.edits.insert(self._layer, None, None)

    def cancel(self) -> None:
        self.scene.show_landing(None)

    def _landing(self, point: QPointF) -> Landing | None:
        return nearest(self._choices, self.scene.places, point.x(), point.y())


class MoveBlocks(Gesture):
    """Blocks are carried about: one that is let go over a wire moves there in the chain; in the open it just stands there."""

    def __init__(self, scene: NetScene, edits: NetEdits, node_ids: Sequence[int], start: QPointF) -> None:
        super().__init__(scene, edits)
        self._ids = tuple(node_ids)
        self._start = start
        self._homes = {node_id: scene.blocks[node_id].pos() for node_id in self._ids}
        arity = scene.net.by_id[self._ids[0]].layer.arity
        self._choices = scene.landings(arity, self._ids) if len(self._ids) == 1 and arity else []
        for node_id in self._ids:
            scene.blocks[node_id].show_lifted(True)

    def move(self, point: QPointF) -> None:
        shift = point - self._start
        self.scene.carry({node_id: home + shift for node_id, home in self._homes.items()})
        landing = self._landing(point)
        self.scene.show_landing(landing, self._ids)
        self.words = _where(self.scene, landing)

    def finish(self, point: QPointF) -> None:
        landing = self._landing(point)
        self._put_down()
        shift = point - self._start
        if landing is not None:
            self.edits.reorder(self._ids[0], landing.after, landing.before)
        elif self._is_home(point):
            self.scene.send_home()
        else:
            homes = self._homes.items()
            self.edits.move({i: _snapped(home.x() + shift.x(), home.y() + shift.y()) for i, home in homes})
        self.scene.send_home()

    def cancel(self) -> None:
        self._put_down()
        self.scene.send_home()

    def _put_down(self) -> None:
        self.scene.show_landing(None, self._ids)
        for node_id in self._ids:
            self.scene.blocks[node_id].show_lifted(False)

    def _is_home(self, point: QPointF) -> bool:
        """Let go where it was picked up, or nearly: a slip of the hand is no edit."""
        shift = point - self._start
        return max(abs(shift.x()), abs(shift.y())) < 2 * SNAP

    def _landing(self, point: QPointF) -> Landing | None:
        if self._is_home(point):
            return None
        return nearest(self._choices, self.scene.places, point.x(), point.y(), self._ids)


class DrawWire(Gesture):
    """A wire from an output port to the port where it is let go. `lifted`: the wire end (block, port) that is in the hand."""

    def __init__(self, scene: NetScene, edits: NetEdits, source: int, lifted: tuple[int, int] | None = None) -> None:
        super().__init__(scene, edits)
        self._source, self._lifted = source, lifted
        self._wire = WireItem(None)
        self._wire.setZValue(6)
        scene.addItem(self._wire)
        self._old = scene.wires.get((source, *lifted)) if lifted else None
        if self._old is not None:
            self._old.hide()

    def move(self, point: QPointF) -> None:
        block = self.scene.blocks[self._source]
        target = self.scene.into_port_at(point, PORT_REACH)
        self.words = self._why_not(target) if target else ""
        self.is_refused = bool(self.words)
        self._wire.show_look("refused" if self.is_refused else "drawing")
        if target and not self.is_refused:
            other = self.scene.blocks[target[0]]
            self.words = f"Wire {self._name(self._source)} to {self._name(target[0])}"
            self._wire.route(block.out_point(), block.sides.out, other.into_point(target[1]), other.sides.into)
        else:
            self._wire.route(block.out_point(), block.sides.out, point, None)

    def finish(self, point: QPointF) -> None:
        target = self.scene.into_port_at(point, PORT_REACH)
        self.cancel()
        if target is None:
            if self._lifted:
                self.edits.disconnect(*self._lifted)
        elif not self._why_not(target):
            if self._lifted:
                self.edits.rewire(self._lifted, self._source, *target)
            else:
                self.edits.connect(self._source, *target)

    def cancel(self) -> None:
        self.scene.removeItem(self._wire)
        if self._old is not None:
            self._old.show()

    def _why_not(self, target: tuple[int, int]) -> str:
        return self.edits.why_not(self._source, *target, lifted=self._lifted)

    def _name(self, node_id: int) -> str:
        return self.scene.net.by_id[node_id].name


class Lasso(Gesture):
    """A rectangle drawn in the open; `caught` are the blocks that it touches."""

    def __init__(self, scene: NetScene, edits: NetEdits, start: QPointF, kept: Sequence[int] = ()) -> None:
        super().__init__(scene, edits)
        self._start, self._kept = start, tuple(kept)
        self.caught = self._kept
        self._frame = QGraphicsPathItem()
        self._frame.setZValue(7)
        self._frame.setPen(theme().colour("accent"))
        self._frame.setBrush(theme().colour("accent", 0.12))
        scene.addItem(self._frame)

    def move(self, point: QPointF) -> None:
        area = QRectF(self._start, point).normalized()
        path = QPainterPath()
        path.addRect(area)
        self._frame.setPath(path)
        touched = [
            i
            for i, block in self.scene.blocks.items()
            if area.intersects(block.shape().boundingRect().translated(block.pos()))
        ]
        self.caught = tuple(dict.fromkeys((*self._kept, *touched)))
        self.scene.show_selected(self.caught)

    def finish(self, point: QPointF) -> None:
        self.scene.removeItem(self._frame)

    def cancel(self) -> None:
        self.scene.removeItem(self._frame)
        self.caught = self._kept
        self.scene.show_selected(self._kept)


def _where(scene: NetScene, landing: Landing | None) -> str:
    if landing is None:
        return ""
    after = scene.net.by_id[landing.after].name if landing.after is not None else ""
    before = scene.net.by_id[landing.before].name if landing.before is not None else ""
    if after and before:
        return f"Between {after} and {before}"
    return f"After {after}" if after else f"Before {before}"


def _snapped(x: float, y: float) -> Point:
    return Point(round(x / SNAP) * SNAP, round(y / SNAP) * SNAP)
