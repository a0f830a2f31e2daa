"""The optimization documents: what a change keeps, and that a project file brings everything back or refuses in words."""

from __future__ import annotations

import json
import zipfile

import pytest

from cvlab.core.panels.optimization import BUILT, TYPED, RaceDocument, ScheduleDocument, surface
from cvlab.core.project import Project
from cvlab.core.storage.project_file import load_project, save_project
from cvlab.engine.errors import ExpressionError, NotOurFile
from cvlab.engine.schedules import Schedule


def test_a_surface_is_made_once():
    assert surface("bowl") is surface("bowl")
    assert RaceDocument("bowl", noise=0.2).ground is RaceDocument("bowl").ground


def test_another_surface_begins_anew():
    document = RaceDocument("bowl", start=(1.0, 1.0), noise=0.5, resting=("SGD",))
    document = document.turned("Adam", document.optimizer("Adam").changed(beta1=0.5))
    assert document.optimizer("Adam").beta1 == 0.5
    there = document.on("valley")
    assert there.place == surface("valley").start and there.optimizer("Adam").beta1 == 0.9
    assert (there.noise, there.resting) == (0.5, ("SGD",)), "who runs and how it shakes is no matter of the surface"


def test_settings_turn_for_one_racer_and_back():
    document = RaceDocument("bowl")
    usual = document.racers
    turned = document.turned("SGD", document.optimizer("SGD").changed(learning_rate=0.5))
    assert turned.optimizer("SGD").learning_rate == 0.5
    assert [r for r in turned.racers if r.name != "SGD"] == [r for r in usual if r.name != "SGD"]
    assert turned.usual("SGD").racers == usual


def test_what_cannot_be_read_is_not_taken():
    with pytest.raises(ExpressionError):
        RaceDocument().typed("x +")
    typed = RaceDocument(start=(3.0, 3.0)).typed("x**2 + y")
    assert typed.surface == TYPED and typed.start is None


@pytest.mark.parametrize("id", BUILT)
def test_every_surface_can_be_raced_on(id):
    document = RaceDocument(id)
    assert len(document.racers) == 9 and document.ground.trouble(document.ground.start) == ""


def test_a_project_brings_it_back(tmp_path):
    project = Project()
    state = project.optimization
    state.race = (
        RaceDocument(noise=0.3, seed=7, resting=("SGD", "AdamW"))
        .typed("x**2 + sin(y)")
        .turned("Momentum", RaceDocument().optimizer("Momentum").changed(mu=0.5))
    )
    state.schedule = ScheduleDocument(Schedule(kind="1/t", k=0.4), 0.2, 33)
    state.page, state.chosen, state.speed = "schedules", "Adam", 15
    save_project(project, tmp_path / "p.cvlab")
    again = load_project(tmp_path / "p.cvlab").optimization
    assert (again.race, again.schedule) == (state.race, state.schedule)
    assert (again.page, again.chosen, again.speed) == ("schedules", "Adam", 15)
    other = Project()
    other.adopt(load_project(tmp_path / "p.cvlab"))
    assert other.optimization.race == state.race


@pytest.mark.parametrize(
    "changes",
    [
        {"surface": "the moon"},
        {"text": "__import__('os')"},
        {"text": "x" * 5_000},
        {"start": [1e400, 0]},
        {"noise": 3},
        {"settings": {"SGD": {"kind": "sgd", "learning_rate": -1}}},
        {"settings": {"SGD": {"kind": "magic"}}},
        {"epochs": 10**9},
    ],
    ids=str,
)
def test_a_damaged_section_is_refused_in_words(tmp_path, changes):
    path = tmp_path / "p.cvlab"
    save_project(Project(), path)
    with zipfile.ZipFile(path) as archive:
        data = json.loads(archive.read("project.json"))
    data.setdefault("optimization", {}).update(changes)
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("project.json", json.dumps(data))
    with pytest.raises(NotOurFile):
        load_project(path)


def test_an_unknown_racer_in_a_file_is_passed_over(tmp_path):
    project = Project()
    project.optimization.race = RaceDocument().turned("Nobody", RaceDocument().optimizer("SGD"))
    project.optimization.chosen = "Nobody"
    save_project(project, tmp_path / "p.cvlab")
    again = load_project(tmp_path / "p.cvlab").optimization
    assert len(again.race.racers) == 9 and again.chosen == "Momentum"
