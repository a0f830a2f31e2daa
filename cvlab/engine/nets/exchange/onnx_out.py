"""A net with its weights as an ONNX model, operator by operator, under the layers' own names; checked by onnxruntime.

Needs the extra `onnx`. The batch is a free dimension; images come in as the preprocessing gives them.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from cvlab.engine.data.preprocessing import Preprocessing
from cvlab.engine.errors import NetError
from cvlab.engine.installation import detect
from cvlab.engine.nets.architecture import Architecture
from cvlab.engine.nets.layers import Input, LayerSpec, Shape
from cvlab.engine.nets.shapes import infer

OPSET = 21
MAX_BYTES = 1_900_000_000
"""A protobuf message holds less than 2 GiB."""


def packages() -> tuple[Any, Any]:
    """(onnx, onnxruntime); raises `NetError` that says how to install them."""
    try:
        import onnx
        import onnxruntime
    except ImportError as error:
        remedy = f"Install them: {detect().add('onnx', 'onnxruntime')}"
        raise NetError("ONNX needs packages that are not installed here.", remedy=remedy) from error
    return onnx, onnxruntime


class _Graph:
    """The nodes and constants written so far."""

    def __init__(self, onnx: Any) -> None:
        self._helper, self._numpy = onnx.helper, onnx.numpy_helper
        self.nodes: list[Any] = []
        self.constants: dict[str, np.ndarray] = {}

    def node(self, op: str, inputs: list[str], output: str, doc: str = "", **attributes: Any) -> None:
        kept = {name: value for name, value in attributes.items() if value is not None}
        self.nodes.append(self._helper.make_node(op, inputs, [output], name=output, doc_string=doc or None, **kept))

    def constant(self, name: str, value: np.ndarray) -> str:
        self.constants[name] = np.array(value, order="C")
        return name

    def initializers(self) -> list[Any]:
        return [self._numpy.from_array(value, name) for name, value in self.constants.items()]


def write_onnx(
    net: Architecture,
    weights: Mapping[str, np.ndarray],
    preprocessing: Preprocessing | None = None,
    classes: tuple[str, ...] = (),
) -> bytes:
    """The bytes of an .onnx file: input "image" (N, C, H, W) float32, output "scores". Groups that repeat are written out.

    weights: by name, as `TrainedNet.weights` gives them. preprocessing and classes go into the file's metadata as JSON.
    Raises the first `NetError` of a net that does not fit; `NetError` above 2 GB or without the packages.
    """
    onnx, _ = packages()
    report = infer(net).flat
    report.raise_first()
    net = net.flat
    if sum(value.nbytes for value in weights.values()) > MAX_BYTES:
        raise NetError("An ONNX file holds less than 2 GB of weights.", remedy="Make the net smaller.")
    graph, names = _Graph(onnx), {}
    for node_id in net.order:
        node, found = net.by_id[node_id], report.layers[node_id]
        if isinstance(node.layer, Input):
            names[node_id], image = "image", found.output
            continue
        names[node_id] = "scores" if node_id == net.order[-1] else node.name
        mine = {k.partition(".")[2]: v for k, v in weights.items() if k.partition(".")[0] == node.name}
        sources = [names[edge.source] for edge in net.into(node_id)]
        _WRITERS[node.layer.kind](graph, node.layer, found.inputs, sources, names[node_id], node.name, mine)
    if net.order[-1] == net.order[0]:
        raise NetError("The net has no layer but its input.")
    model = onnx.helper.make_model(
        onnx.helper.make_graph(
            graph.nodes,
            net.name,
            [onnx.helper.make_tensor_value_info("image", onnx.TensorProto.FLOAT, ["N", *image])],
            [
                onnx.helper.make_tensor_value_info(
                    "scores", onnx.TensorProto.FLOAT, ["N", *report.layers[net.order[-1]].output]
                )
            ],
            graph.initializers(),
        ),
        opset_imports=[onnx.helper.make_opsetid("", OPSET)],
        producer_name="cvlab",
        ir_version=10,
    )
    told: dict[str, Any] = {"classes": list(classes)} if classes else {}
    if preprocessing is not None:
        told["preprocessing"] = preprocessing.model_dump(mode="json")
    onnx.helper.set_model_props(model, {key: json.dumps(value) for key, value in told.items()})
    onnx.checker.check_model(model)
    return model.SerializeToString()


def run_onnx(data: bytes, x: np.ndarray) -> np.ndarray:
    """What onnxruntime on the CPU makes of a batch (N, C, H, W) float32."""
    _, runtime = packages()
    options = runtime.SessionOptions()
    options.log_severity_level = 3
    options.intra_op_num_threads = 1
    session = runtime.InferenceSession(data, options, providers=["CPUExecutionProvider"])
    return session.run(None, {session.get_inputs()[0].name: x})[0]


def check_onnx(
    data: bytes, net: Architecture, weights: Mapping[str, np.ndarray], count: int = 4, seed: int = 0
) -> float:
    """The largest difference between onnxruntime's scores and ours on random images, relative to the largest score."""
    import torch

    from cvlab.engine.nets.build import build
    from cvlab.engine.nets.trained import load_weights

    layer = next(node.layer for node in net.nodes if isinstance(node.layer, Input))
    x = torch.randn(count, layer.channels, layer.height, layer.width, generator=torch.Generator().manual_seed(seed))
    module = build(net)
    load_weights(module, weights)
    with torch.inference_mode():
        ours = module.eval()(x).numpy()
    theirs = run_onnx(data, x.numpy())
    return float(np.abs(ours - theirs).max() / max(float(np.abs(ours).max()), 1.0))


