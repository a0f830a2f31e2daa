"""Runs that wait for their turn. They are kept on disk: closing the window forgets none, and the next one starts none unasked."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import count
from pathlib import Path

from psygnal import Signal

from cvlab.core.storage.files import DamagedFile
from cvlab.core.storage.queue_folder import QueuedRun, QueueFolder
from cvlab.core.storage.record import Parent
from cvlab.engine.nets.architecture import Architecture
from cvlab.engine.training.recipe import Recipe


@dataclass(frozen=True)
class Waiting:
    """A run that waits for its turn. parent: the run that it was forked from, if any. held: it waits for the person's word, not
    only for its turn: it was queued in an earlier window, or could not begin. file, place: its name on disk, and its order.
    begin_with, whose: id and title of the trained net whose weights it begins with; "" where they are drawn."""

    id: int
    architecture: Architecture
    recipe: Recipe
    title: str
    parent: Parent | None = None
    held: bool = False
    file: str = ""
    place: float = 0.0
    begin_with: str = ""
    whose: str = ""


class WaitingList:
    """In the order of their turns. changed: the list has. Whoever changes it changes the disk, too."""

    changed = Signal()

    def __init__(self, folder: Path) -> None:
        self._disk = QueueFolder(folder)
        self._tickets = count(1)
        self.all: list[Waiting] = []

    @property
    def damaged(self) -> list[DamagedFile]:
        """Files of waiting runs that could not be read."""
        return self._disk.damaged

    def recall(self) -> None:
        """Takes in what is on disk and not known here: it waits until the person lets it begin."""
        known = {waiting.file for waiting in self.all}
        found = [(name, run) for name, run in self._disk.read() if name not in known]
        for name, run in found:
            self.all.append(
                Waiting(
                    next(self._tickets), run.architecture, run.recipe, run.title, run.parent, True, name, run.place,
                    run.begin_with, run.whose,
                )
            )  # fmt: skip
        if found:
            self.changed.emit()

    def add(
        self, architecture: Architecture, recipe: Recipe, title: str, parent: Parent | None = None, *, begin_with: str = "",
        whose: str = "",
    ) -> Waiting:  # fmt: skip
        """At the end. Raises `CannotWrite`; nothing is queued then."""
        waiting = Waiting(next(self._tickets), architecture, recipe, title, parent, begin_with=begin_with, whose=whose)
        return self._insert(waiting, len(self.all))

    def needing(self, model_id: str) -> list[Waiting]:
        """Those that are to begin with the weights of this trained net."""
        return [waiting for waiting in self.all if waiting.begin_with == model_id]

    def put_back(self, waiting: Waiting, place: int = 0) -> Waiting:
        """A run that was taken or removed waits again, held, so that nothing begins by itself. Raises `CannotWrite`."""
        return self._insert(replace(waiting, held=True), min(place, len(self.all)))

    def remove(self, ticket: int) -> tuple[Waiting, int] | None:
        """No longer wanted; returns it with its place, None if its turn has come."""
        for place, waiting in enumerate(self.all):
            if waiting.id == ticket:
                del self.all[place]
                self._disk.remove(waiting.file)
                self.changed.emit()
                return waiting, place
        return None

    def move(self, ticket: int, place: int) -> None:
        """To another place, 0 being next. Raises `CannotWrite`."""
        chosen = next((waiting for waiting in self.all if waiting.id == ticket), None)
        if chosen is not None:
            self.all.remove(chosen)
            self._insert(chosen, place)

    def release(self, ticket: int | None = None) -> None:
        """This one, or every one, needs no further word: it begins when its turn comes."""
        self.all = [
            replace(waiting, held=waiting.held and ticket is not None and waiting.id != ticket) for waiting in self.all
        ]
        self.changed.emit()

    def take(self) -> Waiting | None:
        """The next whose turn it is, claimed: `began` or `put_back` says what became of it. None if all that wait are held."""
        while (waiting := next((each for each in self.all if not each.held), None)) is not None:
            self.all.remove(waiting)
            is_ours = self._disk.take(waiting.file)
            self.changed.emit()
            if is_ours:
                return waiting
        return None

    def began(self, waiting: Waiting) -> None:
        """A run that was taken is under way: its folder holds it now."""
        self._disk.remove(waiting.file)

    def _insert(self, waiting: Waiting, at: int) -> Waiting:
        before = self.all[at - 1].place if at else None
        after = self.all[at].place if at < len(self.all) else None
        if before is None or after is None:
            place = (before or 0.0) + 1 if after is None else after - 1
        else:
            place = (before + after) / 2
        run = QueuedRun(
            format=2 if waiting.begin_with else 1,
            title=waiting.title[:400],
            place=place,
            architecture=waiting.architecture,
            recipe=waiting.recipe,
            parent=waiting.parent,
            begin_with=waiting.begin_with,
            whose=waiting.whose[:400],
        )
        kept = replace(waiting, file=self._disk.write(run, waiting.file), place=place)
        self.all.insert(at, kept)
        self.changed.emit()
        return kept
