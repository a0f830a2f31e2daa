"""Which trials a search makes: within the ranges, the same for the same seed, narrowing around what was good."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cvlab.engine.errors import RecipeError
from cvlab.engine.training.recipe import Recipe
from cvlab.engine.training.search import (
    Axis,
    Proposal,
    Searcher,
    SearchPlan,
    Trial,
    at_the_edge,
    best_of,
    ranked,
    searcher,
    table,
)

RATE = Axis(path="optimizer.learning_rate", low=1e-5, high=1.0, log=True)


def told(searcher, proposal, score):
    trial = Trial(proposal.number, proposal.values, proposal.epochs, proposal.round, score, None, 0.0)
    searcher.tell(trial)
    return trial


def proposals(plan, judge=lambda values: 0.5):
    asked, found = searcher(plan), []
    while (proposal := asked.ask()) is not None:
        found.append(proposal)
        told(asked, proposal, judge(proposal.values))
    return asked, found


@given(st.floats(1e-6, 1.0), st.floats(1.5, 1e5), st.booleans(), st.floats(0, 1))
def test_values_stay_in_range_and_turn_back_into_shares(low, factor, log, share):
    axis = Axis(path="optimizer.learning_rate", low=low, high=low * factor, log=log)
    value = axis.at(share)
    assert low <= value <= low * factor
    assert axis.share(value) == pytest.approx(share, abs=2e-3)


def test_log_axes_draw_as_many_small_values_as_large_ones():
    _, found = proposals(SearchPlan(axes=(RATE,), trials=400))
    logs = np.log10([p.values["optimizer.learning_rate"] for p in found])
    counts = np.histogram(logs, 5, (-5, 0))[0]
    assert counts.sum() == 400 and counts.min() > 50


def test_a_grid_is_every_pair():
    plan = SearchPlan(kind="grid", steps=3, axes=(RATE, Axis(path="optimizer.kind", values=("sgd", "adam"))))
    searcher, found = proposals(plan)
    assert searcher.total == len(found) == 6
    rates = sorted({p.values["optimizer.learning_rate"] for p in found})
    np.testing.assert_allclose(rates, [1e-5, math.sqrt(1e-5), 1.0], rtol=1e-5)


def test_the_same_seed_proposes_the_same_and_whole_numbers_are_whole():
    plan = SearchPlan(axes=(RATE, Axis(path="batch_size", low=10, high=500)), trials=20, seed=3)
    first, second = proposals(plan)[1], proposals(plan)[1]
    assert first == second != proposals(plan.changed(seed=4))[1]
    assert all(type(p.values["batch_size"]) is int and 10 <= p.values["batch_size"] <= 500 for p in first)


def test_coarse_to_fine_closes_in_on_the_best():
    plan = SearchPlan(kind="coarse-to-fine", axes=(RATE,), trials=60, rounds=3, epochs=6)
    best = -2.3  # log10 of the rate that the judge likes
    searcher, found = proposals(plan, lambda v: 1 - abs(math.log10(v["optimizer.learning_rate"]) - best) / 10)
    spreads = [
        np.ptp([math.log10(p.values["optimizer.learning_rate"]) for p in found if p.round == r]) for r in range(3)
    ]
    assert spreads[0] > 3 and spreads[1] <= 5 * 0.35 + 1e-6 and spreads[2] <= 5 * 0.35**2 + 1e-6
    assert [{p.epochs for p in found if p.round == r} for r in range(3)] == [{2}, {4}, {6}]
    assert math.log10(best_of(searcher.trials).values["optimizer.learning_rate"]) == pytest.approx(best, abs=0.1)


def test_failures_rank_last_and_may_be_all_there_is():
    searcher = Searcher(SearchPlan(kind="coarse-to-fine", axes=(RATE,), trials=6, rounds=3))
    trials = [told(searcher, searcher.ask(), score) for score in (None, 0.3, 0.9)]
    assert [t.number for t in ranked(trials)] == [2, 1, 0] and best_of(trials[:1]) is None and best_of([]) is None
    hopeless = Searcher(SearchPlan(kind="coarse-to-fine", axes=(RATE,), trials=4, rounds=2))
    while (proposal := hopeless.ask()) is not None:
        told(hopeless, proposal, None)


def test_a_best_value_at_an_end_is_told():
    plan = SearchPlan(axes=(RATE,))
    assert "high end" in at_the_edge(plan, {"optimizer.learning_rate": 0.9})[0]
    assert at_the_edge(plan, {"optimizer.learning_rate": 0.003}) == []


@pytest.mark.parametrize(
    ("text", "axis"),
    [
        ("optimizer.lr=1e-4..1e-1", {"low": 1e-4, "high": 0.1, "log": True}),
        ("optimizer.lr=1e-4..1e-1:linear", {"log": False}),
        ("batch_size=16..256:log", {"low": 16.0, "log": True}),
        ("optimizer.kind=sgd,adam", {"values": ("sgd", "adam")}),
        ("batch_size=50,100", {"values": (50, 100)}),
    ],
)
def test_axes_from_the_command_line(text, axis):
    found = Axis.parse(text)
    assert {key: getattr(found, key) for key in axis} == axis


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("optimizer.lrr=1..2", "no setting"),
        ("optimizer.lr", "FIELD=LOW"),
        ("optimizer.lr=2..1", "the first below"),
        ("optimizer.lr=0..1", "begins above 0"),
        ("optimizer.lr=1..2:cubic", "log or linear"),
        ("optimizer.kind=sgd,sdg", "optimizer.kind is sdg"),
    ],
)
def test_axes_that_are_none(text, words):
    with pytest.raises(RecipeError, match=words):
        Axis.parse(text)


@pytest.mark.parametrize(
    ("plan", "recipe", "words"),
    [
        (SearchPlan(), Recipe(), "Nothing is searched"),
        (SearchPlan(axes=(RATE, RATE)), Recipe(), "twice"),
        (SearchPlan(axes=(RATE,)), Recipe(held_out=0.0), "held-out"),
        (SearchPlan(axes=(Axis(path="held_out", low=0.1, high=0.5),)), Recipe(), "which images"),
        (SearchPlan(axes=(Axis(path="data", values=("mnist-mini", "shapes-32")),)), Recipe(), "which images"),
        (SearchPlan(axes=(RATE.changed(high=1000.0),)), Recipe(), "learning_rate is 1000"),
        (SearchPlan(axes=(Axis(path="optimizer.kind", low=0, high=1),)), Recipe(), "optimizer.kind is"),
        (SearchPlan(kind="grid", steps=100, axes=(RATE, Axis(path="averaging", low=0.1, high=0.5),
                                                  Axis(path="optimizer.momentum", low=0.1, high=0.5))), Recipe(), "too much"),
    ],
)  # fmt: skip
def test_plans_that_cannot_be_carried_out(plan, recipe, words):
    with pytest.raises(RecipeError, match=words):
        plan.check(recipe)


# -- giving up early ---------------------------------------------------------------------------------------------------


def whole(number, curve, **changes):
    fields = {"values": {}, "epochs": len(curve), "round": 0, "score": max(curve), "loss": None, "seconds": 0.0}
    return Trial(number, **(fields | {"curve": tuple(curve)} | changes))


@given(
    st.lists(st.lists(st.floats(0, 1), min_size=3, max_size=3), min_size=4, max_size=12),
    st.lists(st.floats(0, 1), min_size=1, max_size=3),
)
def test_a_trial_is_given_up_below_the_median_as_optuna_does(curves, own):
    optuna = pytest.importorskip("optuna", reason="TPE IS NOT CHECKED: pip install cvlab[search]")
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    searcher = Searcher(SearchPlan(axes=(RATE,), trials=40, epochs=3, prune=True))
    study = optuna.create_study(direction="maximize", pruner=optuna.pruners.MedianPruner(n_startup_trials=4))
    for number, curve in enumerate(curves):
        searcher.tell(whole(number, curve))
        study.add_trial(
            optuna.trial.create_trial(value=max(curve), intermediate_values=dict(enumerate(curve, 1)), params={})
        )
    trial = study.ask()
    for epoch, score in enumerate(own, 1):
        trial.report(score, epoch)
    assert searcher.gives_up(Proposal(len(curves), {}, 3), own) == trial.should_prune()


def test_only_whole_trials_of_the_same_length_make_a_median():
    searcher = Searcher(SearchPlan(axes=(RATE,), trials=40, epochs=3, prune=True))
    good = [0.8, 0.9, 0.95]
    for trial in (
        whole(0, good), whole(1, good), whole(2, good), whole(3, [0.9, 0.9]), whole(4, good[:1], epochs=3, given_up=True),
        whole(5, good, score=None),
    ):  # fmt: skip
        searcher.tell(trial)
    bad = Proposal(6, {}, 3)
    assert not searcher.gives_up(bad, [0.1])
    searcher.tell(whole(6, good))
    assert searcher.gives_up(bad, [0.1]) and not searcher.gives_up(bad, [0.8]) and not searcher.gives_up(bad, [])
    searcher.plan = searcher.plan.changed(prune=False)
    assert not searcher.gives_up(bad, [0.1])


def test_what_was_given_up_is_never_the_best():
    early = whole(0, [0.99], epochs=3, given_up=True)
    late = whole(1, [0.5, 0.6, 0.7])
    assert ranked([early, late]) == [late, early] and best_of([early, late]) is late


# -- looking at a search -------------------------------------------------------------------------------------------------


@given(st.floats(1e-6, 1.0), st.floats(1.5, 1e3), st.booleans())
def test_an_axis_reads_what_it_writes(low, factor, log):
    axis = Axis(path="optimizer.learning_rate", low=low, high=low * factor, log=log)
    assert Axis.parse(axis.text()) == axis


@pytest.mark.parametrize("text", ["optimizer.kind=sgd,adam", "batch_size=32,64", "shift=0..3:linear"])
def test_an_axis_of_values_or_whole_numbers_reads_what_it_writes(text):
    assert Axis.parse(Axis.parse(text).text()) == Axis.parse(text)


@given(st.lists(st.tuples(st.floats(0, 1), st.integers(0, 3), st.floats(0, 1)), max_size=30))
def test_every_trial_stands_in_the_cell_that_holds_its_values(drawn):
    shift = Axis(path="shift", low=0, high=3)
    trials = [
        whole(i, [score], values={RATE.path: RATE.at(share), "shift": moved})
        for i, (share, moved, score) in enumerate(drawn)
    ]
    cells = table(RATE, shift, [*trials, whole(99, [0.1], score=None)], most=5)
    assert len(cells) == 4 and {len(row) for row in cells} == {5}
    found = [trial.number for row in cells for cell in row for trial in cell]
    assert sorted(found) == list(range(len(trials)))
    for i, row in enumerate(cells):
        for j, cell in enumerate(row):
            assert [trial.score for trial in cell] == sorted((trial.score for trial in cell), reverse=True)
            for trial in cell:
                assert trial.values["shift"] == i
                assert j / 5 - 1e-3 <= RATE.share(trial.values[RATE.path]) <= (j + 1) / 5 + 1e-3
    assert sum(len(cell) for cell in table(RATE, None, trials)[0]) == len(trials)
