"""The canvas that a person works on: it zooms and pans, turns pointer and keys into gestures and edits, and shows the document.

It holds no truth: selection and net live in the project, and every change goes through `NetEdits`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QPointF, QRectF, QSizeF, Qt, Signal
from PySide6.QtGui import (
    QContextMenuEvent,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QResizeEvent,
    QShowEvent,
)
from PySide6.QtWidgets import QApplication, QToolTip, QWidget

from cvlab.core.project import Project
from cvlab.engine.nets.architecture import Architecture
from cvlab.engine.training.recipe import Recipe
from cvlab.ui.bind import bind
from cvlab.ui.canvas import keyboard
from cvlab.ui.canvas.camera import Camera, paint_frame
from cvlab.ui.canvas.edits import NetEdits
from cvlab.ui.canvas.gesture import Gesture, Lasso, MoveBlocks, PlaceLayer
from cvlab.ui.canvas.layout import best_columns
from cvlab.ui.canvas.menu import CanvasMenu
from cvlab.ui.canvas.minimap import Minimap
from cvlab.ui.canvas.scene import NetScene
from cvlab.ui.canvas.search import Search
from cvlab.ui.canvas.sketch import WireKey
from cvlab.ui.canvas.verbs import Verbs
from cvlab.ui.canvas.whisper import Whisper
from cvlab.ui.canvas.wiring import DrawWire, PullWire
from cvlab.ui.widgets.finish import wrapped

if TYPE_CHECKING:
    from cvlab.ui.canvas.finder import Finder


class NetView(Camera, Verbs):
    """The net of a project, to be edited.

    asked_settings: Enter was pressed on a layer: the person wants its settings. failed(error): words for the person.
    advised(advice): its change is wanted.
    """

    asked_settings = Signal()
    advised = Signal(object)
    failed = Signal(object)

    def __init__(self, project: Project, edits: NetEdits, parent: QWidget | None = None) -> None:
        self.net_scene = NetScene()
        super().__init__(self.net_scene, parent)
        self.net_scene.setParent(self)
        self._project, self._edits = project, edits
        self.gesture: Gesture | None = None
        self._pressed: QPointF | None = None
        self._wire_chosen: WireKey | None = None
        self.search = Search(self, edits)
        self._pasted = 0  # times, of what is on the clipboard
        self._whisper = Whisper(self.viewport())
        self.minimap = Minimap(self, self.net_scene)
        self.destroyed.connect(self.net_scene.clear_net)  # announced while the scene, a child, still lives
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        bind(self, project, "architecture", self._show_net)
        bind(self, project, "recipe", self._show_recipe)
        bind(self, project.builder, "selected", self._show_selected)

    # -- following the document --------------------------------------------------------------------------------------

    def _show_net(self, net: Architecture) -> None:
        self.cancel_gesture()
        old = self.net_scene.net
        grew = net.by_id.keys() != old.by_id.keys() or net.edges != old.edges or net.groups != old.groups
        self.choose_wire(None)
        self.net_scene.show_net(net)
        self._show_selected(self._project.builder.selected)
        if grew:
            self.follow()
        self.minimap.follow()

    def _show_recipe(self, recipe: Recipe) -> None:
        self.net_scene.show_batch(recipe.batch_size)

    def _show_selected(self, node_ids: tuple[int, ...]) -> None:
        if node_ids:
            self.choose_wire(None)
        self.net_scene.show_selected(node_ids)

    def reflow(self) -> None:
        scene, size = self.net_scene, self.viewport().size()
        scene.show_columns(best_columns(scene.net, scene.drawing, size.width(), size.height()))

    def fit(self) -> None:
        super().fit()
        self.minimap.follow()

    # -- selection ---------------------------------------------------------------------------------------------------

    def select(self, *node_ids: int) -> None:
        self._project.builder.selected = node_ids

    def choose_wire(self, key: WireKey | None) -> None:
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

    def escape(self) -> None:
        """Ends the gesture; without one, the selection."""
        if self.gesture is None and self._pressed is None:
            self.select()
            self.choose_wire(None)
        self.cancel_gesture()

    # -- the search ----------------------------------------------------------------------------------------------------

    @property
    def finder(self) -> Finder:
        return self.search.finder

    def find(self, text: str) -> None:
        """Opens the search with this much typed."""
        self.search.open(text)

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

    def cancel_gesture(self, *, quiet: bool = False) -> None:
        """No trace is left; `quiet` leaves the words beside the pointer until the next move."""
        gesture, self.gesture, self._pressed = self.gesture, None, None
        self._whisper.setVisible(quiet and self._whisper.isVisible())
        if gesture is not None:
            gesture.cancel()

    def begin_key_wire(self) -> None:
        """A wire from the selected block, led by the arrows; Enter lets it go, Esc gives up."""
        blocks = self.net_scene.blocks_of(self._edits.selected())
        if blocks:
            self.cancel_gesture()
            self.gesture = DrawWire(self.net_scene, self._edits, blocks[-1], by_key=True)
            self.aim_wire(1)

    def aim_wire(self, step: int) -> None:
        point = self.gesture.aim(step)
        if point is not None:
            self.reveal(QRectF(point - QPointF(60, 60), QSizeF(120, 120)))
            self._aimed = point
        at = self.viewportTransform().map(point) if point is not None else QPointF(self.viewport().rect().center())
        self._whisper.say(self.gesture.words, at, refused=self.gesture.is_refused)
        if point is None:
            self.cancel_gesture(quiet=True)

    def finish_key_wire(self) -> None:
        gesture, self.gesture = self.gesture, None
        self._whisper.hide()
        gesture.finish(self._aimed)

    def _begin(self, start: QPointF) -> Gesture:
        point, scene = self.at(start), self.net_scene
        source, into = scene.out_port_at(point), scene.into_port_at(point)
        if source is not None:
            return DrawWire(scene, self._edits, source)
        if into is not None:
            old = scene.strand_into(*into)
            if old is not None:
                return DrawWire(scene, self._edits, old.source, old)
            return PullWire(scene, self._edits, *into)
        item, frame = scene.block_at(point), scene.frame_at(point)
        selected = self._project.builder.selected
        if item is None and frame is None:
            extend = bool(QApplication.keyboardModifiers() & Qt.KeyboardModifier.ShiftModifier)
            return Lasso(scene, self._edits, point, selected if extend else ())
        members = scene.members([item.block_id]) if item else scene.net.group_by_id[frame.group_id].members
        if not set(members) <= set(selected):
            self.select(*members)
        return MoveBlocks(scene, self._edits, scene.blocks_of(self._project.builder.selected), point)

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
        elif isinstance(gesture, DrawWire) and gesture.let_go is not None:
            self.search.open("", gesture.let_go)
        self.minimap.follow()

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
        point, scene = self.at(event.position()), self.net_scene
        item, frame = scene.block_at(point), scene.frame_at(point)
        if item is not None and scene.drawing.is_group(item.block_id):
            self._edits.fold(item.block_id, collapsed=False)
        elif item is not None:
            self.asked_settings.emit()
        elif frame is not None:
            self._edits.fold(frame.group_id, collapsed=True)
        else:
            self._pressed = event.position()

    def _click(self, position: QPointF, modifiers: Qt.KeyboardModifier) -> None:
        point, scene, selected = self.at(position), self.net_scene, self._project.builder.selected
        badged = scene.badge_at(point)
        if badged is not None:
            self.press_badge(badged, self.viewport().mapToGlobal(position.toPoint()))
            return
        item = scene.block_at(point)
        frame = scene.frame_at(point) if item is None else None
        wire = scene.wire_at(point) if item is None and frame is None else None
        if item is None and frame is None:
            self.select()
            self.choose_wire(wire.key if wire else None)
            return
        members = scene.members([item.block_id]) if item else scene.net.group_by_id[frame.group_id].members
        if modifiers & (Qt.KeyboardModifier.ShiftModifier | Qt.KeyboardModifier.ControlModifier):
            rest = tuple(i for i in selected if i not in members)
            self.select(*(rest if set(members) <= set(selected) else (*rest, *members)))
        else:
            self.select(*members)

    def _hover(self, position: QPointF) -> None:
        point, scene = self.at(position), self.net_scene
        item = scene.block_at(point)
        scene.show_hovered(item or scene.wire_at(point), scene.badge_at(point))
        on_port = scene.out_port_at(point) is not None or scene.into_port_at(point) is not None
        held = item is not None or scene.frame_at(point) is not None
        shape = Qt.CursorShape.CrossCursor if on_port else Qt.CursorShape.OpenHandCursor if held else None
        self.show_cursor(Qt.CursorShape.PointingHandCursor if scene.badge_at(point) else shape)

    def leaveEvent(self, event: QEvent) -> None:
        self.net_scene.show_hovered(None)
        super().leaveEvent(event)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        self.cancel_gesture()
        scene = self.net_scene
        by_mouse = event.reason() == QContextMenuEvent.Reason.Mouse
        chosen = scene.blocks_of(self._edits.selected())
        if by_mouse or not chosen:
            point, where = self.at(QPointF(event.pos())), event.globalPos()
        else:  # the menu key: on what is selected
            point = scene.blocks[chosen[-1]].sceneBoundingRect().center()
            where = self.viewport().mapToGlobal(self.mapFromScene(point))
        item = scene.block_at(point)
        frame = scene.frame_at(point) if item is None else None
        wire = scene.wire_at(point) if item is None and frame is None else None
        members = scene.members([item.block_id]) if item else ()
        if frame is not None:
            members = scene.net.group_by_id[frame.group_id].members
        if members and not set(members) <= set(self._project.builder.selected):
            self.select(*members)
        if wire is not None:
            self.select()
            self.choose_wire(wire.key)
        CanvasMenu(self, self._edits, wire.key if wire else None).popup(where)
        event.accept()

    def viewportEvent(self, event: QEvent) -> bool:
        # Tips are made when they are asked for: 200 at each edit would cost more than the edit.
        if event.type() == QEvent.Type.ToolTip:
            point, scene = self.at(QPointF(event.pos())), self.net_scene
            badged, item = scene.badge_at(point), scene.block_at(point)
            words = badged.shown_badge.tip if badged else item.face.tooltip if item else ""
            if words:
                QToolTip.showText(event.globalPos(), wrapped(words), self.viewport())
                return True
        return super().viewportEvent(event)

    def event(self, event: QEvent) -> bool:
        # Undo and the like stay the window's; plain keys are ours while the canvas has the focus.
        if event.type() == QEvent.Type.ShortcutOverride and keyboard.owns(event):
            event.accept()
            return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if keyboard.press(self, event):
            event.accept()
        else:
            super().keyPressEvent(event)

    def scrollContentsBy(self, across: int, down: int) -> None:
        super().scrollContentsBy(across, down)
        self.minimap.follow()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.follow()
        self.minimap.follow()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.follow()
        self.net_scene.finish_slide()
        self.minimap.follow()

    def paintEvent(self, event: QPaintEvent) -> None:
        self.net_scene.asked = event.region()
        super().paintEvent(event)
        painter, area = QPainter(self.viewport()), self.viewport().rect()
        paint_frame(painter, area)
        if not self.net_scene.net.nodes:
            painter.setPen(self.palette().placeholderText().color())
            words = "Drag an input here from the left,\ntype a layer's name, or start from a ready net."
            painter.drawText(area, Qt.AlignmentFlag.AlignCenter, words)
        painter.end()
