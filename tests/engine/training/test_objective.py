"""Every loss, penalty, clipping, projection and update rule against a few independent lines of numpy."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from cvlab.engine.losses import LOSSES
from cvlab.engine.nets import zoo
from cvlab.engine.training.learner import Learner
from cvlab.engine.training.objective import batch_loss, hinge, make_optimizer, penalty, plain_loss
from cvlab.engine.training.recipe import Loss, Recipe

RECIPE = Recipe(data="bars", batch_size=50, held_out=0.0, epochs=4, threads=1, device="cpu")


def softmax_gradient(scores, y, smoothing=0.0):
    """(mean loss, dL/dscores) of softmax with label smoothing."""
    n, k = scores.shape
    p = np.exp(scores - scores.max(axis=1, keepdims=True))
    p /= p.sum(axis=1, keepdims=True)
    target = np.full((n, k), smoothing / k)
    target[np.arange(n), y] += 1 - smoothing
    return -(target * np.log(p)).sum(axis=1).mean(), (p - target) / n


def hinge_gradient(scores, y, margin):
    n = len(y)
    loss, d = 0.0, np.zeros_like(scores)
    for i in range(n):
        for j in range(scores.shape[1]):
            gap = scores[i, j] - scores[i, y[i]] + margin
            if j != y[i] and gap > 0:
                loss += gap / n
                d[i, j] += 1 / n
                d[i, y[i]] -= 1 / n
    return loss, d


def update(s, x, dx, state, t, rate):
    """The rules of the course, section 9.5, one line or three each."""
    if s.kind == "sgd":
        return x - rate * dx
    if s.kind == "momentum":
        state["v"] = s.momentum * state.get("v", 0.0) + dx  # PyTorch's: the rate multiplies the whole velocity
        return x - rate * state["v"]
    if s.kind == "nesterov":
        # x is the point ahead, as PyTorch keeps it: the ball is at x - mu v.
        old = state.get("v", np.zeros_like(x))
        state["v"] = s.momentum * old - rate * dx
        return x - s.momentum * old + state["v"] + s.momentum * state["v"]
    if s.kind == "adagrad":
        state["c"] = state.get("c", 0.0) + dx**2
        return x - rate * dx / (np.sqrt(state["c"]) + s.eps)
    if s.kind == "rmsprop":
        state["c"] = s.decay_rate * state.get("c", 0.0) + (1 - s.decay_rate) * dx**2
        return x - rate * dx / (np.sqrt(state["c"]) + s.eps)
    state["m"] = s.beta1 * state.get("m", 0.0) + (1 - s.beta1) * dx
    state["v"] = s.beta2 * state.get("v", 0.0) + (1 - s.beta2) * dx**2
    mt, vt = state["m"] / (1 - s.beta1**t), state["v"] / (1 - s.beta2**t)
    shrink = rate * s.weight_decay * x if s.kind == "adamw" and x.ndim > 1 else 0.0
    return x - shrink - rate * mt / (np.sqrt(vt) + s.eps)


def follow(data, recipe, steps=9, rates=None):
    """Trains a linear classifier by the engine and by numpy side by side, and compares losses and weights at every step."""
    learner = Learner(zoo.linear_classifier((1, 8, 8), 3), data, recipe)
    W, b = (learner.weights()[f"fc1.{name}"].astype(float) for name in ("weight", "bias"))
    order = [learner._draw(1, e, lambda g: torch.randperm(300, generator=g)).numpy() for e in range(2)]
    order = np.concatenate(order)
    states, reg, s = ({}, {}), recipe.regularisation, recipe.optimizer
    l2 = 0.0 if s.kind == "adamw" else s.weight_decay
    for t in range(1, steps + 1):
        if learner.epoch_is_over:
            learner.end_epoch()
        chosen = order[(t - 1) * 50 : t * 50]
        X = data.train.images.numpy()[chosen].reshape(50, -1) / 127.5 - 1
        y = data.train.labels.numpy()[chosen]
        result = learner.advance()
        rate = s.learning_rate if rates is None else rates(t - 1)
        assert result.learning_rate == pytest.approx(rate, rel=1e-9)
        scores = X @ W.T + b
        if recipe.loss.kind == "hinge":
            loss, d = hinge_gradient(scores, y, recipe.loss.margin)
        else:
            loss, d = softmax_gradient(scores, y, recipe.loss.label_smoothing)
        dW, db = d.T @ X, d.sum(axis=0)
        assert result.loss.item() == pytest.approx(loss, rel=2e-5, abs=1e-6)
        length = math.sqrt((dW**2).sum() + (db**2).sum())
        if reg.clip and length > reg.clip:
            dW, db = dW * reg.clip / length, db * reg.clip / length
        dW = dW + l2 * W + reg.l1 * np.sign(W)
        W, b = update(s, W, dW, states[0], t, rate), update(s, b, db, states[1], t, rate)
        if reg.max_norm:
            length = np.sqrt((W**2).sum(axis=1, keepdims=True))
            W = np.where(length > reg.max_norm, W * reg.max_norm / length, W)
        np.testing.assert_allclose(learner.weights()["fc1.weight"], W, rtol=2e-4, atol=5e-6)
        np.testing.assert_allclose(learner.weights()["fc1.bias"], b, rtol=2e-4, atol=5e-6)
    return learner


KINDS = ["sgd", "momentum", "nesterov", "adagrad", "rmsprop", "adam", "adamw"]


@pytest.mark.parametrize("kind", KINDS)
def test_every_optimizer_equals_its_rule(data, kind):
    settings_ = {"optimizer.kind": kind, "optimizer.learning_rate": 0.01, "optimizer.weight_decay": 0.05,
                 "optimizer.momentum": 0.8, "optimizer.beta1": 0.8, "optimizer.beta2": 0.99, "optimizer.decay_rate": 0.9,
                 "optimizer.eps": 1e-4}  # fmt: skip
    follow(data, RECIPE.changed(**settings_))


@pytest.mark.parametrize(
    "change",
    [
        {"regularisation.l1": 0.02},
        {"regularisation.l1": 0.02, "optimizer.weight_decay": 0.1},  # elastic net
        {"regularisation.max_norm": 0.5},
        {"regularisation.clip": 0.1},
        {"regularisation.clip": 0.1, "optimizer.weight_decay": 0.5, "regularisation.max_norm": 0.4},
        {"loss.kind": "hinge"},
        {"loss.kind": "hinge", "loss.margin": 0.3},
        {"loss.label_smoothing": 0.2},
    ],
)
def test_every_penalty_projection_and_loss_equals_its_formula(data, change):
    follow(data, RECIPE.changed(**{"optimizer.kind": "sgd", "optimizer.learning_rate": 0.05} | change))


@pytest.mark.parametrize(
    ("schedule", "rate"),
    [
        ({"kind": "constant"}, lambda t: 0.05),
        ({"kind": "step", "factor": 0.5, "every": 0.5}, lambda t: 0.05 * 0.5 ** (t // 3)),
        ({"kind": "exponential", "k": 0.6}, lambda t: 0.05 * math.exp(-0.1 * t)),
        ({"kind": "1/t", "k": 3.0}, lambda t: 0.05 / (1 + 0.5 * t)),
        ({"kind": "cosine"}, lambda t: 0.05 * (1 + math.cos(math.pi * t / 24)) / 2),
        ({"kind": "warm-up", "warm": 0.5},
         lambda t: 0.05 * (max(0.01, t / 3) if t < 3 else (1 + math.cos(math.pi * (t - 3) / 21)) / 2)),
        ({"kind": "one-cycle", "peak_at": 0.25},
         lambda t: 0.05 * (1 - 0.96 * (1 + math.cos(math.pi * t / 6)) / 2) if t < 6 else
         0.05 * (4e-6 + (1 - 4e-6) * (1 + math.cos(math.pi * (t - 6) / 18)) / 2)),
    ],
)  # fmt: skip
def test_every_schedule_gives_its_rate_step_by_step(data, schedule, rate):
    recipe = RECIPE.changed(schedule=schedule, **{"optimizer.kind": "sgd", "optimizer.learning_rate": 0.05})
    follow(data, recipe, rates=rate)


def test_the_schedule_follows_the_epochs_when_the_batch_size_changes(net, data):
    learner = Learner(net, data, RECIPE.changed(schedule="cosine"))
    for _ in range(6):
        learner.advance()
    learner.end_epoch()
    before = learner.learning_rate
    learner.turn("batch_size", 10)
    assert learner.learning_rate == pytest.approx(before)


@given(st.integers(1, 6), st.integers(2, 5), st.floats(0, 3), st.integers(0, 2**20))
@settings(max_examples=30, deadline=None)
def test_hinge_equals_the_course_module(n, k, margin, seed):
    dice = torch.Generator().manual_seed(seed)
    scores = torch.randn((n, k), generator=dice, dtype=torch.float64)
    y = torch.randint(0, k, (n,), generator=dice)
    want = LOSSES["hinge"].rows(scores.numpy(), y.numpy(), margin).L
    np.testing.assert_allclose(hinge(scores, y, margin), want)
    one_hot = torch.nn.functional.one_hot(y, k).double()
    np.testing.assert_allclose(hinge(scores, one_hot, margin), want, err_msg="shares of classes, all on one")


def test_loss_of_a_batch_and_of_a_judgement():
    scores, y = torch.tensor([[2.0, 0.0, -1.0], [0.0, 3.0, 0.0]]), torch.tensor([0, 2])
    smooth = Loss(label_smoothing=0.3)
    p = scores.softmax(1)
    assert plain_loss(scores, y, smooth).item() == pytest.approx(-(p[0, 0].log() + p[1, 2].log()).item())
    assert batch_loss(scores, y, smooth).item() != pytest.approx(batch_loss(scores, y, Loss()).item())


def test_penalty_counts_weights_and_no_biases():
    net = torch.nn.Linear(3, 2)
    recipe = Recipe().changed(**{"optimizer.l2": 0.5, "regularisation.l1": 0.1})
    w = net.weight.detach().numpy().astype(float)
    assert penalty(net, recipe).item() == pytest.approx(0.25 * (w**2).sum() + 0.1 * abs(w).sum(), rel=1e-5)


@pytest.mark.parametrize("kind", KINDS)
def test_an_optimizer_that_may_be_recorded_does_not_complain_of_steps_that_are_not(kind):
    """PyTorch warns of the first step of a `capturable` optimizer that no CUDA graph records: a run's first steps never are."""
    layer = nn.Linear(2, 2)
    recipe = RECIPE.changed(**{"optimizer.kind": kind})
    optimizer = make_optimizer(layer, recipe, torch.device("cpu"), replayable=True)
    assert optimizer._warned_capturable_if_run_uncaptured
