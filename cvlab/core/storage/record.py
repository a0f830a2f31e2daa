"""run.json: what a run is made of and how it ended; notes.json: what a person says about it, in a file of its own, so that the
window may change it while the run trains."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from cvlab.engine.data.preprocessing import Preprocessing
from cvlab.engine.disk import write_whole
from cvlab.engine.errors import NewerFile, NotOurFile
from cvlab.engine.files import load_json, load_model, read_bounded
from cvlab.engine.nets.architecture import Architecture
from cvlab.engine.training.recipe import Recipe
from cvlab.engine.validation import first_problem, read_failure

FORMAT = 1
RECORD, NOTES = "run.json", "notes.json"
MAX_RECORD, MAX_NOTES = 10_000_000, 1_000_000


class Parent(BaseModel):
    """Where a run comes from. step: it went on from there; 0: forked, from the same first weights and batch order."""

    model_config = ConfigDict(extra="ignore", frozen=True, allow_inf_nan=False)
    run: str
    step: int = 0


class SettingChange(BaseModel):
    """A live setting that took another value while the run trained: from step `step` on."""

    model_config = ConfigDict(extra="ignore", frozen=True, allow_inf_nan=False)
    step: int = Field(ge=0)
    setting: str
    old: float
    new: float


class Notes(BaseModel):
    """notes.json: what a person says about a run."""

    model_config = ConfigDict(extra="ignore", frozen=True, allow_inf_nan=False)
    title: str = Field("", max_length=200)
    text: str = Field("", max_length=100_000)
    tags: tuple[str, ...] = Field((), max_length=100)
    starred: bool = False


class RunRecord(BaseModel):
    """run.json: what the run is made of, and how it ended. `result` holds the last epoch's and the test's figures.
    begins_with: whose weights it began with, in words; "" where they were drawn. init_from: the id of the trained net that has
    them, until they are in the folder. data_title, data_source: what the data set is called, and where it was imported from.
    test_reads: how often the test set was read for this run; `times_test_read` counts one for a figure of an older version.
    live_changes: the settings that were changed while it trained, in order; None in the record of an older version, whose metrics
    say it."""

    model_config = ConfigDict(extra="ignore", allow_inf_nan=False)
    format: int = FORMAT
    id: str
    title: str
    created: str
    versions: dict[str, str] = {}
    data_digest: str = ""
    data_title: str = ""
    data_source: str = ""
    classes: tuple[str, ...] = ()
    recipe: Recipe
    preprocessing: Preprocessing = Preprocessing()
    architecture: Architecture
    parent: Parent | None = None
    begins_with: str = Field("", max_length=400)
    init_from: str = Field("", max_length=400)
    status: Literal["running", "finished", "stopped", "failed"] = "running"
    result: dict[str, Any] = {}
    test_reads: int = Field(0, ge=0)
    live_changes: tuple[SettingChange, ...] | None = None

    @property
    def times_test_read(self) -> int:
        """How often the test set was read for this run: at its end, or when a person asked."""
        return max(self.test_reads, int(self.result.get("test_accuracy") is not None))


def read_record(folder: Path) -> RunRecord:
    """The run.json of a folder. Raises `NotOurFile` or `NewerFile`."""
    try:
        data = load_json(read_bounded(folder / RECORD, MAX_RECORD))
        if isinstance(data, dict) and isinstance(data.get("format"), int) and data["format"] > FORMAT:
            raise NewerFile(
                "This run was written by a later cvlab.",
                received=f"format {data['format']}, this version knows {FORMAT}",
                remedy="Update cvlab to open it.",
            )
        return RunRecord.model_validate(data)
    except (FileNotFoundError, NotADirectoryError) as error:
        raise NotOurFile(
            "This folder holds no run.", received=str(folder), remedy="Choose a folder with a run.json in it."
        ) from error
    except (OSError, ValueError) as error:
        raise NotOurFile(
            "The run's run.json cannot be read.",
            received=f"{folder}: {read_failure(error)[:200]}",
            remedy="Choose another run.",
        ) from error


def read_notes(folder: Path) -> Notes:
    """What a person has said about the run; nothing, where that cannot be read."""
    try:
        return load_model(Notes, read_bounded(folder / NOTES, MAX_NOTES))
    except (OSError, ValueError, NotOurFile):
        return Notes()


def write_notes(folder: Path, changes: dict[str, Any]) -> Notes:
    """Changes title, text, tags or starred. Raises `NotOurFile` for what is too long, `CannotWrite`."""
    try:
        notes = Notes.model_validate(read_notes(folder).model_dump() | changes)
    except ValidationError as error:
        raise NotOurFile(f"These notes cannot be kept: {first_problem(error)}") from error
    write_whole(folder / NOTES, notes.model_dump_json(indent=1).encode(), parents=False)
    return notes
