"""A run on disk: its record, its metrics, weights, checkpoints, and what is needed to go on. Written by one thread."""

from __future__ import annotations

import contextlib
import errno
import os
import platform
import re
import shutil
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import cvlab
from cvlab.core.storage.board import Board
from cvlab.core.storage.checkpoints import Checkpoints
from cvlab.core.storage.lock import RunLock
from cvlab.core.storage.metrics import METRICS, Coverage, MetricsLog, MetricsTail, events_of, is_metric, story_until
from cvlab.core.storage.record import (
    RECORD,
    Notes,
    Parent,
    RunRecord,
    SettingChange,
    read_notes,
    read_record,
    write_notes,
)
from cvlab.engine.data.preprocessing import NEEDS_ARRAYS, Preprocessing
from cvlab.engine.disk import refused, remove_leftovers, temporary_beside, write_whole
from cvlab.engine.errors import (
    CannotWrite,
    CvlabError,
    NonFiniteWeights,
    NotOurFile,
    RecipeError,
    RunFolderLost,
    TrainingError,
)
from cvlab.engine.files import read_bounded
from cvlab.engine.nets.architecture import Architecture
from cvlab.engine.training.events import EpochEnd, Event, KnobTurned, RunFailed, RunFinished
from cvlab.engine.training.recipe import Recipe

if TYPE_CHECKING:
    import numpy as np

    from cvlab.engine.nets.trained import TrainedNet
    from cvlab.engine.training.learner import Learner

MAX_WEIGHTS = 2_000_000_000
WEIGHTS, AVERAGE, RESUME = "weights-final.safetensors", "weights-average.safetensors", "resume.safetensors"
BRANCH, CHECKPOINTS = "branch.safetensors", "checkpoints"
_UNUSABLE = "The newest state of this run cannot be used."
PREPROCESSING = "preprocessing.safetensors"
"""The fitted numbers of the preprocessing that are too many for run.json, if there are any."""


