"""The receptive field against PyTorch: which rows and columns of the image a change of an output can come from."""

import os

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from cvlab.engine.nets.architecture import Architecture
from cvlab.engine.nets.build import build
from cvlab.engine.nets.layers import (
    AvgPool,
    Concat,
    Conv,
    GlobalPool,
    Input,
    MaxPool,
    Relu,
    TransposedConv,
    Upsample,
)
from cvlab.engine.nets.shapes import infer
from tests.engine.nets.strategies import any_layer, avg_pools, graphs, grouped_graphs, max_pools, rich_convs, transposed

EXAMPLES = int(os.environ.get("CVLAB_EXAMPLES", "60"))
"""A long run: CVLAB_EXAMPLES=3000 pytest tests/engine/nets/test_sight.py --hypothesis-seed=7"""

upsamplings = st.builds(Upsample, scale=st.integers(1, 4), mode=st.sampled_from(["nearest", "bilinear"]))
wide_transposed = st.builds(
    TransposedConv,
    filters=st.integers(1, 4),
    kernel=st.integers(1, 5),
    stride=st.integers(1, 4),
    padding=st.integers(0, 4),
    output_padding=st.integers(0, 3),
    dilation=st.integers(1, 3),
    groups=st.integers(1, 2),
)
growing = st.one_of(upsamplings, upsamplings, wide_transposed, transposed)
mixed = st.one_of(any_layer, any_layer, growing, rich_convs, max_pools, avg_pools)
nets = st.one_of(graphs(layers=mixed, head=False), graphs(layers=mixed), grouped_graphs())

POINTWISE = (
    "batchnorm",
    "layernorm",
    "groupnorm",
    "dropout",
    "dropout2d",
    "relu",
    "leaky_relu",
    "elu",
    "gelu",
    "sigmoid",
    "tanh",
)


def dependence(net: Architecture) -> dict[int, torch.Tensor]:
    """(rows + columns, ...) bool by node: which outputs depend on some pixel of that row or column of the image.

    PyTorch's own layers with all weights 1 get one image a row (column), which is 1 there and 0 elsewhere: no terms cancel, and
    an output is above 0 just where the derivative by a pixel of that row is. Between the layers the numbers become 0 and 1
    again. Activations are the identity; so are the norms, as the statistics are left out by the definition.
    """
    flat = net.flat
    start = next(node for node in flat.nodes if isinstance(node.layer, Input))
    channels, height, width = start.layer.channels, start.layer.height, start.layer.width
    images = torch.zeros(height + width, channels, height, width)
    for row in range(height):
        images[row, :, row] = 1
    for column in range(width):
        images[height + column, :, :, column] = 1
    outputs: dict[int, torch.Tensor] = {start.id: images}
    shapes = {i: report.inputs for i, report in infer(flat).layers.items()}
    with torch.no_grad():
        for node_id in flat.order[1:]:
            layer = flat.by_id[node_id].layer
            inputs = [outputs[edge.source] for edge in flat.into(node_id)]
            if layer.kind in POINTWISE:
                value = inputs[0]
            elif layer.kind == "softmax":
                value = inputs[0].amax(1, keepdim=True).expand_as(inputs[0])
            else:
                module = layer.build(*shapes[node_id]).eval()
                for name, parameter in module.named_parameters():
                    parameter.fill_(0.0 if name.endswith("bias") else 1.0)
                value = module(*inputs)
            outputs[node_id] = (value > 1e-6).float()
    return outputs


def largest_extent(seen: torch.Tensor) -> int:
    """From the first to the last line that an output depends on, for the output for which it is most. seen: (lines, ...)."""
    lines = seen.flatten(1) > 0
    count = len(lines)
    number = torch.arange(count)[:, None]
    first = torch.where(lines, number, count).amin(0)
    last = torch.where(lines, number, -1).amax(0)
    return max(int((last - first).max()) + 1, 0)


def is_exact(net: Architecture) -> bool:
    """Whether no reshape, sum of vectors or maxout of a vector brings numbers together from places that differ."""
    flat, report = net.flat, infer(net).flat
    return not any(
        node.layer.kind == "reshape"
        or (node.layer.kind in ("maxout", "add") and len(report.layers[node.id].output or ()) == 1)
        for node in flat.nodes
    )


@given(nets)
@settings(max_examples=EXAMPLES, deadline=None)
def test_the_receptive_field_is_what_the_gradients_reach(net):
    report = infer(net).flat
    assert all(layer.error is None for layer in report.layers.values())
    height = net.by_id[1].layer.height
    exact = is_exact(net)
    for node_id, seen in dependence(net).items():
        true = largest_extent(seen[:height]), largest_extent(seen[height:])
        told = report.layers[node_id].receptive_field
        if exact:
            assert told == true, net.flat.by_id[node_id].name
        else:
            assert told[0] >= true[0] and told[1] >= true[1], net.flat.by_id[node_id].name


