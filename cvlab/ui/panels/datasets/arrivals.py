"""Sets that come and go: downloads, imports and removals as one job at a time, with what is said about them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QWidget

from cvlab.core import paths
from cvlab.core.data_use import DataUse, FindUse
from cvlab.core.lab import Lab
from cvlab.core.notices import Notice, Remedy
from cvlab.engine.data import catalogue
from cvlab.ui.panels.datasets.left_out import files_words
from cvlab.ui.panels.datasets.loading import GetData, ImportData, LookThrough, RemoveData
from cvlab.ui.panels.datasets.progress_strip import ProgressStrip

if TYPE_CHECKING:
    from cvlab.engine.data.entries import Entry
    from cvlab.engine.data.own import Manifest
    from cvlab.engine.data.planning import Options, Survey

BRING, LOOK, _USE = "datasets.bring", "datasets.look", "datasets.use"
_NAMED = 5  # files left out that a message names


class Arrivals(QObject):
    """arrived: this set is on the machine now. gone: it no longer is. looked: what an import would make, the public set that it
    is, or why there is neither. not_got, not_taken: (id or source, why) of a set that did not come; said here in words only if
    nobody looks.

    busy_changed: work has begun or ended.
    """

    arrived = Signal(str)
    gone = Signal(str)
    looked = Signal(object)
    not_got = Signal(str, object)
    not_taken = Signal(object, object)
    busy_changed = Signal()

    def __init__(self, lab: Lab, strip: ProgressStrip, parent: QObject) -> None:
        super().__init__(parent)
        self._lab, self._strip = lab, strip
        self._id, self._files, self._is_getting = "", None, False
        self._removing, self._window = "", None
        self._source: Path | None = None
        self._options: Options | None = None
        strip.cancelled.connect(self.cancel)

    @property
    def is_busy(self) -> bool:
        return self._lab.jobs.is_busy(BRING)

    def _submit(self, words: str, request: object, done, failed) -> None:
        self._strip.begin(words)
        self._lab.jobs.submit(BRING, request, done=done, failed=failed, progress=self._strip.show_progress)
        self.busy_changed.emit()

    def refuse_second(self) -> None:
        """Says why nothing new begins, if something is on its way."""
        if self.is_busy:
            self._lab.notices.info("One thing after the other", "Wait for what is on its way, or cancel it.")

    @property
    def on_its_way(self) -> str:
        """The id of the public set that is being fetched, "" for none."""
        return self._id if self.is_busy and self._is_getting else ""

    def say_not_got(self, error: BaseException) -> None:
        """For somebody who is not looking at the set: a notice, with a way to try again."""
        self._lab.notices.error(error, Remedy("Try again", self.get_again))

    def say_not_taken(self, error: BaseException) -> None:
        """The same of an import."""
        self._lab.notices.error(error, Remedy("Try again", self._take_again))

    def cancel(self) -> None:
        self._lab.jobs.cancel(BRING)
        self._end()

    def _end(self) -> None:
        self._strip.end()
        self.busy_changed.emit()

    # -- public sets -------------------------------------------------------------------------------------------------

    def get(self, dataset_id: str, files: Path | None = None) -> None:
        """Downloads a set, or takes the person's own copy of its files."""
        if self.is_busy:
            self.refuse_second()
            return
        self._id, self._files, self._is_getting = dataset_id, files, True
        title = catalogue.find(dataset_id).title
        self._submit(f"Getting {title}", GetData(dataset_id, files), self._got, self._get_failed)

    def _got(self, dataset_id: str) -> None:
        self._end()
        self._lab.notices.success(
            f"{catalogue.find(dataset_id).title} is on this machine", "It is kept for every project."
        )
        self.arrived.emit(dataset_id)

    def _get_failed(self, error: BaseException) -> None:
        self._end()
        self.not_got.emit(self._id, error)

    def get_again(self) -> None:
        """Once more what did not come, in the same way."""
        self.get(self._id, self._files)

    # -- one's own ---------------------------------------------------------------------------------------------------

    def look(self, source: Path, options: Options) -> None:
        """Looks through a source without importing it."""
        self._lab.jobs.submit(LOOK, LookThrough(source, options), done=self._looked, failed=self._looked)

    def _looked(self, found: Survey | Entry | BaseException) -> None:
        self.looked.emit(found)

    def take_in(self, source: Path, options: Options) -> None:
        """Imports."""
        if self.is_busy:
            self.refuse_second()
            return
        self._source, self._options, self._is_getting = source, options, False
        self._submit(f"Importing {source.name}", ImportData(source, options), self._taken, self._take_failed)

    def _taken(self, made: Manifest) -> None:
        self._end()
        count = made.train_count + made.test_count
        words = f"{count:,} images in {len(made.classes):,} classes, in {made.seconds:.1f} s."
        if not made.skipped_count:
            self._lab.notices.success(f"{made.title} is imported", words)
        else:
            named = "\n".join(f"{name}: {reason}" for name, reason in made.skipped[:_NAMED])
            more = f"\nand {made.skipped_count - _NAMED:,} more" if made.skipped_count > _NAMED else ""
            were = "was" if made.skipped_count == 1 else "were"
            text = f"{words} {files_words(made.skipped_count)} {were} left out; the set's row keeps the list."
            self._lab.notices.post(Notice("warning", f"{made.title} is imported", text, details=named + more))
        self.arrived.emit(made.id)

    def _take_failed(self, error: BaseException) -> None:
        self._end()
        self.not_taken.emit(self._source, error)

    def _take_again(self) -> None:
        self.take_in(self._source, self._options)

    def ask_to_remove(self, dataset_id: str, window: QWidget) -> None:
        """Removes one of the person's own sets once they have agreed: that cannot be undone. Which runs need it is looked up
        first."""
        self._removing, self._window = dataset_id, window
        request = FindUse(self._lab.runs.root, dataset_id)
        self._lab.jobs.submit(_USE, request, done=self._ask_to_remove, failed=self._lab.notices.error)

    def _ask_to_remove(self, use: DataUse) -> None:
        from cvlab.ui.dialogs import Question

        title = catalogue.find(self._removing, paths.data()).title
        if use.training:
            self._lab.notices.info(f"{title} is in use", f"“{use.training[0]}” trains on it. Stop the run first.")
            return
        words = "Its numbers go from this machine; the pictures they came from stay."
        Question(
            self._window, "remove", f"Remove {title}?", f"{words} {use.warning}".strip(),
            (
                ("yes", "Remove", "Takes the set off this machine.", "danger", self._remove),
                ("no", "Cancel", "Leaves everything as it is.", "", self._keep),
            ),
        ).open()  # fmt: skip

    def _keep(self) -> None:
        pass

    def _remove(self) -> None:
        if self.is_busy:
            self.refuse_second()
            return
        self._is_getting = False
        self._submit("Removing the set", RemoveData(self._removing), self._removed, self._remove_failed)

    def _removed(self, dataset_id: str) -> None:
        self._end()
        self.gone.emit(dataset_id)

    def _remove_failed(self, error: BaseException) -> None:
        self._end()
        self._lab.notices.error(error)
