"""From architecture to a PyTorch module with the same names."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from cvlab.engine.nets.architecture import Architecture
from cvlab.engine.nets.layers import (
    Add,
    AvgPool,
    BatchNorm,
    Concat,
    Conv,
    GroupNorm,
    Input,
    LayerNorm,
    Linear,
    MaxPool,
    Relu,
    TransposedConv,
)
from cvlab.engine.nets.shapes import infer

_OVERWRITABLE = (Conv, TransposedConv, Linear, MaxPool, AvgPool, BatchNorm, LayerNorm, GroupNorm, Add, Concat)
"""Layers that give a fresh tensor and whose backward pass does not look at it, so that a ReLU may write over it."""


@dataclass(frozen=True)
class _Step:
    """Runs a module on values by name and keeps the result as `output`; in_place: a ReLU that writes over its only input."""

    module: str
    inputs: tuple[str, ...]
    output: str
    in_place: bool = False


class GraphNet(nn.Module):
    """Runs the layers in topological order. Parameters are called as the nodes are: "conv1.weight"; those of a group that
    repeats as in `Architecture.flat`: "block1_2_conv1.weight".

    forward: (N, C, H, W) float -> (N, classes) scores. With `keep`, a dict, every layer's output is put there by name.
    Without, two things are done that change no bit of the scores or gradients: a ReLU before a max pool runs after it, on a
    quarter of the numbers (both keep the order of numbers, so they may change places), and ReLUs write in place where
    nobody else reads what they write over.
    """

    def __init__(self, net: Architecture) -> None:
        super().__init__()
        report = infer(net).flat
        report.raise_first()
        net = net.flat
        self._plan: list[tuple[str, tuple[str, ...]]] = []
        for node_id in net.order:
            node = net.by_id[node_id]
            if not isinstance(node.layer, Input):
                self.add_module(node.name, node.layer.build(*report.layers[node_id].inputs))
            self._plan.append((node.name, _sources(net, node_id)))
        self._steps = _steps(net)
        self._forget = _forget(self._steps)

    def forward(self, x: Tensor, keep: dict[str, Tensor] | None = None) -> Tensor:
        if keep is not None:
            return self._keeping(x, keep)
        values = {self._plan[0][0]: x}
        for step, forget in zip(self._steps, self._forget, strict=True):
            if step.in_place:
                x = functional.relu(values[step.inputs[0]], inplace=True)
            else:
                x = self._modules[step.module](*[values[name] for name in step.inputs])
            for name in forget:
                del values[name]
            values[step.output] = x
        return x

    def _keeping(self, x: Tensor, keep: dict[str, Tensor]) -> Tensor:
        for name, sources in self._plan:
            if sources:
                x = self._modules[name](*[keep[source] for source in sources])
            keep[name] = x
        return x


def _sources(net: Architecture, node_id: int) -> tuple[str, ...]:
    return tuple(net.by_id[edge.source].name for edge in net.into(node_id))


def _steps(net: Architecture) -> list[_Step]:
    steps: list[_Step] = []
    moved: dict[int, int] = {}  # a ReLU that waits for the max pool behind it
    for node_id in net.order:
        node, into = net.by_id[node_id], net.into(node_id)
        if isinstance(node.layer, Input):
            continue
        readers = net.out_of(node_id)
        before = into[0].source
        if isinstance(node.layer, Relu):
            # With three readers of one value, the order in which their gradients are added would show in the last bit.
            few = len(net.out_of(before)) <= 2
            if few and len(readers) == 1 and isinstance(net.by_id[readers[0].target].layer, MaxPool):
                moved[readers[0].target] = node_id
                continue
            fresh = isinstance(net.by_id[before].layer, _OVERWRITABLE) and before not in moved
            alone = fresh and len(net.out_of(before)) == 1
            steps.append(_Step(node.name, _sources(net, node_id), node.name, in_place=alone))
        elif node_id in moved:
            relu = moved[node_id]
            steps.append(_Step(node.name, _sources(net, relu), node.name))
            steps.append(_Step(net.by_id[relu].name, (node.name,), node.name, in_place=True))
        else:
            steps.append(_Step(node.name, _sources(net, node_id), node.name))
    return steps


def _forget(steps: list[_Step]) -> list[tuple[str, ...]]:
    """For each step, the values that nothing reads after it."""
    last = {name: index for index, step in enumerate(steps) for name in step.inputs}
    return [
        tuple(name for name in dict.fromkeys(step.inputs) if last[name] == index) for index, step in enumerate(steps)
    ]


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
