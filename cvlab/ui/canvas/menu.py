"""The menu under the right button: what can be done with this block, this wire, or the canvas. It deletes itself when closed."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QMenu

from cvlab.engine.nets.layers import REGISTRY
from cvlab.ui.canvas.camera import Camera
from cvlab.ui.canvas.edits import NetEdits
from cvlab.ui.theme.icons import icon


class CanvasMenu(QMenu):
    """`block` or `wire` is what lies under the pointer, if anything does."""

    def __init__(self, view: Camera, edits: NetEdits, block: int | None, wire: tuple[int, int, int] | None) -> None:
        super().__init__(view)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self._view, self._edits, self._block, self._wire = view, edits, block, wire
        if block is not None:
            self._offer("settings", "Settings", "settings", "Return")
            if edits.net.by_id[block].layer.arity:
                self._offer("duplicate", "Duplicate", "copy", "Ctrl+D")
            self._offer("delete", "Delete", "delete", "Del")
            self.addSeparator()
        if wire is not None:
            self._offer("cut", "Cut this wire", "delete", "Del")
        if block is not None or wire is not None:
            self._offer_layers("Insert after" if block is not None else "Insert here")
            self.addSeparator()
        else:
            self._offer("arrange", "Arrange by itself", "lenet", "")
        self._offer("fit", "Show all", "zoom-fit", "Ctrl+0")
        self.triggered.connect(self._choose)

    def _offer(self, verb: str, text: str, picture: str, keys: str) -> None:
        action = self.addAction(icon(picture, "muted"), f"{text}\t{keys}" if keys else text)
        action.setData(verb)

    def _offer_layers(self, title: str) -> None:
        layers = self.addMenu(icon("add", "muted"), title)
        for kind, cls in REGISTRY.items():
            if cls.arity:
                layers.addAction(cls.title).setData(f"insert:{kind}")

    def _choose(self, action: QAction) -> None:
        verb, _, kind = str(action.data()).partition(":")
        if verb == "insert" and self._wire is not None:
            self._edits.insert(REGISTRY[kind](), *self._wire[:2])
        elif verb == "insert":
            self._edits.insert(REGISTRY[kind](), self._block, self._edits.next_of(self._block))
        elif verb == "duplicate":
            self._edits.duplicate(self._edits.selected())
        elif verb in ("delete", "cut"):
            self._view.delete_chosen()
        elif verb == "settings":
            self._view.asked_settings.emit()
        elif verb == "arrange":
            self._edits.arrange()
        elif verb == "fit":
            self._view.fit()
