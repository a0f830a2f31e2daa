"""Files that are not weights, or only a part of them, are refused in words and change nothing."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cvlab.engine.errors import NotOurFile
from cvlab.engine.nets.trained import TrainedNet
from cvlab.engine.training.checkpoint import read_weights, restore, resume_bytes, weights_bytes
from cvlab.engine.training.learner import Learner
from cvlab.engine.training.recipe import Recipe

RECIPE = Recipe(data="bars", threads=1, device="cpu")


@pytest.fixture
def learner(net, data):
    return Learner(net, data, RECIPE)


def test_round_trip(learner):
    again = read_weights(weights_bytes(learner.weights()))
    for name, value in learner.weights().items():
        np.testing.assert_array_equal(again[name], value)


@pytest.mark.parametrize("size", [0, 4, 8, 60, -1])
def test_a_cut_weights_file(learner, size):
    with pytest.raises(NotOurFile, match="not a weights file"):
        read_weights(weights_bytes(learner.weights())[:size])


@given(st.binary(max_size=400))
@settings(max_examples=100, deadline=None)
def test_random_bytes_are_no_weights(data):
    with pytest.raises(NotOurFile):
        read_weights(data)


def test_a_pickle_is_never_opened():
    import pickle

    with pytest.raises(NotOurFile):
        read_weights(pickle.dumps({"conv1.weight": 1}))


def test_a_cut_checkpoint_leaves_the_learner_as_it_was(learner):
    learner.advance()
    before, data = learner.weights(), resume_bytes(learner)
    learner.advance()
    after = learner.weights()
    for size in (0, 7, 100, len(data) - 1):
        with pytest.raises(NotOurFile, match="damaged"):
            restore(learner, data[:size])
        assert all((learner.weights()[k] == after[k]).all() for k in after)
    restore(learner, data)
    assert learner.step == 1
    assert all((learner.weights()[k] == before[k]).all() for k in before)


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        (lambda w: w.pop("conv1.bias"), "conv1.bias is missing"),
        (lambda w: w.update({"conv9.bias": w["conv1.bias"]}), "conv9.bias belongs to no layer"),
        (lambda w: w.update({"conv1.bias": np.zeros(5, np.float32)}), r"conv1.bias is \(5,\), the net needs \(4,\)"),
    ],
)
def test_weights_of_another_net(learner, net, damage, words):
    weights = learner.weights()
    damage(weights)
    with pytest.raises(NotOurFile, match=words):
        TrainedNet.assemble(net, weights, learner.preprocessing, learner.data.classes)
