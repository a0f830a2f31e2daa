"""The window on the circuit: pan by dragging the ground, zoom by the wheel, drag gates, fit by double-click."""

from __future__ import annotations

from PySide6.QtCore import QPoint, QPointF, QRect, QRectF, QSize, Qt, QTimer, Signal
from PySide6.QtGui import (
    QContextMenuEvent,
    QFontMetricsF,
    QKeyEvent,
    QKeySequence,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QResizeEvent,
    QShowEvent,
)
from PySide6.QtWidgets import QGraphicsView, QRubberBand, QWidget

from cvlab.ui.canvas.camera import MIN_SCALE, Camera, paint_frame
from cvlab.ui.panels.circuits.fonts import font
from cvlab.ui.panels.circuits.scene import CircuitScene
from cvlab.ui.theme import theme

_SIDE, _KEY = 14, 30
"""Pixels that fitting leaves free: at the sides, and for the words at the top and the foot."""

_LOW = 320
"""Pixels of height below which the picture takes the room of the words at the foot."""

_LARGEST, _ROOM = 1.2, 4000.0
_REST_MS = 120
"""After so long without moving the eye rests."""


class CircuitView(Camera):
    """A camera whose ground can be dragged with the left button; with Shift, a frame is drawn that chooses gates.

    painted: after every painting. menu_asked(node id or -1, place on the screen).
    """

    painted = Signal()
    menu_asked = Signal(int, QPoint)

    def __init__(self, parent: QWidget | None = None) -> None:
        self.circuit_scene = CircuitScene()
        super().__init__(self.circuit_scene, parent)
        self.circuit_scene.setParent(self)
        # Announced while the scene, a child, still lives.
        self.destroyed.connect(self.circuit_scene.clear_circuit)
        self.setObjectName("circuits.canvas")
        self.setAccessibleName("The circuit")
        self.setMinimumSize(320, 160)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        # A new number changes the whole picture: keeping count of hundreds of small areas costs more than painting once.
        self.setViewportUpdateMode(QGraphicsView.ViewportUpdateMode.FullViewportUpdate)
        self._is_stale = False
        self._band, self._band_start = QRubberBand(QRubberBand.Shape.Rectangle, self.viewport()), QPoint()
        self._rest = QTimer(self)
        self._rest.setSingleShot(True)
        self._rest.setInterval(_REST_MS)
        self._rest.timeout.connect(self._sharpen)

    def scrollContentsBy(self, across: int, down: int) -> None:
        super().scrollContentsBy(across, down)
        self._begin_motion()

    def _set_scale(self, scale: float) -> None:
        super()._set_scale(scale)
        self._begin_motion()

    def _begin_motion(self) -> None:
        self.circuit_scene.picture.is_moving = True
        self._rest.start()

    def _sharpen(self) -> None:
        """The eye rests: the picture is painted as it is."""
        self.circuit_scene.picture.is_moving = False
        self.viewport().update()

    def show_stale(self, stale: bool) -> None:
        """The picture is of the last text that could be read."""
        if stale != self._is_stale:
            self._is_stale = stale
            self.viewport().update()

    def fit(self) -> None:
        """Everything in view, between the key above and the hint below."""
        self.is_following = True
        content, size = self.circuit_scene.content(), self.viewport().size()
        foot = _KEY if self._has_hint else _SIDE
        across, down = size.width() - 2 * _SIDE, size.height() - _KEY - foot
        scale = min(across / content.width(), down / content.height(), _LARGEST)
        self._set_scale(max(scale, MIN_SCALE))
        self.circuit_scene.setSceneRect(content.adjusted(-_ROOM, -_ROOM, _ROOM, _ROOM))
        self.centerOn(content.center() - QPointF(0, (_KEY - foot) / 2 / self.scale_now))

    @property
    def _has_hint(self) -> bool:
        """There is room for words at the foot; in a low view the picture takes it."""
        return self.viewport().height() >= _LOW

    def _paint_key(self, painter: QPainter) -> None:
        """What the colours mean, and how to move, in the corners."""
        look, area = theme(), self.viewport().rect().adjusted(14, 8, -14, -8)
        face = font(11)
        painter.setFont(face)
        x = float(area.left())
        for text, role in (("value, forward", "positive"), ("∇ gradient, backward", "negative")):
            painter.setPen(look.colour(role))
            width = QFontMetricsF(face).horizontalAdvance(text)
            painter.drawText(QRectF(x, area.top(), width + 4, 16), Qt.AlignmentFlag.AlignLeft, text)
            x += width + 16
        chosen = len(self.circuit_scene.selection.chosen)
        if chosen:
            words = (
                f"{chosen} gates chosen · Ctrl+G makes one of them"
                if chosen > 1
                else "1 gate chosen · Shift+click another"
            )
            painter.setPen(look.colour("accent"))
            painter.drawText(area, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignTop, words)
        painter.setPen(look.colour("muted"))
        hint = "drag to pan · wheel to zoom · Shift+drag to choose gates · double-click to fit"
        if self._has_hint and QFontMetricsF(face).horizontalAdvance(hint) < area.width():
            painter.drawText(area, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignBottom, hint)

    # -- Qt ----------------------------------------------------------------------------------------------------------

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if self.begin_pan(event):
            return
        is_left = event.button() == Qt.MouseButton.LeftButton
        if is_left and self.circuit_scene.node_at(self.at(event.position())) < 0:
            if event.modifiers() & Qt.KeyboardModifier.ShiftModifier:
                self._band_start = event.position().toPoint()
                self._band.setGeometry(QRect(self._band_start, QSize()))
                self._band.show()
                return
            self.circuit_scene.selection.clear()
            self._grabbed = event.position()
            self.viewport().setCursor(Qt.CursorShape.ClosedHandCursor)
            return
        super().mousePressEvent(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self._band.isVisible():
            self._band.setGeometry(QRect(self._band_start, event.position().toPoint()).normalized())
        elif not self.pan(event):
            super().mouseMoveEvent(event)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if self._band.isVisible():
            area = self._band.geometry()
            self._band.hide()
            self.circuit_scene.selection.choose_in(
                QRectF(self.at(QPointF(area.topLeft())), self.at(QPointF(area.bottomRight())))
            )
        elif not self.end_pan(event):
            super().mouseReleaseEvent(event)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        if self.circuit_scene.node_at(self.at(event.position())) < 0:
            self.fit()
            return
        super().mouseDoubleClickEvent(event)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        scene = self.circuit_scene
        if event.reason() == QContextMenuEvent.Reason.Mouse:
            self.menu_asked.emit(scene.node_at(self.at(QPointF(event.pos()))), event.globalPos())
            return
        here = scene.selection.here
        place = self.mapFromScene(scene.nodes[here].pos()) if here >= 0 else self.viewport().rect().center()
        self.menu_asked.emit(here, self.viewport().mapToGlobal(place))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        selection = self.circuit_scene.selection
        is_plain = event.modifiers() in (Qt.KeyboardModifier.NoModifier, Qt.KeyboardModifier.KeypadModifier)
        is_choosing = event.modifiers() == Qt.KeyboardModifier.ShiftModifier
        if (is_plain or is_choosing) and selection.walk(Qt.Key(event.key()), choosing=is_choosing):
            self.ensureVisible(self.circuit_scene.nodes[selection.here].sceneBoundingRect(), 24, 24)
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and selection.here >= 0:
            self.circuit_scene.chosen.emit(selection.here)
        elif event.key() == Qt.Key.Key_Escape and (selection.chosen or selection.here >= 0):
            selection.clear()
        elif event.matches(QKeySequence.StandardKey.SelectAll):
            selection.choose_all()
        else:
            super().keyPressEvent(event)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.follow()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.follow()

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        painter = QPainter(self.viewport())
        if self._is_stale:
            painter.fillRect(self.viewport().rect(), theme().colour("sunken", 0.62))
        self._paint_key(painter)
        paint_frame(painter, self.viewport().rect())
        painter.end()
        self.painted.emit()
