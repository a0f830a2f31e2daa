"""A run: a training loop in a background thread, and its story as the window may see it."""

from __future__ import annotations

import contextlib
import logging
import threading
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from psygnal import Signal

from cvlab.core.keeper import Keeper
from cvlab.core.mailbox import Delivery, Mailbox
from cvlab.core.run_story import RunStory
from cvlab.core.state import batch
from cvlab.core.storage.metrics import MetricsTail
from cvlab.core.storage.run_folder import RunFolder
from cvlab.engine.errors import (
    CannotWrite,
    CorruptData,
    CvlabError,
    DataMissing,
    RunFolderLost,
    TrainingError,
    UnknownDataSet,
    in_words,
)
from cvlab.engine.training.control import Control
from cvlab.engine.training.events import (
    Event,
    RunFailed,
    RunFinished,
    SnapshotTaken,
    StepEnd,
    ViewMissed,
    ViewTaken,
)

if TYPE_CHECKING:
    from cvlab.core.storage.record import RunRecord
    from cvlab.core.weights import Weights
    from cvlab.engine.data.dataset import Dataset
    from cvlab.engine.training.learner import Learner
    from cvlab.engine.training.team import Team

log = logging.getLogger("cvlab.runs")


class Run(RunStory):
    """One training run: a thread that owns the learner, a mailbox, and a story that follows. All methods are for the GUI
    thread; none waits for the training, except `join`.

    snapshot_changed, view_changed: what was asked for has come. view_missed: it could not be had, in words; the run goes on.
    """

    snapshot_changed = Signal(SnapshotTaken)
    view_changed = Signal(ViewTaken)
    view_missed = Signal(ViewMissed)

    def __init__(
        self, folder: RunFolder, load_data: Callable[[], Dataset], *, resume: bool = False, team: Team | None = None,
        begin_with: Callable[[], Weights] | None = None,
    ) -> None:  # fmt: skip
        """begin_with: finds the first weights of a fresh run, on the run's thread; without it they are drawn."""
        super().__init__(folder.record)
        self.folder = folder
        self.snapshot: SnapshotTaken | None = None
        self.views: dict[str, ViewTaken] = {}
        self.mailbox = Mailbox()
        self.control = Control()
        self._load_data, self._resume, self._team = load_data, resume, team
        self._begin_with = begin_with
        self._gate = threading.Condition()
        self._paused, self._steps_asked = False, 0
        self._tail: MetricsTail | None = None
        self.began = False  # whether it came as far as its first step would be
        self._thread = threading.Thread(target=self._work, name=f"cvlab-run-{self.id}", daemon=True)

    @classmethod
    def read(cls, folder: RunFolder) -> Run:
        """A run as its folder tells it, to be looked at: its story, no thread. `follow` brings what is added later."""
        run = cls(folder, _no_data)
        run._tail = folder.tail()
        run.follow()
        return run

    def follow(self) -> bool:
        """Takes in what another process has added to the run's folder; whether there was anything. For a run made by `read`."""
        if self._tail is None:
            return False
        events = list(self._tail.read())
        with contextlib.suppress(CvlabError):
            self.folder.record = RunFolder.open(self.folder.path).record
        with batch(self.state):
            for event in events:
                self.take(event)
            status = self.folder.record.status
            # A record that says "running" without a process that trains it is of a run that was cut off.
            cut_off = status == "running" and self.folder.lock.owner() is None
            self.state.status = "stopped" if cut_off else status
            accuracy = self.folder.record.result.get("test_accuracy")  # it may have been measured after the run's end
            self.state.test_accuracy = accuracy if isinstance(accuracy, float) else self.state.test_accuracy
            if events:
                self.estimate()
                self.state.revision += 1
        return bool(events)

    # -- for the window ----------------------------------------------------------------------------------------------

    def start(self) -> None:
        self._thread.start()

    @property
    def is_active(self) -> bool:
        """Whether it may still train, here; one that another process trains is only looked at."""
        return self._tail is None and self.state.status in ("starting", "running", "paused")

    @property
    def is_pausing(self) -> bool:
        """Whether it is paused, or will be after this batch."""
        return self.is_active and self._paused

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

    def ask(self, view: str) -> None:
        """One look inside (see `engine.training.views`), delivered as `view_changed` and kept in `views`, or as
        `view_missed`; it works while the run is paused, too. Ask again when the last one has been drawn: what nobody asks for
        costs nothing."""
        self.control.ask(view)
        with self._gate:
            self._gate.notify_all()

    def ask_snapshot(self) -> None:
        """One copy of the weights, delivered as `snapshot_changed`."""
        self.ask("snapshot")

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
        for view in delivery.views.values():
            if isinstance(view, ViewMissed):
                self.view_missed.emit(view)
            else:
                self.views[view.view] = view
                self.view_changed.emit(view)
        self.state.notice = self._notice

    # -- on the GUI thread -------------------------------------------------------------------------------------------

    def _deliver(self, delivery: Delivery) -> None:
        for event in sorted((*delivery.steps, *delivery.events), key=_place):
            self.take(event)
        if self._paused and self.state.status == "running":
            self.state.status = "paused"
        if delivery.steps:
            self.estimate()
        if delivery.steps or delivery.events:
            self.state.revision += 1

    # -- on the run's thread -----------------------------------------------------------------------------------------

    def _work(self) -> None:
        try:
            self.folder.hold()
        except CvlabError as error:
            self.mailbox.put(RunFailed.of(error, 0))  # the folder is somebody else's: nothing is written there
            return
        step, learner, failure = 0, None, None
        try:
            from cvlab.engine.training.fit import fit

            learner = self._make_learner()
            self.folder.record.status = "running"
            self.folder.describe(learner)
            keeper = Keeper(self.folder, learner)
            keeper.begin()
            self.began = True
            for event in self._paced(fit(learner, self.control), learner):
                step = learner.step
                self.folder.log(event)
                if isinstance(event, StepEnd):
                    self.mailbox.put(event)  # it is done, even if it cannot be saved
                if noticed := keeper.keep(event):
                    self.mailbox.put(noticed)
                if isinstance(event, RunFinished):
                    self.folder.lock.release()  # who hears of the end may go on with the run at once
                if not isinstance(event, StepEnd):
                    self.mailbox.put(event)
        except Exception as error:
            failure = self._fail(error, step, learner)
        finally:
            self.folder.lock.release()
            if learner is not None:
                learner.leave()
        if failure is not None:  # told when folder and memory are free: the person may go on at once
            self.mailbox.put(failure)

    def _fail(self, error: Exception, step: int, learner: Learner | None) -> RunFailed:
        """What happened, noted in the folder. A run that never began is as it was: none, or one that can go on."""
        if isinstance(error, CannotWrite):
            error = self.folder.explained(error)
        if isinstance(error, RunFolderLost) and learner is not None:
            error = self._rescue(error, learner)
        if learner is None:
            failure = RunFailed.of(error, step, doing="data")
        else:
            failure = RunFailed.of(error, step, batch_size=learner.recipe.batch_size)
        if not isinstance(in_words(error), CvlabError):
            log.exception("run %s", self.id)
        if learner is None and not self._resume:
            self.folder.discard()
        elif isinstance(error, RunFolderLost) and not self.folder.lock.is_ours:
            self.folder.abandon()
        elif learner is not None:
            # The disk may be what failed: the person still hears of it.
            with contextlib.suppress(CvlabError):
                self.folder.log(failure)
            with contextlib.suppress(CvlabError):
                self.folder.close()
        return failure

    def _rescue(self, lost: RunFolderLost, learner: Learner) -> RunFolderLost:
        """The folder is lost, but not what was trained: it goes where it can be resumed from. What to tell of it."""
        received = lost.received
        try:
            self.folder = self.folder.rescue(learner)
            remedy = (
                f"Its state at step {learner.step:,} is saved as the run “{self.folder.path.name}”: resume that one."
            )
        except CvlabError as error:
            remedy = f"Its state at step {learner.step:,} could not be saved in another folder either: {error.what}"
            self.folder.abandon()
        return RunFolderLost(lost.what, received=received, remedy=remedy)

    def _make_learner(self) -> Learner:
        from cvlab.engine.training.learner import Learner

        resumes = self._resume or self._begin_with is not None
        if self._begin_with is not None and not self.folder.has_start:
            weights = self._first_weights()
            self.folder.take_weights(weights.values, weights.title or "first weights")
        data = load_recorded(self.folder.record, self._load_data) if resumes else self._load_data()
        learner = Learner(self.architecture, data, self.recipe, self._team)
        if resumes:
            events = self.folder.restore(learner)
            self._notice = self.folder.notice
            for event in events:
                self.mailbox.put(event)
        return learner

    def _first_weights(self) -> Weights:
        try:
            return self._begin_with()  # type: ignore[misc]
        except CvlabError as error:
            raise TrainingError(
                f"The weights that this run was to begin with cannot be had. {error.what}",
                received=error.received,
                remedy="Begin with another net, or let the weights be drawn.",
            ) from error

    def _paced(self, events: Iterator[Event], learner: Learner) -> Iterator[Event]:
        """The events, as fast as pausing and stepping allow; while it is paused, views are answered at rest."""
        from cvlab.engine.training.fit import answers

        begun = False
        while True:
            with self._gate:
                self._gate.wait_for(lambda ask=begun: self._may_go_on or (ask and self.control.has_requests))
                waits = not self._may_go_on
            if waits:
                yield from answers(learner, self.control)
                continue
            try:
                event = next(events)
            except StopIteration:
                return
            begun = True
            if isinstance(event, StepEnd) and self._steps_asked:
                with self._gate:
                    self._steps_asked = max(0, self._steps_asked - 1)
            yield event

    @property
    def _may_go_on(self) -> bool:
        return not self._paused or self._steps_asked > 0 or self.control.stopped


