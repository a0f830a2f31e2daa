"""What a learner sees and gives back: shifts against a loop, evaluation without dropout, activations."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from cvlab.engine.nets.trained import TrainedNet
from cvlab.engine.schedules import constant, cosine
from cvlab.engine.training.learner import Learner
from cvlab.engine.training.plan import shift
from cvlab.engine.training.recipe import Recipe


@given(st.integers(1, 3), st.integers(0, 2**20))
@settings(max_examples=20, deadline=None)
def test_shift_moves_each_image_by_its_own_offset(most, seed):
    dice = torch.Generator().manual_seed(seed)
    images = torch.randint(0, 256, (5, 2, 7, 6), generator=dice, dtype=torch.uint8)
    offsets = torch.randint(0, 2 * most + 1, (2, 5), generator=dice)
    moved = shift(images, most, offsets)
    for i in range(5):
        down, right = (int(offsets[k, i]) - most for k in (0, 1))
        for row in range(7):
            for column in range(6):
                r, c = row + down, column + right
                inside = 0 <= r < 7 and 0 <= c < 6
                expected = images[i, :, r, c] if inside else torch.zeros(2, dtype=torch.uint8)
                assert torch.equal(moved[i, :, row, column], expected)


def test_dropout_is_off_when_evaluating_and_when_predicting(net, data):
    learner = Learner(net, data, Recipe(data="bars", threads=1, device="cpu"))
    first = learner.evaluate(data.test.images, data.test.labels)
    assert first == learner.evaluate(data.test.images, data.test.labels)
    trained = learner.trained()
    assert isinstance(trained, TrainedNet)
    p = trained.predict(data.test.images)
    assert p.shape == (90, 3)
    np.testing.assert_allclose(p.sum(axis=1), 1, rtol=1e-5)
    assert (p.argmax(axis=1) == data.test.labels.numpy()).mean() == pytest.approx(first[1])


def test_activations_are_those_of_a_plain_forward(net, data):
    learner = Learner(net, data, Recipe(data="bars", threads=1, device="cpu"))
    trained = learner.trained()
    probabilities, seen = trained.look(data.test.images[0])
    assert set(seen) == {node.name for node in net.nodes}
    x = torch.from_numpy(seen["input"])[None]
    conv = trained.module.conv1
    reference = torch.nn.functional.conv2d(x, conv.weight, conv.bias, padding=1)[0]
    np.testing.assert_allclose(seen["conv1"], reference.detach().numpy(), atol=1e-5)
    np.testing.assert_allclose(seen["relu1"], np.maximum(seen["conv1"], 0), atol=0)
    np.testing.assert_allclose(probabilities, trained.predict(data.test.images[:1])[0], atol=1e-6)


def test_schedules():
    assert constant(0.1, 7, 10) == 0.1
    assert cosine(0.1, 0, 10) == 0.1
    assert cosine(0.1, 5, 10) == pytest.approx(0.05)
    assert cosine(0.1, 10, 10) == pytest.approx(0.0)
    assert cosine(0.1, 15, 10) == pytest.approx(0.0)


def test_an_epoch_whose_held_out_loss_is_no_number_is_not_the_best_for_ever(net, data):
    recipe = Recipe(data="bars", epochs=9, threads=1, device="cpu").changed(
        **{"early_stopping.patience": 3, "early_stopping.watch": "loss"}
    )
    learner = Learner(net, data, recipe)
    for epoch, loss in enumerate((float("nan"), float("nan"), 0.5, 0.7), 1):
        learner.epoch = epoch
        learner.watch(loss, 0.5)
    assert learner.best.epoch == 3 and not learner.is_done
