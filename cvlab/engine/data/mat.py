"""Arrays of numbers out of a MATLAB 5 file (.mat), enough for SVHN; everything else in such a file is refused.

Layout: 128 bytes of header, then elements (type, size, content), padded to 8 bytes; a compressed element holds another. A
matrix is an element of elements: flags, dimensions, name, values. Column-major. MathWorks, "MAT-File Format", level 5.
"""

from __future__ import annotations

import math
import zlib
from pathlib import Path

import numpy as np

from cvlab.engine.errors import CorruptData, NotOurFile
from cvlab.engine.files import read_bounded

_NUMBERS = {1: "i1", 2: "u1", 3: "i2", 4: "u2", 5: "i4", 6: "u4", 7: "f4", 9: "f8", 12: "i8", 13: "u8"}
_MATRIX, _COMPRESSED = 14, 15
_CLASSES = range(6, 16)  # of arrays: double to uint64
_COMPLEX = 0x800


def read(path: Path, *, max_bytes: int = 1 << 30) -> dict[str, np.ndarray]:
    """Name -> array, in MATLAB's axis order. max_bytes: of one array, unpacked. Raises CorruptData."""
    try:
        content = memoryview(read_bounded(path, max_bytes))
        order = {b"IM": "<", b"MI": ">"}.get(bytes(content[126:128]))
        if len(content) < 128 or order is None:
            raise CorruptData(f"{path.name} is no MATLAB 5 file.", received=bytes(content[:20]).decode("latin1"))
        arrays, place = {}, 128
        while place + 8 <= len(content):
            kind, body, place = _element(content, place, order)
            if kind == _COMPRESSED:
                unpacker = zlib.decompressobj()
                unpacked = unpacker.decompress(body, max_bytes + 4096)
                if unpacker.unconsumed_tail or not unpacker.eof:
                    raise CorruptData(
                        f"{path.name} unpacks to too much, or is cut short.", received=f"{len(unpacked):,} bytes"
                    )
                kind, body, _ = _element(memoryview(unpacked), 0, order)
            if kind == _MATRIX:
                name, array = _matrix(body, order)
                arrays[name] = array
        return arrays
    except CorruptData:
        raise
    except (OSError, ValueError, KeyError, IndexError, OverflowError, MemoryError, zlib.error, NotOurFile) as error:
        raise CorruptData(f"{path.name} is damaged.", received=str(error)[:200]) from error


def _element(content: memoryview, place: int, order: str) -> tuple[int, memoryview, int]:
    """(type, content, where the next one begins). Raises ValueError where it ends too early."""
    kind, size = (int(v) for v in np.frombuffer(content[place : place + 8], f"{order}u4", 2))
    if kind >> 16:  # the short form: both in the first four bytes
        kind, size, start, end = kind & 0xFFFF, kind >> 16, place + 4, place + 8
    else:
        start = place + 8
        end = start + size + (0 if kind == _COMPRESSED else -size % 8)
    if start + size > len(content):
        raise ValueError("it ends inside an array")
    return kind, content[start : start + size], end


def _matrix(body: memoryview, order: str) -> tuple[str, np.ndarray]:
    _, flags, place = _element(body, 0, order)
    flag = int(np.frombuffer(flags, f"{order}u4", 1)[0])
    _, dimensions, place = _element(body, place, order)
    _, name, place = _element(body, place, order)
    number, values, _ = _element(body, place, order)
    shape = tuple(int(v) for v in np.frombuffer(dimensions, f"{order}i4"))
    if flag & 0xFF not in _CLASSES or flag & _COMPLEX or number not in _NUMBERS:
        raise ValueError("it holds something else than arrays of numbers")
    array = np.frombuffer(values, f"{order}{_NUMBERS[number]}")
    if min(shape, default=0) < 0 or math.prod(shape) != array.size:
        raise ValueError(f"{array.size:,} numbers for an array of {shape}")
    return bytes(name).decode("ascii"), array.reshape(shape, order="F")
