"""Which layers have weights, which weights belong to one unit, how many numbers a unit reads: measured on the layers themselves.

The oracle knows no shapes: a weight belongs to an output channel where it changes that channel and no other.
"""

import math

import pytest
import torch
from torch import nn

from cvlab.engine.nets.architecture import Architecture
from cvlab.engine.nets.build import build
from cvlab.engine.nets.layers import REGISTRY, Conv, Flatten, Input, Linear, Misfit, TransposedConv
from cvlab.engine.nets.weighted import by_unit, fans, weighted_layers
from cvlab.engine.training.initialisation import initialise
from cvlab.engine.training.objective import make_optimizer, project
from cvlab.engine.training.recipe import Initialisation, Recipe
from cvlab.engine.training.source import optimizer as optimizer_source
from cvlab.engine.training.source import weighted as weighted_source

INPUTS = [(4, 3, 3), (8,)]
HAS_WEIGHTS = {"norm": False, "conv": True, "linear": True}
"""Role of a layer -> whether what it learns, but for biases, are weights."""
CONVOLUTIONS = [
    Conv(filters=6, kernel=3),
    Conv(filters=6, kernel=2, stride=2, groups=2),
    Conv(filters=8, kernel=3, dilation=2, groups=4, padding=2),
    Conv(filters=8, kernel=4, stride=2, padding=1, groups=8),
    TransposedConv(filters=6, kernel=3, stride=1),
    TransposedConv(filters=6, kernel=2, stride=2),
    TransposedConv(filters=12, kernel=4, stride=2, groups=2, padding=1),
    TransposedConv(filters=8, kernel=5, stride=3, groups=8),
    TransposedConv(filters=6, kernel=3, stride=2, dilation=2, output_padding=1),
]


def learned():
    """(layer, input shape, module) of every layer kind that learns something, on volumes and on vectors."""
    for kind in REGISTRY.values():
        layer = kind()
        for shape in INPUTS if layer.arity == 1 else []:
            try:
                layer.output_shape(shape)
            except Misfit:
                continue
            module = layer.build(shape)
            if any(True for _ in module.parameters()):
                yield layer, shape, module


def test_every_layer_kind_that_learns_is_classified():
    found = {}
    for layer, _, module in learned():
        wanted = HAS_WEIGHTS[layer.role]  # a new role has to say whether penalties apply to it
        assert bool(weighted_layers(module)) == wanted, layer.kind
        found.setdefault(layer.kind, set()).update(p.ndim for p in module.parameters())
    assert found["layernorm"] == {1, 3} and {"conv", "linear", "transposed_conv", "batchnorm"} <= set(found)


@pytest.mark.parametrize("kind", ["adamw", "sgd"])
def test_only_weights_are_decayed_here_and_in_the_script(kind):
    """With no gradient of a loss, a step moves what is decayed and nothing else."""
    recipe = Recipe().changed(**{"optimizer.kind": kind, "optimizer.weight_decay": 0.5, "optimizer.learning_rate": 0.1})
    space = {
        "torch": torch,
        "nn": nn,
        "math": math,
        "DEVICE": torch.device("cpu"),
        "WEIGHT_DECAY": 0.5,
        "LEARNING_RATE": 0.1,
    }
    exec(f"{weighted_source(recipe)}\n\n{optimizer_source(recipe)}", space)  # our own text
    for layer, inputs, module in learned():
        net = nn.ModuleDict({"layer": module})
        for optimizer in (make_optimizer(net, recipe, torch.device("cpu")), space["make_optimizer"](net)):
            params = [p for group in optimizer.param_groups for p in group["params"]]
            assert {id(p) for p in params} == {id(p) for p in module.parameters()} and len(params) == len(set(params))
        moved = {}
        for name, parameter in module.named_parameters():
            nn.init.constant_(parameter, 1.0)
            parameter.grad = torch.zeros_like(parameter)
            moved[name] = parameter
        space["before_step"](net)
        space["make_optimizer"](net).step()
        decayed = {name for name, parameter in moved.items() if (parameter != 1).any()}
        assert decayed == ({"weight"} if HAS_WEIGHTS[layer.role] else set()), (layer.kind, inputs)


@pytest.mark.parametrize("kind", ["zeros", "small", "large", "xavier", "glorot", "he", "orthogonal"])
def test_initializations_leave_normalization_alone(kind):
    for layer, inputs, module in learned():
        before = {name: value.clone() for name, value in module.state_dict().items()}
        initialise(module, Initialisation(kind=kind, bias="set", bias_value=0.25), torch.Generator().manual_seed(1))
        for name, value in module.state_dict().items():
            if HAS_WEIGHTS[layer.role]:
                assert not torch.equal(value, before[name]), (layer.kind, inputs, name)
            else:
                assert torch.equal(value, before[name]), (layer.kind, inputs, name)


def owners(layer, size=7):
    """(weights, output channels) bool: which channel each weight changes."""
    module = layer.build((8, size, size))
    nn.init.zeros_(module.bias)
    found = torch.zeros(module.weight.numel(), module.out_channels, dtype=torch.bool)
    x = torch.rand(1, 8, size, size) + 0.5
    with torch.no_grad():
        for place in range(module.weight.numel()):
            module.weight.zero_()
            module.weight.view(-1)[place] = 1.0
            found[place] = module(x).abs().amax(dim=(0, 2, 3)) > 0
    return module, found


