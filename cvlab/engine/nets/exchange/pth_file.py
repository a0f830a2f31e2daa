"""PyTorch's own weights files, .pth and .pt, without unpickling: of the pickle inside, the few instructions that spell names,
numbers and tensors are read by a machine of our own, which can build nothing else and call nothing.

Both forms are read: the zip archive that torch.save writes since 1.6, and the one before, as most of torchvision's published
weights are in.
"""

from __future__ import annotations

import io
import math
import pickletools
import zipfile
from dataclasses import dataclass
from typing import Any

import numpy as np

from cvlab.engine.errors import NotOurFile

MAX_BYTES = 2_000_000_000
MAX_PICKLE = 50_000_000
MOST = 100_000
"""Tensors in a file."""
_MAGIC = 0x1950A86A20F9469CFC6C
_TYPES = {
    "FloatStorage": "<f4", "DoubleStorage": "<f8", "HalfStorage": "<f2", "LongStorage": "<i8", "IntStorage": "<i4",
    "ShortStorage": "<i2", "CharStorage": "<i1", "ByteStorage": "<u1", "BoolStorage": "?", "BFloat16Storage": "bf16",
}  # fmt: skip
_STATE_DICT = "Save net.state_dict(), not the net; or write .safetensors."
_WIDE = 64
"""Most dimensions of numpy's arrays."""


@dataclass(frozen=True)
class _Name:
    """Something that the pickle would import: known by its name only."""

    module: str
    name: str


@dataclass(frozen=True)
class _Storage:
    """Numbers that lie elsewhere in the file. count: of numbers."""

    key: str
    type: str
    count: int


@dataclass(frozen=True)
class _Tensor:
    storage: _Storage
    offset: int
    size: tuple[int, ...]
    stride: tuple[int, ...]


class _Mark:
    pass


def read_pth(data: bytes) -> dict[str, np.ndarray]:
    """The tensors of a state dict by name; one inside {"state_dict": ...} or {"model": ...} is found.

    Raises `NotOurFile` for what is no such file, cut or damaged, and for one that holds anything but tensors by name: a whole
    pickled model holds code, which is not run.
    """
    if len(data) > MAX_BYTES:
        raise NotOurFile(f"The file is larger than {MAX_BYTES / 1e9:.0f} GB.")
    try:
        tree, storages = _archive(data) if data[:2] == b"PK" else _old_form(data)
        return _tensors(tree, storages)
    except NotOurFile:
        raise
    except Exception as error:  # a damaged pickle or archive fails wherever it happens to
        raise NotOurFile(
            "This is not a PyTorch weights file, or only a part of one.",
            received=f"{type(error).__name__}: {error}"[:120],
            remedy="Save it again: torch.save(net.state_dict(), path), or as .safetensors.",
        ) from error


# -- the two forms -----------------------------------------------------------------------------------------------------


def _archive(data: bytes) -> tuple[Any, dict[str, bytes]]:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        entries = {entry.filename: entry for entry in archive.infolist()}
        pickles = [name for name in entries if name.rpartition("/")[2] == "data.pkl"]
        if len(pickles) != 1:
            raise NotOurFile("The archive holds no weights of PyTorch.", received=f"{len(pickles)} data.pkl")
        folder = pickles[0].removesuffix("data.pkl")
        order = entries.get(f"{folder}byteorder")
        if order is not None and archive.read(order) != b"little":
            raise NotOurFile("The weights were saved on a machine with another order of bytes.")
        # Sizes are what the archive says; reading never gives more.
        if entries[pickles[0]].file_size > MAX_PICKLE or sum(e.file_size for e in entries.values()) > MAX_BYTES:
            raise NotOurFile(f"The weights are larger than {MAX_BYTES / 1e9:.0f} GB.")
        tree, _ = _read_pickle(archive.read(pickles[0]), 0)
        place = f"{folder}data/"
        return tree, {name.removeprefix(place): archive.read(name) for name in entries if name.startswith(place)}


