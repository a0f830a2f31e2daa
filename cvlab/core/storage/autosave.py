"""The autosaved project of each window on disk: a folder each, so that two windows never write into the same one."""

from __future__ import annotations

import contextlib
import json
import os
import platform
import shutil
import time
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

from cvlab.core.project import Project
from cvlab.core.storage.lock import RunLock
from cvlab.core.storage.project_file import load_project
from cvlab.engine import processes
from cvlab.engine.archive import Archive
from cvlab.engine.disk import refused, remove_leftovers, write_whole
from cvlab.engine.errors import CvlabError, NotOurFile
from cvlab.engine.files import read_bounded

PROJECT, RECORD = "project.cvlab", "autosave"
OLD = "last.cvlab"
"""What versions before this one kept: one project for all windows."""
DISCARDED = "discarded"
"""The folder beside the sessions that holds what a person discarded."""
DISCARDED_DAYS = 30
MAX_FILE, MAX_RECORD = 50_000_000, 100_000
STARTING_SECONDS = 60.0
"""A folder without a lock that is younger may belong to a window that is just starting."""
AWAY_SECONDS = 3600.0
"""A session of another computer that wrote nothing for so long counts as ended: nobody can ask that computer."""


@dataclass(frozen=True)
class AutosaveRecord:
    """What an autosaved project cannot say about itself.

    path: of the project's file, "" for a project that has none. written: when, ISO 8601 with the time zone. is_closed: the window
    was closed, so nothing went wrong. differs: more than the panel in front differs from the file, or from a new project where
    there is no file. is_unsaved: the title bar said so. stamp: of the file as the session last read or wrote it, by `file_stamp`.
    """

    path: str = ""
    written: str = ""
    is_closed: bool = True
    differs: bool = True
    is_unsaved: bool = True
    stamp: str = ""

    def text(self) -> str:
        """As JSON, with file names of any encoding escaped."""
        return json.dumps(asdict(self))

    @classmethod
    def read(cls, text: bytes) -> AutosaveRecord:
        """Raises ValueError for what is no such record."""
        values: Any = json.loads(text)
        if not isinstance(values, dict):
            raise ValueError("the record of an autosave is no object")
        known = {name: values[name] for name in cls.__dataclass_fields__ if name in values}
        if any(type(value) is not type(getattr(cls, name)) for name, value in known.items()):
            raise ValueError("a value in the record of an autosave has the wrong type")
        return cls(**known)

    @property
    def time(self) -> datetime | None:
        """When it was written, in the time zone of this machine; None where that is not known."""
        try:
            return datetime.fromisoformat(self.written).astimezone()
        except (ValueError, OverflowError, OSError):
            return None

    @property
    def file(self) -> Path | None:
        return Path(self.path) if self.path else None


def now_text() -> str:
    """The time for `AutosaveRecord.written`."""
    return datetime.now(UTC).isoformat(timespec="seconds")


def file_stamp(path: Path | None) -> str:
    """Changes whenever a file is written: its time of change and size. "" where there is no file."""
    try:
        found = path.stat() if path is not None else None
    except (OSError, ValueError):
        return ""
    return f"{found.st_mtime_ns} {found.st_size}" if found is not None else ""


