from __future__ import annotations

import threading
import time
from math import log

import numpy as np
import pytest
from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractSpinBox, QLabel

from cvlab.core.epochs import EpochLine
from cvlab.core.history import SetField
from cvlab.core.storage.run_folder import RunFolder
from cvlab.engine.data import catalogue
from cvlab.engine.data.progress import Progress
from cvlab.engine.errors import DownloadFailed
from cvlab.engine.nets import zoo
from cvlab.engine.nets.architecture import Architecture
from cvlab.engine.nets.layers import Flatten, Input, Linear, MaxPool
from cvlab.engine.training.events import EpochEnd, KnobTurned, RunFinished, StepEnd
from cvlab.engine.training.learner import Learner
from cvlab.engine.training.recipe import Recipe
from cvlab.ui.panels.training.curves import marks_of, shown_end
from cvlab.ui.panels.training.lesson import lesson_for
from cvlab.ui.panels.training.past_runs import ReadRun
from cvlab.ui.panels.training.training import TrainingPanel
from cvlab.ui.widgets.figures import duration_text, loss_text, share_text
from tests.ui.hands import control


@pytest.fixture
def panel(host, lab):
    lab.project.architecture = zoo.linear_classifier()
    lab.project.recipe = Recipe.read({"epochs": 1, "batch_size": 500, "threads": 1})
    return host(TrainingPanel, 1048, 800)


@pytest.fixture
def pumped(panel, until):
    return until


def press(panel, name: str) -> None:
    QTest.mouseClick(control(panel, name), Qt.MouseButton.LeftButton)


def type_into(box: QAbstractSpinBox, text: str) -> None:
    box.lineEdit().selectAll()
    QTest.keyClicks(box.lineEdit(), text)
    QTest.keyClick(box.lineEdit(), Qt.Key.Key_Return)


# -- before any run --------------------------------------------------------------------------------------------------


def test_it_opens_with_axes_a_sentence_and_where_the_loss_should_begin(panel):
    assert "Press Start" in panel.curves.loss.message.text()
    assert panel.curves.loss.reference == pytest.approx(log(10))
    assert panel.curves.accuracy.reference == pytest.approx(0.1)
    low, high = panel.curves.loss.view.viewRange()[1]
    assert low < log(10) < high
    assert panel.tiles.first.words.text() == "expect ln 10 ≈ 2.30"


def test_the_names_that_scripts_hold_on_to(panel):
    for name in (
        "start", "pause", "step", "stop", "data", "optimizer", "learning_rate", "learning_rate.slider", "momentum",
        "weight_decay", "batch_size", "epochs", "held_out", "preprocessing", "schedule", "shift", "seed", "device",
        "threads", "smoothing", "log_loss", "draw", "runs", "change_net", "input_settings",
        "machine_settings", "past", "branch", "queue",
    ):  # fmt: skip
        control(panel, name)


def test_it_shows_which_net_is_trained_and_the_way_to_change_it(panel, lab, qtbot):
    assert panel.recipe.net.text() == "Linear classifier"
    assert "7,850 parameters" in panel.recipe.net_facts.text()
    lab.project.architecture = zoo.lenet()
    assert "61,706 parameters" in panel.recipe.net_facts.text()
    with qtbot.waitSignal(panel.go_to) as caught:
        press(panel, "change_net")
    assert caught.args == ["builder"]


def test_it_fits_the_smallest_window(panel):
    assert panel.minimumSizeHint().width() <= 952
    assert panel.minimumSizeHint().height() <= 620


# -- the recipe ------------------------------------------------------------------------------------------------------


def test_an_edit_is_a_command_that_can_be_undone(panel, lab):
    type_into(control(panel, "learning_rate"), "0.02")
    assert lab.project.recipe.optimizer.learning_rate == 0.02
    assert lab.history.undo_label == "Change learning rate"
    lab.history.undo()
    assert lab.project.recipe.optimizer.learning_rate == 0.001
    assert control(panel, "learning_rate").value() == 0.001


