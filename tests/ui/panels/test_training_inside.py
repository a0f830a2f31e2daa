"""Looking inside a net while it learns, at rest, and in its past; checks, branches and the queue."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLabel

from cvlab.core.storage.run_folder import RunFolder
from cvlab.core.waiting import Waiting
from cvlab.engine.nets import zoo
from cvlab.engine.training import sanity
from cvlab.engine.training.recipe import Recipe
from cvlab.engine.training.sanity import SanityResult
from cvlab.engine.training.views import Distribution, MistakesView
from cvlab.ui.panels.training.histogram_strip import KEPT, ROWS, HistogramStrip
from cvlab.ui.panels.training.mistake_tiles import MistakeTiles
from cvlab.ui.panels.training.queue_strip import what_differs
from cvlab.ui.panels.training.schedule_preview import SchedulePreview
from cvlab.ui.panels.training.sections import GROUPS, MAIN
from cvlab.ui.panels.training.training import TrainingPanel


@pytest.fixture
def panel(host, lab):
    lab.project.architecture = zoo.two_layer()
    lab.project.recipe = Recipe.read({"epochs": 2, "batch_size": 500, "threads": 1})
    return host(TrainingPanel, 1048, 800)


@pytest.fixture
def finished(panel, lab, until):
    run = panel.start()
    until(lambda: run.state.status == "finished")
    return run


def test_every_setting_of_the_recipe_is_on_the_card():
    shown = [*MAIN, *(path for group in GROUPS for path in group.fields)]
    assert sorted(shown) == sorted(set(shown))
    assert set(Recipe.paths()) - set(shown) == {"data"}


def test_a_section_says_how_many_settings_differ_and_hides_what_nobody_uses(panel, lab):
    sections = panel.recipe.sections
    assert sections["regularise"].button.text() == "Regularisation"
    lab.project.recipe = lab.project.recipe.changed(**{"regularisation.l1": 0.1, "early_stopping.patience": 3})
    assert "2 changed" in sections["regularise"].button.text()
    lab.project.recipe = lab.project.recipe.changed(**{"optimizer.kind": "sgd"})
    assert not sections["optimizer_more"].isVisible()


def test_the_schedule_is_drawn_as_it_will_be(qtbot):
    preview = SchedulePreview(None)
    qtbot.addWidget(preview)
    recipe = Recipe().changed(**{"schedule.kind": "cosine", "optimizer.learning_rate": 0.1, "epochs": 10})
    preview.show_recipe(recipe)
    rates = preview.rates()
    assert rates[0] == pytest.approx(0.1) and rates[-1] == pytest.approx(0.0, abs=1e-9)
    assert rates[len(rates) // 2] == pytest.approx(0.05)


def test_only_the_page_in_front_is_asked_for(panel, lab, until):
    run = panel.start()
    until(lambda: run.state.step > 3)
    assert run.views == {}
    panel.inside.turn_to("layers")
    until(lambda: "layers" in run.views or not run.is_active)
    assert set(run.views) <= {"layers"}


def test_layers_are_looked_at_while_it_learns(panel, lab, until):
    lab.project.recipe = lab.project.recipe.changed(epochs=200)
    panel.inside.turn_to("layers")
    panel.start()
    until(lambda: panel.inside.looks >= 2)
    rows = panel.inside.layers.rows
    assert list(rows) == ["fc1", "relu1", "fc2"]
    assert rows["fc1"].strips["weight"].looks >= 2 and rows["fc1"].update.text()
    assert rows["relu1"].dead.text().endswith("%") and not rows["relu1"].update.text()


def test_filters_and_mistakes_of_a_run_at_rest(panel, finished, until):
    panel.inside.turn_to("filters")
    until(lambda: panel.inside.filters.grid.maps is not None)
    assert panel.inside.filters.grid.maps.shape[1:] == (28, 28)
    assert panel.inside.filters.words.text().endswith(f"at step {finished.state.step:,}.") and finished.state.step == 36
    panel.inside.turn_to("mistakes")
    until(lambda: panel.inside.mistakes.matrix.counts is not None and panel.inside.mistakes.tiles.captions)
    assert panel.inside.mistakes.matrix.counts.sum() == 1000
    assert "held-out images are read wrongly at step 36;" in panel.inside.mistakes.words.text()
    panel.inside.turn_to("layers")
    until(lambda: panel.inside.layers.words.text().startswith("At step 36."))


def test_the_past_can_be_looked_at_and_branched_from(panel, finished, lab, until):
    past = panel.inside.past
    points = finished.folder.checkpoints.all()
    until(lambda: past.slider.maximum() == len(points))
    assert past.step is None and not past.branch.isEnabled()
    panel.inside.turn_to("filters")
    until(lambda: panel.inside.filters.grid.maps is not None)
    last = panel.inside.filters.grid.maps.copy()
    past.slider.setValue(0)
    assert past.step == 0
    until(lambda: not np.array_equal(panel.inside.filters.grid.maps, last))
    first = RunFolder.open(finished.folder.path).trained_at(0).weights()["fc1.weight"]
    assert np.allclose(panel.inside.filters.grid.maps, first[:64].reshape(-1, 28, 28))
    past.slider.setValue(1)
    step = past.step
    lab.project.recipe = lab.project.recipe.changed(**{"optimizer.learning_rate": 0.01})
    QTest.mouseClick(past.branch, Qt.MouseButton.LeftButton)
    branch = lab.runs.current
    assert branch is not finished and branch.folder.record.parent.step == step
    until(lambda: branch.state.status == "finished")
    assert branch.recipe.optimizer.learning_rate == 0.01


def test_a_run_is_restarted_from_a_checkpoint_with_its_own_recipe(panel, finished, lab, until):
    past = panel.inside.past
    until(lambda: past.slider.maximum() == len(finished.folder.checkpoints.all()))
    past.slider.setValue(2)
    assert "It is the recipe of this run." in past.branch.toolTip()
    lab.project.recipe = lab.project.recipe.changed(**{"optimizer.learning_rate": 0.01, "batch_size": 100})
    words = past.branch.toolTip().replace("\n", " ")
    assert "Otherwise than in this run: learning rate 0.01, batch size 100." in words
    QTest.mouseClick(past.again, Qt.MouseButton.LeftButton)
    again = lab.runs.current
    assert again is not finished and again.recipe == finished.recipe and again.folder.record.parent.run == finished.id
    until(lambda: again.state.status == "finished")
    assert again.curves["loss"].last == finished.curves["loss"].last, "with one thread, to the bit"


def test_a_branch_with_nothing_left_to_train_is_refused_in_words(panel, finished, lab, until):
    past = panel.inside.past
    until(lambda: past.slider.maximum() == len(finished.folder.checkpoints.all()))
    past.slider.setValue(past.slider.maximum() - 1)
    folders = len(lab.runs.past())
    QTest.mouseClick(past.branch, Qt.MouseButton.LeftButton)
    assert "nothing left to train: the recipe ends with epoch 2. Raise the epochs" in panel.failure.words.text()
    assert lab.runs.current is finished and len(lab.runs.past()) == folders
    lab.project.recipe = lab.project.recipe.changed(epochs=3)
    QTest.mouseClick(past.branch, Qt.MouseButton.LeftButton)
    until(lambda: lab.runs.current is not finished and lab.runs.current.state.status == "finished")
    assert lab.runs.current.state.step == 54


def test_checks_pass_for_a_sound_net_and_fail_with_the_reason(panel, lab, until):
    checks = panel.inside.checks
    panel.inside.turn_to("checks")
    lab.project.recipe = lab.project.recipe.changed(**{"initialisation.kind": "large"})
    checks.toggle()
    until(lambda: not checks.is_busy, timeout=40_000)
    assert checks.verdicts["loss-at-start"].text() == "✗ fail"
    assert "too large" in checks.reasons["loss-at-start"].text()
    assert checks.verdicts["gradients"].text() == "✓ pass"
    assert "failed" in checks.words.text()
    lab.project.recipe = lab.project.recipe.changed(**{"initialisation.kind": "he"})
    assert "has changed" in checks.words.text(), "at once, with the page in front"
    lab.project.recipe = lab.project.recipe.changed(**{"initialisation.kind": "large"})
    assert "failed" in checks.words.text(), "it is again what was checked"


def test_checks_can_be_stopped(panel, lab):
    checks = panel.inside.checks
    checks.toggle()
    assert checks.is_busy
    checks.toggle()
    assert not checks.is_busy and checks.words.text() == "Stopped."
    assert {verdict.text() for verdict in checks.verdicts.values()} == {"·"}, "none goes on waiting"


def test_checks_that_are_stopped_in_the_middle_keep_what_they_found(panel, lab, until):
    checks = panel.inside.checks
    checks.toggle()
    assert checks.words.text() == "Check 1 of 4: loss at start…"
    checks._show_results((SanityResult("loss-at-start", "Loss at start", True, "It is near."),))
    assert checks.words.text() == "Check 2 of 4: overfit twenty images…"
    checks.toggle()
    assert [verdict.text() for verdict in checks.verdicts.values()] == ["✓ pass", "·", "·", "·"]
    assert checks.words.text() == "Stopped. What has been checked still holds."


def test_checks_that_cannot_be_made_say_why_beside_the_button(panel, lab, until):
    checks = panel.inside.checks
    lab.project.recipe = lab.project.recipe.changed(data="mnist")
    checks.toggle()
    until(lambda: not checks.is_busy)
    assert "not on this machine" in checks.words.text() and checks.words.property("role") == "small error"
    assert {verdict.text() for verdict in checks.verdicts.values()} == {"·"}


@pytest.mark.parametrize("name", ["loss-at-start", "overfit", "regularisation", "gradients"])
def test_each_check_can_fail_and_says_so(panel, lab, until, monkeypatch, name):
    checks = panel.inside.checks
    for each in sanity.CHECKS:
        result = SanityResult(each, "", each != name, f"{each}: the reason")
        monkeypatch.setitem(sanity.CHECKS, each, lambda *_, result=result: result)
    checks.toggle()
    until(lambda: not checks.is_busy)
    shown = {each: verdict.text() for each, verdict in checks.verdicts.items()}
    assert shown == {each: "✗ fail" if each == name else "✓ pass" for each in shown}
    assert checks.words.text() == "1 of 4 checks failed: mend that before a long training."
    assert checks.reasons[name].text() == f"{name}: the reason"


def test_runs_wait_for_their_turn(panel, lab, until):
    lab.project.recipe = lab.project.recipe.changed(epochs=300)
    first = panel.start()
    assert panel.queue.isVisible()
    QTest.mouseClick(panel.queue.add, Qt.MouseButton.LeftButton)
    lab.project.recipe = lab.project.recipe.changed(epochs=1)
    panel.enqueue()
    assert panel.queue.title.text() == "Waiting: 2"
    remove = next(button for button in panel.queue._tickets)
    QTest.mouseClick(remove, Qt.MouseButton.LeftButton)
    assert [waiting.recipe.epochs for waiting in lab.runs.waiting] == [1]
    lab.history.undo()
    assert [waiting.recipe.epochs for waiting in lab.runs.waiting] == [300, 1]
    assert panel.queue.begin.isVisible(), "what was brought back waits for a word"
    sooner = next(button for button in panel.queue._tickets if "sooner" in button.objectName())
    QTest.mouseClick(sooner, Qt.MouseButton.LeftButton)
    assert [waiting.recipe.epochs for waiting in lab.runs.waiting] == [1, 300]
    lab.history.redo()
    assert [waiting.recipe.epochs for waiting in lab.runs.waiting] == [1]
    first.stop()
    until(lambda: lab.runs.current is not first and lab.runs.current.state.status == "finished")
    assert not panel.queue.isVisible()


def test_what_waited_when_the_window_closed_waits_in_the_next_one(panel, lab, host, until):
    lab.project.recipe = lab.project.recipe.changed(epochs=300)
    panel.start()
    panel.enqueue()
    lab.project.recipe = lab.project.recipe.changed(**{"epochs": 1, "optimizer.learning_rate": 0.5})
    panel.enqueue()
    lab.runs.close()
    assert lab.runs.waiting == []
    lab.runs.line.recall()  # as the next window does
    assert panel.queue.isVisible() and panel.queue.title.text() == "Waiting: 2"
    lab.pump()
    assert not lab.runs.current.is_active, "nothing begins by itself"
    first, second = (words for row in panel.queue._rows for words in row.findChildren(QLabel))
    assert "0.5" in second.text() and "word" in first.toolTip()
    lab.runs.unqueue(lab.runs.waiting[0].id)
    QTest.mouseClick(panel.queue.begin, Qt.MouseButton.LeftButton)
    until(lambda: not lab.runs.waiting and lab.runs.current.state.status == "finished")
    assert lab.runs.current.recipe.optimizer.learning_rate == 0.5 and not panel.queue.isVisible()


def test_a_waiting_run_is_named_by_what_it_changes():
    recipe = Recipe()
    same = Waiting(1, zoo.lenet(), recipe, "LeNet")
    other = Waiting(2, zoo.lenet(), recipe.changed(**{"optimizer.kind": "sgd", "epochs": 7}), "LeNet")
    assert what_differs(same, recipe) == "LeNet"
    assert what_differs(other, recipe) == "optimizer SGD, epochs 7"


def spread(low, high, counts, total=1000):
    made = np.zeros(64, np.int64)
    made[list(counts)] = total // len(counts)
    return Distribution(made, low, high, 0.0, 1.0)


def test_a_strip_keeps_the_whole_story_and_one_scale(qtbot):
    strip = HistogramStrip("accent", "weights", None)
    qtbot.addWidget(strip)
    for step in range(3 * KEPT):
        strip.show_look(step, spread(-1.0, 0.5, range(64)))
    assert strip.looks <= KEPT and strip._steps[0] == 0
    strip.show_look(1, spread(-9.0, 9.0, range(64)))  # from before: not drawn
    assert strip.scale() == pytest.approx((-1.0, 1.0))
    picture = strip.picture()
    assert picture.shape == (ROWS, strip.looks) and picture.max() == pytest.approx(1.0)
    assert picture[: ROWS // 4 - 1].max() == 0.0, "nothing lies above 0.5"


def test_mistakes_are_shown_with_what_they_were_taken_for(qtbot):
    tiles = MistakeTiles(None)
    qtbot.addWidget(tiles)
    view = MistakesView(
        np.zeros((2, 3, 8, 8), np.uint8), np.array([0, 1]), np.array([1, 2]), np.array([0.991, 0.6]), np.array([4, 9]),
        ("cat", "dog", "airplane"), 2, 100, True,
    )  # fmt: skip
    tiles.show_mistakes(view, None)
    assert tiles.captions == [("cat → dog", "99.1%"), ("dog → airp…", "60.0%")]
    tiles.show_mistakes(view, (1, 2))
    assert len(tiles.captions) == 1
    tiles.resize(300, 200)
    assert not tiles.grab().isNull()


@pytest.mark.parametrize(
    ("page", "place"),
    [("mistakes", "_judge"), ("filters", "_frozen"), ("layers", "distribution")],
)
def test_a_look_without_memory_is_said_on_its_page_and_the_run_goes_on(panel, lab, until, monkeypatch, page, place):
    import torch

    from cvlab.engine.training import views

    def full(*_):
        torch.empty(1 << 62, dtype=torch.uint8)

    monkeypatch.setattr(views, place, full)
    lab.project.recipe = lab.project.recipe.changed(epochs=300)
    panel.inside.turn_to(page)
    run = panel.start()
    shown = panel.inside.pages[page]

    def said():
        grid, matrix = panel.inside.filters.grid, panel.inside.mistakes.matrix
        texts = {"layers": shown.words.text(), "filters": grid._message, "mistakes": matrix.accessibleDescription()}
        return texts[page]

    until(lambda: "not enough memory" in said())
    assert "not disturbed" in said() and not shown.has_drawn
    step = run.state.step
    until(lambda: run.state.step > step)
    assert run.state.status == "running" and run.state.failure is None and not panel.failure.isVisible()
    monkeypatch.undo()
    monkeypatch.setattr("cvlab.ui.panels.training.inside._AGAIN", 0.0)
    until(lambda: shown.has_drawn)
    monkeypatch.setattr(views, place, full)
    until(lambda: "not enough memory" in shown.words.text())
    assert shown.has_drawn, "what was drawn before stays"