class AutosaveFolder:
    """One session's folder. `claim` it before writing; whoever holds the claim is the only one that writes."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock = RunLock(path)
        self.is_claimed = False

    @classmethod
    def new(cls, root: Path) -> AutosaveFolder:
        """A folder of a name that no other session has. It is made by `claim`."""
        return cls(root / f"{datetime.now():%Y%m%d-%H%M%S}-{os.getpid()}-{uuid4().hex[:8]}")

    @property
    def project(self) -> Path:
        """The file of the project; it need not be there."""
        return self.path / PROJECT

    def claim(self) -> None:
        """From now on this process writes here. Raises `TrainingError` while another one does, `CannotWrite`."""
        if self.is_claimed:
            return
        try:
            self.path.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise refused(error, self.path) from error
        if not self.is_alive():
            with contextlib.suppress(OSError):
                self._lock.path.unlink(missing_ok=True)
        self._lock.take()
        self.is_claimed = True

    def release(self) -> None:
        """Another process may claim the folder."""
        self.is_claimed = False
        self._lock.release()

    def is_alive(self) -> bool:
        """Whether a process that still runs has claimed the folder."""
        owner = self._lock.owner()
        if owner is None or owner.get("host") == platform.node():
            return owner is not None
        # Another computer, or this one under another name: that changes with the network on some systems.
        if processes.boot_id() and str(owner.get("born", "")).startswith(processes.boot_id()):
            return self._lock.lives_here()
        return self._age() < AWAY_SECONDS

    def _age(self) -> float:
        """Seconds since something was written."""
        times = []
        for path in (self.project, self.path):
            with contextlib.suppress(OSError):
                times.append(path.stat().st_mtime)
        return time.time() - max(times, default=0.0)

    @property
    def is_starting(self) -> bool:
        """Whether it may belong to a window that has not claimed it yet."""
        has_nothing = not self.holds_project and not self._lock.path.exists()
        return has_nothing and self._age() < STARTING_SECONDS

    @property
    def holds_project(self) -> bool:
        return os.path.lexists(self.project)

    def write(self, content: bytes) -> None:
        """Replaces the project, whole or not at all. Raises `CannotWrite`, and `TrainingError` where another process writes."""
        self.claim()
        write_whole(self.project, content)

    def record(self) -> AutosaveRecord:
        """What is known about the project. Raises `NotOurFile`."""
        try:
            with Archive(read_bounded(self.project, MAX_FILE), ratio_from=MAX_FILE) as archive:
                if f"{RECORD}.json" not in archive.namelist():
                    return AutosaveRecord(written=self._written())
                return AutosaveRecord.read(archive.content(archive.getinfo(f"{RECORD}.json"), MAX_RECORD))
        except Exception as error:  # zipfile and zlib raise whatever a damaged file makes them stumble over
            raise NotOurFile("The autosaved project cannot be read.", received=str(error)[:120]) from error

    def _written(self) -> str:
        with contextlib.suppress(OSError):
            return datetime.fromtimestamp(self.project.stat().st_mtime, UTC).isoformat(timespec="seconds")
        return ""

    def load(self) -> Project:
        """The project. Raises `NotOurFile`, `NewerFile`."""
        try:
            return load_project(self.project, ours=True)
        except CvlabError:
            raise
        except Exception as error:  # a window must start, whatever a damaged file makes the checks stumble over
            raise NotOurFile("The autosaved project cannot be read.", received=str(error)[:120]) from error

    def remove(self) -> None:
        """Deletes the folder, whose content is kept elsewhere or was never anything."""
        self.release()
        shutil.rmtree(self.path, ignore_errors=True)

    def move(self, folder: Path) -> AutosaveFolder:
        """The same folder at another place, below `folder`. Raises `CannotWrite`."""
        self.release()
        try:
            folder.mkdir(parents=True, exist_ok=True)
            target = folder / self.path.name
            self.path.rename(target)
            os.utime(target)
        except OSError as error:
            raise refused(error, folder) from error
        return AutosaveFolder(target)


class AutosaveFolders:
    """All sessions' folders below `root`."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def new(self) -> AutosaveFolder:
        return AutosaveFolder.new(self.root)

    def all(self) -> list[AutosaveFolder]:
        """Every session's folder, newest first."""
        found = []
        with contextlib.suppress(OSError):
            for path in self.root.iterdir():
                with contextlib.suppress(OSError):
                    if (
                        path.is_dir()
                        and not path.is_symlink()
                        and path.name != DISCARDED
                        and ".damaged-" not in path.name
                    ):
                        found.append(AutosaveFolder(path))
        return sorted(found, key=lambda folder: (folder._written(), folder.path.name), reverse=True)

    def clean(self) -> None:
        """Removes what killed windows leave: temporary files, and folders in which nothing was ever saved. What was discarded
        long ago goes for good."""
        remove_leftovers([self.root])
        for folder in self.all():
            if folder.is_claimed or folder.is_alive() or folder.is_starting:
                continue
            if not folder.holds_project:
                folder.remove()
        with contextlib.suppress(OSError):
            for path in (self.root / DISCARDED).iterdir():
                with contextlib.suppress(OSError):
                    if time.time() - path.stat().st_mtime > DISCARDED_DAYS * 86_400:
                        shutil.rmtree(path, ignore_errors=True)

    def take_over_old(self) -> None:
        """Gives the project of a version before this one a folder, as if a window had closed with it. Never raises."""
        old = self.root / OLD
        if old.is_file():
            folder = self.new()
            with contextlib.suppress(OSError, CvlabError):
                folder.path.mkdir(parents=True)
                old.rename(folder.project)

    def discard(self, folder: AutosaveFolder) -> AutosaveFolder:
        """Moves a session to those that were discarded. Raises `CannotWrite`."""
        return folder.move(self.root / DISCARDED)

    def bring_back(self, folder: AutosaveFolder) -> AutosaveFolder:
        """Moves a discarded session back. Raises `CannotWrite`."""
        return folder.move(self.root)