def test_one_drag_of_the_slider_is_one_undo_step(panel, lab):
    slider = control(panel, "learning_rate.slider")
    before = lab.project.recipe
    slider.setSliderDown(True)
    for position in (210, 240, 280, 300):
        slider.setValue(position)
    slider.setSliderDown(False)
    assert lab.project.recipe.optimizer.learning_rate == pytest.approx(1.0)
    lab.history.undo()
    assert lab.project.recipe == before
    assert not lab.history.can_undo


def test_two_drags_are_two_undo_steps(panel, lab):
    slider = control(panel, "learning_rate.slider")
    for position in (250, 300):
        slider.setSliderDown(True)
        slider.setValue(position)
        slider.setSliderDown(False)
    lab.history.undo()
    assert lab.project.recipe.optimizer.learning_rate == pytest.approx(0.1)


def test_a_value_out_of_range_is_explained_and_the_old_one_stays_in_force(panel, lab):
    type_into(control(panel, "batch_size"), "0")
    words = panel.recipe.main.rows["batch_size"].words.text()
    assert words.startswith("Batch size is 0, but")
    assert lab.project.recipe.batch_size == 500
    assert not lab.history.can_undo
    type_into(control(panel, "batch_size"), "500")
    assert panel.recipe.main.rows["batch_size"].words.text() == "18 steps an epoch"


def test_the_momentum_is_asked_for_only_by_the_momentum_optimizer(panel, lab):
    row = panel.recipe.main.rows["optimizer.momentum"]
    assert not row.isVisible()
    lab.project.recipe = lab.project.recipe.changed(**{"optimizer.kind": "momentum"})
    assert row.isVisible()


def test_more_settings_fold_out(panel):
    assert not control(panel, "seed").isVisible()
    press(panel, "machine_settings")
    assert control(panel, "seed").isVisible()


def test_it_says_how_many_images_watch(panel, lab):
    lab.project.recipe = lab.project.recipe.changed(held_out=0.2)
    assert panel.recipe.main.rows["held_out"].words.text() == "2,000 images watch, 8,000 teach"


# -- data ------------------------------------------------------------------------------------------------------------


def test_data_that_are_not_here_are_said_so_and_start_offers_to_get_them(panel, lab, pumped, monkeypatch):
    def obtain(dataset_id, *, root, progress, cancelled):
        progress(Progress("Downloading", 500_000, 1_000_000, 1e6, 61.0))
        while not cancelled():
            time.sleep(0.001)  # the work of another thread
        raise AssertionError("cancelled work's result must not be seen")

    monkeypatch.setattr(catalogue, "obtain", obtain)
    lab.project.recipe = lab.project.recipe.changed(data="mnist")
    assert "Not on this machine yet" in panel.recipe.data.summary.text()
    assert control(panel, "get_data").text() == "Get it (11.6 MB)"
    press(panel, "start")
    assert lab.runs.current is None
    assert control(panel, "fix_data").isVisible()
    press(panel, "fix_data")
    pumped(lambda: panel.recipe.data.progress.value() == 500)
    assert "1:01 left" in panel.recipe.data.summary.text()
    press(panel, "cancel_get")
    assert not lab.jobs.is_busy()
    assert control(panel, "get_data").isVisible()


def test_a_failed_transfer_is_a_notice_with_another_try(panel, lab, pumped, monkeypatch):
    tries = []

    def obtain(dataset_id, **rest):
        tries.append(dataset_id)
        raise DownloadFailed("No source answered.", remedy="Try again.")

    monkeypatch.setattr(catalogue, "obtain", obtain)
    lab.project.recipe = lab.project.recipe.changed(data="mnist")
    press(panel, "get_data")
    pumped(lambda: lab.notices.all)
    notice = lab.notices.all[-1]
    assert notice.title == "The download failed"
    (remedy,) = notice.remedies
    remedy.act()
    pumped(lambda: len(tries) == 2 and not lab.jobs.is_busy())


def test_a_data_set_that_the_catalogue_no_longer_has_is_named(panel, lab):
    lab.project.recipe = lab.project.recipe.changed(data="lost")
    assert "“lost”" in panel.recipe.data.summary.text()


# -- a run -----------------------------------------------------------------------------------------------------------


