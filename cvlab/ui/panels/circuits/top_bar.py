"""The panel's title and what it offers for the circuit as a whole. It decides nothing."""

from __future__ import annotations

from PySide6.QtWidgets import QComboBox, QHBoxLayout, QLabel, QPushButton, QWidget

from cvlab.engine.circuit.presets import PRESETS
from cvlab.ui.theme.icons import icon


class TopBar(QWidget):
    """preset, open_layer, merge, sigmoid, code, export: the controls, for the panel to connect."""

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
        self.sigmoid = self._button(
            "sigmoid", "Collapse sigmoid", "",
            "1 / (1 + exp(−x)) as one gate with the slope (1 − s) s, or one sigmoid gate as four.",
        )  # fmt: skip
        self.sigmoid.setMinimumWidth(self.sigmoid.sizeHint().width())
        self.code = self._button(
            "code",
            "Copy code",
            "copy",
            "The circuit as Python, forward then backward, on the clipboard: it runs anywhere.",
        )
        self.export = self._button(
            "export", "Export", "save", "Saves the picture as SVG (for print) or PNG (for slides), as it stands now."
        )
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(8)
        row.addWidget(title)
        row.addSpacing(8)
        row.addWidget(self.preset, 1)
        row.addStretch(1)
        for button in (self.open_layer, self.merge, self.sigmoid, self.code, self.export):
            row.addWidget(button)

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

    def show_sigmoid(self, collapsible: bool, expandable: bool) -> None:
        self.sigmoid.setText("Expand sigmoid" if expandable and not collapsible else "Collapse sigmoid")
        self.sigmoid.setEnabled(collapsible or expandable)
