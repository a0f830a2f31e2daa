"""All runs: the one that trains, those that wait for their turn, and those on disk."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING

from psygnal import Signal

from cvlab.core.run import Run
from cvlab.core.storage.run_folder import Parent, RunFolder, RunRecord
from cvlab.engine.errors import CvlabError, RecipeError, TrainingError
from cvlab.engine.nets.architecture import Architecture
from cvlab.engine.nets.shapes import infer
from cvlab.engine.training.recipe import Recipe

if TYPE_CHECKING:
    from cvlab.engine.data.dataset import Dataset
    from cvlab.engine.training.team import Team

STEPS_EVERY = 0.1
"""Seconds between two deliveries of mere steps: figures that change more often cannot be read, and cost training its time."""


@dataclass(frozen=True)
class Waiting:
    """A run that waits for its turn. parent: the run that it was forked from, if any."""

    id: int
    architecture: Architecture
    recipe: Recipe
    title: str
    parent: Parent | None = None


class Runs:
    """All runs: the one that trains, those that wait, and those on disk. One at a time: they would only slow each other.

    started, ended: a run began or is over. queue_changed: `waiting` has. refused: (title, error) of a waiting run that could
    not begin when its turn came.
    """

    started = Signal(Run)
    ended = Signal(Run)
    queue_changed = Signal()
    refused = Signal(str, object)

    def __init__(self, root: Path, load_data: Callable[[str], Dataset]) -> None:
        self.root, self.load_data = root, load_data
        self.current: Run | None = None
        self.waiting: list[Waiting] = []
        self._tickets = count(1)
        self._delivered = 0.0

    def start(
        self,
        architecture: Architecture,
        recipe: Recipe,
        *,
        title: str = "",
        parent: Parent | None = None,
        team: Team | None = None,
    ) -> Run:
        """Trains in the background; with a team, beside other processes.

        Raises the first `NetError` of a net that does not fit, `TrainingError` while another run is active, `CannotWrite`.
        """
        self._refuse_second()
        _check(architecture)
        return self._go(RunFolder.create(self.root, architecture, recipe, title, parent), resume=False, team=team)

    def queue(
        self, architecture: Architecture, recipe: Recipe, *, title: str = "", parent: Parent | None = None
    ) -> Waiting:
        """Trains when those before it are done; at once if nothing trains. Raises as `start`, but for an active run."""
        _check(architecture)
        waiting = Waiting(
            next(self._tickets), architecture, recipe, title or f"{architecture.name} on {recipe.data}", parent
        )
        self.waiting.append(waiting)
        self.queue_changed.emit()
        self._next()
        return waiting

    def unqueue(self, ticket: int) -> None:
        """A waiting run is no longer wanted; nothing happens if its turn has come."""
        before = len(self.waiting)
        self.waiting = [waiting for waiting in self.waiting if waiting.id != ticket]
        if len(self.waiting) != before:
            self.queue_changed.emit()

    def move(self, ticket: int, place: int) -> None:
        """Puts a waiting run at another place of the queue, 0 being next."""
        chosen = next((waiting for waiting in self.waiting if waiting.id == ticket), None)
        if chosen is not None:
            self.waiting.remove(chosen)
            self.waiting.insert(place, chosen)
            self.queue_changed.emit()

    def resume(self, path: Path, *, team: Team | None = None) -> Run:
        """Goes on where a stopped or killed run was last saved. Raises `NotOurFile`, `TrainingError`."""
        self._refuse_second()
        return self._go(RunFolder.open(path), resume=True, team=team)

    def fork(self, path: Path, recipe: Recipe, *, title: str = "") -> Run:
        """Trains the net of a run anew with another recipe, from the same first weights and with the same batch order (see
        `RunFolder.fork`). Raises as `start` and `resume`."""
        self._refuse_second()
        return self._go(RunFolder.open(path).fork(recipe, title), resume=False)

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
        for path in sorted(self.root.glob("*/run.json"), reverse=True):
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
                self.ended.emit(run)
                self._next()

    def close(self) -> None:
        """Stops the active run and waits until it has saved itself. What waits is forgotten."""
        self.waiting = []
        if self.current is not None:
            self.current.stop()
            self.current.join()
            self.deliver()

    def _next(self) -> None:
        while self.waiting and not (self.current is not None and self.current.is_active):
            waiting = self.waiting.pop(0)
            self.queue_changed.emit()
            try:
                self.start(waiting.architecture, waiting.recipe, title=waiting.title, parent=waiting.parent)
            except CvlabError as error:
                self.refused.emit(waiting.title, error)

    def _go(self, folder: RunFolder, *, resume: bool, team: Team | None = None) -> Run:
        data_id = folder.record.recipe.data
        run = Run(folder, lambda: self.load_data(data_id), resume=resume, team=team)
        self.current = run
        run.start()
        self.started.emit(run)
        return run

    def _refuse_second(self) -> None:
        if self.current is not None and self.current.is_active:
            raise TrainingError(
                "A run is still training.", received=self.current.title, remedy="Stop it first, or let it finish."
            )


def _check(architecture: Architecture) -> None:
    report = infer(architecture)
    report.raise_first()
    if report.parameters == 0:
        raise RecipeError(
            "This net has nothing to learn.",
            received=architecture.name,
            remedy="Add a convolution or a linear layer.",
        )
