"""The linear panel through what a person does: type into the worksheet, drag points, descend, check, train templates."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLineEdit

from cvlab.core.project import Project
from cvlab.core.storage.project_file import load_project
from cvlab.engine.classifier import evaluate
from cvlab.engine.losses import LOSSES
from cvlab.ui.panels.linear.linear import LinearPanel
from tests.ui.hands import click, control


@pytest.fixture
def panel(host):
    return host(LinearPanel, 1000, 760)


def type_number(qtbot, panel, name, text):
    cell = control(panel, name)
    assert isinstance(cell, QLineEdit)
    cell.setFocus()
    cell.selectAll()
    qtbot.keyClicks(cell, text)
    qtbot.keyClick(cell, Qt.Key.Key_Return)


# -- worksheet -------------------------------------------------------------------------------------------------------


def test_the_worksheet_opens_with_the_courses_scores_and_says_what_it_misprinted(panel, qtbot):
    click(qtbot, panel, "page.worksheet")
    assert "cat −96.8, dog 437.9, ship 60.75" in panel.worksheet.products.accessibleDescription()
    remark = control(panel, "remark")
    assert remark.isVisible() and "61.95" in remark.text() and "−1.2" in remark.text()


def test_typing_a_weight_changes_the_score_and_can_be_undone(panel, qtbot, lab):
    click(qtbot, panel, "page.worksheet")
    type_number(qtbot, panel, "sheet.W.0.1", "2,5")
    assert lab.project.linear.sheet.scores[0] == pytest.approx(-96.8 + 3 * 231)
    assert not control(panel, "remark").isVisible(), "the course prints nothing about these numbers"
    lab.history.undo()
    assert control(panel, "sheet.W.0.1").text() == "−0.5" and control(panel, "remark").isVisible()


@pytest.mark.parametrize("text", ["x", "1e99", "nan", "inf", ""])
def test_what_is_no_number_is_refused_and_the_sheet_stays(panel, qtbot, lab, text):
    click(qtbot, panel, "page.worksheet")
    cell = control(panel, "sheet.x.0")
    cell.setFocus()
    cell.selectAll()
    qtbot.keyClick(cell, Qt.Key.Key_Delete)
    qtbot.keyClicks(cell, text)
    qtbot.keyClick(cell, Qt.Key.Key_Return)
    assert cell.property("role") == "error"
    assert lab.project.linear.sheet.x[0] == 56 and not lab.history.can_undo


def test_arrow_keys_turn_a_number_by_a_tenth(panel, qtbot, lab):
    click(qtbot, panel, "page.worksheet")
    cell = control(panel, "sheet.W.1.2")
    cell.setFocus()
    qtbot.keyClick(cell, Qt.Key.Key_Up)
    assert lab.project.linear.sheet.W[1, 2] == 2.2 and cell.text() == "2.2"
    click(qtbot, panel, "course")
    assert lab.project.linear.sheet.W[1, 2] == 2.1 and cell.text() == "2.1"


def test_the_bias_trick_keeps_every_score(panel, qtbot, lab):
    click(qtbot, panel, "page.worksheet")
    before = lab.project.linear.sheet.scores
    click(qtbot, panel, "fold")
    sheet = lab.project.linear.sheet
    assert sheet.weights.shape == (3, 5) and np.allclose(sheet.scores, before)
    assert "3073" in panel.worksheet.shapes.text()
    type_number(qtbot, panel, "sheet.b.2", "0")
    assert lab.project.linear.sheet.scores[2] == pytest.approx(61.95)


# -- the 2-D lab -----------------------------------------------------------------------------------------------------


def test_points_are_added_dragged_and_deleted_and_each_is_one_step_to_undo(panel, qtbot, lab):
    plane, before = panel.plane.plane, lab.project.linear.lab
    click(qtbot, panel, "label.2")
    qtbot.mouseClick(plane, Qt.MouseButton.LeftButton, pos=plane.place(-1.5, 0.2).toPoint())
    added = lab.project.linear.lab
    assert len(added.points) == len(before.points) + 1 and added.labels[-1] == 2
    assert added.points[-1] == pytest.approx((-1.5, 0.2), abs=0.02)
    assert panel.plane.points.model_of_points.rowCount() == len(added.points)
    qtbot.mousePress(plane, Qt.MouseButton.LeftButton, pos=plane.place(-1.5, 0.2).toPoint())
    for x in (-1.2, -1.0, -0.6):
        qtbot.mouseMove(plane, plane.place(x, 0.4).toPoint())
        plane.moved.emit(plane.selected, x, 0.4)
    qtbot.mouseRelease(plane, Qt.MouseButton.LeftButton)
    assert lab.project.linear.lab.points[-1] == pytest.approx((-0.6, 0.4))
    lab.history.undo()
    assert lab.project.linear.lab.points[-1] == added.points[-1]
    qtbot.mouseClick(plane, Qt.MouseButton.RightButton, pos=plane.place(-1.5, 0.2).toPoint())
    assert lab.project.linear.lab == before
    lab.history.undo()
    assert lab.project.linear.lab == added


def test_a_step_is_the_courses_update_and_can_be_taken_back(panel, qtbot, lab):
    made, document = panel.plane.classifier, lab.project.linear.lab
    W, b = np.array(document.W), np.array(document.b)
    now = evaluate(document.array, np.array(document.labels), W, b, document.objective)
    lab.project.linear.step_size = 0.2
    click(qtbot, panel, "step")
    assert np.allclose(made.W, W - 0.2 * now.dW) and np.allclose(made.b, b - 0.2 * now.db)
    assert control(panel, "w_x.0").text() == f"{made.W[0, 0]:.3g}"
    assert lab.project.linear.lab == document, "a step is no edit"
    click(qtbot, panel, "step")
    click(qtbot, panel, "back")
    click(qtbot, panel, "back")
    assert np.allclose(panel.plane.classifier.W, W) and not control(panel, "back").isEnabled()


def test_running_brings_the_loss_down_and_rewind_leads_back(panel, qtbot):
    start = panel.plane.classifier.now.total
    click(qtbot, panel, "run")
    assert control(panel, "run").accessibleName() == "Pause"
    qtbot.waitUntil(lambda: bool(panel.plane.classifier.now.total < 0.7 * start))
    click(qtbot, panel, "run")
    assert not panel.plane.is_playing
    click(qtbot, panel, "rewind")
    assert panel.plane.classifier.now.total == start


def test_a_step_size_that_is_far_too_large_ends_in_words(panel, qtbot, lab):
    panel.plane._change_objective("lambda_2", 100.0)
    lab.project.linear.step_size = 10.0
    click(qtbot, panel, "run")
    qtbot.waitUntil(lambda: not panel.plane.is_playing)
    assert lab.notices.all and np.isfinite(panel.plane.classifier.W).all()


@pytest.mark.parametrize("loss", LOSSES)
def test_the_gradient_of_every_loss_passes_the_check_and_an_edit_forgets_it(panel, qtbot, loss):
    combo = control(panel, "loss")
    combo.setCurrentIndex(combo.findData(loss))
    combo.activated.emit(combo.currentIndex())
    click(qtbot, panel, "check")
    verdict = control(panel, "verdict")
    assert verdict.isVisible() and verdict.text().startswith("✓ Pass")
    assert all(cell.text()[-1] in "✓~" for cell in panel.plane.weights.gradients.values() if cell.isVisible())
    click(qtbot, panel, "step")
    assert not verdict.isVisible()


def test_the_scale_is_free_where_the_hinge_loss_is_zero(panel, lab):
    panel.plane._change_objective("penalty", "none")
    for _ in range(400):
        panel.plane.step()
    assert panel.plane.classifier.now.data_loss == 0
    W = panel.plane.classifier.W.copy()
    panel.plane.objective.scale.slider.show_number(1.0)
    lab.project.linear.scale = 7.0
    assert "data 0," in panel.plane.objective.scaled.text()
    assert np.array_equal(panel.plane.classifier.W, W), "only looked at"


def test_the_table_says_who_is_met_without_colour(panel):
    model, now = panel.plane.points.model_of_points, panel.plane.classifier.now
    said = [model.index(i, 1).data() for i in range(model.rowCount())]
    assert [text.startswith("✓") for text in said] == list(now.met)
    assert not all(now.met)


def test_five_classes_and_none_at_all(panel, qtbot, lab):
    click(qtbot, panel, "classes.5")
    assert panel.plane.classifier.W.shape == (5, 2) and control(panel, "b.4").isVisible()
    while lab.project.linear.lab.points:
        panel.plane.plane.removed.emit(0)
    assert not control(panel, "run").isEnabled() and panel.plane.classifier.now.data_loss == 0
    lab.history.undo()
    assert control(panel, "run").isEnabled()


def test_randomise_and_typed_weights_are_undone(panel, qtbot, lab):
    first = lab.project.linear.lab
    click(qtbot, panel, "randomise")
    assert lab.project.linear.lab.W != first.W
    type_number(qtbot, panel, "b.0", "0.75")
    assert panel.plane.classifier.b[0] == 0.75
    lab.history.undo()
    lab.history.undo()
    assert np.allclose(panel.plane.classifier.W, first.W) and not lab.history.can_undo


# -- templates -------------------------------------------------------------------------------------------------------


def test_templates_of_colour_images_are_colour_pictures(panel, qtbot, lab, monkeypatch, until):
    import torch

    from cvlab.engine.data.dataset import Dataset, Split

    generator = torch.Generator().manual_seed(0)
    split = Split(
        torch.randint(0, 256, (120, 3, 8, 8), dtype=torch.uint8, generator=generator),
        torch.arange(120) % 4,
    )
    made = Dataset("colours", "Colours", ("red", "green", "blue", "a very long name"), split, split, "0" * 64)
    plain = lab.dataset
    monkeypatch.setattr(lab, "dataset", lambda id: made if id == "colours" else plain(id))
    click(qtbot, panel, "page.templates")
    page = panel.templates
    assert page.data.findData("mnist-mini") >= 0
    lab.project.linear.template_data = "colours"
    until(lambda: page.learner is not None and page.learner.W.shape == (4, 192) and not page.is_playing)
    assert page.tiles.templates.shape == (4, 3, 8, 8) and page.tiles.names[0] == "red"
    assert any(name in page.image.answer.text() for name in page.tiles.names)
    assert not page.image.table.cells[4][0].isVisible() and page.image.table.cells[3][0].isVisible()
    assert page.tiles.grab().toImage().width() > 100
    lab.project.linear.template_data = "no such set"
    until(lambda: "no data set" in page.tiles._message)
    assert page.learner is None and not page.play.isEnabled()


def test_templates_learn_by_themselves_and_score_the_image(panel, qtbot, lab, until):
    click(qtbot, panel, "page.templates")
    page = panel.templates
    until(lambda: page.learner is not None and page.learner.steps >= 100 and not page.is_playing)
    assert page._accuracy > 0.8
    image = page._images[page.index].reshape(-1) / 255.0
    scores = page.learner.W @ image + page.learner.b
    assert np.allclose(page.tiles._scores, scores)
    click(qtbot, panel, "mistake")
    wrong = page.learner.scores(page._images[page.index][None])[0].argmax()
    assert wrong != page._labels[page.index] and f"template of {wrong}" in page.image.answer.text()
    click(qtbot, panel, "template_check")
    assert page.verdict.isVisible() and page.verdict.text().startswith("✓ Pass")
    lab.project.linear.magnify = 1000
    assert "no number" not in page.image.table.softmax.text()
    click(qtbot, panel, "shift")
    assert "no number" in page.image.table.softmax.text(), "the powers overflow without the shift"
    click(qtbot, panel, "reset")
    assert page.learner.steps == 0 and not page.learner.W.any()
    click(qtbot, panel, "train_step")
    assert page.learner.steps == 1 and page.learner.loss == pytest.approx(np.log(10))


def test_hidden_it_costs_nothing(panel, qtbot):
    click(qtbot, panel, "run")
    panel.hidden()
    assert not panel.plane.is_playing and not panel.templates.is_playing


def test_all_of_it_is_saved(panel, qtbot, lab, tmp_path):
    click(qtbot, panel, "classes.4")
    panel.plane._change_objective("loss", "softmax")
    lab.project.linear.sheet = lab.project.linear.sheet.with_number("x", 1, 7.0)
    lab.project.linear.page = "worksheet"
    lab.save(tmp_path / "a.cvlab")
    loaded = load_project(tmp_path / "a.cvlab").linear
    assert loaded.lab == lab.project.linear.lab and loaded.page == "worksheet"
    assert np.array_equal(loaded.sheet.x, lab.project.linear.sheet.x) and loaded.sheet.printed is None
    assert Project().linear.lab != loaded.lab
