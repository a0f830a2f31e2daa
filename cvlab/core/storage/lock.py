"""Who trains in a run's folder: a file that names the process, so that two windows never write into the same run."""

from __future__ import annotations

import contextlib
import json
import os
import platform
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

from cvlab.engine import processes
from cvlab.engine.disk import refused, temporary_beside
from cvlab.engine.errors import CvlabError, TrainingError
from cvlab.engine.files import load_json, read_bounded

LOCK = "lock.json"


class RunLock:
    """`take` before writing into the folder, `release` after. A lock whose process is gone counts as none."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / LOCK
        self._mine = b""  # what the file says while it is ours

    def take(self) -> None:
        """Raises `TrainingError` while another process, or another run of this one, trains here; `CannotWrite`."""
        try:
            with one_at_a_time(self.path.parent):
                owner = self.owner()
                if owner is not None:
                    raise TrainingError(
                        "This run is being trained already.",
                        received=f"process {owner.get('pid')} on {owner.get('host')}",
                        remedy="Stop it there first. It can be watched from here meanwhile.",
                    )
                self._remove()
                self._mine = self._create()
        except FileExistsError:
            raise TrainingError("This run is being trained already.", remedy="Stop it there first.") from None
        except OSError as error:
            raise refused(error, self.path) from error

    def _create(self) -> bytes:
        """The file with all that is in it, at once: nobody may find it empty and take it for one of nobody. Returns that."""
        mine = temporary_beside(self.path)
        pid = os.getpid()
        # The token tells two runs of this process apart.
        content = json.dumps(
            {"pid": pid, "host": platform.node(), "born": processes.own_start_time(pid), "token": uuid4().hex}
        ).encode()
        try:
            mine.write_bytes(content)
            try:
                os.link(mine, self.path)
            except FileExistsError:
                raise
            except OSError:  # a disk without hard links
                with self.path.open("xb") as file:
                    file.write(content)
        finally:
            with contextlib.suppress(OSError):
                mine.unlink(missing_ok=True)
        return content

    def _content(self) -> bytes | None:
        try:
            return read_bounded(self.path, 10_000)
        except (OSError, CvlabError):
            return None

    @property
    def is_ours(self) -> bool:
        """Whether it was taken here, and the file still says so: another program may have removed or replaced it."""
        return bool(self._mine) and self._content() == self._mine

    def move(self, folder: Path) -> None:
        """The folder has another name now; what was taken stays taken."""
        self.path = folder / LOCK

    def owner(self) -> dict | None:
        """The live process that holds the lock, or None."""
        return _living(self._content())

    def lives_here(self) -> bool:
        """Whether the process that the lock names runs on this machine, whatever the name that it gave its host."""
        try:
            return _lives(load_json(self._content() or b""))
        except (ValueError, KeyError, TypeError, OverflowError):
            return False

    def release(self) -> None:
        """Gives the folder back; another process may take it. Twice does no harm, nor where another has taken it meanwhile."""
        if self.is_ours:
            self._remove()
        self._mine = b""

    def _remove(self) -> None:
        with contextlib.suppress(OSError):
            self.path.unlink(missing_ok=True)


@contextlib.contextmanager
def one_at_a_time(folder: Path) -> Iterator[None]:
    """Of the processes of this machine that look at a lock and take it, one after the other: between the look and the taking of
    one whose owner is gone, another could have taken it. Where folders cannot be locked (Windows), only the taking is whole."""
    try:
        import fcntl

        handle = os.open(folder, os.O_RDONLY)
    except ImportError:
        yield
        return
    try:
        with contextlib.suppress(OSError):  # a disk over the network may not know of it
            fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def _living(content: bytes | None) -> dict | None:
    """The process that a lock names, if it lives."""
    try:
        owner = load_json(content or b"")
        pid, host = owner["pid"], owner["host"]
    except (ValueError, KeyError, TypeError):
        return None
    if type(pid) is not int or not 0 < pid < 2**31 or not isinstance(host, str):
        return None  # 0 and numbers below name groups of processes, and those always live
    if host != platform.node():
        return owner  # nobody can tell from here whether it still lives
    return owner if _lives(owner) else None


def _lives(owner: dict) -> bool:
    """Whether a process of this machine still runs."""
    pid = int(owner["pid"])
    return processes.is_running(pid) and owner.get("born") == processes.start_time(pid)
