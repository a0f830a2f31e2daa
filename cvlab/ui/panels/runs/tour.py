"""What the tour shows of the runs panel: nothing yet, then three real runs compared, voting, and written about."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from cvlab.core.run import Run
from cvlab.engine.nets import zoo
from cvlab.engine.training.recipe import Recipe
from cvlab.ui.panel import Stop

if TYPE_CHECKING:
    from cvlab.ui.panels.runs.runs import RunsPanel


def walk(panel: RunsPanel) -> Iterator[Stop]:
    """Trains three small nets for real; they stay in the list."""
    state, aside = panel.lab.project.runs, panel.aside
    yield Stop("open", panel.is_listed)
    sgd = {"kind": "momentum", "learning_rate": 0.02}
    made = [_train(panel, settings) for settings in ({"seed": 0}, {"seed": 1}, {"optimizer": sgd})]
    text = "Seeds 0 and 1 differ by as much as chance makes: a smaller difference means nothing."
    made[0].folder.annotate(starred=True, tags=("baseline",), text=text)
    state.chosen = tuple(run.id for run in made)
    for notice in list(panel.lab.notices.all):  # they would lie over the buttons
        panel.lab.notices.dismiss(notice.id)
    panel.refresh()
    yield Stop("compared", panel.is_drawn)
    aside.turn_to(aside.ensemble)
    panel.lab.test_set.unlock()  # these runs hold out different images
    aside.ensemble.split.setCurrentIndex(1)
    aside.ensemble.vote()
    yield Stop("ensemble", aside.ensemble.go.isEnabled)
    panel.lab.test_set.lock()
    aside.turn_to(aside.comparison)
    state.curve, state.log, state.all_settings = "loss", True, True
    yield Stop("losses", panel.is_drawn)
    state.curve, state.log, state.all_settings = "held_out_accuracy", False, False
    state.chosen = state.chosen[:1]
    aside.turn_to(aside.notes)
    yield Stop("notes", panel.is_listed)
    asked = panel.forks.ask(panel.chosen_rows()[0])
    yield Stop("fork", asked.isVisible)
    asked.close()


def _train(panel: RunsPanel, settings: dict) -> Run:
    recipe = Recipe.read({"data": "mnist-mini", "epochs": 4, "batch_size": 100, "threads": 1, **settings})
    run = panel.lab.runs.start(zoo.two_layer(), recipe)
    run.join()
    panel.lab.pump()
    return run
