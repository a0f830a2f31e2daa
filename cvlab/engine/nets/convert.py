"""FC <-> CONV: both compute dot products, so each is the other with its weights laid out anew (course 8.2.3)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from cvlab.engine.errors import GraphError
from cvlab.engine.nets.architecture import Architecture
from cvlab.engine.nets.build import build
from cvlab.engine.nets.layers import (
    Activation,
    BatchNorm,
    Conv,
    Dropout,
    Dropout2d,
    Flatten,
    Input,
    Linear,
    Maxout,
    Reshape,
)
from cvlab.engine.nets.shapes import infer
from cvlab.engine.nets.trained import load_weights

Weights = Mapping[str, np.ndarray]
_PASSING = (Activation, Maxout, Dropout, Dropout2d, BatchNorm)
"""Layers that do to 120 units what they do to 120 maps of 1x1."""

MOST_WEIGHTS = 2**24
"""Of a linear layer that a convolution is written as: 64 MiB."""


@dataclass(frozen=True, eq=False)
class Converted:
    """The other net and, where weights were given, its weights by name. layer: the converted layer's id."""

    net: Architecture
    weights: dict[str, np.ndarray]
    layer: int


def fc_to_conv(net: Architecture, node_id: int, weights: Weights | None = None) -> Converted:
    """One linear layer as the convolution that computes the same.

    Behind a flatten of C maps of n x n, K units become K filters of n x n x C: W (K, C·n·n) -> (K, C, n, n); the flatten moves
    behind it. Behind another vector of D numbers, the vector is read as D maps of 1x1. Name, id and bias stay.
    Raises `GraphError` for a layer that is none, that is repeated, or whose maps are not square.
    """
    node, report = net.by_id[node_id], infer(net)
    report.raise_first()
    if not isinstance(node.layer, Linear):
        raise GraphError(f"{node.name} is no linear layer.", received=node.layer.title)
    _refuse_repeated(net, node_id)
    flatten = _flatten_before(net, node_id)
    source = net.into(node_id)[0].source
    if flatten is None:
        shape = (report.layers[source].output[0], 1, 1)  # type: ignore[index]
        net, _ = net.insert(Reshape(channels=0, height=1, width=1), after=source, before=node_id)
    else:
        shape = report.layers[flatten].inputs[0]
        if len(shape) != 3 or shape[1] != shape[2]:
            raise GraphError(
                f"{node.name} reads maps that are not square, and kernels are.",
                remedy="Pad them to a square before it.",
            )
        if shape[1] > 31:
            raise GraphError(f"{node.name} would need a kernel of {shape[1]}×{shape[2]}; 31×31 is the largest.")
        net = net.remove([flatten])
    conv = Conv(filters=node.layer.units, kernel=shape[1], border="valid", bias=node.layer.bias)
    net = net.with_layer(node_id, conv)
    readers = net.out_of(node_id)
    net, after = net.add(Flatten())
    for edge in readers:
        net = net.connect(after, edge.target, edge.port)
    net = net.connect(node_id, after)
    changed = dict(weights or {})
    if weights is not None:
        key = f"{node.name}.weight"
        changed[key] = np.ascontiguousarray(changed[key].reshape(node.layer.units, *shape))
    return Converted(net, changed, node_id)


def conv_to_fc(net: Architecture, node_id: int, weights: Weights | None = None) -> Converted:
    """One convolution as the linear layer that computes the same, between a flatten and a reshape.

    Each output number gets a row of its own: a filter's weights where it lies, zeros elsewhere, so the matrix is large and
    mostly empty: what sharing saves. Where the kernel covers the whole input it is the convolution's own weights.
    Raises `GraphError` above `MOST_WEIGHTS`.
    """
    node, report = net.by_id[node_id], infer(net)
    report.raise_first()
    if not isinstance(node.layer, Conv):
        raise GraphError(f"{node.name} is no convolution.", received=node.layer.title)
    _refuse_repeated(net, node_id)
    given, gives = report.layers[node_id].inputs[0], report.layers[node_id].output
    inputs, units = int(np.prod(given)), int(np.prod(gives))  # type: ignore[arg-type]
    if units > 16384 or units * inputs > MOST_WEIGHTS:
        raise GraphError(
            f"As a linear layer, {node.name} would have {units * inputs:,} weights.",
            remedy="Convert one that reads smaller maps.",
        )
    conv = node.layer
    net = net.with_layer(node_id, Linear(units=units, bias=conv.bias))
    net, _ = net.insert(Flatten(), after=net.into(node_id)[0].source, before=node_id)
    readers = net.out_of(node_id)
    net, after = net.add(Reshape(channels=gives[0], height=gives[1], width=gives[2]))  # type: ignore[index]
    for edge in readers:
        net = net.connect(after, edge.target, edge.port)
    net = net.connect(node_id, after)
    changed = dict(weights or {})
    if weights is not None:
        changed |= _as_matrix(node.name, conv, given, gives, weights)  # type: ignore[arg-type]
    return Converted(net, changed, node_id)


