"""Everything that a person can change about the circuit, as commands on the history: each can be undone."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

from cvlab.core.history import History, SetField
from cvlab.core.panels.circuits import CircuitDocument, CircuitsState
from cvlab.engine.circuit.composite import gates_for, own_gates, span
from cvlab.engine.circuit.explore import nudge
from cvlab.engine.circuit.presets import BY_ID
from cvlab.engine.circuit.sigmoids import collapsible


class CircuitEdits:
    """Edits of one state. Those of one gesture merge into one step, until `end_gesture`."""

    def __init__(self, state: CircuitsState, history: History) -> None:
        self._state, self._history = state, history

    @property
    def document(self) -> CircuitDocument:
        return self._state.document

    def _push(self, document: CircuitDocument, label: str, merge_key: str = "") -> None:
        self._history.push(SetField(self._state, "document", document, label, merge_key))
        if not merge_key:
            self.end_gesture()

    def end_gesture(self) -> None:
        """What comes next is another step of undo."""
        self._history.end_gesture()

    def type(self, text: str) -> None:
        """Other text; raises `ExpressionError` and changes nothing if it cannot be read."""
        self._push(self.document.typed(text), "Change the expression", "circuits.text")

    def open_preset(self, preset_id: str) -> None:
        self._push(CircuitDocument.of_preset(BY_ID[preset_id]), "Open a ready circuit")

    def open_text(self, text: str) -> None:
        """A circuit that was written for the person; raises `ExpressionError`."""
        self._push(_readable(CircuitDocument(text)), "Open a layer")

    def merge(self, merge: bool) -> None:
        self._push(
            replace(self.document, merge=merge, collapsed=(), expanded=(), groups=(), moved={}), "Merge repeated parts"
        )

    def fold(self, id: int) -> None:
        """A gate of the shown circuit the other way: opened if it stands for several, else made one with what feeds it alone.

        A written-out sigmoid and a sigmoid gate become one another. Raises `ExpressionError` for what is one gate already.
        """
        circuit, document = self.document.circuit, self.document
        node = circuit.nodes[id]
        if node.inside:
            self._push(document.opened(id), f"Expand {node.name}")
        elif self.is_sigmoid(id):
            self._push(document.folded(span(node)), "Collapse or expand a sigmoid")
        else:
            self.group(gates_for(circuit, id))

    def is_sigmoid(self, id: int) -> bool:
        """A sigmoid gate, or the last gate of a written-out one."""
        circuit = self.document.circuit
        return circuit.nodes[id].gate == "sigmoid" or any(node.id == id for node in collapsible(circuit))

    def group(self, ids: Collection[int]) -> None:
        """These gates as one; raises `ExpressionError` where more than one value leaves them."""
        document = self.document.grouped(ids)
        name = self.document.circuit.nodes[max(ids)].name
        self._push(document, f"Collapse {name}")

    def group_named(self) -> None:
        """Every value that has a name as one gate, with its statement; if all are, every such gate is opened."""
        document = self.document
        several = [
            gates
            for node in document.circuit.gates
            if node.is_named and len(gates := own_gates(document.circuit, node.id)) > 1
        ]
        if several:
            groups = [tuple(span(document.circuit.nodes[id]) for id in gates) for gates in several]
            self._push(replace(document, groups=(*document.groups, *groups), moved={}), "Collapse the named values")
        elif document.groups:
            self._push(replace(document, groups=(), moved={}), "Expand all gates")

    def fold_all(self) -> None:
        """Every written-out sigmoid as one gate; if there is none, every sigmoid gate as four."""
        circuit, document = self.document.circuit, self.document
        found = collapsible(circuit) or [node for node in circuit.gates if node.gate == "sigmoid"]
        for node in found:
            document = document.folded(span(node))
        if found:
            self._push(document, "Collapse or expand sigmoids")

    def move(self, name: str, x: float, y: float) -> None:
        document = self.document
        self._push(replace(document, moved={**document.moved, name: (x, y)}).sharing(document), "Move a gate")

    def turn(self, name: str, value: float) -> None:
        self._push(self.document.turned({name: value}), f"Turn {name}", f"circuits.{name}")

    def nudge(self, sign: int) -> None:
        """Every input a step along its gradient (1) or against it (-1)."""
        values = nudge(self.document.evaluation, sign * self._state.step)
        self._push(self.document.turned(values), "Nudge up" if sign > 0 else "Nudge down")

    def descend(self) -> bool:
        """One step of gradient descent; False where there is none left to take."""
        before = self.document.evaluation
        values = nudge(before, -self._state.step)
        if values == before.inputs:
            return False
        self._push(self.document.turned(values), "Descend", "circuits.descend")
        return True


def _readable(document: CircuitDocument) -> CircuitDocument:
    document.circuit  # noqa: B018  (reading it is the check)
    return document
