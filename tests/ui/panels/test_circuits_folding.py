"""Several gates as one in the panel: by double-click, choice, key, menu and button; stepped, undone, saved, refused in words."""

import pytest
from PySide6.QtCore import QEvent, QPoint, Qt
from PySide6.QtGui import QContextMenuEvent
from PySide6.QtWidgets import QApplication, QMenu

from cvlab.core.panels.circuits import SavedCircuits
from cvlab.engine.circuit.presets import BY_ID
from cvlab.ui.panels.circuits.circuits import CircuitsPanel
from tests.ui.panels.test_circuits import click, type_text, wire

TEXT = "x = 2; y = 3; z = -4\na = x * y + 1\nb = a * z + x\nf = b * b + a"


@pytest.fixture
def panel(host):
    shown = host(CircuitsPanel, 1100, 800)
    type_text(shown, TEXT)
    return shown


def at(panel, name) -> QPoint:
    return panel.view.mapFromScene(panel.scene.nodes[panel.walk.circuit.by_name[name].id].pos())


def press(panel, qtbot, name, modifier=Qt.KeyboardModifier.NoModifier):
    qtbot.mouseClick(panel.view.viewport(), Qt.MouseButton.LeftButton, modifier, at(panel, name))


def gates(panel):
    return [node.name for node in panel.walk.circuit.gates]


def double_click(panel, qtbot, name):
    qtbot.mouseDClick(panel.view.viewport(), Qt.MouseButton.LeftButton, pos=at(panel, name))


def test_a_double_click_makes_a_named_value_one_gate_and_opens_it_again(panel, qtbot, lab):
    before = gates(panel)
    double_click(panel, qtbot, "a")
    assert len(gates(panel)) == len(before) - 1
    node = panel.walk.circuit.by_name["a"]
    item = panel.scene.nodes[node.id]
    assert item.is_composite and "x * y + 1" in item.toolTip() and "∂a/∂x = y" in item.toolTip()
    assert wire(panel, "a") == ("7", "∇ 209") and wire(panel, "x")[1] == f"∇ {209 * 3 - 52}"
    double_click(panel, qtbot, "a")
    assert gates(panel) == before
    lab.history.undo()
    assert len(gates(panel)) == len(before) - 1
    lab.history.undo()
    assert gates(panel) == before


def test_it_is_one_step_with_its_arithmetic(panel, qtbot):
    double_click(panel, qtbot, "a")
    click(qtbot, panel, "rewind")
    click(qtbot, panel, "forward")
    assert "stands for 2 gates" in panel.steps.sentence.text()
    assert "x * y + 1" in panel.steps.arithmetic.text().replace("&nbsp;", " ")
    turn = panel.walk.turn_of(panel.walk.circuit.by_name["a"].id)
    panel.go(panel.walk.seed + 1 + panel.walk.backward_order.index(panel.walk.circuit.by_name["a"].id))
    assert turn == 1 and "multiplied out already" in panel.steps.sentence.text()
    text = panel.steps.arithmetic.text().replace("&nbsp;", " ")
    assert "209 · 3" in text and "∂a/∂x = y, ∂a/∂y = x" in text


def test_chosen_gates_become_one_by_key(panel, qtbot, lab):
    shift = Qt.KeyboardModifier.ShiftModifier
    names = [n.name for n in panel.walk.circuit.gates]
    press(panel, qtbot, "b", shift)
    feeder = next(n.name for n in panel.walk.circuit.gates if n.gate == "mul" and "z" in panel.walk.circuit.formula(n))
    press(panel, qtbot, feeder, shift)
    assert {panel.walk.circuit.nodes[i].name for i in panel.scene.selection.chosen} == {"b", feeder}
    position = panel.walk.position
    panel.folding.fold_chosen()
    assert panel.walk.circuit.by_name["b"].inside and feeder not in gates(panel) and len(gates(panel)) == len(names) - 1
    assert panel.walk.position <= position and not panel.scene.selection.chosen
    lab.history.undo()
    assert gates(panel) == names


