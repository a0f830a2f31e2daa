"""The inspector's page for the whole net: what it costs, and which layers own its parameters."""

from __future__ import annotations

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QFont, QMouseEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QGridLayout, QLabel, QSizePolicy, QVBoxLayout, QWidget

from cvlab.engine.nets.architecture import Architecture
from cvlab.engine.nets.shapes import NetReport
from cvlab.ui.canvas.face import count_text
from cvlab.ui.theme import theme
from cvlab.ui.theme.tokens import SMALL

_ROW = 38


class ShareBars(QWidget):
    """A bar a layer that has parameters, longest = most. Clicking one: `picked(node id)`."""

    picked = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._rows: list[tuple[int, str, str, int]] = []
        self.setAccessibleName("Parameters of each layer")
        self.setToolTip(
            "Where the learned numbers sit. In most nets the first fully connected layer has nearly all of them."
        )
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def show_net(self, net: Architecture, report: NetReport) -> None:
        rows = [
            (i, net.by_id[i].name, net.by_id[i].layer.role, layer.parameters)
            for i, layer in report.layers.items()
            if layer.parameters
        ]
        if rows != self._rows:
            self._rows = rows
            self.updateGeometry()
            self.update()

    def sizeHint(self) -> QSize:
        return QSize(200, _ROW * len(self._rows))

    def minimumSizeHint(self) -> QSize:
        return QSize(120, _ROW * len(self._rows))

    def paintEvent(self, event: QPaintEvent) -> None:
        look, total = theme(), sum(row[3] for row in self._rows)
        most = max((row[3] for row in self._rows), default=1)
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        font = QFont(self.font())
        font.setPixelSize(SMALL)
        painter.setFont(font)
        for index, (_, name, role, count) in enumerate(self._rows):
            top = index * _ROW
            words = QRectF(0, top, self.width(), 20)
            painter.setPen(look.colour("ink"))
            painter.drawText(words, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, name)
            painter.setPen(look.colour("muted"))
            share = f"{count_text(count)}  ·  {count / total:.1%}"
            painter.drawText(words, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, share)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(look.colour("faint"))
            painter.drawRoundedRect(QRectF(0, top + 22, self.width(), 6), 3, 3)
            painter.setBrush(look.colour(role))
            painter.drawRoundedRect(QRectF(0, top + 22, max(self.width() * count / most, 4), 6), 3, 3)
        painter.end()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        index = int(event.position().y()) // _ROW
        if 0 <= index < len(self._rows):
            self.picked.emit(self._rows[index][0])


class NetCard(QWidget):
    """Totals and bars; shows what it is given."""

    picked = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.title = QLabel(self)
        self.title.setProperty("role", "subheading")
        self.title.setWordWrap(True)
        self.figures = {}
        grid = QGridLayout()
        grid.setVerticalSpacing(6)
        grid.setColumnStretch(1, 1)
        for row, (key, caption) in enumerate(_TOTALS.items()):
            title, value = QLabel(caption, self), QLabel(self)
            title.setProperty("role", "muted")
            value.setAlignment(Qt.AlignmentFlag.AlignRight)
            value.setAccessibleName(caption)
            grid.addWidget(title, row, 0)
            grid.addWidget(value, row, 1)
            self.figures[key] = value
        self.shares_title = QLabel("Where the parameters are", self)
        self.shares_title.setProperty("role", "subheading")
        self.bars = ShareBars(self)
        self.bars.picked.connect(self.picked)
        hint = QLabel("Select a layer to see its settings and its arithmetic.", self)
        hint.setProperty("role", "muted small")
        hint.setWordWrap(True)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(10)
        column.addWidget(self.title)
        column.addLayout(grid)
        column.addSpacing(8)
        column.addWidget(self.shares_title)
        column.addWidget(self.bars)
        column.addWidget(hint)
        column.addStretch()

    def show_net(self, net: Architecture, report: NetReport) -> None:
        self.title.setText(net.name)
        self.figures["layers"].setText(f"{len(net.nodes)}")
        self.figures["parameters"].setText(f"{report.parameters:,}")
        self.figures["memory"].setText(_bytes(4 * report.parameters))
        self.figures["work"].setText(count_text(report.multiply_adds))
        self.bars.show_net(net, report)
        self.shares_title.setVisible(bool(report.parameters))


_TOTALS = {
    "layers": "Layers",
    "parameters": "Parameters",
    "memory": "As 32-bit numbers",
    "work": "Multiply-adds an image",
}


def _bytes(count: int) -> str:
    for limit, unit in ((2**30, "GB"), (2**20, "MB"), (2**10, "kB")):
        if count >= limit:
            return f"{count / limit:.3g} {unit}"
    return f"{count} bytes"
