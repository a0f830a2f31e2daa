"""What of the net's picture is under a point."""

from __future__ import annotations

from PySide6.QtCore import QPointF

from cvlab.ui.canvas.block import BlockItem
from cvlab.ui.canvas.card import BODY
from cvlab.ui.canvas.frame import FrameItem
from cvlab.ui.canvas.sketch import Strand, WireKey
from cvlab.ui.canvas.wire import WireItem

GRAB = 14.0
"""A port can be grabbed within so many canvas pixels."""


class Hits:
    """The part of `NetScene` that answers the pointer. Points are scene pixels."""

    blocks: dict[int, BlockItem]
    wires: dict[WireKey, WireItem]
    frames: dict[int, FrameItem]
    _touching: dict[int, list[Strand]]

    def block_at(self, point: QPointF) -> BlockItem | None:
        hits = [b for b in self.blocks.values() if BODY.contains(point - b.pos())]
        return max(hits, key=lambda block: block.zValue(), default=None)

    def badge_at(self, point: QPointF) -> BlockItem | None:
        """The block whose badge is there."""
        return next((block for block in self.blocks.values() if block.badge_contains(point)), None)

    def wire_at(self, point: QPointF) -> WireItem | None:
        return next((wire for wire in self.wires.values() if wire.shape().contains(point)), None)

    def out_port_at(self, point: QPointF, reach: float = GRAB) -> int | None:
        """The block whose output port is within reach."""
        return next((i for i, block in self.blocks.items() if _near(block.out_point(), point, reach)), None)

    def into_port_at(self, point: QPointF, reach: float = GRAB) -> tuple[int, int] | None:
        """(block, port) of the input port within reach."""
        for node_id, block in self.blocks.items():
            for port in range(block.face.ports):
                if _near(block.into_point(port), point, reach):
                    return node_id, port
        return None

    def frame_at(self, point: QPointF) -> FrameItem | None:
        """The open group whose name is there."""
        return next((frame for frame in self.frames.values() if frame.tab_contains(point)), None)

    def strand_into(self, block: int, port: int) -> Strand | None:
        """The wire that ends at this port."""
        return next((s for s in self._touching[block] if (s.target, s.port) == (block, port)), None)


def _near(port: QPointF, point: QPointF, reach: float = GRAB) -> bool:
    away = port - point
    return away.x() ** 2 + away.y() ** 2 <= reach**2
