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
from cvlab.ui.canvas.scene import NetScene
from cvlab.ui.canvas.sketch import Point
from cvlab.ui.theme import theme

SNAP = 8.0
GHOST_AWAY = 14.0
"""A layer from the palette hangs so far right of and below the pointer, so that the pointer can be seen."""


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
            self.edits.insert(self._layer, None, None, snapped(point.x() + GHOST_AWAY, point.y() + GHOST_AWAY))
        else:
            self.edits.insert(self._layer, None, None)

    def cancel(self) -> None:
        self.scene.show_landing(None)

    def _landing(self, point: QPointF) -> Landing | None:
        return nearest(self._choices, self.scene.places, point.x(), point.y())


class MoveBlocks(Gesture):
    """Blocks are carried about: one that is let go over a wire moves there in the chain; in the open it just stands there."""

    def __init__(self, scene: NetScene, edits: NetEdits, blocks: Sequence[int], start: QPointF) -> None:
        super().__init__(scene, edits)
        self._blocks = tuple(blocks)
        self._start = start
        self._homes = {block: scene.blocks[block].pos() for block in self._blocks}
        self._choices = []
        if len(self._blocks) == 1 and not scene.drawing.is_group(self._blocks[0]):
            arity = scene.net.by_id[self._blocks[0]].layer.arity
            self._choices = scene.landings(arity, self._blocks) if arity else []
        for block in self._blocks:
            scene.blocks[block].show_lifted(True)

    def move(self, point: QPointF) -> None:
        shift = point - self._start
        self.scene.carry({block: home + shift for block, home in self._homes.items()})
        landing = self._landing(point)
        self.scene.show_landing(landing, self._blocks)
        self.words = _where(self.scene, landing)

    def finish(self, point: QPointF) -> None:
        landing = self._landing(point)
        self._put_down()
        shift = point - self._start
        if landing is not None:
            self.edits.reorder(self._blocks[0], landing.after, landing.before)
        elif self._is_home(point):
            self.scene.send_home()
        else:
            goals = {b: snapped(home.x() + shift.x(), home.y() + shift.y()) for b, home in self._homes.items()}
            self.edits.move(self.scene.layer_places(goals))
        self.scene.send_home()

    def cancel(self) -> None:
        self._put_down()
        self.scene.send_home()

    def _put_down(self) -> None:
        self.scene.show_landing(None, self._blocks)
        for block in self._blocks:
            self.scene.blocks[block].show_lifted(False)

    def _is_home(self, point: QPointF) -> bool:
        """Let go where it was picked up, or nearly: a slip of the hand is no edit."""
        shift = point - self._start
        return max(abs(shift.x()), abs(shift.y())) < 2 * SNAP

    def _landing(self, point: QPointF) -> Landing | None:
        if self._is_home(point) or not self._choices:
            return None
        return nearest(self._choices, self.scene.places, point.x(), point.y(), self._blocks)


class Lasso(Gesture):
    """A rectangle drawn in the open; `caught` are the layers of the blocks that it touches."""

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
            block
            for block, item in self.scene.blocks.items()
            if area.intersects(item.shape().boundingRect().translated(item.pos()))
        ]
        self.caught = tuple(dict.fromkeys((*self._kept, *self.scene.members(touched))))
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


def snapped(x: float, y: float) -> Point:
    return Point(round(x / SNAP) * SNAP, round(y / SNAP) * SNAP)
