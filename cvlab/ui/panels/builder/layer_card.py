"""The inspector's page for one layer: its name, its settings, and its arithmetic, live."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from pydantic import ValidationError
from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QGridLayout, QHBoxLayout, QLabel, QLineEdit, QPushButton, QVBoxLayout, QWidget

from cvlab.engine.circuit.opened import why_closed
from cvlab.engine.errors import CvlabError
from cvlab.engine.nets.architecture import Node
from cvlab.engine.nets.layers import LayerSpec, volume
from cvlab.engine.nets.shapes import LayerReport
from cvlab.ui.canvas.edits import NetEdits
from cvlab.ui.canvas.face import bytes_text
from cvlab.ui.panels.builder.advice_list import AdviceList
from cvlab.ui.panels.builder.sums import multiply_add_sum, parameter_sum
from cvlab.ui.theme.icons import icon
from cvlab.ui.theme.style import set_role
from cvlab.ui.widgets.finish import finish
from cvlab.ui.widgets.form import LABEL_WIDTH, Form
from cvlab.ui.widgets.sign import Sign

if TYPE_CHECKING:
    from cvlab.engine.nets.advice import Advice

_CIRCUIT_TIP = "One neuron of this layer, or all of them, as a circuit in the circuits panel: every value and gradient."


class LayerCard(QWidget):
    """Shows one node and its report; edits go to `NetEdits`. The form is rebuilt when another kind is shown."""

    left = Signal()

    def __init__(self, edits: NetEdits, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._edits = edits
        self._node: Node | None = None
        self.form: Form | None = None
        self._kind = ""
        self.title = _label("", "subheading", self)
        self.summary = _label("", "muted", self)
        self.name = QLineEdit(self)
        self.name.setObjectName("builder.inspector.name")
        self.name.setAccessibleName("Name of the layer")
        self.name.setToolTip(
            "What the layer is called in the generated code and in weight files. Small letters and digits."
        )
        self.name.setMaxLength(40)
        self.name.editingFinished.connect(self._rename)
        self._name_problem = _label("", "error small", self)
        self._name_problem.hide()
        self.error = self._make_error()
        self._form_place = QVBoxLayout()
        self.rows = {key: _Row(title, self) for key, title in _FIGURES.items()}
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(10)
        column.addWidget(self.title)
        column.addWidget(self.summary)
        column.addWidget(self.error)
        named = QGridLayout()
        named.setHorizontalSpacing(8)
        caption = _label("Name", "muted", self)
        caption.setBuddy(self.name)
        caption.setMinimumWidth(LABEL_WIDTH)
        named.addWidget(caption, 0, 0)
        named.addWidget(self.name, 0, 1)
        named.addWidget(self._name_problem, 1, 0, 1, 2)
        column.addLayout(named)
        column.addLayout(self._form_place)
        line = QFrame(self)
        line.setProperty("role", "hairline")
        column.addSpacing(2)
        column.addWidget(line)
        for row in self.rows.values():
            column.addWidget(row)
        self.convert = QPushButton(self)
        self.convert.setObjectName("builder.convert")
        self.convert.setAccessibleName("FC and CONV")
        self.convert.setToolTip(
            "Both compute dot products, so each can be written as the other: see that the outputs agree, and slide the net "
            "over a larger image."
        )
        self.convert.clicked.connect(self.left)
        column.addWidget(self.convert)
        self.open_circuit = QPushButton(icon("circuits"), "Open as a circuit", self)
        self.open_circuit.setObjectName("builder.open_circuit")
        self.open_circuit.setAccessibleName("Open as a circuit")
        self.open_circuit.setToolTip(_CIRCUIT_TIP)
        self.why_closed = _label("", "muted small", self)
        column.addWidget(self.open_circuit)
        column.addWidget(self.why_closed)
        self.advice = AdviceList("builder.layer_advice", self)
        column.addWidget(self.advice)
        column.addStretch()

    def _make_error(self) -> QFrame:
        frame = QFrame(self)
        frame.setProperty("role", "well")
        self.error_words = _label("", "error", frame)
        self.hint = _label("", "", frame)
        row = QHBoxLayout(frame)
        row.setContentsMargins(10, 10, 10, 10)
        row.setSpacing(8)
        row.addWidget(Sign("error", "negative", 18, frame), 0, Qt.AlignmentFlag.AlignTop)
        words = QVBoxLayout()
        words.setSpacing(4)
        words.addWidget(self.error_words)
        words.addWidget(self.hint)
        row.addLayout(words, 1)
        frame.hide()
        return frame

    # -- showing -----------------------------------------------------------------------------------------------------

    def show_node(self, node: Node, report: LayerReport, batch: int) -> None:
        other = self._node is None or node.id != self._node.id
        self._node = node
        layer = node.layer
        self.title.setText(layer.title)
        self.summary.setText(layer.summary)
        if other or not self.name.hasFocus():
            self.name.setText(node.name)
            self._show_name_problem("")
        self._show_form(layer, other)
        self._show_report(layer, report, batch)
        self._show_convert(layer, report)
        self._show_open_circuit(node, report)
        self.show_advice(())

    def show_advice(self, advice: Sequence[Advice]) -> None:
        self.advice.setVisible(bool(advice))
        self.advice.show_advice(advice)

    def _show_convert(self, layer: LayerSpec, report: LayerReport) -> None:
        told = {"linear": "As a convolution…", "conv": "As a linear layer…"}.get(layer.kind, "")
        self.convert.setVisible(bool(told) and report.output is not None)
        self.convert.setText(told)

    def _show_open_circuit(self, node: Node, report: LayerReport) -> None:
        reason = why_closed(node, report.output)
        self.open_circuit.setEnabled(not reason)
        self.open_circuit.setToolTip(reason or _CIRCUIT_TIP)
        self.why_closed.setText(reason)
        self.why_closed.setVisible(bool(reason))

    def _show_form(self, layer: LayerSpec, other: bool) -> None:
        if layer.kind != self._kind or (other and self.form is not None):
            self._drop_form()
            self._kind = layer.kind
            fields = [] if layer.kind == "missing" else [name for name in type(layer).model_fields if name != "kind"]
            if fields:
                self.form = Form(type(layer), fields, prefix="builder.inspector", parent=self)
                self.form.edited.connect(self._edit)
                self.form.released.connect(self._release)
                finish(self.form)
                self._form_place.addWidget(self.form)
        if self.form is not None:
            self.form.show_values(layer)

    def _drop_form(self) -> None:
        if self.form is not None:
            # Out of the tree at once: the next form's controls have the same names.
            self.form.hide()
            self._form_place.removeWidget(self.form)
            self.form.setParent(None)
            self.form.deleteLater()
            self.form = None

    def _show_report(self, layer: LayerSpec, report: LayerReport, batch: int) -> None:
        self.error.setVisible(report.error is not None)
        if report.error is not None:
            self.error_words.setText(report.error.what)
            self.hint.setText(report.error.remedy)
            self.hint.setVisible(bool(report.error.remedy))
        flow = " → ".join((*map(volume, report.inputs), volume(report.output) if report.output else "?"))
        self.rows["volume"].show_words(flow if report.inputs or report.output else "waits for a layer before it", "")
        self.rows["size"].show_words(report.arithmetic, "")
        works = report.output is not None
        self.rows["parameters"].show_words(
            f"{report.parameters:,}" if works else "", parameter_sum(layer, report.inputs) if works else ""
        )
        self.rows["work"].show_words(
            f"{report.multiply_adds:,}" if works and report.multiply_adds else "",
            multiply_add_sum(layer, report.inputs, report.output) if works else "",
        )
        memory = report.activation_bytes
        self.rows["memory"].show_words(
            bytes_text(batch * memory) if works and memory else "shares its input's" if works and report.inputs else "",
            f"{batch:,} images · {math.prod(report.output):,} numbers · 4 bytes" if works and memory and not report.copies
            else "",
        )  # fmt: skip
        sees = report.last.receptive_field
        self.rows["sees"].show_words(f"{sees[1]} × {sees[0]} pixels" if sees else "", "")

    def _show_name_problem(self, sentence: str) -> None:
        set_role(self.name, "error" if sentence else "")
        self._name_problem.setText(sentence)
        self._name_problem.setVisible(bool(sentence))

    def focus_first(self) -> None:
        """The first setting takes the keyboard; the name, where there is none."""
        first = next(iter(self.form.rows.values())).editor if self.form is not None else self.name
        first.setFocus(Qt.FocusReason.ShortcutFocusReason)

    # -- editing -----------------------------------------------------------------------------------------------------

    def _edit(self, field: str, value: object) -> None:
        layer = self._node.layer
        try:
            changed = type(layer).model_validate(layer.model_dump() | {field: value})
        except ValidationError:
            self.form.show_problem(field, f"{self.form.rows[field].facts.tooltip.splitlines()[-1]}")
            return
        self._edits.set_layer(self._node.id, changed, field)

    def _release(self, field: str) -> None:
        self._edits.end_gesture()

    def _rename(self) -> None:
        if self._node is None:
            return
        try:
            self._edits.rename(self._node.id, self.name.text())
        except CvlabError as error:
            self._show_name_problem(f"{error.what} {error.remedy}".strip())
        else:
            self._show_name_problem("")


class _Row(QWidget):
    """A figure: its caption, its value, and beneath it the sum that gives it. Hidden while there is no value."""

    def __init__(self, caption: str, parent: QWidget) -> None:
        super().__init__(parent)
        self.value = _label("", "", self)
        self.value.setAlignment(Qt.AlignmentFlag.AlignRight)
        self.value.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.value.setAccessibleName(caption)
        self.sum = _label("", "muted small", self)
        self.sum.setAlignment(Qt.AlignmentFlag.AlignRight)
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(12)
        grid.setVerticalSpacing(1)
        grid.setColumnStretch(1, 1)
        title = _label(caption, "muted", self)
        title.setWordWrap(False)
        grid.addWidget(title, 0, 0, Qt.AlignmentFlag.AlignTop)
        grid.addWidget(self.value, 0, 1)
        grid.addWidget(self.sum, 1, 0, 1, 2)

    def show_words(self, value: str, reason: str) -> None:
        self.setVisible(bool(value))
        self.value.setText(value)
        self.sum.setText(reason)
        self.sum.setVisible(bool(reason))


_FIGURES = {"volume": "Volume", "size": "Size", "parameters": "Parameters", "work": "Multiply-adds", "memory": "Memory a batch",
            "sees": "Receptive field"}  # fmt: skip


def _label(text: str, role: str, parent: QWidget) -> QLabel:
    label = QLabel(text, parent)
    label.setProperty("role", role)
    label.setWordWrap(True)
    return label