def test_a_run_draws_its_curves_and_says_what_the_net_can_do(panel, lab, pumped, qtbot):
    press(panel, "start")
    assert not control(panel, "start").isEnabled()
    pumped(lambda: lab.runs.current.state.status == "finished")
    run = lab.runs.current
    assert lab.project.training.run == run.id
    shown = panel.curves.loss.series
    np.testing.assert_array_equal(shown["loss"].y, run.curves["loss"].points()[1])
    assert len(shown["held_out_loss"].x) == 1
    assert panel.curves.loss.message.text() == ""
    assert panel.tiles.held_out.figure.text() == share_text(run.state.held_out_accuracy)
    assert run.state.test_accuracy is None and "Test set not shown." in panel.result.words.text()
    assert share_text(run.state.held_out_accuracy) in panel.result.words.text()
    press(panel, "evaluate_test")
    pumped(lambda: run.state.test_accuracy is not None)
    assert f"{100 * run.state.test_accuracy:.2f} % of 2,000 test images" in panel.result.words.text()
    assert not control(panel, "evaluate_test").isVisible() and lab.test_set.reads_of("mnist-mini") == 1
    with qtbot.waitSignal(panel.go_to) as caught:
        press(panel, "draw")
    assert caught.args == ["digits"]
    assert lab.project.digits.model == run.id


def test_pause_step_resume_and_stop(panel, lab, pumped):
    lab.project.recipe = lab.project.recipe.changed(epochs=500)
    press(panel, "start")
    run = lab.runs.current
    pumped(lambda: run.state.step >= 1)
    press(panel, "pause")
    assert run.state.status == "paused"
    assert control(panel, "pause").text() == "Resume" and not control(panel, "start").isEnabled()
    pumped(lambda: not run.mailbox.collect())
    here = run.state.step
    press(panel, "step")
    pumped(lambda: run.state.step > here)
    press(panel, "pause")
    assert control(panel, "pause").text() == "Pause"
    pumped(lambda: run.state.step > here + 3)
    press(panel, "stop")
    pumped(lambda: run.state.status == "stopped")
    assert "Everything so far is saved" in panel.result.words.text()
    assert control(panel, "go_on").isVisible()
    press(panel, "go_on")
    assert lab.runs.current is not run
    pumped(lambda: lab.runs.current.state.step > run.state.step)


def test_step_without_a_run_trains_one_batch_and_waits(panel, lab, pumped):
    press(panel, "step")
    pumped(lambda: lab.runs.current.state.step == 1)
    assert lab.runs.current.state.status == "paused"


def test_a_live_knob_reaches_the_run_and_is_marked_and_other_edits_wait(panel, lab, pumped):
    lab.project.recipe = lab.project.recipe.changed(epochs=500)
    press(panel, "start")
    run = lab.runs.current
    pumped(lambda: run.state.step >= 1)
    type_into(control(panel, "learning_rate"), "0.02")
    pumped(lambda: run.knobs)
    assert (run.knobs[0].knob, run.knobs[0].new) == ("optimizer.learning_rate", 0.02)
    pumped(lambda: panel.curves.loss.marks)
    assert panel.curves.loss.marks[0].text == "learning rate 0.02"
    lab.history.undo()
    pumped(lambda: len(run.knobs) == 2)
    assert run.knobs[1].new == 0.001
    type_into(control(panel, "epochs"), "7")
    assert panel.recipe.main.rows["epochs"].words.text() == "Applies to the next run"


def test_a_loss_that_is_no_number_is_told_in_words_with_a_way_out(panel, lab, pumped):
    lab.project.architecture = zoo.two_layer()
    lab.project.recipe = Recipe.read(
        {"epochs": 1, "batch_size": 64, "threads": 1, "optimizer": {"kind": "sgd", "learning_rate": 100.0}}
    )
    lab.project.architecture = zoo.lenet()
    press(panel, "start")
    pumped(panel.failure.isVisible)
    failed = lab.runs.current
    assert failed.state.status == "failed"
    assert "learning rate" in panel.failure.words.text()
    press(panel, "details")
    assert "learning rate 100" in panel.failure.details.text()
    assert control(panel, "try").text() == "Try 0.1"
    press(panel, "try")
    assert not panel.failure.isVisible()
    assert lab.runs.current is not failed
    assert lab.project.recipe.optimizer.learning_rate == 0.1
    lab.history.undo()
    assert lab.project.recipe.optimizer.learning_rate == 100


