"""What the FC <-> CONV dialog asks for: the other net, how far the outputs agree, and the net slid over a larger image. No Qt."""

from __future__ import annotations

from dataclasses import dataclass
from time import perf_counter
from typing import Any

import numpy as np

from cvlab.core.jobs import JobControl
from cvlab.core.weights import Weights, find_weights, first_weights
from cvlab.engine.errors import CvlabError
from cvlab.engine.nets.architecture import Architecture
from cvlab.engine.nets.layers import volume

WINDOWS = 64
"""Windows that are also run one by one, to compare."""


@dataclass(frozen=True, eq=False)
class Slid:
    """A net over a larger image. pixels: (H, W) or (H, W, 3) uint8. labels: the class of each window, (rows, columns).

    window, step: in pixels. together, apart: seconds in one pass, and for `windows` windows one by one. difference: the
    largest between the two, relative to the largest score; None where layers pad, whose windows see their neighbours.
    """

    pixels: np.ndarray
    labels: np.ndarray
    classes: tuple[str, ...]
    window: tuple[int, int]
    step: tuple[int, int]
    together: float
    apart: float
    windows: int
    difference: float | None


@dataclass(frozen=True, eq=False)
class Comparison:
    """net: the converted one. before, after: the layer as one volume to another, in words. difference: relative to the largest
    score. trained: whose weights they are, "" for first weights. slid: None with the reason in `no_slide`."""

    net: Architecture
    before: str
    after: str
    difference: float
    trained: str
    slid: Slid | None
    no_slide: str = ""


@dataclass(frozen=True, eq=False)
class ConvertRequest:
    """lab's parts that the work may read: the choice of trained nets, and the recipe's data."""

    net: Architecture
    node_id: int
    models: Any
    dataset: Any
    data_id: str

    def run(self, control: JobControl) -> Comparison:
        from cvlab.engine.nets.convert import Converted, agreement, conv_to_fc, fc_to_conv
        from cvlab.engine.nets.shapes import infer

        found = self._weights()
        weights = found.values
        control.check()
        convert = fc_to_conv if self.net.by_id[self.node_id].layer.kind == "linear" else conv_to_fc
        converted = convert(self.net, self.node_id, weights)
        before, after = infer(self.net).layers[self.node_id], infer(converted.net).layers[self.node_id]
        difference = agreement(Converted(self.net, weights, self.node_id), converted)
        control.check()
        try:
            slid, reason = self._slide(weights, found.preprocessing, found.classes), ""
        except CvlabError as error:
            slid, reason = None, str(error)
        return Comparison(
            converted.net,
            f"{self.net.by_id[self.node_id].layer.title}: {volume(before.inputs[0])} → {volume(before.output)}",
            f"{converted.net.by_id[self.node_id].layer.title}: {volume(after.inputs[0])} → {volume(after.output)}, "
            f"{converted.net.by_id[self.node_id].layer.label()}",
            difference,
            found.title,
            slid,
            reason,
        )

    def _weights(self) -> Weights:
        """Those of a trained net that is this very one, else first weights."""
        for choice in self.models.choices(of=self.net):
            try:
                return find_weights(self.net, choice.id, self.models)
            except CvlabError:
                continue
        return first_weights(self.net)

    def _slide(self, weights, preprocessing, classes) -> Slid:
        import torch

        from cvlab.engine.nets.build import build
        from cvlab.engine.nets.convert import slide
        from cvlab.engine.nets.trained import load_weights

        image, pixels = self._mosaic()
        x = preprocessing.apply(image[None])[0] if preprocessing is not None else image.float() / 255
        began = perf_counter()
        found = slide(self.net, weights, x)
        together = perf_counter() - began
        labels = found.scores.argmax(axis=0)
        places = [(r, c) for r in range(labels.shape[0]) for c in range(labels.shape[1])]
        tried = places[:: max(1, len(places) // WINDOWS)][:WINDOWS]
        module = build(self.net)
        load_weights(module, weights)
        module.eval()
        began = perf_counter()
        with torch.inference_mode():
            alone = []
            for row, column in tried:
                top, left, bottom, right = found.place(row, column)
                alone.append(module(x[None, :, top:bottom, left:right])[0].flatten().numpy())
        apart = (perf_counter() - began) * len(places) / len(tried)
        largest = max(float(np.abs(np.stack(alone)).max()), 1e-12)
        off = max(float(np.abs(a - found.scores[:, r, c]).max()) for a, (r, c) in zip(alone, tried, strict=True))
        pads = any(self._pads(node.layer) for node in self.net.nodes)
        return Slid(
            pixels,
            labels,
            classes,
            found.window,
            found.step,
            together,
            apart,
            len(places),
            None if pads else off / largest,
        )

    @staticmethod
    def _pads(layer) -> bool:
        return (
            bool(getattr(layer, "padding", 0)) or getattr(layer, "border", "valid") == "same" or layer.kind == "zeropad"
        )

    def _mosaic(self):
        """Four images of the recipe's data as one, twice as wide and high; noise where they are of another size."""
        import torch

        start = next(node.layer for node in self.net.nodes if node.layer.kind == "input")
        shape = (start.channels, start.height, start.width)
        try:
            images = self.dataset(self.data_id).test.images[:4]
        except (CvlabError, AttributeError):
            images = None
        if images is None or tuple(images.shape[1:]) != shape:
            dice = torch.Generator().manual_seed(0)
            images = torch.randint(0, 256, (4, *shape), generator=dice, dtype=torch.uint8)
        rows = [torch.cat([images[0], images[1]], 2), torch.cat([images[2], images[3]], 2)]
        image = torch.cat(rows, 1)
        pixels = image[0].numpy() if shape[0] != 3 else image.permute(1, 2, 0).numpy()
        return image, np.ascontiguousarray(pixels)
