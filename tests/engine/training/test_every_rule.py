"""Optimizers, schedules, penalties, clipping, projection together, with settings drawn at random, against plain numpy in float64.

The net is one matrix and one vector, and its gradients are given: what is held against the formulas is what the engine makes of
them, step by step, with everything that a recipe can put between a gradient and a weight.
"""

import math
import os

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from cvlab.engine.schedules import SCHEDULES
from cvlab.engine.training.objective import clip, make_optimizer, penalise, project, set_rate
from cvlab.engine.training.recipe import Recipe

from .test_objective import KINDS, update

STEPS, PER_EPOCH = 12, 4
EXAMPLES = int(os.environ.get("CVLAB_EXAMPLES", "60"))
"""A long run: CVLAB_EXAMPLES=3000 pytest tests/engine/training/test_every_rule.py"""


def numbers(low, high):
    return st.floats(low, high, allow_nan=False, width=64)


rates = numbers(-4, 0.0).map(lambda power: 10**power)
recipes = st.fixed_dictionaries(
    {
        "optimizer.kind": st.sampled_from(KINDS),
        "optimizer.learning_rate": rates,
        "optimizer.momentum": numbers(0, 0.99),
        "optimizer.beta1": numbers(0, 0.99),
        "optimizer.beta2": numbers(0, 0.9999),
        "optimizer.decay_rate": numbers(0, 0.9999),
        "optimizer.eps": numbers(-8, -1).map(lambda power: 10**power),
        "optimizer.weight_decay": st.one_of(st.just(0.0), numbers(1e-4, 1.0)),
        "regularisation.l1": st.one_of(st.just(0.0), numbers(1e-4, 0.5)),
        "regularisation.clip": st.one_of(st.just(0.0), numbers(0.01, 10)),
        "regularisation.max_norm": st.one_of(st.just(0.0), numbers(0.1, 3)),
        "schedule.kind": st.sampled_from(list(SCHEDULES)),
        "schedule.factor": numbers(0.05, 0.95),
        "schedule.every": numbers(0.3, 5),
        "schedule.k": numbers(0, 3),
        "schedule.warm": numbers(0, 4),
        "schedule.peak_at": numbers(0.05, 0.95),
        "epochs": st.integers(1, 6),
    }
).map(lambda given: Recipe().changed(**given))


def rate_of(recipe, step):
    """The course's schedules with their settings in epochs, at a step from 0."""
    base, s, t, total = recipe.optimizer.learning_rate, recipe.schedule, step / PER_EPOCH, recipe.epochs

    def cosine(share):
        return (1 + math.cos(math.pi * min(share, 1.0))) / 2

    if s.kind == "step":
        return base * s.factor ** math.floor(step / (s.every * PER_EPOCH))
    if s.kind == "exponential":
        return base * math.exp(-s.k * t)
    if s.kind == "1/t":
        return base / (1 + s.k * t)
    if s.kind == "cosine":
        return base * cosine(t / total)
    if s.kind == "warm-up":
        warm = min(s.warm, total)
        if t < warm:
            return base * max(0.01, t / warm)
        return base * cosine((t - warm) / (total - warm)) if total > warm else base * (t <= warm)
    if s.kind == "one-cycle":
        peak = s.peak_at * total
        if t < peak:
            return base * (1 + (0.04 - 1) * cosine(t / peak))
        return base * (4e-6 + (1 - 4e-6) * cosine((t - peak) / (total - peak)))
    return base


@given(recipes, st.integers(0, 2**20))
@settings(max_examples=EXAMPLES, deadline=None)
def test_any_recipe_moves_the_weights_as_its_formulas_say(recipe, seed):
    dice = np.random.default_rng(seed)
    layer = nn.Linear(5, 3).double()
    W, b = dice.normal(size=(3, 5)), dice.normal(size=3)
    with torch.no_grad():
        layer.weight.copy_(torch.from_numpy(W))
        layer.bias.copy_(torch.from_numpy(b))
    parameters, s, reg = list(layer.parameters()), recipe.optimizer, recipe.regularisation
    optimizer = make_optimizer(layer, recipe, torch.device("cpu"))
    states, l2 = ({}, {}), 0.0 if s.kind == "adamw" else s.weight_decay
    for step in range(STEPS):
        dW, db = dice.normal(size=W.shape), dice.normal(size=b.shape)
        layer.weight.grad, layer.bias.grad = torch.from_numpy(dW.copy()), torch.from_numpy(db.copy())
        rate = recipe.schedule.rate_at(s.learning_rate, step, PER_EPOCH, recipe.epochs)
        assert rate == pytest.approx(rate_of(recipe, step), rel=1e-9, abs=1e-15) and rate >= 0
        set_rate(optimizer, rate, recipe)
        clip(parameters, reg.clip)
        penalise([layer], recipe)
        optimizer.step()
        project([layer], reg.max_norm)

        length = math.sqrt((dW**2).sum() + (db**2).sum())
        if reg.clip and length > reg.clip:  # PyTorch adds 1e-6 to the length
            dW, db = dW * reg.clip / (length + 1e-6), db * reg.clip / (length + 1e-6)
        dW = dW + l2 * W + reg.l1 * np.sign(W)
        W, b = update_with(s, W, dW, states[0], step + 1, rate), update_with(s, b, db, states[1], step + 1, rate)
        if reg.max_norm:
            W = W * np.minimum(1.0, reg.max_norm / np.linalg.norm(W, axis=1, keepdims=True))
        np.testing.assert_allclose(layer.weight.detach().numpy(), W, rtol=1e-6, atol=1e-9)
        np.testing.assert_allclose(layer.bias.detach().numpy(), b, rtol=1e-6, atol=1e-9)


def update_with(s, x, dx, state, t, rate):
    """As the course writes them; momentum as PyTorch does where the rate changes, with the rate outside of the velocity."""
    if s.kind == "nesterov" and s.momentum > 0:
        state["v"] = s.momentum * state.get("v", 0.0) + dx
        return x - rate * (dx + s.momentum * state["v"])
    return update(s, x, dx, state, t, rate)