def test_what_gives_two_values_is_refused_in_words(panel, qtbot, lab):
    circuit = panel.walk.circuit
    panel.scene.selection.choose([circuit.by_name["a"].id, circuit.by_name["b"].id])
    before = lab.project.circuits.document
    said = []
    lab.notices.posted.connect(said.append)
    panel.folding.fold_chosen()
    assert lab.project.circuits.document is before
    assert any("both leave" in str(each) for each in said)


def test_a_frame_with_shift_chooses_what_lies_in_it(panel, qtbot):
    viewport, shift = panel.view.viewport(), Qt.KeyboardModifier.ShiftModifier
    qtbot.mousePress(viewport, Qt.MouseButton.LeftButton, shift, QPoint(2, 40))
    qtbot.mouseMove(viewport, QPoint(200, 200))
    qtbot.mouseMove(viewport, QPoint(viewport.width() - 2, viewport.height() - 2))
    qtbot.mouseRelease(viewport, Qt.MouseButton.LeftButton, shift, QPoint(viewport.width() - 2, viewport.height() - 2))
    assert panel.scene.selection.chosen == {node.id for node in panel.walk.circuit.gates}
    panel.folding.fold_chosen()
    assert gates(panel) == ["f"] and len(panel.walk.circuit.gates[0].inside) == 6
    qtbot.keyClick(panel.view, Qt.Key.Key_Escape)
    assert not panel.scene.selection.chosen


def test_the_keyboard_walks_chooses_and_folds(panel, qtbot):
    view, selection = panel.view, panel.scene.selection
    name = lambda: panel.walk.circuit.nodes[selection.here].name  # noqa: E731
    qtbot.keyClick(view, Qt.Key.Key_Left)
    assert name() == "f"
    qtbot.keyClick(view, Qt.Key.Key_Left, Qt.KeyboardModifier.ShiftModifier)
    assert selection.here in selection.chosen
    for _ in range(6):
        qtbot.keyClick(view, Qt.Key.Key_Left)
    assert panel.walk.circuit.nodes[selection.here].kind == "input"
    qtbot.keyClick(view, Qt.Key.Key_Down)
    qtbot.keyClick(view, Qt.Key.Key_Up)
    qtbot.keyClick(view, Qt.Key.Key_Return)
    assert panel._along() == name()
    qtbot.keyClick(view, Qt.Key.Key_Escape)
    assert selection.here == -1
    selection.stand(panel.walk.circuit.by_name["a"].id)
    panel.folding.fold_chosen()
    assert panel.walk.circuit.by_name["a"].inside
    qtbot.keyClick(view, Qt.Key.Key_A, Qt.KeyboardModifier.ControlModifier)
    assert len(selection.chosen) == len(panel.walk.circuit.gates)


def texts(menu):
    return [action.text().split("\t")[0] for action in menu.actions() if action.text()]


def test_the_menu_says_what_can_be_done(panel, qtbot):
    circuit = panel.walk.circuit
    menu = panel.folding.menu(circuit.by_name["b"].id)
    assert "Collapse b into one: 2 gates" in texts(menu) and "Collapse all that feeds b alone: 2 gates" not in texts(
        menu
    )
    menu.actions()[texts(menu).index("Collapse b into one: 2 gates")].trigger()
    assert panel.walk.circuit.by_name["b"].inside
    again = panel.folding.menu(panel.walk.circuit.by_name["b"].id)
    next(a for a in again.actions() if a.text().startswith("Expand b")).trigger()
    assert not panel.walk.circuit.by_name["b"].inside
    every = panel.folding.menu(panel.walk.circuit.by_name["f"].id)
    next(a for a in every.actions() if "feeds f alone: 6 gates" in a.text()).trigger()
    assert gates(panel) == ["f"]
    ground = panel.folding.menu(-1)
    next(a for a in ground.actions() if a.text().startswith("Expand all")).trigger()
    assert len(gates(panel)) == 6
    plot = panel.folding.menu(panel.walk.circuit.by_name["z"].id)
    plot.actions()[0].trigger()
    assert panel._along() == "z"
    for each in (menu, again, every, ground, plot):
        each.deleteLater()


