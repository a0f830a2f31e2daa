"""The picture of a circuit: nodes and wires that follow the document and the walk. It holds no truth."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import QEasingCurve, QObject, QPointF, QRectF, QSizeF, Qt, QVariantAnimation, Signal
from PySide6.QtWidgets import QGraphicsScene

from cvlab.engine.circuit.circuit import Circuit
from cvlab.engine.circuit.layout import Layout, is_drawn, layout
from cvlab.engine.circuit.sigmoids import collapsible
from cvlab.engine.circuit.walk import Step, Walk
from cvlab.ui.panels.circuits.face import caption, face, number, tip
from cvlab.ui.panels.circuits.matrix_label import size as label_size
from cvlab.ui.panels.circuits.node_item import NodeItem
from cvlab.ui.panels.circuits.picture import Picture
from cvlab.ui.panels.circuits.selection import Selection
from cvlab.ui.panels.circuits.wire_item import BESIDE, LABEL_GAP, WireItem
from cvlab.ui.theme import theme

ACROSS, DOWN = 152.0, 88.0
_BEND = 22.0
"""Between the numbers on a wire and the next column, for the wire to turn in."""

STUB = 74.0
"""The length of the output's wire, which leads to no gate."""

_PULSE_MS = 420


class CircuitScene(QGraphicsScene):
    """fold_asked(id): a gate should be shown the other way, open or as one with others. chosen(id): a node was clicked.

    dragged(name, x, y): the person let go of a node.
    """

    fold_asked = Signal(int)
    chosen = Signal(int)
    dragged = Signal(str, float, float)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.setItemIndexMethod(QGraphicsScene.ItemIndexMethod.NoIndex)
        self.circuit: Circuit | None = None
        self.nodes: dict[int, NodeItem] = {}
        self.wires: dict[int, WireItem] = {}
        self._layout: Layout | None = None
        self._is_placing = False
        self._active: set[int] = set()
        self._ordered: tuple[int, bool] | None = None
        self._walk: Walk | None = None
        self._looks: tuple | None = None
        self.selection = Selection(self)
        self.picture = Picture()
        self.addItem(self.picture)
        self._pulse = QVariantAnimation(self)
        self._pulse.setDuration(_PULSE_MS)
        self._pulse.setStartValue(0.0)
        self._pulse.setEndValue(1.0)
        self._pulse.setEasingCurve(QEasingCurve.Type.InOutSine)
        self._pulse.valueChanged.connect(self._show_pulse)
        theme().changed.connect(self.repaint)

    # -- the circuit -------------------------------------------------------------------------------------------------

    def show_circuit(self, circuit: Circuit, moved: Mapping[str, tuple[float, float]]) -> None:
        """Builds the picture anew."""
        self._pulse.stop()
        self.clear_circuit()
        self.circuit = circuit
        sigmoids = {node.id for node in collapsible(circuit)}
        for node in circuit.nodes:
            if not is_drawn(circuit, node.id):
                continue
            is_input, is_constant = node.kind != "gate", node.kind == "constant"
            item = NodeItem(
                node.id, "constant" if is_constant else face(circuit, node), caption(circuit, node), is_input,
                tip(circuit, node, is_sigmoid=node.id in sigmoids or node.gate == "sigmoid"),
                is_composite=bool(node.inside), room=170 if node.is_tensor else 108,
            )  # fmt: skip
            self.nodes[node.id] = item
            self.addItem(item)
            self.wires[node.id] = wire = WireItem(node.id, node.shape)
            self.addItem(wire)
        self._layout = layout(
            circuit, across=ACROSS, down=DOWN, sizes=None if circuit.is_scalar else self._sizes(circuit)
        )
        self.place(moved)

    def _sizes(self, circuit: Circuit) -> dict[int, tuple[float, float]]:
        """What each node and the numbers on its wire need: to the middle of the next column, and in height."""
        found = {}
        for id, item in self.nodes.items():
            shape = circuit.nodes[id].shape
            label = label_size(shape) if shape else QSizeF(66, 20)
            next_ = max((self.nodes[i].width for i in circuit.consumers[id] if i in self.nodes), default=44.0)
            across = item.width / 2 + LABEL_GAP + label.width() + _BEND + next_ / 2
            found[id] = (max(across, 100.0), max(2 * label.height() + 42 if shape else 0.0, 76.0))
        return found

    def clear_circuit(self) -> None:
        """Takes everything away: wires before nodes."""
        for item in (*self.wires.values(), *self.nodes.values()):
            self.removeItem(item)
        self.nodes, self.wires, self.circuit = {}, {}, None
        self._active, self._ordered, self._looks = set(), None, None
        self.selection.forget()
        self.picture.show_items({}, {})

    def place(self, moved: Mapping[str, tuple[float, float]]) -> None:
        """Puts the nodes where the layout has them, or where they were dragged to."""
        self._is_placing = True
        for id, item in self.nodes.items():
            item.setPos(QPointF(*moved.get(self.circuit.nodes[id].name, self._layout.position[id])))
        self._is_placing = False
        for id in self.wires:
            self._route(id)
        self.picture.show_items(self.nodes, self.wires)

    def _route(self, source: int) -> None:
        start, placed = self.nodes[source].leaving(), self._layout
        is_moved = QPointF(*placed.position[source]) != self.nodes[source].pos()
        branches = [
            (0 if is_moved else placed.bends(source, target), self.nodes[target].arriving(slot, slots))
            for target in dict.fromkeys(self.circuit.consumers[source])
            for slot, slots in self._slots(source, target)
        ]
        most = max((bends for bends, _ in branches), default=0)
        trunk = [QPointF(x, y) for x, y in placed.trunk.get(source, ())[:most]]
        self.wires[source].route(start, trunk, branches or [(0, start + QPointF(STUB, 0))])

    def _slots(self, source: int, target: int) -> list[tuple[int, int]]:
        """Which of the target's ports the source's wires end at, and how many ports there are."""
        node = self.circuit.nodes[target]
        drawn = [i for i in node.operands if i in self.nodes]
        if node.gate not in ("sub", "div", "pow", "matmul", "stack"):
            # Their order means nothing to the gate, so the wires need not cross before it.
            drawn.sort(key=self._height_before(target))
        return [(slot, len(drawn)) for slot, operand in enumerate(drawn) if operand == source]

    def _height_before(self, target: int):
        def height(source: int) -> float:
            bends = self._layout.bends(source, target)
            return self._layout.trunk[source][bends - 1][1] if bends else self.nodes[source].y()

        return height

    # -- dragging and folding ----------------------------------------------------------------------------------------

    def node_moved(self, item: NodeItem) -> None:
        """A node is being dragged: its wires follow."""
        if self._is_placing or self.circuit is None:
            return
        self._route(item.id)
        for operand in {i for i in self.circuit.nodes[item.id].operands if i in self.nodes}:
            self._route(operand)
        self.picture.moved()

    def mouseReleaseEvent(self, event) -> None:
        grabbed = self.mouseGrabberItem()
        super().mouseReleaseEvent(event)
        start = event.buttonDownScenePos(Qt.MouseButton.LeftButton)
        if not isinstance(grabbed, NodeItem):
            return
        if (event.scenePos() - start).manhattanLength() <= 3:
            self._pressed(grabbed.id, event.modifiers())
        else:
            self.dragged.emit(self.circuit.nodes[grabbed.id].name, grabbed.x(), grabbed.y())

    def _pressed(self, id: int, modifiers: Qt.KeyboardModifier) -> None:
        if modifiers & (Qt.KeyboardModifier.ShiftModifier | Qt.KeyboardModifier.ControlModifier):
            self.selection.toggle(id)
        else:
            self.selection.choose(())
            self.chosen.emit(id)

    def node_at(self, place: QPointF) -> int:
        """The id of the node at a place of the scene, -1 for none."""
        return next((i.id for i in self.items(place) if isinstance(i, NodeItem)), -1)

    def mouseDoubleClickEvent(self, event) -> None:
        item = self.nodes.get(self.node_at(event.scenePos()))
        if item is not None and not item.is_input:
            self.fold_asked.emit(item.id)
            return
        super().mouseDoubleClickEvent(event)

    # -- the walk ----------------------------------------------------------------------------------------------------

    def show_walk(self, walk: Walk, *, animated: bool = False) -> None:
        """The numbers and the looks at the walk's position."""
        step, circuit = walk.current(), self.circuit
        self._walk = walk
        self._show_looks(walk, step)
        self._show_orders(walk)
        active = self._active_branches(circuit, step)
        for id in self._active | active.keys():
            self.wires[id].show_active(step.kind if id in active else "", active.get(id, {}))
        self._active = set(active)
        self._pulse.stop()
        if animated and active:
            self._pulse.start()
        else:
            self._show_pulse(1.0)
        self.repaint()

    def _show_looks(self, walk: Walk, step: Step) -> None:
        """Which nodes are known, at work or in trouble; numbers alone change none of it."""
        troubles = walk.evaluation.troubles
        looks = walk.circuit, walk.position, tuple(troubles)
        if looks == self._looks:
            return
        self._looks = looks
        for id, wire in self.wires.items():
            wire.is_known = walk.value(id) is not None
            is_at_work = id == step.node and step.kind in ("forward", "backward")
            look = step.kind if is_at_work else "known" if wire.is_known else "waiting"
            self.nodes[id].show_look(look, id in troubles and wire.is_known)
        self.picture.dimmed()

    def fill(self, wire: WireItem) -> None:
        """Gives a wire its numbers. Asked for when it is painted: from afar none can be read, and none is made."""
        walk, id = self._walk, wire.source
        gradient = walk.gradient(id)
        wire.show_numbers(walk.value(id), gradient, gradient is not None and walk.is_partial(id))

    def _show_orders(self, walk: Walk) -> None:
        """The turns of the pass that one is in, where they are others than those that stand there."""
        if self._ordered == (id(walk.circuit), walk.is_backward):
            return
        self._ordered = id(walk.circuit), walk.is_backward
        orders = {
            node: at for at, node in enumerate(walk.backward_order if walk.is_backward else walk.forward_order, 1)
        }
        for node, item in self.nodes.items():
            item.show_order(orders.get(node, 0), walk.is_backward)

    def _active_branches(self, circuit: Circuit, step: Step) -> dict[int, dict[int, tuple[str, int]]]:
        """The branches that end at the gate at work, by source, with the local gradient of each on the way back."""
        found: dict[int, dict[int, tuple[str, int]]] = {}
        if step.kind not in ("forward", "backward"):
            return found
        locals_by = {}
        for term in step.terms:
            words = f"× {number(term.local)}" if term.local is not None else ""
            locals_by.setdefault(term.operand, []).append(words)
        for source in dict.fromkeys(circuit.nodes[step.node].operands):
            if source not in self.wires or (step.kind == "backward" and source not in locals_by):
                continue
            branch = 0
            for target in dict.fromkeys(circuit.consumers[source]):
                for repeat, (slot, slots) in enumerate(self._slots(source, target)):
                    if target == step.node:
                        words = locals_by.get(source, [])
                        side = BESIDE if slots > 3 else -1 if slot == 0 else 1 if slot == slots - 1 else 0
                        local = words[repeat] if repeat < len(words) else ""
                        found.setdefault(source, {})[branch] = (local, side)
                    branch += 1
        return found

    def _show_pulse(self, pulse: float) -> None:
        for id in self._active:
            self.wires[id].show_pulse(pulse)

    def repaint(self) -> None:
        """Something looks different."""
        self.picture.changed()

    # -- for the camera ----------------------------------------------------------------------------------------------

    def content(self) -> QRectF:
        """What must be seen: nodes, and the numbers on the output's wire."""
        area = QRectF()
        for item in self.nodes.values():
            area = area.united(item.sceneBoundingRect())
        for wire in self.wires.values():
            area = area.united(wire.label_area())
        if self.circuit is not None:
            end = self.nodes[self.circuit.output].leaving()
            area = area.united(QRectF(end.x(), end.y() - 20, STUB, 40))
        return area if not area.isEmpty() else QRectF(0, 0, 200, 120)
