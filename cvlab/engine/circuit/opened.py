"""A layer of a net as a circuit: the weighted sum of one neuron, or of all of them, with the net's own numbers, as text.

The weights of a neuron are read off the layer itself: the gradient of its sum by each of the layer's inputs. That holds for a
linear layer and for a convolution with any stride, border or groups, of which a neuron sees one window.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from cvlab.engine.errors import NetError
from cvlab.engine.nets.architecture import Architecture, Node
from cvlab.engine.nets.layers import Conv, Linear, Relu, Sigmoid, Tanh
from cvlab.engine.nets.shapes import infer

if TYPE_CHECKING:
    from torch import Tensor

    from cvlab.engine.nets.trained import TrainedNet

MOST_INPUTS = 12
"""Inputs of a neuron that get wires of their own in the picture."""

MOST_NUMBERS = 1_600
"""Weights, inputs and biases that one text holds."""


@dataclass(frozen=True)
class OpenLayer:
    """A layer that can be opened. units: the shape of what it gives, one neuron a number. inputs: how many one neuron sees.

    activation: the function that follows it, "" for none.
    """

    name: str
    title: str
    units: tuple[int, ...]
    inputs: int
    activation: str
    is_linear: bool

    @property
    def fits_whole(self) -> bool:
        """All its neurons fit into one text, as W x + b."""
        return self.is_linear and (self.inputs + 1) * self.units[0] + self.inputs <= MOST_NUMBERS


def why_closed(node: Node, output: tuple[int, ...] | None) -> str:
    """Why a layer of a net cannot be opened as a circuit, in words; "" if it can. output: what it gives, None while unknown."""
    if not isinstance(node.layer, Linear | Conv):
        return f"{node.layer.title} learns no weighted sum: only linear layers and convolutions open as a circuit."
    if output is None:
        return "What goes into this layer is not known yet: mend the net, then it opens as a circuit."
    return ""


def openable(net: Architecture) -> tuple[OpenLayer, ...]:
    """The linear layers and convolutions of a net, in order, repetitions written out. Raises a net's first error."""
    report = infer(net).flat
    report.raise_first()
    flat, found = net.flat, []
    for node_id in flat.order:
        node, layer = flat.by_id[node_id], report.layers[node_id]
        if not isinstance(node.layer, Linear | Conv):
            continue
        biases = (node.layer.units if isinstance(node.layer, Linear) else node.layer.filters) if node.layer.bias else 0
        weights = layer.parameters - biases
        first = layer.output[0]
        after = [flat.by_id[edge.target].layer for edge in flat.out_of(node_id)]
        kinds = {Relu: "relu", Tanh: "tanh", Sigmoid: "sigmoid"}
        activation = next((kinds[type(each)] for each in after if type(each) in kinds), "")
        found.append(
            OpenLayer(
                node.name, node.layer.title, layer.output, weights // first, activation, isinstance(node.layer, Linear)
            )
        )
    return tuple(found)


def neuron_text(
    net: TrainedNet, image: Tensor, layer: OpenLayer, unit: Sequence[int], most: int = 6, about: str = ""
) -> str:
    """One neuron number by number. image: (C, H, W) uint8. unit: its place in `layer.units`. about: what the image is.

    The `most` inputs whose products are largest have names of their own; the others are added up into `rest`, and it is said.
    """
    w, x, bias = _neuron(net, image, layer, unit)
    order = np.argsort(-np.abs(w * x), kind="stable")[: max(1, min(most, MOST_INPUTS))]
    order.sort()
    rest = float(w @ x - w[order] @ x[order])
    left_out = len(w) - len(order)
    lines = _head(net, layer, unit, about)
    if left_out:
        lines.append(f"# the {len(order)} inputs that weigh most here; the other {left_out} add up to rest")
    lines += [f"w{i} = {_number(w[i])}; x{i} = {_number(x[i])}" for i in order]
    lines.append((f"rest = {_number(rest)}; " if left_out else "") + f"b = {_number(bias)}")
    total = " + ".join([*(f"w{i}*x{i}" for i in order), *(["rest"] if left_out else []), "b"])
    return "\n".join([*lines, f"s = {total}", *_activated(layer, "a", "s")])


def neuron_vector_text(net: TrainedNet, image: Tensor, layer: OpenLayer, unit: Sequence[int], about: str = "") -> str:
    """One neuron with all its inputs, as the inner product w x. Raises `NetError` for more inputs than a text holds."""
    _check(2 * layer.inputs + 1, layer, "one neuron of it, number by number")
    w, x, bias = _neuron(net, image, layer, unit)
    lines = [
        *_head(net, layer, unit, about),
        f"w = {_list(w)}",
        f"x = {_list(x)}",
        f"b = {_number(bias)}",
        "s = w @ x + b",
    ]
    return "\n".join([*lines, *_activated(layer, "a", "s")])


