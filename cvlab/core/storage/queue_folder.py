"""Runs that wait, on disk: a file each, so that two windows may look at the same queue and each run is begun by one of them."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path
from typing import Literal
from uuid import uuid4

from pydantic import BaseModel, ConfigDict, Field, FiniteFloat

from cvlab.core.storage.files import DamagedFile, set_aside
from cvlab.core.storage.record import Parent
from cvlab.engine.disk import refused, write_whole
from cvlab.engine.files import load_json, read_bounded
from cvlab.engine.nets.architecture import Architecture
from cvlab.engine.training.recipe import Recipe

MAX_FILE = 50_000_000
MOST = 1000
FORMAT = 2
_WAITS, _TAKEN = ".json", ".taken"


class QueuedRun(BaseModel):
    """One run that waits. place: its order among the others, smaller is earlier. begin_with, whose: id and title of the trained
    net whose weights it begins with, "" where they are drawn. format: 2 of one that has such a net, so that an earlier cvlab,
    which would draw them, leaves it alone."""

    model_config = ConfigDict(extra="ignore", frozen=True, allow_inf_nan=False)
    format: Literal[1, 2] = 1
    title: str = Field(max_length=400)
    place: FiniteFloat = 0.0
    architecture: Architecture
    recipe: Recipe
    parent: Parent | None = None
    begin_with: str = Field("", max_length=400)
    whose: str = Field("", max_length=400)


class QueueFolder:
    """The folder of the queue; it is made when there is something to keep.

    damaged: files that `read` could not read and set aside. One of a later cvlab, or one that may not be read, is left alone.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.damaged: list[DamagedFile] = []

    def read(self) -> list[tuple[str, QueuedRun]]:
        """(name, run) of each that waits, in order; one whose window died while it began is among them."""
        found: dict[str, QueuedRun] = {}
        with contextlib.suppress(OSError):
            names = sorted(path for path in self.path.iterdir() if path.suffix in (_WAITS, _TAKEN))
            for path in names[:MOST]:
                try:
                    values = load_json(read_bounded(path, MAX_FILE))
                    if isinstance(values, dict) and isinstance(values.get("format"), int) and values["format"] > FORMAT:
                        continue
                    found[path.stem] = QueuedRun.model_validate(values)
                except PermissionError as error:
                    self.damaged.append(DamagedFile(path, None, str(error)))
                except Exception as error:  # whatever a damaged net or recipe makes its checks stumble over
                    if os.path.lexists(path):  # else another window has begun it meanwhile
                        self.damaged.append(set_aside(path, error))
        return sorted(found.items(), key=lambda each: each[1].place)

    def write(self, run: QueuedRun, name: str = "") -> str:
        """Keeps a run under a name, a new one unless given; returns the name. Raises `CannotWrite`."""
        name = name or uuid4().hex
        write_whole(self.path / f"{name}{_WAITS}", run.model_dump_json().encode())
        with contextlib.suppress(OSError):
            (self.path / f"{name}{_TAKEN}").unlink(missing_ok=True)
        return name

    def take(self, name: str) -> bool:
        """Claims a run that is to begin now; False where another window has begun or removed it. Raises `CannotWrite`."""
        waits, taken = (self.path / f"{name}{suffix}" for suffix in (_WAITS, _TAKEN))
        try:
            waits.replace(taken)
        except FileNotFoundError:
            return taken.exists()  # of a window that died while it began it
        except OSError as error:
            raise refused(error, waits) from error
        return True

    def remove(self, name: str) -> None:
        """It has begun, or is no longer wanted."""
        for suffix in (_WAITS, _TAKEN):
            with contextlib.suppress(OSError):
                (self.path / f"{name}{suffix}").unlink(missing_ok=True)
