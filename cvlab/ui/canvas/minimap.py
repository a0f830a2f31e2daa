"""The whole net in a corner, with the part that is in view: shown while not all of it is. Press or drag to look elsewhere."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QImage, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QWidget

from cvlab.ui.canvas.camera import Camera
from cvlab.ui.canvas.card import BODY
from cvlab.ui.canvas.scene import NetScene
from cvlab.ui.theme import theme

SIZE = QSize(184, 124)
AWAY = 12
_PAD = 8.0


class Minimap(QWidget):
    """Lies over the lower right corner of its camera."""

    def __init__(self, camera: Camera, scene: NetScene) -> None:
        super().__init__(camera)
        self._camera, self._scene = camera, scene
        self._painted: tuple | None = None  # what the picture of the net was painted of
        self._picture = QImage()
        self.setAccessibleName("Overview of the net")
        self.setToolTip("The whole net. Press or drag to look elsewhere.")
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.resize(SIZE)
        self.hide()

    def follow(self) -> None:
        """The net, the view or its size has changed."""
        content = self._scene.content()
        seen = self._seen()
        room = self._camera.viewport().size()
        needed = not content.isEmpty() and not seen.adjusted(-2, -2, 2, 2).contains(content)
        fits = room.width() > 2.2 * SIZE.width() and room.height() > 2.2 * SIZE.height()
        self.setVisible(needed and fits)
        if self.isVisible():
            self.move(room.width() - SIZE.width() - AWAY, room.height() - SIZE.height() - AWAY)
            self.raise_()
            self.update()

    def _seen(self) -> QRectF:
        return self._camera.mapToScene(self._camera.viewport().rect()).boundingRect()

    def _scale(self) -> tuple[float, QPointF]:
        """Pixels of the map for one of the canvas, and where the canvas' origin lies on the map."""
        content = self._scene.content()
        scale = min((SIZE.width() - 2 * _PAD) / content.width(), (SIZE.height() - 2 * _PAD) / content.height())
        middle = QPointF(SIZE.width() / 2, SIZE.height() / 2)
        return scale, middle - content.center() * scale

    def paintEvent(self, event: QPaintEvent) -> None:
        look, painter = theme(), QPainter(self)
        ratio = self.devicePixelRatioF()
        state = self._scene.state, look.tokens.name, ratio
        if state != self._painted:
            self._painted, self._picture = state, self._paint_net(ratio)
        painter.drawImage(0, 0, self._picture)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        scale, origin = self._scale()
        seen = self._seen()
        view = QRectF(seen.topLeft() * scale + origin, seen.size() * scale).intersected(QRectF(self.rect()))
        painter.setPen(QPen(look.colour("accent"), 1.5))
        painter.setBrush(look.colour("accent", 0.10))
        painter.drawRoundedRect(view.adjusted(1, 1, -1, -1), 3, 3)
        painter.end()

    def _paint_net(self, ratio: float) -> QImage:
        picture = QImage(self.size() * ratio, QImage.Format.Format_ARGB32_Premultiplied)
        picture.setDevicePixelRatio(ratio)
        picture.fill(Qt.GlobalColor.transparent)
        look, painter = theme(), QPainter(picture)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(look.colour("faint"), 1))
        painter.setBrush(look.colour("raised"))
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5), 8, 8)
        scale, origin = self._scale()
        painter.setPen(Qt.PenStyle.NoPen)
        for item in self._scene.blocks.values():
            painter.setBrush(look.colour("negative" if item.face.error else item.face.role, 0.85))
            painter.drawRoundedRect(QRectF(item.pos() * scale + origin, BODY.size() * scale), 1.5, 1.5)
        painter.end()
        return picture

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            self._go(event.position())

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if event.buttons() & Qt.MouseButton.LeftButton:
            self._go(event.position())

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        event.accept()

    def _go(self, position: QPointF) -> None:
        scale, origin = self._scale()
        self._camera.look_at((position - origin) / scale)
