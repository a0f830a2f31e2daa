"""FC <-> CONV: the same numbers from the other kind of layer, and a net slid over a larger image."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from cvlab.engine.errors import GraphError
from cvlab.engine.nets import zoo
from cvlab.engine.nets.architecture import Architecture
from cvlab.engine.nets.build import build
from cvlab.engine.nets.convert import Converted, agreement, conv_to_fc, fc_to_conv, slide, to_convolutional
from cvlab.engine.nets.layers import AvgPool, BatchNorm, Conv, Flatten, Input, Linear, MaxPool, Relu
from cvlab.engine.nets.shapes import infer
from tests.engine.nets.strategies import rich_convs


def with_weights(net: Architecture) -> Converted:
    module = build(net, seed=4)
    return Converted(net, {k: v.numpy() for k, v in module.state_dict().items()}, 0)


def test_lenets_first_fc_is_a_convolution_of_5x5x16():
    net = zoo.lenet()
    before = with_weights(net)
    after = fc_to_conv(net, net.by_name["fc1"].id, before.weights)
    assert after.net.by_name["fc1"].layer == Conv(filters=120, kernel=5, border="valid")
    assert after.weights["fc1.weight"].shape == (120, 16, 5, 5)
    assert infer(after.net).parameters == infer(net).parameters
    assert agreement(before, after) < 1e-5


def test_all_linear_layers_one_after_the_other_and_the_whole_net():
    net = zoo.lenet()
    before = with_weights(net)
    step = before
    for name in ("fc1", "fc2", "fc3"):
        step = fc_to_conv(step.net, step.net.by_name[name].id, step.weights)
        assert agreement(before, step) < 1e-5
    whole = to_convolutional(net, before.weights)
    assert agreement(before, whole) < 1e-5
    kinds = [whole.net.by_id[i].layer.kind for i in whole.net.order]
    assert "linear" not in kinds and "flatten" not in kinds
    assert infer(whole.net).layers[whole.net.order[-1]].output == (10, 1, 1)


def test_a_linear_layer_behind_a_vector_becomes_a_1x1_convolution():
    net = zoo.two_layer((1, 8, 8))
    before = with_weights(net)
    after = fc_to_conv(net, net.by_name["fc2"].id, before.weights)
    assert after.weights["fc2.weight"].shape == (10, 100, 1, 1) and agreement(before, after) < 1e-5


@given(rich_convs, st.integers(5, 9), st.integers(5, 9))
@settings(max_examples=40, deadline=None)
def test_any_convolution_is_a_linear_layer(conv, height, width):
    net = Architecture.chain(
        "c", [Input(channels=2, height=height, width=width), conv, Relu(), Flatten(), Linear(units=3)]
    )
    if infer(net).errors:
        return
    before = with_weights(net)
    after = conv_to_fc(net, 2, before.weights)
    assert agreement(before, after) < 1e-4
    channels, rows, columns = infer(net).layers[2].output
    units = channels * rows * columns
    assert infer(after.net).layers[2].parameters == units * (2 * height * width + conv.bias)
    assert (after.weights["conv1.weight"] != 0).sum() <= infer(net).layers[2].multiply_adds


def test_there_and_back_gives_the_same_weights():
    net = zoo.lenet(dropout=0)
    before = with_weights(net)
    conv = fc_to_conv(net, net.by_name["fc1"].id, before.weights)
    back = conv_to_fc(conv.net, conv.layer, conv.weights)
    assert back.net.by_name["fc1"].layer == net.by_name["fc1"].layer
    assert (back.weights["fc1.weight"] == before.weights["fc1.weight"]).all()
    assert agreement(before, back) < 1e-5


def test_a_net_without_padding_slides_as_if_run_on_every_window():
    net = Architecture.chain(
        "slider",
        [Input(channels=3, height=16, width=16), Conv(filters=4, kernel=3), BatchNorm(), Relu(), MaxPool(),
         Conv(filters=6, kernel=4), Relu(), AvgPool(), Flatten(), Linear(units=12), Relu(), Linear(units=5)],
    )  # fmt: skip
    weights = with_weights(net).weights
    image = torch.randn(3, 28, 36, generator=torch.Generator().manual_seed(1))
    sliding = slide(net, weights, image)
    assert sliding.step == (4, 4) and sliding.window == (16, 16) and sliding.scores.shape == (5, 4, 6)
    module = build(net)
    module.load_state_dict({k: torch.as_tensor(v) for k, v in weights.items()})
    module.eval()
    for row in range(4):
        for column in range(6):
            top, left, bottom, right = sliding.place(row, column)
            with torch.inference_mode():
                one = module(image[None, :, top:bottom, left:right])[0]
            torch.testing.assert_close(torch.as_tensor(sliding.scores[:, row, column]), one, rtol=1e-4, atol=1e-5)


def test_what_cannot_be_converted_says_why():
    net = zoo.lenet()
    with pytest.raises(GraphError, match="no linear layer"):
        fc_to_conv(net, net.by_name["conv1"].id)
    with pytest.raises(GraphError, match="no convolution"):
        conv_to_fc(net, net.by_name["fc1"].id)
    with pytest.raises(GraphError, match="not square"):
        flat = Architecture.chain("r", [Input(height=4, width=6), Flatten(), Linear()])
        fc_to_conv(flat, 3)
    with pytest.raises(GraphError, match="77,760,000 weights"):
        big = zoo.make("alexnet-small")
        conv_to_fc(big, big.by_name["conv2"].id)
    with pytest.raises(GraphError, match="at least 28×28"):
        slide(net, with_weights(net).weights, torch.zeros(1, 20, 40))
    grouped, _ = zoo.two_layer().grouped([3], times=2)
    with pytest.raises(GraphError, match="repeated by block1"):
        fc_to_conv(grouped.with_layer(3, Linear(units=784)), 3)
