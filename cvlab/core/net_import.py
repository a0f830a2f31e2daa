"""A net taken in: from PyTorch source, ONNX, a net's own file or torchvision, with its weights where they are there."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from cvlab.core.storage.net_folder import MAX_WEIGHTS
from cvlab.engine.errors import NotOurFile
from cvlab.engine.files import read_bounded
from cvlab.engine.nets.architecture import Architecture

if TYPE_CHECKING:
    import numpy as np

    from cvlab.core.jobs import JobControl
    from cvlab.core.models import Models
    from cvlab.engine.nets.exchange.assembler import Imported

MAX_FILE = 1_900_000_000
READABLE = (".py", ".onnx", ".json")
WEIGHTS = (".safetensors", ".pth", ".pt")
Image = tuple[int, int, int]


@dataclass(frozen=True)
class Taken:
    """A net that was read. id: under which its weights are kept, "" where it has none; `Models.load` knows it."""

    net: Architecture
    notes: tuple[str, ...] = ()
    id: str = ""


@dataclass(frozen=True)
class TakeIn:
    """A job: reads a file, or a model of torchvision by name, and keeps its weights among `models`. weights: a file that has
    them, besides. Raises `NetError`, `NotOurFile`, `CannotWrite`; nothing in a file is run."""

    models: Models
    path: Path | None = None
    model: str = ""
    weights: Path | None = None

    def run(self, control: JobControl) -> Taken:
        found = read_torchvision(self.model, weights=self.weights) if self.path is None else read_net(self.path)
        if self.path is not None and self.weights is not None:
            found = add_weights(found, self.weights)
        control.check()
        title = self.model if self.path is None else self.path.name
        return Taken(found.net, found.notes, self.models.keep(found, title) if found.weights else "")


@dataclass(frozen=True)
class TakeWeights:
    """A job: the weights of a file for a net that is there, kept among `models`. Raises as `TakeIn`."""

    models: Models
    net: Architecture
    path: Path

    def run(self, control: JobControl) -> Taken:
        from cvlab.engine.nets.exchange.assembler import Imported

        found = add_weights(Imported(self.net.flat), self.path)
        control.check()
        return Taken(self.net, found.notes, self.models.keep(found, self.path.name))


def read_net(path: Path, image: Image | None = None) -> Imported:
    """The net of a .py that cvlab wrote, an .onnx or a .json, with the weights that are in it or, as cvlab writes them,
    beside it. image: (C, H, W), for a file that leaves it open. Raises `NetError`, `NotOurFile`."""
    kind = path.suffix.lower()
    if kind not in READABLE and path.is_file():
        raise NotOurFile(
            f"No net can be read from {path.name[:60]}.", remedy="Choose a .py that cvlab wrote, an .onnx, or a .json."
        )
    data = _bytes(path, MAX_FILE)
    if kind == ".onnx":
        from cvlab.engine.nets.exchange.onnx_in import read_onnx

        return read_onnx(data, image)
    return _source(path, data, image) if kind == ".py" else _json(path, data)


def _source(path: Path, data: bytes, image: Image | None) -> Imported:
    from cvlab.engine.nets.exchange.source_file import read_source, weights_beside

    try:
        text = data.decode()
    except UnicodeDecodeError as error:
        raise NotOurFile(f"{path.name} is not text.") from error
    beside = weights_beside(text)
    if beside and not path.with_name(beside).is_file():
        found = read_source(text, image)
        note = f"{beside}, where it has its weights, does not lie beside {path.name}: the net comes without them."
        return replace(found, notes=(*found.notes, note))
    return read_source(text, image, read_arrays(path.with_name(beside)) if beside else None)


def _json(path: Path, data: bytes) -> Imported:
    from cvlab.engine.nets.exchange.assembler import Imported

    net, beside = Architecture.from_json(data), path.with_suffix(".safetensors")
    if not beside.is_file():
        return Imported(net)
    return replace(add_weights(Imported(net.flat), beside), net=net)


def read_torchvision(
    name: str, image: Image | None = None, classes: int = 1000, weights: Path | None = None
) -> Imported:
    """A model of torchvision; weights: one of its published files, or one that was trained on. Raises as `read_net`."""
    from cvlab.engine.nets.exchange.traced import read_torchvision

    return read_torchvision(name, image or (3, 224, 224), classes, None if weights is None else read_arrays(weights))


def add_weights(found: Imported, path: Path) -> Imported:
    """The net with the weights of a file, by its own names or by those of the model that it comes from."""
    from cvlab.engine.nets.exchange.weights_file import with_weights

    return with_weights(found, read_arrays(path))


def read_arrays(path: Path) -> dict[str, np.ndarray]:
    """The arrays of a weights file (.safetensors, .pth, .pt) by the names in it. Raises `NotOurFile`."""
    from cvlab.engine.nets.exchange.weights_file import read_weights_file

    return read_weights_file(_bytes(path, MAX_WEIGHTS), path.suffix)


def _bytes(path: Path, limit: int) -> bytes:
    try:
        return read_bounded(path, limit)
    except OSError as error:
        raise NotOurFile(
            f"{path.name} cannot be read.", received=error.strerror or str(error), remedy="Choose another file."
        ) from error
