"""Ensembles against the definitions: mean of probabilities, Wilson's interval, McNemar's test, averages of weights."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from cvlab.engine.errors import NetError
from cvlab.engine.training.checkpoint import restore, resume_bytes
from cvlab.engine.training.ensemble import Accuracy, Ensemble, compare, mcnemar
from cvlab.engine.training.learner import Learner
from cvlab.engine.training.recipe import Recipe

RECIPE = Recipe(data="bars", batch_size=50, threads=1, device="cpu").changed(**{"optimizer.lr": 0.01})


@given(st.integers(0, 500), st.integers(1, 500))
def test_wilson(right, count):
    right = min(right, count)
    want = stats.binomtest(right, count).proportion_ci(0.95, "wilson")
    mine = Accuracy(right, count)
    assert (mine.low, mine.high) == (pytest.approx(want.low, abs=1e-6), pytest.approx(want.high, abs=1e-6))


@given(st.integers(0, 60), st.integers(0, 60))
def test_mcnemar(one, other):
    want = stats.binomtest(one, one + other).pvalue if one + other else 1.0
    assert mcnemar(one, other) == pytest.approx(want, abs=1e-9)
    assert mcnemar(2000, 2000) == pytest.approx(1.0) and mcnemar(2000, 1000) < 1e-9


def test_the_whole_can_be_better_than_every_member():
    # Three members, each wrong about another one of three images, and unsure where it is wrong.
    p = np.full((3, 3, 2), [0.1, 0.9])
    for i in range(3):
        p[i, i] = [0.55, 0.45]
    found = compare(p, np.array([1, 1, 1]))
    assert [m.right for m in found.members] == [2, 2, 2] and found.whole.right == 3
    assert (
        (found.mended, found.broken) == (1, 0)
        and found.gain == pytest.approx(1 / 3)
        and found.mean == pytest.approx(2 / 3)
    )
    np.testing.assert_allclose(found.agreement, [2 / 3] * 3)


def test_nets_as_one(net, data):
    members = []
    for seed in range(3):
        learner = Learner(net, data, RECIPE.changed(seed=seed))
        for _ in range(5):
            learner.advance()
        members.append(learner.trained(f"seed {seed}"))
    whole = Ensemble(tuple(members))
    p = whole.predict(data.test.images)
    np.testing.assert_allclose(p, sum(m.predict(data.test.images) for m in members) / 3, atol=1e-6)
    found = whole.compare(data.test.images, data.test.labels)
    assert found.titles == ("seed 0", "seed 1", "seed 2")
    assert found.whole.share == pytest.approx((p.argmax(1) == data.test.labels.numpy()).mean())


def test_what_is_no_ensemble(net, data):
    from dataclasses import replace

    one = Learner(net, data, RECIPE).trained()
    with pytest.raises(NetError, match="at least one"):
        Ensemble(())
    with pytest.raises(NetError, match="other classes"):
        Ensemble((one, replace(one, classes=("a", "b", "c"))))


def test_the_running_average_of_a_run(net, data):
    learner = Learner(net, data, RECIPE.changed(averaging=0.9))
    mean = learner.weights()["conv1.weight"].astype(float)
    for step in range(1, 9):
        learner.advance()
        if learner.epoch_is_over:
            learner.end_epoch()
        keep = min(0.9, (1 + step) / (10 + step))
        mean = keep * mean + (1 - keep) * learner.weights()["conv1.weight"]
        if step == 4:
            saved = resume_bytes(learner)
    np.testing.assert_allclose(learner.averaged_weights()["conv1.weight"], mean, rtol=1e-4, atol=1e-6)
    again = Learner(net, data, RECIPE.changed(averaging=0.9))
    restore(again, saved)
    for _ in range(4):
        again.advance()
        if again.epoch_is_over:
            again.end_epoch()
    np.testing.assert_array_equal(again.averaged_weights()["conv1.weight"], learner.averaged_weights()["conv1.weight"])
    assert Learner(net, data, RECIPE).averaged_weights() is None
