"""The right side of the builder: the selected layer or group, or the whole net while nothing is selected."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QLabel, QPushButton, QScrollArea, QVBoxLayout, QWidget

from cvlab.core.panels.builder import BuilderState
from cvlab.engine.nets.architecture import Architecture
from cvlab.engine.nets.shapes import NetReport
from cvlab.ui.canvas.edits import NetEdits
from cvlab.ui.canvas.face import count_text
from cvlab.ui.panels.builder.group_card import GroupCard
from cvlab.ui.panels.builder.layer_card import LayerCard
from cvlab.ui.panels.builder.net_card import NetCard

if TYPE_CHECKING:
    from cvlab.engine.nets.advice import Advice

WIDTH = 272


class Inspector(QFrame):
    """picked(node id): a layer was chosen in the list of the whole net. advised(advice): its change is wanted.

    convert_asked(node id): show the layer as its FC or CONV twin. circuit_asked(node id): open it as a circuit.
    """

    picked = Signal(int)
    advised = Signal(object)
    convert_asked = Signal(int)
    circuit_asked = Signal(int)

    def __init__(self, edits: NetEdits, state: BuilderState, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("role", "card")
        self.setFixedWidth(WIDTH)
        self._edits = edits
        area = QScrollArea(self)
        area.setWidgetResizable(True)
        area.setFrameShape(QFrame.Shape.NoFrame)
        area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        page = QWidget(area)
        page.setProperty("role", "page")
        self.layer = LayerCard(edits, page)
        self.layer.advice.taken.connect(self.advised)
        self.layer.convert.clicked.connect(self._convert)
        self.layer.open_circuit.clicked.connect(self._open_circuit)
        self.group = GroupCard(edits, page)
        self.net = NetCard(state, page)
        self.net.picked.connect(self.picked)
        self.net.advice.taken.connect(self.advised)
        self.net.advice.asked.connect(self.picked)
        self.several = QLabel(page)
        self.several.setProperty("role", "muted")
        self.several.setWordWrap(True)
        self.make_group = QPushButton("Group them", page)
        self.make_group.setObjectName("builder.group.make")
        self.make_group.setAccessibleName("Group the selected layers")
        self.make_group.setToolTip("Makes a named block of them, which can repeat and be folded into one (Ctrl+G).")
        self.make_group.clicked.connect(self._group)
        column = QVBoxLayout(page)
        column.setContentsMargins(16, 16, 12, 16)
        for widget in (self.layer, self.group, self.net, self.several, self.make_group):
            column.addWidget(widget)
        column.addStretch()
        area.setWidget(page)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(1, 1, 1, 1)
        outer.addWidget(area)

    def show_selection(self, net: Architecture, report: NetReport, selected: list[int], batch: int) -> None:
        group = self._edits.selected_group() if selected else None
        self.group.setVisible(group is not None)
        self.layer.setVisible(len(selected) == 1 and group is None)
        self.net.setVisible(not selected)
        self.several.setVisible(len(selected) > 1 and group is None)
        self.make_group.setVisible(len(selected) > 1 and group is None)
        if group is not None:
            self.group.show_group(group, report)
        elif len(selected) == 1:
            self.layer.show_node(net.by_id[selected[0]], report.layers[selected[0]], batch)
        elif selected:
            parameters = sum(report.layers[node_id].parameters for node_id in selected)
            work = sum(report.layers[node_id].multiply_adds for node_id in selected)
            self.several.setText(
                f"{len(selected)} layers selected, {parameters:,} parameters and {count_text(work)} multiply-adds "
                "together.\n\nDrag them, copy them (Ctrl+C), duplicate them (Ctrl+D), group them (Ctrl+G) or delete them "
                "(Del) as one."
            )
        else:
            self.net.show_net(net, report, batch)

    def show_advice(self, advice: Sequence[Advice], selected: list[int]) -> None:
        self.net.show_advice(advice)
        own = [each for each in advice if selected and each.node == selected[0] and each.level != "error"]
        self.layer.show_advice(own)

    def focus_first(self) -> None:
        if self.layer.isVisible():
            self.layer.focus_first()
        elif self.group.isVisible():
            self.group.times.setFocus(Qt.FocusReason.ShortcutFocusReason)

    def _group(self) -> None:
        self._edits.group(self._edits.selected())

    def _open_circuit(self) -> None:
        selected = self._edits.selected()
        if selected:
            self.circuit_asked.emit(selected[0])

    def _convert(self) -> None:
        selected = self._edits.selected()
        if selected:
            self.convert_asked.emit(selected[0])
