"""Branches on the canvas: ports and reasons while a wire is drawn, groups, copies as text, everything by keys."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest

from cvlab.core.history import History
from cvlab.core.notices import Notices
from cvlab.core.project import Project
from cvlab.engine.errors import NewerFile, NotOurFile
from cvlab.engine.nets.architecture import Architecture
from cvlab.engine.nets.layers import Add, Conv, Input, MaxPool, Relu
from cvlab.engine.nets.shapes import infer
from cvlab.engine.nets.sketch import Sketch as Drawn
from cvlab.ui.canvas import snippet
from cvlab.ui.canvas.edits import NetEdits
from cvlab.ui.canvas.layout import BLOCK_HEIGHT, BLOCK_WIDTH, arrange
from cvlab.ui.canvas.sketch import sketch
from cvlab.ui.canvas.view import NetView
from cvlab.ui.canvas.wiring import DrawWire, PullWire
from tests.ui.canvas.canvas_hands import block, drag

LEFT, CTRL, SHIFT = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier


def residual() -> Architecture:
    """input -> conv1 -> relu1 -> conv2 -> add1 (with a skip from relu1) -> relu2."""
    drawn = Drawn("residual", (3, 16, 16))
    start = drawn.then(Conv(filters=8, kernel=3, padding=1), Relu())
    drawn.then(Conv(filters=8, kernel=3, padding=1))
    drawn.add(start)
    drawn.then(Relu())
    return drawn.net


@pytest.fixture
def project() -> Project:
    project = Project()
    project.architecture = residual()
    return project


@pytest.fixture
def view(canvas):
    return canvas(1200, 600)


def at(view: NetView, point: QPointF) -> QPoint:
    return view.mapFromScene(point)


def ids(view: NetView, *names: str) -> tuple[int, ...]:
    return tuple(view.net_scene.net.by_name[name].id for name in names)


# -- where branches stand ----------------------------------------------------------------------------------------------


@st.composite
def graphs(draw) -> Architecture:
    """Sums of earlier layers: forks, joins and skips of every length."""
    net, made = Architecture(name="graph").add(Input())
    known = [made]
    for _ in range(draw(st.integers(1, 22))):
        net, made = net.add(draw(st.sampled_from([Relu(), Add(), Add(inputs=3)])))
        for port in range(net.by_id[made].layer.arity):
            source = draw(st.sampled_from([None, *known]))
            net = net.connect(source, made, port) if source is not None else net
        known.append(made)
    return net


@settings(max_examples=60, deadline=None)
@given(graphs(), st.integers(1, 7))
def test_no_block_stands_on_another_nor_a_bent_wire_behind_one(net, columns):
    laid = arrange(net, sketch(net), columns)
    spots = sorted(laid.places.values())
    for index, one in enumerate(spots):
        for other in spots[index + 1 :]:
            assert abs(one.x - other.x) >= BLOCK_WIDTH or abs(one.y - other.y) >= BLOCK_HEIGHT
    for bends in laid.bends.values():
        for near, far in zip(bends[::2], bends[1::2], strict=True):
            low, high = sorted((near.x, far.x))
            for place in spots:
                beside = place.x + BLOCK_WIDTH <= low or place.x >= high
                assert beside or not place.y <= near.y <= place.y + BLOCK_HEIGHT


# -- wires -------------------------------------------------------------------------------------------------------------


def test_open_ports_light_up_and_the_others_say_why(view, project, history):
    edits = view._edits
    project.architecture = project.architecture.disconnect(*ids(view, "add1"), 1)
    add1, relu2 = block(view, "add1"), block(view, "relu2")
    start = at(view, block(view, "relu1").out_point())
    drag(view, start, at(view, relu2.sceneBoundingRect().center()), let_go=False)
    assert isinstance(view.gesture, DrawWire) and "already reads add1" in view.gesture.words
    assert add1._offers == frozenset({1}) and view.gesture.is_refused
    QTest.mouseMove(view.viewport(), at(view, block(view, "conv1").into_point()))
    assert view.gesture.is_refused and "already reads input" in view.gesture.words
    QTest.mouseMove(view.viewport(), at(view, add1.sceneBoundingRect().center()))
    assert not view.gesture.is_refused and view.gesture.words == "Wire relu1 to add1"
    QTest.mouseRelease(view.viewport(), LEFT, pos=at(view, add1.sceneBoundingRect().center()))
    assert set(project.architecture.edges) == set(residual().edges) and add1._offers == frozenset()
    assert edits.why_not(*ids(view, "relu2", "conv1"), 0) == "conv1 already reads input. Cut that wire first."


def test_a_circle_is_refused_and_a_misfit_is_told_before_it_is_made(view, project):
    names = project.architecture.by_name
    cut = project.architecture.disconnect(names["add1"].id, 1).disconnect(names["conv1"].id)
    project.architecture = cut
    edits = view._edits
    assert edits.why_not(*ids(view, "relu2", "conv1"), 0) == "The data would run in a circle."
    assert edits.why_not(*ids(view, "conv1", "input"), 0).endswith("nothing flows into it.")
    project.architecture = residual().disconnect(names["add1"].id, 1)
    words, is_well = edits.outcome(*ids(view, "input", "add1"), 1)
    assert not is_well and "add1 needs volumes of one shape" in words


def test_a_wire_is_pulled_backwards_from_an_open_input(view, project):
    project.architecture = project.architecture.disconnect(*ids(view, "conv2"))
    drag(view, at(view, block(view, "conv2").into_point()), at(view, block(view, "relu1").out_point()), let_go=False)
    assert isinstance(view.gesture, PullWire) and view.gesture.words == "Wire relu1 to conv2"
    QTest.mouseRelease(view.viewport(), LEFT, pos=at(view, block(view, "relu1").out_point()))
    assert set(project.architecture.edges) == set(residual().edges)


def test_let_go_in_the_open_a_wire_asks_for_a_layer(view, project, history):
    view.zoom(0.6)
    drag(view, at(view, block(view, "conv1").out_point()), QPoint(600, 560))
    assert view.finder.isVisible() and not history.can_undo
    QTest.keyClicks(view.finder.line, "max")
    QTest.keyClick(view.finder.line, Qt.Key.Key_Return)
    made = project.architecture.by_name["pool1"]
    assert isinstance(made.layer, MaxPool) and made.x is not None
    assert [edge.source for edge in project.architecture.into(made.id)] == list(ids(view, "conv1"))
    assert view.finder.isHidden()


def test_a_wire_by_keys_alone(view, project, history):
    project.architecture = project.architecture.disconnect(*ids(view, "add1"), 1)
    view.select(*ids(view, "relu1"))
    QTest.keyClick(view, Qt.Key.Key_L, CTRL)
    assert view.gesture.by_key and view.gesture.words == "Wire relu1 to add1"
    QTest.keyClick(view, Qt.Key.Key_Escape)
    assert view.gesture is None and not history.can_undo
    QTest.keyClick(view, Qt.Key.Key_L, CTRL)
    QTest.keyClick(view, Qt.Key.Key_Right)
    QTest.keyClick(view, Qt.Key.Key_Return)
    assert set(project.architecture.edges) == set(residual().edges) and history.undo_label == "Wire relu1 to add1"


def test_a_full_merge_grows_a_port_for_one_more(view, project):
    drag(view, at(view, block(view, "conv1").out_point()), at(view, block(view, "add1").sceneBoundingRect().center()))
    add1 = project.architecture.by_name["add1"]
    assert add1.layer.arity == 3 and len(project.architecture.into(add1.id)) == 3


# -- typing, walking, moving ---------------------------------------------------------------------------------------------


def test_typing_finds_layers_to_add_and_blocks_to_go_to(view, project):
    view.select(*ids(view, "conv1"))
    QTest.keyClicks(view, "b")
    assert view.finder.isVisible()
    QTest.keyClicks(view.finder.line, "atch")
    assert view.finder.line.text() == "batch"
    assert view.finder.shown_texts()[0] == "Batch norm"
    QTest.keyClick(view.finder.line, Qt.Key.Key_Return)
    assert [e.source for e in project.architecture.into(*ids(view, "bn1"))] == list(ids(view, "conv1"))
    view.find("conv2")
    view.finder.list.setCurrentRow(view.finder.shown_texts().index("conv2"))
    QTest.keyClick(view.finder.line, Qt.Key.Key_Return)
    assert project.builder.selected == ids(view, "conv2")
    view.find("zzz")
    assert view.finder.shown_texts() == ["Nothing has these letters."]
    QTest.keyClick(view.finder.line, Qt.Key.Key_Escape)
    assert view.finder.isHidden()


def test_alt_and_arrows_move_the_selection_as_one_step(view, project, history):
    start = project.architecture
    view.select(*ids(view, "conv1", "relu1"))
    for _ in range(3):
        QTest.keyClick(view, Qt.Key.Key_Down, Qt.KeyboardModifier.AltModifier)
    moved = project.architecture.by_name["conv1"]
    assert moved.y is not None and block(view, "conv1").pos() == QPointF(moved.x, moved.y)
    history.undo()
    assert project.architecture == start and not history.can_undo


def test_shift_and_arrows_extend_the_selection(view, project):
    view.select(*ids(view, "conv1"))
    QTest.keyClick(view, Qt.Key.Key_Right, SHIFT)
    assert project.builder.selected == ids(view, "conv1", "relu1")


# -- copies --------------------------------------------------------------------------------------------------------------


def test_copied_text_goes_from_window_to_window(view, project, history, qtbot):
    view.select(*ids(view, "conv2", "add1"))
    QTest.keyClick(view, Qt.Key.Key_C, CTRL)
    text = QGuiApplication.clipboard().text()
    assert json.loads(text)["cvlab"] == "layers"
    other = Project()
    there = NetView(other, NetEdits(other, History(), Notices()))
    qtbot.addWidget(there)
    before = len(other.architecture.nodes)
    there.paste()
    assert len(other.architecture.nodes) == before + 2 and len(other.builder.selected) == 2
    QTest.keyClick(view, Qt.Key.Key_X, CTRL)
    assert "add1" not in project.architecture.by_name
    QTest.keyClick(view, Qt.Key.Key_V, CTRL)
    assert {"conv2", "add1"} <= project.architecture.by_name.keys()
    history.undo()
    history.undo()
    assert project.architecture == residual()


@pytest.mark.parametrize(
    ("text", "error", "said"),
    [
        ("hello", NotOurFile, "no layers"),
        ('{"cvlab": "layers", "version": 1, "net": {"na', NotOurFile, "cut off"),
        ('{"cvlab": "layers", "version": 9, "net": {}}', NewerFile, "later cvlab"),
        ('{"cvlab": "layers", "version": 1, "net": {"nodes": 3}}', NotOurFile, "not an architecture"),
        ('"cvlab"' + "x" * 2_000_001, NotOurFile, "no layers"),
    ],
)
def test_what_is_no_snippet_is_said_in_words(text, error, said):
    with pytest.raises(error, match=said):
        snippet.read(text)


def test_pasting_nothing_tells_the_panel(view, qtbot):
    QGuiApplication.clipboard().setText("nothing of ours")
    with qtbot.waitSignal(view.failed) as heard:
        view.paste()
    assert "no layers" in heard.args[0].what


def test_a_residual_block_is_duplicated_as_one_layer(view, project, history):
    view._edits.duplicate(ids(view, "conv2", "add1"))
    net = project.architecture
    report = infer(net)
    assert not report.errors and len(net.nodes) == 8
    copy = net.by_name["add2"].id
    assert {net.by_id[e.source].name for e in net.into(copy)} == {"add1", "conv3"}
    assert [e.source for e in net.into(net.by_name["relu2"].id)] == [copy]
    history.undo()
    assert project.architecture == residual()


# -- groups --------------------------------------------------------------------------------------------------------------


def test_a_group_is_framed_folded_repeated_and_taken_apart(view, project, history):
    inside = ids(view, "conv2", "add1", "relu2")
    view.select(*inside)
    QTest.keyClick(view, Qt.Key.Key_G, CTRL)
    group = project.architecture.groups[0]
    assert view.net_scene.frames.keys() == {group.id} and view._edits.selected_group() == group
    view._edits.repeat(group.id, 3)
    frame = view.net_scene.frames[group.id]
    assert "3" in frame._words and frame.boundingRect().contains(block(view, "add1").sceneBoundingRect().center())
    QTest.mouseDClick(view.viewport(), LEFT, pos=at(view, frame.tab.center()))
    assert project.architecture.groups[0].collapsed and group.id in view.net_scene.blocks
    folded = view.net_scene.blocks[group.id].face
    single = infer(residual()).layers[inside[0]].parameters
    assert folded.parameters == 3 * single and folded.layers == 3 and not view.net_scene.frames
    assert len(view.net_scene.wires) == 3  # input, conv1, relu1 and the block in a row
    QTest.mouseClick(view.viewport(), LEFT, pos=at(view, view.net_scene.blocks[group.id].sceneBoundingRect().center()))
    assert set(project.builder.selected) == set(inside)
    QTest.mouseDClick(view.viewport(), LEFT, pos=at(view, view.net_scene.blocks[group.id].sceneBoundingRect().center()))
    assert not project.architecture.groups[0].collapsed
    view._edits.unroll(group.id)
    assert len(project.architecture.nodes) == 12 and not project.architecture.groups
    while history.can_undo:
        history.undo()
    assert project.architecture == residual()


def test_a_folded_group_is_carried_with_all_its_layers(view, project):
    view.select(*ids(view, "conv2", "add1"))
    view.group_chosen()
    group = project.architecture.groups[0].id
    view._edits.fold(group)
    start = at(view, view.net_scene.blocks[group].sceneBoundingRect().center())
    drag(view, start, start + QPoint(10, 220))
    net = project.architecture
    spots = {(net.by_name[name].x, net.by_name[name].y) for name in ("conv2", "add1")}
    assert len(spots) == 2 and (None, None) not in spots
    assert view.net_scene.is_settled


def test_a_selection_that_cuts_a_group_is_refused_in_words(view, project, notices):
    view._edits.group(ids(view, "conv2", "add1"))
    before = project.architecture
    view._edits.group(ids(view, "relu1", "conv2"))
    assert project.architecture is before and "cuts through block1" in notices.all[-1].title + notices.all[-1].text


# -- overview --------------------------------------------------------------------------------------------------------------


def test_the_overview_comes_when_not_all_is_in_view_and_leads_there(view):
    assert view.minimap.isHidden()
    view.zoom(2.4)
    assert view.minimap.isVisible()
    before = view.at(QPointF(0, 0))
    QTest.mouseClick(view.minimap, LEFT, pos=QPoint(170, 62))
    assert view.at(QPointF(0, 0)) != before and not view.is_following
    view.fit()
    assert view.minimap.isHidden()
