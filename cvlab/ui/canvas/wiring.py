"""Gestures that draw wires: from an output, from an input backwards, or with one end of a wire that is there."""

from __future__ import annotations

from PySide6.QtCore import QPointF

from cvlab.ui.canvas.edits import NetEdits
from cvlab.ui.canvas.gesture import Gesture
from cvlab.ui.canvas.layout import OPPOSITE
from cvlab.ui.canvas.scene import NetScene
from cvlab.ui.canvas.sketch import Port, Strand
from cvlab.ui.canvas.wire import WireItem

REACH = 36.0
"""A wire in the hand jumps to an open port within so many canvas pixels, and to the one that is free over a block."""


class DrawWire(Gesture):
    """A wire from the output of the block `source` to where it is let go.

    lifted: the wire that is in the hand by its end. Every input that it may end at lights up; the others say why not.
    by_key: the arrows lead it from port to port (`aim`), Enter lets it go.
    let_go: where it was let go in the open, with the layer that it comes from: a place for a new layer. None otherwise.
    """

    def __init__(
        self, scene: NetScene, edits: NetEdits, source: int, lifted: Strand | None = None, *, by_key: bool = False
    ) -> None:
        super().__init__(scene, edits)
        self.by_key = by_key
        self.let_go: tuple[int, QPointF] | None = None
        self._source = source
        self._from = lifted.key[0] if lifted else scene.drawing.exits[source]
        self._lifted: Port | None = lifted.key[1:] if lifted else None  # type: ignore[assignment]
        self._aimed = -1
        self._told: tuple[Port | None, str, bool, bool] = (None, "", False, True)
        self._offers = self._drawn(edits.offers(self._from, self._lifted))
        self._wire = WireItem(None)
        self._wire.setZValue(6)
        scene.addItem(self._wire)
        self._old = scene.wires.get(lifted.key) if lifted else None
        if self._old is not None:
            self._old.hide()
        scene.show_offers(self._offers.values())

    def _drawn(self, offered: list[Port]) -> dict[Port, Port]:
        """The document's ports that are offered, and where each is drawn, as (block, port)."""
        drawing = self.scene.drawing
        found = {}
        for block, ports in drawing.ports.items():
            if block != self._source:
                for index, port in enumerate(ports):
                    found[port] = (block, index)
        return {port: found[port] for port in offered if port in found}

    def move(self, point: QPointF) -> None:
        block = self.scene.blocks[self._source]
        target = self._target(point)
        self._tell(target)
        _, self.words, self.is_refused, is_well = self._told
        self._wire.show_look("refused" if self.is_refused else "drawing" if is_well else "doubtful")
        drawn = self._offers.get(target) if target and not self.is_refused else None
        if drawn is not None:
            other = self.scene.blocks[drawn[0]]
            self._wire.route(block.out_point(), block.sides.out, other.into_point(drawn[1]), other.sides.into)
        else:
            self._wire.route(block.out_point(), block.sides.out, point, None)
            if not self.words and not self._lifted:
                self.words = "Let go for a new layer here"

    def aim(self, step: int) -> QPointF | None:
        """The next (1) or previous (-1) open port, for the keyboard: where it is; None if there is none."""
        if not self._offers:
            self.words, self.is_refused = "No open input is left that it could feed.", True
            return None
        self._aimed = (self._aimed + step) % len(self._offers) if self._aimed >= 0 or step > 0 else -1
        block, port = list(self._offers.values())[self._aimed]
        point = self.scene.blocks[block].into_point(port)
        self.move(point)
        return point

    def finish(self, point: QPointF) -> None:
        target = self._target(point)
        self.cancel()
        if target is None:
            if self._lifted:
                self.edits.disconnect(*self._lifted)
            elif not self.by_key:
                self.let_go = self._from, point
        elif not self.edits.why_not(self._from, *target, lifted=self._lifted):
            if self._lifted:
                self.edits.rewire(self._lifted, self._from, *target)
            else:
                self.edits.connect(self._from, *target)

    def cancel(self) -> None:
        self.scene.show_offers(())
        self.scene.removeItem(self._wire)
        if self._old is not None:
            self._old.show()

    def _target(self, point: QPointF) -> Port | None:
        """The document's port that the wire would end at: an open one near the pointer, or what the block there has."""
        best, near = None, REACH
        for port, (block, index) in self._offers.items():
            away = self.scene.blocks[block].into_point(index) - point
            distance = (away.x() ** 2 + away.y() ** 2) ** 0.5
            if distance <= near:
                best, near = port, distance
        if best is not None:
            return best
        closed = self.scene.into_port_at(point, REACH / 2)
        item = self.scene.block_at(point)
        if item is None or item.block_id == self._source:
            return self.scene.port(*closed) if closed and closed[0] != self._source else None
        offered = [port for port, (block, _) in self._offers.items() if block == item.block_id]
        if offered:
            return offered[0]
        inside = self.scene.drawing.ports[item.block_id]
        node_id = inside[0][0] if inside else self.scene.drawing.members[item.block_id][0]
        return node_id, self.edits.free_port(node_id, self._lifted)

    def _tell(self, target: Port | None) -> None:
        if target == self._told[0]:
            return
        words, refused, is_well = "", False, True
        if target is not None:
            words = self.edits.why_not(self._from, *target, lifted=self._lifted)
            refused = bool(words)
            if not refused:
                words, is_well = self.edits.outcome(self._from, *target, lifted=self._lifted)
        self._told = target, words, refused, is_well


class PullWire(Gesture):
    """A wire from an open input backwards to the block that shall feed it."""

    def __init__(self, scene: NetScene, edits: NetEdits, block: int, port: int) -> None:
        super().__init__(scene, edits)
        self._block, self._port = block, port
        self._goal = scene.port(block, port)
        self._wire = WireItem(None)
        self._wire.setZValue(6)
        scene.addItem(self._wire)

    def move(self, point: QPointF) -> None:
        end = self.scene.blocks[self._block]
        source = self._source(point)
        self.words = self.edits.why_not(source, *self._goal) if source is not None else ""
        self.is_refused = bool(self.words)
        if source is not None and not self.is_refused:
            self.words, is_well = self.edits.outcome(source, *self._goal)
            start = self.scene.blocks[self.scene.drawing.home[source]]
            self._wire.show_look("drawing" if is_well else "doubtful")
            self._wire.route(start.out_point(), start.sides.out, end.into_point(self._port), end.sides.into)
        else:
            self._wire.show_look("refused" if self.is_refused else "drawing")
            self._wire.route(point, OPPOSITE[end.sides.into], end.into_point(self._port), end.sides.into)

    def finish(self, point: QPointF) -> None:
        source = self._source(point)
        self.cancel()
        if source is not None and not self.edits.why_not(source, *self._goal):
            self.edits.connect(source, *self._goal)

    def cancel(self) -> None:
        self.scene.removeItem(self._wire)

    def _source(self, point: QPointF) -> int | None:
        near = self.scene.out_port_at(point, REACH)
        item = self.scene.block_at(point)
        block = near if near is not None else item.block_id if item is not None else None
        return self.scene.drawing.exits[block] if block is not None and block != self._block else None
