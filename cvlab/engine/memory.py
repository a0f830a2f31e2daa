"""How much memory is free, and whether images fit into it: an allocation that fails in native code ends the whole process."""

from __future__ import annotations

import math
import sys
from pathlib import Path

from cvlab.engine.errors import NotEnoughMemory

RESERVE = 96 << 20
"""Bytes that are left to what is not counted: the libraries' own buffers."""
STACKS = 192 << 20
"""Bytes of the address space that threads take for their stacks and heaps before they use them."""


def check_images(count: int, shape: tuple[int, ...], free: int | None) -> None:
    """Raises `NotEnoughMemory` where so many images of this shape (C, H, W), as bytes, would not fit into what is free, in bytes;
    it says how many would. Nothing is refused where None says that this is not known."""
    if free is None:
        return
    room, an_image = max(free - RESERVE, 0), math.prod(shape) + 8
    if count * an_image <= room:
        return
    fits = room // an_image
    raise NotEnoughMemory(
        f"These images take {size_text(count * an_image)} of memory, and about {size_text(room)} are free for them.",
        received=f"{count:,} images of {' × '.join(map(str, shape))}",
        remedy=f"Use a set of at most {fits:,} such images, or smaller ones, or close what else uses the memory.",
    )


def size_text(count: float) -> str:
    """ "3.2 GB", "120 MB"."""
    return f"{count / 1e9:,.1f} GB" if count >= 1e9 else f"{count / 1e6:,.0f} MB"


# -- what is free ----------------------------------------------------------------------------------------------------


def free_memory() -> int | None:
    """Bytes that this process may still take: the least of what the system has, what its group of processes may use, and what is
    left of its address space. None where none of them can be read."""
    found = [each for each in (_of_the_system(), _of_the_group(), free_addresses()) if each is not None]
    return min(found) if found else None


def _of_the_system() -> int | None:
    if sys.platform == "win32":
        return _of_windows()
    available = _field(Path("/proc/meminfo"), "MemAvailable:")
    return None if available is None else available * 1024


def _of_windows() -> int | None:
    import ctypes

    class Status(ctypes.Structure):
        _fields_ = (
            ("length", ctypes.c_ulong), ("load", ctypes.c_ulong),
            *((name, ctypes.c_ulonglong) for name in ("total", "free", "page", "page_free", "virtual", "virtual_free", "more")),
        )  # fmt: skip

    status = Status(length=ctypes.sizeof(Status))
    windows = getattr(ctypes, "windll", None)
    if windows is None or not windows.kernel32.GlobalMemoryStatusEx(ctypes.byref(status)):
        return None
    return min(status.free, status.virtual_free)


def _of_the_group() -> int | None:
    """Of the control group, version 2 or 1, that a container or a scheduler has put this process into."""
    places = [(Path("/sys/fs/cgroup/memory"), "memory.limit_in_bytes", "memory.usage_in_bytes")]
    for line in _lines(Path("/proc/self/cgroup")):
        number, controllers, path = (*line.split(":", 2), "", "")[:3]
        if number == "0":
            whole = Path("/sys/fs/cgroup") / path.strip("/")
            parents = [whole, *whole.parents][: len(path.strip("/").split("/")) + 1]
            places += [(parent, "memory.max", "memory.current") for parent in parents]
        elif "memory" in controllers.split(","):
            place = Path("/sys/fs/cgroup/memory") / path.strip("/")
            places.append((place, "memory.limit_in_bytes", "memory.usage_in_bytes"))
    found = []
    for place, limit, usage in places:
        most, used = _number(place / limit), _number(place / usage)
        if most is not None and used is not None and most < 1 << 60:
            # What is only a copy of files is given back when it is needed.
            files = _field(place / "memory.stat", "inactive_file") or 0
            found.append(most - used + files)
    return min(found) if found else None


def free_addresses() -> int | None:
    """Bytes of address space that a limit (`ulimit -v`) leaves to this process; None without one. Mapped files take it, too."""
    try:
        import resource
    except ImportError:  # there is none on Windows
        return None
    limit = resource.getrlimit(resource.RLIMIT_AS)[0]
    taken = _lines(Path("/proc/self/statm"))
    if limit == resource.RLIM_INFINITY or not taken:
        return None
    return limit - int(taken[0].split()[0]) * resource.getpagesize() - STACKS


def _lines(path: Path) -> list[str]:
    try:
        return path.read_text("ascii", "replace").splitlines()
    except OSError:
        return []


def _number(path: Path) -> int | None:
    text = "".join(_lines(path)).strip()
    return int(text) if text.isdecimal() else None


def _field(path: Path, name: str) -> int | None:
    """The number behind a name in a file of such lines."""
    for line in _lines(path):
        parts = line.split()
        if len(parts) > 1 and parts[0] == name and parts[1].isdecimal():
            return int(parts[1])
    return None
