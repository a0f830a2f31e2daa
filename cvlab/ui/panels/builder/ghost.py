"""The block that follows the pointer from the palette to the canvas."""

from __future__ import annotations

from PySide6.QtCore import QPointF, Qt
from PySide6.QtWidgets import QLabel, QWidget

from cvlab.engine.nets.layers import REGISTRY
from cvlab.ui.canvas.block import block_picture
from cvlab.ui.canvas.card import HALO
from cvlab.ui.canvas.face import face_of_layer
from cvlab.ui.canvas.gesture import GHOST_AWAY


class Ghost(QLabel):
    """A picture inside the panel, not a window of its own: it needs no window manager. Hidden while nothing is dragged."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.hide()

    def appear(self, kind: str, scale: float) -> None:
        picture = block_picture(face_of_layer(REGISTRY[kind]()), scale, self.devicePixelRatioF())
        self.setPixmap(picture)
        self.resize(picture.deviceIndependentSize().toSize())
        self.raise_()

    def follow(self, place: QPointF) -> None:
        """The pointer is there, in global pixels."""
        here = self.parentWidget().mapFromGlobal(place)
        self.move(int(here.x() + GHOST_AWAY - HALO), int(here.y() + GHOST_AWAY - HALO))
        self.show()
