"""Which process this is, and whether another one still runs: what a lock or a temporary file says of its writer."""

from __future__ import annotations

import os
import sys
from functools import lru_cache
from pathlib import Path


def start_time(pid: int) -> str:
    """When the process started, where the system says so: process ids are reused. "" elsewhere, and for one that has ended, even
    if its parent has not yet asked how."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii", errors="replace").rpartition(")")[2].split()
    except OSError:
        return ""
    boot = boot_id()
    return f"{boot} {fields[19]}" if boot and fields[0] not in "ZX" else ""


def boot_id() -> str:
    """Differs for each start of each computer; "" where the system does not tell."""
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    except OSError:
        return ""


@lru_cache(maxsize=4)
def own_start_time(pid: int) -> str:
    """`start_time` of this process, read once. pid: `os.getpid()`, so that a forked child does not take its parent's."""
    return start_time(pid)


def is_running(pid: int) -> bool:
    """Whether a process of this machine has this id now."""
    if not 0 < pid < 2**31:
        return False
    if sys.platform == "win32":
        import ctypes

        handle = ctypes.windll.kernel32.OpenProcess(0x1000, False, pid)  # only to ask; 0 where there is no such process
        if handle:
            ctypes.windll.kernel32.CloseHandle(handle)
        return bool(handle)
    try:
        os.kill(pid, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except OSError:
        return True  # it runs, and belongs to another user
    return True


def boot_time() -> float | None:
    """When this machine was started, in seconds since 1970; None where the system does not say so."""
    try:
        lines = Path("/proc/stat").read_text(encoding="ascii").splitlines()
    except OSError:
        return None
    return next((float(line.split()[1]) for line in lines if line.startswith("btime ")), None)
