"""Writing a file whole or not at all, with a full disk in words; it knows nothing of what is written."""

from __future__ import annotations

import contextlib
import errno
import os
from pathlib import Path
from uuid import uuid4

from cvlab.engine.errors import CannotWrite


def refused(error: OSError, path: Path, *, kept: bool = True) -> CannotWrite:
    """What the operating system's refusal to write `path` means to a person. kept: whether the next try goes on from here."""
    if error.errno in (errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC)):
        what, remedy = (
            "The disk is full.",
            f"Free some space there and try again{': what has arrived so far is kept' * kept}.",
        )
    elif error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        what, remedy = "This folder may not be written to.", "Choose another folder, or set CVLAB_HOME to one of yours."
    else:
        what, remedy = f"The file cannot be written: {error.strerror or error}.", "Choose another folder."
    return CannotWrite(what, received=str(path), remedy=remedy)


def write_whole(path: Path, content: bytes, *, durable: bool = True) -> None:
    """`content` at `path`, or nothing changed there: a temporary file beside it, flushed to the disk, then renamed.

    Makes the folders above it. durable: wait for the disk, so that it is there even after a power cut (some milliseconds).
    Raises CannotWrite.
    """
    temporary = path.with_name(f".{path.name}.{uuid4().hex}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with temporary.open("xb") as file:
            file.write(content)
            if durable:
                file.flush()
                os.fsync(file.fileno())
        temporary.replace(path)
    except OSError as error:
        raise refused(error, path) from error
    finally:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)
