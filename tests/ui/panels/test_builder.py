"""The builder as a person uses it: drag from the palette, edit in the inspector, read the errors."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractSpinBox, QLineEdit, QPushButton

from cvlab.ui.panels.builder.builder import BuilderPanel
from cvlab.ui.panels.builder.lessons import BUILDER, lesson_of
from cvlab.ui.panels.builder.sums import multiply_add_sum, parameter_sum
from tests.ui.hands import control, drag_from_palette

LEFT = Qt.MouseButton.LeftButton


@pytest.fixture
def panel(builder):
    return builder


def wire(panel: BuilderPanel, source: str, target: str) -> QPoint:
    names = panel.lab.project.architecture.by_name
    return panel.canvas.mapFromScene(panel.canvas.net_scene.wires[(names[source].id, names[target].id, 0)].middle)


def flow(panel: BuilderPanel) -> list[str]:
    net = panel.lab.project.architecture
    return [net.by_id[i].name for i in net.order]


def test_a_conv_dragged_between_relu1_and_pool1_is_spliced_in(panel, lab):
    start = lab.project.architecture
    drag_from_palette(panel, "conv", wire(panel, "relu1", "pool1"))
    assert flow(panel)[:5] == ["input", "conv1", "relu1", "conv3", "pool1"]
    assert lab.project.builder.selected == (lab.project.architecture.by_name["conv3"].id,)
    assert panel.ghost.isHidden()
    lab.history.undo()
    assert lab.project.architecture == start and not lab.history.can_undo
    lab.history.redo()
    assert flow(panel)[3] == "conv3"


def test_while_it_is_dragged_the_wire_opens_and_says_where(panel):
    goal = wire(panel, "relu1", "pool1")
    drag_from_palette(panel, "conv", goal, let_go=False)
    assert panel.ghost.isVisible() and panel.canvas.gesture.words == "Between relu1 and pool1"
    looks = {key: each.look for key, each in panel.canvas.net_scene.wires.items()}
    assert list(looks.values()).count("target") == 1 and looks[(3, 4, 0)] == "target"
    QTest.keyClick(control(panel, "palette.conv"), Qt.Key.Key_Escape)
    assert panel.ghost.isHidden() and panel.canvas.gesture is None and panel.canvas.net_scene.is_settled
    assert {each.look for each in panel.canvas.net_scene.wires.values()} == {"plain"}
    assert not panel.lab.history.can_undo


def test_let_go_in_the_open_it_is_loose_and_the_net_says_so(panel, lab):
    drag_from_palette(panel, "relu", QPoint(panel.canvas.viewport().width() - 60, 20))
    loose = lab.project.architecture.by_name["relu5"]
    assert loose.x is not None and not lab.project.architecture.into(loose.id)
    assert "relu5 has 1 open input" in panel.problem.words.text() or "2 ends" in panel.problem.words.text()
    assert not panel.header.train.isEnabled()


def test_let_go_beside_the_canvas_nothing_has_happened(panel, lab):
    drag_from_palette(panel, "relu", QPoint(panel.canvas.viewport().width() + 100, 60))
    assert not lab.history.can_undo and panel.canvas.gesture is None


def test_a_layer_dropped_at_the_end_extends_the_net(panel, lab):
    last = panel.canvas.net_scene.blocks[lab.project.architecture.by_name["fc3"].id]
    drag_from_palette(panel, "relu", panel.canvas.mapFromScene(last.out_point()) + QPoint(24, 0))
    assert flow(panel)[-2:] == ["fc3", "relu5"]


def test_double_click_and_enter_append_after_the_selection(panel, lab):
    lab.project.builder.selected = (lab.project.architecture.by_name["conv1"].id,)
    QTest.keyClick(control(panel, "palette.dropout"), Qt.Key.Key_Return)
    QTest.mouseDClick(control(panel, "palette.relu"), LEFT)
    assert flow(panel)[1:4] == ["conv1", "dropout2", "relu5"]


def test_search_finds_by_what_a_layer_does_and_enter_adds_it(panel):
    search = panel.findChild(QLineEdit, "builder.search")
    QTest.keyClicks(search, "pool")
    visible = {kind for kind, each in panel.palette_card.entries.items() if not each.isHidden()}
    assert {"maxpool", "avgpool"} <= visible and "linear" not in visible
    search.clear()
    QTest.keyClicks(search, "dropout")
    QTest.keyClick(search, Qt.Key.Key_Return)
    assert flow(panel)[-1] == "dropout2"


def test_the_inspector_shows_the_arithmetic_and_edits_are_one_step_a_gesture(panel, lab):
    start = lab.project.architecture
    lab.project.builder.selected = (start.by_name["conv1"].id,)
    rows = panel.inspector.layer.rows
    assert rows["size"].value.text() == "(28 − 5 + 2·2)/1 + 1 = 28"
    assert rows["volume"].value.text() == "28×28×1 → 28×28×6"
    assert (rows["parameters"].value.text(), rows["parameters"].sum.text()) == ("156", "6 · (5·5·1 + 1)")
    padding = panel.findChild(QAbstractSpinBox, "builder.inspector.padding")
    padding.stepDown()
    padding.stepDown()
    assert rows["size"].value.text() == "(28 − 5 + 2·0)/1 + 1 = 24"
    assert panel.canvas.net_scene.blocks[start.by_name["conv1"].id].face.volume == "24×24×6"
    lab.history.undo()
    assert lab.project.architecture == start and padding.value() == 2


def test_a_setting_out_of_range_is_refused_in_words_beneath_it(panel, lab):
    start = lab.project.architecture
    lab.project.builder.selected = (start.by_name["conv1"].id,)
    filters = panel.findChild(QAbstractSpinBox, "builder.inspector.filters")
    filters.setValue(0)
    row = panel.inspector.layer.form.rows["filters"]
    assert lab.project.architecture == start and "From 1 to 4,096" in row.words.text()


def test_a_missing_flatten_is_said_on_the_block_in_the_inspector_and_mended(panel, lab, settle):
    net = lab.project.architecture
    fc1 = net.by_name["fc1"].id
    panel.edits.delete([net.by_name["flatten1"].id])
    blocks = panel.canvas.net_scene.blocks
    assert blocks[fc1].face.error == "fc1 needs a vector."
    assert blocks[net.by_name["relu3"].id].face.waiting == "waiting for fc1"
    assert "fc1 needs a vector." in panel.header.train.toolTip() and not panel.header.train.isEnabled()
    QTest.mouseClick(panel.findChild(QPushButton, "builder.problem"), LEFT)
    assert lab.project.builder.selected == (fc1,)
    assert panel.inspector.layer.error.isVisible()
    assert panel.inspector.layer.hint.text() == "Insert a flatten layer before it."
    panel.adviser.advice = ()
    panel.adviser.ask()
    settle("builder.advice")
    mend = panel.findChild(QPushButton, "builder.mend")
    assert "latten" in mend.text()
    QTest.mouseClick(mend, LEFT)
    assert panel.problem.isHidden() and panel.header.train.isEnabled()


def test_enter_on_the_canvas_leads_to_the_first_setting(panel, lab, qtbot):
    lab.project.builder.selected = (lab.project.architecture.by_name["conv1"].id,)
    with qtbot.waitSignal(panel.canvas.asked_settings):
        QTest.keyClick(panel.canvas, Qt.Key.Key_Return)
    assert panel.focusWidget().objectName() == "builder.inspector.filters"


def test_renaming_the_layer_and_the_net(panel, lab):
    lab.project.builder.selected = (lab.project.architecture.by_name["conv1"].id,)
    name = panel.findChild(QLineEdit, "builder.inspector.name")
    name.setText("conv2")
    name.editingFinished.emit()
    assert "conv1" in lab.project.architecture.by_name
    assert "Another layer is called conv2." in panel.inspector.layer._name_problem.text()
    name.setText("edges")
    name.editingFinished.emit()
    assert "edges" in lab.project.architecture.by_name
    panel.header.name.setText("My net")
    panel.header.name.editingFinished.emit()
    assert lab.project.architecture.name == "My net"


def test_ready_nets_replace_the_canvas_and_undo_brings_it_back(panel, lab):
    start = lab.project.architecture
    panel.open_ready_net("two-layer")
    assert flow(panel) == ["input", "flatten1", "fc1", "relu1", "fc2"]
    lab.history.undo()
    assert lab.project.architecture == start


def test_lessons_follow_the_selection(panel, lab, qtbot):
    net = lab.project.architecture
    with qtbot.waitSignal(panel.explain) as heard:
        lab.project.builder.selected = (net.by_name["conv1"].id,)
    assert heard.args[0] == lesson_of(net.by_name["conv1"].layer)
    with qtbot.waitSignal(panel.explain) as heard:
        lab.project.builder.selected = ()
    assert heard.args[0] is BUILDER


def test_every_kind_has_a_lesson():
    from cvlab.engine.nets.layers import REGISTRY

    assert all(lesson_of(kind()).formulas for kind in REGISTRY.values())


def test_the_sums_give_what_the_engine_counts(lab):
    from cvlab.engine.nets.shapes import infer

    net = lab.project.architecture
    for node_id, found in infer(net).layers.items():
        layer = net.by_id[node_id].layer
        for words, count in (
            (parameter_sum(layer, found.inputs), found.parameters),
            (multiply_add_sum(layer, found.inputs, found.output), found.multiply_adds),
        ):
            assert product(words) == count


def product(words: str) -> int:
    """Works out "6 · (5·5·1 + 1)" by hand: products of numbers, one bracket with a sum."""
    if not words:
        return 0
    result, rest = 1, words
    if "(" in rest:
        bracket = rest[rest.index("(") + 1 : rest.index(")")]
        weights, one = bracket.split("+")
        result = product(weights) + int(one)
        rest = rest[: rest.index("(")]
    for factor in filter(str.strip, rest.split("·")):
        result *= int(factor)
    return result


def test_train_this_goes_to_training(panel, qtbot):
    with qtbot.waitSignal(panel.go_to) as heard:
        QTest.mouseClick(panel.header.train, LEFT)
    assert heard.args == ["training"]


def test_the_tour_leaves_the_net_as_it_was(panel, lab, qtbot, flush):
    start = lab.project.architecture
    names = []
    for stop in panel.tour():
        qtbot.waitUntil(stop.is_ready, timeout=60_000)
        names.append(stop.name)
    flush()
    assert names == ["lenet", "error", "branches", "group", "volumes", "pattern", "convert", "weights"]
    assert lab.project.architecture == start and not lab.history.can_undo
    assert panel.canvas.net_scene.net == start
