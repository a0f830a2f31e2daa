"""Runs: a training loop in a background thread, its state as the window may see it, and all runs on disk."""

from __future__ import annotations

import contextlib
import logging
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING, Literal

from psygnal import Signal

from cvlab.core.curve import Curve
from cvlab.core.mailbox import Delivery, Mailbox
from cvlab.core.state import batch, observable
from cvlab.core.storage.run_folder import RunFolder, RunRecord
from cvlab.engine.errors import CvlabError, RecipeError, TrainingError
from cvlab.engine.nets.architecture import Architecture
from cvlab.engine.nets.shapes import infer
from cvlab.engine.training.control import Control
from cvlab.engine.training.events import (
    EpochEnd,
    Event,
    KnobTurned,
    RunFailed,
    RunFinished,
    RunStarted,
    SnapshotTaken,
    StepEnd,
)
from cvlab.engine.training.recipe import Recipe

if TYPE_CHECKING:
    from cvlab.engine.data.dataset import Dataset

log = logging.getLogger("cvlab.runs")

STEPS_EVERY = 0.1
"""Seconds between two deliveries of mere steps: figures that change more often cannot be read, and cost training its time."""

Status = Literal["starting", "running", "paused", "finished", "stopped", "failed"]
CURVES = (
    "loss", "accuracy", "learning_rate", "epoch_loss", "epoch_accuracy", "held_out_loss", "held_out_accuracy",
)  # fmt: skip


@observable
class RunState:
    """What the window shows of a run; changes only in `Run.deliver`. seconds, eta: of training time. revision: rises when a
    curve grew."""

    status: Status = "starting"
    step: int = 0
    total_steps: int = 0
    epoch: int = 0
    epochs: int = 0
    seconds: float = 0.0
    eta: float | None = None
    images_per_second: float = 0.0
    learning_rate: float = 0.0
    train_loss: float | None = None
    train_accuracy: float | None = None
    held_out_loss: float | None = None
    held_out_accuracy: float | None = None
    test_accuracy: float | None = None
    device: str = ""
    failure: RunFailed | None = None
    revision: int = 0


