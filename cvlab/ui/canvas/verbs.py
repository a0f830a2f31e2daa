"""What keys, menus and actions can do to the selection on the canvas, besides the pointer's gestures."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import QPoint, QPointF
from PySide6.QtGui import QGuiApplication

from cvlab.core.project import Project
from cvlab.engine.errors import CvlabError
from cvlab.ui.canvas import snippet, walking
from cvlab.ui.canvas.edits import NetEdits
from cvlab.ui.canvas.gesture import snapped
from cvlab.ui.canvas.menu import AdviceMenu
from cvlab.ui.canvas.scene import NetScene

if TYPE_CHECKING:
    from cvlab.engine.nets.advice import Advice
    from cvlab.ui.canvas.block import BlockItem
    from cvlab.ui.canvas.minimap import Minimap

NUDGE = 16.0
"""How far Alt and an arrow move the selection, in canvas pixels."""


class Verbs:
    """The part of `NetView` that needs no pointer."""

    net_scene: NetScene
    minimap: Minimap
    _project: Project
    _edits: NetEdits
    _pasted: int
    advice: tuple[Advice, ...] = ()

    def walk(self, across: int, down: int, *, extend: bool = False) -> None:
        """Selects the block that the wires lead to: onwards (right, down) or back. Up and down change between branches."""
        scene, selected = self.net_scene, self._project.builder.selected
        blocks = scene.blocks_of(selected)
        if not blocks:
            if scene.blocks:
                self.select(*scene.members([next(iter(scene.drawing.members))]))
            return
        here = blocks[-1] if across + down > 0 or extend else blocks[0]
        goal = walking.branch_beside(scene.drawing, scene.places, here, down) if down else None
        goal = goal if goal is not None else walking.step_from(scene.drawing, here, across + down)
        if goal is not None:
            members = scene.members([goal])
            self.select(*dict.fromkeys((*selected, *members)) if extend else members)
            self.reveal(scene.blocks[goal].sceneBoundingRect())

    def go_to(self, block: int) -> None:
        """Selects a block and brings it into view."""
        self.select(*self.net_scene.members([block]))
        self.reveal(self.net_scene.blocks[block].sceneBoundingRect())
        self.minimap.follow()

    def select_all(self) -> None:
        self.select(*self._project.architecture.by_id)

    # -- what the selection can have done to it --------------------------------------------------------------------------

    def nudge(self, across: int, down: int) -> None:
        scene = self.net_scene
        blocks = scene.blocks_of(self._edits.selected())
        goals = {b: snapped(scene.places[b].x + NUDGE * across, scene.places[b].y + NUDGE * down) for b in blocks}
        if goals:
            self._edits.move(scene.layer_places(goals), "builder.nudge")
            self.net_scene.finish_slide()

    def duplicate(self) -> None:
        self._edits.duplicate(self._edits.selected())

    def copy(self) -> None:
        """The selected layers to the clipboard, as text."""
        selected = self._edits.selected()
        if selected:
            QGuiApplication.clipboard().setText(snippet.write(self._project.architecture.part(selected)))
            self._pasted = 0

    def cut(self) -> None:
        self.copy()
        self._edits.delete(self._edits.selected(), verb="Cut")

    def paste(self) -> None:
        """Layers from the clipboard, loose: each time a step further away; words if there are none."""
        try:
            part = snippet.read(QGuiApplication.clipboard().text())
        except CvlabError as error:
            self.failed.emit(error)
            return
        self._pasted += 1
        corner = self.net_scene.content().bottomLeft() + QPointF(0, 3 * NUDGE)
        away = 2 * NUDGE * (self._pasted - 1)
        self._edits.paste(part, snapped(corner.x() + away, corner.y() + away))
        self.setFocus()

    def group_chosen(self) -> None:
        self._edits.group(self._edits.selected())

    def ungroup_chosen(self) -> None:
        group = self._edits.selected_group()
        if group is not None:
            self._edits.ungroup(group.id)

    def fold_chosen(self) -> None:
        group = self._edits.selected_group()
        if group is not None:
            self._edits.fold(group.id)

    # -- advice ------------------------------------------------------------------------------------------------------------

    def show_advice(self, advice: Sequence[Advice]) -> None:
        """What is advised on the net, the gravest first: on the blocks that it is about, and in their menus."""
        self.advice = tuple(advice)
        self.net_scene.show_advice(self.advice)

    def advice_on(self, node_ids: Collection[int]) -> list[Advice]:
        return [each for each in self.advice if each.node in node_ids]

    def press_badge(self, item: BlockItem, where: QPoint) -> None:
        """Mends the block's error, or shows what else is advised on it; where: of the menu, in global pixels."""
        members = self.net_scene.drawing.members[item.block_id]
        found = self.advice_on(members)
        if found and item.badge.words:
            self.advised.emit(found[0])
        elif found:
            self.select(*members)
            AdviceMenu(self, found).popup(where)
