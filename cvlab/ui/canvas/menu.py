"""The menu under the right button: for the selection, a wire, or the canvas. It deletes itself when closed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QMenu

from cvlab.engine.nets.layers import REGISTRY
from cvlab.ui.canvas.edits import NetEdits
from cvlab.ui.canvas.sketch import WireKey
from cvlab.ui.theme.icons import icon
from cvlab.ui.widgets.finish import wrapped

if TYPE_CHECKING:
    from cvlab.engine.nets.advice import Advice
    from cvlab.ui.canvas.view import NetView


_MOST = 6
"""Pieces of advice in a menu."""

_SIGNS = {"error": ("mend", "negative"), "warning": ("warning", "warning"), "note": ("advice", "accent")}


def offer_advice(menu: QMenu, advice: Sequence[Advice]) -> None:
    """The changes that are advised, each with its reason as a tip; what has no change is only said."""
    for each in advice[:_MOST]:
        sign, role = _SIGNS[each.level]
        action = menu.addAction(icon(sign, role), each.change if each.apply is not None else each.what)
        action.setData(each)
        action.setEnabled(each.apply is not None)
        action.setToolTip(wrapped(f"{each.what} {each.why}"))
    if advice:
        menu.setToolTipsVisible(True)
        menu.addSeparator()


def take_advice(view: NetView, action: QAction) -> bool:
    """Whether the action was one that `offer_advice` made; then its change is asked for."""
    advice = action.data()
    if not hasattr(advice, "apply"):
        return False
    view.advised.emit(advice)
    return True


class AdviceMenu(QMenu):
    """What is advised on one block, as a menu; it deletes itself when closed."""

    def __init__(self, view: NetView, advice: Sequence[Advice]) -> None:
        super().__init__(view)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self._view = view
        for each in advice[:_MOST]:
            if each.apply is not None:
                self.addAction(each.what).setEnabled(False)
            offer_advice(self, [each])
        self.triggered.connect(self._choose)

    def _choose(self, action: QAction) -> None:
        take_advice(self._view, action)


class CanvasMenu(QMenu):
    """About the selected layers, or else `wire`, or else the whole canvas."""

    def __init__(self, view: NetView, edits: NetEdits, wire: WireKey | None) -> None:
        super().__init__(view)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self._view, self._edits, self._wire = view, edits, wire
        self._chosen = edits.selected() if wire is None else []
        self._group = edits.selected_group() if self._chosen else None
        if self._chosen:
            offer_advice(self, view.advice_on(self._chosen))
            self._offer_for_layers()
        elif wire is not None:
            self._offer("cut_wire", "Cut this wire", "cut", "Del")
            self._offer_layers("Insert here")
            self.addSeparator()
        else:
            self._offer("find", "Add a layer", "add", "type its name")
            self._offer("paste", "Paste", "paste", "Ctrl+V")
            self._offer("arrange", "Arrange by itself", "arrange", "")
        self._offer("fit", "Show all", "zoom-fit", "Home")
        self.triggered.connect(self._choose)

    def _offer_for_layers(self) -> None:
        if len(self._chosen) == 1:
            self._offer("settings", "Settings", "settings", "Return")
        if self._group is not None:
            folded = self._group.collapsed
            words = ("Open", "expand") if folded else ("Fold into one block", "collapse")
            self._offer("fold", words[0], words[1], "")
            self._offer("ungroup", "Ungroup", "ungroup", "Ctrl+Shift+G")
            if self._group.times > 1:
                self._offer("unroll", f"Write out its {self._group.times} repetitions", "pattern", "")
        else:
            self._offer("group", "Group", "group", "Ctrl+G")
        self.addSeparator()
        self._offer("wire", "Draw a wire from it", "wire", "Ctrl+L")
        self._offer("isolate", "Cut its wires", "cut", "")
        self._offer_layers("Insert after")
        self.addSeparator()
        self._offer("cut", "Cut", "cut", "Ctrl+X")
        self._offer("copy", "Copy", "copy", "Ctrl+C")
        if any(self._edits.net.by_id[i].layer.arity for i in self._chosen):
            self._offer("duplicate", "Duplicate", "copy", "Ctrl+D")
        self._offer("delete", "Delete", "delete", "Del")
        self.addSeparator()

    def _offer(self, verb: str, text: str, picture: str, keys: str) -> None:
        action = self.addAction(icon(picture, "muted"), f"{text}\t{keys}" if keys else text)
        action.setData(verb)

    def _offer_layers(self, title: str) -> None:
        layers = self.addMenu(icon("add", "muted"), title)
        group, page = "", layers
        for kind, cls in REGISTRY.items():
            if cls.most:
                if cls.group != group:
                    group = cls.group
                    page = layers.addMenu(group)
                page.addAction(cls.title).setData(f"insert:{kind}")

    def _choose(self, action: QAction) -> None:
        if take_advice(self._view, action):
            return
        verb, _, kind = str(action.data()).partition(":")
        view, edits = self._view, self._edits
        if verb == "insert" and self._wire is not None:
            edits.insert(REGISTRY[kind](), *self._wire[:2])
        elif verb == "insert":
            edits.insert(REGISTRY[kind](), self._chosen[-1], edits.next_of(self._chosen[-1]))
        elif verb == "isolate":
            edits.isolate(self._chosen)
        elif verb == "unroll":
            edits.unroll(self._group.id)
        elif verb == "find":
            view.find("")
        elif verb == "settings":
            view.asked_settings.emit()
        elif verb == "arrange":
            edits.arrange()
        elif verb in _OF_THE_VIEW:
            getattr(view, _OF_THE_VIEW[verb])()


_OF_THE_VIEW = {
    "cut_wire": "delete_chosen", "delete": "delete_chosen", "cut": "cut", "copy": "copy", "paste": "paste",
    "duplicate": "duplicate", "group": "group_chosen", "ungroup": "ungroup_chosen", "fold": "fold_chosen",
    "wire": "begin_key_wire", "fit": "fit",
}  # fmt: skip
