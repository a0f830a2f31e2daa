"""The neighbors panel through what a person does: type into the worksheet, drag and paint points, look up, measure, tune."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image
from PySide6.QtCore import QEvent, QPointF, Qt
from PySide6.QtGui import QMouseEvent
from PySide6.QtWidgets import QApplication

from cvlab.core import knn_results
from cvlab.core.panels.neighbors import PlaneDocument
from cvlab.core.storage.project_file import load_project
from cvlab.engine.neighbors import tuning
from cvlab.engine.neighbors.regions import Rule, regions
from cvlab.ui.panels.neighbors.neighbors import NeighborsPanel
from cvlab.ui.panels.neighbors.region_layer import SIDE, grid
from cvlab.ui.panels.neighbors.tuning_card import read_ks
from cvlab.ui.widgets.ink import Stroke
from tests.ui.hands import click, control


@pytest.fixture
def panel(host, lab):
    lab.project.neighbors.train_count, lab.project.neighbors.test_count = 500, 100
    return host(NeighborsPanel, 1000, 760)


# -- the plane -------------------------------------------------------------------------------------------------------


def drag(qtbot, plane, start, places):
    """start and places: points of the plane."""
    qtbot.mouseMove(plane, plane.place(*start).toPoint())
    qtbot.mousePress(plane, Qt.MouseButton.LeftButton, pos=plane.place(*start).toPoint())
    for place in places:
        at = QPointF(plane.place(*place))
        event = QMouseEvent(
            QEvent.Type.MouseMove, at, QPointF(plane.mapToGlobal(at)), Qt.MouseButton.NoButton, Qt.MouseButton.LeftButton,
            Qt.KeyboardModifier.NoModifier,
        )  # fmt: skip
        QApplication.sendEvent(plane, event)
    qtbot.mouseRelease(plane, Qt.MouseButton.LeftButton, pos=plane.place(*places[-1]).toPoint())


def test_the_map_follows_a_dragged_point_and_one_undo_takes_it_back(panel, qtbot, lab, until):
    page = panel.page("plane")
    until(lambda: page.layer.is_exact)
    before = lab.project.neighbors.plane
    page.layer.hold(3)
    until(lambda: page.layer.is_ready)
    drag(qtbot, page.plane, before.points[3], [(0.0, 0.0), (0.5, -0.5), (-1.0, 1.2)])
    made = lab.project.neighbors.plane
    assert np.allclose(made.points[3], (-1.0, 1.2), atol=0.02)
    assert page.layer.is_exact, "no coarse map while a prepared point is dragged"
    assert np.array_equal(page.plane._winner, regions(made.X, made.y, made.classes, made.rule, grid(SIDE)))
    lab.history.undo()
    assert lab.project.neighbors.plane == before and not lab.history.can_undo


def test_a_map_that_is_not_prepared_is_coarse_first_and_exact_soon(panel, lab, until):
    page = panel.page("plane")
    until(lambda: page.layer.is_exact)
    page._set_rule("k", 7)
    assert not page.layer.is_exact and page.plane._winner.shape != (SIDE, SIDE)
    until(lambda: page.layer.is_exact)
    made = lab.project.neighbors.plane
    assert np.array_equal(page.plane._winner, regions(made.X, made.y, made.classes, Rule(7), grid(SIDE)))


def test_points_come_go_and_change_class(panel, qtbot, lab):
    page = panel.page("plane")
    first = lab.project.neighbors.plane
    click(qtbot, panel, "class.2")
    qtbot.mouseClick(page.plane, Qt.MouseButton.LeftButton, pos=page.plane.place(1.7, -1.7).toPoint())
    assert lab.project.neighbors.plane.labels[-1] == 2 and len(lab.project.neighbors.plane.points) == 61
    qtbot.keyClick(page.plane, Qt.Key.Key_1)
    assert lab.project.neighbors.plane.labels[-1] == 0 and lab.project.neighbors.brush == 0
    x, y = lab.project.neighbors.plane.points[-1]
    qtbot.keyClick(page.plane, Qt.Key.Key_Left)
    assert lab.project.neighbors.plane.points[-1] == (round(x - 0.02, 3), y)
    qtbot.keyClick(page.plane, Qt.Key.Key_Delete)
    assert lab.project.neighbors.plane == first
    click(qtbot, panel, "tool.brush")
    page.bar.dab.setValue(5)
    drag(qtbot, page.plane, (-1.5, 1.5), [(-1.4, 1.5), (-1.3, 1.5)])
    painted = lab.project.neighbors.plane
    assert len(painted.points) == 75 and np.abs(painted.X[60:] - (-1.4, 1.5)).max() < 0.5
    lab.history.undo()
    assert lab.project.neighbors.plane == first, "one stroke of the brush is one step"
    click(qtbot, panel, "tool.recolour")
    click(qtbot, panel, "class.1")
    qtbot.mouseClick(page.plane, Qt.MouseButton.LeftButton, pos=page.plane.place(*first.points[0]).toPoint())
    assert lab.project.neighbors.plane.labels[0] == 1
    click(qtbot, panel, "clear")
    assert not lab.project.neighbors.plane.points and not page.bar.clear.isEnabled()
    lab.history.undo()
    assert len(lab.project.neighbors.plane.points) == 60


def test_pointing_links_the_neighbours_and_counts_their_votes(panel, lab):
    page = panel.page("plane")
    lab.project.neighbors.plane = PlaneDocument(((0.0, 1.0), (0.0, -1.0), (1.5, 1.5)), (0, 1, 1), 2, Rule(2))
    page._point((0.0, 0.0))
    assert page.rule.says.text().startswith("A tie: white.")
    assert page.rule.votes.accessibleDescription() == "A 1, B 1"
    page._point((0.0, -0.5))
    page._set_rule("weighted", True)
    assert page.rule.says.text().startswith("Class B wins. The 2 nearest points are 0.5 to 1.5 away.")
    page._set_rule("k", 9)
    assert "there are 3 points: all of them vote" in page.rule.note.text()
    page._remove(0)
    assert "Only class B has points" in page.rule.note.text()
    page._show_error()
    assert page.rule.error.text() == "0.0 %"
    lab.project.neighbors.plane = PlaneDocument(((0.0, 0.0), (0.0, 0.0), (1.0, 1.0)), (0, 1, 1), 2, Rule(1))
    page._show_error()
    assert "2 points lie exactly on one of another class" in page.rule.error_words.text()
    page.clear()
    page._show_error()
    assert page.rule.error.text() == "–" and "Point at the plane" in page.rule.says.text()


def test_presets_and_classes(panel, qtbot, lab):
    page = panel.page("plane")
    page._choose_preset("moons")
    assert lab.project.neighbors.plane.classes == 2 and lab.project.neighbors.preset == "moons"
    page._choose_preset("outlier")
    page._set_classes(5)
    made = lab.project.neighbors.plane
    assert set(made.labels) == {0, 1, 2, 3, 4} and page.bar.class_buttons[4].isVisible()
    click(qtbot, panel, "fresh")
    assert lab.project.neighbors.plane != made
    page._choose_count(200)
    assert len(lab.project.neighbors.plane.points) == 200


# -- the worksheet ---------------------------------------------------------------------------------------------------


def test_the_worksheet_is_the_courses_and_lights_a_pixel_in_all_three(panel, qtbot, lab):
    click(qtbot, panel, "page.worksheet")
    page = panel.page("worksheet")
    assert page.total.text() == "d₁(a, b) = 456" and page.words.text().endswith("= 456")
    second = page.cells[1]
    qtbot.mouseMove(second, second.cell(1, 0).center().toPoint())
    assert [cells._lit for cells in page.cells] == [(1, 0)] * 3
    assert "|90 − 8| = 82" in page.pointed.text() and "18.0 % of the sum" in page.pointed.text()
    click(qtbot, panel, "sheet.l2")
    a, b = lab.project.neighbors.sheet.arrays()
    assert f"√{((a - b) ** 2).sum():,}" in page.total.text()


def test_numbers_are_typed_over_and_undone(panel, qtbot, lab):
    click(qtbot, panel, "page.worksheet")
    page = panel.page("worksheet")
    first = page.cells[0]
    first.setFocus()
    qtbot.mouseClick(first, Qt.MouseButton.LeftButton, pos=first.cell(0, 0).center().toPoint())
    qtbot.keyClicks(first, "999")
    qtbot.keyClick(first, Qt.Key.Key_Return)
    assert lab.project.neighbors.sheet.a[0][0] == 255 and page.total.text() == "d₁(a, b) = 655"
    qtbot.keyClick(first, Qt.Key.Key_Down)
    qtbot.keyClicks(first, "7")
    qtbot.keyClick(first, Qt.Key.Key_Escape)
    assert lab.project.neighbors.sheet.a[1][0] == 90
    lab.history.undo()
    assert page.total.text() == "d₁(a, b) = 456"


def test_images_of_the_set_are_compared(panel, qtbot, lab, until):
    click(qtbot, panel, "page.worksheet")
    page = panel.page("worksheet")
    click(qtbot, panel, "source.images")
    until(lambda: page.made is not None and page.made.a.shape == (1, 28, 28))
    first = page.made.total
    click(qtbot, panel, "b_after")
    assert page.made.total != first and lab.project.neighbors.sheet.train == 1
    images = panel.set.images
    assert page.made.total == np.abs(images.Q[0].astype(int) - images.X[1].astype(int)).sum()
    lab.history.undo()
    lab.history.undo()
    assert page.total.text() == "d₁(a, b) = 456"


# -- images ----------------------------------------------------------------------------------------------------------


@pytest.fixture
def images_page(panel, qtbot, until):
    click(qtbot, panel, "page.images")
    page = panel.page("images")
    until(page.is_answered)
    return page


def test_a_test_images_neighbours_and_the_mosaic(panel, images_page, lab, until):
    page, images = images_page, panel.set.images
    answer = page.answer
    far = np.sqrt(((images.X.astype(np.int64) - answer.query.astype(np.int64)) ** 2).sum(axis=(1, 2, 3)))
    assert np.array_equal(answer.found.indices[0], np.argsort(far, kind="stable")[:5])
    assert len(page.tiles.tiles) == 5 and page.tiles.tiles[0].caption.endswith(f"{far.min():,.1f}")
    assert [tile.caption.split("\n")[0] for tile in page.copies.tiles][:4] == [
        "The query",
        "Shifted",
        "Dimmed",
        "Boxed",
    ]
    distances = [copy.distance for copy in answer.copies[1:]]
    assert max(distances) - min(distances) < 0.01 * distances[0]
    index, distance = answer.stranger
    others = np.flatnonzero(images.y != answer.truth)
    assert distance == pytest.approx(far[others].min()) and images.y[index] != answer.truth
    lab.project.neighbors.shift = 3
    until(page.is_answered)
    assert page.answer.copies[1].distance > distances[0]


def test_the_next_mistake_is_one(panel, images_page, qtbot, lab, until):
    click(qtbot, panel, "mistake")
    until(lambda: not lab.jobs.is_busy() and page_is_wrong(images_page))
    assert "wrong, it is" in images_page.verdict.text()
    panel._next()
    until(images_page.is_answered)
    assert images_page.answer.truth == panel.set.images.truth[lab.project.neighbors.query]


def page_is_wrong(page) -> bool:
    return page.answer is not None and page.answer.winner != page.answer.truth


def test_a_drawn_digit_and_a_file_are_looked_up(panel, images_page, qtbot, lab, tmp_path, until):
    page = images_page
    click(qtbot, panel, "query.drawn")
    assert page.answer is None
    pad = page.query.pad
    pad.drawn.emit(Stroke(tuple((280.0, y, 44.0) for y in range(100, 460, 20))))
    until(page.is_answered)
    assert page.answer.truth == -1 and page.answer.winner == 1 and page.verdict.text() == "5 neighbours vote for 1."
    pixels = np.full((60, 60), 255, np.uint8)
    pixels[10:50, 26:34] = 0
    Image.fromarray(pixels).save(tmp_path / "one.png")
    page._open(tmp_path / "one.png")
    until(lambda: page.is_answered() and page.answer.words == "one.png")
    assert page.answer.winner == 1
    (tmp_path / "none.png").write_bytes(b"no picture")
    page._open(tmp_path / "none.png")
    until(lambda: bool(lab.notices.all))
    assert "none.png is not a picture" in lab.notices.all[-1].text


# -- accuracy --------------------------------------------------------------------------------------------------------


def test_accuracy_is_measured_kept_and_seen_again(panel, qtbot, lab, until):
    click(qtbot, panel, "page.accuracy")
    page = panel.page("accuracy")
    panel._start()
    until(page.is_done)
    images, estimate = panel.set.images, page.estimate
    assert estimate.total == 100 and page.matrix.counts.sum() == 100
    low, high = estimate.interval
    assert low < estimate.share < high and page.figure.text() == f"{estimate.share:.2%}".replace("%", " %")
    (result,) = knn_results.kept()
    assert result.right == estimate.right and result.data == "mnist-mini" and result.train_count == 500
    row = int(images.truth[0])
    column = int(estimate.predictions[0])
    page._show_cell(row, column)
    assert len(page.tiles.tiles) == min(12, int(estimate.confusion[row, column]))
    until(lambda: len(page.results.results) == 1)
    page.results.list.setCurrentRow(0)
    assert page.words.text().startswith("Kept: ") and page.estimate is None
    page._show_cell(0, 0)
    assert "counts, not its images" in page.tiles._message
    click(qtbot, panel, "forget")
    until(lambda: knn_results.kept() == [])


def test_a_measurement_stops_at_once(panel, qtbot, lab, monkeypatch, until):
    click(qtbot, panel, "page.accuracy")
    page = panel.page("accuracy")
    until(lambda: panel.set.images is not None)
    page.toggle()
    assert page.job.is_running and page.row.start.text() == "Stop"
    page.toggle()
    assert not page.job.is_running and page.row.start.text() == "Measure" and knn_results.kept() == []


def test_what_cannot_be_measured_is_said(panel, qtbot, lab, until):
    lab.project.neighbors.dataset = "mnist"
    click(qtbot, panel, "page.accuracy")
    until(lambda: panel.set.is_missing)
    assert control(panel, "get_data").isVisible() and not panel.page("accuracy").row.start.isEnabled()
    lab.project.neighbors.dataset = "mnist-mini"
    until(lambda: panel.set.images is not None)
    assert not control(panel, "get_data").isVisible()
    lab.project.neighbors.metric = "dot"
    assert not control(panel, "weighted").isEnabled()


# -- tuning ----------------------------------------------------------------------------------------------------------


def test_a_grid_is_tuned_on_folds_and_tested_once(panel, qtbot, lab, until):
    state = lab.project.neighbors
    click(qtbot, panel, "page.tuning")
    page = panel.page("tuning")
    click(qtbot, panel, "grid_twenty")
    assert state.grid == tuple(range(1, 21))
    page.toggle()
    until(page.is_done)
    assert {metric: len(rows) for metric, rows in page.tuned.accuracies.items()} == {"l1": 5, "l2": 5}
    best = page.choice
    assert f"k = {best.k}" in page.best.text() and page.once.isEnabled()
    page._show_reading(best.k)
    assert page.reading.text().startswith(f"k = {best.k}: L1")
    click(qtbot, panel, "test_once")
    until(lambda: page.test is not None)
    assert not page.once.isEnabled() and "The test set has been opened" in page.verdict.text()
    assert knn_results.kept()[0].k == best.k
    assert not panel.grab().isNull()


def test_votes_are_weighed_in_tuning_and_in_the_test_that_follows(panel, qtbot, lab, until):
    state = lab.project.neighbors
    state.train_count, state.grid, state.tuned, state.folds = 500, (3, 9), ("l2", "dot"), 3
    click(qtbot, panel, "page.tuning")
    page = panel.page("tuning")
    click(qtbot, panel, "tuned_weighted")
    assert state.tuned_weighted and not control(panel, "tuned.dot").isEnabled(), "an inner product is no distance"
    page.toggle()
    until(page.is_done)
    images, parts = panel.set.images, tuning.plan(panel.set.images.y, folds=3, share=0.0)
    wanted = {"l2": []}
    for step in tuning.tune(images.X, images.y, 10, (3, 9), ("l2",), parts, weighted=True):
        if step.accuracies:
            wanted[step.metric].append(step.accuracies)
    assert page.tuned.accuracies == wanted and page.best.text().endswith(", weighed")
    click(qtbot, panel, "test_once")
    until(lambda: page.test is not None)
    assert knn_results.kept()[0].weighted
    click(qtbot, panel, "tuned.l2")
    assert state.tuned == ("l2", "dot"), "one that can be weighed stays"
    lab.history.undo()
    assert not state.tuned_weighted and control(panel, "tuned.dot").isEnabled()


def test_work_waits_for_images_that_are_on_their_way(panel, lab, until):
    page = panel.page("tuning")
    lab.project.neighbors.page = "tuning"
    panel.set.images, panel.set._wanted = None, None
    page.toggle()
    assert not page.job.is_running
    until(lambda: page.job.is_running or page.is_done())
    page.toggle()


def test_tuning_says_what_is_missing(panel, qtbot, lab, until):
    state = lab.project.neighbors
    state.train_count, state.grid = 500, (1, 450)
    click(qtbot, panel, "page.tuning")
    page = panel.page("tuning")
    until(lambda: panel.set.images is not None)
    page.toggle()
    until(lambda: "smallest fold" in page.plot._message)
    line = control(panel, "grid")
    line.setText("1, two")
    line.editingFinished.emit()
    assert page.settings.problem.isVisible() and state.grid == (1, 450)
    line.setText("1, 3, 5-7")
    line.editingFinished.emit()
    assert state.grid == (1, 3, 5, 6, 7) and not page.settings.problem.isVisible()
    lab.history.undo()
    assert state.grid == (1, 450)


@pytest.mark.parametrize(
    ("text", "ks"),
    [
        ("1-20", tuple(range(1, 21))),
        ("3 1;2", (1, 2, 3)),
        ("", None),
        ("0", None),
        ("1-2000", None),
        ("x", None),
        ("5–7", (5, 6, 7)),
    ],
)
def test_values_of_k_are_read(text, ks):
    assert read_ks(text) == ks


# -- all of it -------------------------------------------------------------------------------------------------------


def test_every_control_of_every_page_has_its_names(panel):
    from tests.conformance.test_panels import controls

    for page in ("worksheet", "plane", "images", "accuracy", "tuning"):
        panel.page(page)
    found = [widget for widget in controls(panel) if not widget.objectName().startswith("neighbors.")]
    assert [f"{type(widget).__name__} {widget.objectName()!r}" for widget in found] == []
    assert [w.objectName() for w in controls(panel) if not w.accessibleName() or len(w.toolTip()) < 12] == []
    names = [widget.objectName() for widget in controls(panel)]
    assert len(set(names)) == len(names)


def test_hidden_it_rests_and_all_of_it_is_saved(panel, lab, tmp_path):
    panel.hidden()
    lab.project.neighbors.page = "tuning"
    lab.project.neighbors.plane = PlaneDocument.of("spiral", 4, 100)
    assert not panel.page("plane")._later.isActive()
    lab.save(tmp_path / "a.cvlab")
    loaded = load_project(tmp_path / "a.cvlab").neighbors
    assert loaded.plane == lab.project.neighbors.plane and loaded.page == "tuning"
