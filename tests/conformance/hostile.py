"""Contents that are hostile on purpose, by format: a function takes the bytes of a valid file and gives contents, or functions
that put something else in the file's place."""

# ruff: noqa: E501 - a case is easier to read in one line

from __future__ import annotations

import bz2
import gzip
import io
import json
import lzma
import os
import pickle
import random
import socket
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from tests.conformance import damage
from tests.engine.data.pictures import noise, two_classes

MEGABYTE = 1 << 20
Special = bytes | Callable[[Path], object]

# -- what may lie in the place of any file ---------------------------------------------------------------------------------


def _instead(make: Callable[[Path], object]) -> Callable[[Path], None]:
    def put(path: Path) -> None:
        path.unlink()
        make(path)

    return put


def _socket(path: Path) -> None:
    here = Path.cwd()
    os.chdir(path.parent)  # its path may be longer than one of a socket can be
    try:
        with socket.socket(socket.AF_UNIX) as made:
            made.bind(path.name)
    finally:
        os.chdir(here)


PLACES: list[Special] = [
    _instead(lambda path: None),
    _instead(os.mkfifo),
    _instead(lambda path: path.mkdir()),
    _instead(lambda path: path.symlink_to("/dev/zero")),
    _instead(lambda path: path.symlink_to(path.name)),
    _instead(lambda path: path.symlink_to("/nowhere/at/all")),
    _instead(_socket),
    lambda path: path.chmod(0),
    lambda path: os.truncate(path, 3_000_000_000),
]
BYTES: list[Special] = [
    b"",
    b"\0",
    b"\0" * 100_000,
    b"\xff" * 1000,
    b"PK\x03\x04",
    b"\x1f\x8b",
    b"{}",
    os.urandom(0) + b"hello\n" * 1000,
]

# -- JSON ------------------------------------------------------------------------------------------------------------------


def json_documents(valid: bytes) -> Iterator[Special]:
    text = valid.decode()
    yield b"\xef\xbb\xbf" + valid
    yield text.encode("utf-16")
    yield b"[" + b"[]," * 300_000 + b"[]]"
    yield b"[" + b"{}," * 3_000_000 + b"{}]"
    yield b"[" + b"0," * 300_000 + b"0]"
    yield b"[" * 1_000_000
    yield b'{"a":' * 100_000 + b"1" + b"}" * 100_000
    yield b"[" * 900 + b"]" * 900
    yield b'"' + b"a" * 40_000_000 + b'"'
    yield from (token.encode() for token in damage.TOKENS)
    value = json.loads(valid)
    for key in value if isinstance(value, dict) else ():
        for token in (
            "NaN",
            "1e400",
            '"nan"',
            "[" * 150 + "]" * 150,
            "[" + "0," * 50_000 + "0]",
            '"\\ud800"',
            "null",
            "{}",
        ):
            yield json.dumps(value | {key: "\0mark\0"}).replace(json.dumps("\0mark\0"), token).encode()


def _project(document: bytes) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("project.json", document)
    return buffer.getvalue()


def projects(valid: bytes) -> Iterator[Special]:
    with zipfile.ZipFile(io.BytesIO(valid)) as archive:
        document = archive.read("project.json")
    yield from (_project(each) for each in json_documents(document) if isinstance(each, bytes))
    yield _project(b" " * 60_000_000)
    yield from _claims(valid)


def metrics(valid: bytes) -> Iterator[Special]:
    yield valid * 200
    yield b"\n" * 3_000_000
    yield b'{"event": "StepEnd"' * 100_000
    yield b"x" * 100_000_000
    yield b'{"event": ' + b"[" * 9000 + b"]" * 9000 + b"}\n"
    first = valid.split(b"\n")[0]
    yield from (first[:-1] + b', "x": ' + token.encode() + b"}\n" for token in damage.TOKENS)


# -- weights ---------------------------------------------------------------------------------------------------------------


def _safetensors_parts(content: bytes) -> tuple[dict[str, Any], bytes]:
    size = int.from_bytes(content[:8], "little")
    return json.loads(content[8 : 8 + size]), content[8 + size :]


def _safetensors(header: bytes | dict[str, Any], body: bytes) -> bytes:
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return len(text).to_bytes(8, "little") + text + body


def change_safetensors(content: bytes, rng: random.Random) -> bytes:
    if rng.randrange(2):
        return damage.binary(content, rng)
    header, body = _safetensors_parts(content)
    if rng.randrange(2):
        return _safetensors(damage.document(json.dumps(header).encode(), rng), body)
    if "__metadata__" in header:
        inner = header["__metadata__"]
        for key, text in list(inner.items()):
            inner[key] = damage.document(text.encode("utf-8", "replace"), rng).decode("utf-8", "replace")
            if key == "cvlab" and "cvlab-sum" in inner:
                inner["cvlab-sum"] = str(zlib.crc32(inner[key].encode("utf-8", "replace")))
        return _safetensors(header, body)
    return _safetensors(damage.document(json.dumps(header).encode(), rng), body)


def safetensors(valid: bytes) -> Iterator[Special]:
    header, body = _safetensors_parts(valid)
    for size in (0, 1, 2**31, 2**32, 2**63, 2**64 - 1, len(valid), len(valid) - 8, 90_000_000):
        yield size.to_bytes(8, "little") + valid[8:]
    name = next(key for key in header if key != "__metadata__")
    for changes in (
        {"data_offsets": [0, len(body)]}, {"data_offsets": [4, 0]}, {"data_offsets": [2**63, 2**64 - 1]}, {"data_offsets": [-4, 0]},
        {"shape": [2**32, 2**32]}, {"shape": [0]}, {"shape": [-1]}, {"shape": []}, {"shape": [1] * 1000}, {"dtype": "BF16"},
        {"dtype": "F8_E4M3"}, {"dtype": "F4"}, {"dtype": "C64"}, {"dtype": "U64"}, {"dtype": "BOOL"}, {"dtype": None}, {"dtype": "F16"},
    ):  # fmt: skip
        yield _safetensors(header | {name: header[name] | changes}, body)
    yield _safetensors(header | {"twin": header[name]}, body)
    yield _safetensors(header | {"\ud800": header[name]}, body)
    yield _safetensors(header | {"__metadata__": {"cvlab": "[" * 100_000}}, body)
    yield _safetensors(header | {"__metadata__": {f"{i}": "x" for i in range(100_000)}}, body)
    yield _safetensors(header | {"__metadata__": {"a": 1}}, body)
    for kind, width in (("BF16", 2), ("F16", 2), ("F8_E4M3", 1), ("F8_E5M2", 1), ("I64", 8), ("BOOL", 1)):
        yield _safetensors({"a": {"dtype": kind, "shape": [2], "data_offsets": [0, 2 * width]}}, b"\1" * (2 * width))
    yield _safetensors({f"t{i}": {"dtype": "F32", "shape": [0], "data_offsets": [0, 0]} for i in range(100_000)}, b"")
    nan = bytearray(body)
    nan[:4] = struct.pack("<f", float("nan"))
    yield _safetensors(header, bytes(nan))


