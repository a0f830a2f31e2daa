"""First weights: their variances by the course's formulas, angles, biases, and the same for the same seed."""

import math

import numpy as np
import pytest
import torch

from cvlab.engine.nets.architecture import Architecture
from cvlab.engine.nets.build import build
from cvlab.engine.nets.layers import Conv, Flatten, Input, Linear, Relu
from cvlab.engine.training.initialisation import initialise
from cvlab.engine.training.learner import Learner
from cvlab.engine.training.recipe import Initialisation, Recipe

WIDE = Architecture.chain(
    "wide", [Input(channels=16, height=8, width=8), Conv(filters=64, kernel=3, padding=1), Relu(), Flatten(), Linear(units=50)]
)  # fmt: skip


def drawn(how, seed=0):
    module = build(WIDE, seed=0)
    initialise(module, how, torch.Generator().manual_seed(seed))
    return {name: value.detach().numpy() for name, value in module.named_parameters()}


@pytest.mark.parametrize(
    ("kind", "variance"),
    [
        ("small", lambda n, m: 0.01**2),
        ("large", lambda n, m: 1.0),
        ("xavier", lambda n, m: 1 / n),
        ("glorot", lambda n, m: 2 / (n + m)),
        ("he", lambda n, m: 2 / n),
    ],
)
def test_variances(kind, variance):
    w = drawn(Initialisation(kind=kind))
    # inputs and outputs of a unit: 16 channels of 3 x 3, 64 filters of 3 x 3; 64 * 8 * 8 numbers, 50 units
    for name, n, m in (("conv1.weight", 144, 576), ("fc1.weight", 4096, 50)):
        std = math.sqrt(variance(n, m))
        assert w[name].std() == pytest.approx(std, rel=0.02), name
        assert abs(w[name].mean()) < 4 * std / math.sqrt(w[name].size)
    assert not w["conv1.bias"].any() and not w["fc1.bias"].any()


def test_zeros_and_set_biases():
    w = drawn(Initialisation(kind="zeros", bias="set", bias_value=0.01))
    assert not w["conv1.weight"].any() and (w["fc1.bias"] == np.float32(0.01)).all()
    own = drawn(Initialisation(kind="pytorch", bias="set"))
    assert not own["fc1.bias"].any() and own["fc1.weight"].std() > 0


def test_orthogonal():
    w = drawn(Initialisation(kind="orthogonal"))
    for name in ("conv1.weight", "fc1.weight"):
        rows = w[name].reshape(len(w[name]), -1).astype(float)
        np.testing.assert_allclose(rows @ rows.T, 2 * np.eye(len(rows)), atol=1e-5)


def test_he_keeps_the_variance_through_relu():
    deep = Architecture.chain("deep", [Input(height=16, width=16), Flatten(), *[Linear(units=256), Relu()] * 10])
    spreads = {}
    for kind in ("small", "he"):
        module = build(deep, seed=0)
        initialise(module, Initialisation(kind=kind), torch.Generator().manual_seed(1))
        with torch.no_grad():
            spreads[kind] = module(torch.randn(200, 1, 16, 16, generator=torch.Generator().manual_seed(2))).std().item()
    assert spreads["he"] > 0.3 and spreads["small"] < 1e-6, "the course's figure: activations die out"


def test_pytorch_is_left_as_built_and_seeds_matter(net, data):
    base = Recipe(data="bars", threads=1, device="cpu", seed=3)
    built = {name: value.numpy() for name, value in build(net, seed=3).state_dict().items()}
    for name, value in Learner(net, data, base).weights().items():
        np.testing.assert_array_equal(value, built[name])
    he = base.changed(**{"init.kind": "he"})
    first, same, other = (Learner(net, data, r).weights() for r in (he, he.changed(epochs=9), he.changed(seed=4)))
    assert all((first[k] == same[k]).all() for k in first) and (first["conv1.weight"] != other["conv1.weight"]).any()
