"""A run on disk: its record, its metrics, weights, checkpoints, and what is needed to go on. Written by one thread."""

from __future__ import annotations

import contextlib
import platform
import re
import shutil
from collections.abc import Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import cvlab
from cvlab.core.storage.board import Board
from cvlab.core.storage.checkpoints import Checkpoints
from cvlab.core.storage.files import read_bounded
from cvlab.core.storage.lock import RunLock
from cvlab.core.storage.metrics import MetricsLog, MetricsTail, is_metric
from cvlab.core.storage.record import RECORD, Notes, Parent, RunRecord, read_notes, read_record, write_notes
from cvlab.engine.data.preprocessing import NEEDS_ARRAYS, Preprocessing
from cvlab.engine.disk import refused, write_whole
from cvlab.engine.errors import NotOurFile, RecipeError
from cvlab.engine.nets.architecture import Architecture
from cvlab.engine.training.events import EpochEnd, Event, RunFailed, RunFinished
from cvlab.engine.training.recipe import Recipe

if TYPE_CHECKING:
    import numpy as np

    from cvlab.engine.nets.trained import TrainedNet
    from cvlab.engine.training.learner import Learner

MAX_WEIGHTS = 2_000_000_000
WEIGHTS, AVERAGE, RESUME = "weights-final.safetensors", "weights-average.safetensors", "resume.safetensors"
BRANCH, CHECKPOINTS = "branch.safetensors", "checkpoints"
PREPROCESSING = "preprocessing.safetensors"
"""The fitted numbers of the preprocessing that are too many for run.json, if there are any."""


