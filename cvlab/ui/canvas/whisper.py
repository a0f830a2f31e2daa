"""A few words beside the pointer while a gesture lasts: where a layer would land, or why a wire is refused."""

from __future__ import annotations

from PySide6.QtCore import QPointF, Qt
from PySide6.QtWidgets import QLabel, QWidget

from cvlab.ui.theme.style import set_role

_AWAY = 18


class Whisper(QLabel):
    """Hidden when there is nothing to say; never takes the mouse."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.setMargin(6)
        self.hide()

    def say(self, words: str, position: QPointF, *, refused: bool = False) -> None:
        if not words:
            self.hide()
            return
        set_role(self, "card small error" if refused else "card small")
        self.setText(words)
        self.adjustSize()
        room = self.parentWidget().rect()
        x = min(int(position.x()) + _AWAY, room.width() - self.width() - 4)
        y = int(position.y()) - self.height() - _AWAY
        self.move(max(x, 4), max(y, 4))
        self.show()
