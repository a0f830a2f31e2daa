"""The canvas under real events: it mirrors the document, and every gesture ends or is cancelled without a trace."""

from __future__ import annotations

import random

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QContextMenuEvent, QImage
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QMenu

from cvlab.core.project import Project
from cvlab.engine.nets import zoo
from cvlab.ui.canvas.gesture import Lasso, MoveBlocks
from cvlab.ui.canvas.menu import CanvasMenu
from cvlab.ui.canvas.view import NetView
from cvlab.ui.canvas.wiring import DrawWire
from tests.ui.canvas.canvas_hands import block, drag

LEFT, MIDDLE = Qt.MouseButton.LeftButton, Qt.MouseButton.MiddleButton


@pytest.fixture
def view(canvas):
    return canvas(620, 760)


def on(view: NetView, name: str) -> QPoint:
    """The middle of a block, in viewport pixels."""
    return view.mapFromScene(block(view, name).sceneBoundingRect().center())


def mirrors(view: NetView, project: Project) -> bool:
    net, scene = project.architecture, view.net_scene
    return scene.blocks.keys() == net.by_id.keys() and scene.wires.keys() == {
        (edge.source, edge.target, edge.port) for edge in net.edges
    }


def test_it_follows_the_document_and_keeps_the_items_that_stay(view, project):
    conv1 = block(view, "conv1")
    project.architecture = project.architecture.remove([project.architecture.by_name["relu1"].id])
    assert mirrors(view, project) and block(view, "conv1") is conv1
    project.architecture = zoo.two_layer()
    assert mirrors(view, project) and view.net_scene.is_settled
    assert len(view.net_scene.items()) == 5 + 4 + 1


def test_lenet_is_in_view_as_soon_as_it_opens(view):
    seen = view.mapToScene(view.viewport().rect()).boundingRect()
    assert seen.contains(view.net_scene.content())
    assert view.scale_now > 0.9


def test_blocks_slide_and_arrive(view, project, qtbot):
    view.net_scene.slide_ms = 40
    project.architecture = project.architecture.moved({3: (900.0, 40.0)})
    assert not view.net_scene.is_settled
    qtbot.waitUntil(lambda: is_so(view.net_scene.is_settled))
    assert block(view, "relu1").pos() == QPointF(900, 40)


def test_a_click_selects_and_the_arrows_walk_the_chain(view, project):
    names = project.architecture.by_name
    QTest.mouseClick(view.viewport(), LEFT, pos=on(view, "conv1"))
    assert project.builder.selected == (names["conv1"].id,)
    QTest.keyClick(view, Qt.Key.Key_Right)
    QTest.keyClick(view, Qt.Key.Key_Down)
    assert project.builder.selected == (names["pool1"].id,)
    QTest.keyClick(view, Qt.Key.Key_Left)
    assert project.builder.selected == (names["relu1"].id,)
    QTest.mouseClick(view.viewport(), LEFT, Qt.KeyboardModifier.ShiftModifier, on(view, "conv1"))
    assert set(project.builder.selected) == {names["relu1"].id, names["conv1"].id}
    QTest.keyClick(view, Qt.Key.Key_Escape)
    assert project.builder.selected == ()


def test_delete_duplicate_and_undo_by_keys(view, project, history):
    start = project.architecture
    QTest.mouseClick(view.viewport(), LEFT, pos=on(view, "relu1"))
    QTest.keyClick(view, Qt.Key.Key_D, Qt.KeyboardModifier.ControlModifier)
    assert "relu5" in project.architecture.by_name
    QTest.keyClick(view, Qt.Key.Key_Backspace)
    assert project.architecture.edges != () and "relu5" not in project.architecture.by_name
    history.undo()
    history.undo()
    assert project.architecture == start and mirrors(view, project)


def test_a_block_dragged_onto_a_wire_moves_there(view, project, history):
    start, names = project.architecture, project.architecture.by_name
    wire = view.net_scene.wires[(names["pool1"].id, names["conv2"].id, 0)]
    drag(view, on(view, "relu1"), view.mapFromScene(wire.middle))
    flow = [project.architecture.by_id[i].name for i in project.architecture.order]
    assert flow[:5] == ["input", "conv1", "pool1", "relu1", "conv2"]
    assert history.undo_label == "Move relu1"
    history.undo()
    assert project.architecture == start and view.net_scene.is_settled and not history.can_undo


