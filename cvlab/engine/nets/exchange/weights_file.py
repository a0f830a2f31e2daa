"""Weights in files of other tools: safetensors, and PyTorch's .pth and .pt, as arrays by their own names."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from cvlab.engine.errors import NotOurFile
from cvlab.engine.nets.exchange.assembler import Imported
from cvlab.engine.nets.exchange.pth_file import read_pth
from cvlab.engine.nets.weights import checked, named_as, verify_checksum, weight_shapes

SUFFIXES = (".safetensors", ".pth", ".pt")


def read_weights_file(data: bytes, suffix: str) -> dict[str, np.ndarray]:
    """The arrays of a weights file by the names in it. bfloat16 becomes float32. Raises `NotOurFile`."""
    if suffix.lower() == ".safetensors":
        return _safetensors(data)
    if suffix.lower() in SUFFIXES:
        return read_pth(data)
    raise NotOurFile("Weights are read from .safetensors, .pth and .pt.", received=suffix[:20])


def _safetensors(data: bytes) -> dict[str, np.ndarray]:
    import torch
    from safetensors import SafetensorError
    from safetensors import torch as safe_torch

    from cvlab.engine.training.checkpoint import MAX_HEADER

    try:
        if int.from_bytes(data[:8], "little") > MAX_HEADER:
            raise ValueError("its header is longer than it can be")
        tensors = safe_torch.load(data)
        verify_checksum(data, tensors)
    except (SafetensorError, ValueError, KeyError, TypeError, RuntimeError) as error:
        raise NotOurFile(
            "This is not a weights file, or only a part of one.",
            received=str(error)[:120],
            remedy="Choose a .safetensors file that was saved whole.",
        ) from error
    half = (torch.bfloat16, torch.float16)
    return {
        name: (value.float() if value.dtype in half or value.dtype.itemsize == 1 else value).numpy()
        for name, value in tensors.items()
    }


def with_weights(imported: Imported, weights: Mapping[str, np.ndarray]) -> Imported:
    """The net with weights from elsewhere, under its own names or under those of the model that it was read from
    ("layer1.0.conv1.weight"). What no layer here needs, such as the heads that a model has for its training only, is left out
    with a note. Raises `NotOurFile` where one is missing, damaged or of another shape."""
    ours = named_as(imported.net, weights)
    needed = weight_shapes(imported.net)
    extra = [name for name in ours if name not in needed]
    whole = checked(imported.net, {name: value for name, value in ours.items() if name in needed})
    notes = imported.notes
    if extra:
        some = ", ".join(name[:40] for name in extra[:3]) + (", …" if len(extra) > 3 else "")
        notes += (
            f"{len(extra)} {'tensors' if len(extra) > 1 else 'tensor'} of the weights belong to no layer: {some}.",
        )
    return replace(imported, weights=whole, notes=notes)
