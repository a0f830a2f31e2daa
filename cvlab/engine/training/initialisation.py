"""The first weights, as the course has them (9.3): each rule a line, every draw from the seed of the run."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from cvlab.engine.training.recipe import Initialisation


def initialise(module: nn.Module, how: Initialisation, generator: torch.Generator) -> None:
    """Writes the first weights and biases of every convolution and fully connected layer, in the module's order.

    n is the number of inputs of a unit, m of its outputs:
    small, large  w ~ N(0, std^2)
    xavier        w ~ N(0, 1/n)            the course's, after Glorot and Bengio, 2010
    glorot        w ~ N(0, 2/(n + m))      the paper's own
    he            w ~ N(0, 2/n)            He et al., 2015: a ReLU lets half of the variance through
    orthogonal    rows (or columns) at right angles, scaled by sqrt(2) for ReLU (Saxe et al., 2014)

    The biases become 0, or what is set. "pytorch" leaves the weights as `build` drew them. Scales and shifts of normalisation
    layers stay 1 and 0. generator: on the CPU, so that every device starts from the same numbers.
    """
    for layer in module.modules():
        weight, bias = getattr(layer, "weight", None), getattr(layer, "bias", None)
        if not isinstance(weight, nn.Parameter) or weight.ndim < 2:
            continue
        with torch.no_grad():
            if how.kind != "pytorch":
                weight.copy_(first_weights(tuple(weight.shape), how, generator))
            if isinstance(bias, nn.Parameter) and (how.bias == "set" or how.kind != "pytorch"):
                bias.fill_(how.bias_value if how.bias == "set" else 0.0)


def first_weights(shape: tuple[int, ...], how: Initialisation, generator: torch.Generator) -> Tensor:
    """The weights of one layer, (outputs, inputs, ...) float32."""
    if how.kind == "zeros":
        return torch.zeros(shape)
    if how.kind == "orthogonal":
        return _orthogonal(shape, generator) * math.sqrt(2)
    fan_in, fan_out = fans(shape)
    std = {
        "small": how.small_std,
        "large": how.large_std,
        "xavier": math.sqrt(1 / fan_in),
        "glorot": math.sqrt(2 / (fan_in + fan_out)),
        "he": math.sqrt(2 / fan_in),
    }[how.kind]
    return torch.randn(shape, generator=generator) * std


def fans(shape: tuple[int, ...]) -> tuple[int, int]:
    """(inputs, outputs) of one unit: a convolution has kernel height x width for each channel."""
    area = math.prod(shape[2:])
    return shape[1] * area, shape[0] * area


def _orthogonal(shape: tuple[int, ...], generator: torch.Generator) -> Tensor:
    """Q of the QR decomposition of a Gaussian matrix, with the signs that make Q uniform (Mezzadri, 2007)."""
    rows, columns = shape[0], math.prod(shape[1:])
    tall = torch.randn((max(rows, columns), min(rows, columns)), generator=generator, dtype=torch.float64)
    q, r = torch.linalg.qr(tall)
    q = q * r.diagonal().sign()
    return (q if rows >= columns else q.T).reshape(shape).float()
