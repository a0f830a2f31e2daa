"""What is done with chosen runs: taken up into the project, gone on with, deleted and restored."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from cvlab.core import evaluation
from cvlab.core.history import History, SetField
from cvlab.core.lab import Lab
from cvlab.core.notices import Remedy
from cvlab.core.run_list import DeleteRuns, RestoreRuns, RunRow
from cvlab.core.storage.lock import RunLock
from cvlab.core.storage.record import Notes
from cvlab.core.storage.run_folder import RunFolder
from cvlab.core.storage.trash import Trash
from cvlab.engine.errors import CvlabError


def take_up(lab: Lab, row: RunRow) -> None:
    """The run's net and recipe become the project's; both can be undone."""
    record, project, history = row.record, lab.project, lab.history
    history.push(SetField(project, "architecture", record.architecture, "Take up a run's net"))
    history.push(SetField(project, "recipe", record.recipe, "Take up a run's recipe"))


def go_on(lab: Lab, row: RunRow) -> bool:
    """Whether it trains on; why it does not is told."""
    try:
        lab.runs.resume(row.folder)
    except CvlabError as error:
        lab.notices.error(error)
        return False
    return True


def write_notes(lab: Lab, row: RunRow, notes: Notes) -> bool:
    """Whether the notes are saved; why they are not is told."""
    try:
        RunFolder(row.folder, row.record).annotate(**notes.model_dump())
    except CvlabError as error:
        lab.notices.error(error)
        return False
    return True


def can_evaluate(lab: Lab, row: RunRow) -> bool:
    """Whether the run has ended and its test figure is not shown yet."""
    is_shown = not row.test_is_hidden and row.figure("test_accuracy") is not None
    return not is_shown and not lab.is_evaluating(row.id) and evaluation.can_evaluate(row.folder, row.status)


@dataclass(frozen=True)
class UndoDeletion:
    """What the notice of a deletion offers: undoes it, whatever was done since."""

    history: History
    deletion: DeleteRuns

    def act(self) -> None:
        if self.history.is_last(self.deletion):
            self.history.undo()
        else:
            self.history.push(RestoreRuns(self.deletion))


def deletable(lab: Lab, rows: Sequence[RunRow]) -> list[RunRow]:
    """Those of the runs that can be deleted. One that trains, here or in another window, or whose weights a queued run starts
    from, is not; a notice says so."""
    training = [row for row in rows if RunLock(row.folder).owner() is not None]
    needed = [row for row in rows if lab.runs.line.needing(row.id)]
    if training:
        lab.notices.info("A run that trains is not deleted.", "Stop it first.")
    if needed:
        lab.notices.info("A run that is needed is not deleted.", "A run in the queue starts from its weights.")
    return [row for row in rows if row not in training and row not in needed]


def delete(lab: Lab, rows: Sequence[RunRow], chosen: Sequence[str], changed: Callable[[], None]) -> bool:
    """Moves the runs into the trash, as one step that can be undone, and posts a notice with an Undo button.

    Args:
        rows: At least one run.
        chosen: Ids of the runs that are chosen afterwards.
        changed: Called when runs are gone, or back.

    Returns:
        Whether they were moved.
    """
    deletion = DeleteRuns([row.folder for row in rows], changed, lab.project.runs, chosen)
    try:
        lab.history.push(deletion)
    except CvlabError as error:
        lab.notices.error(error)
        return False
    lab.history.end_gesture()
    title = "Run deleted" if len(rows) == 1 else f"{len(rows)} runs deleted"
    lab.notices.success(
        title, rows[0].title if len(rows) == 1 else "", Remedy("Undo", UndoDeletion(lab.history, deletion).act)
    )
    return True


def restore(lab: Lab) -> str:
    """Restores the run that was deleted last, since this or an earlier start of the program; returns its id, or ""."""
    trash = Trash(lab.runs.root)
    try:
        for name in trash.names()[:1]:
            trash.restore(name)
            return name
    except CvlabError as error:
        lab.notices.error(error)
    return ""
