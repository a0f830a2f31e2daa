"""An ONNX graph while it is read: its constants, and the net that grows from it."""

from __future__ import annotations

from typing import Any

import numpy as np

from cvlab.engine.errors import NotOurFile
from cvlab.engine.nets.exchange.assembler import Assembler, NotHere, Weights
from cvlab.engine.nets.layers import LayerSpec, Linear


def first_line(error: Exception) -> str:
    """What a library says of a failure, cut to one line of 120 characters."""
    return str(error).strip().split("\n")[0][:120]


def refuse_outside(onnx: Any, model: Any) -> None:
    """Raises `NotHere` for a model whose tensors lie in other files: no path that a file names is followed. Those of
    graphs inside of nodes and of functions count, too."""
    tensors: list[Any] = []
    graphs, functions = [model.graph], list(model.functions)
    while graphs or functions:
        if graphs:
            inner = graphs.pop()
            nodes = inner.node
            tensors += inner.initializer
            sparse = list(inner.sparse_initializer)
        else:
            nodes, sparse = functions.pop().node, []
        for attribute in (attribute for node in nodes for attribute in node.attribute):
            graphs += [attribute.g, *attribute.graphs] if attribute.HasField("g") else list(attribute.graphs)
            tensors += [attribute.t, *attribute.tensors]
            sparse += [attribute.sparse_tensor, *attribute.sparse_tensors]
        tensors += [part for each in sparse for part in (each.values, each.indices)]
    outside = [tensor for tensor in tensors if tensor.data_location == onnx.TensorProto.EXTERNAL]
    if outside:
        told = {each.value for tensor in outside for each in tensor.external_data if each.key == "location"}
        raise NotHere(
            "The model keeps its weights in another file, which is not read.",
            received=", ".join(sorted(told))[:80],
            remedy="Save it as one file: onnx.save(onnx.load(path), path) does, below 2 GB.",
        )


class Reader:
    """constants: known numbers by name. net: what has been read. weights: by our names. pieces: values split by a maxout."""

    def __init__(self, onnx: Any, graph: Any, image: tuple[int, int, int] | None) -> None:
        self._onnx, self._graph = onnx, graph
        self.constants = {tensor.name: self.array(tensor) for tensor in graph.initializer}
        inputs = [value for value in graph.input if value.name not in self.constants]
        if len(inputs) != 1 or len(graph.output) != 1:
            raise NotHere(
                "The model must take one batch of images and give one value.", received=f"{len(inputs)} inputs"
            )
        self.net = Assembler(graph.name, image or self._image(inputs[0]), inputs[0].name)
        self.weights: Weights = {}
        self.pieces: dict[str, tuple[str, int]] = {}  # values that a maxout has split: (source, pieces)
        self._named: dict[str, str] = {}  # a value's layer, by the value's name

    # -- reading values ----------------------------------------------------------------------------------------------

    def array(self, tensor: Any) -> np.ndarray:
        """The numbers of a tensor. Raises `NotOurFile` where it is damaged."""
        try:
            return self._onnx.numpy_helper.to_array(tensor)
        except Exception as error:
            raise NotOurFile(f"The tensor {tensor.name[:40]} is damaged.", received=first_line(error)) from error

    def attributes(self, node: Any) -> dict[str, Any]:
        """The attributes of an ONNX node as Python values."""
        return {a.name: self._onnx.helper.get_attribute_value(a) for a in node.attribute}

    def _image(self, value: Any) -> tuple[int, int, int]:
        sides = [side.dim_value for side in value.type.tensor_type.shape.dim]
        if len(sides) != 4:
            raise NotHere("The model does not take images.", received=f"an input of {len(sides)} dimensions")
        if not all(sides[1:]):
            raise NotHere("The model leaves the image size open.", remedy="Give it: channels, height and width.")
        return sides[1], sides[2], sides[3]

    def constant(self, node: Any, index: int, what: str) -> np.ndarray | None:
        """The constant that is the node's input number `index`; None where it is left out."""
        name = node.input[index] if index < len(node.input) else ""
        if not name:
            return None
        if name not in self.constants:
            raise NotHere(
                f"{node.name or node.op_type}: its {what} is computed, not a constant; no layer here does that."
            )
        return self.constants[name]

    def place(
        self, node: Any, layer: LayerSpec, sources: list[str] | None = None, **weights: np.ndarray | None
    ) -> None:
        out = node.output[0]
        stem = node.name or out
        name = self.net.place(
            out, layer, sources if sources is not None else [node.input[0]], _known_as(node, weights) or stem
        )
        self._named[out] = name
        self.weights.update({f"{name}.{key}": value.copy() for key, value in weights.items() if value is not None})

    def add_bias(self, node: Any, source: str, bias: np.ndarray) -> None:
        """A sum with a constant behind a linear layer without bias: its bias."""
        name = self._named.get(source, "")
        owner = self.net.net.by_name.get(name)
        if owner is None or not isinstance(owner.layer, Linear) or owner.layer.bias or bias.size != owner.layer.units:
            raise NotHere(f"{node.name or node.op_type}: adding a constant has no layer here.")
        self.net.net = self.net.net.with_layer(owner.id, Linear(units=owner.layer.units, bias=True))
        self.weights[f"{name}.bias"] = bias.reshape(-1).copy()
        self.net.alias(node.output[0], source)
        self._named[node.output[0]] = name


def _known_as(node: Any, weights: dict) -> str:
    """The layer's own name from that of its weights: "conv1.weight" -> "conv1"."""
    if "weight" in weights and len(node.input) > 1 and node.input[1].endswith(".weight"):
        return node.input[1].removesuffix(".weight")
    return ""
