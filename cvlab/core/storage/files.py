"""Reading with a bound and writing atomically."""

from __future__ import annotations

import contextlib
import errno
import os
from pathlib import Path
from uuid import uuid4

from cvlab.engine.errors import CannotWrite, NotOurFile


def read_bounded(path: Path, limit: int) -> bytes:
    """The file's bytes; raises `NotOurFile` above `limit` bytes, OSError as usual."""
    with path.open("rb") as file:
        data = file.read(limit + 1)
    if len(data) > limit:
        raise NotOurFile(f"{path.name} is larger than {limit / 1e6:.0f} MB, more than such a file can be.")
    return data


def write_atomic(path: Path, data: bytes) -> None:
    """The whole file or nothing: a temporary file in the same folder, fsync, rename. Raises `CannotWrite`."""
    temporary = path.with_name(f".{path.name}.{uuid4().hex}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with temporary.open("xb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except OSError as error:
        with contextlib.suppress(OSError):
            temporary.unlink()
        raise cannot_write(path, error) from error


def cannot_write(path: Path, error: OSError) -> CannotWrite:
    """The person's words for a failed write."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        what, remedy = (
            f"The disk is full: {path.name} was not written.",
            "Free some space and save again; nothing is lost.",
        )
    elif error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        what, remedy = f"{path.parent} may not be written to.", "Choose another folder."
    else:
        what, remedy = f"{path.name} could not be written: {error.strerror or error}.", "Choose another folder."
    return CannotWrite(what, received=str(path), remedy=remedy)
