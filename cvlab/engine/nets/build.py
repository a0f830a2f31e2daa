"""From architecture to a PyTorch module with the same names."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from cvlab.engine.nets.architecture import Architecture
from cvlab.engine.nets.layers import Conv, Input, Linear, MaxPool, Relu
from cvlab.engine.nets.shapes import infer

_OVERWRITABLE = (Conv, Linear, MaxPool)
"""Layers whose backward pass does not look at their own output, so that a ReLU may write over it."""


class GraphNet(nn.Module):
    """Runs the layers in topological order. Parameters are called as the nodes are: "conv1.weight".

    forward: (N, C, H, W) float -> (N, classes) scores. With `keep`, a dict, every layer's output is put there by name.
    Without, two things are done that change no bit of the scores or gradients: a ReLU before a max pool runs after it, on a
    quarter of the numbers (both keep the order of numbers, so they may change places), and ReLUs write in place.
    """

    def __init__(self, net: Architecture) -> None:
        super().__init__()
        report = infer(net)
        report.raise_first()
        self._plan: list[tuple[str, tuple[str, ...]]] = []
        for node_id in net.order:
            node = net.by_id[node_id]
            if not isinstance(node.layer, Input):
                self.add_module(node.name, node.layer.build(*report.layers[node_id].inputs))
            sources = tuple(net.by_id[edge.source].name for edge in net.into(node_id))
            self._plan.append((node.name, sources))
        self._chain = _chain(net)

    def forward(self, x: Tensor, keep: dict[str, Tensor] | None = None) -> Tensor:
        if keep is None and self._chain is not None:
            for name in self._chain:
                layer = self._modules[name]
                x = functional.relu(x, inplace=True) if type(layer) is nn.ReLU else layer(x)
            return x
        outputs: dict[str, Tensor] = {}
        for name, sources in self._plan:
            if sources:
                x = self._modules[name](*(outputs[source] for source in sources))
            outputs[name] = x
        if keep is not None:
            keep.update(outputs)
        return x


def _chain(net: Architecture) -> list[str] | None:
    """The names of a plain chain's layers in the order they are run, or None where the net branches.

    A ReLU right behind the input, a dropout or another ReLU is left to its module, whose input somebody else may still need.
    """
    if any(len(net.out_of(node.id)) > 1 or len(net.into(node.id)) > 1 for node in net.nodes):
        return None
    layers = [net.by_id[node_id] for node_id in net.order][1:]
    previous = None
    for i, node in enumerate(layers):
        if isinstance(node.layer, Relu):
            if not isinstance(previous, _OVERWRITABLE):
                return None
            if i + 1 < len(layers) and isinstance(layers[i + 1].layer, MaxPool):
                layers[i], layers[i + 1] = layers[i + 1], layers[i]
        previous = layers[i].layer
    return [node.name for node in layers]


def build(net: Architecture, seed: int | None = None) -> GraphNet:
    """The module; raises the first `NetError` of a net that does not fit.

    seed: draws the first weights (PyTorch's default initialisation, uniform in ±1/sqrt(inputs)) from this seed and leaves the
    global generator as it was; None draws them from the global generator.
    """
    if seed is None:
        return GraphNet(net)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return GraphNet(net)