def test_a_block_dragged_into_the_open_stays_wired_and_put(view, project):
    edges = project.architecture.edges
    drag(view, on(view, "fc3"), on(view, "fc3") + QPoint(230, 90))
    assert project.architecture.edges == edges
    fc3 = project.architecture.by_name["fc3"]
    assert fc3.x % 8 == 0 and block(view, "fc3").pos() == QPointF(fc3.x, fc3.y)


def test_escape_gives_back_what_a_drag_has_carried_off(view, project, history):
    start = project.architecture
    drag(view, on(view, "relu1"), on(view, "conv2"), let_go=False)
    assert isinstance(view.gesture, MoveBlocks) and not view.net_scene.is_settled
    QTest.keyClick(view, Qt.Key.Key_Escape)
    QTest.mouseRelease(view.viewport(), LEFT, pos=on(view, "conv2"))
    assert view.gesture is None and view.net_scene.is_settled
    assert project.architecture == start and not history.can_undo


def test_a_wire_is_lifted_refused_and_cut(view, project, history):
    start, names = project.architecture, project.architecture.by_name
    conv2_port = view.mapFromScene(block(view, "conv2").into_point())
    drag(view, conv2_port, view.mapFromScene(block(view, "relu2").into_point()), let_go=False)
    assert isinstance(view.gesture, DrawWire) and view.gesture.is_refused
    assert "already reads conv2" in view.gesture.words
    QTest.mouseRelease(view.viewport(), LEFT, pos=view.mapFromScene(block(view, "relu2").into_point()))
    assert project.architecture == start
    drag(view, conv2_port, QPoint(610, 740))
    assert not project.architecture.into(names["conv2"].id)
    pool1 = view.mapFromScene(block(view, "pool1").out_point())
    drag(view, pool1, view.mapFromScene(block(view, "conv2").into_point()))
    assert set(project.architecture.edges) == set(start.edges)
    history.undo()
    history.undo()
    assert project.architecture == start


def test_a_chosen_wire_is_cut_by_delete(view, project):
    names = project.architecture.by_name
    wire = view.net_scene.wires[(names["input"].id, names["conv1"].id, 0)]
    QTest.mouseClick(view.viewport(), LEFT, pos=view.mapFromScene(wire.middle))
    assert wire.look == "chosen"
    QTest.keyClick(view, Qt.Key.Key_Delete)
    assert not project.architecture.into(names["conv1"].id)


def test_a_lasso_selects_what_it_touches(view, project):
    drag(view, QPoint(3, 3), on(view, "conv1"), let_go=False)
    assert isinstance(view.gesture, Lasso)
    QTest.mouseRelease(view.viewport(), LEFT, pos=on(view, "conv1"))
    names = project.architecture.by_name
    assert set(project.builder.selected) == {names["input"].id, names["conv1"].id}


def test_zoom_holds_the_point_under_the_pointer_and_has_limits(view):
    about = QPointF(140, 200)
    held = view.at(about)
    view.zoom(1.6, about)
    moved = view.at(about) - held
    assert abs(moved.x()) < 2 and abs(moved.y()) < 2 and not view.is_following
    for _ in range(40):
        view.zoom_in()
    assert view.scale_now == pytest.approx(2.5)
    for _ in range(60):
        view.zoom_out()
    assert view.scale_now == pytest.approx(0.12)
    QTest.keyClick(view, Qt.Key.Key_Home)
    assert view.is_following and view.scale_now > 0.9


def test_the_middle_button_pans(view):
    before = view.at(QPointF(0, 0))
    pane = view.viewport()
    QTest.mousePress(pane, MIDDLE, pos=QPoint(300, 300))
    QTest.mouseMove(pane, QPoint(340, 320))
    QTest.mouseRelease(pane, MIDDLE, pos=QPoint(340, 320))
    shift = (before - view.at(QPointF(0, 0))) * view.scale_now
    assert (round(shift.x()), round(shift.y())) == (40, 20)


def open_menu(view: NetView, at: QPoint) -> QMenu:
    reason = QContextMenuEvent.Reason.Mouse
    QApplication.sendEvent(view.viewport(), QContextMenuEvent(reason, at, view.viewport().mapToGlobal(at)))
    return view.findChildren(CanvasMenu)[-1]  # one that is closed may still wait for its deletion


