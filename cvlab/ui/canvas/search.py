"""Layers found by typing on the canvas: to be added, or gone to."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QPoint, QPointF
from PySide6.QtGui import QCursor

from cvlab.ui.canvas.edits import NetEdits
from cvlab.ui.canvas.gesture import snapped
from cvlab.ui.canvas.layout import BLOCK_HEIGHT

if TYPE_CHECKING:
    from cvlab.ui.canvas.finder import Finder
    from cvlab.ui.canvas.view import NetView


class Search(QObject):
    """Opens the finder over the view, and does what is chosen there."""

    def __init__(self, view: NetView, edits: NetEdits) -> None:
        super().__init__(view)
        self._view, self._edits = view, edits
        self._open_end: tuple[int, QPointF] | None = None

    @cached_property
    def finder(self) -> Finder:
        from cvlab.ui.canvas.finder import Finder  # when it is first asked for: the window comes first

        made = Finder(self._view)
        for signal, slot in ((made.chosen, self._add), (made.wanted, self._view.go_to), (made.left, self._left)):
            signal.connect(slot)
        return made

    def open(self, text: str, end: tuple[int, QPointF] | None = None) -> None:
        """With this much typed. end: the layer and the place of a wire that was let go in the open."""
        view, scene, selected = self._view, self._view.net_scene, self._edits.selected()
        self._open_end = end
        if end is not None:
            at, hint = view.viewportTransform().map(end[1]), f"Add after {scene.net.by_id[end[0]].name}"
        else:
            here = view.mapFromGlobal(QCursor.pos())
            at = QPointF(here if view.rect().contains(here) else view.rect().center() - QPoint(140, 120))
            hint = f"Add after {scene.net.by_id[selected[-1]].name}, or go to" if selected else "Add a layer, or go to"
        from cvlab.ui.canvas.finder import Found

        blocks = [Found(scene.name(b), i.face.title, i.face.role, block=b) for b, i in scene.blocks.items()]
        self.finder.open_at(at.toPoint(), hint, text, () if end else blocks, with_input=end is None)

    def leave(self) -> None:
        if "finder" in self.__dict__:
            self.finder.leave()

    def _add(self, kind: str) -> None:
        if self._open_end is not None:
            source, point = self._open_end
            self._edits.add_after(kind, source, snapped(point.x(), point.y() - BLOCK_HEIGHT / 2))
        else:
            self._edits.append(kind)

    def _left(self) -> None:
        self._open_end = None
        self._view.setFocus()
