"""optuna's search behind our asking and telling: in range, repeatable, better than chance, and a sentence where it is missing."""

import math

import numpy as np
import pytest

from cvlab.engine.errors import RecipeError
from cvlab.engine.training import tpe
from cvlab.engine.training.recipe import Recipe
from cvlab.engine.training.search import Axis, SearchPlan, Trial, best_of, searcher

RATE = Axis(path="optimizer.learning_rate", low=1e-5, high=1.0, log=True)
AXES = (RATE, Axis(path="batch_size", low=10, high=500), Axis(path="optimizer.kind", values=("sgd", "adam", "rmsprop")))


@pytest.fixture
def optuna():
    return pytest.importorskip("optuna", reason="TPE IS NOT CHECKED: pip install cvlab[search]")


def judge(values):
    """A hill over the rate, and adam a little better."""
    return (
        1 - abs(math.log10(values["optimizer.learning_rate"]) + 2.3) / 6 + 0.05 * (values["optimizer.kind"] == "adam")
    )


def search(plan, judge=judge, before=()):
    asked = searcher(plan)
    asked.recall(before)
    while (proposal := asked.ask()) is not None:
        score = judge(proposal.values)
        curve = () if score is None else (score / 2, score)
        asked.tell(
            Trial(proposal.number, proposal.values, proposal.epochs, proposal.round, score, None, 0.0, curve=curve)
        )
    return asked.trials


def test_values_are_in_range_of_the_right_kind_and_numbered(optuna):
    trials = search(SearchPlan(kind="optuna", axes=AXES, trials=20, epochs=2))
    assert [trial.number for trial in trials] == list(range(20))
    for values in (trial.values for trial in trials):
        assert 1e-5 <= values["optimizer.learning_rate"] <= 1.0
        assert type(values["batch_size"]) is int and 10 <= values["batch_size"] <= 500
        assert values["optimizer.kind"] in ("sgd", "adam", "rmsprop")
        Recipe().changed(**values)


def test_the_same_seed_searches_the_same_and_another_does_not(optuna):
    plan = SearchPlan(kind="optuna", axes=AXES, trials=12, seed=5)
    assert search(plan) == search(plan) != search(plan.changed(seed=6))


def test_a_stopped_search_goes_on_as_if_it_had_not_been(optuna):
    plan = SearchPlan(kind="optuna", axes=AXES, trials=16, seed=2)
    whole = search(plan)
    for stopped in (0, 1, 7, 15):
        assert search(plan, before=whole[:stopped]) == whole


def test_it_learns_where_good_trials_lie(optuna):
    def spread(kind):
        trials = search(SearchPlan(kind=kind, axes=AXES[:1], trials=40), lambda v: judge(v | {"optimizer.kind": ""}))
        rates = [math.log10(trial.values["optimizer.learning_rate"]) for trial in trials[20:]]
        return float(np.median(np.abs(np.array(rates) + 2.3))), best_of(trials).score

    (near, best), (chance, _) = spread("optuna"), spread("random")
    assert near < chance / 2 and best > 0.98


def test_failures_are_avoided_and_do_not_end_the_search(optuna):
    trials = search(
        SearchPlan(kind="optuna", axes=AXES[:1], trials=40),
        lambda v: None if v["optimizer.learning_rate"] > 1e-3 else 0.9,
    )
    failed = [trial.score is None for trial in trials]
    assert any(failed[:13]) and sum(failed[20:]) < 5


def test_what_was_given_up_counts_for_less(optuna):
    plan = SearchPlan(kind="optuna", axes=AXES[:1], trials=30, epochs=4)
    asked = searcher(plan)
    while (proposal := asked.ask()) is not None:
        bad = proposal.values["optimizer.learning_rate"] > 1e-3
        asked.tell(Trial(proposal.number, proposal.values, 4, 0, 0.3 if bad else 0.9, None, 0.0,
                         curve=(0.3,) if bad else (0.7, 0.8, 0.85, 0.9), given_up=bad))  # fmt: skip
    assert sum(trial.given_up for trial in asked.trials[15:]) < 5


def test_without_optuna_a_sentence_names_the_command(monkeypatch):
    monkeypatch.setattr(tpe.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(RecipeError, match=r"needs optuna.*install .*optuna"):
        SearchPlan(kind="optuna", axes=AXES).check(Recipe())
    with pytest.raises(RecipeError):
        searcher(SearchPlan(kind="optuna", axes=AXES))
    SearchPlan(axes=AXES).check(Recipe())  # the others need nothing