class Run:
    """One training run: a thread that owns the learner, a mailbox, and a state that follows. All methods are for the GUI
    thread; none waits for the training, except `join`."""

    snapshot_changed = Signal(SnapshotTaken)

    def __init__(self, folder: RunFolder, load_data: Callable[[], Dataset], *, resume: bool = False) -> None:
        self.folder = folder
        self.architecture, self.recipe = folder.record.architecture, folder.record.recipe
        self.id, self.title = folder.record.id, folder.record.title
        self.state = RunState(epochs=self.recipe.epochs, learning_rate=self.recipe.optimizer.learning_rate)
        self.curves: dict[str, Curve] = {name: Curve() for name in CURVES}
        self.knobs: list[KnobTurned] = []
        self.steps_per_epoch = 0
        self.snapshot: SnapshotTaken | None = None
        self.mailbox = Mailbox()
        self.control = Control()
        self._load_data, self._resume = load_data, resume
        self._gate = threading.Condition()
        self._paused, self._steps_asked = False, 0
        self._recent: list[tuple[float, int]] = []
        self._thread = threading.Thread(target=self._work, name=f"cvlab-run-{self.id}", daemon=True)

    @classmethod
    def read(cls, folder: RunFolder) -> Run:
        """A run of the past as its folder tells it, to be looked at: state and curves, no thread."""
        run = cls(folder, _no_data)
        for event in folder.events():
            run._record(event)
        # A record that still says "running" is of a run that was cut off: nobody trains it now.
        run.state.status = "stopped" if folder.record.status == "running" else folder.record.status
        return run

    # -- for the window ----------------------------------------------------------------------------------------------

    def start(self) -> None:
        self._thread.start()

    @property
    def is_active(self) -> bool:
        """Whether it may still train."""
        return self.state.status in ("starting", "running", "paused")

    def pause(self) -> None:
        with self._gate:
            self._paused = True
        self.control.attend(True)
        if self.state.status == "running":
            self.state.status = "paused"

    def resume(self) -> None:
        with self._gate:
            self._paused, self._steps_asked = False, 0
            self._gate.notify_all()
        self.control.attend(False)
        if self.state.status == "paused":
            self.state.status = "running"

    def step(self) -> None:
        """One batch, then pause."""
        self.pause()
        with self._gate:
            self._steps_asked += 1
            self._gate.notify_all()

    def stop(self) -> None:
        """Ends after the running batch; what is needed to go on is saved."""
        self.control.stop()
        with self._gate:
            self._gate.notify_all()

    def join(self, timeout: float | None = None) -> bool:
        """Waits for the thread; True if it has ended."""
        if self._thread.ident is not None:
            self._thread.join(timeout)
        return not self._thread.is_alive()

    def turn(self, knob: str, value: float) -> None:
        """Another value for a live knob from the next step on; raises `RecipeError` if it is out of range."""
        self.recipe.changed(**{knob: value})
        self.control.turn(knob, value)

    def ask_snapshot(self) -> None:
        """One copy of the weights, delivered as `snapshot_changed`."""
        self.control.ask_snapshot()

    def deliver(self) -> None:
        """Takes what has come into the state, the curves and the signals."""
        delivery = self.mailbox.collect()
        if not delivery:
            return
        with batch(self.state):
            self._deliver(delivery)
        if delivery.snapshot is not None:
            self.snapshot = delivery.snapshot
            self.snapshot_changed.emit(delivery.snapshot)

    # -- on the GUI thread -------------------------------------------------------------------------------------------

    def _deliver(self, delivery: Delivery) -> None:
        for event in sorted((*delivery.steps, *delivery.events), key=_place):
            self._record(event)
        if delivery.steps:
            self._estimate()
        if delivery.steps or delivery.events:
            self.state.revision += 1

    def _record(self, event: Event) -> None:
        state, curves = self.state, self.curves
        match event:
            case StepEnd():
                state.step, state.epoch, state.seconds = event.step, event.epoch, event.seconds
                state.train_loss, state.train_accuracy = event.loss, event.accuracy
                state.learning_rate = event.learning_rate
                curves["loss"].append(event.step, event.loss)
                curves["accuracy"].append(event.step, event.accuracy)
                curves["learning_rate"].append(event.step, event.learning_rate)
                self._recent.append((event.seconds, event.images))
                del self._recent[:-200]
                if state.status == "starting":
                    state.status = "running"
            case EpochEnd():
                state.seconds = event.seconds
                curves["epoch_loss"].append(event.step, event.train_loss)
                curves["epoch_accuracy"].append(event.step, event.train_accuracy)
                if event.held_out_loss is not None and event.held_out_accuracy is not None:
                    state.held_out_loss, state.held_out_accuracy = event.held_out_loss, event.held_out_accuracy
                    curves["held_out_loss"].append(event.step, event.held_out_loss)
                    curves["held_out_accuracy"].append(event.step, event.held_out_accuracy)
            case RunStarted():
                state.device = event.device
                self.steps_per_epoch = event.steps_per_epoch
                state.total_steps = event.steps_per_epoch * event.epochs
                state.status = "paused" if self._paused else "running"
            case KnobTurned():
                self.knobs.append(event)
                self.recipe = self.recipe.changed(**{event.knob: event.new})
            case RunFinished():
                state.status = "stopped" if event.stopped else "finished"
                state.test_accuracy, state.eta, state.seconds = event.test_accuracy, None, event.seconds
            case RunFailed():
                state.status, state.failure, state.eta = "failed", event, None

    def _estimate(self) -> None:
        state = self.state
        if len(self._recent) > 1:
            seconds = self._recent[-1][0] - self._recent[0][0]
            images = sum(count for _, count in self._recent[1:])
            if seconds > 0:
                state.images_per_second = images / seconds
                left = state.total_steps - state.step
                state.eta = left * seconds / (len(self._recent) - 1)

    # -- on the run's thread -----------------------------------------------------------------------------------------

    def _work(self) -> None:
        step, learner = 0, None
        try:
            from cvlab.engine.training.fit import fit
            from cvlab.engine.training.learner import Learner

            learner = Learner(self.architecture, self._load_data(), self.recipe)
            if self._resume:
                for event in self.folder.restore(learner):
                    self.mailbox.put(event)
            self.folder.record.status = "running"
            self.folder.describe(learner)
            for event in self._paced(fit(learner, self.control)):
                step = learner.step
                self.folder.log(event)
                if isinstance(event, EpochEnd | RunFinished):
                    self.folder.save_weights(learner)
                    self.folder.save_resume(learner)
                if isinstance(event, RunFinished):
                    self.folder.close()
                self.mailbox.put(event)
        except Exception as error:
            if not isinstance(error, CvlabError):
                log.exception("run %s", self.id)
            failure = RunFailed.of(error, step)
            # The disk may be what failed: the person still hears of it.
            with contextlib.suppress(CvlabError):
                self.folder.log(failure)
            with contextlib.suppress(CvlabError):
                self.folder.close()
            if learner is None and not self._resume:
                self.folder.discard()  # it never began
            self.mailbox.put(failure)

    def _paced(self, events: Iterator[Event]) -> Iterator[Event]:
        """The events, as fast as pausing and stepping allow."""
        while True:
            with self._gate:
                self._gate.wait_for(lambda: not self._paused or self._steps_asked or self.control.stopped)
            try:
                event = next(events)
            except StopIteration:
                return
            if isinstance(event, StepEnd) and self._steps_asked:
                with self._gate:
                    self._steps_asked = max(0, self._steps_asked - 1)
            yield event