def breaks_at(monkeypatch, step, make):
    """From now on a learner's step (from 0) raises what `make` gives."""
    advance = Learner.advance

    def broken(learner):
        if learner.step == step:
            raise make()
        return advance(learner)

    monkeypatch.setattr(Learner, "advance", broken)


def test_a_failure_that_was_put_away_does_not_come_back_until_the_run_is_chosen_again(panel, lab, pumped, monkeypatch):
    breaks_at(monkeypatch, 2, lambda: RuntimeError("CUDA out of memory. Tried to allocate 2 GiB"))
    panel.start()
    pumped(panel.failure.isVisible)
    press(panel, "details")
    panel.shown()
    assert panel.failure.isVisible() and panel.failure.details.isVisible(), "its details stay open"
    QTest.keyClick(control(panel, "dismiss"), Qt.Key.Key_Escape)
    assert not panel.failure.isVisible()
    panel.shown()
    panel.tick()
    assert not panel.failure.isVisible()
    panel._look_at(None)
    assert panel.failure.isVisible()


def test_a_refusal_says_that_nothing_was_stopped(panel, lab, pumped):
    lab.project.recipe = lab.project.recipe.changed(epochs=500)
    run = panel.start()
    pumped(lambda: run.state.step >= 1)
    panel.start()
    assert panel.failure.title.text() == "A run cannot begin now" and run.is_active
    assert "still training" in panel.failure.words.text()


def test_weights_that_are_gone_end_in_a_sentence(panel, lab, pumped):
    lab.runs.start(lab.project.architecture, lab.project.recipe, begin_with="net-gone")
    pumped(panel.failure.isVisible)
    assert panel.failure.title.text() == "The run could not begin"
    assert "cannot be had. There is no such net. Begin with another net" in panel.failure.words.text()


def test_only_a_net_for_digits_is_offered_to_the_pen(panel, lab, pumped):
    run = panel.start()
    pumped(lambda: not run.is_active)
    assert control(panel, "draw").isVisible() and panel.can_draw()
    run.architecture = zoo.make("convnet-small")
    panel._show_run()
    assert not control(panel, "draw").isVisible() and not panel.can_draw()


def test_a_run_that_stops_early_says_when_and_whose_weights_it_has(panel, lab, pumped):
    lab.project.recipe = lab.project.recipe.changed(
        **{"epochs": 60, "batch_size": 100, "early_stopping.patience": 1, "optimizer.learning_rate": 0.02}
    )
    run = panel.start()
    pumped(lambda: run.state.status == "finished")
    best, last = run.state.best_epoch, run.state.epoch
    assert last == best + 1 < 60
    words = panel.result.words.text()
    assert f"stopped early, in epoch {last} of 60, and took back the weights of epoch {best}" in words


def test_what_is_not_held_out_has_no_best(panel, lab, pumped):
    lab.project.recipe = lab.project.recipe.changed(held_out=0.0)
    run = panel.start()
    pumped(lambda: run.state.status == "finished")
    for tile in (panel.tiles.held_out, panel.tiles.best):
        assert (tile.figure.text(), tile.words.text()) == ("None", "nothing is held out")


def test_a_net_that_does_not_fit_the_data_is_said_before_it_is_started(panel, lab):
    assert panel.recipe.net_facts.property("role") == "small muted"
    lab.project.recipe = lab.project.recipe.changed(data="shapes32")
    words = panel.recipe.net_facts.text()
    assert "needs images of 28×28×1. Set the input layer to 32×32×3" in words
    assert panel.recipe.net_facts.property("role") == "small error"
    for deed in (panel.start, panel.enqueue):
        deed()
        assert panel.failure.title.text() == "The shapes do not fit" and control(panel, "fix_net").isVisible()
        panel.failure.put_away()
    assert lab.runs.current is None and lab.runs.waiting == [] and lab.runs.past() == []
    lab.project.architecture = zoo.make("convnet-small")
    assert "parameters" in panel.recipe.net_facts.text()


