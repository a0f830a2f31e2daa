"""Gates that become one and open again, as a person asks for it: by double-click, key, button and the menu under the pointer."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QPoint, Qt
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QMenu

from cvlab.engine.circuit.composite import all_gates, own_gates
from cvlab.engine.errors import ExpressionError
from cvlab.ui.theme.icons import icon

if TYPE_CHECKING:
    from cvlab.ui.panels.circuits.circuits import CircuitsPanel


class Folding(QObject):
    """Asks the panel's edits; what cannot be done is said in a notice and changes nothing."""

    def __init__(self, panel: CircuitsPanel) -> None:
        super().__init__(panel)
        self._panel = panel
        self._edits, self._scene = panel.edits, panel.scene

    # -- what a person does ------------------------------------------------------------------------------------------

    def fold(self, id: int) -> None:
        """Opens a gate that stands for several; makes another one with the gates that feed it alone."""
        self._try(partial(self._edits.fold, id))

    def fold_chosen(self) -> None:
        """The chosen gates as one; if none is chosen, the gate under the keyboard, or the one at work, the other way."""
        selection = self._scene.selection
        if len(selection.chosen) > 1:
            self._try(partial(self._edits.group, selection.chosen))
            return
        node = self._panel.walk.current().node
        id = next(iter(selection.chosen), selection.here if selection.here >= 0 else node)
        if id < 0:
            id = self._panel.walk.circuit.output
        self.fold(id)

    def fold_named(self) -> None:
        """Every named value as one gate, or all of them open again."""
        self._try(self._edits.group_named)

    def _try(self, edit: Callable[[], None]) -> None:
        try:
            edit()
        except ExpressionError as error:
            self._panel.lab.notices.error(error)

    # -- the menu ----------------------------------------------------------------------------------------------------

    def show_menu(self, id: int, where: QPoint) -> None:
        """At a place of the screen, for a node, or for the ground (-1). It deletes itself when closed."""
        menu = self.menu(id)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.popup(where)

    def menu(self, id: int) -> QMenu:
        """What can be done with a node, or with the picture."""
        menu = QMenu(self._panel)
        menu.setObjectName("circuits.menu")
        chosen = self._scene.selection.chosen
        if len(chosen) > 1:
            self._offer(menu, f"Collapse the {len(chosen)} chosen gates into one", "collapse", "Ctrl+G", "chosen")
            menu.addSeparator()
        if id >= 0:
            self._offer_for_node(menu, id)
            menu.addSeparator()
        self._offer(menu, self.named_words(), "collapse", "Ctrl+Shift+G", "named")
        self._offer(menu, "Show the whole circuit", "zoom-fit", "Ctrl+0", "fit")
        self._offer(menu, "Export the picture…", "save", "", "export")
        menu.triggered.connect(self._choose)
        return menu

    def _offer_for_node(self, menu: QMenu, id: int) -> None:
        circuit = self._panel.walk.circuit
        node = circuit.nodes[id]
        if node.kind != "gate":
            self._offer(menu, f"Plot against {node.name}", "training", "Return", f"go:{id}")
            return
        self._offer(menu, f"Go to the step of {node.name}", "step", "Return", f"go:{id}")
        own, every = own_gates(circuit, id), all_gates(circuit, id)
        if node.inside:
            self._offer(menu, f"Expand {node.name}: {len(node.inside)} gates", "expand", "Ctrl+G", f"fold:{id}")
        elif self._edits.is_sigmoid(id):
            words = "Write the sigmoid out: four gates" if node.gate == "sigmoid" else "Collapse into one sigmoid"
            self._offer(menu, words, "expand" if node.gate == "sigmoid" else "collapse", "Ctrl+G", f"fold:{id}")
        if len(own) > 1 or (node.is_named and not node.inside):
            gates = f"{len(own)} gates" if len(own) > 1 else "1 gate"
            self._offer(menu, f"Collapse {node.name} into one: {gates}", "collapse", "", f"own:{id}")
        if len(every) > len(own):
            self._offer(
                menu, f"Collapse all that feeds {node.name} alone: {len(every)} gates", "collapse", "", f"all:{id}"
            )
        words = "Leave it out of the choice" if id in self._scene.selection.chosen else "Choose it with others"
        self._offer(menu, words, "group", "Shift+click", f"toggle:{id}")

    def named_words(self) -> str:
        """What `fold_named` would do now."""
        has_own = any(
            n.is_named and len(own_gates(self._panel.walk.circuit, n.id)) > 1 for n in self._panel.walk.circuit.gates
        )
        is_open = has_own or not self._edits.document.groups
        return "Collapse every named value" if is_open else "Expand all gates"

    @staticmethod
    def _offer(menu: QMenu, text: str, glyph: str, keys: str, verb: str) -> None:
        action = menu.addAction(icon(glyph, "muted"), f"{text}\t{keys}" if keys else text)
        action.setData(verb)

    def _choose(self, action: QAction) -> None:
        verb, _, number = str(action.data()).partition(":")
        id, circuit = int(number or -1), self._panel.walk.circuit
        {
            "chosen": self.fold_chosen, "named": self.fold_named, "fit": self._panel.view.fit, "export": self._panel.export,
            "go": partial(self._scene.chosen.emit, id), "fold": partial(self.fold, id),
            "own": partial(self._group, own_gates, circuit, id), "all": partial(self._group, all_gates, circuit, id),
            "toggle": partial(self._scene.selection.toggle, id),
        }[verb]()  # fmt: skip

    def _group(self, gates, circuit, id: int) -> None:
        self._try(partial(self._edits.group, gates(circuit, id)))
