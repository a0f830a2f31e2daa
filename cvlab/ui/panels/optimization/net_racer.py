"""One racer of the race on a real net: whether it takes part, its rate, and how it stands."""

from __future__ import annotations

from math import isfinite

from PySide6.QtCore import QSignalBlocker, Qt, Signal
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QCheckBox, QHBoxLayout, QLabel, QWidget

from cvlab.ui.panels.optimization.looks import RACERS, number
from cvlab.ui.panels.optimization.names import named
from cvlab.ui.panels.optimization.net_job import Standing
from cvlab.ui.theme import theme
from cvlab.ui.widgets.controls import label
from cvlab.ui.widgets.number import NumberBox


class Spot(QWidget):
    """The racer's colour, as its curve has it."""

    def __init__(self, role: str, parent: QWidget) -> None:
        super().__init__(parent)
        self._role = role
        self.setFixedSize(12, 12)
        theme().changed.connect(self.update)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(theme().colour(self._role))
        painter.drawEllipse(1, 1, 10, 10)
        painter.end()


class RacerLine(QWidget):
    """toggled(name), turned(name, rate)."""

    toggled = Signal(str)
    turned = Signal(str, float)

    def __init__(self, name: str, parent: QWidget) -> None:
        super().__init__(parent)
        self.name = name
        slug = name.lower().replace(",", "").replace(" ", "-")
        self.tick = named(
            QCheckBox(name, self), f"net.show.{slug}", f"{name} takes part", f"Whether {name} runs this race."
        )
        self.spot = Spot(RACERS[name], self)
        self.rate = NumberBox(1e-5, 10.0, log=True, parent=self)
        named(self.rate, f"net.rate.{slug}", f"Learning rate of {name}",
              "Too high: its loss flies off. Too low: it hardly falls. Each rule has its own good one.")  # fmt: skip
        self.loss, self.accuracy = QLabel(self), QLabel(self)
        for words, widest in ((self.loss, "flew off"), (self.accuracy, "88.88 %")):
            words.setProperty("role", "small")
            words.setFixedWidth(words.fontMetrics().horizontalAdvance(widest) + 6)
            words.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self.rate.setFixedWidth(88)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(6)
        row.addWidget(self.spot)
        row.addWidget(self.tick, 1)
        row.addWidget(self.rate)
        row.addWidget(self.loss)
        row.addWidget(self.accuracy)
        self.tick.clicked.connect(self._toggle)
        self.rate.valueChanged.connect(self._turn)

    def head(self, row: QHBoxLayout) -> None:
        """What its three columns are, over each, at the end of a row above."""
        row.setSpacing(6)
        for words, column in (("rate α", self.rate), ("loss", self.loss), ("test", self.accuracy)):
            head = label(self.parentWidget(), words)
            head.setFixedWidth(column.maximumWidth())
            head.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
            row.addWidget(head)

    def show_settings(self, takes_part: bool, rate: float) -> None:
        for widget in (self.tick, self.rate):
            blocker = QSignalBlocker(widget)
            if widget is self.tick:
                self.tick.setChecked(takes_part)
            else:
                self.rate.setValue(rate)
            blocker.unblock()

    def show_standing(self, standing: Standing | None) -> None:
        losses = None if standing is None else standing.losses.get(self.name)
        last = "–" if losses is None or not len(losses) else number(losses[-1]) if isfinite(losses[-1]) else "flew off"
        self.loss.setText(last)
        share = None if standing is None else standing.accuracies.get(self.name)
        self.accuracy.setText("–" if share is None else f"{share:.2%}".replace("%", " %"))

    def _toggle(self) -> None:
        self.toggled.emit(self.name)

    def _turn(self, rate: float) -> None:
        self.turned.emit(self.name, rate)
