"""The formulas of a layer as its settings make it, each beside the function that it stands for.

W, H, D are the sides and the depth of the input, F, S, P, d, g the kernel, stride, padding, dilation and groups, K the filters.
Dilation, groups, output padding and bias are left out where they do nothing.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from cvlab.engine.formula import Formula
from cvlab.engine.nets.layers import (
    Add,
    AvgPool,
    BatchNorm,
    Concat,
    Conv,
    Dropout,
    Dropout2d,
    Elu,
    Flatten,
    Gelu,
    GlobalPool,
    GroupNorm,
    Input,
    L2Pool,
    LayerNorm,
    LayerSpec,
    LeakyRelu,
    Linear,
    Maxout,
    MaxPool,
    Relu,
    Reshape,
    Sigmoid,
    Softmax,
    Tanh,
    TransposedConv,
    Upsample,
    ZeroPad,
)
from cvlab.engine.nets.layers.pooling import WindowPool


def layer_formulas(layer: LayerSpec) -> tuple[Formula, ...]:
    """What this layer computes; () for a kind that this version does not know."""
    for kind, formulas in _FORMULAS.items():
        if isinstance(layer, kind):
            return formulas(layer)
    return ()


def window_side(kernel: int, stride: int, padding: int, dilation: int = 1) -> Formula:
    """How many windows fit along a side of W numbers, rounded down where the division leaves a rest."""
    spread = "F" if dilation == 1 else r"d\,(F - 1) - 1"
    return Formula(
        "Side of the output",
        rf"\left\lfloor \frac{{W - {spread} + 2P}}{{S}} \right\rfloor + 1",
        lambda W: math.floor((W - dilation * (kernel - 1) - 1 + 2 * padding) / stride) + 1,
    )


def _parameters(layer: Conv | TransposedConv) -> Formula:
    depth = "D" if layer.groups == 1 else r"\frac{D}{g}"
    K, F, g, bias = layer.filters, layer.kernel, layer.groups, int(layer.bias)
    return Formula(
        f"Parameters of K filters{'' if g == 1 else ' in g groups'}",
        rf"K\,(F \cdot F \cdot {depth} + 1)" if bias else rf"K \cdot F \cdot F \cdot {depth}",
        lambda D: K * (F * F * D // g + bias),
    )


def _conv(layer: Conv) -> tuple[Formula, ...]:
    kept = (
        "Padding that keeps the size at stride 1",
        r"P = \frac{F - 1}{2}" if layer.dilation == 1 else r"P = \frac{d\,(F - 1)}{2}",
    )
    return (
        window_side(layer.kernel, layer.stride, layer.zeros, layer.dilation),
        _parameters(layer),
        Formula(*kept, lambda: layer.dilation * (layer.kernel - 1) / 2),
    )


def _transposed(layer: TransposedConv) -> tuple[Formula, ...]:
    S, P, F, d, more = layer.stride, layer.padding, layer.kernel, layer.dilation, layer.output_padding
    spread = "F" if d == 1 else r"d\,(F - 1) + 1"
    side = Formula(
        "Side of the output",
        rf"(W - 1)\,S - 2P + {spread}" + (" + OP" if more else ""),
        lambda W: (W - 1) * S - 2 * P + d * (F - 1) + 1 + more,
    )
    return side, _parameters(layer)


def _pool(layer: WindowPool) -> tuple[Formula, ...]:
    side, F = window_side(layer.kernel, layer.stride, layer.zeros), layer.kernel
    if isinstance(layer, MaxPool):
        return Formula("One window of F × F", r"\max_{i,j}\, x_{ij}", np.max), side
    if isinstance(layer, L2Pool):
        return Formula("One window", r"\sqrt{\sum_{i,j} x_{ij}^2}", lambda x: np.sqrt((x**2).sum())), side
    caption = "One window of F × F" + (", its zeros counted" if layer.zeros else "")
    return Formula(caption, r"\frac{1}{F^2} \sum_{i,j} x_{ij}", lambda x: x.sum() / F**2), side


def _global_pool(layer: GlobalPool) -> tuple[Formula, ...]:
    if layer.mode == "max":
        return (Formula("Maximum of a map", r"\max_{i,j}\, x_{ij}", np.max),)
    return (Formula("Mean of a map", r"\frac{1}{WH} \sum_{i,j} x_{ij}", lambda x: x.sum() / x.size),)


def _sigmoid(x: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-x))


def _dropout(layer: Dropout) -> tuple[Formula, ...]:
    drop = layer.drop
    return (
        Formula(
            "While training, to drop a share d",
            r"y_i = \frac{m_i\, x_i}{1 - d}, \quad m_i = 0 \;\mathrm{with\ probability}\; d",
            lambda x, m: m * x / (1 - drop),
        ),
    )


def _norm(layer: BatchNorm | LayerNorm | GroupNorm, over: str, count: str, scales: Callable[[int, int, int], int]):
    ratio = r"\frac{x - \mu}{\sqrt{\sigma^2 + \epsilon}}"

    def value(x: np.ndarray, scale: Any = 1.0, shift: Any = 0.0) -> np.ndarray:
        return scale * (x - x.mean()) / np.sqrt(x.var() + layer.eps) + shift

    if not layer.affine:
        return (Formula(over, rf"y = {ratio}", value),)
    return (
        Formula(over, rf"y = \gamma\,{ratio} + \beta", value),
        Formula("Parameters", count, lambda W, H, D: 2 * scales(W, H, D)),
    )


def _linear(layer: Linear) -> tuple[Formula, ...]:
    units, bias = layer.units, int(layer.bias)
    inputs = r"(\mathrm{inputs} + 1)" if bias else r"\mathrm{inputs}"
    return (
        Formula("Scores", "f = W x + b" if bias else "f = W x", lambda W, x, b: W @ x + (b if bias else 0)),
        Formula("Parameters", rf"\mathrm{{units}} \cdot {inputs}", lambda n: units * (n + bias)),
    )


def _relu(layer: Relu) -> tuple[Formula, ...]:
    return (
        Formula("ReLU", r"f(x) = \max(0, x)", lambda x: np.maximum(0, x)),
        Formula("Without it", r"W_2 (W_1 x) = (W_2 W_1)\, x", lambda W1, W2, x: (W2 @ W1) @ x),
    )


def _maxout(layer: Maxout) -> tuple[Formula, ...]:
    names = r"x_1,\, x_2" if layer.pieces == 2 else rf"x_1, \ldots, x_{{{layer.pieces}}}"
    return (Formula(f"Of {layer.pieces} neighboring channels", rf"y = \max({names})", lambda x: x.max(0)),)


def _upsample(layer: Upsample) -> tuple[Formula, ...]:
    return (Formula("Side of the output", r"s \cdot W", lambda W: layer.scale * W),)


def _zero_pad(layer: ZeroPad) -> tuple[Formula, ...]:
    return (
        Formula("Width", r"W + \mathrm{left} + \mathrm{right}", lambda W: W + layer.left + layer.right),
        Formula("Height", r"H + \mathrm{top} + \mathrm{bottom}", lambda H: H + layer.top + layer.bottom),
    )


def _always(*formulas: Formula) -> Callable[[Any], tuple[Formula, ...]]:
    """A kind without settings that its formulas could follow."""
    return lambda layer: formulas


_FORMULAS: dict[type[LayerSpec], Callable[[Any], tuple[Formula, ...]]] = {
    Input: _always(Formula("Numbers in the volume", r"W \cdot H \cdot D", lambda W, H, D: W * H * D)),
    Conv: _conv,
    TransposedConv: _transposed,
    MaxPool: _pool,
    AvgPool: _pool,
    L2Pool: _pool,
    GlobalPool: _global_pool,
    Relu: _relu,
    LeakyRelu: lambda layer: (Formula("Leaky ReLU", r"f(x) = \max(a x, x)", lambda x: np.maximum(layer.slope * x, x)),),
    Elu: lambda layer: (Formula("Below zero", r"f(x) = \alpha\,(e^x - 1)", lambda x: layer.alpha * (np.exp(x) - 1)),),
    Gelu: _always(
        Formula("GELU", r"f(x) = x\,\Phi(x)", lambda x: x * np.array([(1 + math.erf(each / 2**0.5)) / 2 for each in x]))
    ),
    Sigmoid: _always(
        Formula("Sigmoid", r"\sigma(x) = \frac{1}{1 + e^{-x}}", _sigmoid),
        Formula("Its slope", r"\sigma\,(1 - \sigma) \leq \frac{1}{4}", lambda x: _sigmoid(x) * (1 - _sigmoid(x))),
    ),
    Tanh: _always(Formula("Tanh", r"\tanh(x) = 2\,\sigma(2x) - 1", lambda x: 2 * _sigmoid(2 * x) - 1)),
    Softmax: _always(
        Formula("Probability of class k", r"\frac{e^{s_k}}{\sum_j e^{s_j}}", lambda s: np.exp(s) / np.exp(s).sum())
    ),
    Maxout: _maxout,
    Linear: _linear,
    BatchNorm: lambda layer: _norm(layer, "While training, over the batch, for each channel", "2 D", lambda W, H, D: D),
    LayerNorm: lambda layer: _norm(
        layer, "Over all numbers of one image", r"2 \cdot W \cdot H \cdot D", lambda W, H, D: W * H * D
    ),
    GroupNorm: lambda layer: _norm(layer, "Over each group of one image", "2 D", lambda W, H, D: D),
    Dropout2d: lambda layer: (
        Formula("While training, maps that stay of D", r"(1 - d)\, D", lambda D: (1 - layer.drop) * D),
    ),
    Dropout: _dropout,
    Add: _always(
        Formula("A residual block", r"y = x + F(x)", lambda x, change: x + change),
        Formula("Its gradient", r"\frac{dy}{dx} = 1 + F'(x)", lambda slope: 1 + slope),
    ),
    Concat: _always(Formula("Depth", r"D = D_1 + D_2 + \ldots", lambda *depths: sum(depths))),
    Flatten: _always(Formula("Length", r"W \cdot H \cdot D", lambda W, H, D: W * H * D)),
    Reshape: _always(
        Formula("What must agree", r"W \cdot H \cdot D = W' \cdot H' \cdot D'", lambda W, H, D: W * H * D)
    ),
    Upsample: _upsample,
    ZeroPad: _zero_pad,
}