class _Call:
    def __init__(self, call: Any, *arguments: Any) -> None:
        self.call, self.arguments = call, arguments

    def __reduce__(self) -> Any:
        return self.call, self.arguments


CALLS = [
    (os.system, "touch escaped"),
    (eval, "1"),
    (exec, "1"),
    (getattr, "", "x"),
    (open, "escaped", "w"),
    (__import__, "os"),
]


def pickles(valid: bytes) -> Iterator[Special]:
    yield from (pickle.dumps(_Call(*call), protocol=2) for call in CALLS)
    yield from (pickle.dumps({"data": _Call(*call), "labels": []}, protocol=4) for call in CALLS)
    yield b"(" * 1_000_000 + b"."
    yield b"\x80\x02" + b"]" * 5_000_000 + b"."
    yield b"\x80\x02]" + b"r\xff\xff\xff\x7f."  # puts into place 2**31 of the memo
    yield b"\x80\x02N" + b"\x85" * 1_000_000 + b"."  # tuples inside each other
    yield b"\x80\x02}N" + b"\x85" * 1_000_000 + b"Ns."  # and as a key
    yield b"\x80\x02cnumpy\nndarray\n(J\xff\xff\xff\x7ft\x85R."
    yield b"\x80\x02cnumpy\nndarray\nM\xff\xffM\xff\xff\x86\x85R."
    yield b"\x80\x02cnumpy\ndtype\nX\x01\x00\x00\x00O\x85R."
    yield b"\x80\x04\x8e" + struct.pack("<Q", 2**62) + b"."
    yield b"\x80\x02X" + struct.pack("<I", 2**32 - 1) + b"abc."
    yield b"I" + b"9" * 1_000_000 + b"\n."
    yield pickle.dumps({"data": np.zeros((2, 3072), object), "labels": [0, 1]}, protocol=2)
    yield pickle.dumps({"data": np.zeros((2, 3072), np.uint8), "labels": [0, float("nan")]}, protocol=2)
    yield pickle.dumps({"data": np.zeros((2, 3072), np.uint8), "labels": [[0]]}, protocol=2)


def wheels(valid: bytes) -> Iterator[Special]:
    for content in pickles(b""):
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w") as archive:
            archive.writestr("mnist/data/mnist.pkl.gz", gzip.compress(content, 1))
        yield buffer.getvalue()


def _pth(tree: bytes, storages: dict[str, bytes], method: int = zipfile.ZIP_STORED) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as archive:
        archive.writestr("x/data.pkl", tree)
        archive.writestr("x/byteorder", b"little")
        for name, content in storages.items():
            archive.writestr(f"x/data/{name}", content)
    return buffer.getvalue()


def _tensor(count: int, size: tuple[int, ...], stride: tuple[int, ...], kind: str = "FloatStorage") -> bytes:
    def number(n: int) -> bytes:
        return b"J" + struct.pack("<i", n) if abs(n) < 2**31 else b"\x8a\x08" + n.to_bytes(8, "little", signed=True)

    def sides(values: tuple[int, ...]) -> bytes:
        return b"(" + b"".join(map(number, values)) + b"t"

    storage = (
        b"(X\x07\x00\x00\x00storagectorch\n"
        + kind.encode()
        + b"\nX\x01\x00\x00\x000X\x03\x00\x00\x00cpu"
        + number(count)
        + b"tQ"
    )
    return (
        b"\x80\x02}X\x01\x00\x00\x00actorch._utils\n_rebuild_tensor_v2\n("
        + storage
        + b"K\x00"
        + sides(size)
        + sides(stride)
        + b"\x89}tRs."
    )


def pth(valid: bytes) -> Iterator[Special]:
    for each in pickles(b""):
        if isinstance(each, bytes):
            yield _pth(each, {})
    yield _pth(_tensor(1, (1,), (1,)), {"0": b"\0" * 4})
    yield _pth(_tensor(1, (60_000, 60_000), (0, 0)), {"0": b"\0" * 4})
    yield _pth(_tensor(1, (2**20, 200), (0, 0), "DoubleStorage"), {"0": b"\0" * 8})
    yield _pth(_tensor(10**9, (2,), (2**40,)), {"0": b"\0" * 8})
    yield _pth(_tensor(-1, (2,), (-1,)), {"0": b"\0" * 8})
    yield _pth(_tensor(1, (1,) * 100, (1,) * 100), {"0": b"\0" * 4})
    yield _pth(_tensor(1, (0, 2**62), (1, 1)), {"0": b""})
    yield _pth(_tensor(1, (0,) + (2**62,) * 10, (1,) * 11), {"0": b""})
    yield _pth(b"\x80\x02}(" + b"N" * 300_000 + b"(t" * 300_000 + b"u.", {})
    yield _pth(b"\x80\x02}.", {"0": bytes(300 * MEGABYTE)}, zipfile.ZIP_DEFLATED)
    yield _pth(b"\x80\x02}.", {"0": bytes(300 * MEGABYTE)}, zipfile.ZIP_BZIP2)
    yield from _claims(valid)
    yield from _zip_names()


def old_pth(valid: bytes) -> Iterator[Special]:
    yield from (each for each in pickles(b"") if isinstance(each, bytes))
    head = valid[: valid.index(b".") + 1]
    yield head * 3
    yield (
        head
        + b"\x80\x02K\x01."
        + b"\x80\x02}X\x0d\x00\x00\x00little_endian\x88s."
        + b"\x80\x02}."
        + b"\x80\x02](X\x01\x00\x00\x00ae."
    )


# -- ONNX ------------------------------------------------------------------------------------------------------------------