def test_tab_comes_to_every_control(panel, qtbot):
    """Also to those that stand before Start, to which focus goes first."""
    panel.activateWindow()
    reached, first = [], control(panel, "start")
    first.setFocus()
    qtbot.waitUntil(first.hasFocus)
    while first is not panel.focusWidget() or not reached:
        reached.append(panel.focusWidget().objectName())
        QTest.keyClick(panel.focusWidget(), Qt.Key.Key_Tab)
        assert len(reached) < 80
    for name in (
        "step",
        "recipes",
        "change_net",
        "data",
        "optimizer",
        "learning_rate",
        "held_out",
        "input_settings",
        "smoothing",
    ):
        assert f"training.{name}" in reached, reached
    assert reached.index("training.step") < reached.index("training.recipes") < reached.index("training.data")


def test_an_edit_of_one_setting_looks_at_no_folder(panel, lab, monkeypatch):
    looked = []
    monkeypatch.setattr(catalogue, "entries", lambda root: looked.append(root) or {})
    for rate in (0.01, 0.02):
        lab.project.recipe = lab.project.recipe.changed(**{"optimizer.learning_rate": rate})
    assert looked == []
    lab.project.recipe = lab.project.recipe.changed(data="mnist")
    assert len(looked) == 1


def test_a_batch_that_is_too_large_goes_on_from_the_last_checkpoint_with_a_smaller_one(panel, lab, pumped, monkeypatch):
    lab.project.recipe = lab.project.recipe.changed(epochs=2)
    breaks_at(
        monkeypatch, 20, lambda: RuntimeError("CUDA out of memory. Tried to allocate 2 GiB")
    )  # in the second epoch
    panel.start()
    pumped(panel.failure.isVisible)
    assert "memory" in panel.failure.title.text() and panel.failure.try_lower.text() == "Try batch size 250"
    assert not panel.failure.go_on.isVisible()
    failed = lab.runs.current
    monkeypatch.undo()
    press(panel, "try")
    pumped(lambda: lab.runs.current is not failed and lab.runs.current.state.status == "finished")
    assert lab.runs.current.folder.record.parent.run == failed.id and lab.runs.current.folder.record.parent.step == 18
    assert lab.project.recipe.batch_size == 250 and lab.runs.current.recipe.batch_size == 250
    lab.history.undo()
    assert lab.project.recipe.batch_size == 500


def test_a_run_whose_gpu_is_gone_can_go_on(panel, lab, pumped, monkeypatch):
    lab.project.recipe = lab.project.recipe.changed(epochs=2)
    breaks_at(monkeypatch, 20, lambda: RuntimeError("CUDA error: unspecified launch failure"))
    panel.start()
    pumped(panel.failure.isVisible)
    assert "GPU" in panel.failure.title.text() and not panel.failure.try_lower.isVisible()
    monkeypatch.undo()
    press(panel, "go_on_after")
    pumped(lambda: lab.runs.current.state.status == "finished")
    assert not panel.failure.isVisible() and lab.runs.current.state.step == 36


def test_a_net_that_cannot_be_trained_is_refused_with_the_way_to_the_builder(panel, lab, qtbot):
    lab.project.architecture = Architecture.chain("Broken", [Input(), Linear(units=10)])
    assert panel.recipe.net_facts.property("role") == "small error"
    press(panel, "start")
    assert lab.runs.current is None
    with qtbot.waitSignal(panel.go_to) as caught:
        press(panel, "fix_net")
    assert caught.args == ["builder"]
    press(panel, "dismiss")
    assert not panel.failure.isVisible()


def test_a_net_without_weights_is_refused(panel, lab):
    lab.project.architecture = Architecture.chain("Empty", [Input(), MaxPool(), Flatten()])
    press(panel, "start")
    assert "nothing to learn" in panel.failure.words.text()


def test_an_earlier_run_can_be_looked_at_again(panel, lab, pumped):
    for _ in range(2):
        press(panel, "start")
        pumped(lambda: not lab.runs.current.is_active)
    pumped(lambda: panel.past.list.count() == 2)
    item = panel.past.list.item(1)
    assert item.text().startswith(share_text(lab.runs.past()[1].result["held_out_accuracy"]))
    QTest.mouseClick(
        panel.past.list.viewport(), Qt.MouseButton.LeftButton, pos=panel.past.list.visualItemRect(item).center()
    )
    pumped(lambda: panel._run() is not lab.runs.current)
    earlier = panel._run()
    np.testing.assert_array_equal(panel.curves.loss.series["loss"].y, earlier.curves["loss"].points()[1])
    assert not earlier.is_active
    press(panel, "start")
    assert panel._run() is lab.runs.current