def load_recorded(record: RunRecord, load: Callable[[], Dataset]) -> Dataset:
    """The data set that a run was trained on. Raises `DataMissing` where it was removed since, `CorruptData` where another one
    has its name now, and what else `load` does."""
    named = f"“{record.data_title}” ({record.recipe.data})" if record.data_title else f"“{record.recipe.data}”"
    try:
        data = load()
    except UnknownDataSet as error:
        source = f" from {record.data_source}" if record.data_source else ""
        raise DataMissing(
            f"The data set {named} that this run was trained on is no longer imported.",
            remedy=f"Import the same images again{source}, under the title that they had, and resume the run: in Datasets, or "
            "with `cvlab data import`.",
        ) from error
    if record.data_digest and record.data_digest != data.digest:
        raise CorruptData(
            f"The images of the data set {named} are not those that this run was trained on: its content has changed.",
            received=f"digest {data.digest[:12]}, not {record.data_digest[:12]}",
            remedy="Bring the same images back under this name, or start a new run.",
        )
    return data


def _no_data() -> Dataset:
    raise TrainingError("A run of the past does not train.", remedy="Resume it, or start another one.")


def _place(event: Event) -> tuple[float, int]:
    """Where an event belongs among those that came with it: by step, and what ends a step after it."""
    rank = {"RunStarted": 0, "KnobTurned": 1, "StepEnd": 2, "EpochEnd": 3}.get(type(event).__name__, 4)
    step = getattr(event, "step", getattr(event, "start_step", 0))
    return (float("inf") if rank == 4 else step, rank)
