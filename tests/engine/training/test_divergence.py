"""A loss that blows up without ceasing to be a number is noticed in words, once; one that only jumps, or falls, is not."""

import math
from dataclasses import asdict

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cvlab.engine.errors import Diverged
from cvlab.engine.training.checkpoint import restore, resume_bytes
from cvlab.engine.training.divergence import STEPS, Divergence
from cvlab.engine.training.events import Noticed, RunFailed, RunFinished, StepEnd
from cvlab.engine.training.fit import fit
from cvlab.engine.training.learner import Learner
from cvlab.engine.training.recipe import Recipe

GUESS = math.log(10)
# A step of 100 on the bars ends far from where it began; the weights are pulled back each time, so the loss stays finite.
WILD = Recipe(data="bars", batch_size=30, epochs=12, held_out=0.0, threads=1, device="cpu").changed(
    **{"optimizer.kind": "sgd", "optimizer.learning_rate": 100.0, "regularisation.max_norm": 50.0}
)


def said(losses, images=100, guess=GUESS):
    """(step, words) of all that is said about these losses."""
    seen = Divergence()
    return [(i + 1, words) for i, loss in enumerate(losses) if (words := seen.saw(loss, images, guess))]


def test_a_loss_that_climbs_and_stays_is_told_once():
    ((step, words),) = said([2.3] * 10 + [40.0] * 500)
    assert 10 + STEPS <= step <= 15 + STEPS and "start (2.3;" in words and "now 40." in words


def test_a_net_that_forgets_is_told():
    falls = np.geomspace(2.3, 0.1, 200).tolist()
    ((step, words),) = said(falls + [2.31] * 300)
    assert step < 300 and "forgotten" in words and "2.3" in words


@pytest.mark.parametrize(
    "losses",
    [
        np.geomspace(2.3, 0.01, 400),
        np.concatenate([[2.3] * 5, [80.0] * 20, np.geomspace(3, 0.1, 300)]),  # it comes back
        np.geomspace(400.0, 1.0, 400),  # large first weights
        [2.3026] * 1000,  # it learns nothing, which is no divergence
        np.tile([0.5, 3.5], 300),  # noise
    ],
    ids=["falls", "jumps", "large start", "flat", "noise"],
)
def test_what_is_no_divergence_is_not_told(losses):
    assert said(list(losses)) == []


def test_after_a_recovery_it_may_be_told_again():
    assert len(said([2.3] * 10 + ([40.0] * 100 + [1.0] * 100) * 2)) == 2


def test_a_batch_of_one_does_not_say_where_it_began():
    dice = np.random.default_rng(0)
    assert said([0.001, *(20 * dice.random(600))], images=1) == []


def test_a_loss_without_a_unit_is_not_watched():
    assert said([0.0] * 10 + [50.0] * 300, guess=0.0) == []


@given(st.lists(st.floats(0, 1e30), max_size=300), st.integers(1, 300))
@settings(max_examples=50, deadline=None)
def test_it_survives_any_losses_and_any_interruption(losses, cut):
    whole, first = Divergence(), Divergence()
    told = [whole.saw(loss, 32, GUESS) for loss in losses]
    parts = [first.saw(loss, 32, GUESS) for loss in losses[:cut]]
    second = Divergence(**asdict(first))
    assert parts + [second.saw(loss, 32, GUESS) for loss in losses[cut:]] == told
    assert repr(second) == repr(whole)


def test_a_run_tells_and_goes_on(net, data):
    events = list(fit(Learner(net, data, WILD)))
    told = [event for event in events if isinstance(event, Noticed)]
    assert len(told) == 1 and isinstance(events[-1], RunFinished)
    assert "try" not in told[0].words and "turn it down to 0.1" in told[0].words and "checkpoint" in told[0].words


def test_a_run_stops_where_its_recipe_says_so_and_the_failure_offers_a_rate(net, data):
    tells = list(fit(Learner(net, data, WILD)))
    at = next(event.step for event in tells if isinstance(event, Noticed))
    steps = []
    with pytest.raises(Diverged) as caught:
        for event in fit(Learner(net, data, WILD.changed(**{"early_stopping.diverged": "stop"}))):
            steps += [event] if isinstance(event, StepEnd) else []
    assert caught.value.step == at and steps[-1].step == at - 1, "as a loss that is no number"
    failure = RunFailed.of(caught.value, at)
    assert failure.setting == "optimizer.learning_rate" and failure.suggestion == pytest.approx(0.1)
    assert "try 0.1" in failure.remedy and failure.title.startswith("Training stopped")


def test_cut_at_any_step_it_says_the_same(net, data):
    whole = [(e.step, e.words) for e in fit(Learner(net, data, WILD)) if isinstance(e, Noticed)]
    at = whole[0][0]
    for cut in (at - 1, at, at + 1):
        learner, told = Learner(net, data, WILD), []
        for event in fit(learner):
            told += [(event.step, event.words)] if isinstance(event, Noticed) else []
            if isinstance(event, StepEnd) and event.step == cut:
                break
        other = Learner(net, data, WILD)
        restore(other, resume_bytes(learner))
        told += [(e.step, e.words) for e in fit(other) if isinstance(e, Noticed)]
        assert told == whole
