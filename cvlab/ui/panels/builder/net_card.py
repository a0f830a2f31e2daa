"""The inspector's page for the whole net: its totals, where they sit, and the advice on it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QButtonGroup, QGridLayout, QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from cvlab.core.panels.builder import BuilderState
from cvlab.engine.nets.architecture import Architecture
from cvlab.engine.nets.shapes import NetReport
from cvlab.ui.bind import bind
from cvlab.ui.canvas.face import bytes_text, count_text
from cvlab.ui.panels.builder.advice_list import AdviceList
from cvlab.ui.panels.builder.share_bars import MEASURES, ShareBars

if TYPE_CHECKING:
    from cvlab.engine.nets.advice import Advice

_TOTALS = {
    "layers": ("Layers", "How many blocks data pass through, repetitions of groups included."),
    "parameters": ("Parameters", "Learned numbers: weights and biases."),
    "memory": ("As 32-bit numbers", "The size of the weights file: four bytes a parameter."),
    "work": ("Multiply-adds an image", "One forward pass; a training step costs about three times as much."),
    "activations": (
        "Outputs a batch",
        "All layers' outputs, kept for the backward pass, for the recipe's batch size.",
    ),
    "field": ("Receptive field", "How much of the image one score depends on."),
}


class NetCard(QWidget):
    """Totals, bars and advice; shows what it is given. picked(node id): a bar was pressed."""

    picked = Signal(int)

    def __init__(self, state: BuilderState, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._state = state
        self._shown: tuple[Architecture, NetReport, int] | None = None
        self.title = _label("", "subheading", self)
        self.title.setWordWrap(True)
        self.figures = {}
        grid = QGridLayout()
        grid.setVerticalSpacing(6)
        grid.setColumnStretch(1, 1)
        for row, (key, (caption, tip)) in enumerate(_TOTALS.items()):
            title, value = _label(caption, "muted", self), QLabel(self)
            title.setToolTip(tip)
            value.setToolTip(tip)
            value.setAlignment(Qt.AlignmentFlag.AlignRight)
            value.setAccessibleName(caption)
            grid.addWidget(title, row, 0)
            grid.addWidget(value, row, 1)
            self.figures[key] = value
        self.shares_title = _label("Where they sit", "subheading", self)
        chips = QHBoxLayout()
        chips.setSpacing(4)
        self.chips = QButtonGroup(self)
        self._measures = {}
        for key, (caption, tip, _, _) in MEASURES.items():
            chip = QPushButton(caption, self)
            chip.setObjectName(f"builder.share.{key}")
            chip.setAccessibleName(f"Shares of {caption.lower()}")
            chip.setToolTip(tip)
            chip.setCheckable(True)
            chip.setProperty("role", "chip")
            self.chips.addButton(chip)
            self._measures[key] = chip
            chips.addWidget(chip)
        chips.addStretch()
        chips.setContentsMargins(0, 0, 0, 0)
        self.chips.buttonClicked.connect(self._choose)
        self.bars = ShareBars(self)
        self.bars.picked.connect(self.picked)
        self.advice_title = _label("Advice", "subheading", self)
        self.advice = AdviceList("builder.advice", self)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(10)
        column.addWidget(self.title)
        column.addLayout(grid)
        column.addSpacing(4)
        column.addWidget(self.advice_title)
        column.addWidget(self.advice)
        column.addSpacing(4)
        column.addWidget(self.shares_title)
        column.addLayout(chips)
        column.addWidget(self.bars)
        column.addStretch()
        bind(self, state, "share", self._show_share)

    def show_net(self, net: Architecture, report: NetReport, batch: int) -> None:
        self._shown = net, report, batch
        self.title.setText(net.name)
        self.figures["layers"].setText(f"{len(report.flat.layers)}")
        self.figures["parameters"].setText(f"{report.parameters:,}")
        self.figures["memory"].setText(bytes_text(4 * report.parameters))
        self.figures["work"].setText(count_text(report.multiply_adds))
        self.figures["activations"].setText(bytes_text(batch * report.activation_bytes))
        self.figures["activations"].setToolTip(
            f"All layers' outputs for the {batch:,} images of a batch: training keeps them until the backward pass."
        )
        self.figures["field"].setText(_field(report))
        self._show_share(self._state.share)

    def show_advice(self, advice: Sequence[Advice]) -> None:
        self.advice.show_advice(advice)

    def _show_share(self, measure: str) -> None:
        self._measures[measure].setChecked(True)
        if self._shown is not None:
            net, report, batch = self._shown
            self.bars.show_net(net, report, measure, batch)

    def _choose(self, chip: QPushButton) -> None:
        self._state.share = chip.objectName().rpartition(".")[2]


def _field(report: NetReport) -> str:
    """Of the last layer that is worked out."""
    known = (layer.last.receptive_field for layer in reversed(report.layers.values()))
    field = next(filter(None, known), None)
    return f"{field[1]} × {field[0]}" if field else "–"


def _label(text: str, role: str, parent: QWidget) -> QLabel:
    label = QLabel(text, parent)
    label.setProperty("role", role)
    return label
