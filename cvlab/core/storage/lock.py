"""Who trains in a run's folder: a file that names the process, so that two windows never write into the same run."""

from __future__ import annotations

import contextlib
import json
import os
import platform
import sys
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

from cvlab.core.storage.files import read_bounded
from cvlab.engine.disk import refused
from cvlab.engine.errors import CvlabError, TrainingError

LOCK = "lock.json"


class RunLock:
    """`take` before writing into the folder, `release` after. A lock whose process is gone counts as none."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / LOCK
        self._mine = False

    def take(self) -> None:
        """Raises `TrainingError` while another process, or another run of this one, trains here; `CannotWrite`."""
        try:
            with _one_at_a_time(self.path.parent):
                owner = self.owner()
                if owner is not None:
                    raise TrainingError(
                        "This run is being trained already.",
                        received=f"process {owner.get('pid')} on {owner.get('host')}",
                        remedy="Stop it there first. It can be watched from here meanwhile.",
                    )
                self._remove()
                self._create()
        except FileExistsError:
            raise TrainingError("This run is being trained already.", remedy="Stop it there first.") from None
        except OSError as error:
            raise refused(error, self.path) from error
        self._mine = True

    def _create(self) -> None:
        """The file with all that is in it, at once: nobody may find it empty and take it for one of nobody."""
        mine = self.path.with_name(f".{LOCK}.{uuid4().hex}")
        try:
            mine.write_text(json.dumps(_myself()), encoding="utf-8")
            try:
                os.link(mine, self.path)
            except FileExistsError:
                raise
            except OSError:  # a disk without hard links
                with self.path.open("x", encoding="utf-8") as file:
                    json.dump(_myself(), file)
        finally:
            with contextlib.suppress(OSError):
                mine.unlink(missing_ok=True)

    def _content(self) -> bytes | None:
        try:
            return read_bounded(self.path, 10_000)
        except (OSError, CvlabError):
            return None

    def owner(self) -> dict | None:
        """The live process that holds the lock, or None."""
        return _living(self._content())

    def release(self) -> None:
        """Gives the folder back; another process may take it. Twice does no harm."""
        if self._mine:
            self._mine = False
            self._remove()

    def _remove(self) -> None:
        with contextlib.suppress(OSError):
            self.path.unlink(missing_ok=True)


@contextlib.contextmanager
def _one_at_a_time(folder: Path) -> Iterator[None]:
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
        owner = json.loads(content or b"")
        pid, host = int(owner["pid"]), str(owner["host"])
    except (ValueError, KeyError, TypeError):
        return None
    if host != platform.node():
        return owner  # nobody can tell from here whether it still lives
    return owner if _is_alive(pid) and owner.get("born") == _born(pid) else None


def _myself() -> dict:
    return {"pid": os.getpid(), "host": platform.node(), "born": _born(os.getpid())}


def _born(pid: int) -> str:
    """When the process began, where the system says so: numbers of processes are used again. "" elsewhere."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii", errors="replace").rpartition(")")[2].split()
        boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    except OSError:
        return ""
    return f"{boot} {fields[19]}"


def _is_alive(pid: int) -> bool:
    if sys.platform == "win32":
        import ctypes

        handle = ctypes.windll.kernel32.OpenProcess(0x1000, False, pid)  # only to ask; 0 where there is no such process
        if handle:
            ctypes.windll.kernel32.CloseHandle(handle)
        return bool(handle)
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True  # it lives, and belongs to somebody else
    return True
