"""The volume picture on the panel: it fits the room, a press selects a layer."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QMouseEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QFrame, QScrollArea, QWidget

from cvlab.ui.canvas.camera import paint_frame
from cvlab.ui.canvas.scene import NetScene
from cvlab.ui.canvas.volumes import Volumes
from cvlab.ui.theme import theme

LEAST = 0.62
"""Below this zoom the words could not be read: the picture scrolls instead."""


class VolumePicture(QWidget):
    """Paints the volumes of a scene's net as large as fits its height and the view's width."""

    pressed = Signal(int)

    def __init__(self, scene: NetScene, parent: QWidget) -> None:
        super().__init__(parent)
        self._scene = scene
        self.volumes: Volumes | None = None
        self._chosen: frozenset[int] = frozenset()
        self.setAccessibleName("The net as its volumes")
        self.setToolTip(
            "Each box is a volume: as high and wide as its maps, as long as their number. Press one to select it."
        )

    def show_net(self, room: QSize) -> None:
        self.volumes = Volumes(self._scene.net, self._scene.report, self._scene.drawing)
        size = self.volumes.size
        self._fit(room, size)
        self.update()

    def _fit(self, room: QSize, size: QRectF) -> None:
        if size.isEmpty():
            return
        self._scale = max(min(room.width() / size.width(), room.height() / size.height(), 1.25), LEAST)
        self.setFixedSize(
            max(round(size.width() * self._scale), room.width()), max(round(size.height() * self._scale), room.height())
        )

    def show_chosen(self, blocks: frozenset[int]) -> None:
        if blocks != self._chosen:
            self._chosen = blocks
            self.update()

    def _origin(self) -> QPointF:
        size = self.volumes.size
        spare = QPointF(self.width() - size.width() * self._scale, self.height() - size.height() * self._scale) / 2
        return spare - size.topLeft() * self._scale

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        if self.volumes is not None and self.volumes.boxes:
            painter.translate(self._origin())
            painter.scale(self._scale, self._scale)
            self.volumes.paint(painter, self._chosen)
        else:
            painter.setPen(theme().colour("muted"))
            painter.drawText(self.rect(), Qt.AlignmentFlag.AlignCenter, "There is no volume yet: start with an input.")
        painter.end()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if self.volumes is not None and self.volumes.boxes:
            box = self.volumes.box_at((event.position() - self._origin()) / self._scale)
            self.pressed.emit(box.block if box else 0)


class VolumesView(QScrollArea):
    """pressed(block, or 0 for none). It works only while it is shown."""

    pressed = Signal(int)

    def __init__(self, scene: NetScene, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("builder.volumes_view")
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.picture = VolumePicture(scene, self)
        self.picture.pressed.connect(self.pressed)
        self.setWidget(self.picture)
        self.picture.setAutoFillBackground(False)  # the frame is painted beneath it

    def show_net(self) -> None:
        if self.isVisible():
            self.picture.show_net(self.viewport().size())

    def show_chosen(self, blocks: tuple[int, ...]) -> None:
        self.picture.show_chosen(frozenset(blocks))

    def resizeEvent(self, event) -> None:
        super().resizeEvent(event)
        self.show_net()

    def showEvent(self, event) -> None:
        super().showEvent(event)
        self.show_net()

    def paintEvent(self, event) -> None:
        super().paintEvent(event)
        painter = QPainter(self.viewport())
        painter.fillRect(self.viewport().rect(), theme().colour("sunken"))  # the picture, which is clear, lies upon it
        paint_frame(painter, self.viewport().rect())
        painter.end()
