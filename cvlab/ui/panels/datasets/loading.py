"""The panel's long work as jobs: reading a set, bringing one onto this machine, taking in one's own images."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from cvlab.core import paths
from cvlab.core.data_use import remove_data_set
from cvlab.core.jobs import JobControl
from cvlab.engine.data import catalogue
from cvlab.engine.data.catalogue import Entry
from cvlab.engine.errors import DataError

if TYPE_CHECKING:
    from cvlab.engine.data.dataset import Dataset
    from cvlab.engine.data.own import Manifest
    from cvlab.engine.data.planning import Options, Survey


@dataclass(frozen=True)
class LoadData:
    """Reads a data set that is on this machine."""

    dataset_id: str

    def run(self, control: JobControl) -> Dataset:
        return catalogue.load(
            self.dataset_id,
            root=paths.data(),
            bundled=paths.resources() / "data",
            progress=control.report,
            cancelled=control.cancelled,
        )


@dataclass(frozen=True)
class GetData:
    """Brings a data set onto this machine; files: the person's own copy of it."""

    dataset_id: str
    files: Path | None = None

    def run(self, control: JobControl) -> str:
        catalogue.obtain(
            self.dataset_id,
            root=paths.data(),
            progress=control.report,
            cancelled=control.cancelled,
            sources=("files",) if self.files else ("files", "mirrors", "package"),
            files=self.files,
        )
        return self.dataset_id


def is_here(dataset_id: str) -> bool:
    """Whether `LoadData` will find it; of a set that nobody knows, no."""
    try:
        return catalogue.is_available(dataset_id, root=paths.data(), bundled=paths.resources() / "data")
    except DataError:
        return False


@dataclass(frozen=True)
class LookThrough:
    """What an import of this source would make; or the entry of the public set that it is a part of."""

    source: Path
    options: Options

    def run(self, control: JobControl) -> Survey | Entry:
        from cvlab.engine.data.planning import survey

        known = catalogue.recognise(self.source, cancelled=control.cancelled)
        return known or survey(self.source, self.options, cancelled=control.cancelled)


@dataclass(frozen=True)
class ImportData:
    """Takes in one's own images."""

    source: Path
    options: Options

    def run(self, control: JobControl) -> Manifest:
        from cvlab.engine.data.importing import bring

        made = bring(self.source, paths.data(), self.options, report=control.report, cancelled=control.cancelled)
        catalogue.forget(made.id)
        return made


@dataclass(frozen=True)
class RemoveData:
    """Takes one of the person's own sets off this machine."""

    dataset_id: str

    def run(self, control: JobControl) -> str:
        remove_data_set(self.dataset_id, data=paths.data(), runs=paths.runs())
        return self.dataset_id
