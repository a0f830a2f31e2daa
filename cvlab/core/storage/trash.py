"""Deleted folders, kept beside the others until a later start of the program, so that a deletion can be undone."""

from __future__ import annotations

import os
import shutil
from contextlib import suppress
from pathlib import Path

from cvlab.engine.disk import refused
from cvlab.engine.errors import NotOurFile

TRASH = "trash"
KEPT_DAYS = 7
MAX_BYTES = 10_000_000_000
"""More than this is not kept, however young: the oldest go first."""


class Trash:
    """The folder `trash` below `root`. A folder's time of change is set to when it was deleted."""

    def __init__(self, root: Path) -> None:
        self.root, self.path = root, root / TRASH

    def put(self, folder: Path) -> None:
        """Moves a folder of `root` into the trash; one that is gone is no error. Raises `CannotWrite`."""
        if not folder.exists():
            return
        place = self.path / folder.name
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            if place.exists():  # an earlier one of the same name is kept, too
                place.rename(
                    next(free for n in range(1, 10_000) if not (free := self.path / f"{place.name}~{n}").exists())
                )
            folder.rename(place)
            with suppress(OSError):
                place.touch()
        except OSError as error:
            raise refused(error, self.path, kept=False) from error

    def restore(self, name: str) -> None:
        """Moves a folder back to where it was; nothing happens if there is one of its name. Raises `NotOurFile`,
        `CannotWrite`."""
        place, back = self.path / name, self.root / name
        if back.exists():
            return
        if not place.exists():
            raise NotOurFile(
                "It is no longer in the trash.",
                received=str(place)[:200],
                remedy=f"The trash is emptied after {KEPT_DAYS} days, when cvlab starts.",
            )
        try:
            place.rename(back)
        except OSError as error:
            raise refused(error, self.root, kept=False) from error

    def names(self) -> list[str]:
        """What can be restored, the last deleted first."""
        return [path.name for path in sorted(self._folders(), key=_deleted, reverse=True)]

    def empty(self, now: float, days: float = KEPT_DAYS, max_bytes: int = MAX_BYTES) -> None:
        """Deletes for good what was put here more than `days` before `now`, and the oldest of what exceeds `max_bytes` together.

        Args:
            now: When the program started, in seconds since 1970. What is deleted later can be restored as long as it runs.
            days: How long a folder is kept.
            max_bytes: How much is kept.
        """
        total = 0
        for path in sorted(self._folders(), key=_deleted, reverse=True):
            when = _deleted(path)
            if when > now:
                continue
            total += _size(path)
            if now - when > days * 86_400 or total > max_bytes:
                shutil.rmtree(path, ignore_errors=True)

    def _folders(self) -> list[Path]:
        with suppress(OSError):
            return [path for path in self.path.iterdir() if path.is_dir() and not path.is_symlink()]
        return []


def _deleted(path: Path) -> float:
    """When it was put into the trash, in seconds since 1970. Older versions left the time of change as it was; where moving a
    folder changes its status, that time tells."""
    try:
        stat = path.stat()
    except OSError:
        return 0.0
    return max(stat.st_mtime, stat.st_ctime) if os.name == "posix" else stat.st_mtime


def _size(path: Path) -> int:
    """Bytes of the files in a folder, as far as they can be read."""
    total = 0
    for file in path.rglob("*"):
        with suppress(OSError):
            total += file.lstat().st_size
    return total
