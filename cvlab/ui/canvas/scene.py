"""The picture of a net: it follows the document by comparing what it shows with what it is given, and never edits it."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

from PySide6.QtCore import QEasingCurve, QObject, QPointF, QRectF, QVariantAnimation
from PySide6.QtGui import QColor, QPainter, QPen, QRegion
from PySide6.QtWidgets import QGraphicsScene

from cvlab.engine.nets.architecture import Architecture
from cvlab.engine.nets.shapes import NetReport, infer
from cvlab.ui.canvas.badge import badge_of
from cvlab.ui.canvas.block import BlockItem
from cvlab.ui.canvas.card import BODY
from cvlab.ui.canvas.face import Faces
from cvlab.ui.canvas.frame import FrameItem
from cvlab.ui.canvas.hits import Hits
from cvlab.ui.canvas.landing import Landing, landings
from cvlab.ui.canvas.layout import Arrangement, arrange, layer_places
from cvlab.ui.canvas.sketch import Point, Port, Sketch, Strand, WireKey, draws_alike, sketch
from cvlab.ui.canvas.slot import SlotItem
from cvlab.ui.canvas.wire import WireItem
from cvlab.ui.theme import theme

if TYPE_CHECKING:
    from cvlab.engine.nets.advice import Advice

SLIDE_MS = 180
"""How long blocks take to slide to a new place."""

_DOT_GAP = 24
_NUDGE = 12.0
_TURN = 36.0
"""Room for what lies around blocks: wires that turn, frames."""


class NetScene(Hits, QGraphicsScene):
    """Blocks, wires and frames of one net. `show_net`, `show_batch` and `show_selected` are all that changes it; gestures add
    passing hints. Blocks go by block ids: a layer's, or that of a collapsed group.

    state: counts the changes of what can be told from afar: where blocks stand, their colours, errors. asked: the part of the
    view that is painted just now, for items that need not paint all of themselves."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        # Tens of items: the index would cost more than it saves, and it keeps pointers to items that are gone.
        self.setItemIndexMethod(QGraphicsScene.ItemIndexMethod.NoIndex)
        self.net = Architecture()
        self.report = NetReport({})
        self.drawing: Sketch = sketch(self.net)
        self.arrangement = Arrangement({}, {}, {})
        self.columns, self.batch = 3, 1
        self.blocks: dict[int, BlockItem] = {}
        self.wires: dict[WireKey, WireItem] = {}
        self.frames: dict[int, FrameItem] = {}
        self._strands: dict[WireKey, Strand] = {}
        self._touching: dict[int, list[Strand]] = {}
        self._leaving: dict[int, list[WireItem]] = {}
        self._content: tuple[Arrangement, QRectF] | None = None
        self._faces = Faces()
        self.state = 0
        self.asked: QRegion | None = None
        self.slide_ms = SLIDE_MS
        self._hovered: BlockItem | WireItem | None = None
        self._badged: BlockItem | None = None
        self._landing: Landing | None = None
        self._slot = SlotItem()
        self.addItem(self._slot)
        self._chosen: tuple[set[int], Sketch] = (set(), self.drawing)
        self._framed: dict[int, tuple[int, ...]] = {}
        self._within: dict[int, int] = {}
        self._from: dict[int, QPointF] = {}
        self._arranged: tuple[int, int] = (0, 0)
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
        old, self.net, self.report = self.net, net, infer(net)
        if draws_alike(net, old):  # settings only: every block stays where it is
            self._show_faces()
            return
        drawing = sketch(net)
        if drawing == self.drawing and net.groups == old.groups:
            self._show_faces()
            self._settle(())
            return
        self.drawing = drawing
        self._strands = {strand.key: strand for strand in self.drawing.strands}
        self._touching = {block: [] for block in self.drawing.members}
        for strand in self.drawing.strands:
            self._touching[strand.source].append(strand)
            self._touching[strand.target].append(strand)
        for key in [key for key in self.wires if key not in self._strands]:  # wires first: they hang on blocks
            self._drop_item(self.wires.pop(key))
        for block in [block for block in self.blocks if block not in self.drawing.members]:
            self._drop_item(self.blocks.pop(block))
        fresh = self._show_faces()
        for key in self._strands.keys() - self.wires.keys():
            self.wires[key] = WireItem(key)
            self.addItem(self.wires[key])
        self._leaving = {block: [] for block in self.drawing.members}
        for key, wire in self.wires.items():
            self._leaving[self._strands[key].source].append(wire)
        for block in self.drawing.members:
            self._show_labels(block)
        self._show_frames()
        self._settle(fresh)

    def _show_faces(self) -> list[int]:
        """New faces go to the blocks and to the labels of the wires that leave them. Returns the blocks that are new."""
        fresh = []
        for block, face in self._faces.follow(self.net, self.report, self.drawing, self.batch).items():
            if block in self.blocks:
                told = self.blocks[block].face
                self.blocks[block].show_face(face)
                if face.shape != told.shape:
                    self._show_labels(block)
                if face.error != told.error or face.role != told.role:
                    self.state += 1
            else:
                self.blocks[block] = BlockItem(block, face)
                self.addItem(self.blocks[block])
                fresh.append(block)
        return fresh

    def _show_labels(self, block: int) -> None:
        volume = self.blocks[block].face.volume
        for wire in self._leaving.get(block, ()):
            wire.show_label(volume)

    def _show_frames(self) -> None:
        home = self.drawing.home
        opened = {group.id: group for group in self.net.groups if not self.drawing.is_hidden(group)}
        for group_id in [group_id for group_id in self.frames if group_id not in opened]:
            self._drop_item(self.frames.pop(group_id))
        for group_id, group in opened.items():
            if group_id not in self.frames:
                self.frames[group_id] = FrameItem(group_id)
                self.addItem(self.frames[group_id])
            members = set(group.members)
            around = sum(members < set(other.members) for other in self.net.groups)
            self.frames[group_id].show_group(group.name, group.times, around)
        self._framed = {group_id: tuple({home[i]: 0 for i in opened[group_id].members}) for group_id in opened}
        self._within = {
            group_id: sum(set(other.members) < set(opened[group_id].members) for other in opened.values())
            for group_id in opened
        }

    def show_batch(self, batch: int) -> None:
        """So many images at once, for the memory that blocks tell."""
        if batch != self.batch:
            self.batch = batch
            self._show_faces()

    def show_advice(self, advice: Sequence[Advice]) -> None:
        """A badge for every block that something is advised on; those on a folded group's layers are the group's."""
        by_block: dict[int, list[Advice]] = {}
        for each in advice:
            if each.node in self.drawing.home:
                by_block.setdefault(self.drawing.home[each.node], []).append(each)
        for block, item in self.blocks.items():
            item.show_badge(badge_of(by_block.get(block, ()), has_error=bool(item.face.error)))

    def show_columns(self, columns: int) -> None:
        """So many blocks a row from now on."""
        if columns != self.columns:
            self.columns = columns
            self._settle(())

    def show_selected(self, node_ids: Collection[int]) -> None:
        """A block is shown as chosen when all that it stands for is."""
        chosen = set(node_ids)
        if self._chosen[0] == chosen and self._chosen[1] is self.drawing:
            return
        self._chosen = chosen, self.drawing
        for block, item in self.blocks.items():
            item.show_chosen(chosen.issuperset(self.drawing.members[block]))
        for group_id, frame in self.frames.items():
            frame.show_chosen(chosen == set(self.net.group_by_id[group_id].members))

    def clear_net(self) -> None:
        """Takes everything down in a safe order: wires before the blocks they hang on."""
        self._slide.stop()
        self._hovered = self._badged = None
        for item in (*self.wires.values(), *self.blocks.values(), *self.frames.values(), self._slot):
            self.removeItem(item)
        self.wires.clear()
        self._leaving.clear()
        self.blocks.clear()
        self.frames.clear()

    def _drop_item(self, item: BlockItem | WireItem | FrameItem) -> None:
        if item is self._hovered:
            self._hovered = None
        if item is self._badged:
            self._badged = None
        self.removeItem(item)

    # -- places ----------------------------------------------------------------------------------------------------

    @property
    def places(self) -> dict[int, Point]:
        return self.arrangement.places

    def _settle(self, fresh: Iterable[int]) -> None:
        """Sends every block to its place; new ones appear there."""
        if self._arranged != (id(self.drawing), self.columns):
            self._arranged = (id(self.drawing), self.columns)
            self.arrangement = arrange(self.net, self.drawing, self.columns)
            for node_id, found in self.arrangement.sides.items():
                self.blocks[node_id].show_sides(found)
        elif self.is_settled and not fresh:
            return
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

    def route(self, blocks: Collection[int]) -> None:
        """Lays the wires of these blocks anew, and the frames around them."""
        self.state += 1
        for strand in {strand.key: strand for block in blocks for strand in self._touching[block]}.values():
            source, target = self.blocks[strand.source], self.blocks[strand.target]
            # A wire goes around others only where both its ends stand at their places.
            at_home = self._is_home(strand.source) and self._is_home(strand.target)
            bends = self.arrangement.bends.get(strand.key, ()) if at_home else ()
            self.wires[strand.key].route(
                source.out_point(), source.sides.out, target.into_point(strand.port), target.sides.into, bends
            )
        for group_id, members in self._framed.items():
            if not set(members).isdisjoint(blocks):
                areas = [BODY.translated(self.blocks[block].pos()) for block in members]
                self.frames[group_id].surround(areas, self._within[group_id])

    def _is_home(self, block: int) -> bool:
        here, place = self.blocks[block].pos(), self.places[block]
        return abs(here.x() - place.x) < 2 * _NUDGE and abs(here.y() - place.y) < 2 * _NUDGE

    def content(self) -> QRectF:
        """What a view has to show: every block at its place, with the room that wires and labels need."""
        if self._content is None or self._content[0] is not self.arrangement:
            self._content = self.arrangement, self._find_content()
        return QRectF(self._content[1])

    def _find_content(self) -> QRectF:
        area = QRectF()
        for place in self.places.values():
            area = area.united(BODY.translated(*place))
        for bends in self.arrangement.bends.values():
            turn = _TURN if len(bends) > 2 else 0.0  # where it goes round the end of a row
            for bend in bends:
                area = area.united(QRectF(bend.x - turn, bend.y - 4, 1 + 2 * turn, 8))
        if self._framed:
            area.adjust(-_TURN / 2, -_TURN, _TURN / 2, _TURN / 2)
        return area

    # -- what is where ---------------------------------------------------------------------------------------------

    def landings(self, arity: int, moving: Collection[int] = ()) -> list[Landing]:
        return landings(self.drawing, self.places, self.arrangement.sides, arity, moving)

    def layer_places(self, places: Mapping[int, Point]) -> dict[int, Point]:
        """Places of blocks as places of layers: what a folded group stands for moves with it, in its own arrangement."""
        return layer_places(self.net, self.drawing, places, self.columns)

    def members(self, blocks: Collection[int]) -> tuple[int, ...]:
        """The layers that these blocks stand for."""
        return tuple(node_id for block in blocks for node_id in self.drawing.members[block])

    def blocks_of(self, node_ids: Collection[int]) -> tuple[int, ...]:
        """The blocks that show these layers."""
        return tuple({self.drawing.home[i]: None for i in node_ids if i in self.drawing.home})

    def port(self, block: int, port: int) -> Port:
        """The document's port behind a block's."""
        return self.drawing.ports[block][port]

    def name(self, block: int) -> str:
        return self.net.group_by_id[block].name if self.drawing.is_group(block) else self.net.by_id[block].name

    # -- passing hints ---------------------------------------------------------------------------------------------

    def show_hovered(self, item: BlockItem | WireItem | None, badged: BlockItem | None = None) -> None:
        """badged: the block whose badge the pointer is on."""
        for block in filter(None, (self._badged, badged)):
            block.show_badge_hovered(block is badged)
        self._badged = badged
        if item is self._hovered:
            return
        for changed, on in ((self._hovered, False), (item, True)):
            if isinstance(changed, BlockItem):
                changed.show_hovered(on)
            elif changed is not None and changed.look in ("plain", "hovered"):
                changed.show_look("hovered" if on else "plain")
        self._hovered = item

    def show_offers(self, ports: Iterable[tuple[int, int]]) -> None:
        """Inputs that a wire in the hand may end at, as (block, port)."""
        by_block: dict[int, set[int]] = {}
        for block, port in ports:
            by_block.setdefault(block, set()).add(port)
        for block, item in self.blocks.items():
            item.show_offers(frozenset(by_block.get(block, ())))

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
            wire = self.wires.get(old.wire) if old.wire else None
            if wire is not None:
                wire.show_look("target" if on else "plain")
            self._nudge(old, _NUDGE if on else 0.0, moving)
        self._landing = landing
        self._slot.show_at(QPointF(*landing.middle) if landing else None)

    def _nudge(self, landing: Landing, distance: float, moving: Collection[int]) -> None:
        along = QPointF(*landing.end) - QPointF(*landing.start)
        length = max((along.x() ** 2 + along.y() ** 2) ** 0.5, 1.0)
        step = along / length * distance
        for node_id, shift in zip(landing.blocks, (-step, step), strict=True):
            if node_id in self.blocks and node_id not in moving:
                self.carry({node_id: QPointF(*self.places[node_id]) + shift})

    # -- Qt --------------------------------------------------------------------------------------------------------

    def drawBackground(self, painter: QPainter, rect: QRectF) -> None:
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)  # a view's cache of its background is made without
        painter.fillRect(rect, theme().colour("sunken"))
        scale = painter.worldTransform().m11()
        gap = _DOT_GAP if scale > 0.5 else _DOT_GAP * 4
        colour = QColor(theme().colour("faint"))
        left, top = int(rect.left() // gap) * gap, int(rect.top() // gap) * gap
        side = 1.6 / max(scale, 0.4)
        across, down = range(left, int(rect.right()) + gap, gap), range(top, int(rect.bottom()) + gap, gap)
        painter.setPen(QPen(colour, side))
        painter.drawPoints([QPointF(x, y) for x in across for y in down])

    @contextmanager
    def uncached(self) -> Iterator[None]:
        """Blocks without their pixel caches, for a picture of another kind or size."""
        for item in self.blocks.values():
            item.show_on_paper(True)
        yield
        for item in self.blocks.values():
            item.show_on_paper(False)

    def _repaint(self) -> None:
        for item in self.items():
            item.update()
        self.invalidate()