def change_onnx(content: bytes, rng: random.Random) -> bytes:
    if rng.randrange(2):
        return damage.binary(content, rng)
    import onnx

    model = onnx.load_model_from_string(content)
    graph = model.graph
    for _ in range(rng.choice((1, 1, 2, 3))):
        node = rng.choice(graph.node)
        match rng.randrange(9):
            case 0:
                node.op_type = rng.choice(
                    ["Conv", "Gemm", "Reshape", "Constant", "Add", "MatMul", "Pad", "Resize", "If", "Loop", "Dropout"]
                )
            case 1 if node.input:
                del node.input[rng.randrange(len(node.input))]
            case 2 if node.attribute:
                del node.attribute[rng.randrange(len(node.attribute))]
            case 3 if node.attribute:
                attribute = rng.choice(node.attribute)
                values = [
                    rng.choice([0, -1, 1, 3, 2**31, 2**62, -(2**62)]) for _ in range(rng.choice((0, 1, 2, 3, 4, 9)))
                ]
                name = attribute.name
                attribute.CopyFrom(
                    onnx.helper.make_attribute(
                        name, rng.choice([values or [1], 0, -1, 2**62, 1e38, float("nan"), "x", [0.5]])
                    )
                )
            case 4 if graph.initializer:
                tensor = rng.choice(graph.initializer)
                tensor.dims[:] = [rng.choice([0, 1, -1, 2**31, 2**62, 3]) for _ in range(rng.randrange(6))]
            case 5 if node.input:
                node.input[rng.randrange(len(node.input))] = rng.choice(
                    [each for n in graph.node for each in (*n.input, *n.output)]
                )
            case 6:
                graph.node.remove(node)
            case 7 if graph.initializer:
                rng.choice(graph.initializer).data_type = rng.randrange(24)
            case 8:
                graph.input[0].type.tensor_type.shape.dim[rng.randrange(4)].dim_value = rng.choice(
                    [0, -1, 1, 2**31, 2**62]
                )
    return model.SerializeToString()


def onnx_models(valid: bytes) -> Iterator[Special]:
    import onnx
    from onnx import TensorProto, helper

    def outside(tensor: Any) -> Any:
        tensor.ClearField("raw_data")
        tensor.data_location = TensorProto.EXTERNAL
        for location in ("../../outside/secret.png", "/etc/passwd"):
            entry = tensor.external_data.add()
            entry.key, entry.value = "location", location
        return tensor

    def fresh() -> Any:
        return onnx.load_model_from_string(valid)

    model = fresh()
    outside(model.graph.initializer[0])
    yield model.SerializeToString()
    tensor = outside(helper.make_tensor("t", TensorProto.FLOAT, [1], [0.0]))
    value = helper.make_tensor_value_info("y", TensorProto.FLOAT, [1])
    inner = helper.make_graph([helper.make_node("Constant", [], ["y"], value=tensor)], "inner", [], [value])
    model = fresh()
    model.graph.node.append(
        helper.make_node("If", [model.graph.node[0].output[0]], ["z"], then_branch=inner, else_branch=inner)
    )
    yield model.SerializeToString()
    for _ in range(30):
        inner = helper.make_graph([helper.make_node("If", ["c"], ["y"], then_branch=inner, else_branch=inner)], "g", [], [value]) if _ < 8 else (
            helper.make_graph([helper.make_node("If", ["c"], ["y"], then_branch=inner)], "g", [], [value])
        )  # fmt: skip
    model = fresh()
    model.graph.node.append(helper.make_node("If", ["c"], ["z"], then_branch=inner))
    yield model.SerializeToString()
    model = fresh()
    model.functions.add().node.append(helper.make_node("Constant", [], ["y"], value=tensor))
    yield model.SerializeToString()
    model = fresh()
    sparse = model.graph.sparse_initializer.add()
    sparse.values.CopyFrom(tensor)
    yield model.SerializeToString()
    model = fresh()
    attribute = model.graph.node[0].attribute.add()
    attribute.name, attribute.type = "more", onnx.AttributeProto.TENSORS
    attribute.tensors.append(tensor)
    yield model.SerializeToString()
    model = fresh()
    model.graph.initializer[0].dims[:] = [2**31, 2**31]
    yield model.SerializeToString()
    model = fresh()
    model.graph.name = "x" * 1_000_000
    yield model.SerializeToString()
    for name in ("preprocessing", "classes"):
        for text in (
            "NaN",
            "[" * 50_000,
            '{"kind": "standardize", "mean": [NaN]}',
            json.dumps(["a"] * 10),
            json.dumps(["\ud800"] * 10),
        ):
            model = fresh()
            del model.metadata_props[:]
            entry = model.metadata_props.add()
            entry.key, entry.value = name, text
            yield model.SerializeToString()


# -- source ----------------------------------------------------------------------------------------------------------------

SOURCE_TOKENS = [
    "None", "'a'", '"3"', "1e999", "-1e999", "1" + "0" * 40, "True", "()", "(1, 2)", "[1, 2, 3]", "-1", "0", "0.5", "-0", "...", "b'a'",
    "(" * 10_000 + "1" + ")" * 10_000, "(" * 150 + "1" + ")" * 150, "-" * 5000 + "1", "~" * 50 + "1", "1+" * 3000 + "1", "a." * 3000 + "a",
    "lambda: " * 90 + "1", "f'{1}'", "__import__('os').system('touch escaped')", "open('escaped', 'w')", "\0", "\ud800", "  ", "\t", "#",
    '"""', "x", "self", "nn.Linear(1, 1)", "nn.ReLU()", "torch.cat((x, x), dim=1)", "x + x", "*a", "**a", "1 if x else 2", "[i for i in x]",
    "9" * 5000, "1_0", "0x10", "1j", "{}", "{1: 2}", "not 1",
]  # fmt: skip


