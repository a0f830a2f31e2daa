"""The key of a plot that is its read-out too: what each line is, and its value at the pointer or at the end."""

from __future__ import annotations

from typing import Literal

from PySide6.QtCore import QPointF, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QHBoxLayout, QLabel, QSizePolicy, QWidget

from cvlab.ui.theme import theme
from cvlab.ui.widgets.room import roomed

Kind = Literal["raw", "smooth", "points"]


class Swatch(QWidget):
    """A short piece of the line as the plot draws it."""

    def __init__(self, role: str, kind: Kind, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._role, self._kind = role, kind
        self.setFixedSize(self.sizeHint())
        theme().changed.connect(self.update)

    def sizeHint(self) -> QSize:
        return QSize(18, 12)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        colour = theme().colour(self._role, 0.45 if self._kind == "raw" else 1.0)
        middle = self.height() / 2
        painter.setPen(QPen(colour, 1.0 if self._kind == "raw" else 2.0))
        painter.drawLine(QPointF(1, middle), QPointF(self.width() - 1, middle))
        if self._kind == "points":
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(colour)
            painter.drawEllipse(QPointF(self.width() / 2, middle), 3.5, 3.5)
        painter.end()


class Key(QWidget):
    """Swatch, name, value. The value's place is as wide as `widest`, so that nothing moves while numbers change."""

    def __init__(self, caption: str, role: str, kind: Kind, widest: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.caption = QLabel(caption, self)
        self.caption.setProperty("role", "small muted")
        self.value = QLabel(self)
        self.value.setProperty("role", "small")
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(6)
        row.addWidget(Swatch(role, kind, self))
        row.addWidget(self.caption)
        self._room = roomed(self.value, widest=widest)
        row.addWidget(self._room)

    def show_value(self, text: str) -> None:
        if text != self.value.text():
            self.value.setText(text)
            self._room.widen()
