"""All runs: the one that trains, those that wait for their turn, and those on disk."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING

from psygnal import Signal

from cvlab.core.run import Run
from cvlab.core.storage.record import Parent, RunRecord
from cvlab.core.storage.run_folder import RunFolder
from cvlab.core.waiting import Waiting, WaitingList
from cvlab.engine.errors import CvlabError, NotOurFile, RecipeError, TrainingError
from cvlab.engine.nets.architecture import Architecture
from cvlab.engine.nets.shapes import infer
from cvlab.engine.training.recipe import Recipe

if TYPE_CHECKING:
    from cvlab.core.weights import Weights
    from cvlab.engine.data.dataset import Dataset
    from cvlab.engine.training.team import Team

QUEUE = "queue"
"""The folder beside the runs where those lie that wait."""

STEPS_EVERY = 0.1
"""Seconds between two deliveries of mere steps: figures that change more often cannot be read, and cost training its time."""


class Runs:
    """All runs: the one that trains, those that wait, and those on disk. One at a time: they would only slow each other.

    started, ended: a run began or is over. line: those that wait. refused: (title, error) of one that could not begin when its
    turn came; it waits again, held.
    """

    started = Signal(Run)
    ended = Signal(Run)
    refused = Signal(str, object)

    def __init__(
        self, root: Path, load_data: Callable[[str], Dataset],
        find_weights: Callable[[Architecture, str], Weights] | None = None,
        reads_test: Callable[[], bool] = lambda: True,
    ) -> None:  # fmt: skip
        """find_weights: those of a trained net, by its id, for a net that begins with them. reads_test: whether a run that has
        come to its end reads the test set. Both are asked on the run's thread."""
        self.root, self.load_data, self.find_weights = root, load_data, find_weights or _no_weights
        self.reads_test = reads_test
        self.current: Run | None = None
        self.line = WaitingList(root / QUEUE)
        self._came_from: Waiting | None = None
        self._delivered = 0.0

    def start(
        self,
        architecture: Architecture,
        recipe: Recipe,
        *,
        title: str = "",
        parent: Parent | None = None,
        begin_with: Weights | str | None = None,
        team: Team | None = None,
    ) -> Run:
        """Trains in the background; with a team, beside other processes. begin_with: first weights that are not drawn, of this
        net or of a part of it; or the id of a trained net that has them, which is read on the run's thread.

        Raises the first `NetError` of a net that does not fit, `TrainingError` while another run is active, `CannotWrite`.
        """
        self._refuse_second()
        check_trainable(architecture)
        if isinstance(begin_with, str) and begin_with:
            fresh = RunFolder.create(self.root, architecture, recipe, title, parent, init_from=begin_with)
            return self._go(fresh, resume=False, team=team, begin_with=begin_with)
        if begin_with:
            whose = begin_with.title or "first weights"
            folder = RunFolder.begin_with(self.root, architecture, recipe, begin_with.values, whose, title, parent)
            return self._go(folder, resume=True, team=team)
        return self._go(RunFolder.create(self.root, architecture, recipe, title, parent), resume=False, team=team)

    def queue(
        self, architecture: Architecture, recipe: Recipe, *, title: str = "", parent: Parent | None = None,
        begin_with: str = "", whose: str = "",
    ) -> Waiting:  # fmt: skip
        """Trains when those before it are done; at once if nothing trains. It is kept on disk until then. begin_with, whose: id
        and title of a trained net; its weights are read when the run's turn comes. Raises as `start`, but for an active run."""
        check_trainable(architecture)
        title = title or f"{architecture.name} on {recipe.data}"
        waiting = self.line.add(architecture, recipe, title, parent, begin_with=begin_with, whose=whose)
        self._next()
        return waiting

    @property
    def waiting(self) -> list[Waiting]:
        """Those that wait, in the order of their turns."""
        return self.line.all

    def unqueue(self, ticket: int) -> tuple[Waiting, int] | None:
        """A waiting run is no longer wanted; returns it with its place, None if its turn has come. See `Unqueue` for one that
        can be undone."""
        return self.line.remove(ticket)

    def let_begin(self, ticket: int | None = None) -> None:
        """The person's word that this one, or every one, of the held runs may begin when its turn comes: at once if nothing
        trains."""
        self.line.release(ticket)
        self._next()

    def resume(self, path: Path, *, team: Team | None = None) -> Run:
        """Goes on where a stopped or killed run was last saved. Raises `NotOurFile`, `TrainingError`."""
        self._refuse_second()
        return self._go(RunFolder.open(path), resume=True, team=team)

    def fork(self, path: Path, recipe: Recipe, *, title: str = "") -> Run:
        """Trains the net of a run anew with another recipe, from the same first weights and with the same batch order (see
        `RunFolder.fork`). Raises as `start` and `resume`."""
        self._refuse_second()
        folder = RunFolder.open(path).fork(recipe, title)
        return self._go(folder, resume=bool(folder.record.begins_with))

    def branch(self, path: Path, step: int, recipe: Recipe | None = None, *, title: str = "") -> Run:
        """Goes on from a checkpoint of a run in a run of its own, with another recipe or with the same; the curves before it
        come along. Raises as `resume`."""
        self._refuse_second()
        folder = RunFolder.open(path)
        return self._go(folder.branch(step, recipe or folder.record.recipe, title), resume=True)

    def past(self) -> list[RunRecord]:
        """The records of all readable runs on disk, newest first."""
        return [folder.record for folder in self.folders()]

    def folders(self) -> list[RunFolder]:
        """All readable run folders, newest first."""
        found = []
        for path in sorted(self.root.glob("[!.]*/run.json"), reverse=True):
            with contextlib.suppress(CvlabError):
                found.append(RunFolder.open(path.parent))
        return found

    def deliver(self) -> None:
        """Takes in what the run has put out; often called, steps are taken ten times a second. Starts the next that waits."""
        run = self.current
        if run is not None and run.is_active:
            steps_only = run.state.status == "running" and not run.mailbox.is_urgent
            if steps_only and monotonic() - self._delivered < STEPS_EVERY:
                return
            self._delivered = monotonic()
            run.deliver()
            if not run.is_active:
                self._keep_what_never_began(run)
                self.ended.emit(run)
                self._next()

    def close(self) -> None:
        """Stops the active run and waits until it has saved itself. What waits is on disk, for the next window."""
        self.line.all = []
        if self.current is not None:
            self.current.stop()
            self.current.join()
            self.deliver()

    def _next(self) -> None:
        while not (self.current is not None and self.current.is_active):
            try:
                waiting = self.line.take()
            except CvlabError as error:
                self.refused.emit("The next run", error)
                return
            if waiting is None:
                return
            try:
                self.start(
                    waiting.architecture, waiting.recipe, title=waiting.title, parent=waiting.parent,
                    begin_with=waiting.begin_with,
                )  # fmt: skip
                self._came_from = waiting
            except CvlabError as error:
                self._put_back(waiting)
                self.refused.emit(waiting.title, error)
            else:
                self.line.began(waiting)

    def _keep_what_never_began(self, run: Run) -> None:
        """A queued run whose data are gone, for example, leaves no folder: it waits again, so that nothing is lost."""
        waiting, self._came_from = self._came_from, None
        if waiting is not None and run.state.status == "failed" and not (run.began or run.folder.path.exists()):
            self._put_back(waiting)

    def _put_back(self, waiting: Waiting) -> None:
        with contextlib.suppress(CvlabError):  # a full disk: what was claimed is still there for the next window
            self.line.put_back(waiting)

    def _go(self, folder: RunFolder, *, resume: bool, team: Team | None = None, begin_with: str = "") -> Run:
        data_id, net = folder.record.recipe.data, folder.record.architecture
        begin_with = begin_with or folder.record.init_from  # of one that was cut off before it had them
        self._came_from = None
        run = Run(
            folder, lambda: self.load_data(data_id), resume=resume, team=team,
            begin_with=(lambda: self.find_weights(net, begin_with)) if begin_with else None,
        )  # fmt: skip
        run.control.reads_test = self.reads_test
        self.current = run
        run.start()
        self.started.emit(run)
        return run

    def _refuse_second(self) -> None:
        if self.current is not None and self.current.is_active:
            raise TrainingError(
                "A run is still training.", received=self.current.title, remedy="Stop it first, or let it finish."
            )


class Unqueue:
    """A waiting run removed; undo brings it back to its place, where it waits for the person's word."""

    def __init__(self, runs: Runs, waiting: Waiting) -> None:
        self._runs, self._waiting, self._place = runs, waiting, 0
        self.label = f"Remove {waiting.title} from the queue"

    def do(self) -> None:
        removed = self._runs.unqueue(self._waiting.id)
        if removed is not None:
            self._waiting, self._place = removed

    def undo(self) -> None:
        """Raises `CannotWrite`."""
        self._waiting = self._runs.line.put_back(self._waiting, self._place)

    def merge(self, later: object) -> bool:
        return False


def _no_weights(net: Architecture, which: str) -> Weights:
    raise NotOurFile(
        "There is no such net.", received=which[:120], remedy="Choose another, or let the weights be drawn."
    )


def check_trainable(architecture: Architecture) -> None:
    """Raises the first `NetError` of a net that does not fit, `RecipeError` for one that has nothing to learn."""
    report = infer(architecture)
    report.raise_first()
    if report.parameters == 0:
        raise RecipeError(
            "This net has nothing to learn.",
            received=architecture.name,
            remedy="Add a convolution or a linear layer.",
        )
