"""The weights that a net needs, by name and shape, and weights from elsewhere held against them."""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from cvlab.engine.errors import NotOurFile
from cvlab.engine.files import load_json
from cvlab.engine.nets.architecture import Architecture
from cvlab.engine.nets.layers import Shape
from cvlab.engine.nets.parts import name_like

if TYPE_CHECKING:
    from torch import Tensor

MAX_NUMBERS = 500_000_000
"""Weights of one net, 2 GB as float32: more are not taken in."""

COUNT = "num_batches_tracked"
"""Of a batch norm: how many batches its running averages have seen. Only they depend on it, and other tools leave it out."""

METADATA, _CHECKSUM = "cvlab", "crc32="
"""In a weights file's metadata: cvlab's key, and what stands before the checksum there."""

_OTHER_NET = "Choose the weights of this architecture."


def weight_shapes(net: Architecture) -> dict[str, Shape]:
    """ "conv1.weight": (6, 1, 5, 5), in the order of the layers, groups written out; running averages are among them.

    Takes no memory for the weights. Raises the first `NetError` of a net that does not fit.
    """
    import torch

    from cvlab.engine.nets.build import build

    with torch.device("meta"):
        module = build(net)
    return {name: tuple(value.shape) for name, value in module.state_dict().items()}


def misfit(needed: Mapping[str, Shape], weights: Mapping[str, np.ndarray | Tensor]) -> str:
    """The first tensor that is missing, extra or of another shape, in words; "" where all fit."""
    for name in [*needed, *weights]:
        if name not in weights:
            return f"{name} is missing"
        if name not in needed:
            return f"{name[:80]} belongs to no layer"
        if tuple(weights[name].shape) != tuple(needed[name]):
            return f"{name} is {tuple(weights[name].shape)}, the net needs {tuple(needed[name])}"
    return ""


def checked(net: Architecture, weights: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """The same weights, whole: all that the net needs and nothing else, of its shapes, float32 and finite, in the net's order.

    Other kinds of real numbers become float32; a batch norm's count of batches may be missing. Raises `NotOurFile` that names
    the first tensor that is missing, extra, of another shape, no real numbers, or has NaN, infinite or impossible ones.
    """
    needed = weight_shapes(net)
    if sum(int(np.prod(shape, dtype=np.int64)) for shape in needed.values()) > MAX_NUMBERS:
        raise NotOurFile(f"The net has more than {MAX_NUMBERS:,} weights.", remedy="Choose a smaller net.")
    counts = {name: np.zeros((), np.int64) for name in needed if name.endswith(f".{COUNT}")}
    weights = counts | dict(weights)
    problem = misfit(needed, weights)
    if problem:
        raise NotOurFile("These weights belong to another net.", received=problem, remedy=_OTHER_NET)
    return {name: _whole(name, weights[name]) for name in needed}


def _whole(name: str, given: np.ndarray) -> np.ndarray:
    if given.dtype.kind not in "fiub":
        raise NotOurFile(f"{name} holds no real numbers.", received=str(given.dtype)[:40])
    if name.endswith(f".{COUNT}"):
        return np.array(max(int(np.nan_to_num(given)), 0), np.int64)
    with np.errstate(over="ignore"):
        value = np.ascontiguousarray(given, np.float32).reshape(given.shape)
    refuse_non_finite({name: value})
    if name.endswith(".running_var") and value.size and float(value.min()) < 0:
        raise NotOurFile(f"{name} has a variance below 0.", received=f"{float(value.min()):g}")
    return value


def non_finite_reason(weights: Mapping[str, np.ndarray | Tensor]) -> str:
    """The first tensor with infinite numbers or NaN, in words; "" where all are finite. 30 µs for LeNet."""
    import torch

    for name, value in weights.items():
        tensor = torch.as_tensor(value)
        bad = 0 if not tensor.is_floating_point() else tensor.numel() - int(torch.isfinite(tensor).sum())
        if bad:
            return f"{name} has {bad:,} of {tensor.numel():,} numbers that are not finite"
    return ""


def refuse_non_finite(weights: Mapping[str, np.ndarray | Tensor]) -> None:
    """Raises `NotOurFile` that names the first tensor with infinite numbers or NaN."""
    if reason := non_finite_reason(weights):
        raise NotOurFile(
            f"{reason}: no net can compute with them.",
            remedy="Save the weights again, from before the training went wrong.",
        )


def checksum(weights: Mapping[str, np.ndarray | Tensor]) -> str:
    """CRC-32 of names, types, shapes and numbers, in hexadecimal: safetensors has none, and a damaged weight looks like any
    other. The order of the mapping does not matter."""
    import torch

    total = 0
    for name in sorted(weights):
        tensor = torch.as_tensor(weights[name])
        head = f"{name} {str(tensor.dtype).removeprefix('torch.')} {tuple(tensor.shape)}"
        total = zlib.crc32(tensor.contiguous().reshape(-1).view(torch.uint8).numpy(), zlib.crc32(head.encode(), total))
    return f"{total:08x}"


def file_metadata(weights: Mapping[str, np.ndarray | Tensor]) -> dict[str, str]:
    """What a weights file (safetensors) says of itself. One entry: of several, the order in the file is not always the same."""
    return {METADATA: f"weights {_CHECKSUM}{checksum(weights)}"}


def verify_checksum(data: bytes, weights: Mapping[str, np.ndarray | Tensor]) -> None:
    """Compares what was read from the bytes of a safetensors file with the checksum in it; a file without one, of an earlier
    version or another tool, passes. Raises `NotOurFile`."""
    header = load_json(data[8 : 8 + int.from_bytes(data[:8], "little")])
    said = (header.get("__metadata__") or {}).get(METADATA, "").partition(_CHECKSUM)
    if said[1] and said[2] != checksum(weights):
        raise NotOurFile(
            "The weights file is damaged: its checksum does not match.",
            received=f"{checksum(weights)} instead of {said[2][:40]}",
            remedy="Use another copy of the file, or an earlier checkpoint of the run.",
        )


def named_as(net: Architecture, weights: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Weights under another tool's names under the net's own: "layer1.0.conv1.weight" -> "layer1_0_conv1.weight".

    Names that are the net's already stay; so do those that are nobody's: `checked` tells of them.
    """
    needed = weight_shapes(net)
    renamed: dict[str, np.ndarray] = {}
    for name, value in weights.items():
        path, _, key = name.rpartition(".")
        ours = f"{name_like(path)}.{key}"
        renamed[name if name in needed or ours not in needed else ours] = value
    return renamed


def fitting(net: Architecture, weights: Mapping[str, np.ndarray]) -> tuple[dict[str, np.ndarray], tuple[str, ...]]:
    """What of another net's weights this one can begin with, and the names of its layers that begin anew.

    A layer takes all of its weights or none: by its name, where every shape is right. That is how a trained net gets a new
    last layer for other classes.
    """
    needed = weight_shapes(net)
    anew = {
        name.partition(".")[0]
        for name, shape in needed.items()
        if name not in weights or tuple(weights[name].shape) != tuple(shape)
    }
    taken = {name: weights[name] for name in needed if name.partition(".")[0] not in anew}
    return taken, tuple(dict.fromkeys(n.partition(".")[0] for n in needed if n.partition(".")[0] in anew))
