"""A run on disk: run.json, metrics.jsonl (append only), weights and what is needed to go on. Written by one thread."""

from __future__ import annotations

import contextlib
import json
import platform
import re
import shutil
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Literal

from pydantic import BaseModel, ConfigDict, ValidationError

import cvlab
from cvlab.core.storage.files import read_bounded
from cvlab.engine.data.preprocessing import NEEDS_ARRAYS, Preprocessing
from cvlab.engine.disk import refused, write_whole
from cvlab.engine.errors import NewerFile, NotOurFile
from cvlab.engine.nets.architecture import Architecture
from cvlab.engine.training.events import EpochEnd, Event, KnobTurned, RunFailed, RunFinished, RunStarted, StepEnd
from cvlab.engine.training.recipe import Recipe

if TYPE_CHECKING:
    from cvlab.engine.nets.trained import TrainedNet
    from cvlab.engine.training.learner import Learner

FORMAT = 1
MAX_RECORD, MAX_METRICS, MAX_WEIGHTS = 10_000_000, 2_000_000_000, 2_000_000_000
WEIGHTS, RESUME, METRICS, RECORD = "weights-final.safetensors", "resume.safetensors", "metrics.jsonl", "run.json"
PREPROCESSING = "preprocessing.safetensors"
"""The fitted numbers of the preprocessing that are too many for run.json, if there are any."""

_EVENTS = {kind.__name__: kind for kind in (RunStarted, StepEnd, EpochEnd, KnobTurned, RunFinished, RunFailed)}


class RunRecord(BaseModel):
    """run.json: what the run is made of, and how it ended. `result` holds the last epoch's and the test's figures."""

    model_config = ConfigDict(extra="ignore")
    format: int = FORMAT
    id: str
    title: str
    created: str
    versions: dict[str, str] = {}
    data_digest: str = ""
    classes: tuple[str, ...] = ()
    recipe: Recipe
    preprocessing: Preprocessing = Preprocessing()
    architecture: Architecture
    status: Literal["running", "finished", "stopped", "failed"] = "running"
    result: dict[str, Any] = {}


