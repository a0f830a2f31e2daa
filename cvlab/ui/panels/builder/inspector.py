"""The right side of the builder: the selected layer, or the whole net while nothing is selected."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QLabel, QScrollArea, QVBoxLayout, QWidget

from cvlab.engine.nets.architecture import Architecture
from cvlab.engine.nets.shapes import NetReport
from cvlab.ui.canvas.edits import NetEdits
from cvlab.ui.panels.builder.layer_card import LayerCard
from cvlab.ui.panels.builder.net_card import NetCard

WIDTH = 256


class Inspector(QFrame):
    """picked(node id): a layer was chosen in the list of the whole net."""

    picked = Signal(int)

    def __init__(self, edits: NetEdits, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("role", "card")
        self.setFixedWidth(WIDTH)
        area = QScrollArea(self)
        area.setWidgetResizable(True)
        area.setFrameShape(QFrame.Shape.NoFrame)
        area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        page = QWidget(area)
        page.setProperty("role", "page")
        self.layer = LayerCard(edits, page)
        self.net = NetCard(page)
        self.net.picked.connect(self.picked)
        self.several = QLabel(page)
        self.several.setProperty("role", "muted")
        self.several.setWordWrap(True)
        column = QVBoxLayout(page)
        column.setContentsMargins(16, 16, 16, 16)
        for widget in (self.layer, self.net, self.several):
            column.addWidget(widget)
        column.addStretch()
        area.setWidget(page)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(1, 1, 1, 1)
        outer.addWidget(area)

    def show_selection(self, net: Architecture, report: NetReport, selected: list[int]) -> None:
        self.layer.setVisible(len(selected) == 1)
        self.net.setVisible(not selected)
        self.several.setVisible(len(selected) > 1)
        if len(selected) == 1:
            self.layer.show_node(net.by_id[selected[0]], report.layers[selected[0]])
        elif selected:
            parameters = sum(report.layers[node_id].parameters for node_id in selected)
            self.several.setText(
                f"{len(selected)} layers selected, {parameters:,} parameters together.\n\n"
                "Drag them, duplicate them (Ctrl+D) or delete them (Del) as one."
            )
        else:
            self.net.show_net(net, report)

    def focus_first(self) -> None:
        if self.layer.isVisible():
            self.layer.focus_first()
