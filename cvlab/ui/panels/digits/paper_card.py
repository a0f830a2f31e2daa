"""The card to draw on: the pad and its tools. What is drawn, it hands to the panel."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QSlider, QWidget

from cvlab.ui.panels.digits.card import Card, Line, Sign
from cvlab.ui.theme.icons import icon
from cvlab.ui.widgets.drawing_pad import DrawingPad
from cvlab.ui.widgets.ink import Page


class PaperCard(Card):
    """pad, brush, undo, clear: the controls, for the panel to connect."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__("Draw a digit", parent)
        self.pad = DrawingPad(self, invitation="Draw a digit, large or small")
        self.pad.setObjectName("digits.pad")
        self.pad.setAccessibleName("Drawing pad")
        self.pad.setToolTip(
            "Draw with a mouse, a pen or a finger; drop or paste a picture. Delete clears, Escape takes back the stroke "
            "under the pen. Dashed: the share of the field that a digit of MNIST fills."
        )
        self.caption = Line("muted small", self)
        self.caption.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.body.addWidget(self.pad, 1)
        self.body.addWidget(self.caption)
        self.body.addLayout(self._tools())

    def _tools(self) -> QHBoxLayout:
        self.brush = QSlider(Qt.Orientation.Horizontal, self)
        self.brush.setRange(8, 80)
        self.brush.setPageStep(8)
        self.brush.setMinimumWidth(64)
        self.brush.setObjectName("digits.brush")
        self.brush.setAccessibleName("Brush width")
        self.brush.setToolTip(
            "Width of the pen. MNIST was written with strokes of about 2 of 28 pixels, 44 here. "
            "Too thin turns grey when it is scaled down; too thick closes the loops of 6, 8 and 9."
        )
        self.undo = self._button(
            "undo", "Undo stroke", "Takes back the last stroke. Ctrl+Z undoes whatever was done last."
        )
        self.clear = self._button(
            "clear", "Clear", "Clean paper: Delete on the pad, or Ctrl+Backspace anywhere. Ctrl+Z brings it back."
        )
        row = QHBoxLayout()
        row.setSpacing(8)
        row.addWidget(Sign("brush", self))
        row.addWidget(self.brush, 1)
        row.addSpacing(8)
        row.addWidget(self.undo)
        row.addWidget(self.clear)
        return row

    def _button(self, name: str, caption: str, lesson: str) -> QPushButton:
        button = QPushButton(icon(name), "" if name == "undo" else caption, self)
        button.setObjectName(f"digits.{name}")
        button.setAccessibleName(caption)
        button.setToolTip(lesson)
        return button

    def show_page(self, page: Page) -> None:
        """Puts the page on the pad and says what it is."""
        self.pad.show_page(page)
        self.caption.say(page.caption)
        self.undo.setEnabled(bool(page.strokes) and not page.is_example)
        self.clear.setEnabled(not page.is_empty)
