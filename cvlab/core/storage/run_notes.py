"""What a person writes about a run: a star, tags and notes, in a small file of their own beside the run's record.

Of its own, because the record belongs to the training thread while the run goes on.
"""

from __future__ import annotations

from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from cvlab.core.storage.files import read_bounded
from cvlab.engine.disk import write_whole

FILE = "notes.json"
MAX_BYTES = 1_000_000
MAX_TAGS, MAX_TAG = 20, 40


class RunNotes(BaseModel):
    """star: one of the best. tags: short words to find it by. text: anything."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    star: bool = False
    tags: tuple[str, ...] = Field((), max_length=MAX_TAGS)
    text: str = Field("", max_length=100_000)

    @field_validator("tags")
    @classmethod
    def _short(cls, tags: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(tag[:MAX_TAG] for tag in tags)

    @classmethod
    def of(cls, folder: Path) -> RunNotes:
        """The notes in a run's folder; none where there are none or they cannot be read."""
        try:
            return cls.model_validate_json(read_bounded(folder / FILE, MAX_BYTES))
        except (OSError, ValidationError, ValueError):
            return cls()

    def write(self, folder: Path) -> None:
        """Raises `CannotWrite`."""
        write_whole(folder / FILE, self.model_dump_json(indent=1).encode())


def tags_in(text: str) -> tuple[str, ...]:
    """Tags as a person types them, "good, deep  , good": in order, each once, without the spaces around."""
    words = (" ".join(word.split())[:MAX_TAG] for word in text.replace(";", ",").split(","))
    return tuple(dict.fromkeys(word for word in words if word))[:MAX_TAGS]
