"""The lock of the test set: one state of the project decides whether figures measured on it are shown, or measured at all."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from psygnal import Signal

from cvlab.core.project import Project
from cvlab.core.settings import Settings
from cvlab.core.storage.record import RunRecord

if TYPE_CHECKING:
    from cvlab.core.run_story import RunStory

TEST_FIGURES = ("test_accuracy", "test_loss")
"""What a run's result calls the figures that were measured on the test set."""


@dataclass(frozen=True)
class ShownFigures:
    """Which test figures may be shown: a value, which may be handed to any thread. everything: those of every run; runs:
    otherwise those of these runs, by id."""

    everything: bool = True
    runs: frozenset[str] = frozenset()

    def of(self, run_id: str) -> bool:
        """Whether the test figures of this run may be shown."""
        return self.everything or run_id in self.runs

    def result(self, run_id: str, result: Mapping[str, Any]) -> dict[str, Any]:
        """A run's result, without its test figures where they are hidden."""
        return {key: value for key, value in result.items() if key not in TEST_FIGURES or self.of(run_id)}

    def record(self, record: RunRecord) -> RunRecord:
        """A run's record as it may be shown: how often the test set was read is no secret."""
        if self.of(record.id):
            return record
        update = {"result": self.result(record.id, record.result), "test_reads": record.times_test_read}
        return record.model_copy(update=update)


EVERYTHING = ShownFigures()


class LockedTestSet:
    """Locks and unlocks the test set of a project, and counts how often it was read.

    While it is locked, runs do not read the test set at their end and no test figure is shown, but for those runs whose figure
    was asked for (`reveal`). The setting `always_show_test_figures` has the same effect as an unlocked project. The state is
    `Project.test_unlocked`, `test_revealed` and `test_reads`, which are saved with the project.

    changed: which figures are shown, or a count, has changed.
    """

    changed = Signal()

    def __init__(self, project: Project, settings: Settings) -> None:
        self._project, self._settings = project, settings
        for field in ("test_unlocked", "test_revealed", "test_reads"):
            getattr(project.events, field).connect(self._announce)

    def _announce(self) -> None:
        self.changed.emit()

    @property
    def is_unlocked(self) -> bool:
        """Whether the project's test set is unlocked, or the settings show test figures always. May be read on any thread."""
        return self._project.test_unlocked or self._settings.always_show_test_figures

    def unlock(self) -> None:
        """Shows test figures, and lets runs read the test set at their end."""
        self._project.test_unlocked = True

    def lock(self) -> None:
        """Hides every test figure again, those that were asked for too."""
        self._project.test_revealed = ()
        self._project.test_unlocked = False

    @property
    def always_shows(self) -> bool:
        """The setting: test figures are shown whatever the project says."""
        return self._settings.always_show_test_figures

    def show_always(self, always: bool) -> None:
        """Changes the setting for all projects and saves it. Raises `CannotWrite`."""
        if always != self._settings.always_show_test_figures:
            self._settings.always_show_test_figures = always
            self.changed.emit()
            self._settings.save()

    @property
    def shown(self) -> ShownFigures:
        """Which test figures may be shown now."""
        return ShownFigures(self.is_unlocked, frozenset(self._project.test_revealed))

    def accuracy_of(self, run: RunStory) -> float | None:
        """The test accuracy of a run, 0..1; None where it is hidden, or was not measured."""
        return run.state.test_accuracy if self.shown.of(run.id) else None

    def reveal(self, run_id: str) -> None:
        """Shows the test figure of one run though the test set is locked."""
        if run_id not in self._project.test_revealed:
            self._project.test_revealed = (*self._project.test_revealed, run_id)

    def count_read(self, data: str) -> None:
        """The test set of these data was read once more in this project."""
        reads = self._project.test_reads
        self._project.test_reads = {**reads, data: reads.get(data, 0) + 1}

    def reads_of(self, data: str) -> int:
        """How often the test set of these data was read in this project."""
        return self._project.test_reads.get(data, 0)


def reads_words(count: int, where: str = "for this run") -> str:
    """ "The test set was never read for this run.", "… read once …", "… read 3 times …"."""
    times = "never read" if count == 0 else "read once" if count == 1 else f"read {count:,} times"
    return f"The test set was {times} {where}."
