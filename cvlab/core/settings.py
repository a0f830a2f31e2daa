"""What one person prefers, on this machine: a small JSON file, written atomically, never fatal to read."""

from __future__ import annotations

import contextlib
import json
import os
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, PrivateAttr, ValidationError

from cvlab.core import paths
from cvlab.core.storage.files import DamagedFile, set_aside
from cvlab.core.storage.lock import one_at_a_time
from cvlab.engine.disk import refused, write_whole
from cvlab.engine.errors import CvlabError
from cvlab.engine.files import load_json, read_bounded

NAME = "settings.json"
MAX_BYTES = 1_000_000
MAX_RECENT = 10

Theme = Literal["system", "light", "dark"]


class Settings(BaseModel):
    """Every setting has a permanent name and a default; unknown names from a later version are kept in the file.

    Several windows share the file. Each writes only what was changed in it since it read the file, and the recent projects of all
    are put together.
    """

    model_config = ConfigDict(extra="ignore", validate_assignment=True, allow_inf_nan=False)

    theme: Theme = Field("system", title="Theme", description="Follow the system, or choose.")
    reopen_last: bool = Field(True, title="Reopen the last project", description="Start where you left off.")
    always_show_test_figures: bool = Field(
        False,
        title="Always show test figures",
        description="Shows and measures test figures though the project's test set is locked.",
    )
    recent: list[str] = Field(default_factory=list, max_length=MAX_RECENT, title="Recent projects")

    _read: dict[str, Any] = PrivateAttr(default_factory=dict)
    _damaged: tuple[DamagedFile, ...] = PrivateAttr(default=())

    @property
    def damaged(self) -> tuple[DamagedFile, ...]:
        """The file, where `load` could not read it."""
        return self._damaged

    @classmethod
    def load(cls, folder: Path | None = None) -> Settings:
        """The saved settings, or the defaults where there are none or they cannot be read; `damaged` says so then, and the file
        is kept beside the next one. Never raises."""
        path = (folder or paths.settings()) / NAME
        settings, damaged = cls(), ()
        if os.path.lexists(path):
            try:
                values = _values(path)
                settings = cls.model_validate(values)
            except (OSError, CvlabError, ValueError, RecursionError) as error:
                damaged = (set_aside(path, _in_words(error)),)
        settings._read, settings._damaged = settings.model_dump(), damaged
        return settings

    def add_recent(self, path: Path) -> None:
        """Puts a project first among the recent ones."""
        name = str(path)
        with contextlib.suppress(UnicodeEncodeError):  # JSON cannot hold a name that is no text
            name.encode("utf-8")
            self.recent = [name, *(each for each in self.recent if each != name)][:MAX_RECENT]

    def save(self, folder: Path | None = None) -> None:
        """Writes what was changed here since the file was read, and takes over what other windows changed. Nothing is written
        where nothing was changed. Raises `CannotWrite`."""
        path = (folder or paths.settings()) / NAME
        mine = self.model_dump()
        changed = {name: value for name, value in mine.items() if value != self._read.get(name)}
        if not changed:
            return
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            with one_at_a_time(path.parent):
                theirs = _values_of_others(path)
                if "recent" in changed:
                    changed["recent"] = self._with_recent(theirs.get("recent"))
                values = mine | theirs | changed
                write_whole(path, json.dumps(values, indent=2).encode())
        except OSError as error:
            raise refused(error, path) from error
        for name in mine:
            with contextlib.suppress(ValidationError):  # a value of a later version stays in the file
                setattr(self, name, values[name])
        self._read = self.model_dump()

    def _with_recent(self, theirs: Any) -> list[str]:
        """The recent projects of all windows: those opened here since the file was read, theirs, then the rest."""
        known = self._read.get("recent", [])
        opened = [name for name in self.recent if name not in known or name == self.recent[0]]
        others = [name for name in theirs if isinstance(name, str)] if isinstance(theirs, list) else []
        return list(dict.fromkeys([*opened, *others, *self.recent]))[:MAX_RECENT]


def _values_of_others(path: Path) -> dict[str, Any]:
    """What the file holds now; nothing where it cannot be read: it is kept aside then, and not replaced."""
    try:
        return _values(path)
    except FileNotFoundError:
        return {}
    except (OSError, CvlabError, ValueError, RecursionError) as error:
        set_aside(path, error)
        return {}


def _values(path: Path) -> dict[str, Any]:
    values = load_json(read_bounded(path, MAX_BYTES))
    if not isinstance(values, dict):
        raise ValueError("it holds no settings")
    return values


def _in_words(error: Exception) -> Exception:
    """A validation error in one sentence."""
    if isinstance(error, ValidationError):
        first = error.errors()[0]
        return ValueError(f"{'.'.join(map(str, first['loc']))}: {first['msg']}")
    return error
