"""What a net makes of one prepared digit, and the slow work around it as requests for the jobs. No Qt, no widgets."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import numpy as np

from cvlab.core.jobs import JobControl
from cvlab.core.lab import Lab
from cvlab.core.models import Models
from cvlab.engine.data.picture import Picture, from_image
from cvlab.engine.errors import ShapeError
from cvlab.engine.nets.architecture import Architecture
from cvlab.engine.nets.layers import Conv, volume
from cvlab.engine.nets.shapes import infer

if TYPE_CHECKING:
    from cvlab.engine.nets.trained import TrainedNet

IMAGE = (1, 28, 28)
_POSITIVE = frozenset({"relu", "sigmoid", "softmax", "l2pool"})
_EITHER_SIGN = frozenset({"conv", "transposed_conv", "linear", "batchnorm", "layernorm", "groupnorm"})
SAMPLE = "mnist-mini"


@dataclass(frozen=True, eq=False)
class Reading:
    """probabilities, scores: (K,). outputs: every layer's output by node name, without the batch."""

    probabilities: np.ndarray
    scores: np.ndarray
    outputs: dict[str, np.ndarray]


def read(net: TrainedNet, image: np.ndarray) -> Reading:
    """One look at (28, 28) uint8. About 1 ms for LeNet on one thread: fast enough for the GUI thread."""
    import torch

    probabilities, outputs = net.look(torch.from_numpy(image)[None])
    last = net.architecture.by_id[net.architecture.order[-1]].name
    return Reading(probabilities, outputs[last], outputs)


@dataclass(frozen=True)
class MapLayer:
    """A layer whose output is a volume. signed: its values can be negative."""

    name: str
    caption: str
    signed: bool
    is_conv: bool


def map_layers(net: Architecture) -> tuple[MapLayer, ...]:
    """The layers that have maps to look at, from input to output."""
    net = net.flat
    report = infer(net)
    found: list[MapLayer] = []
    signed: dict[int, bool] = {}
    for node_id in net.order:
        node, shape = net.by_id[node_id], report.layers[node_id].output
        kind = node.layer.kind
        # A sum with weights of both signs may be negative; a ReLU is not; the rest passes on the sign that it is given.
        inherited = any(signed[edge.source] for edge in net.into(node_id))
        signed[node_id] = kind not in _POSITIVE and (inherited or not net.into(node_id) or kind in _EITHER_SIGN)
        if shape is not None and len(shape) == 3:
            is_conv = isinstance(node.layer, Conv)
            caption = f"{node.name}  ·  {volume(shape)}"
            found.append(MapLayer(node.name, caption, signed[node_id], is_conv))
    return tuple(found)


@dataclass(frozen=True)
class LoadNet:
    """The net of an id; refuses one that does not read digits, in words."""

    models: Models
    model_id: str

    def run(self, control: JobControl) -> TrainedNet:
        net = self.models.load(self.model_id)
        control.check()
        check_reads_digits(net.architecture)
        # The first look allocates and picks kernels: better here than under the pen.
        read(net, np.zeros(IMAGE[1:], np.uint8))
        return net


def check_reads_digits(net: Architecture) -> None:
    """Raises `ShapeError` unless the net takes one channel of 28 x 28."""
    if net.image_shape != IMAGE:
        wanted = f"images of {volume(net.image_shape)}" if net.image_shape else "an input layer"
        raise ShapeError(net.name or "The net", IMAGE, wanted, "Choose a net that was trained on MNIST.")


@dataclass(frozen=True)
class LoadDigits:
    """The test digits of the shipped sample: ((N, 28, 28) uint8, (N,) labels)."""

    lab: Lab

    def run(self, control: JobControl) -> tuple[np.ndarray, np.ndarray]:
        test = self.lab.dataset(SAMPLE).test
        return test.images[:, 0].numpy(), test.labels.numpy()


@dataclass(frozen=True)
class OpenPicture:
    """A picture file, or the bytes of one that was pasted, as ink. Raises `DataError`."""

    path: Path | None = None
    data: bytes = b""

    def run(self, control: JobControl) -> Picture:
        if self.path is not None:
            return from_image(self.path)
        with TemporaryDirectory() as folder:
            path = Path(folder) / "The pasted picture.png"
            path.write_bytes(self.data)
            return from_image(path)