def test_the_menu_comes_up_under_the_pointer(panel, qtbot):
    place = at(panel, "a")
    event = QContextMenuEvent(QContextMenuEvent.Reason.Mouse, place, panel.view.viewport().mapToGlobal(place))
    QApplication.sendEvent(panel.view.viewport(), event)
    menu = panel.findChild(QMenu, "circuits.menu")
    assert menu is not None and "Go to the step of a" in texts(menu)
    menu.close()
    QApplication.sendPostedEvents(menu, QEvent.Type.DeferredDelete)


def test_every_named_value_at_once_and_back(panel, qtbot, lab):
    panel.edits.open_text(BY_ID["net-2-3-2"].text)
    assert len(gates(panel)) == 6
    panel.bar.named.trigger()
    assert gates(panel) == ["h", "s", "L"] and panel.bar.named.text().startswith("Expand all")
    for position in range(panel.walk.last + 1):
        panel.go(position)
        assert panel.steps.sentence.text()
    panel.bar.named.trigger()
    assert len(gates(panel)) == 6
    lab.history.undo()
    saved = SavedCircuits.model_validate_json(SavedCircuits.of(lab.project.circuits).model_dump_json())
    assert [n.name for n in saved.state().document.circuit.gates] == ["h", "s", "L"]


def test_a_ready_net_shows_its_layers_as_gates_that_open(panel, qtbot, lab):
    panel.open_preset("net-2-3-2")
    assert gates(panel) == ["h", "s", "L"] and panel.bar.preset.currentText() == "A whole net, 2-3-2"
    double_click(panel, qtbot, "h")
    assert gates(panel)[-4:] == ["h", "q3", "s", "L"] or gates(panel)[2:] == ["h", "s", "L"]
    assert panel.view.scale_now > 0.4
    lab.history.undo()
    lab.history.undo()
    assert "x * y + 1" in panel.expression.text()


def test_typing_elsewhere_keeps_the_gate_folded(panel, qtbot):
    double_click(panel, qtbot, "a")
    type_text(panel, TEXT + " + 1")
    assert panel.walk.circuit.by_name["a"].inside
    type_text(panel, TEXT.replace("x * y + 1", "x * y + 2") + " + 1")
    assert not panel.walk.circuit.by_name["a"].inside


def test_one_gate_without_a_name_is_one_gate_already(panel, qtbot, lab):
    type_text(panel, "f = sin(x) * y + sin(x)")
    said = []
    lab.notices.posted.connect(said.append)
    double_click(panel, qtbot, panel.walk.circuit.gates[0].name)
    assert any("one gate already" in str(each) for each in said) and len(gates(panel)) == 4


def test_the_code_marks_the_lines_of_the_step(panel, qtbot):
    panel.edits.open_text(BY_ID["product-of-sum"].text)
    click(qtbot, panel, "to-code")
    click(qtbot, panel, "rewind")
    assert panel.closer.code.isVisible() and panel.closer.code.marked == ()
    click(qtbot, panel, "forward")
    assert [line.split()[0] for line in panel.closer.code.marked] == ["q"]
    panel.go(panel.walk.seed)
    assert [line.split("  ")[0] for line in panel.closer.code.marked] == ["df = 1.0"]
    click(qtbot, panel, "end")
    assert [line.split()[0] for line in panel.closer.code.marked] == ["dx", "dy"]
    panel.inputs.rows["x"].box.setValue(7)
    assert "x = 7.0" in panel.closer.code.text.toPlainText()
    double_click(panel, qtbot, "f")
    panel.go(1)
    assert [line.split()[0] for line in panel.closer.code.marked] == ["q", "f"]


def test_a_large_circuit_is_copied_not_shown(panel, qtbot):
    click(qtbot, panel, "to-code")
    panel.edits.open_text("+".join(["x"] * 500))
    assert "copy the code" in panel.closer.code.words.text() and panel.closer.code.text.toPlainText() == ""
    click(qtbot, panel, "code")
    assert QApplication.clipboard().text().count("\n") > 900


def test_the_panel_fits_the_smallest_window(panel):
    assert panel.minimumSizeHint().width() <= 900
