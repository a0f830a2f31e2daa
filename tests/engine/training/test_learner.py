"""One step against the update rules of the course, written out in numpy; shifts against a loop."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from cvlab.engine.nets import zoo
from cvlab.engine.nets.trained import TrainedNet
from cvlab.engine.schedules import constant, cosine
from cvlab.engine.training.learner import Learner, shift
from cvlab.engine.training.recipe import Recipe


def softmax_loss_gradient(W, b, X, y):
    """dW, db of the mean softmax loss of scores = X W^T + b."""
    scores = X @ W.T + b  # (N, K)
    p = np.exp(scores - scores.max(axis=1, keepdims=True))
    p /= p.sum(axis=1, keepdims=True)
    loss = -np.log(p[np.arange(len(y)), y]).mean()
    p[np.arange(len(y)), y] -= 1
    p /= len(y)
    return loss, p.T @ X, p.sum(axis=0)


def update(kind, x, dx, state, t, rate):
    """The course's rules, section 9.5; Adam with bias correction."""
    if kind == "sgd":
        return x - rate * dx
    if kind == "momentum":
        # PyTorch keeps v in units of the gradient; with a constant rate that is the course's v divided by -rate.
        state["v"] = 0.9 * state.get("v", 0.0) - rate * dx
        return x + state["v"]
    state["m"] = 0.9 * state.get("m", 0.0) + 0.1 * dx
    state["v"] = 0.999 * state.get("v", 0.0) + 0.001 * dx**2
    mt, vt = state["m"] / (1 - 0.9**t), state["v"] / (1 - 0.999**t)
    return x - rate * mt / (np.sqrt(vt) + 1e-8)


@pytest.mark.parametrize("kind", ["sgd", "momentum", "adam"])
def test_every_optimizer_equals_its_rule_in_numpy(data, kind):
    net = zoo.linear_classifier((1, 8, 8), 3)
    decay, rate = 0.05, 0.01
    recipe = Recipe(data="bars", batch_size=50, held_out=0.0, epochs=1, threads=1, device="cpu").changed(
        **{"optimizer.kind": kind, "optimizer.learning_rate": rate, "optimizer.weight_decay": decay}
    )
    learner = Learner(net, data, recipe)
    W, b = (learner.weights()[f"fc1.{name}"].astype(float) for name in ("weight", "bias"))
    order = learner._draw(1, 0, lambda g: torch.randperm(300, generator=g)).numpy()
    states = {}, {}
    for t in range(1, 7):
        chosen = order[(t - 1) * 50 : t * 50]
        X = data.train.images.numpy()[chosen].reshape(50, -1) / 127.5 - 1
        y = data.train.labels.numpy()[chosen]
        result = learner.advance()
        loss, dW, db = softmax_loss_gradient(W, b, X, y)
        assert result.loss.item() == pytest.approx(loss, rel=1e-5)
        # The penalty ½λw² adds λw to the gradient of the weights, and nothing to that of the biases.
        W = update(kind, W, dW + decay * W, states[0], t, rate)
        b = update(kind, b, db, states[1], t, rate)
        np.testing.assert_allclose(learner.weights()["fc1.weight"], W, rtol=1e-4, atol=2e-6)
        np.testing.assert_allclose(learner.weights()["fc1.bias"], b, rtol=1e-4, atol=2e-6)


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
