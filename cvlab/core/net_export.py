"""A net handed on with its weights: as PyTorch source, or as ONNX."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from cvlab.core.storage.run_folder import PREPROCESSING
from cvlab.core.weights import SUFFIX, Weights
from cvlab.engine.data.preprocessing import NEEDS_ARRAYS
from cvlab.engine.disk import write_whole

if TYPE_CHECKING:
    from cvlab.engine.nets.architecture import Architecture


def write_source(net: Architecture, weights: Weights | None, path: Path) -> list[Path]:
    """PyTorch source at `path`; with weights those beside it, which its `load()` reads, and what else it reads. Returns the
    files.

    Raises the first `NetError` of a net that does not fit, `CannotWrite`."""
    from cvlab.engine.nets.code import source

    if weights is None:
        write_whole(path, source(net).encode())
        return [path]
    from cvlab.engine.training.checkpoint import weights_bytes

    beside = path.with_suffix(SUFFIX)
    text = source(net, weights.preprocessing, beside.name)
    files = {path: text.encode(), beside: weights_bytes(dict(weights.values))}
    if weights.preprocessing is not None and weights.preprocessing.kind in NEEDS_ARRAYS:
        files[path.with_name(PREPROCESSING)] = weights_bytes(weights.preprocessing.arrays)
    for file, content in files.items():
        write_whole(file, content)
    return list(files)


def write_onnx_file(net: Architecture, weights: Weights, path: Path) -> float:
    """The net with these weights as an ONNX file, once onnxruntime has computed the same; returns the largest difference of
    its scores on random images, relative to the largest score. Raises `NetError`, `CannotWrite`."""
    from cvlab.engine.nets.exchange.onnx_out import check_onnx, write_onnx

    data = write_onnx(net, weights.values, weights.preprocessing, weights.classes)
    difference = check_onnx(data, net, weights.values)
    write_whole(path, data)
    return difference
