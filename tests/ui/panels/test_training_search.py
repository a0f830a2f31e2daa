"""The search page: a plan as typed, trials as they come, the best into the recipe."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QPointF, Qt
from PySide6.QtTest import QTest

from cvlab.engine.errors import RecipeError
from cvlab.engine.nets import zoo
from cvlab.engine.training.recipe import Recipe
from cvlab.engine.training.search import Axis, Trial
from cvlab.ui.panels.training.search_map import SearchMap
from cvlab.ui.panels.training.training import TrainingPanel


@pytest.fixture
def page(host, lab):
    lab.project.architecture = zoo.linear_classifier()
    lab.project.recipe = Recipe.read({"epochs": 1, "batch_size": 500, "threads": 1})
    panel = host(TrainingPanel, 1048, 800)
    panel.inside.turn_to("search")
    return panel.inside.search


def test_the_plan_is_what_is_typed(page):
    page.form.axes.setPlainText("optimizer.learning_rate = 1e-4..1e-1\n\nbatch_size=32..64:linear")
    plan = page.form.plan()
    assert [axis.path for axis in plan.axes] == ["optimizer.learning_rate", "batch_size"]
    assert [axis.log for axis in plan.axes] == [True, False]
    page.form.add.setCurrentIndex(1)
    page.form.add.activated.emit(4)
    assert page.form.axes.toPlainText().splitlines()[-1].startswith("optimizer.kind = ")


@pytest.mark.parametrize("line", ["nonsense = 1..2", "batch_size", "batch_size = 9..3", "epochs = a,b", "= 1..2"])
def test_a_line_that_cannot_be_read_is_said_so_and_nothing_starts(page, line):
    page.form.axes.setPlainText(line)
    with pytest.raises(RecipeError):
        page.form.plan()
    page.toggle()
    assert not page.is_busy and page.words.text() and page.words.property("role") == "small error"


def test_a_search_needs_held_out_images(page, lab):
    lab.project.recipe = lab.project.recipe.changed(held_out=0.0)
    page.toggle()
    assert not page.is_busy and "held-out" in page.words.text()


def test_trials_are_tried_and_the_best_is_taken(page, lab, until):
    page.form.axes.setPlainText("optimizer.learning_rate = 1e-6..1e-2")
    page.form.trials.setValue(3)
    QTest.mouseClick(page.go, Qt.MouseButton.LeftButton)
    assert page.is_busy and page.go.text() == "Stop"
    until(lambda: not page.is_busy)
    assert page.go.text() == "Search" and page.words.text().startswith("Best so far")
    assert len(page.views.map._trials) == 3
    before = lab.project.recipe
    page.take_best()
    best = max(page._trials, key=lambda trial: trial.score)
    assert lab.project.recipe.optimizer.learning_rate == best.values["optimizer.learning_rate"]
    lab.history.undo()
    assert lab.project.recipe == before


def test_a_search_can_be_stopped(page, lab):
    page.toggle()
    page.toggle()
    assert not page.is_busy and page.words.text().startswith("Stopped")


def test_lines_cross_the_axes_where_their_values_lie(qtbot):
    shown = SearchMap(None)
    qtbot.addWidget(shown)
    shown.resize(400, 200)
    axis = Axis.read({"path": "optimizer.learning_rate", "low": 0.001, "high": 0.1, "log": True})
    trials = [
        Trial(i, {"optimizer.learning_rate": rate}, 1, 0, score, 0.1, 1.0)
        for i, (rate, score) in enumerate([(0.001, 0.5), (0.01, 0.9), (0.1, 0.7)])
    ]
    shown.show_trials((axis,), [*trials, Trial(9, {}, 1, 0, None, None, 1.0, failure="x")])
    low, middle, high = (shown.points(trial) for trial in trials)
    assert low[0].y() > middle[0].y() > high[0].y()
    assert middle[0].y() == pytest.approx((low[0].y() + high[0].y()) / 2)
    assert middle[1].y() < high[1].y() < low[1].y(), "the better, the higher"
    assert shown.trial_at(QPointF((middle[0] + middle[1]) / 2)) == 1
    assert shown.trial_at(QPointF(2, 2)) == -1
    assert not shown.grab().isNull()


def test_a_stopped_search_goes_on_and_an_earlier_one_is_shown_again(page, lab, host, until):
    page.form.axes.setPlainText("optimizer.learning_rate = 1e-4..1e-2")
    page.form.trials.setValue(3)
    page.form.prune.setChecked(True)
    page.toggle()
    until(lambda: page._trials)
    page.toggle()
    until(lambda: page.again.isVisibleTo(page))
    first = page._trials[0]
    page.go_on()
    assert page.is_busy and page.go.text() == "Stop"
    until(lambda: not page.is_busy)
    assert len(page._trials) == 3 and page._trials[0] == first and not page.again.isVisibleTo(page)

    later = host(TrainingPanel, 1048, 800).inside  # another window's panel: the search is on disk
    later.turn_to("search")
    until(lambda: later.search._trials)
    assert later.search._trials == page._trials
    assert later.search.form.plan() == page.form.plan() and later.search.form.prune.isChecked()
    assert later.search.earlier.currentText().endswith("%")


def test_a_grid_is_told_its_steps(page):
    page.form.kind.setCurrentIndex(page.form.kind.findData("grid"))
    page.form.steps.setValue(3)
    assert page.form.steps.isVisibleTo(page) and not page.form.trials.isVisibleTo(page)
    assert page.form.plan().total == 9


def test_without_optuna_the_page_names_the_command(page, monkeypatch):
    from cvlab.engine.training import tpe

    monkeypatch.setattr(tpe.importlib.util, "find_spec", lambda name: None)
    page.form.kind.setCurrentIndex(page.form.kind.findData("optuna"))
    page.toggle()
    assert not page.is_busy and "optuna" in page.words.text() and page.words.property("role") == "small error"


def test_the_heat_map_shows_the_best_of_each_place(page):
    plan = page.form.plan()
    values = [(1e-4, 32, 0.5), (1e-4, 33, 0.6), (0.1, 512, 0.9), (0.1, 32, None)]
    trials = tuple(
        Trial(i, {"optimizer.learning_rate": rate, "batch_size": size}, 1, 0, score, 0.1, 1.0)
        for i, (rate, size, score) in enumerate(values)
    )
    page.views.show_trials(plan, trials)
    page.views.turn_to("cells")
    heat = page.views.heat
    heat.resize(500, 300)
    assert not heat.grab().isNull() and not page.views.across.isVisibleTo(page), "two settings leave no choice"
    assert "60" in heat.words_of(0, 0) and "2 trials" in heat.words_of(0, 0)
    assert "90" in heat.words_of(5, 5) and "not tried" in heat.words_of(0, 5)
    assert heat.cell_at(heat.cell(2, 3).center()) == (2, 3) and heat.cell_at(QPointF(1, 1)) is None
    said = []
    heat.pointed.connect(said.append)
    QTest.mouseMove(heat, heat.cell(0, 0).center().toPoint())
    assert said and "60" in said[-1]
    page.views.up.setCurrentIndex(0)
    page.views.up.activated.emit(0)
    assert len(heat._cells) == 1, "one setting twice: a single row"
