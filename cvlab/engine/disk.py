"""Writing a file whole or not at all, with a full disk in words; it knows nothing of what is written."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import platform
import re
import shutil
from collections.abc import Iterable
from pathlib import Path
from uuid import uuid4

from cvlab.engine import processes
from cvlab.engine.errors import CannotWrite

MAX_DEPTH = 5
"""Folders below one another that `remove_leftovers` looks into: a search's trial keeps checkpoints three levels down."""

_TEMPORARY = re.compile(r"\..{0,40}\.(\d{1,10})\.([0-9a-f]{8})\.([0-9a-f]{8})\.[0-9a-f]{8}\.tmp", re.DOTALL)
_OLD_TEMPORARY = re.compile(r"\..+[.-][0-9a-f]{32}", re.DOTALL)
"""How earlier versions named theirs, which does not say who writes it."""


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


def write_whole(path: Path, content: bytes, *, durable: bool = True, parents: bool = True) -> None:
    """`content` at `path`, or nothing changed there: a temporary file beside it, flushed to the disk, then renamed.

    durable: wait for the disk, so that it is there even after a power cut (some milliseconds). parents: make the folders above
    it; without it, a folder that is gone stays gone. Raises CannotWrite.
    """
    temporary = temporary_beside(path)
    try:
        if parents:
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


def temporary_beside(path: Path) -> Path:
    """A name for what becomes `path` once it is whole: in the same folder, hidden, and it names this process, so that
    `remove_leftovers` can tell whether its writer still runs."""
    pid = os.getpid()
    machine, start = _digest(platform.node()), _digest(processes.own_start_time(pid))
    return path.with_name(f".{path.name[:40]}.{pid}.{machine}.{start}.{uuid4().hex[:8]}.tmp")


def is_leftover(path: Path) -> bool:
    """Whether this is a temporary file or folder whose writer no longer runs. One of another machine never counts as one, since
    nobody can tell from here; one of an earlier version, which does not name its writer, only if it is older than the last start
    of this machine."""
    match = _TEMPORARY.fullmatch(path.name)
    if match is None:
        started = processes.boot_time() if _OLD_TEMPORARY.fullmatch(path.name) else None
        with contextlib.suppress(OSError):
            return started is not None and path.lstat().st_mtime < started
        return False
    pid, machine, start = int(match[1]), match[2], match[3]
    if machine != _digest(platform.node()):
        return False
    return not processes.is_running(pid) or start != _digest(processes.start_time(pid))


def remove_leftovers(folders: Iterable[Path], *, depth: int = MAX_DEPTH) -> list[Path]:
    """Removes what processes that were killed while they wrote have left in these folders and below them, `depth` levels in
    all; returns what is gone.

    Links to other folders are not followed. What may not be removed stays, without a word: the next start tries again.
    """
    removed: list[Path] = []
    for folder in folders:
        _remove_leftovers(folder, depth, removed)
    return removed


def _remove_leftovers(folder: Path, depth: int, removed: list[Path]) -> None:
    with contextlib.suppress(OSError), os.scandir(folder) as entries:
        for entry in entries:
            with contextlib.suppress(OSError):
                is_folder = entry.is_dir(follow_symlinks=False)
                if entry.name.startswith(".") and is_leftover(path := folder / entry.name):
                    shutil.rmtree(path) if is_folder else path.unlink()
                    removed.append(path)
                elif is_folder and depth > 1:
                    _remove_leftovers(folder / entry.name, depth - 1, removed)


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:8]
