"""Trained nets that were imported, as a person puts them in order: a row each, other names, and the trash."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from cvlab.core.jobs import JobControl
from cvlab.core.models import Models
from cvlab.core.runs import Runs
from cvlab.core.storage.net_folder import NetFolder
from cvlab.engine.errors import TrainingError
from cvlab.engine.nets.shapes import infer


@dataclass(frozen=True)
class ImportedNet:
    """One of them. net: what its architecture is called. bytes: of its weights on disk."""

    id: str
    title: str
    net: str
    layers: int
    parameters: int
    created: datetime | None
    bytes: int

    @classmethod
    def of(cls, folder: NetFolder) -> ImportedNet:
        record = folder.record
        try:
            created = datetime.fromisoformat(record.created)
        except ValueError:
            created = None
        net = record.architecture
        return cls(record.id, record.title, net.name, len(net.nodes), infer(net).parameters, created, folder.bytes)


@dataclass(frozen=True)
class FindImported:
    """A job: all of them, newest first."""

    models: Models

    def run(self, control: JobControl) -> list[ImportedNet]:
        return [ImportedNet.of(folder) for folder in self.models.imports()]


class RenameNet:
    """Another title; undo gives the old one back. Raises `NotOurFile`, `CannotWrite`."""

    def __init__(self, models: Models, net: ImportedNet, title: str) -> None:
        self._models, self._id, self._old, self._new = models, net.id, net.title, title
        self.label = f"Rename {net.title}"

    def do(self) -> None:
        self._models.rename(self._id, self._new)

    def undo(self) -> None:
        self._models.rename(self._id, self._old)

    def merge(self, later: object) -> bool:
        return False


class DiscardNet:
    """Into the trash; undo brings it back. One that a waiting run is to begin with stays: `TrainingError`. Raises `NotOurFile`,
    `CannotWrite`, too."""

    def __init__(self, models: Models, runs: Runs, net: ImportedNet) -> None:
        self._models, self._runs, self._net = models, runs, net
        self.label = f"Delete {net.title}"

    def do(self) -> None:
        waiting = self._runs.line.needing(self._net.id)
        if waiting:
            more = f" and {len(waiting) - 1} more" if len(waiting) > 1 else ""
            raise TrainingError(
                f"{self._net.title} is needed: a run that waits in the queue is to begin with its weights.",
                received=f"{waiting[0].title}{more}",
                remedy="Remove that run from the queue first, or let it begin.",
            )
        self._models.discard(self._net.id)

    def undo(self) -> None:
        self._models.bring_back(self._net.id)

    def merge(self, later: object) -> bool:
        return False
