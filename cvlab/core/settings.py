"""What one person prefers, on this machine: a small JSON file, written atomically, never fatal to read."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from cvlab.core import paths
from cvlab.core.storage.files import read_bounded
from cvlab.engine.disk import write_whole

MAX_BYTES = 1_000_000


class Settings(BaseModel):
    """Every setting has a permanent name and a default; unknown names from a later version are ignored."""

    model_config = ConfigDict(extra="ignore", validate_assignment=True)

    theme: Literal["system", "light", "dark"] = Field(
        "system", title="Theme", description="Follow the system, or choose."
    )
    reopen_last: bool = Field(True, title="Reopen the last project", description="Start where you left off.")
    recent: list[str] = Field(default_factory=list, max_length=10, title="Recent projects")

    @classmethod
    def load(cls, folder: Path | None = None) -> Settings:
        """The saved settings, or the defaults where there are none or they cannot be read."""
        path = (folder or paths.settings()) / "settings.json"
        try:
            return cls.model_validate_json(read_bounded(path, MAX_BYTES))
        except (OSError, ValidationError):
            return cls()

    def save(self, folder: Path | None = None) -> None:
        """Raises `CannotWrite`."""
        write_whole((folder or paths.settings()) / "settings.json", self.model_dump_json(indent=2).encode())
