"""How each operator of ONNX is read as a layer; what has none raises `NotHere` in words."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from cvlab.engine.nets.exchange.assembler import NotHere
from cvlab.engine.nets.exchange.onnx_reader import Reader
from cvlab.engine.nets.layers import (
    Add,
    AvgPool,
    BatchNorm,
    Concat,
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
    Sigmoid,
    Softmax,
    Tanh,
    TransposedConv,
    Upsample,
    ZeroPad,
    volume,
)


def _pads(reader: Reader, node: Any, given: dict[str, Any], kernel: int, stride: int, dilation: int = 1) -> int:
    """One padding for all sides; what one side has more than another becomes a zero-padding layer before."""
    auto = given.get("auto_pad", b"NOTSET")
    shape = reader.net.shape(node.input[0])
    if len(shape) != 3:
        return 0  # the layer itself says what it misses
    top, left, bottom, right = (int(p) for p in given.get("pads", [0, 0, 0, 0]))
    if auto in (b"SAME_UPPER", b"SAME_LOWER"):
        totals = [max(0, (-(-s // stride) - 1) * stride + dilation * (kernel - 1) + 1 - s) for s in shape[1:]]
        small, large = [t // 2 for t in totals], [t - t // 2 for t in totals]
        (top, left), (bottom, right) = (small, large) if auto == b"SAME_UPPER" else (large, small)
    elif auto == b"VALID":
        top = left = bottom = right = 0
    if top == left == bottom == right:
        return top
    if node.op_type not in ("Conv",):
        raise NotHere(f"{node.name or node.op_type} pads its sides differently, which only a convolution can here.")
    key = f"{node.input[0]} padded for {node.output[0]}"
    reader.net.place(key, ZeroPad(top=top, left=left, bottom=bottom, right=right), [node.input[0]])
    node.input[0] = key
    return 0


def _decimal(value: Any) -> float:
    """The shortest decimal that is this float32: 0.01, not 0.009999999776."""
    return float(str(np.float32(value)))


def _one(values: Any, node: Any, what: str) -> int:
    if len(set(values)) != 1:
        raise NotHere(f"{node.name or node.op_type} with the {what} {list(values)}: only squares have a layer here.")
    return int(values[0])


def _conv(reader: Reader, node: Any, given: dict[str, Any]) -> None:
    weight, bias = reader.constant(node, 1, "weight"), reader.constant(node, 2, "bias")
    if weight is None or weight.ndim != 4:
        raise NotHere(f"{node.name or node.op_type} is not over images.")
    kernel = _one(weight.shape[2:], node, "kernel")
    stride = _one(given.get("strides", [1, 1]), node, "stride")
    dilation = _one(given.get("dilations", [1, 1]), node, "dilation")
    padding = _pads(reader, node, given, kernel, stride, dilation)
    groups = int(given.get("group", 1))
    settings = {"kernel": kernel, "stride": stride, "padding": padding, "dilation": dilation, "groups": groups}
    if node.op_type == "Conv":
        wanted = weight.shape[1] * groups
        layer: LayerSpec = Conv(filters=weight.shape[0], bias=bias is not None, **settings)
    else:
        if "output_shape" in given:
            raise NotHere(f"{node.name}: a transposed convolution that is told its output's size has no layer here.")
        wanted, more = weight.shape[0], _one(given.get("output_padding", [0]), node, "output padding")
        layer = TransposedConv(filters=weight.shape[1] * groups, bias=bias is not None, output_padding=more, **settings)
    got = reader.net.shape(node.input[0])
    if got[0] != wanted:
        raise NotHere(f"{node.name or node.op_type} expects {wanted} channels; it gets {volume(got)}.")
    reader.place(node, layer, weight=weight, bias=bias)


def _pool(kind: type[LayerSpec]) -> Callable[[Reader, Any, dict[str, Any]], None]:
    def read(reader: Reader, node: Any, given: dict[str, Any]) -> None:
        kernel = _one(given["kernel_shape"], node, "window")
        stride = _one(given.get("strides", [1, 1]), node, "stride")
        if set(given.get("dilations", [1])) != {1} or (kind is L2Pool and given.get("p", 2) != 2):
            raise NotHere(f"{node.name or node.op_type} with dilation or another norm has no layer here.")
        padding = _pads(reader, node, given, kernel, stride)
        if given.get("ceil_mode") and kind is MaxPool:
            key = f"{node.input[0]} rounded up for {node.output[0]}"
            node.input[0] = reader.net.rounded_up(key, node.input[0], kernel, stride, padding, node.name)
        shape = reader.net.shape(node.input[0])
        if given.get("ceil_mode") and any((side - kernel + 2 * padding) % stride for side in shape[1:]):
            raise NotHere(f"{node.name or node.op_type} with ceil_mode on maps of {volume(shape)} has no layer here.")
        if padding and (kind is L2Pool or (kind is AvgPool and not given.get("count_include_pad"))):
            raise NotHere(f"{node.name or node.op_type} leaves its padding out of the mean, which no layer here does.")
        more = {} if kind is L2Pool else {"padding": padding}
        reader.place(node, kind(kernel=kernel, stride=stride, **more))

    return read


def _plain(kind: Callable[[], LayerSpec]) -> Callable[[Reader, Any, dict[str, Any]], None]:
    return lambda reader, node, given: reader.place(node, kind())


def _gemm(reader: Reader, node: Any, given: dict[str, Any]) -> None:
    weight, bias = reader.constant(node, 1, "weight"), reader.constant(node, 2, "bias")
    if given.get("alpha", 1.0) != 1.0 or given.get("beta", 1.0) != 1.0 or given.get("transA"):
        raise NotHere(f"{node.name or 'Gemm'} with alpha, beta or transA has no layer here.")
    weight = weight if given.get("transB") else weight.T  # type: ignore[union-attr]
    _linear(reader, node, weight, bias)


def _matmul(reader: Reader, node: Any, given: dict[str, Any]) -> None:
    weight = reader.constant(node, 1, "weight")
    if weight.ndim != 2:  # type: ignore[union-attr]
        raise NotHere(f"{node.name or 'MatMul'} with more than two dimensions has no layer here.")
    _linear(reader, node, weight.T, None)  # type: ignore[union-attr]


def _linear(reader: Reader, node: Any, weight: Any, bias: np.ndarray | None) -> None:
    got = reader.net.shape(node.input[0])
    units, inputs = weight.shape
    if len(got) == 1 and got[0] != inputs:
        raise NotHere(f"{node.name or node.op_type} expects {inputs:,} inputs; it gets {volume(got)}.")
    if bias is not None and bias.size != units:
        raise NotHere(f"{node.name or node.op_type}: its bias is not one number a unit.")
    flat = None if bias is None else bias.reshape(-1)
    reader.place(node, Linear(units=units, bias=bias is not None), weight=np.ascontiguousarray(weight), bias=flat)


def _norm(reader: Reader, node: Any, given: dict[str, Any]) -> None:
    scale, shift = reader.constant(node, 1, "scale"), reader.constant(node, 2, "shift")
    shape, eps = reader.net.shape(node.input[0]), _decimal(given.get("epsilon", 1e-5))
    affine = node.doc_string != "affine=False"
    learned = {"weight": scale, "bias": shift} if affine else {}
    if node.op_type == "BatchNormalization":
        mean, var = reader.constant(node, 3, "mean"), reader.constant(node, 4, "variance")
        momentum = round(1 - _decimal(given.get("momentum", 0.9)), 6)
        count = {"num_batches_tracked": np.array(0, np.int64)}
        averages = {"running_mean": mean, "running_var": var}
        reader.place(node, BatchNorm(eps=eps, momentum=momentum, affine=affine), **learned, **averages, **count)
    elif node.op_type == "GroupNormalization":
        reader.place(node, GroupNorm(groups=int(given["num_groups"]), eps=eps, affine=affine), **learned)
    else:
        if given.get("axis", -1) not in (1, -len(shape)) or (scale is not None and scale.shape != shape):
            raise NotHere(
                f"{node.name or 'LayerNormalization'} is not over all numbers of an image; no layer here does that."
            )
        if affine and shift is None:
            learned["bias"] = np.zeros(shape, np.float32)
        reader.place(node, LayerNorm(eps=eps, affine=affine), **learned)


def _add(reader: Reader, node: Any, given: dict[str, Any]) -> None:
    constants = [name for name in node.input if name in reader.constants]
    sources = [name for name in node.input if name not in reader.constants]
    if constants and len(sources) == 1 and len(constants) == 1:
        reader.add_bias(node, sources[0], reader.constants[constants[0]])
    elif constants or not 2 <= len(sources) <= 8:
        raise NotHere(f"{node.name or node.op_type}: this sum has no layer here.")
    else:
        reader.place(node, Add(inputs=len(sources)), sources)


def _concat(reader: Reader, node: Any, given: dict[str, Any]) -> None:
    sources = list(node.input)
    dims = len(reader.net.shape(sources[0])) + 1 if sources[0] not in reader.constants else 0
    if given["axis"] % (dims or 1) != 1 or not 1 <= len(sources) <= 8 or any(s in reader.constants for s in sources):
        raise NotHere(f"{node.name or 'Concat'}: only two to eight volumes are stacked here, along their depth.")
    if len(sources) == 1:
        reader.net.alias(node.output[0], sources[0])
    else:
        reader.place(node, Concat(inputs=len(sources)), sources)


def _flatten(reader: Reader, node: Any, given: dict[str, Any]) -> None:
    if given.get("axis", 1) != 1:
        raise NotHere(f"{node.name or 'Flatten'} from axis {given['axis']} has no layer here.")
    reader.place(node, Flatten())


def _reshape(reader: Reader, node: Any, given: dict[str, Any]) -> None:
    target = [int(side) for side in reader.constant(node, 1, "shape")]  # type: ignore[union-attr]
    shape = reader.net.shape(node.input[0])
    count, sides = math.prod(shape), target[1:]
    sides = [shape[i] if side == 0 and i < len(shape) else side for i, side in enumerate(sides)]
    if sides.count(-1) == 1:
        known = -math.prod(sides)
        sides = [count // known if side == -1 and known and count % known == 0 else side for side in sides]
    if math.prod(sides) != count or any(side < 1 for side in sides):
        raise NotHere(f"{node.name or 'Reshape'} of {volume(shape)} to {target} has no layer here.")
    if len(sides) == 1:
        reader.place(node, Flatten())
    elif len(sides) == 3:
        reader.place(node, Reshape.to(*sides))
    elif len(sides) == len(shape) + 1 and sides[2:] == list(shape[1:]):
        reader.pieces[node.output[0]] = (node.input[0], sides[1])  # the first half of a maxout
    else:
        raise NotHere(f"{node.name or 'Reshape'} to {len(sides) + 1} dimensions has no layer here.")


def _axes(reader: Reader, node: Any, given: dict[str, Any], dims: int) -> list[int]:
    axes = given.get("axes")
    if axes is None:
        axes = reader.constant(node, 1, "axes")
    return sorted(int(axis) % dims for axis in axes) if axes is not None else []


def _reduce(reader: Reader, node: Any, given: dict[str, Any]) -> None:
    split = reader.pieces.get(node.input[0])
    if node.op_type == "ReduceMax" and split is not None:
        if _axes(reader, node, given, len(reader.net.shape(split[0])) + 2) != [2] or given.get("keepdims", 1):
            raise NotHere(f"{node.name or 'ReduceMax'}: this maximum has no layer here.")
        reader.place(node, Maxout(pieces=split[1]), [split[0]])
        return
    if _axes(reader, node, given, 4) != [2, 3] or len(reader.net.shape(node.input[0])) != 3:
        raise NotHere(f"{node.name or node.op_type}: only a mean or maximum over whole maps has a layer here.")
    pool = GlobalPool(mode="average" if node.op_type == "ReduceMean" else "max")
    if given.get("keepdims", 1):
        reader.place(node, pool)
    else:
        key = f"{node.output[0]} pooled"
        reader.net.place(key, pool, [node.input[0]])
        reader.place(node, Flatten(), [key])


def _squeeze(reader: Reader, node: Any, given: dict[str, Any]) -> None:
    shape = reader.net.shape(node.input[0])
    if len(shape) != 3 or shape[1:] != (1, 1) or _axes(reader, node, given, 4) not in ([2, 3], []):
        raise NotHere(f"{node.name or 'Squeeze'} of {volume(shape)} has no layer here.")
    reader.place(node, Flatten())


def _dropout(reader: Reader, node: Any, given: dict[str, Any]) -> None:
    ratio = given.get("ratio")
    if ratio is None:
        constant = reader.constant(node, 1, "ratio")
        ratio = 0.5 if constant is None else constant
    kind = Dropout2d if node.doc_string == "dropout2d" else Dropout
    reader.place(node, kind(drop=min(_decimal(ratio), 0.95)))


def _softmax(reader: Reader, node: Any, given: dict[str, Any]) -> None:
    dims = len(reader.net.shape(node.input[0])) + 1
    if given.get("axis", -1) % dims != 1:
        raise NotHere(f"{node.name or 'Softmax'} over axis {given.get('axis', -1)} has no layer here.")
    reader.place(node, Softmax())


def _resize(reader: Reader, node: Any, given: dict[str, Any]) -> None:
    scales = reader.constant(node, 2 if node.op_type == "Resize" else 1, "scales")
    mode = given.get("mode", b"nearest")
    how = given.get("coordinate_transformation_mode", b"half_pixel")
    nearest = mode == b"nearest" and how == b"asymmetric" and given.get("nearest_mode", b"floor") == b"floor"
    linear = mode == b"linear" and how in (b"half_pixel", b"pytorch_half_pixel")
    if (
        scales is None
        or scales.size != 4
        or not (nearest or linear)
        or scales[2] != scales[3]
        or scales[2] != int(scales[2])
    ):
        raise NotHere(f"{node.name or 'Resize'}: only whole scales, nearest or bilinear, have a layer here.")
    reader.place(node, Upsample(scale=int(scales[2]), mode="nearest" if nearest else "bilinear"))


def _pad(reader: Reader, node: Any, given: dict[str, Any]) -> None:
    pads, value = reader.constant(node, 1, "widths"), reader.constant(node, 2, "value")
    if given.get("mode", b"constant") != b"constant" or (value is not None and float(value) != 0) or pads.size != 8:  # type: ignore[union-attr]
        raise NotHere(f"{node.name or 'Pad'}: only a border of zeros has a layer here.")
    b0, b1, top, left, e0, e1, bottom, right = (int(p) for p in pads)  # type: ignore[union-attr]
    if b0 or b1 or e0 or e1:
        raise NotHere(f"{node.name or 'Pad'}: padding the depth has no layer here.")
    reader.place(node, ZeroPad(top=top, left=left, bottom=bottom, right=right))


def _alpha(kind: type[LayerSpec], field: str, default: float) -> Callable[[Reader, Any, dict[str, Any]], None]:
    return lambda reader, node, given: reader.place(node, kind(**{field: _decimal(given.get("alpha", default))}))


def _gelu(reader: Reader, node: Any, given: dict[str, Any]) -> None:
    if given.get("approximate", b"none") != b"none":
        raise NotHere(f"{node.name or 'Gelu'} with the tanh approximation has no layer here.")
    reader.place(node, Gelu())


def _constant(reader: Reader, node: Any, given: dict[str, Any]) -> None:
    if "value" in given:
        reader.constants[node.output[0]] = reader.array(given["value"])
    else:
        reader.constants[node.output[0]] = np.asarray(next(iter(given.values())))


def _identity(reader: Reader, node: Any, given: dict[str, Any]) -> None:
    if node.input[0] in reader.constants:
        reader.constants[node.output[0]] = reader.constants[node.input[0]]
    else:
        reader.net.alias(node.output[0], node.input[0])


OPERATORS: dict[str, Callable[[Reader, Any, dict[str, Any]], None]] = {
    "Conv": _conv, "ConvTranspose": _conv, "MaxPool": _pool(MaxPool), "AveragePool": _pool(AvgPool), "LpPool": _pool(L2Pool),
    "GlobalAveragePool": _plain(GlobalPool), "GlobalMaxPool": _plain(lambda: GlobalPool(mode="max")),
    "Gemm": _gemm, "MatMul": _matmul, "Add": _add, "Sum": _add, "Concat": _concat,
    "BatchNormalization": _norm, "LayerNormalization": _norm, "GroupNormalization": _norm,
    "Relu": _plain(Relu), "Sigmoid": _plain(Sigmoid), "Tanh": _plain(Tanh), "Gelu": _gelu,
    "LeakyRelu": _alpha(LeakyRelu, "slope", 0.01), "Elu": _alpha(Elu, "alpha", 1.0), "Softmax": _softmax,
    "Flatten": _flatten, "Reshape": _reshape, "ReduceMax": _reduce, "ReduceMean": _reduce, "Squeeze": _squeeze,
    "Dropout": _dropout, "Resize": _resize, "Pad": _pad, "Constant": _constant, "Identity": _identity,
}  # fmt: skip