@given(graphs(layers=st.one_of(growing, rich_convs, avg_pools), most=5), st.data())
@settings(max_examples=max(EXAMPLES // 3, 20), deadline=None)
def test_no_gradient_of_the_whole_net_goes_beyond_it(net, data):
    """The trained module itself, with positive weights, at one output."""
    module = build(net, seed=0).eval().double()
    with torch.no_grad():
        for parameter in module.parameters():
            parameter.copy_(parameter.abs() + 0.1)
    start = net.by_id[1].layer
    x = torch.ones(1, start.channels, start.height, start.width, dtype=torch.double, requires_grad=True)
    outputs: dict[str, torch.Tensor] = {}
    module(x, outputs)
    node_id, report = data.draw(st.sampled_from(list(infer(net).layers.items())[1:]))
    at = tuple(data.draw(st.integers(0, side - 1)) for side in report.output)
    value = outputs[net.by_id[node_id].name][0][at]
    if not value.requires_grad:
        return
    (gradient,) = torch.autograd.grad(value, x)
    seen = gradient[0].abs().amax(0) > 1e-12
    for axis, field in enumerate(report.receptive_field):
        lines = seen.any(1 - axis).nonzero().flatten().tolist()
        assert not lines or lines[-1] - lines[0] + 1 <= field


def field(*layers, side=32, channels=3):
    net = Architecture.chain("x", [Input(channels=channels, height=side, width=side), *layers])
    return infer(net).layers[net.order[-1]].receptive_field


def test_receptive_fields_of_the_textbook():
    assert [field(*[Conv(border="same")] * n) for n in range(4)] == [(1, 1), (3, 3), (5, 5), (7, 7)]
    assert field(Conv(kernel=5), AvgPool(), Conv(kernel=5)) == (14, 14)  # 5 + 1 + 4·2
    assert field(Conv(dilation=4)) == (9, 9)


@pytest.mark.parametrize(
    ("pool", "scale", "expected"),
    [(4, 4, 8), (8, 8, 16), (2, 2, 4), (4, 2, 8), (2, 4, 4)],
)
def test_a_conv_behind_an_upsampling_sees_the_two_blocks_that_it_lies_on(pool, scale, expected):
    layers = MaxPool(kernel=pool, stride=pool), Upsample(scale=scale), Conv(border="same")
    assert field(*layers) == (expected, expected)


def test_behind_an_upsampling_it_is_the_largest_of_all_positions():
    net = Architecture.chain("x", [Input(height=8, width=8), MaxPool(kernel=4, stride=4), Upsample(scale=4), Conv()])
    rows = dependence(net)[net.order[-1]][:8, 0, :, 0].sum(0).tolist()
    assert rows == [4, 4, 8, 8, 4, 4]  # of six outputs, only the two in the middle see both blocks
    assert infer(net).layers[net.order[-1]].receptive_field == (8, 8)


def test_a_transposed_conv_of_a_stride_as_wide_as_its_kernel_sees_one_number():
    assert field(MaxPool(kernel=4, stride=4), TransposedConv(kernel=4, stride=4)) == (4, 4)
    assert field(MaxPool(kernel=4, stride=4), TransposedConv(kernel=5, stride=4)) == (8, 8)
    # Gaps that no kernel fills depend on nothing; a window over them counts what it meets.
    assert field(TransposedConv(kernel=1, stride=3), Conv(kernel=2)) == (1, 1)
    assert field(TransposedConv(kernel=1, stride=3), Conv(kernel=4)) == (2, 2)
    assert field(TransposedConv(kernel=1, stride=2, padding=1), MaxPool(kernel=1, stride=2), side=8) == (0, 0)


def test_the_border_of_the_image_counts():
    assert field(Conv(kernel=7, padding=3, stride=8), side=8) == (4, 4)  # its only window begins 3 rows outside
    assert field(Conv(kernel=1, padding=2)) == (1, 1)
    assert field(Conv(border="same"), GlobalPool(), side=9) == (9, 9)


def test_nothing_is_seen_where_only_padding_is_read():
    assert field(AvgPool(kernel=1, padding=0, stride=9), side=3) == (1, 1)
    assert field(Conv(kernel=1, padding=3, stride=9), side=3) is None, "such a layer is refused"


def test_groups_keep_branches_apart():
    net, start = Architecture(name="x").add(Input(channels=2, height=16, width=16))
    net, near = net.add(Conv(filters=4, kernel=1))
    net, far = net.add(Conv(filters=4, kernel=7, border="same"))
    net, both = net.add(Concat())
    for source, target, port in ((start, near, 0), (start, far, 0), (near, both, 0), (far, both, 1)):
        net = net.connect(source, target, port)
    net, split = net.add(Conv(filters=8, kernel=3, groups=8, border="same"))
    net = net.connect(both, split)
    parts = infer(net).layers[split].sight.parts
    assert [(part.channels, part.size) for part in parts] == [(4, (3, 3)), (4, (9, 9))]


def test_a_long_net_is_followed_quickly_enough_to_draw():
    """The work is on one axis at a time: a deep net of large images has no array of its pixels."""
    net = Architecture.chain("x", [Input(channels=3, height=512, width=384), *[Conv(border="same"), Relu()] * 60])
    sight = infer(net).layers[net.order[-1]].sight
    assert sight.field == (121, 121)
    assert all(len(rows.first) <= 513 for part in sight.parts for rows, _ in part.terms)
