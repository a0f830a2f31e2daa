"""A place for one widget that lays out nothing outside itself."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QLabel, QSizePolicy, QWidget


class Room(QWidget):
    """It has no layout on purpose: a label that changes in what it holds would lay out all that stands around, up to the
    whole window, several milliseconds each time."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._held: QWidget | None = None
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)

    def hold(self, widget: QWidget) -> None:
        """The widget that fills the room, whatever size it would rather be."""
        self._held = widget
        widget.setParent(self)
        widget.setGeometry(self.rect())
        widget.show()

    def widen(self) -> None:
        """Grows, and never shrinks, until the words in it are whole: only then what stands around is laid out."""
        wanted = self._held.sizeHint().width() if self._held is not None else 0
        if wanted > self.minimumWidth():
            self.setFixedWidth(wanted)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if self._held is not None:
            self._held.setGeometry(self.rect())


def roomed(words: QLabel, lines: int = 1, widest: str | None = None) -> Room:
    """A room of so many lines for words that change often, at its top; as wide as these words are, or as there is place.

    Call its `widen` where the words may be longer than the widest that was thought of."""
    words.ensurePolished()  # its role decides its font
    words.setAlignment(words.alignment() & Qt.AlignmentFlag.AlignHorizontal_Mask | Qt.AlignmentFlag.AlignTop)
    room = Room(words.parentWidget())
    room.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
    room.setFixedHeight(lines * words.fontMetrics().lineSpacing() + 2)
    if widest is not None:
        room.setFixedWidth(words.fontMetrics().horizontalAdvance(widest) + 4)
    room.hold(words)
    return room
