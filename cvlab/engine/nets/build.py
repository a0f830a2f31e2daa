"""From architecture to a PyTorch module with the same names."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from cvlab.engine.nets.architecture import Architecture
from cvlab.engine.nets.layers import Input
from cvlab.engine.nets.shapes import infer


class GraphNet(nn.Module):
    """Runs the layers in topological order. Parameters are called as the nodes are: "conv1.weight".

    forward: (N, C, H, W) float -> (N, classes) scores. With `keep`, a dict, every layer's output is put there by name.
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

    def forward(self, x: Tensor, keep: dict[str, Tensor] | None = None) -> Tensor:
        outputs: dict[str, Tensor] = {}
        for name, sources in self._plan:
            if sources:
                x = self._modules[name](*(outputs[source] for source in sources))
            outputs[name] = x
        if keep is not None:
            keep.update(outputs)
        return x


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
