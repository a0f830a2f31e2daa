"""The panel's title and what it offers for the circuit as a whole. It decides nothing."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QLabel, QMenu, QPushButton, QWidget

from cvlab.engine.circuit.presets import PRESETS
from cvlab.ui.theme.icons import icon


class TopBar(QWidget):
    """preset, open_layer, merge, export: the controls; chosen, named, sigmoid: actions of `collapse`. The panel connects them."""

    preset_chosen = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        title = QLabel("Circuits", self)
        title.setProperty("role", "heading")
        self.preset = QComboBox(self)
        self.preset.setObjectName("circuits.preset")
        self.preset.setAccessibleName("Ready circuits")
        self.preset.setPlaceholderText("Your own circuit")
        self.preset.setToolTip("Circuits of the course, each showing one thing. Your own can be undone back to.")
        self.preset.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.preset.setMinimumContentsLength(20)
        for preset in PRESETS:
            self.preset.addItem(preset.title, preset.id)
        self.open_layer = self._button(
            "open-layer", "From a net…", "",
            "Opens a neuron, or a whole layer, of a net as a circuit, with its own weights and what it receives.",
        )  # fmt: skip
        self.merge = self._button(
            "merge", "Merge repeats", "",
            "Parts that are written twice become one gate, with a fork: its gradients then add. Off: as you wrote it.",
        )  # fmt: skip
        self.merge.setCheckable(True)
        self.collapse = self._button(
            "collapse", "Collapse", "",
            "Several gates as one, whose local gradients the chain rule gives, and back. Double-click a gate, or choose some "
            "with Shift and press Ctrl+G.",
        )  # fmt: skip
        menu = QMenu(self.collapse)
        self.chosen = menu.addAction(icon("collapse", "muted"), "The chosen gates, or the one at work\tCtrl+G")
        self.named = menu.addAction(icon("collapse", "muted"), "")
        self.sigmoid = menu.addAction(icon("collapse", "muted"), "")
        self.collapse.setMenu(menu)
        self.export = self._button(
            "export", "Export", "save", "Saves the picture as SVG (for print) or PNG (for slides), as it stands now."
        )
        self.preset.activated.connect(self._choose_preset)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(8)
        row.addWidget(title)
        row.addSpacing(8)
        row.addWidget(self.preset, 1)
        row.addStretch(1)
        for button in (self.open_layer, self.merge, self.collapse, self.export):
            row.addWidget(button)

    def _choose_preset(self, index: int) -> None:
        self.preset_chosen.emit(self.preset.itemData(index))

    def _button(self, name: str, text: str, glyph: str, tip: str) -> QPushButton:
        button = QPushButton(text, self)
        if glyph:
            button.setIcon(icon(glyph))
        button.setObjectName(f"circuits.{name}")
        button.setAccessibleName(text)
        button.setToolTip(tip)
        return button

    def show_text(self, text: str) -> None:
        """Marks the preset whose text this is, if any."""
        self.preset.setCurrentIndex(next((i for i, p in enumerate(PRESETS) if p.text == text), -1))

    def show_folds(self, named: str, *, collapsible: bool, expandable: bool) -> None:
        """named: what becomes of the named values. collapsible, expandable: whether there are sigmoids to write in or out."""
        self.named.setText(f"{named}\tCtrl+Shift+G")
        is_out = expandable and not collapsible
        self.sigmoid.setText("Write the sigmoids out as four gates" if is_out else "Written-out sigmoids as one gate")
        self.sigmoid.setEnabled(collapsible or expandable)
