"""The IDX format of MNIST: a typed header, then the raw numbers, most often gzipped. Reads nothing it cannot bound.

Header: two zero bytes, a type byte, the number of axes, then each axis as a big-endian unsigned 32-bit integer.
"""

from __future__ import annotations

import io
import math
import struct
from pathlib import Path
from typing import BinaryIO

import numpy as np

from cvlab.engine.archive import MAX_RATIO, DamagedStream, unpacked
from cvlab.engine.data.progress import Asked, never
from cvlab.engine.errors import Cancelled, CorruptData
from cvlab.engine.files import open_regular

_TYPES = {0x08: ">u1", 0x09: ">i1", 0x0B: ">i2", 0x0C: ">i4", 0x0D: ">f4", 0x0E: ">f8"}
_MAX_AXES = 4
_CHUNK, _RATIO_FROM = 1 << 20, 256 << 20
_REMEDY = "Fetch it again."


def read(
    source: Path | bytes, *, name: str = "", max_bytes: int = 256 * 1024 * 1024, cancelled: Asked = never
) -> np.ndarray:
    """The array in an IDX file, plain or gzipped (told by its first bytes, not by its name).

    max_bytes: what the unpacked numbers may take. The header is held against it before anything is unpacked, and no
    more than the header announces is ever unpacked; one that announces far more than a file of its size holds is refused.
    cancelled: asked after each megabyte.
    Raises CorruptData for anything that is not exactly one whole array. 0.25 s for 60,000 gzipped MNIST images.
    """
    name = name or (source.name if isinstance(source, Path) else "The data")
    try:
        with open_regular(source) if isinstance(source, Path) else io.BytesIO(source) as raw:
            room = raw.seek(0, 2)
            raw.seek(0)
            packed = unpacked(raw)
            if packed is None:
                return _read(raw, name, max_bytes, room, cancelled)
            return _read(packed, name, max_bytes, max(MAX_RATIO * room, _RATIO_FROM), cancelled)
    except FileNotFoundError as error:
        raise CorruptData(f"{name} is not there.", remedy=_REMEDY) from error
    except (EOFError, DamagedStream) as error:
        raise CorruptData(f"{name} is a damaged gzip file.", received=str(error).rstrip("."), remedy=_REMEDY) from error
    except OSError as error:
        raise CorruptData(f"{name} cannot be read.", received=str(error)) from error


def _read(stream: BinaryIO, name: str, max_bytes: int, room: int, cancelled: Asked) -> np.ndarray:
    """room: bytes that the file can hold, more or less."""
    head = stream.read(4)
    if len(head) < 4 or head[:2] != b"\0\0" or head[2] not in _TYPES or not 1 <= head[3] <= _MAX_AXES:
        raise CorruptData(
            f"{name} is not an IDX file.",
            received=f"first bytes {head.hex(' ')}" if head else "an empty file",
            remedy="Choose another file.",
        )
    axes = head[3]
    sizes = stream.read(4 * axes)
    if len(sizes) < 4 * axes:
        raise CorruptData(f"{name} ends inside its header.", remedy=_REMEDY)
    shape = struct.unpack(f">{axes}I", sizes)
    dtype = np.dtype(_TYPES[head[2]])
    size = math.prod(shape) * dtype.itemsize
    if size > max_bytes:
        raise CorruptData(
            f"{name} announces more than is allowed here.",
            received=f"{size:,} bytes, at most {max_bytes:,}",
            remedy="Choose another file.",
        )
    if size > room:
        raise CorruptData(
            f"{name} is cut short, or was made to fill the memory.",
            received=f"{size:,} bytes announced, at most {room:,} can be in it",
            remedy=_REMEDY,
        )
    body = np.empty(size, np.uint8)
    filled = 0
    while filled < size:
        if cancelled():
            raise Cancelled
        count = stream.readinto(memoryview(body)[filled : filled + _CHUNK])
        if not count:
            raise CorruptData(f"{name} is cut short.", received=f"{filled:,} of {size:,} bytes", remedy=_REMEDY)
        filled += count
    if stream.read(1):
        raise CorruptData(
            f"{name} goes on after its last number.", received=f"more than {size:,} bytes", remedy=_REMEDY
        )
    try:
        return body.view(dtype).reshape(shape).astype(dtype.newbyteorder("="), copy=False)
    except ValueError as error:  # no numbers, and sides that numpy cannot count
        raise CorruptData(f"{name} is damaged.", received=f"an array of {shape}", remedy=_REMEDY) from error


def write(array: np.ndarray) -> bytes:
    """The same array as an unpacked IDX file, to the byte."""
    kinds = {np.dtype(kind): code for code, kind in _TYPES.items()}
    dtype = array.dtype.newbyteorder(">")
    if dtype not in kinds or not 1 <= array.ndim <= _MAX_AXES:
        raise ValueError(f"IDX holds 1 to {_MAX_AXES} axes of plain numbers, not {array.dtype} {array.shape}")
    head = struct.pack(f">BBBB{array.ndim}I", 0, 0, kinds[dtype], array.ndim, *array.shape)
    return head + array.astype(dtype).tobytes()
