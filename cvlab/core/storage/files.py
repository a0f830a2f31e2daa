"""Reading with a bound, and what becomes of a file that cannot be read. Writing is `engine.disk`'s."""

from __future__ import annotations

import contextlib
import os
import stat
from dataclasses import dataclass
from itertools import count
from pathlib import Path

from cvlab.engine.errors import CvlabError, NotOurFile


def read_bounded(path: Path, limit: int) -> bytes:
    """The file's bytes; raises `NotOurFile` above `limit` bytes and for what is no file (a pipe, a device), OSError as usual."""
    with open(path, "rb", opener=_without_waiting) as file:
        if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
            raise NotOurFile(f"{path.name} is not a regular file.")
        data = file.read(limit + 1)
    if len(data) > limit:
        raise NotOurFile(f"{path.name} is larger than {limit / 1e6:.0f} MB, more than such a file can be.")
    return data


def _without_waiting(name: str, flags: int) -> int:
    # Opening a pipe that nobody writes to would wait forever.
    return os.open(name, flags | getattr(os, "O_NONBLOCK", 0))


@dataclass(frozen=True)
class DamagedFile:
    """A file that could not be read. kept: where its content lies now, None where it could not be moved. reason: in words."""

    path: Path
    kept: Path | None
    reason: str


def free_name(path: Path) -> Path:
    """`<name>.damaged-<n>` beside it, with the first number at which nothing lies."""
    names = (path.with_name(f"{path.name}.damaged-{number}") for number in count(1))
    return next(name for name in names if not os.path.lexists(name))


def set_aside(path: Path, error: BaseException) -> DamagedFile:
    """Renames a damaged file to `<name>.damaged-<n>`, so that the next write does not replace it. Works for folders and links
    that lead nowhere, too. Never raises."""
    reason = error.what if isinstance(error, CvlabError) else str(error)
    kept = None
    with contextlib.suppress(OSError):
        free = free_name(path)
        path.rename(free)
        kept = free
    return DamagedFile(path, kept, " ".join(reason.split())[:200])