def _no_data() -> Dataset:
    raise TrainingError("A run of the past does not train.", remedy="Resume it, or start another one.")


def _place(event: Event) -> tuple[float, int]:
    """Where an event belongs among those that came with it: by step, and what ends a step after it."""
    rank = {"RunStarted": 0, "KnobTurned": 1, "StepEnd": 2, "EpochEnd": 3}.get(type(event).__name__, 4)
    step = getattr(event, "step", getattr(event, "start_step", 0))
    return (float("inf") if rank == 4 else step, rank)


class Runs:
    """All runs: the one that trains, and those on disk. One at a time: they would only slow each other."""

    started = Signal(Run)
    ended = Signal(Run)

    def __init__(self, root: Path, load_data: Callable[[str], Dataset]) -> None:
        self.root, self._load_data = root, load_data
        self.current: Run | None = None
        self._delivered = 0.0

    def start(self, architecture: Architecture, recipe: Recipe, *, title: str = "") -> Run:
        """Trains in the background. Raises the first `NetError` of a net that does not fit, `TrainingError` while another run
        is active, `CannotWrite`."""
        self._refuse_second()
        report = infer(architecture)
        report.raise_first()
        if report.parameters == 0:
            raise RecipeError(
                "This net has nothing to learn.",
                received=architecture.name,
                remedy="Add a convolution or a linear layer.",
            )
        return self._go(RunFolder.create(self.root, architecture, recipe, title), resume=False)

    def resume(self, path: Path) -> Run:
        """Goes on where a stopped or killed run was last saved. Raises `NotOurFile`, `TrainingError`."""
        self._refuse_second()
        return self._go(RunFolder.open(path), resume=True)

    def past(self) -> list[RunRecord]:
        """The records of all readable runs on disk, newest first."""
        return [folder.record for folder in self.folders()]

    def folders(self) -> list[RunFolder]:
        """All readable run folders, newest first."""
        found = []
        for path in sorted(self.root.glob("*/run.json"), reverse=True):
            with contextlib.suppress(CvlabError):
                found.append(RunFolder.open(path.parent))
        return found

    def deliver(self) -> None:
        """Takes in what the run has put out; often called, steps are taken ten times a second."""
        run = self.current
        if run is None or not run.is_active:
            return
        steps_only = run.state.status == "running" and not run.mailbox.is_urgent
        if steps_only and monotonic() - self._delivered < STEPS_EVERY:
            return
        self._delivered = monotonic()
        run.deliver()
        if not run.is_active:
            self.ended.emit(run)

    def close(self) -> None:
        """Stops the active run and waits until it has saved itself."""
        if self.current is not None:
            self.current.stop()
            self.current.join()
            self.deliver()

    def _go(self, folder: RunFolder, *, resume: bool) -> Run:
        data_id = folder.record.recipe.data
        run = Run(folder, lambda: self._load_data(data_id), resume=resume)
        self.current = run
        run.start()
        self.started.emit(run)
        return run

    def _refuse_second(self) -> None:
        if self.current is not None and self.current.is_active:
            raise TrainingError(
                "A run is still training.", received=self.current.title, remedy="Stop it first, or let it finish."
            )