class RunFolder:
    """One run's folder. `create` makes a new one, `open` reads one, `resume` goes on in one."""

    def __init__(self, path: Path, record: RunRecord) -> None:
        self.path, self.record = path, record
        self._metrics: IO[str] | None = None

    @classmethod
    def create(cls, root: Path, architecture: Architecture, recipe: Recipe, title: str = "") -> RunFolder:
        """A fresh folder called after the time, the net and the data. Raises `CannotWrite`."""
        now = datetime.now(UTC).astimezone()
        slug = re.sub(r"[^a-z0-9]+", "-", architecture.name.lower()).strip("-")[:30] or "net"
        stem = f"{now:%Y%m%d-%H%M%S}-{slug}-{re.sub('[^a-z0-9-]', '', recipe.data)[:20]}"
        try:
            root.mkdir(parents=True, exist_ok=True)
            for suffix in ("", *(f"-{n}" for n in range(2, 1000))):
                path = root / f"{stem}{suffix}"
                with contextlib.suppress(FileExistsError):
                    path.mkdir()
                    break
        except OSError as error:
            raise refused(error, root) from error
        record = RunRecord(
            id=path.name,
            title=title or f"{architecture.name} on {recipe.data}",
            created=now.isoformat(timespec="seconds"),
            recipe=recipe,
            architecture=architecture,
        )
        folder = cls(path, record)
        folder.write_record()
        return folder

    @classmethod
    def open(cls, path: Path) -> RunFolder:
        """Reads run.json; raises `NotOurFile` or `NewerFile`."""
        try:
            data = json.loads(read_bounded(path / RECORD, MAX_RECORD))
            if isinstance(data, dict) and isinstance(data.get("format"), int) and data["format"] > FORMAT:
                raise NewerFile(
                    "This run was written by a later cvlab.",
                    received=f"format {data['format']}, this version knows {FORMAT}",
                    remedy="Update cvlab to open it.",
                )
            record = RunRecord.model_validate(data)
        except FileNotFoundError as error:
            raise NotOurFile(
                "This folder holds no run.", received=str(path), remedy="Choose a folder with a run.json in it."
            ) from error
        except (ValidationError, ValueError, RecursionError) as error:
            raise NotOurFile(
                "The run's run.json cannot be read.",
                received=f"{path}: {str(error)[:160]}",
                remedy="Choose another run.",
            ) from error
        return cls(path, record)

    # -- writing -----------------------------------------------------------------------------------------------------

    def describe(self, learner: Learner) -> None:
        """What only the learner knows: the data's digest, the fitted preprocessing, the versions."""
        import numpy
        import torch

        self.record.data_digest = learner.data.digest
        self.record.classes = learner.data.classes
        self.record.preprocessing = learner.preprocessing
        self.record.versions = {
            "cvlab": cvlab.__version__,
            "python": platform.python_version(),
            "torch": torch.__version__,
            "numpy": numpy.__version__,
            "platform": platform.platform(),
        }
        if learner.preprocessing.arrays:
            from cvlab.engine.training.checkpoint import weights_bytes

            write_whole(self.path / PREPROCESSING, weights_bytes(learner.preprocessing.arrays))
        self.write_record()

    def write_record(self) -> None:
        write_whole(self.path / RECORD, self.record.model_dump_json(indent=1).encode())

    def log(self, event: Event) -> None:
        """Appends the event to metrics.jsonl (snapshots are not metrics). Raises `CannotWrite`."""
        if type(event).__name__ not in _EVENTS:
            return
        path = self.path / METRICS
        try:
            if self._metrics is None:
                self._metrics = path.open("a", encoding="utf-8")
            self._metrics.write(json.dumps({"event": type(event).__name__} | asdict(event)) + "\n")
            if not isinstance(event, StepEnd):
                self._metrics.flush()
        except OSError as error:
            raise refused(error, path) from error
        if isinstance(event, EpochEnd):
            self.record.result |= {key: value for key, value in asdict(event).items() if value is not None}
        elif isinstance(event, RunFinished):
            self.record.status = "stopped" if event.stopped else "finished"
            self.record.result |= {key: value for key, value in asdict(event).items() if value is not None}
        elif isinstance(event, RunFailed):
            self.record.status = "failed"
            self.record.result["failure"] = event.what

    def save_resume(self, learner: Learner) -> None:
        from cvlab.engine.training.checkpoint import resume_bytes

        if self._metrics is not None:
            self._metrics.flush()
        write_whole(self.path / RESUME, resume_bytes(learner))

    def save_weights(self, learner: Learner) -> None:
        from cvlab.engine.training.checkpoint import weights_bytes

        write_whole(self.path / WEIGHTS, weights_bytes(learner.weights()))

    def close(self) -> None:
        """Ends the metrics file and writes the record, as far as the disk allows."""
        metrics, self._metrics = self._metrics, None
        if metrics is not None:
            with contextlib.suppress(OSError):
                metrics.close()
        self.write_record()

    def discard(self) -> None:
        """Removes the folder of a run that never began."""
        shutil.rmtree(self.path, ignore_errors=True)

    # -- reading -----------------------------------------------------------------------------------------------------

    def events(self) -> list[Event]:
        """What metrics.jsonl says, in order; a half-written last line is left out."""
        path = self.path / METRICS
        if not path.exists():
            return []
        events: list[Event] = []
        for line in read_bounded(path, MAX_METRICS).decode("utf-8", "replace").splitlines():
            try:
                fields = json.loads(line)
                events.append(_EVENTS[fields.pop("event")](**fields))
            except (ValueError, KeyError, TypeError, AttributeError):
                continue
        return events

    def restore(self, learner: Learner) -> list[Event]:
        """Puts the learner where the run was last saved and forgets metrics after that step; returns the metrics before it.
        Raises `NotOurFile`."""
        from cvlab.engine.training.checkpoint import restore

        try:
            data = read_bounded(self.path / RESUME, MAX_WEIGHTS)
        except OSError as error:
            raise NotOurFile(
                "This run has saved nothing to go on from.",
                received=self.path.name,
                remedy="Start it again from its recipe.",
            ) from error
        restore(learner, data)
        kept = [
            event
            for event in self.events()
            if getattr(event, "step", 0) <= learner.step and not isinstance(event, RunFinished | RunFailed)
        ]
        lines = (json.dumps({"event": type(event).__name__} | asdict(event)) for event in kept)
        write_whole(self.path / METRICS, "".join(f"{line}\n" for line in lines).encode())
        return kept

    def trained(self) -> TrainedNet:
        """The net as the run left it. Raises `NotOurFile`."""
        from cvlab.engine.nets.trained import TrainedNet
        from cvlab.engine.training.checkpoint import read_weights

        try:
            weights = read_weights(read_bounded(self.path / WEIGHTS, MAX_WEIGHTS))
        except OSError as error:
            raise NotOurFile(
                "This run has no weights yet.", received=self.path.name, remedy="Let it finish an epoch first."
            ) from error
        record = self.record
        preprocessing = record.preprocessing
        if preprocessing.kind in NEEDS_ARRAYS:
            try:
                arrays = read_weights(read_bounded(self.path / PREPROCESSING, MAX_WEIGHTS))
            except OSError as error:
                raise NotOurFile(
                    f"This run's {PREPROCESSING} is missing: without it the net cannot be fed what it was trained on.",
                    received=self.path.name,
                    remedy="Keep the run's folder together, or train it again from its recipe.",
                ) from error
            preprocessing = preprocessing.with_arrays(arrays)
        return TrainedNet.assemble(record.architecture, weights, preprocessing, record.classes, record.title)
