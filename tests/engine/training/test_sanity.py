"""The course's sanity checks pass for what is sound, and fail for what is not, with the reason."""

import math

import pytest
import torch

from cvlab.engine.errors import Cancelled
from cvlab.engine.training import sanity
from cvlab.engine.training.recipe import Recipe
from cvlab.engine.training.sanity import (
    CHECKS,
    gradients_agree,
    loss_at_start,
    overfits_few,
    regularisation_raises_loss,
)

RECIPE = Recipe(data="bars", threads=1, device="cpu").changed(**{"optimizer.lr": 0.01})


@pytest.mark.parametrize("check", CHECKS.values(), ids=CHECKS)
@pytest.mark.parametrize("loss", ["softmax", "hinge"])
def test_a_sound_net_passes(net, data, check, loss):
    result = check(net, data, RECIPE.changed(loss=loss))
    assert result.passed and result.reason, result


def test_loss_at_start_names_ln_c(net, data):
    assert f"ln 3 = {math.log(3):.4g}" in loss_at_start(net, data, RECIPE).reason
    large = loss_at_start(net, data, RECIPE.changed(initialisation="large"))
    assert not large.passed and "too large" in large.reason


def test_zero_weights_learn_nothing_and_cost_nothing(net, data, monkeypatch):
    monkeypatch.setattr(sanity, "OVERFIT_STEPS", 30)
    zeros = RECIPE.changed(initialisation="zeros")
    assert not overfits_few(net, data, zeros).passed
    assert "zero" in regularisation_raises_loss(net, data, zeros).reason


def test_overfitting_says_when_the_rate_is_too_high(net, data, monkeypatch):
    monkeypatch.setattr(sanity, "OVERFIT_STEPS", 30)
    wild = overfits_few(
        net, data, RECIPE.changed(**{"optimizer.kind": "sgd", "optimizer.lr": 100.0, "init.kind": "large"})
    )
    assert not wild.passed and len(wild.curve) <= 30


def test_a_wrong_gradient_is_found(net, data, monkeypatch):
    true = torch.nn.functional.relu
    # A rectifier that forgets a factor of two on its way back.
    broken = lambda x, inplace=False: true(x) + (true(x) - true(x).detach())  # noqa: E731
    monkeypatch.setattr(torch.nn.functional, "relu", broken)
    result = gradients_agree(net, data, RECIPE)
    assert not result.passed and "differ" in result.reason


def test_it_can_be_cancelled(net, data):
    with pytest.raises(Cancelled):
        overfits_few(net, data, RECIPE, lambda: True)
