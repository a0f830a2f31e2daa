"""Reading files that anybody may have written: regular files only, at most so many bytes, JSON with finite numbers and bounded
depth. Every reader opens its files here (a test scans for others). Writing is `engine.disk`'s, archives are `engine.archive`'s.
"""

from __future__ import annotations

import errno
import json
import os
import re
import stat
from math import isfinite
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, TypeVar

from cvlab.engine.errors import NotOurFile

if TYPE_CHECKING:
    from pydantic import BaseModel

MAX_DEPTH = 64
"""Objects and arrays inside each other in a JSON document. Files of cvlab have about ten."""
MAX_VALUES = 1_000_000
"""Values in a JSON document: an empty list takes two bytes in a file and sixty in memory."""
MAX_INTEGER = 2**63 - 1
"""Largest magnitude of an integer in a JSON document."""

_STRING = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*"', re.DOTALL)
_NOT_BRACKETS = re.compile(r"[^][{}]+")
_SURROGATE = re.compile(r"\\u[dD][89a-fA-F]")

Model = TypeVar("Model", bound="BaseModel")


def open_regular(path: Path) -> BinaryIO:
    """The file, open for reading bytes. Links are followed; a folder, a named pipe, a device or a socket is refused without
    waiting for it.

    Raises:
        OSError: it is not there, may not be read, or is not a regular file.
    """
    flags = os.O_RDONLY
    for name in ("O_BINARY", "O_CLOEXEC", "O_NOCTTY", "O_NONBLOCK"):  # opening a pipe would wait for a writer
        flags |= getattr(os, name, 0)
    try:
        handle = os.open(path, flags)
    except ValueError as error:  # a null character in its name
        raise OSError(errno.EINVAL, "There can be no file of this name", str(path)) from error
    kind = os.fstat(handle).st_mode
    if stat.S_ISREG(kind):
        return os.fdopen(handle, "rb")
    os.close(handle)
    if stat.S_ISDIR(kind):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))
    raise OSError(errno.EINVAL, "It is not a regular file", str(path))


def read_bounded(path: Path, limit: int) -> bytes:
    """The bytes of a regular file.

    Args:
        limit: bytes that it may have. More are not read, and no memory is taken for them.

    Raises:
        NotOurFile: it is larger.
        OSError: as `open_regular`.
    """
    with open_regular(path) as file:
        size = os.fstat(file.fileno()).st_size
        # Room is made for what there is and not for the limit; one byte more shows a file that has grown meanwhile.
        data = file.read(size + 1) if size <= limit else b""
        if size < len(data) <= limit:
            data += file.read(limit - len(data) + 1)
    if max(size, len(data)) > limit:
        shown = f"{limit / 1e6:,.0f} MB" if limit >= 1_000_000 else f"{limit:,} bytes"
        raise NotOurFile(f"{path.name} is larger than {shown}, more than such a file can be.")
    return data


def load_json(content: bytes | str, *, finite: bool = True) -> Any:
    """The value of a JSON document in UTF-8, as `json.loads` gives it, where every number is finite.

    Args:
        finite: False also takes NaN and infinite numbers, for a document whose reader says what they mean.

    Raises:
        ValueError: it is not JSON; it holds NaN, an infinite number, an integer above `MAX_INTEGER`, half of a surrogate pair,
            more than `MAX_VALUES` values, or values nested deeper than `MAX_DEPTH`.
    """
    text = content.decode("utf-8-sig") if isinstance(content, bytes) else content
    if text.count(",") + text.count("[") + text.count("{") > MAX_VALUES:
        raise ValueError(f"it holds more than {MAX_VALUES:,} values")
    try:
        number = _finite if finite else float
        value = json.loads(text, parse_constant=number, parse_float=number, parse_int=_integer)
    except RecursionError:
        raise ValueError(_TOO_DEEP) from None
    if _is_deep(text):
        raise ValueError(_TOO_DEEP)
    if _SURROGATE.search(text) or not isinstance(content, bytes):
        json.dumps(
            value, ensure_ascii=False
        ).encode()  # a UnicodeEncodeError, which is a ValueError, for half of a pair
    return value


def load_model(model: type[Model], content: bytes | str) -> Model:
    """A pydantic model from a JSON document that `load_json` takes.

    Raises:
        ValueError: as `load_json`; pydantic's ValidationError, which is one, where the values do not fit the model.
    """
    return model.model_validate(load_json(content))


_TOO_DEEP = f"values are nested more than {MAX_DEPTH} deep"


def _finite(token: str) -> float:
    value = float(token)
    if not isfinite(value):
        raise ValueError(f"{token[:20]} is not a finite number")
    return value


def _integer(token: str) -> int:
    value = int(token) if len(token) <= 20 else MAX_INTEGER + 1
    if abs(value) > MAX_INTEGER:
        raise ValueError(f"{token[:20]} has too many digits for an integer")
    return value


def _is_deep(text: str) -> bool:
    """Whether a valid document nests deeper than `MAX_DEPTH`: each pass takes the innermost pairs of brackets away."""
    if text.count("[") + text.count("{") <= MAX_DEPTH:
        return False
    brackets = _NOT_BRACKETS.sub("", _STRING.sub("", text))
    for _ in range(MAX_DEPTH):
        if not brackets:
            return False
        brackets = brackets.replace("[]", "\0").replace("{}", "\0").replace("\0", "")
    return bool(brackets)