def test_the_list_tells_a_run_that_was_cut_off_from_one_that_trains(panel, lab, pumped):
    cut_off = RunFolder.create(lab.runs.root, lab.project.architecture, lab.project.recipe, "Cut off")
    cut_off.record.status = "running"
    cut_off.write_record()
    panel.past.refresh()
    pumped(lambda: panel.past.list.count() == 1)
    assert panel.past.list.item(0).text().startswith("cut off   ")
    cut_off.lock.take()
    panel.past.refresh()
    pumped(lambda: panel.past.list.item(0).text().startswith("training   "))
    cut_off.lock.release()


def test_an_ending_is_told_to_a_person_who_is_elsewhere(panel, lab, pumped, qtbot):
    press(panel, "start")
    panel.hide()
    pumped(lambda: lab.notices.all)
    notice = lab.notices.all[-1]
    assert notice.level == "success"
    assert share_text(lab.runs.current.state.held_out_accuracy) in notice.text
    with qtbot.waitSignal(panel.go_to) as caught:
        notice.remedies[0].act()
    assert caught.args == ["training"]


def test_a_still_run_is_not_drawn_again(panel, lab, pumped):
    press(panel, "start")
    pumped(lambda: not lab.runs.current.is_active)
    assert not panel.curves.draw(lab.runs.current, at_once=True)
    lab.project.training.smoothing = 3
    assert panel.curves.draw(lab.runs.current, at_once=True)


def test_actions_are_offered_when_they_can_be_done(panel, lab, pumped):
    actions = {action.id: action for action in panel.actions_offered()}
    able = {name for name, action in actions.items() if action.enabled is not None and action.enabled()}
    assert able == {"training.start", "training.step"}
    actions["training.start"].act()
    pumped(lambda: lab.runs.current.state.status == "finished")
    able = {name for name, action in actions.items() if action.enabled is not None and action.enabled()}
    assert able == {"training.start", "training.step", "training.draw", "training.evaluate_test"}


def test_the_lesson_follows_the_optimizer(panel, lab, qtbot):
    assert any("Adam" in formula.caption for formula in panel.lesson.formulas)
    with qtbot.waitSignal(panel.explain) as caught:
        lab.history.push(
            SetField(lab.project, "recipe", lab.project.recipe.changed(**{"optimizer.kind": "momentum"}), "x")
        )
    assert caught.args == [lesson_for(lab.project.recipe)]
    assert any("velocity" in formula.caption for formula in panel.lesson.formulas)
    with qtbot.waitSignal(panel.explain) as caught:
        changed = lab.project.recipe.changed(**{"loss.label_smoothing": 0.1, "regularisation.l1": 1e-4})
        lab.history.push(SetField(lab.project, "recipe", changed, "x"))
    captions = [formula.caption for formula in caught.args[0].formulas]
    assert "Its target, with label smoothing s" in captions and "Regularization: L1 penalty on the weights" in captions


# -- words and figures -----------------------------------------------------------------------------------------------


def test_the_axis_grows_by_doubling_epochs_and_never_past_the_end():
    assert [shown_end(step, EpochLine(36, 5), 180) for step in (0, 36, 37, 73, 145, 180)] == [36, 36, 72, 144, 180, 180]
    assert shown_end(5, None, 0) == 5


def test_turns_of_one_knob_at_one_step_are_one_mark():
    knobs = [
        KnobTurned(5, "optimizer.learning_rate", 0.1, 0.2),
        KnobTurned(5, "optimizer.learning_rate", 0.2, 0.5),
        KnobTurned(9, "batch_size", 10, 20),
        KnobTurned(9, "regularisation.l1", 0.0, 0.1),
    ]
    marks = [(mark.x, mark.text) for mark in marks_of(knobs)]
    assert marks == [(5, "learning rate 0.5"), (9, "batch size 20, L1 strength 0.1")], (
        "words at one place would overlap"
    )


