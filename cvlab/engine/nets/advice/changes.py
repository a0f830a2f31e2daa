"""The one-click changes of the advice: each makes a function from a net to the net with one thing mended."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from cvlab.engine.errors import GraphError
from cvlab.engine.nets.architecture import Architecture
from cvlab.engine.nets.layers import Conv, LayerSpec, Relu, Shape

Change = Callable[[Architecture], Architecture]


def set_layer(node_id: int, **settings: Any) -> Change:
    """Other settings for a layer, checked for their range."""

    def change(net: Architecture) -> Architecture:
        layer = net.by_id[node_id].layer
        return net.with_layer(node_id, type(layer).model_validate(layer.model_dump() | settings))

    return change


def insert_before(node_id: int, layer: LayerSpec) -> Change:
    """A layer on the (first) wire into this one."""

    def change(net: Architecture) -> Architecture:
        into = net.into(node_id)
        return net.insert(layer, after=into[0].source if into else None, before=node_id)[0]

    return change


def remove(node_id: int) -> Change:
    """Without the layer; what stood around it is joined."""

    def change(net: Architecture) -> Architecture:
        return net.remove([node_id])

    return change


def move_before_flatten(node_id: int, flatten: int) -> Change:
    """The layer goes to the wire into the flatten layer that stands before it."""

    def change(net: Architecture) -> Architecture:
        return net.reorder(node_id, after=net.into(flatten)[0].source, before=flatten)

    return change


def cut_loose(ends: tuple[int, ...], kept: int) -> Change:
    """Without everything that leads to these ends and not to `kept`."""

    def change(net: Architecture) -> Architecture:
        gone = [
            node.id
            for node in net.nodes
            if any(net.reaches(node.id, end) for end in ends) and not net.reaches(node.id, kept)
        ]
        return net.remove(gone, heal=False)

    return change


def stack_small_filters(node_id: int, count: int) -> Change:
    """One large convolution as `count` of 3x3 with ReLUs between; together they see the same pixels and pad as much."""

    def change(net: Architecture) -> Architecture:
        large = net.by_id[node_id].layer
        assert isinstance(large, Conv)
        layers: list[LayerSpec] = []
        for i in range(count):
            padding = large.zeros // count + (i < large.zeros % count)
            layers += [Conv(filters=large.filters, kernel=3, padding=padding, bias=large.bias), Relu()]
        net = net.with_layer(node_id, layers[-2])
        before = node_id
        for layer in reversed(layers[:-2]):
            net, before = net.insert(layer, after=net.into(before)[0].source, before=before)
        return net

    return change


def match_branch(node_id: int, inputs: Sequence[Shape]) -> Change:
    """1x1 convolutions on the wires into an add whose volumes differ from the smallest one's (ResNet's projection)."""

    def change(net: Architecture) -> Architecture:
        target = min(inputs, key=lambda shape: (shape[1], shape[2]))
        for edge, shape in zip(net.into(node_id), inputs, strict=True):
            if shape == target:
                continue
            stride = -(-shape[1] // target[1])
            if any(-(-side // stride) != wanted for side, wanted in zip(shape[1:], target[1:], strict=True)):
                raise GraphError("No stride makes these volumes alike.")
            projection = Conv(filters=target[0], kernel=1, stride=stride)
            net, new = net.add(projection)
            net = net.connect(new, node_id, edge.port).connect(edge.source, new)
        return net

    return change
