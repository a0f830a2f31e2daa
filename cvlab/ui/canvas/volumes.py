"""The net as its volumes, in the style of the course's figures: a box for every layer that changes the volume, as high as
its maps, receding with their width, as long as their number; small windows show what a filter reads.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QPainter, QPen, QPolygonF
from PySide6.QtWidgets import QApplication

from cvlab.engine.nets.architecture import Architecture
from cvlab.engine.nets.layers import Shape
from cvlab.engine.nets.shapes import NetReport
from cvlab.ui.canvas.flow import parts
from cvlab.ui.canvas.sketch import Sketch
from cvlab.ui.theme import theme
from cvlab.ui.theme.tokens import SMALL

GAP = 46.0
_FOOT, _HEAD = 58.0, 30.0
_WIDE = 620.0
"""A chain goes on below when its boxes have come this far."""

_LEAN = 0.62, 0.42
"""Where the receding edge goes for each of its pixels: right and up."""


@dataclass(frozen=True)
class Box:
    """One volume. block: its id on the canvas. left, bottom: of its front face; long, high, deep: as drawn, in pixels."""

    block: int
    name: str
    role: str
    shape: Shape
    words: str
    left: float
    bottom: float
    long: float
    high: float
    deep: float
    row: int = 0
    window: float = 0.0
    """Share of the maps' side that the next layer's window covers; 0 for none."""

    @property
    def lean(self) -> QPointF:
        return QPointF(self.deep * _LEAN[0], -self.deep * _LEAN[1])

    @property
    def area(self) -> QRectF:
        return QRectF(
            self.left, self.bottom - self.high + self.lean.y(), self.long + self.lean.x(), self.high - self.lean.y()
        )

    @property
    def into(self) -> QPointF:
        """The middle of the face that a wire arrives at."""
        return QPointF(self.left, self.bottom - self.high / 2) + self.lean / 2

    @property
    def out(self) -> QPointF:
        return QPointF(self.left + self.long, self.bottom - self.high / 2) + self.lean / 2

    def flank(self, across: float, down: float) -> QPointF:
        """A point of the right face: shares of its width and height."""
        return QPointF(self.left + self.long, self.bottom - self.high * (1 - down)) + self.lean * across


class Volumes:
    """The picture of one net; `boxes` are where they are in its own pixels, `wires` pairs of boxes by index."""

    def __init__(self, net: Architecture, report: NetReport, drawing: Sketch) -> None:
        self.boxes: list[Box] = []
        self.wires: list[tuple[int, int]] = []
        self._net, self._report, self._drawing = net, report, drawing
        self._lay_out()
        self.size = QRectF()
        for box in self.boxes:
            width = QFontMetricsF(_font()).horizontalAdvance(max((box.name, *box.words.split("\n")), key=len))
            around = box.area.adjusted(0, -_HEAD, max(width - box.area.width(), 0) + 8, _FOOT)
            self.size = self.size.united(around)
        self.size = self.size.adjusted(-24, -16, 24, 8)

    def _lay_out(self) -> None:
        inputs = frozenset(self._drawing.home[n.id] for n in self._net.nodes if n.layer.kind == "input")
        top, row = 0.0, -1
        for part in parts(tuple(self._drawing.members), self._drawing.strands, inputs):
            drawn = [block for block in sorted(part.spots, key=part.spots.get) if self._is_drawn(block)]
            sizes = {block: _size(self._shape(block)) for block in drawn}
            lanes = sorted({part.spots[block].lane for block in drawn})
            levels, start = {}, top
            for lane in lanes:
                mine = [sizes[block] for block in drawn if part.spots[block].lane == lane]
                top += max(high + deep * _LEAN[1] for _, high, deep in mine) + _HEAD
                levels[lane] = top
                top += _FOOT + 12
            middle = {lane: max(sizes[b][1] for b in drawn if part.spots[b].lane == lane) / 2 for lane in lanes}
            left, index = 0.0, {}
            row += 1
            row_height, may_wrap = top - start, len(lanes) == 1
            for rank in sorted({part.spots[block].rank for block in drawn}):
                if may_wrap and left > _WIDE:
                    left = 0.0
                    row += 1
                    top += row_height
                    levels = {lane: level + row_height for lane, level in levels.items()}
                step = 0.0
                for block in (b for b in drawn if part.spots[b].rank == rank):
                    lane, (long, high, deep) = part.spots[block].lane, sizes[block]
                    bottom = levels[lane] - middle[lane] + high / 2
                    index[block] = len(self.boxes)
                    self.boxes.append(replace(self._box(block, left, bottom, long, high, deep), row=row))
                    words = max(self._words(block).split("\n"), key=len)
                    step = max(step, long + deep * _LEAN[0], QFontMetricsF(_font()).horizontalAdvance(words) - GAP / 2)
                left += step + GAP
            self._wire(index)
        self.boxes = [self._with_window(i, box) for i, box in enumerate(self.boxes)]

    def _wire(self, index: dict[int, int]) -> None:
        """Wires between the boxes, past the layers that are not drawn."""
        source_of: dict[int, list[int]] = {}
        into: dict[int, list[int]] = {block: [] for block in self._drawing.members}
        for strand in self._drawing.strands:
            into[strand.target].append(strand.source)

        def boxes_before(block: int) -> list[int]:
            found, todo, seen = [], list(into[block]), set()
            while todo:
                source = todo.pop()
                if source in seen:
                    continue
                seen.add(source)
                if source in index:
                    found.append(index[source])
                else:
                    todo += into[source]
            return found

        for block, at in index.items():
            source_of[at] = boxes_before(block)
            self.wires += [(source, at) for source in source_of[at]]

    def _with_window(self, at: int, box: Box) -> Box:
        readers = [self.boxes[target] for source, target in self.wires if source == at]
        if (
            len(readers) != 1
            or readers[0].row != box.row
            or len(box.shape) != 3
            or self._drawing.is_group(readers[0].block)
        ):
            return box
        layer = self._net.by_id[readers[0].block].layer
        kernel = getattr(layer, "kernel", 0)
        share = min(kernel / max(box.shape[1], 1), 1.0) if isinstance(kernel, int) else 0.0
        return replace(box, window=share)

    def _shape(self, block: int) -> Shape | None:
        return self._report.layers[self._drawing.exits[block]].last.output

    def _is_drawn(self, block: int) -> bool:
        """What changes the volume, joins branches, or computes another one of the same size."""
        shape = self._shape(block)
        if shape is None:
            return False
        inputs = self._report.layers[self._drawing.members[block][0]].inputs
        if self._drawing.is_group(block) or len(inputs) != 1 or inputs[0] != shape:
            return True
        return self._net.by_id[self._drawing.members[block][0]].layer.role in ("conv", "pool", "linear")

    def _words(self, block: int) -> str:
        shape = self._shape(block)
        size = f"{shape[2]}×{shape[1]}×{shape[0]}" if len(shape) == 3 else f"{math.prod(shape)}"  # type: ignore[index, arg-type]
        if self._drawing.is_group(block):
            group = self._net.group_by_id[block]
            return f"{size}\n× {group.times}" if group.times > 1 else size
        label = self._net.by_id[block].layer.label()
        return f"{size}\n{label}" if label and label != size else size

    def _box(self, block: int, left: float, bottom: float, long: float, high: float, deep: float) -> Box:
        is_group = self._drawing.is_group(block)
        name = self._net.group_by_id[block].name if is_group else self._net.by_id[block].name
        role = "group" if is_group else self._net.by_id[block].layer.role
        return Box(block, name, role, self._shape(block), self._words(block), left, bottom, long, high, deep)  # type: ignore[arg-type]

    def box_at(self, point: QPointF) -> Box | None:
        return next((box for box in self.boxes if box.area.adjusted(-4, -4, 4, 30).contains(point)), None)

    # -- painting ----------------------------------------------------------------------------------------------------

    def paint(self, painter: QPainter, chosen: frozenset[int] = frozenset()) -> None:
        """In its own pixels, within `size`."""
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        look = theme()
        painter.setBrush(Qt.BrushStyle.NoBrush)
        for source, target in self.wires:
            start, end = self.boxes[source], self.boxes[target]
            painter.setPen(QPen(look.colour("muted", 0.6), 1.3))
            if not start.window:
                self._paint_wire(painter, start, end)
        for box in self.boxes:
            self._paint_box(painter, box, box.block in chosen)
        for source, target in self.wires:
            if self.boxes[source].window:
                self._paint_window(painter, self.boxes[source], self.boxes[target])
        painter.setFont(_font())
        for box in self.boxes:
            painter.setPen(look.colour("accent" if box.block in chosen else "ink"))
            strong = _font()
            strong.setWeight(QFont.Weight.DemiBold)
            painter.setFont(strong)
            painter.drawText(QPointF(box.left, box.area.top() - 8), box.name)
            painter.setFont(_font())
            size, _, rest = box.words.partition("\n")
            painter.setPen(look.colour("ink"))
            painter.drawText(QPointF(box.left, box.bottom + 17), size)
            painter.setPen(look.colour("muted"))
            painter.drawText(QPointF(box.left, box.bottom + 32), rest)

    def _paint_wire(self, painter: QPainter, start: Box, end: Box) -> None:
        if end.row == start.row:
            painter.drawLine(start.out, end.into)
            return
        # On to the next row: down the right, back along the gap, down the left.
        level = max(box.bottom for box in self.boxes if box.row == start.row) + _FOOT - 14
        words = QFontMetricsF(_font()).horizontalAdvance(max(start.words.split("\n"), key=len))
        right, left = max(start.area.right() + 14, start.left + words + 10), end.left - 14
        corners = [start.out, QPointF(right, start.out.y()), QPointF(right, level), QPointF(left, level),
                   QPointF(left, end.into.y()), end.into]  # fmt: skip
        painter.drawPolyline(QPolygonF(corners))

    def _paint_box(self, painter: QPainter, box: Box, chosen: bool) -> None:
        look = theme()
        colour = look.colour(box.role)
        painter.setPen(QPen(look.colour("accent") if chosen else colour, 2.4 if chosen else 1.2))
        front = QRectF(box.left, box.bottom - box.high, box.long, box.high)
        lean = box.lean
        lid = QPolygonF([front.topLeft(), front.topLeft() + lean, front.topRight() + lean, front.topRight()])
        flank = QPolygonF([front.topRight(), front.topRight() + lean, front.bottomRight() + lean, front.bottomRight()])
        for face, share in ((front, 0.22), (lid, 0.38), (flank, 0.55)):
            painter.setBrush(_blend(look.colour("raised"), colour, share))
            painter.drawRect(face) if isinstance(face, QRectF) else painter.drawPolygon(face)
        # The maps of which the volume is made, as far as they can be told apart.
        maps = box.shape[0] if len(box.shape) == 3 else 0
        painter.setPen(QPen(_blend(look.colour("raised"), colour, 0.5), 0.7))
        if maps > 1 and box.long / maps >= 3:
            for index in range(1, maps):
                x = front.left() + index * box.long / maps
                painter.drawLine(QPointF(x, front.top()), QPointF(x, front.bottom()))
                painter.drawLine(QPointF(x, front.top()), QPointF(x, front.top()) + lean)

    def _paint_window(self, painter: QPainter, box: Box, reader: Box) -> None:
        look = theme()
        side = max(min(box.window, 1.0), 0.06)
        low, far = 0.5 - side / 2, 0.5 + side / 2
        corners = [box.flank(low, low), box.flank(far, low), box.flank(far, far), box.flank(low, far)]
        painter.setPen(QPen(look.colour("ink", 0.8), 1.1))
        painter.setBrush(look.colour("raised", 0.55))
        painter.drawPolygon(QPolygonF(corners))
        painter.setPen(QPen(look.colour("muted", 0.75), 0.9, Qt.PenStyle.DashLine))
        for corner in corners:
            painter.drawLine(corner, reader.into)


def _size(shape: Shape | None) -> tuple[float, float, float]:
    """long, high and deep in pixels: roots and logarithms, so that 5 and 224 pixels, 3 and 512 maps all fit."""
    if shape is None or len(shape) != 3:
        count = math.prod(shape) if shape else 1
        return 11.0, 24.0 + 15.0 * math.log2(1 + count), 7.0
    depth, height, width = shape
    return 5.0 + 9.0 * math.log2(1 + depth), 10.0 + 13.0 * math.sqrt(height), 10.0 + 13.0 * math.sqrt(width)


def _blend(under: QColor, over: QColor, share: float) -> QColor:
    pairs = zip(under.getRgb()[:3], over.getRgb()[:3], strict=True)
    return QColor(*(round(a + (b - a) * share) for a, b in pairs))


def _font() -> QFont:
    font = QFont(QApplication.font())
    font.setPixelSize(SMALL)
    return font