def sources(valid: bytes) -> Iterator[Special]:
    text = valid.decode()
    head, middle, tail = text.partition("    def forward(self, x):\n")
    number = next(line for line in text.split("\n") if "nn.Conv2d" in line or "nn.Linear" in line)
    for call in (
        "MaxPool2d(None)", "MaxPool2d('a')", "MaxPool2d('3')", "MaxPool2d(2, None)", "MaxPool2d(2, 'a')", "MaxPool2d(2, 2, None)",
        "MaxPool2d((2, None))", "MaxPool2d(2.5)", "MaxPool2d(())", "MaxPool2d(0)", "MaxPool2d(2, 0)", "AvgPool2d(None)", "AvgPool2d(2, 0)",
        "LPPool2d(None, 2)", "LPPool2d('a', 2)", "LPPool2d(2, None)", "BatchNorm2d('a')", "BatchNorm2d(None)", "BatchNorm2d(1, None)",
        "BatchNorm2d(1, 'a')", "BatchNorm2d(1, 1e-5, 'a')", "BatchNorm2d(1, 1e999)", "LeakyReLU('a')", "LeakyReLU(None)", "ELU(None)",
        "ELU('a')", "ELU(1e999)", "Dropout(True)", "Dropout('0.5')", "GELU(None)", "Softmax('a')", "Softmax(None)", "Flatten(None)",
        "Flatten('a', 'b')", "Unflatten('a', (1, 1, 1))", "Unflatten(1, (1, 'a', 1))", "Unflatten(1, 3)", "Upsample(None)", "Upsample(2)",
        "Upsample(scale_factor=None)", "Upsample(scale_factor=2.5)", "Upsample(scale_factor=1e308)", "Upsample(scale_factor=(2, None))",
        "Upsample(scale_factor=0)", "Upsample(scale_factor=2, mode=None)", "ZeroPad2d(None)", "ZeroPad2d('a')", "ZeroPad2d((1, 2))",
        "ZeroPad2d((1, 2, 3, None))", "ZeroPad2d(-1)", "AdaptiveAvgPool2d(None)", "AdaptiveAvgPool2d('a')", "AdaptiveAvgPool2d((1, None))",
        "AdaptiveAvgPool2d([])", "LayerNorm(None)", "LayerNorm('a')", "LayerNorm((1, 2), None)", "GroupNorm(None, 1)", "GroupNorm(1, None)",
        "GroupNorm(1, 1, None)", "Conv2d(1, 1, None)", "Conv2d(1, 1, 3, None)", "Conv2d(1, 1, 3, 0)", "Conv2d(1, 1, 3, padding='a')",
        "Conv2d(1, 1, 3, padding=None)", "Conv2d(1, 1, 3, groups=None)", "Conv2d(1, 1, 3, bias=None)", "Conv2d(1, 1, 3, dilation=None)",
        "Conv2d(1, 1, (3, None))", "Conv2d(1, 1, (3, 3, 3))", "Conv2d(1, 1, ())", "Conv2d(1, 1, -3)", "Conv2d(1, True, 3)",
        "ConvTranspose2d(1, 1, 3, output_padding=None)", "Linear(None, 1)", "Linear(1, None)", "Linear(1, 'a')", "Linear(1, 10**9)",
        "Linear(1, -1)", "Linear(1, 1000000000)", "Identity(None, 'a')", "ReLU(None)", "Tanh(1)", "Sequential()", "ModuleList(None)",
    ):  # fmt: skip
        name = number.split("=")[0].strip()
        yield text.replace(number, f"        {name} = nn.{call}").encode()
    for call in (
        "L2Pool(None, 1)",
        "L2Pool('a', 'b')",
        "Maxout(None)",
        "Maxout('a')",
        "Maxout(0)",
        "Reshape(None, 1, 1)",
        "Reshape('a', 1, 1)",
        "Reshape()",
    ):
        name = number.split("=")[0].strip()
        yield text.replace(number, f"        {name} = {call}").encode()
    for size in ("0, 1, 1", "-1, 1, 1", f"{10**30}, 1, 1", "1, 28", "True, 28, 28", "None, 28, 28", "1e999, 28, 28"):
        yield f"{text}\nimport torch\ntorch.zeros(1, {size})\n".replace(
            "torch.zeros(1, 1, 28, 28)", f"torch.zeros(1, {size})"
        ).encode()
    for body in (
        "x = " + "x + " * 50_000 + "x", "x = " + "x + " * 700 + "x", "x = x" + ".a" * 50_000, "x = x" + ".a" * 500, "x = " + "-" * 500 + "x",
        "x = " + "(" * 190 + "x" + ")" * 190, "x = torch.cat((" + "x, " * 50_000 + "), dim=1)", "x = self" + "[0]" * 500 + "(x)",
        "return x", "x = x", "pass", "", "x = f(x)", "return " + "not " * 500 + "x", "if x:\n" + "\n".join(" " * n + "if x:" for n in range(12, 110)),
        "x = " + "[" * 190 + "]" * 190, "x = self.conv1(x)\n" * 20_000,
    ):  # fmt: skip
        yield f"{head}{middle}        {body}\n{tail}".encode()
    yield text.encode("utf-16")
    yield b"\xef\xbb\xbf" + valid
    yield (text + "\n" + "x = 1\n" * 200_000).encode()
    yield (text + "\n" + "a," * 400_000).encode()
    yield text.replace("with_name(", "with_name('../' + ").encode()
    yield text.replace("net.safetensors", "../net.safetensors").encode()
    yield text.replace("mean = torch.tensor([", "mean = torch.tensor([" + "1" + "0" * 400 + ", ").encode()


# -- pictures --------------------------------------------------------------------------------------------------------------


def _png_chunk(name: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))


