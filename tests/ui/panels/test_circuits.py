"""The circuits panel through what a person does: type, step, turn, nudge, fold, drag, copy, export, undo."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QImage
from PySide6.QtSvg import QSvgRenderer
from PySide6.QtWidgets import QApplication, QPushButton

from cvlab.core.panels.circuits import FAR
from cvlab.engine.circuit.layout import is_drawn
from cvlab.engine.circuit.presets import PRESETS
from cvlab.engine.errors import CannotWrite
from cvlab.ui.panels.circuits.circuits import CircuitsPanel
from cvlab.ui.panels.circuits.export import save_picture
from cvlab.ui.panels.circuits.face import face, number, short, told
from cvlab.ui.panels.circuits.fonts import width_of
from cvlab.ui.panels.circuits.matrix_label import MatrixLabel, size
from cvlab.ui.panels.circuits.open_layer import OpenLayerDialog
from tests.ui.hands import click, control


@pytest.fixture
def panel(host):
    return host(CircuitsPanel, 1100, 800)


def type_text(panel, text):
    panel.expression.editor.setPlainText(text)


def wire(panel, name):
    return panel.scene.wires[panel.walk.circuit.by_name[name].id].numbers


def test_it_opens_with_the_first_circuit_all_computed(panel):
    assert wire(panel, "f") == ("−12", "∇ 1")
    assert wire(panel, "x") == ("−2", "∇ −4") and wire(panel, "z") == ("−4", "∇ 3")
    assert panel.walk.position == panel.walk.last
    assert panel.inputs.output.text() == "f = −12"
    assert panel.bar.preset.currentText() == PRESETS[0].title


def test_steps_show_values_and_gradients_only_once_they_are_computed(panel, qtbot):
    click(qtbot, panel, "rewind")
    assert wire(panel, "q") == ("", "") and wire(panel, "x") == ("−2", "")
    click(qtbot, panel, "forward")
    assert wire(panel, "q") == ("3", "") and wire(panel, "f") == ("", "")
    assert "Add" in panel.steps.sentence.text() and "3" in panel.steps.arithmetic.text()
    for _ in range(3):
        click(qtbot, panel, "forward")
    assert wire(panel, "q") == ("3", "∇ −4") and wire(panel, "x") == ("−2", "")
    assert "Multiply swaps" in panel.steps.sentence.text()
    assert panel.scene.nodes[panel.walk.circuit.by_name["f"].id].look == "backward"
    click(qtbot, panel, "back")
    assert wire(panel, "q") == ("3", "")
    control(panel, "position").setValue(1)
    assert panel.walk.position == 1
    click(qtbot, panel, "end")
    assert panel.walk.position == panel.walk.last and panel.lab.project.circuits.position == FAR
    assert not control(panel, "forward").isEnabled()


def test_play_goes_on_by_itself_and_stops_at_the_end(panel, qtbot):
    panel.transport._timer.setInterval(1)
    click(qtbot, panel, "play")
    assert panel.walk.position == 0 and panel.transport.is_playing
    qtbot.waitUntil(lambda: panel.walk.position == panel.walk.last and not panel.transport.is_playing)


def test_typing_builds_the_circuit_and_an_error_keeps_the_last_one(panel, lab):
    type_text(panel, "f = a * b + c")
    assert [n.name for n in panel.walk.circuit.inputs] == ["a", "b", "c"]
    assert panel.bar.preset.currentIndex() == -1
    type_text(panel, "f = a * 2b + c")
    assert panel.expression.message.isVisible() and "2*b" in panel.expression.message.text()
    [mark] = panel.expression.editor.extraSelections()
    assert mark.cursor.selectedText() == "2b"
    assert lab.project.circuits.document.text == "f = a * b + c" and panel.view._is_stale
    type_text(panel, "f = a * 2*b + c")
    assert not panel.expression.message.isVisible() and not panel.view._is_stale
    lab.history.undo()
    assert panel.expression.text() == PRESETS[0].text, "one spell of typing is one step"


def test_a_novel_is_refused_in_words_and_nothing_is_lost(panel, qtbot, lab):
    type_text(panel, "x + " * 10_000)
    qtbot.waitUntil(lambda: panel.expression.message.isVisible())
    assert "20,000" in panel.expression.message.text()
    assert lab.project.circuits.document.text == PRESETS[0].text


def test_turning_an_input_recomputes_everything_and_is_one_step_to_undo(panel, lab):
    row = panel.inputs.rows["x"]
    for value in (100, 200, 300, 350):
        row.slider.setValue(value)
    assert panel.walk.evaluation.inputs["x"] == row.box.value() != -2
    assert wire(panel, "f")[0] == number(panel.walk.evaluation.output)
    row.slider.sliderReleased.emit()
    row.box.setValue(1)
    assert panel.inputs.output.text() == "f = −24"
    lab.history.undo()
    lab.history.undo()
    assert panel.walk.evaluation.inputs["x"] == -2 and row.box.value() == -2
    assert not lab.history.can_undo


def test_nudges_follow_the_gradient(panel, qtbot, lab):
    before = panel.walk.evaluation.output
    control(panel, "step").setValue(0.01)
    click(qtbot, panel, "nudge-up")
    assert panel.walk.evaluation.output > before
    click(qtbot, panel, "nudge-down")
    click(qtbot, panel, "nudge-down")
    assert panel.walk.evaluation.output < before


def test_descent_reaches_the_bottom_and_is_one_step_to_undo(panel, qtbot, lab):
    panel.open_preset("bowl")
    start = dict(panel.walk.evaluation.inputs)
    panel.descent._timer.setInterval(0)
    click(qtbot, panel, "descend")
    qtbot.waitUntil(lambda: panel.walk.evaluation.output < 1.0001)
    click(qtbot, panel, "descend")
    assert not panel.descent.is_active
    lab.history.undo()
    assert panel.walk.evaluation.inputs == start


def test_a_sigmoid_folds_by_double_click_and_by_the_button(panel, qtbot):
    panel.open_preset("neuron")
    assert panel.bar.sigmoid.text() == "Written-out sigmoids as one gate"
    gates = len(panel.walk.circuit.gates)
    item = panel.scene.nodes[panel.walk.circuit.output]
    at = panel.view.mapFromScene(item.pos())
    qtbot.mouseDClick(panel.view.viewport(), Qt.MouseButton.LeftButton, pos=at)
    assert len(panel.walk.circuit.gates) == gates - 3
    assert panel.bar.sigmoid.text() == "Write the sigmoids out as four gates"
    panel.bar.sigmoid.trigger()
    assert len(panel.walk.circuit.gates) == gates


def test_a_gate_is_dragged_and_stays_where_it_was_put(panel, qtbot, lab):
    name, item = "q", panel.scene.nodes[panel.walk.circuit.by_name["q"].id]
    before, viewport = item.pos(), panel.view.viewport()
    at = panel.view.mapFromScene(item.pos())
    qtbot.mousePress(viewport, Qt.MouseButton.LeftButton, pos=at)
    qtbot.mouseMove(viewport, at + QPoint(20, 30))
    qtbot.mouseMove(viewport, at + QPoint(40, 60))
    qtbot.mouseRelease(viewport, Qt.MouseButton.LeftButton, pos=at + QPoint(40, 60))
    assert name in lab.project.circuits.document.moved
    item = panel.scene.nodes[panel.walk.circuit.by_name["q"].id]
    assert item.pos() != before
    lab.history.undo()
    assert item.pos() == before


def test_a_click_on_a_gate_goes_to_its_step_and_on_an_input_plots_along_it(panel, qtbot, lab):
    def click_node(name):
        item = panel.scene.nodes[panel.walk.circuit.by_name[name].id]
        qtbot.mouseClick(panel.view.viewport(), Qt.MouseButton.LeftButton, pos=panel.view.mapFromScene(item.pos()))

    click_node("f")
    assert panel.walk.position == panel.walk.seed + 1
    click_node("z")
    assert lab.project.circuits.along == "z"
    click(qtbot, panel, "rewind")
    click_node("q")
    assert panel.walk.position == 1


def test_undo_in_the_editor_is_the_documents_undo(lab, window, qtbot):
    window.go("circuits")
    panel = window.panel("circuits")
    editor = panel.expression.editor
    editor.setFocus()
    editor.selectAll()
    qtbot.keyClicks(editor, "a*b")
    assert lab.project.circuits.document.text == "a*b"
    qtbot.keyClick(editor, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    qtbot.waitUntil(lambda: editor.toPlainText() == PRESETS[0].text)


def test_merging_repeats(panel, qtbot):
    type_text(panel, "f = sin(x) * sin(x)")
    click(qtbot, panel, "merge")
    assert len(panel.walk.circuit.gates) == 2
    click(qtbot, panel, "merge")
    assert len(panel.walk.circuit.gates) == 3


def test_checks_stand_beside_the_gradients_and_say_where_a_kink_is(panel, qtbot, lab, until):
    click(qtbot, panel, "to-checks")
    cells = panel.closer.checks.cells
    assert "✓" in cells["x", "error"].text() and cells["x", "backprop"].text() == "−4"
    until(lambda: cells["z", "autograd"].text() == "✓ exact")
    type_text(panel, "f = abs(x - 1)")
    assert panel.walk.evaluation.inputs["x"] == -2
    panel.inputs.rows["x"].box.setValue(1)
    assert panel.closer.checks.cells["x", "error"].text().startswith("kink")
    assert "kink" in panel.steps.note.text()


def test_what_has_no_value_is_said_and_shown(panel):
    type_text(panel, "x = 0; f = 1 / x + 3")
    assert "division by zero" in panel.steps.note.text()
    assert wire(panel, "f")[0] == "∞"
    type_text(panel, "x = -1; f = log(x) ** 2")
    assert "log of −1" in panel.steps.note.text() and wire(panel, "f")[0] == "NaN"


def test_the_plot_follows_the_chosen_input_and_can_be_dragged(panel, qtbot, lab):
    panel.open_preset("bowl")
    click(qtbot, panel, "along-y")
    assert lab.project.circuits.along == "y" and panel.closer.plot._sweep.name == "y"
    plot = panel.closer.plot
    qtbot.mousePress(plot, Qt.MouseButton.LeftButton, pos=plot.rect().center())
    qtbot.mouseRelease(plot, Qt.MouseButton.LeftButton, pos=plot.rect().center())
    assert panel.walk.evaluation.inputs["y"] == pytest.approx(plot._sweep.x[len(plot._sweep.x) // 2], abs=1.0)
    type_text(panel, "f = 2 + 3 * 4")
    assert plot._sweep is None and panel.walk.evaluation.output == 14


def test_copied_code_runs(panel, qtbot):
    click(qtbot, panel, "to-code")
    click(qtbot, panel, "code")
    space = {}
    exec(compile(QApplication.clipboard().text(), "circuit.py", "exec"), space)  # our own text
    assert (space["f"], space["dx"], space["dz"]) == (-12, -4, 3)


def test_the_picture_is_saved_as_svg_and_png(panel, tmp_path):
    save_picture(panel.scene, tmp_path / "c.svg")
    assert QSvgRenderer(str(tmp_path / "c.svg")).isValid()
    save_picture(panel.scene, tmp_path / "c.png")
    image = QImage(str(tmp_path / "c.png"))
    assert image.width() > 600 and image.height() > 200
    with pytest.raises(CannotWrite):
        save_picture(panel.scene, tmp_path / "c.svg" / "c.png")


@pytest.mark.parametrize("preset", PRESETS, ids=lambda preset: preset.id)
def test_every_preset_is_shown_whole(panel, preset):
    panel.open_preset(preset.id)
    circuit = panel.walk.circuit
    assert {n.id for n in circuit.nodes if is_drawn(circuit, n.id)} == set(panel.scene.nodes)
    seen = panel.view.mapToScene(panel.view.viewport().rect()).boundingRect()
    assert seen.contains(panel.scene.content())
    for position in range(panel.walk.last + 1):
        panel.go(position)
        assert panel.steps.sentence.text()


def test_the_explanation_speaks_of_the_circuit_that_is_open(panel, qtbot):
    with qtbot.waitSignal(panel.explain) as told_of:
        panel.open_preset("vanishing")
    assert told_of.args[0].title == "Why gradients vanish" and "0.25" in panel.lesson.looking_at
    type_text(panel, "f = x")
    assert panel.lesson.title.startswith("The chain rule")


def test_long_names_fit(panel):
    name = "a_very_long_name_for_an_input_of_mine"
    type_text(panel, f"{name}_2 = {name} * 1e30; f = {name}_2 ** 2")
    row = panel.inputs.rows[name]
    assert "…" in row.button.text() and name in row.box.accessibleName()
    assert row.gradient.sizeHint().width() <= row.gradient.width()


def test_behind_it_does_nothing(panel, qtbot):
    click(qtbot, panel, "play")
    click(qtbot, panel, "descend")
    panel.hidden()
    assert not panel.transport.is_playing and not panel.descent.is_active


def test_everything_is_undone_to_the_beginning(panel, lab, qtbot):
    first = lab.project.circuits.document
    panel.open_preset("neuron")
    panel.edits.fold_all()
    click(qtbot, panel, "nudge-up")
    type_text(panel, "f = x")
    assert panel.findChildren(QPushButton, "circuits.along-x")
    while lab.history.can_undo:
        lab.history.undo()
    assert lab.project.circuits.document == first and wire(panel, "f") == ("−12", "∇ 1")


@pytest.mark.parametrize(
    ("text", "faces"),
    [
        ("f = 1 / x", ["1 / x"]),
        ("f = x / 2", ["÷ 2"]),
        ("f = x - 1", ["− 1"]),
        ("f = 1 - x", ["1 − x"]),
        ("f = x ** -2", ["x⁻²"]),
        ("f = 2 ** x", ["2ˣ"]),
        ("f = max(0, x)", ["max 0"]),
        ("f = -2 * x", ["× −2"]),
        ("f = x * (2 + 3)", ["2 + 3", "×"]),
        ("f = max(x, 1, 2)", ["max 1, 2"]),
    ],
)
def test_constants_stand_on_the_face_of_their_gate(text, faces):
    from cvlab.engine.circuit.reader import read

    circuit = read(text)
    assert [face(circuit, node) for node in circuit.gates] == faces


def test_fewer_digits_keep_what_stands_before_the_point():
    assert [number(v, 2) for v in (-123.4, 12.4, 1.36, -0.0647, 0.0)] == ["−123", "12", "1.4", "−0.065", "0"]
    assert [number(v, 1) for v in (-12.3, 1.36, -0.0647)] == ["−12", "1", "−0.06"]


def test_minus_signs_are_minus_signs_and_hyphens_stay():
    assert (
        told("x gets -4 times 3 · (-2): a 64-bit number, 1 - s") == "x gets −4 times 3 · (−2): a 64-bit number, 1 - s"
    )


# -- vectors and matrices ---------------------------------------------------------------------------------------------


def test_matrices_stand_on_the_wires_with_their_shapes(panel, qtbot):
    panel.open_preset("linear-softmax")
    assert wire(panel, "x") == ("0.2 | 0.4", "∇ −0.37 | 0.63") or wire(panel, "x")[0] == "0.2 | 0.4"
    assert wire(panel, "W")[0].count("|") == 2 and wire(panel, "W")[1].startswith("∇")
    click(qtbot, panel, "rewind")
    assert wire(panel, "s") == ("", "") and wire(panel, "W")[1] == ""
    click(qtbot, panel, "forward")
    assert (
        "3 × 2 by 2 makes 3" in panel.steps.sentence.text()
        and "shape of q: 3" in panel.steps.arithmetic.text().replace("&nbsp;", " ")
    )
    panel.go(panel.walk.last)
    assert "outer product" in panel.steps.sentence.text() and "✓" in panel.steps.arithmetic.text()


def test_a_number_of_a_matrix_is_chosen_turned_typed_and_undone(panel, lab):
    panel.open_preset("linear-softmax")
    table = panel.inputs.tables["W"]
    table.grid.setCurrentIndex(table.grid.table.index(2, 1))
    assert lab.project.circuits.along == "W[2,1]" and panel.closer.plot._sweep.name == "W[2,1]"
    before = panel.walk.evaluation.output
    table.row.slider.setValue(350)
    table.row.slider.sliderReleased.emit()
    assert panel.walk.evaluation.inputs["W[2,1]"] == table.row.box.value() and panel.walk.evaluation.output != before
    assert table.grid.table.setData(table.grid.table.index(0, 0), "-1,5")
    assert panel.walk.evaluation.inputs["W[0,0]"] == -1.5
    for wrong in ("", "abc", "nan", "1e999"):
        assert not table.grid.table.setData(table.grid.table.index(0, 0), wrong)
    assert panel.walk.evaluation.inputs["W[0,0]"] == -1.5
    lab.history.undo()
    lab.history.undo()
    assert panel.walk.evaluation.output == before
    panel.edits.open_preset("product-of-sum")
    assert not panel.inputs.tables and set(panel.inputs.rows) == {"x", "y", "z"}


def test_checks_of_matrices_say_shape_and_autograd(panel, qtbot, lab, until):
    panel.open_preset("net-2-3-2")
    click(qtbot, panel, "to-checks")
    cells = panel.closer.checks.cells
    assert cells["W1", "shape"].text() == "3 × 2 ✓" and "✓" in cells["W1", "error"].text()
    until(lambda: cells["W2", "autograd"].text().startswith("✓"))


def test_a_large_matrix_is_a_picture_and_its_numbers_come_up_when_it_is_clicked(panel):
    type_text(panel, "W = randn(12, 40); x = ones(40); f = mean(relu(W @ x))")
    circuit = panel.walk.circuit
    assert wire(panel, "W") == ("12 × 40", "∇ 12 × 40")
    panel._choose_node(circuit.by_name["W"].id)
    assert panel.closer.numbers.isVisible() and panel.closer.numbers.grid.table.columnCount() == 40
    assert panel._along() == "W[0,0]"
    image = panel.view.grab().toImage()
    assert image.width() > 300
    type_text(panel, "f = x * y")
    assert not panel.closer.to_numbers.isVisible() and panel.closer.plot.isVisible()


def test_vectors_nudge_descend_copy_and_export(panel, qtbot, tmp_path):
    panel.open_preset("linear-hinge")
    before = panel.walk.evaluation.output
    control(panel, "step").setValue(1e-4)
    click(qtbot, panel, "nudge-down")
    assert panel.walk.evaluation.output < before
    click(qtbot, panel, "to-code")
    click(qtbot, panel, "code")
    space = {}
    exec(compile(QApplication.clipboard().text(), "circuit.py", "exec"), space)  # our own text
    assert space["L"] == panel.walk.evaluation.output and space["dW"].shape == (3, 4)
    save_picture(panel.scene, tmp_path / "v.svg")
    assert b"<text" in (tmp_path / "v.svg").read_bytes() and QSvgRenderer(str(tmp_path / "v.svg")).isValid()


def test_shapes_that_do_not_meet_are_underlined(panel):
    panel.open_preset("linear-softmax")
    type_text(panel, "W = [[1, 2], [3, 4]]; x = [1, 2, 3]\nL = sum(W @ x)")
    assert "inner sizes 2 and 3 differ" in panel.expression.message.text() and panel.view._is_stale
    [mark] = panel.expression.editor.extraSelections()
    assert mark.cursor.selectedText() == "W @ x"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.12345, "0.123"),
        (-0.12345, "−0.123"),
        (-0.00311, "−0.003"),
        (6.7e-17, "7e−17"),
        (1234.5, "1234"),
        (123456.0, "1.23e5"),
    ],
)
def test_numbers_fit_narrow_fields(value, text):
    assert short(value) == text


# -- a layer of a net -------------------------------------------------------------------------------------------------


@pytest.fixture
def dialog(panel, lab, until):
    opened = panel.ask_for_layer()
    until(lambda: opened.accept_button.isEnabled())
    return opened


def open_it(panel, dialog, until):
    before = panel.expression.text()
    dialog.accept_button.click()
    until(lambda: panel.expression.text() != before)


def test_a_neuron_of_the_shipped_net_becomes_a_circuit_and_can_be_undone(panel, dialog, lab, until):
    dialog.most.setValue(4)
    dialog.unit[0].setValue(7)
    assert "84 inputs" in dialog.words.text() and not dialog.unit[1].isVisible()
    open_it(panel, dialog, until)
    assert "neuron 7" in panel.expression.text() and "the other 80 add up to rest" in panel.expression.text()
    assert len(panel.inputs.rows) == 4 * 2 + 2
    lab.history.undo()
    assert panel.expression.text() == PRESETS[0].text


def test_the_builders_convolution_is_opened_as_vectors(panel, dialog, lab, until):
    dialog.net.setCurrentIndex(0)
    until(lambda: dialog.accept_button.isEnabled())
    dialog.layer.setCurrentIndex(0)
    dialog.form.setCurrentIndex(1)
    assert dialog.unit[2].isVisible()
    open_it(panel, dialog, until)
    assert "filter 0, row 0, column 0" in panel.expression.text() and "w @ x" in panel.expression.text()


def test_a_layer_that_is_too_large_is_refused_in_words(panel, dialog, lab, until):
    dialog.layer.setCurrentIndex(2)
    dialog.form.setCurrentIndex(2)
    assert "too many numbers" in dialog.words.text()
    dialog.accept_button.click()
    until(lambda: "48,520 numbers" in dialog.words.text() and "Open one neuron" in dialog.words.text())
    assert panel.expression.text() == PRESETS[0].text
    dialog.reject()


def test_the_builders_layer_opens_as_a_circuit(lab, window, qtbot, until):
    window.go("builder")
    builder = window.panel("builder")
    net = lab.project.architecture
    builder.canvas.select(net.by_name["relu1"].id)
    card = builder.inspector.layer
    assert not card.open_circuit.isEnabled() and "learns no weighted sum" in card.why_closed.text()
    builder.canvas.select(net.by_name["conv2"].id)
    assert card.open_circuit.isEnabled() and not card.why_closed.isVisible()
    qtbot.mouseClick(card.open_circuit, Qt.MouseButton.LeftButton)
    assert window.panel("circuits").isVisible() and lab.project.circuits.asked == ""
    [dialog] = window.panel("circuits").findChildren(OpenLayerDialog)
    until(lambda: dialog.accept_button.isEnabled())
    assert dialog.net.currentIndex() == 0 and dialog.layer.currentText().startswith("conv2")
    open_it(window.panel("circuits"), dialog, until)
    assert window.panel("circuits").expression.text().startswith("# conv2")


@pytest.mark.parametrize("value", [-0.148, -0.2958, 0.07617, -1234.5, 123456.0, 1e-12, -3.2e-05, -0.003107, -99.99])
def test_the_numbers_of_a_matrix_on_a_wire_stand_clear_of_each_other(value, panel):
    cell = size((1, 2)).width() - size((1, 1)).width()
    label = MatrixLabel(np.array([value]))
    assert width_of(label.texts(6)[0][0], 13, bold=True) <= cell - 6
    assert width_of(label.texts(5)[0][0], 16, bold=True) <= cell - 2, "in a picture that is shown small"
