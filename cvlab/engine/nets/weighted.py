"""Layers whose weights multiply inputs: which modules they are, which of their weights belong to one unit, and how many numbers
a unit reads and is read by.

Asked by the kind of layer, never by the number of axes: the scale of a layer norm over a volume has three and is no weight, and
a transposed convolution keeps its outputs along another axis than a convolution. The functions stand alone, as `source` writes
them into training scripts.
"""

from __future__ import annotations

import math

from torch import Tensor, nn


def weighted_layers(module: nn.Module) -> list[nn.Module]:
    """The linear layers and (transposed) convolutions of a module, in its order. Penalties, max-norm and initializations apply to
    their `weight`; biases, and the scales and shifts of normalization layers, are left alone."""
    kinds = (nn.Linear, nn.Conv2d, nn.ConvTranspose2d)
    return [layer for layer in module.modules() if isinstance(layer, kinds)]


def by_unit(layer: nn.Module) -> tuple[Tensor, tuple[int, ...]]:
    """The weights of a layer, as a view, and the axes along which those of one unit (a row, a filter) lie.

    A convolution has (outputs, inputs / groups, height, width); a transposed one (inputs, outputs / groups, height, width), which
    becomes (groups, inputs / groups, outputs / groups, height, width).
    """
    weight = layer.weight
    if isinstance(layer, nn.ConvTranspose2d):
        return weight.unflatten(0, (layer.groups, -1)), (1, 3, 4)
    return weight, tuple(range(1, weight.ndim))


def fans(layer: nn.Module) -> tuple[float, float]:
    """(n, m): how many numbers a unit reads, and how many units read one number, on average away from the edges.

    For a convolution with F x F kernels, stride S and g groups, n = F^2 inputs / g and m = F^2 outputs / (g S^2); a transposed
    one has S^2 under n instead. PyTorch's `nn.init` reads both off the shape, which is right for neither groups nor transposed
    convolutions: with them the variance would not be kept.
    """
    if isinstance(layer, nn.Linear):
        return layer.in_features, layer.out_features
    area, jump = math.prod(layer.kernel_size), math.prod(layer.stride)
    n, m = area * layer.in_channels / layer.groups, area * layer.out_channels / layer.groups
    return (n / jump, m) if isinstance(layer, nn.ConvTranspose2d) else (n, m / jump)
