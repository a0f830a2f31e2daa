"""What becomes of a file that cannot be read. Reading is `engine.files`', writing `engine.disk`'s."""

from __future__ import annotations

import contextlib
import os
from dataclasses import dataclass
from itertools import count
from pathlib import Path

from cvlab.engine.errors import CvlabError


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
