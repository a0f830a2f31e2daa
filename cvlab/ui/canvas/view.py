"""The canvas that a person works on: it zooms and pans, turns pointer and keys into gestures and edits, and shows the document.

It holds no truth: selection and net live in the project, and every change goes through `NetEdits`.
"""

from __future__ import annotations

from PySide6.QtCore import QEvent, QPointF, Qt, Signal
from PySide6.QtGui import QContextMenuEvent, QKeyEvent, QMouseEvent, QPainter, QResizeEvent, QShowEvent
from PySide6.QtWidgets import QApplication, QWidget

from cvlab.core.project import Project
from cvlab.engine.nets.architecture import Architecture
from cvlab.ui.bind import bind
from cvlab.ui.canvas.camera import Camera, paint_frame
from cvlab.ui.canvas.edits import NetEdits
from cvlab.ui.canvas.gesture import DrawWire, Gesture, Lasso, MoveBlocks, PlaceLayer
from cvlab.ui.canvas.layout import best_columns
from cvlab.ui.canvas.menu import CanvasMenu
from cvlab.ui.canvas.scene import NetScene
from cvlab.ui.canvas.whisper import Whisper

_WALK = {Qt.Key.Key_Right: 1, Qt.Key.Key_Down: 1, Qt.Key.Key_Left: -1, Qt.Key.Key_Up: -1}