def test_figures_are_written_for_people():
    assert loss_text(0.31249) == "0.312"
    assert loss_text(2.6e36) == "2.6e+36"
    assert loss_text(float("nan")) == "not a number"
    assert share_text(0.98421) == "98.4 %"
    assert [duration_text(s) for s in (7, 760, 11100, None)] == ["0:07", "12:40", "3 h 05 min", "–"]


def test_what_guessing_costs_follows_the_loss(panel, lab):
    assert panel.tiles.first.words.text() == "expect ln 10 ≈ 2.30"
    lab.project.recipe = lab.project.recipe.changed(**{"loss.kind": "hinge", "loss.margin": 2.0})
    assert panel.tiles.first.words.text() == "expect (10 - 1) · 2 ≈ 18.00"
    assert panel.curves.loss.reference == pytest.approx(18.0)
    assert panel.curves.accuracy.reference == pytest.approx(0.1)


def test_a_loss_far_above_guessing_is_marked(panel, pumped, lab):
    lab.project.recipe = lab.project.recipe.changed(**{"initialisation.kind": "large"})
    panel.step()
    run = lab.runs.current
    pumped(lambda: run.state.step == 1 and run.state.status == "paused")
    assert run.state.train_loss > 10 and panel.tiles.train.words.text().startswith("wild loss")
    assert panel.tiles.first.words.text().startswith("far above ln 10")
    panel.stop()
    pumped(lambda: not run.is_active)


def test_the_learning_rate_stands_above_the_curves_while_it_learns(panel, pumped, lab):
    lab.project.recipe = lab.project.recipe.changed(**{"epochs": 300, "optimizer.learning_rate": 0.004})
    run = panel.start()
    pumped(lambda: "learning rate 0.004" in panel.curves.caption.text())
    lab.project.recipe = lab.project.recipe.changed(**{"regularisation.l1": 0.02})
    pumped(lambda: panel.curves.loss.marks)
    assert panel.curves.loss.marks[0].text == "L1 strength 0.02"
    pumped(lambda: panel.inside.past.slider.maximum() >= 3 and run.state.epoch >= 2)
    assert panel.inside.past.step is None, "who looks at now goes on looking at now"
    run.stop()
    pumped(lambda: not run.is_active)
    assert "learning rate" not in panel.curves.caption.text()


def test_low_plots_share_their_axes(panel, qtbot):
    curves = panel.curves
    curves.resize(700, 700)
    assert curves.loss.steps.isVisible() and curves.accuracy.epochs.isVisible()
    high = curves.loss.view.height()
    curves.resize(700, 300)
    assert curves.loss.epochs.isVisible() and not curves.loss.steps.isVisible()
    assert curves.accuracy.steps.isVisible() and not curves.accuracy.epochs.isVisible()
    assert curves.loss.view.height() < high


# -- the focus, and what is on the screen while a run is read --------------------------------------------------------


@pytest.fixture
def focused(panel, qtbot):
    """The panel in the active window."""
    with qtbot.waitActive(panel):
        panel.activateWindow()
    return panel


def press_key(panel) -> None:
    """Space, on whatever has the focus."""
    QTest.keyClick(panel.focusWidget(), Qt.Key.Key_Space)


def test_space_starts_pauses_and_resumes_and_the_focus_never_leaves_the_buttons(focused, lab, pumped):
    lab.project.recipe = lab.project.recipe.changed(epochs=500)
    bar = focused.transport
    bar.start.setFocus()
    press_key(focused)
    run = lab.runs.current
    assert bar.pause.hasFocus() and bar.pause.text() == "Pause"
    for text in ("Resume", "Pause"):  # before its first batch, too
        press_key(focused)
        assert bar.pause.text() == text and bar.pause.hasFocus()
    pumped(lambda: run.state.step > 1)
    for state, text in (("paused", "Resume"), ("running", "Pause")) * 2:
        press_key(focused)
        assert run.state.status == state and bar.pause.text() == bar.pause.accessibleName() == text
        assert bar.pause.hasFocus() and not bar.start.isEnabled()
    bar.stop.setFocus()
    press_key(focused)
    pumped(lambda: run.state.status == "stopped")
    assert bar.start.hasFocus() and bar.pause.text() == "Pause"
    control(focused, "go_on").setFocus()
    press_key(focused)
    assert lab.runs.current is not run and bar.pause.hasFocus()


