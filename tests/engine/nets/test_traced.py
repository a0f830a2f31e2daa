"""torchvision's models as nets of ours: the same numbers, published sizes, and words for what cannot be read."""

import pytest
import torch
from torch import nn

from cvlab.engine.errors import NetError
from cvlab.engine.nets.build import build
from cvlab.engine.nets.exchange.assembler import NotHere
from cvlab.engine.nets.exchange.traced import read_model, read_torchvision
from cvlab.engine.nets.shapes import infer
from cvlab.engine.nets.trained import load_weights


@pytest.mark.parametrize(
    ("name", "parameters", "multiply_adds"),
    [
        ("alexnet", 61_100_840, 0.714e9),
        ("vgg11", 132_863_336, 7.609e9),
        ("resnet18", 11_689_512, 1.814e9),
        ("squeezenet1_1", 1_235_496, 0.349e9),
    ],
)
def test_torchvision_models_have_their_published_size(name, parameters, multiply_adds):
    imported = read_torchvision(name)
    report = infer(imported.net)
    assert not report.errors and report.parameters == parameters
    assert report.multiply_adds == pytest.approx(multiply_adds, rel=0.002)


def test_resnet18_gives_the_same_scores():
    from cvlab.engine.data.vision import torchvision

    torchvision()
    from torchvision.models import resnet18

    torch.manual_seed(0)
    model = resnet18(weights=None, num_classes=7).train()
    imported = read_model(model, (3, 64, 64), "resnet18")
    assert model.training, "the model is left as it was"
    ours = build(imported.net)
    load_weights(ours, imported.weights)
    x = torch.randn(2, 3, 64, 64)
    with torch.inference_mode():
        torch.testing.assert_close(ours.eval()(x), model.eval()(x), rtol=1e-5, atol=1e-5)
    assert imported.net.by_name["layer1_0_conv1"].layer.filters == 64


class Odd(nn.Module):
    def __init__(self, forward):
        super().__init__()
        self.conv = nn.Conv2d(1, 4, 3)
        self.gru = nn.ReLU6()
        self.linear = nn.Linear(4 * 36, 10)
        self._forward = forward

    def forward(self, x):
        return self._forward(self, x)


@pytest.mark.parametrize(
    ("forward", "words"),
    [
        (lambda m, x: m.gru(m.conv(x)).sin(), "ReLU6 (1×), sin (1×)"),
        (lambda m, x: m.conv(x) if x.sum() > 0 else x, "cannot be traced"),
        (lambda m, x: torch.cat([x, x], dim=2), "along dimension 2"),
        (lambda m, x: m.linear(torch.flatten(x, 1)), "expects 144 inputs; it gets 64"),
        (lambda m, x: (x, x), "more than one value"),
        (lambda m, x: torch.flatten(x), "from dimension 0"),
        (lambda m, x: m.conv(torch.cat([m.conv(x)[:, :1]], 1)), "getitem"),
    ],
)
def test_what_cannot_be_read_is_named(forward, words):
    with pytest.raises(NotHere) as caught:
        read_model(Odd(forward), (1, 8, 8))
    assert words in str(caught.value)


def test_functions_and_wide_stacks_are_read():
    def forward(m, x):
        y = torch.relu(m.conv(x))
        return torch.cat([y] * 11, dim=1).mean([2, 3])

    model = Odd(forward)
    imported = read_model(model, (1, 8, 8))
    assert infer(imported.net).layers[imported.net.order[-1]].output == (44,)
    ours = build(imported.net)
    load_weights(ours, imported.weights)
    x = torch.randn(3, 1, 8, 8)
    with torch.inference_mode():
        torch.testing.assert_close(ours.eval()(x), model.eval()(x))


@pytest.mark.parametrize("side", range(5, 12))
@pytest.mark.parametrize(
    ("kernel", "stride", "padding"), [(3, 2, 0), (3, 2, 1), (2, 2, 0), (2, 3, 1), (3, 3, 1), (4, 3, 2)]
)
def test_pools_that_round_up_are_pools_behind_zeros(side, kernel, stride, padding):
    model = nn.Sequential(nn.Conv2d(1, 2, 1), nn.ReLU(), nn.MaxPool2d(kernel, stride, padding, ceil_mode=True))
    imported = read_model(model, (1, side, side + 1))
    ours, x = build(imported.net), torch.randn(2, 1, side, side + 1)
    load_weights(ours, imported.weights)
    with torch.inference_mode():
        assert torch.equal(ours.eval()(x), model.eval()(x))


def test_a_pool_that_rounds_up_over_negative_numbers_is_refused():
    with pytest.raises(NotHere, match="ceil_mode=True"):
        read_model(nn.Sequential(nn.Conv2d(1, 2, 1), nn.MaxPool2d(3, 2, ceil_mode=True)), (1, 8, 8))
    assert len(read_torchvision("googlenet").net.nodes) > 150


def test_an_unknown_name_is_refused():
    with pytest.raises(NetError, match="Choose one of: alexnet"):
        read_torchvision("resnet9000")
    with pytest.raises(NotHere, match="ReLU6"):
        read_torchvision("mobilenet_v2")
