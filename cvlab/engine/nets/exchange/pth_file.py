"""PyTorch's own weights files, .pth and .pt, without unpickling: of the pickle inside, the few instructions that spell names,
numbers and tensors are read by a machine of our own, which can build nothing else and call nothing.

Both forms are read: the zip archive that torch.save writes since 1.6, and the one before, as most of torchvision's published
weights are in.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from cvlab.engine.archive import MAX_RATIO, Archive
from cvlab.engine.errors import NotOurFile
from cvlab.engine.pickle_reader import Name, PickleReader, Refused

MAX_BYTES = 2_000_000_000
MAX_PICKLE = 50_000_000
RATIO_FROM = 256_000_000
"""Bytes from which on tensors must not be very much larger than the file."""
MOST = 10_000
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


def read_pth(data: bytes) -> dict[str, np.ndarray]:
    """The tensors of a state dict by name; one inside {"state_dict": ...} or {"model": ...} is found.

    Raises `NotOurFile` for what is no such file, cut or damaged, and for one that holds anything but tensors by name: a whole
    pickled model holds code, which is not run.
    """
    if len(data) > MAX_BYTES:
        raise NotOurFile(f"The file is larger than {MAX_BYTES / 1e9:.0f} GB.")
    try:
        tree, storages = _archive(data) if data[:2] == b"PK" else _old_form(data)
        return _tensors(tree, storages, max(RATIO_FROM, MAX_RATIO * len(data)))
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
    with Archive(data, ratio_from=RATIO_FROM) as archive:
        entries = {entry.filename: entry for entry in archive.infolist()}
        pickles = [name for name in entries if name.rpartition("/")[2] == "data.pkl"]
        if len(pickles) != 1:
            raise NotOurFile("The archive holds no weights of PyTorch.", received=f"{len(pickles)} data.pkl")
        folder = pickles[0].removesuffix("data.pkl")
        order = entries.get(f"{folder}byteorder")
        if order is not None and archive.content(order, 100) != b"little":
            raise NotOurFile("The weights were saved on a machine with another order of bytes.")
        if entries[pickles[0]].file_size > MAX_PICKLE or archive.unpacked > MAX_BYTES:
            raise NotOurFile(f"The weights are larger than {MAX_BYTES / 1e9:.0f} GB.")
        tree, _ = _read_pickle(archive.content(entries[pickles[0]], MAX_PICKLE), 0)
        place = f"{folder}data/"
        return tree, {
            name.removeprefix(place): archive.content(entry, MAX_BYTES)
            for name, entry in entries.items()
            if name.startswith(place)
        }


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


def _tensors(tree: Any, storages: dict[str, bytes], most: int) -> dict[str, np.ndarray]:
    """most: bytes of all tensors together: steps of 0 may repeat one number a billion times."""
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
        total += math.prod(tensor.size) * max(_width(tensor.storage.type), 4)
        if total > min(most, MAX_BYTES):
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
    storages = {} if seen is None else seen

    def find(told: Any) -> _Storage:
        if not isinstance(told, tuple) or len(told) < 5 or told[0] != "storage":
            raise NotOurFile("The file holds a whole model, with its code.", remedy=_STATE_DICT)
        _, kind, key, _, count, *_ = told
        if (
            not isinstance(kind, Name)
            or kind.name not in _TYPES
            or kind.module != "torch"
            or not isinstance(key, str | int)
        ):
            raise NotOurFile("The file holds numbers of a kind that is not read.", received=str(kind)[:80])
        storage = _Storage(str(key), _TYPES[kind.name], int(count))
        storages[storage.key] = storage
        return storage

    try:
        return PickleReader(_made, _build, find).read(data, at)
    except Refused as error:
        raise NotOurFile(
            "The file does more than name its tensors.", received=error.received[:100], remedy=_STATE_DICT
        ) from error


def _made(called: Any, given: Any) -> Any:
    """What a call would give, for the few that weights are spelt with; any other is refused, and none is made."""
    match called, given:
        case Name("collections", "OrderedDict"), ():
            return {}
        case Name("torch._utils", "_rebuild_tensor_v2"), (_Storage() as storage, offset, size, stride, *_):
            return _Tensor(storage, int(offset), tuple(map(int, size)), tuple(map(int, stride)))
        case Name("torch._utils", "_rebuild_parameter"), (_Tensor() as tensor, *_):
            return tensor
        case Name(module, name), _:
            raise NotOurFile(
                "The file asks for code to be run. It was not.", received=f"{module}.{name}"[:100], remedy=_STATE_DICT
            )
    raise Refused("a call of something that has no name")


def _build(made: Any, state: Any) -> None:
    """Attributes of an ordered dict, such as its versions, are of no use here."""
    if type(made) is not dict:
        raise Refused("attributes of an object")
