"""What the tour shows of the training panel: a run that learns, looks inside it, one that fails, and the checks."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from cvlab.engine.training.recipe import Recipe
from cvlab.ui.panel import Stop

if TYPE_CHECKING:
    from cvlab.ui.panels.training.training import TrainingPanel


def walk(panel: TrainingPanel) -> Iterator[Stop]:
    """Trains for real, on the digits that ship; leaves the default recipe."""
    project, inside = panel.lab.project, panel.inside
    project.recipe = Recipe.read({"data": "mnist-mini", "epochs": 12, "batch_size": 64, "threads": 1})
    panel.start()
    for change in ({"optimizer.kind": "momentum"}, {"optimizer.kind": "momentum", "batch_size": 128}):
        panel.lab.runs.queue(project.architecture, project.recipe.changed(**change))
    yield Stop("learning", lambda: _has_held_out(panel), 90.0)
    inside.turn_to("layers")
    yield Stop("layers", lambda: inside.looks >= 3, 60.0)
    inside.turn_to("filters")
    yield Stop("filters", lambda: _looks_back(panel), 60.0)
    inside.past.to_now()
    inside.turn_to("mistakes")
    yield Stop("mistakes", lambda: inside.looks >= 3, 60.0)
    for waiting in list(panel.lab.runs.waiting):
        panel.lab.runs.unqueue(waiting.id)
    inside.turn_to("curves")
    _stop_and_wait(panel)
    project.recipe = project.recipe.changed(**{"optimizer.kind": "sgd", "optimizer.learning_rate": 100.0})
    panel.start()
    yield Stop("failed", panel.failure.isVisible, 90.0)
    project.recipe = Recipe()
    panel.failure.hide()
    inside.turn_to("checks")
    inside.checks.toggle()
    yield Stop("checks", lambda: not inside.checks.is_busy, 90.0)
    inside.turn_to("search")
    inside.search.form.trials.setValue(8)
    inside.search.toggle()
    yield Stop("search", lambda: not inside.search.is_busy, 120.0)
    inside.search.views.turn_to("cells")
    yield Stop("search-heat", lambda: not inside.search.is_busy)
    inside.search.views.turn_to("lines")
    inside.turn_to("curves")


def _has_held_out(panel: TrainingPanel) -> bool:
    run = panel.lab.runs.current
    return run is not None and len(run.curves["held_out_loss"]) >= 2  # two make a line worth a picture


def _looks_back(panel: TrainingPanel) -> bool:
    past = panel.inside.past
    if past.step is None and past.slider.maximum() > 2:
        past.slider.setValue(2)
    return past.step is not None and "at step" in panel.inside.filters.words.text()


def _stop_and_wait(panel: TrainingPanel) -> None:
    run = panel.lab.runs.current
    if run is not None:
        run.stop()
        run.join()
        panel.lab.pump()
