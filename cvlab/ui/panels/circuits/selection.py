"""Which gates are chosen, and where the keyboard stands in the picture. Chosen gates can become one."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING

from PySide6.QtCore import QRectF, Qt

if TYPE_CHECKING:
    from cvlab.ui.panels.circuits.scene import CircuitScene

_STEPS = {
    Qt.Key.Key_Left: (-1, 0), Qt.Key.Key_Right: (1, 0), Qt.Key.Key_Up: (0, -1), Qt.Key.Key_Down: (0, 1),
}  # fmt: skip


class Selection:
    """chosen: ids of gates. here: the id of the node under the keyboard, -1 while the keyboard was not used."""

    def __init__(self, scene: CircuitScene) -> None:
        self._scene = scene
        self.chosen: frozenset[int] = frozenset()
        self.here = -1

    def clear(self) -> None:
        self.choose(())
        self.stand(-1)

    def forget(self) -> None:
        """The circuit is another one."""
        self.chosen, self.here = frozenset(), -1

    def choose(self, ids: Collection[int]) -> None:
        """These gates, and no others. Inputs cannot be chosen."""
        circuit = self._scene.circuit
        before, self.chosen = self.chosen, frozenset(id for id in ids if circuit.nodes[id].kind == "gate")
        for id in before ^ self.chosen:
            self._scene.nodes[id].show_chosen(id in self.chosen)

    def toggle(self, id: int) -> None:
        self.choose(self.chosen ^ {id})

    def choose_in(self, area: QRectF) -> None:
        """Adds every gate whose middle lies in an area of the scene."""
        self.choose(self.chosen | {id for id, item in self._scene.nodes.items() if area.contains(item.pos())})

    def choose_all(self) -> None:
        self.choose(self._scene.nodes.keys())

    def stand(self, id: int) -> None:
        """Puts the keyboard on a node; -1 takes it away."""
        nodes = self._scene.nodes
        for one in (self.here, id):
            if one in nodes:
                nodes[one].show_here(one == id)
        self.here = id if id in nodes else -1

    def walk(self, key: Qt.Key, *, choosing: bool) -> bool:
        """One node on in the direction of an arrow key, choosing it on the way. False for another key."""
        if key not in _STEPS or self._scene.circuit is None:
            return False
        if self.here < 0:
            self.stand(self._scene.circuit.output)
        else:
            self.stand(self._next(*_STEPS[key]))
        if choosing:
            self.choose(self.chosen | {self.here})
        return True

    def _next(self, across: int, down: int) -> int:
        """The nearest node in a direction: along the wires to the sides, by place up and down. The same where there is none."""
        scene, here = self._scene, self.here
        at = scene.nodes[here].pos()
        if across:
            circuit = scene.circuit
            beside = circuit.consumers[here] if across > 0 else circuit.nodes[here].operands
            near = [id for id in dict.fromkeys(beside) if id in scene.nodes]
            return min(near, key=lambda id: abs(scene.nodes[id].y() - at.y()), default=here)
        near = [id for id, item in scene.nodes.items() if (item.y() - at.y()) * down > 1]
        # What stands above counts for more than what stands beside.
        return min(
            near, key=lambda id: abs(scene.nodes[id].y() - at.y()) + 2 * abs(scene.nodes[id].x() - at.x()), default=here
        )
