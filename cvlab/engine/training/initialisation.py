"""The first weights, as the course has them (9.3): each rule a line, every draw from the seed of the run."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from cvlab.engine.nets.weighted import fans, weighted_layers
from cvlab.engine.training.recipe import Initialisation


def initialise(module: nn.Module, how: Initialisation, generator: torch.Generator) -> None:
    """Writes the first weights and biases of every (transposed) convolution and linear layer, in the module's order.

    n is how many numbers a unit reads, m how many units read one number (`fans`):
    small, large  w ~ N(0, std^2)
    xavier        w ~ N(0, 1/n)            the course's, after Glorot and Bengio, 2010
    glorot        w ~ N(0, 2/(n + m))      the paper's own
    he            w ~ N(0, 2/n)            He et al., 2015: a ReLU lets half of the variance through
    orthogonal    rows (or columns) at right angles, scaled by sqrt(2) for ReLU (Saxe et al., 2014)

    The biases become 0, or what is set. "pytorch" leaves the weights as `build` drew them. Scales and shifts of normalization
    layers stay 1 and 0. generator: on the CPU, so that every device starts from the same numbers.
    """
    for layer in weighted_layers(module):
        with torch.no_grad():
            if how.kind != "pytorch":
                layer.weight.copy_(first_weights(layer, how, generator))
            if layer.bias is not None and (how.bias == "set" or how.kind != "pytorch"):
                layer.bias.fill_(how.bias_value if how.bias == "set" else 0.0)


def first_weights(layer: nn.Module, how: Initialisation, generator: torch.Generator) -> Tensor:
    """The weights of one layer, float32 of their shape."""
    shape = tuple(layer.weight.shape)
    if how.kind == "zeros":
        return torch.zeros(shape)
    if how.kind == "orthogonal":
        return _orthogonal(layer, generator) * math.sqrt(2)
    n, m = fans(layer)
    std = {
        "small": how.small_std,
        "large": how.large_std,
        "xavier": math.sqrt(1 / n),
        "glorot": math.sqrt(2 / (n + m)),
        "he": math.sqrt(2 / n),
    }[how.kind]
    return torch.randn(shape, generator=generator) * std


def _orthogonal(layer: nn.Module, generator: torch.Generator) -> Tensor:
    """Q of the QR decomposition of a Gaussian matrix, with the signs that make Q uniform (Mezzadri, 2007): a row for each unit,
    a matrix for each group, which see nothing of each other. A transposed convolution of stride S paints only one in S^2 of a
    unit's weights into a number: its rows are S times as long."""
    shape, groups = layer.weight.shape, getattr(layer, "groups", 1)
    transposed = isinstance(layer, nn.ConvTranspose2d)
    rows = shape[1] if transposed else shape[0] // groups
    columns = layer.weight.numel() // (rows * groups)
    matrices = []
    for _ in range(groups):
        tall = torch.randn((max(rows, columns), min(rows, columns)), generator=generator, dtype=torch.float64)
        q, r = torch.linalg.qr(tall)
        q = q * r.diagonal().sign()
        matrices.append(q if rows >= columns else q.T)
    weights = torch.stack(matrices)  # (groups, rows, columns)
    if transposed:
        stride = math.sqrt(math.prod(layer.stride))
        weights = weights.reshape(groups, rows, -1, *shape[2:]).transpose(1, 2) * stride
    return weights.reshape(shape).float()