def _as_matrix(name: str, conv: Conv, given: tuple[int, ...], gives: tuple[int, ...], weights: Weights) -> Weights:
    module = conv.build(given)
    with torch.no_grad():
        module.weight.copy_(torch.as_tensor(weights[f"{name}.weight"]))
        if conv.bias:
            module.bias.zero_()
        inputs = int(np.prod(given))
        # Column j is what the convolution makes of the j-th unit image.
        columns = [module(eye.view(-1, *given)).flatten(1) for eye in torch.eye(inputs).split(256)]
    matrix = {f"{name}.weight": torch.cat(columns).T.contiguous().numpy()}
    if conv.bias:
        matrix[f"{name}.bias"] = np.repeat(weights[f"{name}.bias"], gives[1] * gives[2])
    return matrix


def to_convolutional(net: Architecture, weights: Weights | None = None) -> Converted:
    """Every linear layer as a convolution: a net that takes larger images, too, and ends with maps of scores (K, h, w).

    Raises `GraphError` where it cannot be: a linear layer whose flatten is read by others, or a layer that needs one size.
    """
    converted = Converted(net, dict(weights or {}), net.order[-1])
    for node_id in net.order:
        if isinstance(net.by_id[node_id].layer, Linear):
            converted = fc_to_conv(converted.net, node_id, converted.weights if weights is not None else None)
    result = converted.net
    gone = [node.id for node in result.nodes if isinstance(node.layer, Flatten | Reshape)]
    result = result.remove(gone)
    infer(result).raise_first()
    return Converted(result, converted.weights, converted.layer)


def _refuse_repeated(net: Architecture, node_id: int) -> None:
    for group in net.groups_of(node_id):
        if group.times > 1:
            raise GraphError(
                f"{net.by_id[node_id].name} is repeated by {group.name}.", remedy=f"Write {group.name} out first."
            )


def _flatten_before(net: Architecture, node_id: int) -> int | None:
    """The flatten layer that feeds this one, with nothing between that minds where it stands; None without one."""
    into = net.into(node_id)
    while len(into) == 1:
        source = into[0].source
        if len(net.out_of(source)) != 1:
            return None
        if isinstance(net.by_id[source].layer, Flatten):
            return source
        if not isinstance(net.by_id[source].layer, _PASSING):
            return None
        into = net.into(source)
    return None


def agreement(a: Converted, b: Converted, count: int = 8, seed: int = 0) -> float:
    """The largest difference between what two nets with weights make of `count` random images, relative to the largest score."""
    layer = next(node.layer for node in a.net.nodes if isinstance(node.layer, Input))
    dice = torch.Generator().manual_seed(seed)
    x = torch.randn(count, layer.channels, layer.height, layer.width, generator=dice)
    with torch.inference_mode():
        scores = [_module(each)(x).flatten(1) for each in (a, b)]
    return float((scores[0] - scores[1]).abs().max() / scores[0].abs().max().clamp_min(1e-12))


def _module(converted: Converted):
    module = build(converted.net)
    load_weights(module, converted.weights)
    return module.eval()


@dataclass(frozen=True, eq=False)
class Slide:
    """A net slid over a larger image: scores (K, rows, columns), the window's side lengths and the steps between windows."""

    scores: np.ndarray
    window: tuple[int, int]
    step: tuple[int, int]

    def place(self, row: int, column: int) -> tuple[int, int, int, int]:
        """(top, left, bottom, right) of the window behind one score, in pixels of the image."""
        top, left = row * self.step[0], column * self.step[1]
        return top, left, top + self.window[0], left + self.window[1]


def slide(net: Architecture, weights: Weights, image: Tensor) -> Slide:
    """The net over a larger image (C, H, W), preprocessed, as a sliding window in one forward pass: the work is shared.

    Equal to running it on every window by itself where no layer pads; with padding, a window's edge meets the neighbouring
    pixels instead of zeros. Raises `GraphError` for an image that is smaller than the net's input.
    """
    report = infer(net)
    report.raise_first()
    start = next(node for node in net.nodes if isinstance(node.layer, Input))
    window = (start.layer.height, start.layer.width)
    if (
        image.ndim != 3
        or image.shape[0] != start.layer.channels
        or any(side < least for side, least in zip(image.shape[1:], window, strict=True))
    ):
        raise GraphError(
            f"The net takes {start.layer.channels} channels and at least {window[1]}×{window[0]} pixels.",
            received="×".join(map(str, image.shape)),
        )
    converted = to_convolutional(net, weights)
    sight = infer(converted.net).layers[converted.net.order[-1]].sight
    wide = converted.net.with_layer(
        start.id, start.layer.model_copy(update={"height": image.shape[1], "width": image.shape[2]})
    )
    with torch.inference_mode():
        scores = _module(Converted(wide, converted.weights, converted.layer))(image[None])[0]
    # A whole-window layer has stride 0 in its own net: the step is that of the maps it reads.
    step = _step(net) if sight is None or 0 in sight.stride else (int(sight.stride[0]), int(sight.stride[1]))
    return Slide(scores.numpy(), window, step)


def _step(net: Architecture) -> tuple[int, int]:
    sights = [found.sight for found in infer(net).flat.layers.values() if found.sight is not None]
    return int(max(s.stride[0] for s in sights)), int(max(s.stride[1] for s in sights))
