"""The picture of a net: it follows the document by comparing what it shows with what it is given, and never edits it."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

from PySide6.QtCore import QEasingCurve, QObject, QPointF, QRectF, QVariantAnimation
from PySide6.QtGui import QColor, QPainter
from PySide6.QtWidgets import QGraphicsScene

from cvlab.engine.nets.architecture import Architecture
from cvlab.engine.nets.shapes import NetReport, infer
from cvlab.ui.canvas.block import BODY, BlockItem
from cvlab.ui.canvas.face import faces
from cvlab.ui.canvas.landing import Landing, landings
from cvlab.ui.canvas.layout import Point, arrange, sides
from cvlab.ui.canvas.slot import SlotItem
from cvlab.ui.canvas.wire import WireItem
from cvlab.ui.theme import theme

SLIDE_MS = 180
"""How long blocks take to slide to a new place."""

GRAB = 14.0
"""A port can be grabbed within so many canvas pixels."""

_DOT_GAP = 24
_NUDGE = 12.0
WireKey = tuple[int, int, int]


class NetScene(QGraphicsScene):
    """Blocks and wires of one net. `show_net` and `show_selected` are all that changes it; gestures add passing hints."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        # Tens of items: the index would cost more than it saves, and it keeps pointers to items that are gone.
        self.setItemIndexMethod(QGraphicsScene.ItemIndexMethod.NoIndex)
        self.net = Architecture()
        self.report = NetReport({})
        self.columns = 3
        self.blocks: dict[int, BlockItem] = {}
        self.wires: dict[WireKey, WireItem] = {}
        self.places: dict[int, Point] = {}
        self.slide_ms = SLIDE_MS
        self._hovered: BlockItem | WireItem | None = None
        self._landing: Landing | None = None
        self._slot = SlotItem()
        self.addItem(self._slot)
        self._from: dict[int, QPointF] = {}
        self._slide = QVariantAnimation(self)
        self._slide.setStartValue(0.0)
        self._slide.setEndValue(1.0)
        self._slide.setEasingCurve(QEasingCurve.Type.OutCubic)
        self._slide.valueChanged.connect(self._slide_to)
        theme().changed.connect(self._repaint)

    # -- following the document ------------------------------------------------------------------------------------

    def show_net(self, net: Architecture) -> None:
        """Adds, changes, moves and removes what differs from the net shown before. O(layers)."""
        self.show_landing(None)
        self.net, self.report = net, infer(net)
        wanted = {(edge.source, edge.target, edge.port) for edge in net.edges}
        for key in [key for key in self.wires if key not in wanted]:  # wires first: they hang on blocks
            self._drop_item(self.wires.pop(key))
        for node_id in [node_id for node_id in self.blocks if node_id not in net.by_id]:
            self._drop_item(self.blocks.pop(node_id))
        fresh = []
        for node_id, face in faces(net, self.report).items():
            if node_id in self.blocks:
                self.blocks[node_id].show_face(face)
            else:
                self.blocks[node_id] = BlockItem(node_id, face)
                self.addItem(self.blocks[node_id])
                fresh.append(node_id)
        for key in wanted - self.wires.keys():
            self.wires[key] = WireItem(key)
            self.addItem(self.wires[key])
        for key, wire in self.wires.items():
            wire.show_label(self.blocks[key[0]].face.volume)
        self._settle(fresh)

    def show_columns(self, columns: int) -> None:
        """So many blocks a row from now on."""
        if columns != self.columns:
            self.columns = columns
            self._settle(())

    def show_selected(self, node_ids: Collection[int]) -> None:
        for node_id, block in self.blocks.items():
            block.show_chosen(node_id in node_ids)

    def clear_net(self) -> None:
        """Takes everything down in a safe order: wires before the blocks they hang on."""
        self._slide.stop()
        self._hovered = None
        for item in (*self.wires.values(), *self.blocks.values(), self._slot):
            self.removeItem(item)
        self.wires.clear()
        self.blocks.clear()

    def _drop_item(self, item: BlockItem | WireItem) -> None:
        if item is self._hovered:
            self._hovered = None
        self.removeItem(item)

    # -- places ----------------------------------------------------------------------------------------------------

    def _settle(self, fresh: Iterable[int]) -> None:
        """Sends every block to its place; new ones appear there."""
        self.places = arrange(self.net, self.columns)
        for node_id, found in sides(self.net, self.places).items():
            self.blocks[node_id].show_sides(found)
        for node_id in fresh:
            self.blocks[node_id].setPos(QPointF(*self.places[node_id]))
        self.send_home()

    def send_home(self) -> None:
        """Blocks that a gesture has carried off slide back to where the document has them."""
        self._from = {i: block.pos() for i, block in self.blocks.items() if block.pos() != QPointF(*self.places[i])}
        self._slide.stop()
        if self._from and self.slide_ms and self.views():
            self._slide.setDuration(self.slide_ms)
            self._slide.start()
        else:
            self._slide_to(1.0)
        self.route(self.blocks)

    def finish_slide(self) -> None:
        """Every block at its place at once, for a picture."""
        self._slide.stop()
        self._slide_to(1.0)

    @property
    def is_settled(self) -> bool:
        return all(block.pos() == QPointF(*self.places[i]) for i, block in self.blocks.items())

    def _slide_to(self, share: float) -> None:
        moved = [node_id for node_id in self._from if node_id in self.blocks]
        for node_id in moved:
            start, goal = self._from[node_id], QPointF(*self.places[node_id])
            self.blocks[node_id].setPos(goal if share >= 1 else start + (goal - start) * share)
        self.route(moved)

    def carry(self, places: Mapping[int, QPointF]) -> None:
        """A gesture holds these blocks over these places; only they and their wires are touched."""
        for node_id, place in places.items():
            self.blocks[node_id].setPos(place)
        self.route(places)

    def route(self, node_ids: Collection[int]) -> None:
        """Lays the wires of these blocks anew."""
        touched = set()
        for node_id in node_ids:
            touched.update((edge.source, edge.target, edge.port) for edge in self.net.into(node_id))
            touched.update((edge.source, edge.target, edge.port) for edge in self.net.out_of(node_id))
        for key in touched:
            source, target = self.blocks[key[0]], self.blocks[key[1]]
            self.wires[key].route(source.out_point(), source.sides.out, target.into_point(key[2]), target.sides.into)

    def content(self) -> QRectF:
        """What a view has to show: every block at its place, with the room that wires and labels need."""
        area = QRectF()
        for place in self.places.values():
            area = area.united(BODY.translated(*place))
        return area

    # -- what is where ---------------------------------------------------------------------------------------------

    def block_at(self, point: QPointF) -> BlockItem | None:
        hits = [b for b in self.blocks.values() if BODY.contains(point - b.pos())]
        return max(hits, key=lambda block: block.zValue(), default=None)

    def wire_at(self, point: QPointF) -> WireItem | None:
        return next((wire for wire in self.wires.values() if wire.shape().contains(point)), None)

    def out_port_at(self, point: QPointF) -> int | None:
        """The id of the block whose output port is within reach."""
        return next((i for i, block in self.blocks.items() if _near(block.out_point(), point)), None)

    def into_port_at(self, point: QPointF, reach: float = GRAB) -> tuple[int, int] | None:
        """(block id, port) of the input port within reach."""
        for node_id, block in self.blocks.items():
            for port in range(block.face.ports):
                if _near(block.into_point(port), point, reach):
                    return node_id, port
        return None

    def landings(self, arity: int, moving: Collection[int] = ()) -> list[Landing]:
        found = {node_id: block.sides for node_id, block in self.blocks.items()}
        return landings(self.net, self.places, found, arity, moving)

    # -- passing hints ---------------------------------------------------------------------------------------------

    def show_hovered(self, item: BlockItem | WireItem | None) -> None:
        if item is self._hovered:
            return
        for changed, on in ((self._hovered, False), (item, True)):
            if isinstance(changed, BlockItem):
                changed.show_hovered(on)
            elif changed is not None and changed.look in ("plain", "hovered"):
                changed.show_look("hovered" if on else "plain")
        self._hovered = item

    def show_chosen_wire(self, key: WireKey | None) -> None:
        for other, wire in self.wires.items():
            wire.show_look("chosen" if other == key else "plain")

    def show_landing(self, landing: Landing | None, moving: Collection[int] = ()) -> None:
        """Opens a gap where a layer would land: the wire lights up, a slot appears, the neighbours step aside."""
        if landing == self._landing:
            return
        for old, on in ((self._landing, False), (landing, True)):
            if old is None:
                continue
            wire = next((w for k, w in self.wires.items() if k[:2] == (old.after, old.before)), None)
            if wire is not None:
                wire.show_look("target" if on else "plain")
            self._nudge(old, _NUDGE if on else 0.0, moving)
        self._landing = landing
        self._slot.show_at(QPointF(*landing.middle) if landing else None)

    def _nudge(self, landing: Landing, distance: float, moving: Collection[int]) -> None:
        along = QPointF(*landing.end) - QPointF(*landing.start)
        length = max((along.x() ** 2 + along.y() ** 2) ** 0.5, 1.0)
        step = along / length * distance
        for node_id, shift in ((landing.after, -step), (landing.before, step)):
            if node_id in self.blocks and node_id not in moving:
                self.carry({node_id: QPointF(*self.places[node_id]) + shift})

    # -- Qt --------------------------------------------------------------------------------------------------------

    def drawBackground(self, painter: QPainter, rect: QRectF) -> None:
        painter.fillRect(rect, theme().colour("sunken"))
        scale = painter.worldTransform().m11()
        gap = _DOT_GAP if scale > 0.5 else _DOT_GAP * 4
        colour = QColor(theme().colour("faint"))
        left, top = int(rect.left() // gap) * gap, int(rect.top() // gap) * gap
        side = 1.6 / max(scale, 0.4)
        for x in range(left, int(rect.right()) + gap, gap):
            for y in range(top, int(rect.bottom()) + gap, gap):
                painter.fillRect(QRectF(x - side / 2, y - side / 2, side, side), colour)

    def _repaint(self) -> None:
        for item in self.items():
            item.update()
        self.invalidate()


def _near(port: QPointF, point: QPointF, reach: float = GRAB) -> bool:
    away = port - point
    return away.x() ** 2 + away.y() ** 2 <= reach**2