def choose(menu: QMenu, text: str) -> None:
    """Triggers the entry, in the menu or in one of its submenus, and closes the menu."""
    inner = [action for each in menu.findChildren(QMenu) for action in each.actions()]
    next(action for action in (*menu.actions(), *inner) if action.text().split("\t")[0] == text).trigger()
    menu.close()


def test_the_menu_of_a_block_and_of_a_wire(view, project, history):
    start, names = project.architecture, project.architecture.by_name
    choose(open_menu(view, on(view, "conv1")), "Duplicate")
    assert "conv3" in project.architecture.by_name
    history.undo()
    wire = view.net_scene.wires[(names["relu2"].id, names["pool2"].id, 0)]
    choose(open_menu(view, view.mapFromScene(wire.middle)), "Dropout")
    made = project.architecture.by_name["dropout2"].id
    assert [edge.source for edge in project.architecture.into(made)] == [names["relu2"].id]
    history.undo()
    choose(open_menu(view, view.mapFromScene(view.net_scene.wires[(1, 2, 0)].middle)), "Cut this wire")
    assert not project.architecture.into(2)
    history.undo()
    assert project.architecture == start


def test_undo_in_the_middle_of_a_drag_ends_the_drag(view, project, history):
    view._edits.append("relu")
    drag(view, on(view, "relu5"), on(view, "conv2"), let_go=False)
    history.undo()
    assert view.gesture is None and view.net_scene.is_settled and mirrors(view, project)
    QTest.mouseRelease(view.viewport(), LEFT, pos=on(view, "conv2"))
    assert not history.can_undo


def test_many_edits_and_the_picture_still_mirrors_the_net(view, project, history):
    chance = random.Random(7)
    edits = view._edits
    for _ in range(60):
        ids = list(project.architecture.by_id)
        project.builder.selected = tuple(chance.sample(ids, min(len(ids), 1)))
        chance.choice(
            (
                lambda: edits.append("conv"),
                view.delete_chosen,
                history.undo,
                history.redo,
                lambda: edits.duplicate(edits.selected()),
            )
        )()
        assert mirrors(view, project)


def is_so(condition: bool) -> None:
    assert condition


def picture(view: NetView) -> np.ndarray:
    QApplication.processEvents()
    image = view.viewport().grab().toImage().convertToFormat(QImage.Format.Format_RGB32)
    return np.array(image.constBits()).astype(int)


@pytest.mark.parametrize("scale", [1.0, 0.7, 0.5])
def test_what_an_edit_repaints_in_part_is_what_all_of_it_painted_anew_would_be(view, project, scale):
    view.zoom(scale / view.scale_now)
    picture(view)
    edits, node = view._edits, project.architecture.by_name["input"]
    for side in (40, 100, 64, 9, 3, 28):  # also those that do not fit, and so say something else altogether
        edits.set_layer(node.id, node.layer.model_copy(update={"height": side, "width": side}), "height")
        edits.end_gesture()
        in_part = picture(view)
        for item in view.net_scene.items():
            item.setCacheMode(item.CacheMode.NoCache)
        view.resetCachedContent()
        for item in view.net_scene.blocks.values():
            item.show_on_paper(False)
        anew = picture(view)
        # A line cut by the edge of what is repainted may be a shade lighter there.
        assert abs(in_part - anew).max() <= 3, side


def test_many_edits_out_of_view_are_painted_when_they_come_into_view(view, project, history):
    view.zoom(1.0 / view.scale_now)
    view.reveal(block(view, "input").sceneBoundingRect())
    picture(view)
    edits, node = view._edits, project.architecture.by_name["input"]
    for side in (40, 64, 36):
        edits.set_layer(node.id, node.layer.model_copy(update={"height": side, "width": side}), "height")
        edits.end_gesture()
        QApplication.processEvents()
    last = list(view.net_scene.blocks.values())[-1]
    view.reveal(last.sceneBoundingRect())
    seen = picture(view)
    for item in view.net_scene.blocks.values():
        item.update()
    view.resetCachedContent()
    assert abs(seen - picture(view)).max() <= 3