class RunFolder:
    """One run's folder. `create` makes a new one, `open` reads one, `restore` goes on in one.

    restored_from: the checkpoint that `restore` had to fall back on, "" where the newest state was whole.
    """

    def __init__(self, path: Path, record: RunRecord) -> None:
        self.path, self.record = path, record
        self.checkpoints = Checkpoints(path / CHECKPOINTS)
        self.lock = RunLock(path)
        self.board = Board(path)
        self._metrics = MetricsLog(path)
        self._best: tuple[float, float] | None = None
        self.restored_from = ""

    @classmethod
    def create(
        cls, root: Path, architecture: Architecture, recipe: Recipe, title: str = "", parent: Parent | None = None
    ) -> RunFolder:
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
            parent=parent,
        )
        folder = cls(path, record)
        folder.write_record()
        return folder

    @classmethod
    def begin_with(
        cls, root: Path, architecture: Architecture, recipe: Recipe, weights: Mapping[str, np.ndarray], whose: str,
        title: str = "", parent: Parent | None = None,
    ) -> RunFolder:  # fmt: skip
        """A fresh folder of a run whose first weights are these, as far as they go. It is started as one that is resumed.
        Raises `CannotWrite`."""
        folder = cls.create(root, architecture, recipe, title, parent)
        folder.take_weights(weights, whose)
        return folder

    def take_weights(self, weights: Mapping[str, np.ndarray], whose: str) -> None:
        """The first weights of a run that has not begun, as far as they go. Raises `CannotWrite`."""
        from cvlab.engine.training.checkpoint import beginning_bytes

        self.record.begins_with = whose[:400]
        write_whole(self.path / BRANCH, beginning_bytes(weights, self.record.recipe))
        self.write_record()

    def fork(self, recipe: Recipe, title: str = "") -> RunFolder:
        """A fresh run of the same net with another recipe. With the same seed it has the same first weights and batch order, so
        that what differs at the end comes from what was changed. Raises `NotOurFile`, `CannotWrite`."""
        begun = self._beginning() if self.record.begins_with else None
        parent = Parent(run=self.record.id)
        folder = self.create(self.path.parent, self.record.architecture, recipe, title or self.record.title, parent)
        if begun is not None:
            folder.record.begins_with = self.record.begins_with
            write_whole(folder.path / BRANCH, begun)
            folder.write_record()
        return folder

    def branch(self, step: int, recipe: Recipe, title: str = "") -> RunFolder:
        """A run that goes on from one of this run's checkpoints with another recipe; this run stays as it is.
        Raises `NotOurFile`, `RecipeError` where its epochs end there or before, `CannotWrite`."""
        point = self.checkpoints.at(step)
        if point.epoch >= recipe.epochs:
            raise RecipeError(
                f"From step {step:,} there is nothing left to train: the recipe ends with epoch {recipe.epochs:,}.",
                remedy="Raise the epochs in the recipe, or choose an earlier point.",
            )
        data = self.checkpoints.read(step)
        parent = Parent(run=self.record.id, step=step)
        folder = self.create(self.path.parent, self.record.architecture, recipe, title or self.record.title, parent)
        write_whole(folder.path / BRANCH, data)
        folder._metrics.rewrite(event for event in self.events() if _is_before(event, step))
        return folder

    @classmethod
    def open(cls, path: Path) -> RunFolder:
        """Reads run.json; raises `NotOurFile` or `NewerFile`."""
        return cls(path, read_record(path))

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
        """Appends the event to metrics.jsonl and to TensorBoard's file (views are only in that). Raises `CannotWrite`."""
        self.board.log(event)
        if not is_metric(event):
            return
        self._metrics.append(event)
        self.notice_best(event)
        if isinstance(event, EpochEnd):
            self.record.result |= {key: value for key, value in asdict(event).items() if value is not None}
        elif isinstance(event, RunFinished):
            self.record.status = "stopped" if event.stopped else "finished"
            self.record.result |= {key: value for key, value in asdict(event).items() if value is not None}
        elif isinstance(event, RunFailed):
            self.record.status = "failed"
            self.record.result["failure"] = event.what

    def save_resume(self, learner: Learner, *, checkpoint: bool = False) -> None:
        """What is needed to go on. checkpoint: keep it among the checkpoints, too."""
        from cvlab.engine.training.checkpoint import resume_bytes

        self._metrics.flush()
        write_whole(self.path / RESUME, resume_bytes(learner))
        if checkpoint:
            self.checkpoints.save(learner, like=self.path / RESUME)

    def notice_best(self, event: Event) -> None:
        """Remembers which checkpoint is the best: by held-out accuracy, and by loss among equals."""
        if isinstance(event, EpochEnd) and event.held_out_accuracy is not None and event.held_out_loss is not None:
            figure = (event.held_out_accuracy, -event.held_out_loss)
            if self._best is None or figure > self._best:
                self._best, self.checkpoints.best = figure, event.step

    def save_weights(self, learner: Learner) -> None:
        from cvlab.engine.training.checkpoint import weights_bytes

        write_whole(self.path / WEIGHTS, weights_bytes(learner.weights()))

    def save_average(self, learner: Learner) -> None:
        """The running average of the weights, where the recipe keeps one."""
        from cvlab.engine.training.checkpoint import weights_bytes

        mean = learner.averaged_weights()
        if mean is not None:
            write_whole(self.path / AVERAGE, weights_bytes(mean))

    def close(self) -> None:
        """Ends the metrics file and writes the record, as far as the disk allows."""
        self._metrics.close()
        self.board.close()
        self.write_record()

    def discard(self) -> None:
        """Removes the folder of a run that never began."""
        self._metrics.close()
        self.board.close()
        shutil.rmtree(self.path, ignore_errors=True)

    # -- reading -----------------------------------------------------------------------------------------------------

    def events(self) -> list[Event]:
        """What metrics.jsonl says, in order; a half-written last line is left out."""
        return list(self.tail().read())

    def tail(self) -> MetricsTail:
        """Reads metrics.jsonl now, and what is added to it later: a run that another process trains can be followed."""
        return MetricsTail(self._metrics.path)

    @property
    def status(self) -> str:
        """How the run stands: as its record says; "cut off" where that says "running" and no process trains it."""
        said = self.record.status
        return "cut off" if said == "running" and self.lock.owner() is None else said

    @property
    def notes(self) -> Notes:
        """What a person has said about the run; nothing, where that cannot be read."""
        return read_notes(self.path)

    def annotate(self, **changes: Any) -> Notes:
        """Changes title, text, tags or starred. Raises `NotOurFile` for what is too long, `CannotWrite`."""
        return write_notes(self.path, changes)

    @property
    def title(self) -> str:
        return self.notes.title or self.record.title

    def restore(self, learner: Learner) -> list[Event]:
        """Puts the learner where the run was last saved and forgets what came after that step; returns the metrics before it.
        A damaged file gives way to the newest checkpoint that is whole. Raises `NotOurFile`."""
        self.restore_state(learner)
        kept = [event for event in self.events() if _is_before(event, learner.step)]
        self._best = None
        for event in kept:
            self.notice_best(event)
        self._metrics.rewrite(kept)
        self.checkpoints.forget_after(learner.step)
        return kept

    def restore_state(self, learner: Learner) -> None:
        """Puts the learner where the run was last saved, and changes nothing on disk. Raises `NotOurFile`."""
        from cvlab.engine.training.checkpoint import restore

        keeps_recipe = not (self.path / RESUME).exists() and (self.path / BRANCH).exists()
        try:
            data = read_bounded(self.path / (BRANCH if keeps_recipe else RESUME), MAX_WEIGHTS)
            restore(learner, data, keep_recipe=keeps_recipe)
        except (OSError, NotOurFile) as error:
            if not self._restore_older(learner):
                if isinstance(error, NotOurFile):
                    raise
                raise NotOurFile(
                    "This run has saved nothing to go on from.",
                    received=self.path.name,
                    remedy="Start it again from its recipe.",
                ) from error

    def _restore_older(self, learner: Learner) -> bool:
        from cvlab.engine.training.checkpoint import restore

        for point in reversed(self.checkpoints.all()):
            with contextlib.suppress(NotOurFile):
                restore(learner, self.checkpoints.read(point.step))
                self.restored_from = f"step {point.step}"
                return True
        return False

    def first_weights(self) -> dict[str, np.ndarray] | None:
        """The weights that the run began with, of the net or a part of it; None where they were drawn. Raises `NotOurFile`."""
        from cvlab.engine.training.checkpoint import checkpoint_weights

        return checkpoint_weights(self._beginning()) if self.record.begins_with else None

    def _beginning(self) -> bytes:
        try:
            return read_bounded(self.path / BRANCH, MAX_WEIGHTS)
        except OSError as error:
            raise NotOurFile(
                "The weights that this run began with cannot be read.",
                received=f"{BRANCH}: {error.strerror or error}",
                remedy="Keep the run's folder together.",
            ) from error

    def trained_at(self, step: int) -> TrainedNet:
        """The net as it was at a checkpoint. Raises `NotOurFile`."""
        from cvlab.engine.training.checkpoint import checkpoint_weights

        return self._assemble(checkpoint_weights(self.checkpoints.read(step)))

    def trained(self, *, average: bool = False) -> TrainedNet:
        """The net as the run left it, or the running average of its weights. Raises `NotOurFile`."""
        from cvlab.engine.training.checkpoint import read_weights

        try:
            weights = read_weights(read_bounded(self.path / (AVERAGE if average else WEIGHTS), MAX_WEIGHTS))
        except OSError as error:
            what = "no running average: its recipe keeps none" if average else "no weights yet"
            raise NotOurFile(
                f"This run has {what}.",
                received=self.path.name,
                remedy="" if average else "Let it finish an epoch first.",
            ) from error
        return self._assemble(weights)

    def preprocessing(self) -> Preprocessing:
        """How the run's net is fed, with what does not go into run.json. Raises `NotOurFile`."""
        preprocessing = self.record.preprocessing
        if preprocessing.kind not in NEEDS_ARRAYS:
            return preprocessing
        from cvlab.engine.training.checkpoint import read_weights

        try:
            return preprocessing.with_arrays(read_weights(read_bounded(self.path / PREPROCESSING, MAX_WEIGHTS)))
        except OSError as error:
            raise NotOurFile(
                f"This run's {PREPROCESSING} is missing: without it the net cannot be fed what it was trained on.",
                received=self.path.name,
                remedy="Keep the run's folder together, or train it again from its recipe.",
            ) from error

    def _assemble(self, weights: dict[str, np.ndarray]) -> TrainedNet:
        from cvlab.engine.nets.trained import TrainedNet

        record = self.record
        return TrainedNet.assemble(record.architecture, weights, self.preprocessing(), record.classes, self.title)


def _is_before(event: Event, step: int) -> bool:
    """Whether an event belongs to the story up to a step, and not to how the run ended."""
    return getattr(event, "step", 0) <= step and not isinstance(event, RunFinished | RunFailed)
