import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from cvlab.engine.classifier import LinearClassifier, Objective, evaluate
from cvlab.engine.data import toy
from cvlab.engine.gradient_check import numeric_gradient, relative_error
from cvlab.engine.linear import append_one
from cvlab.engine.loss_slices import MAX_AT_ONCE, SLICES, classifier_slice, hinge_bowl, net_slice
from cvlab.engine.losses import LOSSES, PENALTIES
from cvlab.engine.race import Race, usual_racers

places = st.tuples(st.floats(-2, 2), st.floats(-2, 2)).map(np.array)


@given(places, st.sampled_from(sorted(LOSSES)), st.sampled_from(sorted(PENALTIES)))
@settings(deadline=None, max_examples=60)
def test_a_classifiers_slice_is_its_loss_and_its_gradient(place, loss, penalty):
    lab = LinearClassifier.of_blobs()
    objective = Objective(loss=loss, penalty=penalty, lambda_1=0.3, lambda_2=0.2)
    surface = classifier_slice(lab.X, lab.y, lab.W, lab.b, objective, first=(2, 1), second=(0, 0))
    W = lab.W.copy()
    W[2, 1], W[0, 0] = place
    there = evaluate(lab.X, lab.y, W, lab.b, objective)
    assert surface.height(place) == pytest.approx(there.total, rel=1e-12)
    np.testing.assert_allclose(surface.gradient(place), [there.dW[2, 1], there.dW[0, 0]], rtol=1e-9, atol=1e-12)


@given(places, places, st.floats(0, 1))
@settings(deadline=None, max_examples=60)
def test_the_hinge_bowl_is_convex(a, b, share):
    surface = hinge_bowl()
    between = surface.height(share * a + (1 - share) * b)
    assert between <= share * surface.height(a) + (1 - share) * surface.height(b) + 1e-9


@given(places)
@settings(deadline=None, max_examples=30)
def test_the_slopes_of_a_net_equal_torch(place):
    surface = net_slice(seed=3)
    rng = np.random.default_rng(3)
    W1, A1, B1 = map(torch.from_numpy, rng.normal(0.0, 1.0, (3, 8, 3)))
    W2, A2, B2 = map(torch.from_numpy, rng.normal(0.0, 1.0, (3, 3, 8)))
    X, y = toy.spiral(12, 3, noise=0.1, seed=3)
    X, y = torch.from_numpy(append_one(2.0 * X)), torch.from_numpy(y)
    u, v = (torch.tensor(number, requires_grad=True) for number in place)
    scores = torch.relu(X @ (W1 + u * A1 + v * B1).T) @ (W2 + u * A2 + v * B2).T
    loss = torch.nn.functional.cross_entropy(scores, y)
    loss.backward()
    assert surface.height(place) == pytest.approx(loss.item(), rel=1e-10)
    np.testing.assert_allclose(surface.gradient(place), [u.grad.item(), v.grad.item()], rtol=1e-9, atol=1e-10)
    numeric = numeric_gradient(surface.height, place)
    assert relative_error(surface.gradient(place), numeric, floor=10.0).max() < 1e-2  # an edge may be near


def test_a_net_is_no_bowl():
    z = net_slice().grid(61, 61)[2]
    inner = z[1:-1, 1:-1]
    around = np.array([z[1 + i : 60 + i, 1 + j : 60 + j] for i in (-1, 0, 1) for j in (-1, 0, 1) if (i, j) != (0, 0)])
    assert (inner < around.min(axis=0)).sum() == 4


def test_many_points_are_computed_in_parts_and_far_ones_not_at_all():
    for surface in (hinge_bowl(), net_slice()):
        side = int(MAX_AT_ONCE**0.5) + 10
        x, y, z = surface.grid(side, side)
        for i, j in ((0, 0), (side - 1, 3), (side // 2, side // 2)):
            assert z[i, j] == pytest.approx(surface.height(np.array([x[j], y[i]])), rel=1e-12)
        assert np.isnan(surface.height(np.array([1e200, 0.0])))
        assert np.isnan(surface.height(np.array([np.nan, 0.0])))


@pytest.mark.parametrize("name", sorted(SLICES))
def test_nine_race_on_it(name):
    surface = SLICES[name]()
    assert surface.id == name
    race = Race(surface, usual_racers(surface))
    race.jump(60)
    assert all(race.heights(racer.name)[-1] < race.heights(racer.name)[0] for racer in race.racers)
    assert not any(race.ending(racer.name) for racer in race.racers)


def test_from_one_start_the_rules_end_in_different_valleys_of_the_net():
    surface = net_slice()
    race = Race(surface, usual_racers(surface))
    race.jump(300)
    ends = {tuple(race.path(name)[-1].round(1)) for name in ("SGD", "Adagrad", "Adam")}
    assert len(ends) == 3
