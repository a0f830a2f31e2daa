"""From a PyTorch module to the layer that it is: used for source and for traced models alike."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pydantic import ValidationError
from torch import nn

from cvlab.engine.nets import modules
from cvlab.engine.nets.exchange.assembler import NotHere, overhang
from cvlab.engine.nets.layers import (
    AvgPool,
    BatchNorm,
    Conv,
    Dropout,
    Dropout2d,
    Elu,
    Flatten,
    Gelu,
    GlobalPool,
    GroupNorm,
    L2Pool,
    LayerNorm,
    LayerSpec,
    LeakyRelu,
    Linear,
    Maxout,
    MaxPool,
    Relu,
    Reshape,
    Shape,
    Sigmoid,
    Softmax,
    Tanh,
    TransposedConv,
    Upsample,
    ZeroPad,
    volume,
)
from cvlab.engine.validation import first_problem


def spec_of(module: nn.Module, shape: Shape) -> LayerSpec | None:
    """The layer that does what the module does to an input of this shape; None for one that does nothing.

    Raises `NotHere` that says which module or setting has no layer here.
    """
    reader = _READERS.get(type(module))
    if reader is None:
        raise NotHere(f"{type(module).__name__} has no layer here.", remedy="Replace it, or leave it out.")
    try:
        return reader(module, shape)
    except ValidationError as error:
        raise NotHere(f"{type(module).__name__}: {first_problem(error)}") from error
    except (TypeError, ValueError, AttributeError, ArithmeticError) as error:
        # PyTorch takes None or a word for many numbers, and objects only when the module is called.
        raise NotHere(
            f"{type(module).__name__} has a setting that is not a number of the kind that it needs.",
            received=str(module)[:80],
        ) from error


def square(value: Any, what: str, module: nn.Module) -> int:
    """The one number of (3, 3); raises `NotHere` for (3, 5)."""
    sides = set(value) if isinstance(value, tuple) else {value}
    if not all(type(side) is int for side in sides):
        raise NotHere(f"{type(module).__name__}: the {what} must be a whole number.", received=repr(value)[:40])
    if len(sides) != 1:
        raise NotHere(f"{type(module).__name__} with the {what} {tuple(value)}: only squares have a layer here.")
    return int(sides.pop())


def _refuse(module: nn.Module, **wanted: Any) -> None:
    """Raises `NotHere` where an attribute is not what every layer here has."""
    for name, value in wanted.items():
        if getattr(module, name) != value:
            raise NotHere(f"{type(module).__name__} with {name}={getattr(module, name)!r} has no layer here.")


def _expects(module: nn.Module, what: str, count: int, shape: Shape) -> None:
    if shape and count != shape[0]:
        raise NotHere(
            f"{type(module).__name__} expects {count:,} {what}; it gets {volume(shape)}.",
            remedy=f"Set it to {shape[0]:,}, or give another image size.",
        )


def _conv(m: nn.Conv2d, shape: Shape) -> LayerSpec:
    _refuse(m, padding_mode="zeros")
    _expects(m, "channels", m.in_channels, shape)
    border = m.padding if isinstance(m.padding, str) else "number"
    return Conv(
        filters=m.out_channels,
        kernel=square(m.kernel_size, "kernel", m),
        stride=square(m.stride, "stride", m),
        border=border,
        padding=0 if isinstance(m.padding, str) else square(m.padding, "padding", m),
        dilation=square(m.dilation, "dilation", m),
        groups=m.groups,
        bias=m.bias is not None,
    )


def _transposed(m: nn.ConvTranspose2d, shape: Shape) -> LayerSpec:
    _refuse(m, padding_mode="zeros")
    _expects(m, "channels", m.in_channels, shape)
    return TransposedConv(
        filters=m.out_channels,
        kernel=square(m.kernel_size, "kernel", m),
        stride=square(m.stride, "stride", m),
        padding=square(m.padding, "padding", m),
        output_padding=square(m.output_padding, "output padding", m),
        dilation=square(m.dilation, "dilation", m),
        groups=m.groups,
        bias=m.bias is not None,
    )


def _ceil_is_floor(m: Any, shape: Shape, kernel: int, stride: int, padding: int) -> None:
    if m.ceil_mode and any(overhang(side, kernel, stride, padding) for side in shape[1:]):
        raise NotHere(
            f"{type(m).__name__} with ceil_mode=True on maps of {volume(shape)} has no layer here.",
            remedy="Another image size, one that the stride divides, would do.",
        )


def _max_pool(m: nn.MaxPool2d, shape: Shape) -> LayerSpec:
    _refuse(m, return_indices=False)
    if square(m.dilation, "dilation", m) != 1:
        raise NotHere("MaxPool2d with dilation has no layer here.")
    kernel, stride, padding = (square(getattr(m, n), n, m) for n in ("kernel_size", "stride", "padding"))
    _ceil_is_floor(m, shape, kernel, stride, padding)
    return MaxPool(kernel=kernel, stride=stride, padding=padding)


def _avg_pool(m: nn.AvgPool2d, shape: Shape) -> LayerSpec:
    _refuse(m, divisor_override=None)
    kernel, stride, padding = (square(getattr(m, n), n, m) for n in ("kernel_size", "stride", "padding"))
    if padding:
        _refuse(m, count_include_pad=True)
    _ceil_is_floor(m, shape, kernel, stride, padding)
    return AvgPool(kernel=kernel, stride=stride, padding=padding)


def _lp_pool(m: nn.LPPool2d, shape: Shape) -> LayerSpec:
    _refuse(m, ceil_mode=False)
    if float(m.norm_type) != 2.0:
        raise NotHere(f"LPPool2d of norm {m.norm_type} has no layer here; 2 has.")
    kernel = square(m.kernel_size, "kernel_size", m)
    return L2Pool(kernel=kernel, stride=kernel if m.stride is None else square(m.stride, "stride", m))


def _batch_norm(m: Any, shape: Shape) -> LayerSpec:
    _expects(m, "channels", m.num_features, shape)
    _refuse(m, track_running_stats=True)
    if m.momentum is None:
        raise NotHere(f"{type(m).__name__} with momentum=None has no layer here.")
    return BatchNorm(eps=m.eps, momentum=m.momentum, affine=m.affine)


def _layer_norm(m: nn.LayerNorm, shape: Shape) -> LayerSpec:
    if shape and tuple(m.normalized_shape) != shape:
        raise NotHere(
            f"LayerNorm over {tuple(m.normalized_shape)} has no layer here: it is taken over all of {volume(shape)}."
        )
    if m.elementwise_affine and m.bias is None:
        raise NotHere("LayerNorm with bias=False has no layer here.")
    return LayerNorm(eps=m.eps, affine=m.elementwise_affine)


def _group_norm(m: nn.GroupNorm, shape: Shape) -> LayerSpec:
    _expects(m, "channels", m.num_channels, shape)
    return GroupNorm(groups=m.num_groups, eps=m.eps, affine=m.affine)


def _linear(m: nn.Linear, shape: Shape) -> LayerSpec:
    if len(shape) == 1:
        _expects(m, "inputs", m.in_features, shape)
    return Linear(units=m.out_features, bias=m.bias is not None)


def _flatten(m: nn.Flatten, shape: Shape) -> LayerSpec:
    _refuse(m, start_dim=1, end_dim=-1)
    return Flatten()


def _softmax(m: nn.Softmax, shape: Shape) -> LayerSpec:
    if m.dim not in (1, -1 if len(shape) == 1 else 1):
        raise NotHere(f"Softmax over dimension {m.dim} has no layer here.")
    return Softmax()


def _upsample(m: nn.Upsample, shape: Shape) -> LayerSpec:
    _refuse(m, size=None)
    if m.align_corners:
        raise NotHere("Upsample with align_corners=True has no layer here.")
    scale = m.scale_factor[0] if isinstance(m.scale_factor, tuple) else m.scale_factor
    if m.mode not in ("nearest", "bilinear") or int(scale) != scale:
        raise NotHere(f"Upsample by {scale} with mode {m.mode!r} has no layer here.")
    return Upsample(scale=int(scale), mode=m.mode)


def _zero_pad(m: nn.ZeroPad2d, shape: Shape) -> LayerSpec:
    left, right, top, bottom = m.padding
    return ZeroPad(left=left, right=right, top=top, bottom=bottom)


def _reshape(m: modules.Reshape, shape: Shape) -> LayerSpec:
    return Reshape.to(*m.shape)


def _unflatten(m: nn.Unflatten, shape: Shape) -> LayerSpec:
    if m.dim != 1 or len(m.unflattened_size) != 3 or len(shape) != 1:
        raise NotHere(f"{m} has no layer here.")
    channels, height, width = (max(side, 0) for side in m.unflattened_size)
    return Reshape(channels=channels, height=height, width=width)


def _gelu(m: nn.GELU, shape: Shape) -> LayerSpec:
    _refuse(m, approximate="none")
    return Gelu()


def _adaptive(m: Any, shape: Shape) -> LayerSpec:
    sides = m.output_size if isinstance(m.output_size, tuple) else (m.output_size, m.output_size)
    if set(sides) != {1}:
        raise NotHere(f"{type(m).__name__} to {sides} has no layer here.")
    return GlobalPool(mode="max" if isinstance(m, nn.AdaptiveMaxPool2d) else "average")


_READERS: dict[type, Callable[[Any, Shape], LayerSpec | None]] = {
    nn.Identity: lambda m, shape: None,
    nn.Conv2d: _conv,
    nn.ConvTranspose2d: _transposed,
    nn.MaxPool2d: _max_pool,
    nn.AvgPool2d: _avg_pool,
    nn.LPPool2d: _lp_pool,
    nn.AdaptiveAvgPool2d: _adaptive,
    nn.AdaptiveMaxPool2d: _adaptive,
    nn.BatchNorm1d: _batch_norm,
    nn.BatchNorm2d: _batch_norm,
    modules.BatchNorm1d: _batch_norm,
    modules.BatchNorm2d: _batch_norm,
    nn.LayerNorm: _layer_norm,
    nn.GroupNorm: _group_norm,
    modules.GroupNorm: _group_norm,
    nn.Linear: _linear,
    nn.Flatten: _flatten,
    nn.Unflatten: _unflatten,
    nn.Softmax: _softmax,
    nn.Upsample: _upsample,
    nn.ZeroPad2d: _zero_pad,
    nn.ReLU: lambda m, shape: Relu(),
    nn.LeakyReLU: lambda m, shape: LeakyRelu(slope=m.negative_slope),
    nn.ELU: lambda m, shape: Elu(alpha=m.alpha),
    nn.GELU: _gelu,
    nn.Sigmoid: lambda m, shape: Sigmoid(),
    nn.Tanh: lambda m, shape: Tanh(),
    nn.Dropout: lambda m, shape: Dropout(drop=m.p),
    nn.Dropout2d: lambda m, shape: Dropout2d(drop=m.p),
    modules.L2Pool: lambda m, shape: L2Pool(kernel=m.kernel_size, stride=m.stride),
    modules.Maxout: lambda m, shape: Maxout(pieces=m.pieces),
    modules.Reshape: _reshape,
}

NAMES = {kind.__name__: kind for kind in _READERS if kind.__module__.startswith("torch.")}
"""Classes of torch.nn that have a layer here, by name."""
