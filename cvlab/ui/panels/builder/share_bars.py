"""Where a net's parameters, work or memory sit: a bar a layer, longest = most."""

from __future__ import annotations

import heapq
from collections.abc import Callable

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QFont, QMouseEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from cvlab.engine.nets.architecture import Architecture
from cvlab.engine.nets.shapes import LayerReport, NetReport
from cvlab.ui.canvas.face import bytes_text, count_text
from cvlab.ui.theme import theme
from cvlab.ui.theme.tokens import SMALL
from cvlab.ui.widgets.figures import percent_text

_ROW = 34
MOST = 14
"""Bars; what is smaller is summed up in the last one."""

Measure = tuple[str, str, Callable[[LayerReport], int], Callable[[float], str]]

MEASURES: dict[str, Measure] = {
    "parameters": (
        "Params",
        "Where the learned numbers sit. In most nets the first fully connected layer has nearly all of them.",
        lambda report: report.parameters,
        count_text,
    ),
    "work": (
        "Work",
        "Where the multiply-adds of one image are done. In most nets the first convolutions do nearly all of them.",
        lambda report: report.multiply_adds,
        count_text,
    ),
    "memory": (
        "Memory",
        "Where the outputs of a batch lie, which training keeps until the backward pass. The early, wide layers need most.",
        lambda report: report.activation_bytes,
        bytes_text,
    ),
}
"""By id: the button's words, what it teaches, the number of a layer, and how it is written."""


class ShareBars(QWidget):
    """Clicking a bar: `picked(node id)`."""

    picked = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._rows: list[tuple[int, str, str, int]] = []
        self._text: Callable[[float], str] = count_text
        self.setAccessibleName("Shares of each layer")
        self.setToolTip("Press a bar to select its layer.")
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def show_net(self, net: Architecture, report: NetReport, measure: str, batch: int) -> None:
        _, tip, value, self._text = MEASURES[measure]
        self.setToolTip(tip)
        factor = batch if measure == "memory" else 1
        counts = {i: count for i, layer in report.layers.items() if (count := factor * value(layer))}
        kept = counts
        if len(counts) > MOST:
            kept = dict.fromkeys(heapq.nlargest(MOST - 1, counts, counts.__getitem__))
        rows = [(i, net.by_id[i].name, net.by_id[i].layer.role, count) for i, count in counts.items() if i in kept]
        if len(kept) < len(counts):
            smaller = sum(counts.values()) - sum(row[3] for row in rows)
            rows.append((0, f"{len(counts) - len(kept)} smaller ones", "shape", smaller))
        if rows != self._rows:
            if len(rows) != len(self._rows):
                self._rows = rows
                self.updateGeometry()
            self._rows = rows
            self.update()

    @property
    def total(self) -> int:
        return sum(row[3] for row in self._rows)

    def sizeHint(self) -> QSize:
        return QSize(200, _ROW * len(self._rows))

    def minimumSizeHint(self) -> QSize:
        return QSize(120, _ROW * len(self._rows))

    def paintEvent(self, event: QPaintEvent) -> None:
        look, total = theme(), max(self.total, 1)
        most = max((row[3] for row in self._rows), default=1)
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        font = QFont(self.font())
        font.setPixelSize(SMALL)
        painter.setFont(font)
        for index, (_, name, role, count) in enumerate(self._rows):
            top = index * _ROW
            words = QRectF(0, top, self.width(), 18)
            painter.setPen(look.colour("ink"))
            painter.drawText(words, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, name)
            painter.setPen(look.colour("muted"))
            share = f"{self._text(count)}  ·  {percent_text(count / total, 1)}"
            painter.drawText(words, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, share)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(look.colour("faint"))
            painter.drawRoundedRect(QRectF(0, top + 20, self.width(), 6), 3, 3)
            painter.setBrush(look.colour(role))
            painter.drawRoundedRect(QRectF(0, top + 20, max(self.width() * count / most, 4), 6), 3, 3)
        painter.end()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        index = int(event.position().y()) // _ROW
        if 0 <= index < len(self._rows) and self._rows[index][0]:
            self.picked.emit(self._rows[index][0])