class RunFolder:
    """One run's folder. `create` makes a new one, `open` reads one, `hold` takes it to train in, `restore` goes on in one.

    notice: what a person should know of how `restore` went on, "" where it went on from the newest state.
    """

    def __init__(self, path: Path, record: RunRecord) -> None:
        self.path, self.record = path, record
        self.checkpoints = Checkpoints(path / CHECKPOINTS)
        self.lock = RunLock(path)
        self.board = Board(path)
        self._metrics = MetricsLog(path)
        self._best: tuple[float, float] | None = None
        self._identity: tuple[int, int] | None = None  # of the folder itself, whatever its name, while it is held
        self.notice = ""

    @classmethod
    def create(
        cls, root: Path, architecture: Architecture, recipe: Recipe, title: str = "", parent: Parent | None = None, *,
        begins_with: str = "", init_from: str = "", data: tuple[str, str, str] = ("", "", ""), start: bytes | None = None,
        events: Sequence[Event] | None = None,
    ) -> RunFolder:  # fmt: skip
        """A fresh folder called after the time, the net and the data; it is there with all that belongs to it, or not at all.

        begins_with, init_from: as in `RunRecord`. data: its digest, title and source, where the run must go on with the same.
        start: the state that it begins with, instead of first weights that are drawn. events: what came before that. Raises
        `CannotWrite`.
        """
        now = datetime.now(UTC).astimezone()
        slug = re.sub(r"[^a-z0-9]+", "-", architecture.name.lower()).strip("-")[:30] or "net"
        stem = f"{now:%Y%m%d-%H%M%S}-{slug}-{re.sub('[^a-z0-9-]', '', recipe.data)[:20]}"
        record = RunRecord(
            id=stem,
            title=title or f"{architecture.name} on {recipe.data}",
            created=now.isoformat(timespec="seconds"),
            recipe=recipe,
            data_digest=data[0],
            data_title=data[1],
            data_source=data[2],
            architecture=architecture,
            parent=parent,
            live_changes=(),
            begins_with=begins_with[:400],
            init_from=init_from[:400],
        )
        made = cls(temporary_beside(root / stem), record)
        try:
            root.mkdir(parents=True, exist_ok=True)
            made.path.mkdir()
            if start is not None:
                write_whole(made.path / BRANCH, start)
            if events is not None:
                made._metrics.rewrite(events)
                made._recall(events)
            return cls(made._publish(root, stem), record)
        except OSError as error:
            raise refused(error, root) from error
        finally:
            shutil.rmtree(made.path, ignore_errors=True)

    def _publish(self, root: Path, stem: str) -> Path:
        """Gives a folder that is complete but for run.json its name; the first that is free."""
        for suffix in ("", *(f"-{n}" for n in range(2, 1000))):
            path = root / f"{stem}{suffix}"
            if path.exists():
                continue
            self.record.id = path.name
            self.write_record()
            try:
                self.path.rename(path)
            except OSError:
                if path.exists():  # another process was faster
                    continue
                raise
            return path
        raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(root / stem))

    @classmethod
    def begin_with(
        cls, root: Path, architecture: Architecture, recipe: Recipe, weights: Mapping[str, np.ndarray], whose: str,
        title: str = "", parent: Parent | None = None,
    ) -> RunFolder:  # fmt: skip
        """A fresh folder of a run whose first weights are these, as far as they go. It is started as one that is resumed.
        Raises `CannotWrite`."""
        from cvlab.engine.training.checkpoint import beginning_bytes

        start = beginning_bytes(weights, recipe)
        return cls.create(root, architecture, recipe, title, parent, begins_with=whose, start=start)

    def take_weights(self, weights: Mapping[str, np.ndarray], whose: str) -> None:
        """The first weights of a run that has not begun, as far as they go. Raises `CannotWrite`."""
        from cvlab.engine.training.checkpoint import beginning_bytes

        self._write(BRANCH, beginning_bytes(weights, self.record.recipe))
        self.record.begins_with, self.record.init_from = whose[:400], ""
        self.write_record()

    def fork(self, recipe: Recipe, title: str = "") -> RunFolder:
        """A fresh run of the same net with another recipe. With the same seed it has the same first weights and batch order, so
        that what differs at the end comes from what was changed. Raises `NotOurFile`, `CannotWrite`."""
        begun = self._beginning() if self.record.begins_with else None
        return self.create(
            self.path.parent, self.record.architecture, recipe, title or self.record.title, Parent(run=self.record.id),
            begins_with=self.record.begins_with, start=begun,
        )  # fmt: skip

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
        same = recipe.data == self.record.recipe.data
        return self.create(
            self.path.parent, self.record.architecture, recipe, title or self.record.title, parent,
            data=(self.record.data_digest, self.record.data_title, self.record.data_source) if same else ("", "", ""),
            start=data, events=story_until(self.events(), step, point.epoch),
        )  # fmt: skip

    @classmethod
    def open(cls, path: Path) -> RunFolder:
        """Reads run.json; raises `NotOurFile` or `NewerFile`."""
        return cls(path, read_record(path))

    # -- writing -----------------------------------------------------------------------------------------------------

    def hold(self) -> None:
        """Takes the folder to train in: the lock, and what is known of the run as it is now; and clears away what a process that
        was killed here has left. Raises `TrainingError` where another process trains here, `NotOurFile`, `CannotWrite`."""
        self.lock.take()
        try:
            self._identity = _identity(self.path)
            self.record = read_record(self.path)  # another process may have trained since it was opened
        except OSError as error:
            self.lock.release()
            raise refused(error, self.path) from error
        except CvlabError:
            self.lock.release()
            raise
        remove_leftovers([self.path])

    def check(self) -> str:
        """Whether the folder that is held is still the run's own. What another program has done to it and what could be mended,
        in words; "" where all is as it was. Raises `RunFolderLost`, `CannotWrite`."""
        if self._identity is None:
            return ""
        if not self._is_in_place:
            raise self._lost()
        if not self.lock.is_ours:
            try:
                self.lock.take()
            except TrainingError as error:
                raise RunFolderLost(
                    "Another process trains this run now: the run's lock file was removed or replaced.",
                    received=error.received,
                ) from error
        return self._metrics.repair()

    @property
    def _is_in_place(self) -> bool:
        try:
            return _identity(self.path) == self._identity
        except OSError:
            return False

    def _lost(self) -> RunFolderLost:
        name = self.path.name
        if (renamed := self._renamed()) is not None:
            return RunFolderLost(
                f"The run's folder was renamed from “{name}” to “{renamed.name}” while the run trained."
            )
        what = "replaced by another one" if self.path.exists() else "deleted or moved away"
        return RunFolderLost(f"The run's folder was {what} while the run trained.", received=str(self.path))

    def _renamed(self) -> Path | None:
        """Where the folder is now, if it is still beside the other runs."""
        with contextlib.suppress(OSError):
            for path in self.path.parent.iterdir():
                with contextlib.suppress(OSError):
                    if _identity(path) == self._identity:
                        return path
        return None

    def explained(self, error: CannotWrite) -> CannotWrite:
        """What it means that this could not be written: the folder itself may be gone."""
        if self._identity is None or isinstance(error, RunFolderLost) or self._is_in_place:
            return error
        return self._lost()

    def rescue(self, learner: Learner) -> RunFolder:
        """For a run whose folder is lost: saves its state and its metrics where they can be resumed from, in the renamed folder
        or in a new one beside it; returns that, held. The learner is at rest. Raises `CannotWrite`; no half folder is left."""
        events = story_until(self._metrics.events(), learner.step, learner.epoch)
        renamed = None if self._is_in_place else self._renamed()  # in place, it is another process's now
        self.abandon()
        if renamed is not None:
            saved = RunFolder(renamed, self.record)
            self.lock.move(renamed)
            saved.lock = self.lock
        else:
            record = self.record
            saved = self.create(
                self.path.parent, record.architecture, record.recipe, record.title, record.parent,
                begins_with=record.begins_with, init_from=record.init_from,
            )  # fmt: skip
        try:
            if not saved.lock.is_ours:
                saved.lock.take()
            saved._identity = _identity(saved.path)
            saved._metrics.rewrite(events)
            saved.describe(learner)
            saved.save_weights(learner)
            saved.save_average(learner)
            saved.save_resume(learner, checkpoint=True)
        except (CvlabError, OSError) as error:
            saved.lock.release()
            if renamed is None:
                saved.discard()
            raise error if isinstance(error, CvlabError) else refused(error, saved.path) from error
        return saved

    def abandon(self) -> None:
        """Closes the files of a folder that is lost, and writes nothing to where it was."""
        self._metrics.close()
        self.board.close()

    def _write(self, name: str, content: bytes) -> None:
        write_whole(self.path / name, content, parents=False)

    def describe(self, learner: Learner) -> None:
        """What only the learner knows: the data's digest, the fitted preprocessing, the versions."""
        import numpy
        import torch

        data = learner.data
        self.record.data_digest, self.record.data_title, self.record.data_source = data.digest, data.title, data.source
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

            self._write(PREPROCESSING, weights_bytes(learner.preprocessing.arrays))
        self.write_record()

    def count_test_read(self, figures: Mapping[str, float]) -> None:
        """The test set was read once more for this run. figures: test_loss and test_accuracy, where they were measured now.
        Raises `CannotWrite`."""
        record = self.record
        self.record = record.model_copy(
            update={"result": record.result | dict(figures), "test_reads": record.times_test_read + 1}
        )
        self.write_record()

    def write_record(self) -> None:
        self._write(RECORD, self.record.model_dump_json(indent=1).encode())

    def log(self, event: Event) -> None:
        """Appends the event to metrics.jsonl and to TensorBoard's file (views are only in that). Raises `CannotWrite`."""
        self.board.log(event)
        if not is_metric(event):
            return
        self._metrics.append(event)
        self._notice_result(event)
        if isinstance(event, KnobTurned):
            self.record.live_changes = (*(self.record.live_changes or ()), *_changes([event]))
            self.write_record()  # the lists read it there, and the run may train for hours
        elif isinstance(event, RunFinished):
            self.record.status = "stopped" if event.stopped else "finished"
            self.record.test_reads += event.test_accuracy is not None
        elif isinstance(event, RunFailed):
            self.record.status = "failed"
            self.record.result["failure"] = event.what

    def _notice_result(self, event: Event) -> None:
        self.notice_best(event)
        if isinstance(event, EpochEnd | RunFinished):
            self.record.result |= _figures(event)

    def save_resume(self, learner: Learner, *, checkpoint: bool = False) -> None:
        """What is needed to go on. checkpoint: keep it among the checkpoints, too. Raises `NonFiniteWeights` instead of saving
        what nothing can be computed with."""
        from cvlab.engine.training.checkpoint import resume_bytes

        _refuse_non_finite(learner)
        self._metrics.sync()  # first: a state whose steps are not in the log is not gone on from
        self._write(RESUME, resume_bytes(learner))
        if checkpoint:
            self.checkpoints.save(learner, like=self.path / RESUME)

    def save_checkpoint(self, learner: Learner) -> None:
        """The state among the checkpoints, to look back at or to fall back on."""
        self._metrics.flush()
        self.checkpoints.save(learner)

    def flush(self) -> None:
        """The metrics so far, for whoever watches from another process. Raises `CannotWrite`."""
        self._metrics.flush()

    def notice_best(self, event: Event) -> None:
        """Remembers which checkpoint is the best: by held-out accuracy, and by loss among equals."""
        if isinstance(event, EpochEnd) and event.held_out_accuracy is not None and event.held_out_loss is not None:
            figure = (event.held_out_accuracy, -event.held_out_loss)
            if self._best is None or figure > self._best:
                self._best, self.checkpoints.best = figure, event.step

    def save_weights(self, learner: Learner) -> None:
        """The weights as they are now. Raises `NonFiniteWeights` and leaves those of before."""
        from cvlab.engine.training.checkpoint import weights_bytes

        _refuse_non_finite(learner)
        self._write(WEIGHTS, weights_bytes(learner.weights()))

    def save_average(self, learner: Learner) -> None:
        """The running average of the weights, where the recipe keeps one."""
        from cvlab.engine.training.checkpoint import weights_bytes

        mean = learner.averaged_weights()
        if mean is not None:
            self._write(AVERAGE, weights_bytes(mean))

    def close(self) -> None:
        """Ends the metrics file and writes the record, as far as the disk allows."""
        self._metrics.close()
        self.board.close()
        self.write_record()

    def discard(self) -> None:
        """Removes the folder of a run that never began."""
        self.abandon()
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
    def result(self) -> dict[str, Any]:
        """The figures of the last epoch and of the test set: those of the record, or where that has not been written since, of
        the metrics, which the curves are made of."""
        record = self.record
        is_behind = record.status == "running" or ("epoch" not in record.result and record.parent is not None)
        if not is_behind:
            return record.result
        ends = events_of(self._metrics.path, EpochEnd)
        return record.result | _figures(ends[-1]) if ends else record.result

    @property
    def live_changes(self) -> tuple[SettingChange, ...]:
        """The settings that were changed while the run trained, in order; of those before a branch, none."""
        if self.record.live_changes is not None:
            return self.record.live_changes
        turned = events_of(self._metrics.path, KnobTurned)
        return tuple(_changes(event for event in turned if self._is_own(event.step)))

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

    @property
    def has_start(self) -> bool:
        """Whether the state that the run begins with, of a trained net or of a branch, is in the folder."""
        return (self.path / BRANCH).exists()

    @property
    def can_resume(self) -> bool:
        """Whether there is something to go on from, or the run was cut off before it saved anything and begins again."""
        saved = (self.path / RESUME).exists() or self.has_start or bool(self.checkpoints.all())
        return saved or self._never_saved

    @property
    def _never_saved(self) -> bool:
        """Whether the run was cut off before it saved anything, so that its recipe and seed alone give all of it again."""
        record = self.record
        drawn = not (record.begins_with or record.init_from or (record.parent is not None and record.parent.step))
        return record.status != "finished" and drawn and not (self.path / WEIGHTS).exists()

    def restore(self, learner: Learner) -> list[Event]:
        """Puts the learner where the run was last saved and forgets what came after that step; returns the metrics before it.
        See `restore_state`. Raises `NotOurFile`, `CannotWrite`."""
        self.restore_state(learner)
        kept = story_until(self.events(), learner.step, learner.epoch)
        self._best = None
        for event in kept:
            self.notice_best(event)
        self._metrics.rewrite(kept)
        self._recall(kept)  # of the processes before, run.json may know less
        self.checkpoints.forget_after(learner.step)
        if self.notice:
            # What could not be gone on from would be, once the log has its steps again; a knob may be turned before that.
            with contextlib.suppress(OSError):
                (self.path / RESUME).unlink(missing_ok=True)
        return kept

    def _recall(self, events: Iterable[Event]) -> None:
        """Makes the record say what these events do, and nothing of what came after them: a test figure, for example, is that of
        the weights that the run had ended with."""
        record = self.record
        record.result, record.live_changes = {}, ()
        for event in events:
            if isinstance(event, EpochEnd):
                record.result |= _figures(event)
            elif isinstance(event, KnobTurned) and self._is_own(event.step):
                record.live_changes = (*record.live_changes, *_changes([event]))
        if record.recipe.held_out == 0:  # those of a run that it was branched off from are no figures of its own
            record.result = {key: value for key, value in record.result.items() if not key.startswith("held_out_")}

    def _is_own(self, step: int) -> bool:
        """Whether a step was trained with this run's recipe, and not before it was branched off."""
        return self.record.parent is None or step > self.record.parent.step

    def restore_state(self, learner: Learner) -> None:
        """Puts the learner where the run was last saved, and changes nothing on disk; `notice` says what else happened.

        The newest state is taken that is whole and whose steps are all in the log: curves have no gaps. Where a run was cut off
        before it saved anything, the learner stays as it is, at the first step. Raises `NotOurFile`.
        """
        from cvlab.engine.training.checkpoint import restore

        begins = self.has_start
        logged = Coverage.of(self.events(), self._start() if begins else (0, 0))
        newest, problem, skipped = self._states()
        for name, (step, epoch) in newest:
            if not logged.includes(step, epoch):
                skipped = skipped or f"{_UNUSABLE} {METRICS} lacks steps before it."
                continue
            try:
                restore(learner, self._read_state(name))
            except NotOurFile as error:
                skipped = skipped or f"{_UNUSABLE} {error.what}"
                problem = problem or error
                continue
            self.notice = f"{skipped} The run goes on from step {learner.step:,}." if skipped else ""
            return
        if begins:
            restore(learner, self._read_state(BRANCH), keep_recipe=True)
            self.notice = f"{skipped} The run begins again where it began." if skipped else ""
        elif self._never_saved and problem is None:
            self.notice = "This run was cut off before anything was saved: it begins again from its recipe and seed."
        else:
            raise problem or NotOurFile(
                "This run has saved nothing to go on from.",
                received=self.path.name,
                remedy="Start it again from its recipe.",
            )

    def _states(self) -> tuple[list[tuple[str, tuple[int, int]]], NotOurFile | None, str]:
        """The files that the run can go on from with their (step, epoch), newest first; and what is wrong with the newest of all,
        as an error and in words."""
        from cvlab.engine.training.checkpoint import read_place

        found = [(f"{CHECKPOINTS}/{point.path.name}", (point.step, point.epoch)) for point in self.checkpoints.all()]
        problem, skipped = None, ""
        if (self.path / RESUME).exists():
            try:
                found.append((RESUME, read_place(self._read_state(RESUME))))
            except NotOurFile as error:
                problem, skipped = error, f"{_UNUSABLE} {error.what}"
        found.sort(key=lambda each: (each[1], each[0] == RESUME), reverse=True)
        return found, problem, skipped

    def _read_state(self, name: str) -> bytes:
        try:
            return read_bounded(self.path / name, MAX_WEIGHTS)
        except OSError as error:
            raise NotOurFile(
                f"The state of the run cannot be read: {error.strerror or error}.",
                received=f"{self.path.name}/{name}",
                remedy="Go on from an earlier checkpoint of the run, or start it again from its recipe.",
            ) from error

    def _start(self) -> tuple[int, int]:
        """(step, epoch) where a run begins that does not begin anew."""
        from cvlab.engine.training.checkpoint import read_place

        with contextlib.suppress(NotOurFile):
            return read_place(self._read_state(BRANCH))
        return (0 if self.record.parent is None else self.record.parent.step, 0)

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


def _identity(path: Path) -> tuple[int, int]:
    """Of a folder, whatever its name. Raises OSError."""
    stat = path.stat()
    return stat.st_dev, stat.st_ino


def _refuse_non_finite(learner: Learner) -> None:
    """Raises `NonFiniteWeights`. The loss shows it one step later, and by then they would have replaced what was saved."""
    from cvlab.engine.nets.weights import non_finite_reason

    if reason := non_finite_reason(learner.module.state_dict()):
        raise NonFiniteWeights(learner.step, reason, learner.last_rate)


def _figures(event: EpochEnd | RunFinished) -> dict[str, Any]:
    """What an event adds to the result of a run."""
    return {key: value for key, value in asdict(event).items() if value is not None}


def _changes(events: Iterable[KnobTurned]) -> list[SettingChange]:
    """The changes of live settings, without those to the value that was there."""
    return [
        SettingChange(step=event.step, setting=event.knob, old=event.old, new=event.new)
        for event in events
        if event.new != event.old
    ]