def layer_text(net: TrainedNet, image: Tensor, layer: OpenLayer, label: int = 0, about: str = "") -> str:
    """All neurons of a linear layer as W x + b. The last layer ends in its softmax loss for the class `label`, others in a sum.

    Raises `NetError` for a layer with more numbers than a text holds.
    """
    if not layer.is_linear:
        raise NetError(f"{layer.name} is a convolution: all its neurons are too many.", remedy="Open one neuron of it.")
    _check((layer.inputs + 1) * layer.units[0] + layer.inputs, layer, "one neuron of it")
    module, x = _module(net, image, layer)
    W = module.weight.detach().double().numpy()
    bias = module.bias.detach().double().numpy() if module.bias is not None else np.zeros(len(W))
    whose = f"{layer.name} of {net.title or net.architecture.name}"
    lines = [f"# {whose}: {len(W)} neurons with {W.shape[1]} inputs each{about and f', {about}'}"]
    lines += [f"W = [{', '.join(_list(row) for row in W)}]", f"x = {_list(x.numpy().ravel())}", f"b = {_list(bias)}"]
    lines.append("s = W @ x + b")
    is_last = layer.units == (len(net.classes),) and not layer.activation
    if is_last:
        return "\n".join([*lines, f"L = cross_entropy(s, {label})"])
    return "\n".join([*lines, *_activated(layer, "a", "s"), f"f = sum({'a' if layer.activation else 's'})"])


def _check(numbers: int, layer: OpenLayer, instead: str) -> None:
    if numbers > MOST_NUMBERS:
        raise NetError(
            f"{layer.name} would be {numbers:,} numbers; a circuit's text holds {MOST_NUMBERS:,}.",
            remedy=f"Open {instead}.",
        )


def _module(net: TrainedNet, image: Tensor, layer: OpenLayer):
    """The layer's own module, and what the net feeds to it for this image: (1, ...) float64."""
    import torch

    flat = net.architecture.flat
    node = next(n for n in flat.nodes if n.name == layer.name)
    source = flat.by_id[flat.into(node.id)[0].source].name
    with torch.no_grad():
        keep: dict[str, Tensor] = {}
        net.module(net.preprocessing.apply(image[None]), keep)
    return net.module.get_submodule(layer.name), keep[source].detach().double()


def _neuron(
    net: TrainedNet, image: Tensor, layer: OpenLayer, unit: Sequence[int]
) -> tuple[np.ndarray, np.ndarray, float]:
    """Weights (D,), inputs (D,) and bias of one neuron, as far as its window reaches."""
    import copy

    import torch

    if len(unit) != len(layer.units) or not all(0 <= i < n for i, n in zip(unit, layer.units, strict=True)):
        raise NetError(
            f"{layer.name} has no neuron {tuple(unit)}.", remedy=f"It has {' × '.join(map(str, layer.units))}."
        )
    module, x = _module(net, image, layer)
    module = copy.deepcopy(module).double()
    # Where the weights reach is where a sum of weights that are all 1 has a slope: a weight of 0 is a weight, too.
    with torch.enable_grad():
        x = x.clone().requires_grad_(True)
        total = module(x)[(0, *unit)]
        (w,) = torch.autograd.grad(total, x)
        with torch.no_grad():
            module.weight.fill_(1.0)
        (reached,) = torch.autograd.grad(module(x)[(0, *unit)], x)
    seen = reached.flatten() != 0
    inputs = x.detach().flatten()[seen].numpy()
    weights = w.flatten()[seen].numpy()
    return weights, inputs, float(total.detach()) - float(weights @ inputs)


def _head(net: TrainedNet, layer: OpenLayer, unit: Sequence[int], about: str) -> list[str]:
    place = f"neuron {unit[0]}" if len(unit) == 1 else f"filter {unit[0]}, row {unit[1]}, column {unit[2]}"
    return [f"# {layer.name} of {net.title or net.architecture.name}, {place}{about and f', {about}'}"]


def _activated(layer: OpenLayer, name: str, of: str) -> list[str]:
    return [f"{name} = {layer.activation}({of})"] if layer.activation else []


def _number(value: float) -> str:
    return f"{value:.5g}"


def _list(values: np.ndarray) -> str:
    return f"[{', '.join(map(_number, values.tolist()))}]"