def _png(width: int, height: int, depth: int, colors: int, *chunks: bytes) -> bytes:
    head = struct.pack(">IIBBBBB", width, height, depth, colors, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + _png_chunk(b"IHDR", head) + b"".join(chunks) + _png_chunk(b"IEND", b"")


def change_png(content: bytes, rng: random.Random) -> bytes:
    """With right checksums half the time: else most changes end there."""
    if rng.randrange(2):
        return damage.binary(content, rng)
    made, at = content[:8], 8
    while at + 12 <= len(content):
        size = int.from_bytes(content[at : at + 4], "big")
        name, body = content[at + 4 : at + 8], content[at + 8 : at + 8 + size]
        made += _png_chunk(name, damage.binary(body, rng) if rng.randrange(2) else body)
        at += 12 + size
    return made


def pngs(valid: bytes) -> Iterator[Special]:
    for width, height in ((60_000, 60_000), (2**31 - 1, 2**31 - 1), (0, 0), (2**31 - 1, 1), (1, 40_000_000)):
        yield _png(width, height, 8, 2, _png_chunk(b"IDAT", zlib.compress(b"\0" * 1000)))
    text = zlib.compress(bytes(30 * MEGABYTE), 1)
    for name, before in ((b"zTXt", b"a\0\0"), (b"iTXt", b"a\0\1\0\0\0"), (b"iCCP", b"a\0\0")):
        yield _png(8, 8, 8, 2, _png_chunk(name, before + text), _png_chunk(b"IDAT", zlib.compress(bytes(8 * 25))))
    yield _png(4000, 4000, 16, 0, _png_chunk(b"IDAT", zlib.compress(bytes(4000 * 8001), 1)))
    yield _png(4000, 4000, 16, 6, _png_chunk(b"IDAT", zlib.compress(bytes(4000 * 32_001), 1)))
    palette = _png_chunk(b"PLTE", bytes(3)) + _png_chunk(b"tRNS", b"\x80")
    yield _png(4000, 4000, 8, 3, palette, _png_chunk(b"IDAT", zlib.compress(bytes(4000 * 4001), 1)))
    yield _png(8, 8, 8, 2, *[_png_chunk(b"tEXt", b"a\0b")] * 200_000, _png_chunk(b"IDAT", zlib.compress(bytes(8 * 25))))
    yield _png(
        8,
        8,
        8,
        2,
        _png_chunk(b"eXIf", b"MM\0*\0\0\0\x08" + b"\xff" * 60_000),
        _png_chunk(b"IDAT", zlib.compress(bytes(8 * 25))),
    )
    yield _png(
        8, 8, 8, 2, _png_chunk(b"acTL", struct.pack(">II", 2**31, 0)), _png_chunk(b"IDAT", zlib.compress(bytes(8 * 25)))
    )


def jpegs(valid: bytes) -> Iterator[Special]:
    for sides in ((60_000, 60_000), (65_535, 65_535), (0, 0), (6300, 6300)):
        at = valid.index(b"\xff\xc2") + 5
        yield valid[:at] + struct.pack(">HH", *sides) + valid[at + 4 :]
    last = valid.rindex(b"\xff\xda")
    scan = valid[last:-2]
    yield valid[:last] + scan * 5000 + valid[-2:]
    at = valid.index(b"\xff\xc2") + 5
    wide = valid[:at] + struct.pack(">HH", 6300, 6300) + valid[at + 4 : last]
    yield wide + scan * 3000 + valid[-2:]
    yield valid[:2] + b"\xff\xe1\xff\xffExif\0\0MM\0*\0\0\0\x08" + b"\xff" * 65_000 + valid[2:]
    yield valid[:2] + b"\xff\xfe\xff\xff" * 100_000 + valid[2:]


def gifs(valid: bytes) -> Iterator[Special]:
    for sides in ((60_000, 60_000), (65_535, 65_535), (0, 0)):
        yield valid[:6] + struct.pack("<HH", *sides) + valid[10:]
        at = valid.index(b",", 700)
        yield valid[: at + 5] + struct.pack("<HH", *sides) + valid[at + 9 :]
    yield valid[:-1] * 1 + valid[valid.index(b",", 700) : -1] * 20_000 + b";"


def bmps(valid: bytes) -> Iterator[Special]:
    for sides in ((60_000, 60_000), (2**31 - 1, 2**31 - 1), (-(2**31), -(2**31)), (0, 0), (40_000_000, 1)):
        yield valid[:18] + struct.pack("<ii", *sides) + valid[26:]
    for at in (10, 14, 28, 30, 34, 46):
        yield valid[:at] + b"\xff\xff\xff\xff" + valid[at + 4 :]
        yield valid[:at] + b"\0\0\0\0" + valid[at + 4 :]


def webps(valid: bytes) -> Iterator[Special]:
    body = valid[12:]
    for width, height in ((16_384, 16_384), (60_000, 60_000), (2**24, 2**24), (20, 24)):
        frame = (
            b"VP8X"
            + struct.pack("<I", 10)
            + bytes([0x12, 0, 0, 0])
            + (width - 1).to_bytes(3, "little")
            + (height - 1).to_bytes(3, "little")
        )
        still = frame + body
        yield b"RIFF" + struct.pack("<I", len(still) + 4) + b"WEBP" + still
        moving = frame + b"ANIM" + struct.pack("<IIH", 6, 0, 0)
        part = b"\0" * 6 + (19).to_bytes(3, "little") + (23).to_bytes(3, "little") + b"\1\0\0\0" + body
        moving += (b"ANMF" + struct.pack("<I", len(part)) + part + b"\0" * (len(part) % 2)) * 3
        yield b"RIFF" + struct.pack("<I", len(moving) + 4) + b"WEBP" + moving
    yield b"RIFF" + struct.pack("<I", 2**32 - 1) + valid[8:]


def tiffs(valid: bytes) -> Iterator[Special]:
    start = int.from_bytes(valid[4:8], "little")
    count = int.from_bytes(valid[start : start + 2], "little")
    for number in range(count):
        at = start + 2 + 12 * number
        for value in (0, 1, 60_000, 2**31, 2**32 - 1):
            yield valid[: at + 8] + struct.pack("<I", value) + valid[at + 12 :]
            yield valid[: at + 4] + struct.pack("<I", value) + valid[at + 8 :]
        yield valid[: at + 2] + struct.pack("<H", 99) + valid[at + 4 :]
    yield valid[:4] + struct.pack("<I", 4) + valid[8:]
    end = start + 2 + 12 * count
    yield valid[:end] + struct.pack("<I", start) + valid[end + 4 :]
    for mode in ("F", "I", "I;16", "LAB", "CMYK", "1"):
        buffer = io.BytesIO()
        Image.new(mode, (20, 20)).save(buffer, "TIFF")
        yield buffer.getvalue()
    values = np.full((16, 16), np.nan, np.float32)
    values[0, 0] = np.inf
    for filled in (values, np.full((16, 16), 3e38, np.float32), np.full((16, 16), -np.inf, np.float32)):
        buffer = io.BytesIO()
        Image.fromarray(filled).save(buffer, "TIFF")
        yield buffer.getvalue()


def ppms(valid: bytes) -> Iterator[Special]:
    yield b"P6 60000 60000 255\n" + bytes(100)
    yield b"P6 99999999999999999999 1 255\n"
    yield b"P6 " + b"#" * 1_000_000
    yield b"P3 8 8 255\n" + b"9" * 5_000_000
    yield b"P3 8 8 99999999\n" + b"1 " * 192
    yield b"Pf 8 8 -1.0\n" + b"\0\0\xc0\x7f" * 64
    yield b"P5 6300 6300 65535\n" + bytes(6300 * 6300 * 2)


# -- archives --------------------------------------------------------------------------------------------------------------


def _claims(valid: bytes) -> Iterator[bytes]:
    """The directory of a zip with other sizes, places and counts."""
    at = valid.index(b"PK\1\2")
    for place, width in ((8, 2), (10, 2), (20, 4), (24, 4), (28, 2), (30, 2), (32, 2), (42, 4)):
        for value in (0, 2 ** (8 * width) - 1, 2 ** (8 * width - 1), 9999):
            yield valid[: at + place] + value.to_bytes(width, "little") + valid[at + place + width :]
    end = valid.rindex(b"PK\5\6")
    for place, width in ((8, 2), (10, 2), (12, 4), (16, 4), (20, 2)):
        for value in (0, 2 ** (8 * width) - 1, 9999):
            yield valid[: end + place] + value.to_bytes(width, "little") + valid[end + place + width :]


def _zip(files: list[tuple[str | zipfile.ZipInfo, bytes]], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as archive:
        for name, content in files:
            archive.writestr(name, content, compress_type=method)
    return buffer.getvalue()


def _zip_names() -> Iterator[bytes]:
    good = list(two_classes().items())
    names = [
        "../outside/secret.png", "/outside/secret.png", "C:\\x.png", "..\\..\\x.png", "a/../../x.png", "train/cat/\u202e.png", "/", ".",
        "train/cat/" + "a/" * 30_000 + "x.png", "train/cat/" + "x" * 60_000 + ".png", "train/CAT/x.png", "train/cat /x.png", "con/aux/nul.png",
    ]  # fmt: skip
    for name in names:
        yield _zip([*good, (name, noise(5))])
        yield _zip([(name, noise(5))] * 1)
    link = zipfile.ZipInfo("train/cat/link.png")
    link.external_attr = 0o120777 << 16
    yield _zip([*good, (link, b"../../../outside/secret.png")])
    content = _zip([*good, ("train/cat/AAAA.png", noise(5))])
    for name in (b"\xff\xfe\xfd\xfc", b"A\0AA", b"../A", b"A/\xc3\x28"):
        yield content.replace(b"AAAA", name)


def change_zip(content: bytes, rng: random.Random) -> bytes:
    """Also below the checksums: a member's bytes are changed and packed again."""
    if rng.randrange(2):
        return damage.binary(content, rng)
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        files = [(info.filename, archive.read(info)) for info in archive.infolist()]
    at = rng.randrange(len(files))
    files[at] = files[at][0], damage.binary(files[at][1], rng)
    return _zip(files, rng.choice((zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)))  # type: ignore[arg-type]


def zips(valid: bytes) -> Iterator[Special]:
    yield from _claims(valid)
    yield from _zip_names()
    good = list(two_classes().items())
    yield _zip([*good, ("train/cat/bomb.png", bytes(60 * MEGABYTE)), ("train/dog/bomb.png", bytes(60 * MEGABYTE))])
    yield _zip([*good, ("train/cat/bomb.png", bytes(60 * MEGABYTE))], zipfile.ZIP_BZIP2)
    yield _zip([*good, ("train/cat/bomb.png", bytes(60 * MEGABYTE))], zipfile.ZIP_LZMA)
    yield _zip([*good, ("inner.zip", valid), ("train/cat/inner.png", valid)])
    yield _zip([("inner.zip", valid)])
    entry, at = b"PK\1\2" + bytes(24) + struct.pack("<H", 1) + bytes(16) + b"a", 0
    many = entry * 600_000
    yield many + b"PK\5\6" + struct.pack("<HHHHIIH", 0, 0, 65_535, 65_535, len(many), at, 0)
    directory = valid[valid.index(b"PK\1\2") : valid.rindex(b"PK\5\6")]
    twice = valid[: valid.index(b"PK\1\2")] + directory * 200
    yield twice + b"PK\5\6" + struct.pack("<HHHHIIH", 0, 0, 2800, 2800, len(directory) * 200, valid.index(b"PK\1\2"), 0)


def _tar_header(
    name: bytes = b"train/cat/x.png",
    size: bytes = b"00000000000",
    kind: bytes = b"0",
    link: bytes = b"",
    magic: bytes = b"ustar\x0000",
) -> bytes:
    head = (
        name.ljust(100, b"\0")
        + b"0000644\0" * 3
        + size.ljust(12, b"\0")
        + b"00000000000\0"
        + b" " * 8
        + kind
        + link.ljust(100, b"\0")
    )
    head = (head + magic).ljust(512, b"\0")
    return head[:148] + b"%06o\0 " % sum(head) + head[156:]


def change_tar(content: bytes, rng: random.Random) -> bytes:
    """With right checksums of the headers, half the time."""
    data = bytearray(damage.binary(content, rng))
    if rng.randrange(2):
        for at in range(0, len(data) - 512, 512):
            if data[at + 257 : at + 262] == b"ustar":
                head = bytes(data[at : at + 148]) + b" " * 8 + bytes(data[at + 156 : at + 512])
                data[at + 148 : at + 156] = b"%06o\0 " % sum(head)
    return bytes(data)


def tars(valid: bytes) -> Iterator[Special]:
    end = bytes(1024)
    body = valid.rstrip(b"\0")
    body += bytes(-len(body) % 512)
    for kind, link in ((b"1", b"../../outside/secret.png"), (b"2", b"../../outside/secret.png"), (b"2", b"/etc/passwd"), (b"3", b""), (b"4", b""),
                       (b"6", b""), (b"7", b""), (b"S", b""), (b"Z", b""), (b"K", b""), (b"L", b""), (b"x", b""), (b"g", b"")):  # fmt: skip
        yield body + _tar_header(kind=kind, link=link) + end
        yield _tar_header(kind=kind, link=link) + body + end
    for size in (
        b"77777777777",
        b"\x80" + b"\xff" * 11,
        b"\xff" * 12,
        b"\xff" + b"\xff" * 9 + b"\xfc\0",
        b"-0000000200",
        b"99999999999",
        b"\x80" + bytes(7) + b"\xff\xff\xff\xff",
    ):
        for kind in (b"0", b"5", b"x", b"g", b"L", b"S", b"2"):
            yield body + _tar_header(size=size, kind=kind) + end
    for name in (
        b"../outside/secret.png",
        b"/etc/x.png",
        b"train/cat/\xff\xfe.png",
        b"a/" * 49 + b"x",
        b"C:/x.png",
        b"",
    ):
        yield body + _tar_header(name) + end
    yield (_tar_header(kind=b"L", size=b"00000000002") + b"a".ljust(512, b"\0")) * 5000 + end
    yield (_tar_header(kind=b"x", size=b"00000000000")) * 5000 + end
    for text in ("size=1" + "0" * 30, "size=-1", "size=NaN", "path=" + "a/" * 50_000 + "x.png", "path=../x.png", "GNU.sparse.map=0,1,2", "GNU.sparse.size=9999999999999",
                 "GNU.sparse.major=1\n30 GNU.sparse.minor=0", "mtime=inf", "mtime=1e400", "uid=" + "9" * 5000, "hdrcharset=BINARY", "path=\ud800"):  # fmt: skip
        record = text.encode("utf-8", "surrogatepass") + b"\n"
        size = len(record) + 3
        record = b"%d " % (size + len(str(size)) - 2) + record
        yield (
            _tar_header(kind=b"x", size=b"%011o" % len(record))
            + record.ljust(-(-len(record) // 512) * 512, b"\0")
            + _tar_header()
            + end
        )
    yield _tar_header() * 20_000 + end
    yield bytes(10 * MEGABYTE)


def packed_tars(valid: bytes) -> Iterator[Special]:
    plain = gzip.decompress(valid)
    yield from (gzip.compress(each, 1) for each in list(tars(plain))[::5] if isinstance(each, bytes))
    yield gzip.compress(plain[:512]) + gzip.compress(bytes(64 * MEGABYTE), 1) * 17
    yield valid + b"garbage"
    yield valid * 2
    yield bz2.compress(plain)[:-4]
    yield gzip.compress(valid)


def xz(valid: bytes) -> Iterator[Special]:
    plain = lzma.decompress(valid)
    made = lzma.compress(plain, filters=[{"id": lzma.FILTER_LZMA2, "dict_size": 1 << 16}])
    for size in (40, 38, 37):  # of the dictionary: 4 GB, 2 GB, 1.5 GB
        head = bytearray(made[12:24])
        head[4] = size
        head[8:12] = struct.pack("<I", zlib.crc32(bytes(head[:8])))
        yield made[:12] + bytes(head) + made[24:]
    yield valid * 2
    yield valid + bytes(8)
    yield valid + b"garbage"
    yield valid[:-1]
    yield lzma.compress(plain[:512] + bytes(50 * MEGABYTE), preset=0)


def folders(valid: bytes) -> Iterator[Special]:
    """Put into the set's folder, beside a picture."""

    def beside(make: Callable[[Path], object]) -> Callable[[Path], object]:
        return lambda path: make(path.parent)

    yield beside(lambda folder: (folder / "a.png").symlink_to("../../../../outside/secret.png"))
    yield beside(
        lambda folder: (folder / "a.png").symlink_to(Path(os.environ["CVLAB_HOME"]) / "outside" / "secret.png")
    )
    yield beside(lambda folder: (folder.parent / "bird").symlink_to(Path(os.environ["CVLAB_HOME"]) / "outside"))
    yield beside(lambda folder: (folder / "a.png").symlink_to("/dev/zero"))
    yield beside(lambda folder: (folder / "circle").symlink_to("."))
    yield beside(lambda folder: (folder / "a.png").symlink_to("b.png") or (folder / "b.png").symlink_to("a.png"))
    yield beside(lambda folder: os.mkfifo(folder / "pipe.png"))
    yield beside(lambda folder: _socket(folder / "socket.png"))
    yield beside(lambda folder: (folder / "folder.png").mkdir())
    yield beside(lambda folder: Path(os.fsdecode(os.fsencode(folder) + b"/\xff\xfe.png")).write_bytes(noise(1)))
    yield beside(lambda folder: (folder / "line\nbreak\r.png").write_bytes(noise(1)))
    yield beside(lambda folder: (folder / ("x" * 240 + ".png")).write_bytes(noise(1)))

    def deep(folder: Path) -> None:
        here = Path.cwd()
        os.chdir(folder)
        for _ in range(1100):
            Path("d").mkdir()
            os.chdir("d")
        Path("x.png").write_bytes(noise(1))
        os.chdir(here)

    yield beside(deep)
    yield beside(lambda folder: [(folder / f"{i}").mkdir() for i in range(3000)])
    yield beside(lambda folder: folder.chmod(0))


CSV_TOKENS = [
    "\0", '"', '""', '"a', ",", ";", "\t", "\r", "\r\n", "\n\n\n", "../../../outside/secret.png", "/etc/passwd", "/dev/zero", "\ud800", "\udcff", "\u202e",
    "a" * 50_000, "," * 500, "~/x.png", "file:///etc/passwd", "train", "valid", "NaN", "\ufeff", " ", "\\", "..", ".", "x.png",
]  # fmt: skip


def csvs(valid: bytes) -> Iterator[Special]:
    outside = Path(os.environ["CVLAB_HOME"]) / "outside" / "secret.png"
    for name in (
        str(outside),
        "../../outside/secret.png",
        "../" * 10 + str(outside),
        "/etc/passwd",
        "/dev/zero",
        "pipe.png",
        "link.png",
        "a\0b.png",
        "x" * 5000,
        "a/" * 3000,
    ):

        def put(path: Path, name: str = name) -> None:
            os.mkfifo(path.parent / "pipe.png")
            (path.parent / "link.png").symlink_to(outside)
            path.write_bytes(valid + f"{name},cat,train\n".encode())

        yield put
    yield valid + b'"unmatched,cat,train\n' + valid * 50
    yield b"path,label\n" + b"a" * (100 * MEGABYTE)
    yield b"path,label\n" + b'"' + b"a\n" * (10 * MEGABYTE)
    yield b"\n" * (30 * MEGABYTE)
    yield b"path,label\n" + b",\n" * (20 * MEGABYTE)
    yield b"path,label\n" + b"a.png,b\n" * 1_500_000
    yield valid + b"," * 90_000 + b"\n"
    yield valid + b"a\n"
    yield valid + b"a.png,b,c,d,e\n"
    yield valid.replace(b"\n", b"\r")
    yield valid.replace(b"\n", b"\r\n")
    yield valid.replace(b",", b";")
    yield valid.decode().encode("utf-16")
    yield valid + b"\xff\xfe,cat\n"
    yield b"\xef\xbb\xbf" + valid
    yield b"," * 99_000


# -- arrays ----------------------------------------------------------------------------------------------------------------


def idx_files(valid: bytes) -> Iterator[Special]:
    for kind in range(16):
        yield valid[:2] + bytes([kind]) + valid[3:]
    for axes in (0, 1, 2, 4, 5, 255):
        yield valid[:3] + bytes([axes]) + valid[4:]
    for sides in (
        (2**32 - 1,) * 3,
        (2**31, 1, 1),
        (0, 2**32 - 1, 2**32 - 1),
        (0, 0, 0),
        (600, 1, 1),
        (1, 1, 600),
        (4_000_000_000, 1, 1),
        (20, 0, 5),
        (1_000_000_000, 1, 1),
    ):
        yield valid[:4] + struct.pack(">3I", *sides) + valid[16:]
    for code, value in ((0x0D, b"\x7f\xc0\0\0"), (0x0D, b"\x7f\x80\0\0"), (0x0E, b"\x7f\xf0" + bytes(6))):
        yield bytes([0, 0, code, 3]) + struct.pack(">3I", 20, 2, 2) + value * 80


def packed_idx_files(valid: bytes) -> Iterator[Special]:
    plain = gzip.decompress(valid)
    yield from (gzip.compress(each, 1) for each in idx_files(plain) if isinstance(each, bytes))
    yield (
        gzip.compress(plain[:4] + struct.pack(">3I", 3_000_000_000, 1, 1)) + gzip.compress(bytes(64 * MEGABYTE), 1) * 5
    )
    yield gzip.compress(gzip.compress(plain))
    yield valid + b"garbage"


def _npy(header: str | bytes, body: bytes = b"", version: bytes = b"\1\0") -> bytes:
    text = header.encode("latin1", "replace") if isinstance(header, str) else header
    size = len(text).to_bytes(2 if version == b"\1\0" else 4, "little")
    return b"\x93NUMPY" + version + size + text + body


def _header(shape: str = "(20, 6, 5)", kind: str = "'|u1'", order: str = "False") -> str:
    return f"{{'descr': {kind}, 'fortran_order': {order}, 'shape': {shape}, }}\n"


def npys(valid: bytes) -> Iterator[Special]:
    body = bytes(600)
    for shape in ("(10**10,)", "(10000000000,)", "(-1,)", "(20, -6, -5)", "()", "(0,)", "(1,)*100", "(True,)", "(2**62, 4)", "(4611686018427387904, 4)", "None", "[20, 6, 5]",
                  "(20, 6.0, 5)", "(0, 4611686018427387904, 4611686018427387904)", "(1, " * 30 + ")" * 30):  # fmt: skip
        yield _npy(_header(shape), body)
    for kind in ("'O'", "'|O'", "'V10'", "'M8[ns]'", "'c16'", "'U1000000'", "'S0'", "[('a', 'O')]", "[('a', '<f8'), ('b', 'i4')]", "'f2'", "'>u1'", "None", "1", "'(1000000000,)u1'",
                 "'no such'", "('u1', (2, 3))", "[('a', 'u1', (1000000000, 1000000000))]", "'b1'", "'<i8'", "'<f8'"):  # fmt: skip
        yield _npy(_header(kind=kind), body)
    yield _npy("__import__('os').system('touch escaped')\n", body)
    yield _npy("{'descr': __import__('os').system('touch escaped'), 'fortran_order': False, 'shape': (1,)}\n", body)
    for text in (
        "(" * 5000 + ")" * 5000,
        "-" * 9000 + "1",
        "[" * 90 + "]" * 90,
        "{" * 5000,
        "1+" * 3000 + "1",
        "",
        "\0",
        "{}",
        "{'descr': 'u1'}",
        "9" * 6000,
        _header() * 2,
    ):
        yield _npy(text, body)
    yield _npy(_header(order="True"), body)
    yield _npy(_header(order="1"), body)
    yield _npy(_header() + " " * 65_000, body)
    yield _npy(b"{'a'" + b" " * 50_000_000, body, b"\2\0")
    yield _npy(_header(), body, b"\3\0")
    yield _npy(_header(), body, b"\2\0")
    yield b"\x93NUMPY\x09\x09" + bytes(100)
    yield pickle.dumps(_Call(os.system, "touch escaped"))


def change_npy(content: bytes, rng: random.Random) -> bytes:
    """The header is text: words of it are changed half the time."""
    if rng.randrange(2):
        return damage.binary(content, rng)
    size = int.from_bytes(content[8:10], "little")
    tokens = [
        "-1",
        "0",
        "1",
        "20",
        "600",
        "10",
        "'|u1'",
        "'<f8'",
        "'O'",
        "True",
        "None",
        "(",
        ")",
        ",",
        "'",
        "{",
        "1e9",
        "9" * 20,
        "L",
        "*2",
    ]
    header = damage.lines(tokens)(content[10 : 10 + size], rng)[:60_000]
    return _npy(header, content[10 + size :])


def npzs(valid: bytes) -> Iterator[Special]:
    labels = io.BytesIO()
    np.save(labels, np.arange(20) % 2)
    images = io.BytesIO()
    np.save(images, np.zeros((20, 6, 5), np.uint8))
    for each in npys(b""):
        if isinstance(each, bytes):
            yield _zip([("train_images.npy", each), ("train_labels.npy", labels.getvalue())])
            yield _zip([("train_images.npy", images.getvalue()), ("train_labels.npy", each)])

    def arrays(method: int = zipfile.ZIP_DEFLATED, **found: Any) -> bytes:
        files = []
        for name, array in found.items():
            buffer = io.BytesIO()
            np.save(buffer, array, allow_pickle=True)
            files.append((f"{name}.npy", buffer.getvalue()))
        return _zip(files, method)

    good = {"train_images": np.zeros((20, 6, 5), np.uint8), "train_labels": np.arange(20) % 2}
    for bad in (
        np.full(20, np.nan), np.full(20, np.inf), np.full(20, 1e300), np.full(20, -1), np.arange(20) * 10**17, np.array(["\ud800"] * 20), np.array([b"\xff"] * 20), np.zeros(20, object),
        np.zeros((20, 10)), np.zeros(19), np.array(["a", "b" * 5000] * 10), np.zeros(20, complex), np.zeros(20, "M8[s]"), np.array([{}] * 20), np.zeros((20, 1)), np.zeros(20, bool),
    ):  # fmt: skip
        yield arrays(**good | {"train_labels": bad})
    for bad in (
        np.full((20, 6, 5), np.nan), np.full((20, 6, 5), np.inf), np.full((20, 6, 5), -1e300), np.zeros((20, 0, 5)), np.zeros((20, 6, 5, 7)), np.zeros((20, 600, 5)), np.zeros((0, 6, 5)),
        np.zeros((20, 6, 5), object), np.zeros((20, 6, 5), "U3"), np.zeros(20), np.array(5), np.zeros((20, 6, 5, 4)), np.full((20, 6, 5), 2**62), np.zeros((20, 6, 5), np.float16),
    ):  # fmt: skip
        yield arrays(**good | {"train_images": bad})
    yield arrays(**good, classes=np.array(["a"]))
    yield arrays(**good, classes=np.array([["a", "b"]]))
    yield arrays(**good, classes=np.array([1, 2]))
    yield arrays(**good, classes=np.array(["\ud800", "b"]))
    yield arrays(**good, other=np.zeros(300 * MEGABYTE, np.uint8))
    yield arrays(zipfile.ZIP_BZIP2, **good, other=np.zeros(300 * MEGABYTE, np.uint8))
    yield arrays(zipfile.ZIP_BZIP2, **good | {"train_images": np.zeros((20, 4000, 4000), np.uint8)})
    yield arrays(**good | {"train_images": np.zeros((10_000, 200, 200), np.uint8)})
    yield arrays(**good | {"TRAIN_IMAGES": np.zeros(3)})
    yield from _claims(valid)
    yield from _zip_names()
