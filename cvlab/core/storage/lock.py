"""Who trains in a run's folder: a file that names the process, so that two windows never write into the same run."""

from __future__ import annotations

import contextlib
import json
import os
import platform
import sys
from pathlib import Path

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
        for _ in range(2):
            try:
                with self.path.open("x", encoding="utf-8") as file:
                    json.dump(_myself(), file)
            except FileExistsError:
                owner = self.owner()
                if owner is not None:
                    raise TrainingError(
                        "This run is being trained already.",
                        received=f"process {owner.get('pid')} on {owner.get('host')}",
                        remedy="Stop it there first. It can be watched from here meanwhile.",
                    ) from None
                self._remove()
            except OSError as error:
                raise refused(error, self.path) from error
            else:
                self._mine = True
                return
        raise TrainingError("This run is being trained already.", remedy="Stop it there first.")

    def owner(self) -> dict | None:
        """The live process that holds the lock, or None."""
        try:
            owner = json.loads(read_bounded(self.path, 10_000))
            pid, host = int(owner["pid"]), str(owner["host"])
        except (OSError, ValueError, KeyError, TypeError, CvlabError):
            return None
        if host != platform.node():
            return owner  # nobody can tell from here whether it still lives
        return owner if _is_alive(pid) and owner.get("born") == _born(pid) else None

    def release(self) -> None:
        if self._mine:
            self._mine = False
            self._remove()

    def _remove(self) -> None:
        with contextlib.suppress(OSError):
            self.path.unlink(missing_ok=True)


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