@pytest.mark.parametrize("layer", [layer.model_copy(update={"filters": 8}) for layer in CONVOLUTIONS])
def test_max_norm_shortens_the_weights_into_each_output_channel(layer):
    module, found = owners(layer)
    assert (found.sum(dim=1) == 1).all()
    nn.init.normal_(module.weight, std=2.0)
    before = module.weight.detach().clone().view(-1)
    project([module], 1.5)
    after = module.weight.detach().view(-1)
    lengths = torch.stack([before[found[:, channel]].norm() for channel in range(8)])
    for channel in range(8):
        expected = before[found[:, channel]] * min(1.0, 1.5 / lengths[channel].item())
        torch.testing.assert_close(after[found[:, channel]], expected)
    assert (lengths > 1.5).any()
    view, axes = by_unit(module)
    assert view.data_ptr() == module.weight.data_ptr()
    assert math.prod(view.shape) // math.prod(view.shape[a] for a in axes) == 8


def spread(module, seed):
    """(forward, backward): the mean square of the outputs for inputs of variance 1, and of the gradients of the inputs for such
    of the outputs, in the middle. Outputs of a stride take turns: the middle has 12 places, whole periods of 1, 2, 3 and 4."""
    dice = torch.Generator().manual_seed(seed)
    x = torch.randn((4, 32, 24, 24), generator=dice, requires_grad=True)
    y = module(x)
    y.backward(torch.randn(y.shape, generator=dice))
    y = y[..., 12:24, 12:24] if isinstance(module, nn.ConvTranspose2d) else y
    return y.detach().square().mean().item(), x.grad[..., 6:18, 6:18].square().mean().item()


WIDE = [
    Conv(filters=32, kernel=3),
    Conv(filters=32, kernel=3, groups=4),
    Conv(filters=32, kernel=2, stride=2),
    Conv(filters=32, kernel=4, stride=2, groups=2),
    Conv(filters=64, kernel=3, dilation=2),
    Conv(filters=32, kernel=3, groups=32),
    TransposedConv(filters=32, kernel=3, stride=1),
    TransposedConv(filters=64, kernel=2, stride=2),
    TransposedConv(filters=32, kernel=4, stride=2, groups=4),
    TransposedConv(filters=32, kernel=3, stride=3, groups=32),
    TransposedConv(filters=16, kernel=3, stride=2, dilation=2),
]


@pytest.mark.parametrize("layer", WIDE, ids=lambda layer: f"{layer.kind} {layer.label()}, {layer.groups} groups")
def test_the_variance_is_kept(layer):
    """Xavier keeps that of the outputs, He doubles it for the ReLU, and Glorot's lies between outputs and gradients."""
    n, m = fans(layer.build((32, 8, 8)))
    kept = {"xavier": 1.0, "he": 2.0, "glorot": 2 * n / (n + m), "orthogonal": 2.0}
    for kind, expected in kept.items():
        found = []
        for seed in range(4):
            module = layer.build((32, 8, 8))
            initialise(module, Initialisation(kind=kind), torch.Generator().manual_seed(seed))
            found.append(spread(module, seed))
        forward, backward = torch.tensor(found).mean(dim=0).tolist()
        assert forward == pytest.approx(expected, rel=0.2), kind
        if kind == "glorot":
            assert backward == pytest.approx(2 * m / (n + m), rel=0.2)


@pytest.mark.parametrize("layer", CONVOLUTIONS)
def test_orthogonal_means_the_weights_of_a_units_group(layer):
    module = layer.model_copy(update={"filters": 8}).build((8, 7, 7))
    initialise(module, Initialisation(kind="orthogonal"), torch.Generator().manual_seed(3))
    weight, groups = module.weight.detach().double(), module.groups
    if isinstance(module, nn.ConvTranspose2d):
        weight = weight.unflatten(0, (groups, -1)).transpose(1, 2) / module.stride[0]
    rows = weight.reshape(groups, 8 // groups, -1) / math.sqrt(2)
    for matrix in rows:
        few = matrix if matrix.shape[0] <= matrix.shape[1] else matrix.T
        torch.testing.assert_close(few @ few.T, torch.eye(len(few), dtype=torch.float64), atol=1e-5, rtol=0)


def test_without_groups_a_seed_gives_the_weights_that_it_always_gave():
    """Runs are repeated by their seed: the order of the draws is part of what is promised."""
    net = Architecture.chain(
        "plain", [Input(channels=2, height=6, width=6), Conv(filters=3, kernel=3), Flatten(), Linear(units=4)]
    )
    for kind, std in {"he": lambda w: math.sqrt(2 / w[0].numel()), "small": lambda w: 0.01}.items():
        module = build(net, seed=0)
        initialise(module, Initialisation(kind=kind), torch.Generator().manual_seed(5))
        dice = torch.Generator().manual_seed(5)
        for layer in (module.conv1, module.fc1):
            expected = torch.randn(tuple(layer.weight.shape), generator=dice) * std(layer.weight)
            assert torch.equal(layer.weight, expected)
