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
    page.axes.setPlainText("optimizer.learning_rate = 1e-4..1e-1\n\nbatch_size=32..64:linear")
    plan = page.plan()
    assert [axis.path for axis in plan.axes] == ["optimizer.learning_rate", "batch_size"]
    assert [axis.log for axis in plan.axes] == [True, False]
    page.add.setCurrentIndex(1)
    page.add.activated.emit(4)
    assert page.axes.toPlainText().splitlines()[-1].startswith("optimizer.kind = ")


@pytest.mark.parametrize("line", ["nonsense = 1..2", "batch_size", "batch_size = 9..3", "epochs = a,b", "= 1..2"])
def test_a_line_that_cannot_be_read_is_said_so_and_nothing_starts(page, line):
    page.axes.setPlainText(line)
    with pytest.raises(RecipeError):
        page.plan()
    page.toggle()
    assert not page.is_busy and page.words.text() and page.words.property("role") == "small error"


def test_a_search_needs_held_out_images(page, lab):
    lab.project.recipe = lab.project.recipe.changed(held_out=0.0)
    page.toggle()
    assert not page.is_busy and "held-out" in page.words.text()


def test_trials_are_tried_and_the_best_is_taken(page, lab, qtbot):
    page.axes.setPlainText("optimizer.learning_rate = 1e-6..1e-2")
    page.trials.setValue(3)
    QTest.mouseClick(page.go, Qt.MouseButton.LeftButton)
    assert page.is_busy and page.go.text() == "Stop"

    def ended():
        lab.pump()
        assert not page.is_busy

    qtbot.waitUntil(ended, timeout=30_000)
    assert page.go.text() == "Search" and page.words.text().startswith("Best so far")
    assert len(page.map._trials) == 3
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
