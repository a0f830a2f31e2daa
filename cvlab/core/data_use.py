"""Which runs need a data set: those that train on it now, and those that could be resumed."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from cvlab.core.jobs import JobControl
from cvlab.core.run_list import read_rows
from cvlab.core.storage.lock import RunLock
from cvlab.engine.data import catalogue
from cvlab.engine.errors import DataError


@dataclass(frozen=True)
class DataUse:
    """training, unfinished: titles of the runs that train on it now, in any window, and of those that need it to be resumed."""

    training: tuple[str, ...] = ()
    unfinished: tuple[str, ...] = ()

    @property
    def warning(self) -> str:
        """What cannot be done without the data set, "" if nothing needs it."""
        if not self.unfinished:
            return ""
        count = len(self.unfinished)
        named = f"“{self.unfinished[0]}”" + (f" and {count - 1:,} more" if count > 1 else "")
        return (
            f"{count:,} {'unfinished run was' if count == 1 else 'unfinished runs were'} trained on it ({named}): "
            f"{'it' if count == 1 else 'they'} cannot be resumed until the same images are imported again."
        )


def find_use(root: Path, dataset_id: str, control: JobControl | None = None) -> DataUse:
    """Reads the records of all runs below `root`: 1 ms each. Raises `Cancelled`."""
    training, unfinished = [], []
    for row in read_rows(root, (control or JobControl()).cancelled):
        if row.record.recipe.data != dataset_id:
            continue
        if RunLock(row.folder).owner() is not None:
            training.append(row.title)
        elif row.record.status != "finished":
            unfinished.append(row.title)
    return DataUse(tuple(training), tuple(unfinished))


@dataclass(frozen=True)
class FindUse:
    """A job: `find_use`."""

    root: Path
    dataset_id: str

    def run(self, control: JobControl) -> DataUse:
        return find_use(self.root, self.dataset_id, control)


def remove_data_set(dataset_id: str, *, data: Path, runs: Path) -> DataUse:
    """Takes one of the person's own sets off this machine, but not while a run trains on it; returns which runs need it. data,
    runs: the folders of data sets and of runs. Raises `DataMissing`, `DataError`, `CannotWrite`."""
    entry = catalogue.find(dataset_id, data)
    use = find_use(runs, dataset_id)
    if use.training:
        raise DataError(
            f"{entry.title} is in use: “{use.training[0]}” trains on it.",
            received=dataset_id,
            remedy="Stop the run first, or let it finish.",
        )
    catalogue.remove(dataset_id, root=data)
    return use
