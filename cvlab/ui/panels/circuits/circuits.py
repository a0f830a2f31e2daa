"""The panel where an expression becomes a circuit, and the chain rule is watched one gate at a time."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication, QHBoxLayout, QVBoxLayout, QWidget

from cvlab.core.lab import Lab
from cvlab.core.panels.circuits import FAR, CircuitDocument
from cvlab.engine.circuit.circuit import Circuit
from cvlab.engine.circuit.code import source
from cvlab.engine.circuit.sigmoids import collapsible
from cvlab.engine.circuit.tensors import cells
from cvlab.engine.circuit.walk import Walk
from cvlab.engine.errors import ExpressionError
from cvlab.ui.actions import Action
from cvlab.ui.bind import bind
from cvlab.ui.panel import Panel, Stop
from cvlab.ui.panels.circuits.descent import Descent
from cvlab.ui.panels.circuits.edits import CircuitEdits
from cvlab.ui.panels.circuits.export import ask_and_save
from cvlab.ui.panels.circuits.expression import ExpressionBar
from cvlab.ui.panels.circuits.folding import Folding
from cvlab.ui.panels.circuits.inputs_card import InputsCard
from cvlab.ui.panels.circuits.lesson import LESSON, lesson_of
from cvlab.ui.panels.circuits.look_closer import LookCloser
from cvlab.ui.panels.circuits.offers import offered
from cvlab.ui.panels.circuits.open_layer import OpenLayerDialog
from cvlab.ui.panels.circuits.step_card import StepCard
from cvlab.ui.panels.circuits.top_bar import TopBar
from cvlab.ui.panels.circuits.tour import stops
from cvlab.ui.panels.circuits.view import CircuitView

_LONG = 1_500
"""Characters beyond which a text is read when the typing rests, not at every key."""


class CircuitsPanel(Panel):
    """A Stepper: everything is computed on the GUI thread, some 2 ms for 200 gates. walk: where one is in the two passes."""

    lesson = LESSON

    def __init__(self, lab: Lab, parent: QWidget | None = None) -> None:
        super().__init__(lab, parent)
        self._state = lab.project.circuits
        self.walk: Walk | None = None
        self._circuit: Circuit | None = None
        self._moved: Mapping[str, tuple[float, float]] = {}
        self.edits = CircuitEdits(self._state, lab.history)
        self._reader, self._pause = QTimer(self), QTimer(self)
        for timer, interval, slot in ((self._reader, 250, self._read), (self._pause, 1500, self.edits.end_gesture)):
            timer.setSingleShot(True)
            timer.setInterval(interval)
            timer.timeout.connect(slot)
        self.descent = Descent(self)
        self._build()
        self._connect()

    def _build(self) -> None:
        self.bar, self.expression = TopBar(self), ExpressionBar(self)
        self.view, self.steps = CircuitView(self), StepCard(self)
        self.inputs, self.closer = InputsCard(self), LookCloser(self.lab, self)
        self.scene, self.transport = self.view.circuit_scene, self.steps.transport
        self.folding = Folding(self)
        left = QVBoxLayout()
        left.setSpacing(12)
        left.addWidget(self.view, 1)
        left.addWidget(self.steps)
        right = QVBoxLayout()
        right.setSpacing(12)
        right.addWidget(self.inputs, 13)
        right.addWidget(self.closer, 9)
        for card in (self.inputs, self.closer):
            card.setFixedWidth(328)
        row = QHBoxLayout()
        row.setSpacing(12)
        row.addLayout(left, 1)
        row.addLayout(right)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(24, 16, 24, 24)
        outer.setSpacing(12)
        outer.addWidget(self.bar)
        outer.addWidget(self.expression)
        outer.addLayout(row, 1)

    def _connect(self) -> None:
        self.expression.typed.connect(self._typed)
        self.expression.finished.connect(self.edits.end_gesture)
        self.bar.preset_chosen.connect(self.open_preset)
        self.bar.open_layer.clicked.connect(self.ask_for_layer)
        self.bar.merge.clicked.connect(self.edits.merge)
        self.bar.chosen.triggered.connect(self.folding.fold_chosen)
        self.bar.named.triggered.connect(self.folding.fold_named)
        self.bar.sigmoid.triggered.connect(self.edits.fold_all)
        self.closer.code.copy_asked.connect(self.copy_code)
        self.bar.export.clicked.connect(self.export)
        self.scene.fold_asked.connect(self.folding.fold)
        self.view.menu_asked.connect(self.folding.show_menu)
        self.scene.dragged.connect(self.edits.move)
        self.scene.chosen.connect(self._choose_node)
        self.transport.asked.connect(self.go)
        self.inputs.turned.connect(self._turn)
        self.inputs.released.connect(self.edits.end_gesture)
        self.inputs.chosen.connect(self._choose_along)
        self.inputs.nudged.connect(self.nudge)
        self.inputs.descend_asked.connect(self.toggle_descent)
        self.descent.stepped.connect(self._descend)
        self.descent.changed.connect(self._change_descent)
        self.inputs.step_changed.connect(self._set_step)
        self.closer.plot.turned.connect(self._turn_along)
        self.closer.plot.released.connect(self.edits.end_gesture)
        bind(self, self._state, "step", self.inputs.show_step)
        bind(self, self._state, "document", self._show_document)
        bind(self, self._state, "position", self._show_position)
        bind(self, self._state, "along", self._show_along)

    # -- showing state -----------------------------------------------------------------------------------------------

    def _show_document(self, document: CircuitDocument) -> None:
        circuit = document.circuit
        self.expression.show_text(document.text)
        self.expression.show_error(None)
        self.view.show_stale(False)
        self.bar.show_text(document.text)
        self._explain(document.text)
        self.bar.merge.setChecked(document.merge)
        is_other = circuit is not self._circuit
        if is_other:
            self._circuit, self._moved = circuit, document.moved
            self.transport.stop()
            self.scene.show_circuit(circuit, document.moved)
            self.inputs.show_inputs(circuit)
            self.closer.numbers.node = -1
            self.view.follow()
        elif document.moved != self._moved:
            self._moved = document.moved
            self.scene.place(document.moved)
        self.walk = Walk(document.evaluation, self._state.position)
        self._show_walk()
        self._show_numbers()
        if is_other:
            self._show_folds(circuit)

    def _show_folds(self, circuit: Circuit) -> None:
        has_sigmoid = any(node.gate == "sigmoid" for node in circuit.gates)
        self.bar.show_folds(self.folding.named_words(), collapsible=bool(collapsible(circuit)), expandable=has_sigmoid)

    def _explain(self, text: str) -> None:
        lesson = lesson_of(text)
        if lesson != self.lesson:
            self.lesson = lesson
            self.explain.emit(lesson)

    def _show_numbers(self) -> None:
        evaluation, along = self.walk.evaluation, self._along()
        self.inputs.show_numbers(evaluation, along)
        self.closer.show_evaluation(evaluation, along)

    def _show_walk(self, *, animated: bool = False) -> None:
        self.scene.show_walk(self.walk, animated=animated)
        self.transport.show_walk(self.walk)
        self.closer.show_walk(self.walk)
        evaluation = self.walk.evaluation
        warnings = [*evaluation.troubles.values(), *(evaluation.kinks.values() if self.walk.is_backward else ())]
        self.steps.show_step(self.walk.current(), warnings[0] if warnings else "")

    def _show_position(self, position: int) -> None:
        before = self.walk.position
        if self.walk.jump(position):
            self._show_walk(animated=abs(self.walk.position - before) == 1 and self.isVisible())

    def _show_along(self, _: str) -> None:
        self._show_numbers()

    def _along(self) -> str:
        names = self.inputs.names()
        return self._state.along if self._state.along in names else names[0] if names else ""

    # -- typing ------------------------------------------------------------------------------------------------------

    def _typed(self, text: str) -> None:
        if len(text) > _LONG:
            self._reader.start()
        else:
            self._read()

    def _read(self) -> None:
        text = self.expression.text()
        self._reader.stop()
        if text == self._state.document.text:
            self.expression.show_error(None)
            self.view.show_stale(False)
            return
        try:
            self.edits.type(text)
        except ExpressionError as error:
            self.expression.show_error(error)
            self.view.show_stale(True)
            return
        self._pause.start()

    # -- what a person does ------------------------------------------------------------------------------------------

    def open_preset(self, preset_id: str) -> None:
        """A ready circuit, with its starting values."""
        self.descent.stop()
        self.edits.open_preset(preset_id)
        self.view.fit()

    def ask_for_layer(self) -> OpenLayerDialog:
        """Asks which neuron or layer of which net to open; of the one that another panel asked for, if any."""
        self.descent.stop()
        asked, self._state.asked = self._state.asked, ""
        dialog = OpenLayerDialog(self.lab, self, asked)
        dialog.opened.connect(self._open_text)
        dialog.open()
        return dialog

    def _open_text(self, text: str) -> None:
        self.edits.open_text(text)
        self.view.fit()

    def _turn(self, name: str, value: float) -> None:
        self.descent.stop()
        self.edits.turn(name, value)

    def _turn_along(self, value: float) -> None:
        self._turn(self._along(), value)

    def _choose_along(self, name: str) -> None:
        self._state.along = name
        self.closer.show_plot()

    def _choose_node(self, id: int) -> None:
        node, turn = self._circuit.nodes[id], self.walk.turn_of(id)
        self.closer.show_node(id)
        if node.kind == "input":
            mine = cells(node.name, node.shape)
            if self._along() not in mine:
                self._state.along = mine[0]
            if not node.shape:
                self.closer.show_plot()
        elif turn is not None:
            self.transport.stop()
            self.go(turn)

    def _set_step(self, step: float) -> None:
        self._state.step = min(max(step, 1e-9), 1e6)

    def go(self, position: int) -> None:
        """To a step of the two passes. The end stays the end, whatever is typed."""
        self._state.position = FAR if position >= self.walk.last else max(position, 0)

    def nudge(self, sign: int) -> None:
        """Every input a step along its gradient (1) or against it (-1)."""
        self.descent.stop()
        self.edits.nudge(sign)

    def toggle_descent(self) -> None:
        """Gradient descent, until it is stopped or has come to rest."""
        self.edits.end_gesture()
        self.descent.toggle()

    def _descend(self) -> None:
        if not self.edits.descend():
            self.descent.stop()

    def _change_descent(self, active: bool) -> None:
        self.inputs.show_descending(active)
        self.edits.end_gesture()

    def copy_code(self) -> None:
        """The circuit as Python on the clipboard."""
        QApplication.clipboard().setText(source(self.walk.evaluation))
        self.lab.notices.success("The code is on the clipboard.", "Forward, then backward. It runs on its own.")

    def export(self) -> None:
        """Asks for a file name and saves the picture."""
        ask_and_save(self, self.scene, self.lab.notices)

    # -- in front and behind -----------------------------------------------------------------------------------------

    def shown(self) -> None:
        if self._state.asked:
            self.ask_for_layer()

    def hidden(self) -> None:
        self._pause.stop()
        self.transport.stop()
        self.descent.stop()
        self.closer.rest()

    def actions_offered(self) -> Sequence[Action]:
        return offered(self)

    def tour(self) -> Iterator[Stop]:
        return stops(self)
