"""What is done with chosen runs: taken up into the project, gone on with, thrown away."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from cvlab.core.history import SetField
from cvlab.core.lab import Lab
from cvlab.core.run_list import RunRow, ThrowAway
from cvlab.core.storage.lock import RunLock
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


def throw_away(lab: Lab, rows: Sequence[RunRow], changed: Callable[[], None]) -> set[str] | None:
    """Into the trash; a run that trains, here or in another window, is left alone. Returns the ids of those that are left, None
    where nothing was moved."""
    training = {row.id for row in rows if RunLock(row.folder).owner() is not None}
    going = [row.folder for row in rows if row.id not in training]
    if training:
        lab.notices.info("A run that trains is not thrown away.", "Stop it first.")
    if not going:
        return None
    try:
        lab.history.push(ThrowAway(going, changed=changed))
    except OSError as error:
        lab.notices.error(error)
        return None
    return training