def _old_form(data: bytes) -> tuple[Any, dict[str, bytes]]:
    """Five pickles (a magic number, the version, the system, the tree, the storages' order), then the numbers."""
    magic, at = _read_pickle(data, 0)
    if magic != _MAGIC:
        raise NotOurFile("This is not a PyTorch weights file.", remedy="Choose a .pth, .pt or .safetensors file.")
    _, at = _read_pickle(data, at)
    system, at = _read_pickle(data, at)
    if not isinstance(system, dict) or system.get("little_endian") is not True:
        raise NotOurFile("The weights were saved on a machine with another order of bytes.")
    seen: dict[str, _Storage] = {}
    tree, at = _read_pickle(data, at, seen)
    keys, at = _read_pickle(data, at)
    storages = {}
    for key in keys:
        count, at = int.from_bytes(data[at : at + 8], "little"), at + 8
        length = count * _width(seen[key].type)
        storages[key] = data[at : at + length]
        at += length
    return tree, storages


def _width(kind: str) -> int:
    return 2 if kind == "bf16" else np.dtype(kind).itemsize


def _tensors(tree: Any, storages: dict[str, bytes]) -> dict[str, np.ndarray]:
    for key in ("state_dict", "model_state_dict", "model"):
        if isinstance(tree, dict) and isinstance(tree.get(key), dict):
            tree = tree[key]
    if not isinstance(tree, dict) or not 0 < len(tree) <= MOST:
        raise NotOurFile("The file holds no tensors by name.", remedy=_STATE_DICT)
    found, total = {}, 0
    for name, tensor in tree.items():
        if not isinstance(name, str) or not isinstance(tensor, _Tensor):
            raise NotOurFile(
                "The file holds something else than tensors by name.", received=str(name)[:60],
                remedy=_STATE_DICT,
            )  # fmt: skip
        total += math.prod(tensor.size)
        if total * 4 > MAX_BYTES:  # strides may repeat one number a billion times
            raise NotOurFile(f"The weights are larger than {MAX_BYTES / 1e9:.0f} GB.")
        found[name.removeprefix("module.")] = _array(name, tensor, storages)
    return found


def _array(name: str, tensor: _Tensor, storages: dict[str, bytes]) -> np.ndarray:
    kind, raw = tensor.storage.type, storages.get(tensor.storage.key, b"")
    if kind == "bf16":  # the upper half of a float32
        numbers = (np.frombuffer(raw, "<u2").astype(np.uint32) << 16).view(np.float32)
    else:
        numbers = np.frombuffer(raw, kind)
    size, stride = tensor.size, tensor.stride
    last = tensor.offset + sum((n - 1) * s for n, s in zip(size, stride, strict=True))
    if len(size) > _WIDE or min((*size, *stride, tensor.offset, 0)) < 0:
        raise NotOurFile(f"The tensor {name[:60]} is damaged.", received="a size or a step below 0")
    if math.prod(size) and last >= len(numbers):
        raise NotOurFile(f"The numbers of {name[:60]} are not all in the file.", remedy="Get the whole file again.")
    if not math.prod(size):
        return np.zeros(size, numbers.dtype)
    steps = tuple(s * numbers.itemsize for s in stride)
    return np.array(np.lib.stride_tricks.as_strided(numbers[tensor.offset :], size, steps), order="C")


# -- the pickle --------------------------------------------------------------------------------------------------------


def _read_pickle(data: bytes, at: int, seen: dict[str, _Storage] | None = None) -> tuple[Any, int]:
    """(the value, where the pickle ends). seen: takes the storages that it names."""
    machine = _Machine({} if seen is None else seen)
    stream = io.BytesIO(data)
    stream.seek(at)
    for opcode, argument, _ in pickletools.genops(stream):
        if opcode.name == "STOP":
            return machine.stack.pop(), stream.tell()
        machine.do(opcode.name, argument)
    raise NotOurFile("The file ends too early.")


