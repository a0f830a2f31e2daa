"""A long job over the set's images: one button begins and stops it, and it waits for images that are still on their way."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject, Signal

from cvlab.core import knn_results
from cvlab.core.jobs import Request
from cvlab.core.knn_results import KnnResult
from cvlab.core.lab import Lab
from cvlab.engine.errors import CvlabError
from cvlab.ui.panels.neighbors.progress_bar import ProgressRow
from cvlab.ui.panels.neighbors.the_set import TheSet


class SetJob(QObject):
    """wanted: with the images, once they are here; the owner then calls `submit`. stopped: by the person."""

    wanted = Signal(object)
    stopped = Signal()

    def __init__(self, lab: Lab, key: str, set: TheSet, row: ProgressRow, parent: QObject) -> None:
        super().__init__(parent)
        self._lab, self._key, self._set, self._row = lab, key, set, row
        self._waits = False
        row.toggled.connect(self.toggle)
        set.changed.connect(self._show_set)
        row.show_running(False)

    @property
    def is_running(self) -> bool:
        return self._lab.jobs.is_busy(self._key)

    def wake(self) -> None:
        """The page is in front: have the images read, if they are not here."""
        self._set.wake()
        self._show_set()

    def toggle(self) -> None:
        """Begins, as soon as the images are here; or stops."""
        if self.is_running:
            self._lab.jobs.cancel(self._key)
            self._row.show_running(False)
            self.stopped.emit()
            return
        images = self._set.images
        self._waits = images is None
        if images is None:
            self._set.wake()
        else:
            self.wanted.emit(images)

    def submit(
        self,
        request: Request,
        done: Callable[[object], None],
        failed: Callable[[BaseException], None],
        progress: Callable[[object], None],
    ) -> None:
        """The callbacks come after the row shows that it has ended."""
        self._row.show_running(True)
        self._done, self._failed = done, failed
        self._lab.jobs.submit(self._key, request, done=self._end, failed=self._fail, progress=progress)

    def _end(self, result: object) -> None:
        self._row.show_running(False)
        self._done(result)

    def _fail(self, error: BaseException) -> None:
        self._row.show_running(False)
        self._row.show_progress(0, "")
        self._lab.notices.error(error)
        self._failed(error)

    def _show_set(self) -> None:
        self._row.start.setEnabled(self._set.images is not None or self.is_running)
        if self._waits and self._set.images is not None:
            self.toggle()


def keep(lab: Lab, result: KnnResult) -> None:
    """Puts a measurement among those that stay; a disk that refuses is said."""
    try:
        knn_results.keep(result)
    except CvlabError as error:
        lab.notices.error(error)
