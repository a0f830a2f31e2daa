"""Puts a net together from somebody else's description, layer by layer, with its shapes checked as it grows."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from cvlab.engine.data.preprocessing import Preprocessing
from cvlab.engine.errors import NetError, ShapeError
from cvlab.engine.nets.architecture import MAX_NODES, Architecture
from cvlab.engine.nets.layers import (
    Add,
    AvgPool,
    Concat,
    Dropout,
    Dropout2d,
    Flatten,
    GlobalPool,
    Input,
    L2Pool,
    LayerSpec,
    Maxout,
    MaxPool,
    Misfit,
    Relu,
    Reshape,
    Shape,
    Sigmoid,
    Softmax,
    Upsample,
    ZeroPad,
    volume,
)
from cvlab.engine.nets.parts import name_like
from cvlab.engine.nets.weights import checked

Weights = dict[str, np.ndarray]
_MAKES = (Relu, Sigmoid, Softmax, L2Pool)
"""Layers that give no number below zero, and such as give none where they get none."""
_KEEPS = (
    MaxPool, AvgPool, GlobalPool, Dropout, Dropout2d, Flatten, Reshape, Upsample, ZeroPad, Add, Concat, Maxout,
)  # fmt: skip


class NotHere(NetError):
    """Something that no layer here can say. `what` names it."""

    title = "This net has something that no layer here can do"


@dataclass(frozen=True, eq=False)
class Imported:
    """net: checked to fit together. weights: by our names ("conv1.weight"), all that the net needs, checked by `checked`; empty
    where the source holds none. notes: what was left out or said otherwise, as sentences. preprocessing, classes: what the
    weights were trained with, as far as the source says it."""

    net: Architecture
    weights: Weights = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    preprocessing: Preprocessing | None = None
    classes: tuple[str, ...] = ()


class Assembler:
    """Values are known by keys of the source's own; `shapes` holds what each gives."""

    def __init__(self, name: str, image: tuple[int, int, int], key: object) -> None:
        channels, height, width = image
        if not (1 <= channels <= 512 and 1 <= height <= 1024 and 1 <= width <= 1024):
            raise NotHere(f"Images of {volume(image)} are not taken: 1024×1024×512 is the largest.")
        self.net, start = Architecture(name=_title(name)).add(Input(channels=channels, height=height, width=width))
        self._node: dict[object, int] = {key: start}
        self.shapes: dict[object, Shape] = {key: image}
        self.notes: list[str] = []
        self._not_negative: set[object] = set()

    def place(self, key: object, layer: LayerSpec, sources: list[object], name: str = "") -> str:
        """A layer that reads these values and gives `key`; returns its name. Raises `ShapeError` where it does not fit."""
        inputs = [self.shape(source) for source in sources]
        if len(self.net.nodes) >= MAX_NODES:
            raise NotHere(f"The net has more than {MAX_NODES} layers.")
        try:
            output = layer.output_shape(*inputs)
        except Misfit as misfit:
            raise ShapeError(name or layer.title, inputs[0], misfit.needs, misfit.hint) from misfit
        self.net, node_id = self.net.add(layer)
        for port, source in enumerate(sources):
            self.net = self.net.connect(self._node[source], node_id, port)
        wanted = name_like(name)
        if wanted and wanted not in self.net.by_name:
            self.net = self.net.renamed(node_id, wanted)
        self._node[key], self.shapes[key] = node_id, output
        if isinstance(layer, _MAKES) or (isinstance(layer, _KEEPS) and all(s in self._not_negative for s in sources)):
            self._not_negative.add(key)
        return self.net.by_id[node_id].name

    def alias(self, key: object, source: object) -> None:
        """`key` is the same value as `source`: an identity."""
        self.shape(source)
        self._node[key], self.shapes[key] = self._node[source], self.shapes[source]
        if source in self._not_negative:
            self._not_negative.add(key)

    def shape(self, key: object) -> Shape:
        """The shape, without the batch, that this value has. Raises `NotHere` for one that nobody made."""
        if key not in self.shapes:
            raise NotHere("A value is used before it is computed.", received=str(key)[:60])
        return self.shapes[key]

    def adaptive(self, key: object, source: object, sides: tuple[int, int], mode: str, name: str = "") -> None:
        """Pooling to a fixed size: nothing to do where the maps have it, plain average pooling where it divides them."""
        shape = self.shape(source)
        given = shape[1:]
        if len(shape) != 3:
            raise ShapeError(name or "pooling", shape, "an image volume, not a vector")
        if given == sides:
            self.alias(key, source)
            self.notes.append(f"The pooling to {sides[1]}×{sides[0]} does nothing at this image size and is left out.")
            return
        factors = {side // wanted for side, wanted in zip(given, sides, strict=True) if side % wanted == 0}
        if mode != "average" or len(factors) != 1 or any(a % b for a, b in zip(given, sides, strict=True)):
            raise NotHere(f"Adaptive pooling from {given[1]}×{given[0]} to {sides[1]}×{sides[0]} has no layer here.")
        factor = factors.pop()
        self.place(key, AvgPool(kernel=factor, stride=factor), [source], name)

    def rounded_up(self, key: object, source: object, kernel: int, stride: int, padding: int, name: str = "") -> object:
        """What a max pool reads whose last window may reach over the edge (ceil_mode): the source with zeros behind its last
        rows and columns, as `key`. Only where no number is below zero, so that a zero wins over none; else the source itself."""
        shape = self.shape(source)
        if len(shape) != 3 or source not in self._not_negative:
            return source
        below, right = (overhang(side, kernel, stride, padding) for side in shape[1:])
        if not (below or right):
            return source
        self.place(key, ZeroPad(top=0, left=0, bottom=below, right=right), [source], f"{name}_pad" if name else "")
        return key

    def finish(self, end: object, weights: Weights | None = None) -> Imported:
        """The net whose scores are the value `end`; what does not lead there is left out. Raises `NotOurFile` for weights that
        are not the net's."""
        self.shape(end)
        goal = self._node[end]
        loose = [node.id for node in self.net.nodes if not self.net.reaches(node.id, goal)]
        if loose:
            names = ", ".join(self.net.by_id[i].name for i in loose[:5])
            self.notes.append(f"{names} {'do' if len(loose) > 1 else 'does'} not lead to the scores: left out.")
        net = self.net.remove(loose, heal=False)
        kept = {name: value for name, value in (weights or {}).items() if name.partition(".")[0] in net.by_name}
        return Imported(net, checked(net, kept) if kept else {}, tuple(self.notes))


def overhang(side: int, kernel: int, stride: int, padding: int) -> int:
    """Pixels that the last window of a pool in ceil_mode reaches over the padded edge: in PyTorch it begins before the padding
    there, or is left out."""
    rest = (side + 2 * padding - kernel) % stride
    count = (side + 2 * padding - kernel - rest) // stride + 1  # of windows that fit
    begins_inside = count * stride < side + padding
    return stride - rest if rest and begins_inside else 0


def _title(name: str) -> str:
    return "".join(c for c in name if c.isprintable()).strip()[:80] or "Imported net"