class NetView(Camera):
    """The net of a project, to be edited.

    asked_settings: Enter was pressed on a layer: the person wants its settings.
    """

    asked_settings = Signal()

    def __init__(self, project: Project, edits: NetEdits, parent: QWidget | None = None) -> None:
        self.net_scene = NetScene()
        super().__init__(self.net_scene, parent)
        self.net_scene.setParent(self)
        self._project, self._edits = project, edits
        self.gesture: Gesture | None = None
        self._pressed: QPointF | None = None
        self._wire_chosen: tuple[int, int, int] | None = None
        self._whisper = Whisper(self.viewport())
        # Announced while the scene, a child, still lives.
        self.destroyed.connect(self.net_scene.clear_net)
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self._title = ""
        bind(self, project, "architecture", self._show_net)
        bind(self, project.builder, "selected", self._show_selected)

    # -- following the document --------------------------------------------------------------------------------------

    def _show_net(self, net: Architecture) -> None:
        self.cancel_gesture()
        grew = set(net.by_id) != set(self.net_scene.net.by_id) or net.edges != self.net_scene.net.edges
        self.choose_wire(None)
        self.net_scene.show_net(net)
        self._show_selected(self._project.builder.selected)
        if grew:
            self.follow()

    def _show_selected(self, node_ids: tuple[int, ...]) -> None:
        if node_ids:
            self.choose_wire(None)
        self.net_scene.show_selected(node_ids)

    def reflow(self) -> None:
        net, size = self._project.architecture, self.viewport().size()
        self.net_scene.show_columns(best_columns(net, size.width(), size.height()))

    # -- selection ---------------------------------------------------------------------------------------------------

    def select(self, *node_ids: int) -> None:
        self._project.builder.selected = node_ids

    def choose_wire(self, key: tuple[int, int, int] | None) -> None:
        if key != self._wire_chosen:
            self._wire_chosen = key
            self.net_scene.show_chosen_wire(key)

    def delete_chosen(self) -> None:
        """The selected layers, or else the chosen wire."""
        selected = self._edits.selected()
        if selected:
            self._edits.delete(selected)
        elif self._wire_chosen is not None:
            self._edits.disconnect(*self._wire_chosen[1:])

    def walk(self, step: int) -> None:
        """Selects the next (1) or the previous (-1) layer along the wires."""
        selected, net = self._edits.selected(), self._project.architecture
        if not selected:
            if net.nodes:
                self.select(net.nodes[0].id)
            return
        wires = net.out_of(selected[-1]) if step > 0 else net.into(selected[0])
        if wires:
            self.select(wires[0].target if step > 0 else wires[0].source)
            self.reveal(self.net_scene.blocks[self._project.builder.selected[0]].sceneBoundingRect())

    # -- gestures ----------------------------------------------------------------------------------------------------

    def begin_place(self, kind: str) -> None:
        """A layer has left the palette; its drag goes on with `move_place` and `finish_place` in global pixels."""
        self.cancel_gesture()
        self.gesture = PlaceLayer(self.net_scene, self._edits, kind)

    def move_place(self, place: QPointF) -> None:
        if isinstance(self.gesture, PlaceLayer):
            at = self.viewport().mapFromGlobal(place)
            if self.viewport().rect().contains(at.toPoint()):
                self._move_gesture(at)
            else:
                self.net_scene.show_landing(None)
                self._whisper.hide()

    def finish_place(self, place: QPointF) -> None:
        """Let go: over the canvas it lands, elsewhere nothing has happened."""
        if isinstance(self.gesture, PlaceLayer):
            at = self.viewport().mapFromGlobal(place)
            if self.viewport().rect().contains(at.toPoint()):
                self._finish_gesture(at)
                self.setFocus()
            else:
                self.cancel_gesture()

    def cancel_gesture(self) -> None:
        gesture, self.gesture, self._pressed = self.gesture, None, None
        self._whisper.hide()
        if gesture is not None:
            gesture.cancel()

    def _begin(self, start: QPointF) -> Gesture:
        point, scene = self.at(start), self.net_scene
        source, into = scene.out_port_at(point), scene.into_port_at(point)
        if source is not None:
            return DrawWire(scene, self._edits, source)
        if into is not None:
            old = next((e for e in scene.net.into(into[0]) if e.port == into[1]), None)
            if old is not None:
                return DrawWire(scene, self._edits, old.source, into)
        block = scene.block_at(point)
        selected = self._project.builder.selected
        if block is None:
            extend = bool(QApplication.keyboardModifiers() & Qt.KeyboardModifier.ShiftModifier)
            return Lasso(scene, self._edits, point, selected if extend else ())
        if block.node_id not in selected:
            self.select(block.node_id)
        return MoveBlocks(scene, self._edits, self._project.builder.selected, point)

    def _move_gesture(self, position: QPointF) -> None:
        self.gesture.move(self.at(position))
        self._whisper.say(self.gesture.words, position, refused=self.gesture.is_refused)

    def _finish_gesture(self, position: QPointF) -> None:
        gesture, self.gesture = self.gesture, None
        self._whisper.hide()
        gesture.finish(self.at(position))
        if isinstance(gesture, Lasso):
            self.select(*gesture.caught)
            self._show_selected(self._project.builder.selected)

    # -- Qt ----------------------------------------------------------------------------------------------------------

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if self.begin_pan(event):
            return
        if event.button() == Qt.MouseButton.LeftButton and self.gesture is None:
            self._pressed = event.position()
            self.net_scene.show_hovered(None)
        event.accept()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self.pan(event):
            return
        if self._pressed is not None and self.gesture is None:
            moved = (event.position() - self._pressed).manhattanLength()
            if moved < QApplication.startDragDistance():
                return
            self.gesture = self._begin(self._pressed)
        if self.gesture is not None:
            self._move_gesture(event.position())
        else:
            self._hover(event.position())
        event.accept()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if self.end_pan(event):
            return
        if event.button() == Qt.MouseButton.LeftButton:
            pressed, self._pressed = self._pressed, None
            if self.gesture is not None:
                self._finish_gesture(event.position())
            elif pressed is not None:
                self._click(pressed, event.modifiers())
        event.accept()

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        if self.net_scene.block_at(self.at(event.position())) is not None:
            self.asked_settings.emit()

    def _click(self, position: QPointF, modifiers: Qt.KeyboardModifier) -> None:
        point, selected = self.at(position), self._project.builder.selected
        block = self.net_scene.block_at(point)
        wire = self.net_scene.wire_at(point) if block is None else None
        if block is None:
            self.select()
            self.choose_wire(wire.key if wire else None)
        elif modifiers & (Qt.KeyboardModifier.ShiftModifier | Qt.KeyboardModifier.ControlModifier):
            rest = tuple(i for i in selected if i != block.node_id)
            self.select(*(rest if len(rest) < len(selected) else (*selected, block.node_id)))
        else:
            self.select(block.node_id)

    def _hover(self, position: QPointF) -> None:
        point, scene = self.at(position), self.net_scene
        block = scene.block_at(point)
        scene.show_hovered(block or scene.wire_at(point))
        on_port = scene.out_port_at(point) is not None or scene.into_port_at(point) is not None
        shape = Qt.CursorShape.CrossCursor if on_port else Qt.CursorShape.OpenHandCursor if block else None
        self.show_cursor(shape)

    def leaveEvent(self, event: QEvent) -> None:
        self.net_scene.show_hovered(None)
        super().leaveEvent(event)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        self.cancel_gesture()
        point = self.at(QPointF(event.pos()) if event.reason() == QContextMenuEvent.Reason.Mouse else QPointF(8, 8))
        block = self.net_scene.block_at(point)
        wire = self.net_scene.wire_at(point) if block is None else None
        if block is not None and block.node_id not in self._project.builder.selected:
            self.select(block.node_id)
        if wire is not None:
            self.select()
            self.choose_wire(wire.key)
        CanvasMenu(self, self._edits, block.node_id if block else None, wire.key if wire else None).popup(
            event.globalPos()
        )
        event.accept()

    def event(self, event: QEvent) -> bool:
        # Undo and the like stay the window's; plain keys are ours while the canvas has the focus.
        if event.type() == QEvent.Type.ShortcutOverride and self._owns(event):
            event.accept()
            return True
        return super().event(event)

    def _owns(self, event: QKeyEvent) -> bool:
        return event.key() in (Qt.Key.Key_Delete, Qt.Key.Key_Backspace, Qt.Key.Key_F) and not event.modifiers()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key, modifiers = event.key(), event.modifiers()
        if key == Qt.Key.Key_Escape:
            if self.gesture is None and self._pressed is None:
                self.select()
                self.choose_wire(None)
            self.cancel_gesture()
        elif self.gesture is not None:
            pass
        elif key in (Qt.Key.Key_Delete, Qt.Key.Key_Backspace):
            self.delete_chosen()
        elif key in _WALK:
            self.walk(_WALK[key])
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.asked_settings.emit()
        elif key == Qt.Key.Key_A and modifiers & Qt.KeyboardModifier.ControlModifier:
            self.select(*self._project.architecture.by_id)
        elif key == Qt.Key.Key_D and modifiers & Qt.KeyboardModifier.ControlModifier:
            self._edits.duplicate(self._edits.selected())
        else:
            super().keyPressEvent(event)
            return
        event.accept()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.follow()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.follow()
        self.net_scene.finish_slide()

    def paintEvent(self, event) -> None:
        super().paintEvent(event)
        painter = QPainter(self.viewport())
        paint_frame(painter, self.viewport().rect())
        if not self.net_scene.net.nodes:
            painter.setPen(self.palette().placeholderText().color())
            words = "Drag an input here from the left,\nor start from a ready net."
            painter.drawText(self.viewport().rect(), Qt.AlignmentFlag.AlignCenter, words)
        painter.end()