def test_step_keeps_the_focus(focused, lab, pumped):
    focused.transport.step.setFocus()
    for step in (1, 2, 3):
        press_key(focused)
        pumped(lambda step=step: lab.runs.current.state.step == step)
        assert focused.transport.step.hasFocus() and lab.runs.current.state.status == "paused"


def test_the_end_of_a_run_starts_and_deletes_nothing_by_the_key_that_pauses(focused, lab, pumped):
    focused.transport.start.setFocus()
    press_key(focused)
    pumped(lambda: lab.runs.current.state.status == "finished")
    run = lab.runs.current
    press_key(focused)
    assert lab.runs.current is run and focused.isAncestorOf(focused.focusWidget())


def test_removing_a_queued_run_by_key_keeps_the_focus_in_the_panel(focused, lab, flush):
    lab.runs.line.add(zoo.linear_classifier(), Recipe(), "one", None)
    lab.runs.line.add(zoo.linear_classifier(), Recipe(), "two", None)
    flush()  # the rows before
    control(focused, "unqueue1").setFocus()
    press_key(focused)
    assert [each.title for each in lab.runs.waiting] == ["two"]
    press_key(focused)
    assert [each.title for each in lab.runs.waiting] == ["two"], "one key, one run"
    assert focused.isAncestorOf(focused.focusWidget())


def two_runs(lab):
    """The ids of two finished runs on disk, with figures of their own."""
    ids = []
    for accuracy in (0.71, 0.83):
        folder = RunFolder.create(lab.runs.root, zoo.linear_classifier(), Recipe.read({"epochs": 1}))
        folder.log(StepEnd(1, 1, 1.0, accuracy, 0.1, 250, 0.1))
        folder.log(EpochEnd(1, 1, 1.0, accuracy, 0.6, accuracy, 0.1, 0.4, 500.0))
        folder.log(RunFinished(1, 1, 0.5, False, 0.3, accuracy))
        folder.close()
        ids.append(folder.record.id)
    return ids


def told(panel):
    """All words on the screen but those of the list of runs."""
    return " ".join(label.text() for label in panel.findChildren(QLabel) if label.isVisible())


def test_while_a_run_is_read_nothing_of_the_one_before_is_on_the_screen(panel, lab, pumped, monkeypatch):
    first, second = two_runs(lab)
    panel.past.refresh()
    pumped(lambda: panel.past.list.count() == 2)
    panel.past.look(first)
    pumped(lambda: "71.0" in told(panel))
    assert panel.transport.bar.value() == 1000 and len(panel.curves.loss.series["loss"].x) == 1
    read, may_read = ReadRun.run, threading.Event()

    def wait(self, control):
        assert may_read.wait(30)
        return read(self, control)

    monkeypatch.setattr(ReadRun, "run", wait)
    painted = Painted(panel.transport.bar)
    panel.past.look(second)
    assert painted.count == 0, "the bar is painted with the rest"
    panel.tick()
    assert "71.0" not in told(panel) and told(panel).count("Reading the run…") == 2
    assert panel.transport.bar.value() == 0 and not panel.result.isVisible()
    assert len(panel.curves.loss.series["loss"].x) == 0
    may_read.set()
    pumped(lambda: "83.0" in told(panel))
    assert "Reading" not in told(panel) and panel.transport.bar.value() == 1000 and panel.result.isVisible()


def test_a_run_that_cannot_be_read_leaves_the_one_before_on_the_screen(panel, lab, pumped):
    first, second = two_runs(lab)
    panel.past.look(first)
    pumped(lambda: "71.0" in told(panel))
    (lab.runs.root / second / "run.json").write_text("{")
    panel.past.look(second)
    pumped(lambda: lab.notices.all)
    assert "71.0" in told(panel) and "Reading" not in told(panel)


class Painted(QObject):
    """Counts how often a widget is painted."""

    def __init__(self, widget) -> None:
        super().__init__(widget)
        self.count = 0
        widget.installEventFilter(self)

    def eventFilter(self, watched, event) -> bool:
        self.count += event.type() == QEvent.Type.Paint
        return False
