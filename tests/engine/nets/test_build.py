"""The module: reordered and in-place ReLUs change no bit, and the fast dropout is dropout."""

import math

import pytest
import torch
from hypothesis import given, settings
from torch import nn

from cvlab.engine.nets import zoo
from cvlab.engine.nets.architecture import Architecture
from cvlab.engine.nets.build import build
from cvlab.engine.nets.dropout import Dropout
from cvlab.engine.nets.layers import Conv, Flatten, Input, Linear, MaxPool, Relu
from cvlab.engine.nets.shapes import infer
from tests.engine.nets.strategies import chains


def plain(net: Architecture) -> nn.Sequential:
    """The same net as everybody would write it, on modules of its own."""
    report = infer(net)
    return nn.Sequential(*(net.by_id[i].layer.build(*report.layers[i].inputs) for i in net.order[1:]))


def same_to_the_bit(net: Architecture, x: torch.Tensor) -> None:
    ours, theirs = build(net, seed=0), plain(net)
    theirs.load_state_dict(dict(zip(theirs.state_dict(), ours.state_dict().values(), strict=True)))
    results = []
    for module in (ours, theirs):
        torch.manual_seed(5)
        image = x.clone().requires_grad_(True)
        scores = module.train()(image)
        scores.square().sum().backward()
        results.append([scores, image.grad, *(p.grad for p in module.parameters())])
    for a, b in zip(*results, strict=True):
        assert torch.equal(a, b)


def test_lenet_in_training_is_the_plain_lenet_bit_for_bit():
    x = torch.randn(20, 1, 28, 28, generator=torch.Generator().manual_seed(1))
    assert [step.module for step in build(zoo.lenet())._steps[:4]] == ["conv1", "pool1", "relu1", "conv2"]
    same_to_the_bit(zoo.lenet(), x)


def test_ties_and_dead_windows_route_the_same_gradients():
    net = Architecture.chain(
        "ties", [Input(height=8, width=8), Conv(filters=3), Relu(), MaxPool(), Flatten(), Linear()]
    )
    x = torch.randint(-1, 2, (30, 1, 8, 8), generator=torch.Generator().manual_seed(2)).float()
    same_to_the_bit(net, x)
    same_to_the_bit(net, torch.zeros(2, 1, 8, 8))


@given(chains())
@settings(max_examples=60, deadline=None)
def test_any_chain_is_the_plain_chain_bit_for_bit(net):
    if not infer(net).errors:
        layer = net.by_name["input"].layer
        dice = torch.Generator().manual_seed(3)
        same_to_the_bit(net, torch.randn(3, layer.channels, layer.height, layer.width, generator=dice))


@pytest.mark.parametrize("drop", [0.5, 0.2, 0.9, 1 / 3])
def test_dropout_drops_its_share_and_keeps_the_mean(drop):
    torch.manual_seed(0)
    n = 200_003
    y = Dropout(drop)(torch.ones(n))
    share = (y == 0).float().mean().item()
    assert abs(share - drop) < 5 * math.sqrt(drop * (1 - drop) / n)
    kept = y[y != 0]
    assert torch.allclose(kept, torch.tensor(1 / (1 - drop)), rtol=1e-4)
    # Neighbours are independent: every one of the four lanes of a random word is as good as the others.
    for lane in range(4):
        assert abs((y[lane::4] == 0).float().mean().item() - drop) < 5 * math.sqrt(4 * drop * (1 - drop) / n)


def test_dropout_gradients_pass_where_numbers_were_kept():
    torch.manual_seed(0)
    x = torch.randn(100, 7, requires_grad=True)
    y = Dropout(0.4)(x)
    y.sum().backward()
    torch.testing.assert_close(x.grad * x.detach(), y.detach())
    assert torch.equal(Dropout(0.4).eval()(x), x) and torch.equal(Dropout(0.0)(x), x)