# -- one writer a kind: (graph, layer, shapes of the inputs, their names, name of the output, of the node, weights) -----

Writer = Callable[[_Graph, Any, tuple[Shape, ...], list[str], str, str, dict[str, np.ndarray]], None]


def _learned(g: _Graph, name: str, mine: dict[str, np.ndarray], *keys: str) -> list[str]:
    return [g.constant(f"{name}.{key}", mine[key]) for key in keys if key in mine]


def _conv(g: _Graph, layer: Any, shapes, sources, out, name, mine) -> None:
    padding = layer.zeros if layer.kind == "conv" else layer.padding
    more = {"output_padding": [layer.output_padding] * 2} if layer.kind == "transposed_conv" else {}
    g.node(
        "Conv" if layer.kind == "conv" else "ConvTranspose", [*sources, *_learned(g, name, mine, "weight", "bias")], out,
        kernel_shape=[layer.kernel] * 2, strides=[layer.stride] * 2, pads=[padding] * 4, dilations=[layer.dilation] * 2,
        group=layer.groups, **more,
    )  # fmt: skip


def _pool(op: str, **more: Any) -> Writer:
    def write(g: _Graph, layer: Any, shapes, sources, out, name, mine) -> None:
        window = {"kernel_shape": [layer.kernel] * 2, "strides": [layer.stride] * 2, "pads": [layer.zeros] * 4}
        g.node(op, sources, out, **window, **more)

    return write


def _plain(op: str, **attributes: str | int) -> Writer:
    """Attributes that are words name a setting of the layer."""

    def write(g: _Graph, layer: Any, shapes, sources, out, name, mine) -> None:
        given = {k: float(getattr(layer, v)) if isinstance(v, str) else v for k, v in attributes.items()}
        g.node(op, sources, out, **given)

    return write


def _global_pool(g: _Graph, layer: Any, shapes, sources, out, name, mine) -> None:
    g.node("GlobalAveragePool" if layer.mode == "average" else "GlobalMaxPool", sources, out)


def _linear(g: _Graph, layer: Any, shapes, sources, out, name, mine) -> None:
    g.node("Gemm", [*sources, *_learned(g, name, mine, "weight", "bias")], out, transB=1)


def _affine(g: _Graph, name: str, mine: dict[str, np.ndarray], shape: Shape) -> list[str]:
    scale = mine.get("weight", np.ones(shape, np.float32))
    return [
        g.constant(f"{name}.weight", scale),
        g.constant(f"{name}.bias", mine.get("bias", np.zeros(shape, np.float32))),
    ]


