"""Reading with a bound. Writing is `engine.disk`'s."""

from __future__ import annotations

from pathlib import Path

from cvlab.engine.errors import NotOurFile


def read_bounded(path: Path, limit: int) -> bytes:
    """The file's bytes; raises `NotOurFile` above `limit` bytes, OSError as usual."""
    with path.open("rb") as file:
        data = file.read(limit + 1)
    if len(data) > limit:
        raise NotOurFile(f"{path.name} is larger than {limit / 1e6:.0f} MB, more than such a file can be.")
    return data
