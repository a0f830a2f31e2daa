"""The eye on a canvas: zoom about the pointer, pan, fit; it keeps everything in view until the person takes the lead."""

from __future__ import annotations

from functools import lru_cache

from PySide6.QtCore import QEvent, QPointF, QRect, QRectF, Qt
from PySide6.QtGui import QKeyEvent, QMouseEvent, QPainter, QPainterPath, QWheelEvent
from PySide6.QtWidgets import QFrame, QGraphicsView, QWidget

from cvlab.ui.canvas.layout import MARGIN
from cvlab.ui.canvas.scene import NetScene
from cvlab.ui.theme import theme
from cvlab.ui.theme.tokens import RADIUS

MIN_SCALE, MAX_SCALE = 0.12, 2.5
FIT_SCALE = 1.1
"""Fitting never shows blocks larger than this."""

_ROOM = 4000.0
_WHEEL_STEP = 1.15


def paint_frame(painter: QPainter, area: QRect) -> None:
    """Rounds the corners of a canvas: Qt clips a view to a rectangle whatever its style sheet says."""
    corners, inside = _frame_of(area.width(), area.height())
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.fillPath(corners, theme().colour("surface"))
    painter.setPen(theme().colour("faint"))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.drawPath(inside)


@lru_cache(maxsize=8)
def _frame_of(width: int, height: int) -> tuple[QPainterPath, QPainterPath]:
    """What lies outside the rounded corners, and the line around the inside."""
    outside, inside = QPainterPath(), QPainterPath()
    outside.addRect(0, 0, width, height)
    inside.addRoundedRect(QRectF(0.5, 0.5, width - 1, height - 1), RADIUS, RADIUS)
    return outside - inside, inside


class Camera(QGraphicsView):
    """A view on a net's scene, without scroll bars. Pan: middle button, or space and drag. Zoom: wheel or pinch."""

    def __init__(self, scene: NetScene, parent: QWidget | None = None) -> None:
        super().__init__(scene, parent)
        self.is_following = True
        self._grabbed: QPointF | None = None
        self._space = False
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setProperty("role", "canvas")
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setTransformationAnchor(QGraphicsView.ViewportAnchor.NoAnchor)
        self.setResizeAnchor(QGraphicsView.ViewportAnchor.NoAnchor)
        self.setViewportUpdateMode(QGraphicsView.ViewportUpdateMode.MinimalViewportUpdate)
        self.setCacheMode(QGraphicsView.CacheModeFlag.CacheBackground)
        self.setRenderHint(QPainter.RenderHint.Antialiasing)
        self.viewport().grabGesture(Qt.GestureType.PinchGesture)

    def at(self, position: QPointF) -> QPointF:
        """The scene point under a viewport position."""
        return self.viewportTransform().inverted()[0].map(position)

    @property
    def scale_now(self) -> float:
        return self.transform().m11()

    def reflow(self) -> None:
        """Lays the content out anew for the size of the view, before it is fitted; for subclasses."""

    def follow(self) -> None:
        """The content or the view has changed: show all of it, unless the person has zoomed or panned."""
        if self.is_following and self.isVisible():
            self.fit()

    def fit(self) -> None:
        """Everything in view, as large as it can be, at most a little above life size."""
        self.is_following = True
        self.reflow()
        area = self.scene().content().adjusted(-MARGIN, -MARGIN, MARGIN, MARGIN)
        size = self.viewport().size()
        scale = min(size.width() / area.width(), size.height() / area.height(), FIT_SCALE)
        self._set_scale(max(scale, MIN_SCALE))
        self.scene().setSceneRect(area.adjusted(-_ROOM, -_ROOM, _ROOM, _ROOM))
        self.centerOn(area.center())

    def zoom(self, factor: float, about: QPointF | None = None) -> None:
        """`about`: the viewport position that stays where it is; the middle if None."""
        about = about or QPointF(self.viewport().rect().center())
        held = self.at(about)
        self.is_following = False
        self._set_scale(min(max(self.scale_now * factor, MIN_SCALE), MAX_SCALE))
        moved = self.viewportTransform().map(held) - about
        self._scroll(moved)

    def zoom_in(self) -> None:
        self.zoom(1.25)

    def zoom_out(self) -> None:
        self.zoom(0.8)

    def look_at(self, point: QPointF) -> None:
        """The scene point in the middle of the view, at the zoom that there is."""
        self.is_following = False
        self.centerOn(point)

    def reveal(self, area: QRectF) -> None:
        """Scrolls as little as needed to bring the area into view."""
        self.ensureVisible(area, 16, 16)

    def show_cursor(self, shape: Qt.CursorShape | None) -> None:
        if self._space:
            shape = Qt.CursorShape.OpenHandCursor
        if shape is None:
            self.viewport().unsetCursor()
        else:
            self.viewport().setCursor(shape)

    def _set_scale(self, scale: float) -> None:
        self.resetTransform()
        self.scale(scale, scale)

    def _scroll(self, by: QPointF) -> None:
        across, down = self.horizontalScrollBar(), self.verticalScrollBar()
        across.setValue(across.value() + round(by.x()))
        down.setValue(down.value() + round(by.y()))

    # -- panning; each says whether the event was its own --------------------------------------------------------------

    def begin_pan(self, event: QMouseEvent) -> bool:
        left = event.button() == Qt.MouseButton.LeftButton and self._space
        if not left and event.button() != Qt.MouseButton.MiddleButton:
            return False
        self._grabbed = event.position()
        self.viewport().setCursor(Qt.CursorShape.ClosedHandCursor)
        return True

    def pan(self, event: QMouseEvent) -> bool:
        if self._grabbed is None:
            return False
        self.is_following = False
        self._scroll(self._grabbed - event.position())
        self._grabbed = event.position()
        return True

    def end_pan(self, event: QMouseEvent) -> bool:
        if self._grabbed is None:
            return False
        self._grabbed = None
        self.show_cursor(None)
        return True

    def scrollContentsBy(self, across: int, down: int) -> None:
        super().scrollContentsBy(across, down)
        # Qt moves the pixels that it has; the frame must stay where it is.
        self.viewport().update()

    # -- Qt ----------------------------------------------------------------------------------------------------------

    def wheelEvent(self, event: QWheelEvent) -> None:
        self.zoom(_WHEEL_STEP ** (event.angleDelta().y() / 120), event.position())
        event.accept()

    def viewportEvent(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Gesture:
            pinch = event.gesture(Qt.GestureType.PinchGesture)
            if pinch is not None:
                self.zoom(pinch.scaleFactor(), QPointF(self.viewport().mapFromGlobal(pinch.hotSpot().toPoint())))
                return True
        if event.type() == QEvent.Type.NativeGesture and event.gestureType() == Qt.NativeGestureType.ZoomNativeGesture:
            self.zoom(1 + event.value(), event.position())
            return True
        return super().viewportEvent(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Space and not event.isAutoRepeat():
            self._space = True
            self.show_cursor(None)
        elif event.key() == Qt.Key.Key_F and not event.modifiers():
            self.fit()
        elif event.key() in (Qt.Key.Key_Plus, Qt.Key.Key_Equal):
            self.zoom_in()
        elif event.key() == Qt.Key.Key_Minus:
            self.zoom_out()
        else:
            super().keyPressEvent(event)

    def keyReleaseEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Space and not event.isAutoRepeat():
            self._space = False
            self.show_cursor(None)
        super().keyReleaseEvent(event)

    def focusOutEvent(self, event) -> None:
        self._space = False
        super().focusOutEvent(event)