def _batch_norm(g: _Graph, layer: Any, shapes, sources, out, name, mine) -> None:
    averages = _learned(g, name, mine, "running_mean", "running_var")
    inputs = [*sources, *_affine(g, name, mine, shapes[0][:1]), *averages]
    g.node("BatchNormalization", inputs, out, _unlearned(layer), epsilon=layer.eps, momentum=1 - layer.momentum)


def _layer_norm(g: _Graph, layer: Any, shapes, sources, out, name, mine) -> None:
    inputs = [*sources, *_affine(g, name, mine, shapes[0])]
    g.node("LayerNormalization", inputs, out, _unlearned(layer), axis=1, epsilon=layer.eps)


def _group_norm(g: _Graph, layer: Any, shapes, sources, out, name, mine) -> None:
    inputs = [*sources, *_affine(g, name, mine, shapes[0][:1])]
    g.node("GroupNormalization", inputs, out, _unlearned(layer), epsilon=layer.eps, num_groups=layer.groups)


def _unlearned(layer: Any) -> str:
    return "" if layer.affine else "affine=False"


def _dropout(g: _Graph, layer: LayerSpec, shapes, sources, out, name, mine) -> None:
    ratio = g.constant(f"{name}.ratio", np.float32(layer.drop))  # type: ignore[attr-defined]
    g.node("Dropout", [*sources, ratio], out, layer.kind)


def _maxout(g: _Graph, layer: Any, shapes, sources, out, name, mine) -> None:
    channels, *sides = shapes[0]
    split = g.constant(f"{name}.split", np.array([0, channels // layer.pieces, layer.pieces, *sides], np.int64))
    g.node("Reshape", [*sources, split], f"{name}.pieces")
    axes = g.constant(f"{name}.axes", np.array([2], np.int64))
    g.node("ReduceMax", [f"{name}.pieces", axes], out, keepdims=0)


def _reshape(g: _Graph, layer: Any, shapes, sources, out, name, mine) -> None:
    shape = g.constant(f"{name}.shape", np.array([0, *layer.output_shape(*shapes)], np.int64))
    g.node("Reshape", [*sources, shape], out)


def _upsample(g: _Graph, layer: Any, shapes, sources, out, name, mine) -> None:
    scales = g.constant(f"{name}.scales", np.array([1, 1, layer.scale, layer.scale], np.float32))
    if layer.mode == "nearest":
        how = {"mode": "nearest", "nearest_mode": "floor", "coordinate_transformation_mode": "asymmetric"}
    else:
        how = {"mode": "linear", "coordinate_transformation_mode": "half_pixel"}
    g.node("Resize", [*sources, "", scales], out, **how)


def _zero_pad(g: _Graph, layer: Any, shapes, sources, out, name, mine) -> None:
    pads = np.array([0, 0, layer.top, layer.left, 0, 0, layer.bottom, layer.right], np.int64)
    g.node("Pad", [*sources, g.constant(f"{name}.pads", pads)], out)


def _add(g: _Graph, layer: Any, shapes, sources, out, name, mine) -> None:
    g.node("Add" if len(sources) == 2 else "Sum", sources, out)


_WRITERS: dict[str, Writer] = {
    "conv": _conv,
    "transposed_conv": _conv,
    "maxpool": _pool("MaxPool"),
    "avgpool": _pool("AveragePool", count_include_pad=1),
    "l2pool": _pool("LpPool", p=2),
    "globalpool": _global_pool,
    "linear": _linear,
    "flatten": _plain("Flatten", axis=1),
    "reshape": _reshape,
    "upsample": _upsample,
    "zeropad": _zero_pad,
    "batchnorm": _batch_norm,
    "layernorm": _layer_norm,
    "groupnorm": _group_norm,
    "dropout": _dropout,
    "dropout2d": _dropout,
    "relu": _plain("Relu"),
    "leaky_relu": _plain("LeakyRelu", alpha="slope"),
    "elu": _plain("Elu", alpha="alpha"),
    "gelu": _plain("Gelu"),
    "sigmoid": _plain("Sigmoid"),
    "tanh": _plain("Tanh"),
    "softmax": _plain("Softmax", axis=1),
    "maxout": _maxout,
    "add": _add,
    "concat": _plain("Concat", axis=1),
}
