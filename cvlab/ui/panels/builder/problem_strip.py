"""What is wrong with the net, in words, under the canvas, with buttons that lead to the layer or mend it at once."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QWidget

from cvlab.engine.errors import NetError, ShapeError
from cvlab.ui.widgets.sign import Sign


class ProblemStrip(QFrame):
    """Hidden while all is well. show_asked(name): take me to that layer. flatten_asked(name): put a flatten layer before it."""

    show_asked = Signal(str)
    flatten_asked = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("role", "card")
        self._node = ""
        self.words = QLabel(self)
        self.words.setWordWrap(True)
        self.words.setAccessibleName("What is wrong with the net")
        self.go = self._button("problem", "Show it", "Selects the layer that cannot take its input.")
        self.mend = self._button(
            "mend", "Insert flatten", "Puts a flatten layer before it, which lays the volume out as one long vector."
        )
        self.go.clicked.connect(self._go)
        self.mend.clicked.connect(self._mend)
        row = QHBoxLayout(self)
        row.setContentsMargins(12, 8, 8, 8)
        row.setSpacing(8)
        row.addWidget(Sign("error", "negative", 18, self))
        row.addWidget(self.words, 1)
        row.addWidget(self.mend)
        row.addWidget(self.go)
        self.hide()

    def _button(self, name: str, text: str, tip: str) -> QPushButton:
        button = QPushButton(text, self)
        button.setObjectName(f"builder.{name}")
        button.setAccessibleName(text)
        button.setToolTip(tip)
        return button

    def show_errors(self, errors: tuple[NetError, ...]) -> None:
        self.setVisible(bool(errors))
        if not errors:
            return
        first = errors[0]
        more = f" ({len(errors) - 1} more)" if len(errors) > 1 else ""
        self.words.setText(" ".join(filter(None, (first.what, first.remedy))) + more)
        self._node = first.node if isinstance(first, ShapeError) else ""
        self.go.setVisible(bool(self._node))
        self.mend.setVisible(bool(self._node) and first.needs == "a vector")

    def _go(self) -> None:
        self.show_asked.emit(self._node)

    def _mend(self) -> None:
        self.flatten_asked.emit(self._node)