class _Machine:
    """Plain values, and the names of what it would take to make tensors of them."""

    def __init__(self, seen: dict[str, _Storage]) -> None:
        self.stack: list[Any] = []
        self.memo: dict[int, Any] = {}
        self.seen = seen

    def do(self, op: str, argument: Any) -> None:
        stack = self.stack
        match op:
            case "PROTO" | "FRAME":
                pass
            case "MARK":
                stack.append(_Mark)
            case "EMPTY_DICT":
                stack.append({})
            case "EMPTY_LIST":
                stack.append([])
            case "EMPTY_TUPLE":
                stack.append(())
            case "NONE":
                stack.append(None)
            case "NEWTRUE" | "NEWFALSE":
                stack.append(op == "NEWTRUE")
            case "BININT" | "BININT1" | "BININT2" | "LONG1" | "BINFLOAT" | "INT" | "LONG" | "FLOAT":
                stack.append(argument)
            case "BINUNICODE" | "SHORT_BINUNICODE" | "BINUNICODE8" | "UNICODE" | "BINSTRING" | "SHORT_BINSTRING":
                stack.append(argument)
            case "GLOBAL":
                module, _, name = argument.partition(" ")
                stack.append(_Name(module, name))
            case "STACK_GLOBAL":
                name, module = stack.pop(), stack.pop()
                stack.append(_Name(str(module), str(name)))
            case "BINPUT" | "LONG_BINPUT" | "PUT":
                self.memo[argument] = stack[-1]
            case "MEMOIZE":
                self.memo[len(self.memo)] = stack[-1]
            case "BINGET" | "LONG_BINGET" | "GET":
                stack.append(self.memo[argument])
            case "TUPLE1" | "TUPLE2" | "TUPLE3":
                count = int(op[-1])
                stack[-count:] = [tuple(stack[-count:])]
            case "TUPLE":
                stack.append(tuple(self._to_mark()))
            case "LIST":
                stack.append(list(self._to_mark()))
            case "APPEND":
                value = stack.pop()
                self._top(list).append(value)
            case "APPENDS":
                values = self._to_mark()
                self._top(list).extend(values)
            case "SETITEM":
                value, key = stack.pop(), stack.pop()
                self._top(dict)[key] = value
            case "SETITEMS":
                pairs = self._to_mark()
                self._top(dict).update(zip(pairs[::2], pairs[1::2], strict=True))
            case "BINPERSID":
                stack.append(self._storage(stack.pop()))
            case "REDUCE":
                given, called = stack.pop(), stack.pop()
                stack.append(_made(called, given))
            case "BUILD":
                stack.pop()  # attributes of an ordered dict, such as its versions: of no use here
                self._top(dict)
            case _:
                raise NotOurFile(
                    "The file does more than name its tensors.", received=f"instruction {op}", remedy=_STATE_DICT
                )

    def _to_mark(self) -> list[Any]:
        at = len(self.stack) - 1 - self.stack[::-1].index(_Mark)
        values = self.stack[at + 1 :]
        del self.stack[at:]
        return values

    def _top(self, kind: type) -> Any:
        if type(self.stack[-1]) is not kind:
            raise NotOurFile("The file does more than name its tensors.", received="attributes of an object")
        return self.stack[-1]

    def _storage(self, told: Any) -> _Storage:
        if not isinstance(told, tuple) or len(told) < 5 or told[0] != "storage":
            raise NotOurFile("The file holds a whole model, with its code.", remedy=_STATE_DICT)
        _, kind, key, _, count, *_ = told
        if not isinstance(kind, _Name) or kind.name not in _TYPES or kind.module != "torch":
            raise NotOurFile("The file holds numbers of a kind that is not read.", received=str(kind)[:80])
        storage = _Storage(str(key), _TYPES[kind.name], int(count))
        self.seen[storage.key] = storage
        return storage


def _made(called: Any, given: Any) -> Any:
    """What a call would give, for the few that weights are spelt with; any other is refused, and none is made."""
    match called, given:
        case _Name("collections", "OrderedDict"), ():
            return {}
        case _Name("torch._utils", "_rebuild_tensor_v2"), (_Storage() as storage, offset, size, stride, *_):
            return _Tensor(storage, int(offset), tuple(map(int, size)), tuple(map(int, stride)))
        case _Name("torch._utils", "_rebuild_parameter"), (_Tensor() as tensor, *_):
            return tensor
        case _Name(module, name), _:
            raise NotOurFile(
                "The file asks for code to be run. It was not.", received=f"{module}.{name}"[:100], remedy=_STATE_DICT
            )
    raise NotOurFile("The file does more than name its tensors.")
