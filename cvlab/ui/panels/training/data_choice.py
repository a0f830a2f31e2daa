"""Which data to train on, and getting them where they are not on this machine: progress, cancel, try again."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QProgressBar, QPushButton, QVBoxLayout, QWidget

from cvlab.core import paths
from cvlab.core.jobs import JobControl
from cvlab.core.lab import Lab
from cvlab.core.notices import Remedy
from cvlab.engine.data import catalogue
from cvlab.engine.data.catalogue import Entry
from cvlab.engine.data.progress import Progress
from cvlab.engine.errors import DataMissing
from cvlab.engine.nets.architecture import Architecture
from cvlab.engine.nets.shapes import check_classifier
from cvlab.ui.theme.icons import icon
from cvlab.ui.theme.style import set_role
from cvlab.ui.widgets.figures import duration_text, megabytes_text
from cvlab.ui.widgets.form import Choice

_JOB = "training.get_data"


@dataclass(frozen=True)
class GetData:
    """Brings a data set onto this machine."""

    dataset_id: str
    root: Path

    def run(self, control: JobControl) -> str:
        catalogue.obtain(self.dataset_id, root=self.root, progress=control.report, cancelled=control.cancelled)
        return self.dataset_id


def is_here(dataset_id: str) -> bool:
    """Whether a run can start on it now."""
    return catalogue.is_available(dataset_id, root=paths.data(), bundled=paths.resources() / "data")


def require(dataset_id: str, net: Architecture) -> None:
    """Raises `DataMissing` if it has to be fetched first, `DataError` if there is no such data set, the first `NetError` of a net
    that does not fit its images and classes."""
    if not is_here(dataset_id):
        raise DataMissing("The data of this recipe are not on this machine yet.", remedy="Get them, then start.")
    entry = catalogue.find(dataset_id, paths.data())
    check_classifier(net, entry.image_shape, len(entry.classes))


class DataChoice(QWidget):
    """A combo over the catalogue; beneath it, what the chosen set is, and a button that fetches it."""

    chosen = Signal(str)

    def __init__(self, lab: Lab, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._lab = lab
        self.shown = ""  # the id of the set on the screen
        self._entries: dict[str, Entry] = {}
        self._fetching = ""
        self._make_widgets()
        row = QHBoxLayout()
        row.addWidget(self.progress, 1)
        row.addWidget(self.cancel)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(6)
        for widget in (self.combo, self.summary, self.get):
            column.addWidget(widget)
        column.addLayout(row)

    def _make_widgets(self) -> None:
        self.combo = Choice(self)
        self.combo.setObjectName("training.data")
        self.combo.setAccessibleName("Data set")
        self.combo.setToolTip(
            "What the net learns from. The small sample trains in seconds; the full set reads better."
        )
        self.combo.setMinimumContentsLength(6)
        self.combo.setSizeAdjustPolicy(self.combo.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.combo.activated.connect(self._choose)
        self.summary = QLabel(self)
        self.summary.setProperty("role", "small muted")
        self.summary.setWordWrap(True)
        self.get = QPushButton(icon("download"), "", self)
        self.get.setObjectName("training.get_data")
        self.get.setAccessibleName("Get the data")
        self.get.setToolTip(
            "Brings the data onto this machine, once. An interrupted transfer goes on where it stopped."
        )
        self.get.clicked.connect(self.fetch)
        self.progress = QProgressBar(self)
        self.progress.setRange(0, 1000)
        self.progress.setAccessibleName("Progress of the transfer")
        self.cancel = QPushButton("Cancel", self)
        self.cancel.setObjectName("training.cancel_get")
        self.cancel.setAccessibleName("Cancel the transfer")
        self.cancel.setToolTip("Stops the transfer. What has arrived is kept.")
        self.cancel.setProperty("role", "quiet")
        self.cancel.clicked.connect(self._stop)

    def show_data(self, dataset_id: str) -> None:
        """Shows the recipe's data set, also one that the catalogue no longer has."""
        self.shown = dataset_id
        self._entries = catalogue.entries(paths.data())
        self.combo.clear()
        for entry in self._entries.values():
            self.combo.addItem(entry.title, entry.id)
        self.combo.setCurrentIndex(self.combo.findData(dataset_id))
        self._show_state()

    def entry(self) -> Entry | None:
        return self._entries.get(self.shown)

    def class_count(self) -> int:
        """Classes of the chosen set; ten where it is not known."""
        entry = self.entry()
        return len(entry.classes) if entry is not None else 10

    def fetch(self) -> None:
        """Gets the chosen set in the background."""
        if self.entry() is None or self._fetching:
            return
        self._fetching = self.shown
        self.progress.setRange(0, 0)
        self._show_state()
        self._lab.jobs.submit(
            _JOB, GetData(self.shown, paths.data()), done=self._got, failed=self._failed, progress=self._show_progress
        )

    def _choose(self, index: int) -> None:
        self.chosen.emit(self.combo.itemData(index))

    def _stop(self) -> None:
        self._lab.jobs.cancel(_JOB)
        self._fetching = ""
        self._show_state()

    def _got(self, dataset_id: str) -> None:
        self._fetching = ""
        self._show_state()
        self._lab.notices.success(
            f"{catalogue.find(dataset_id, paths.data()).title} is on this machine", "A run can start on it now."
        )

    def _failed(self, error: BaseException) -> None:
        self._fetching = ""
        self._show_state()
        self._lab.notices.error(error, Remedy("Try again", self.fetch))

    def _show_progress(self, progress: Progress) -> None:
        share = progress.fraction
        self.progress.setRange(0, 0 if share is None else 1000)
        self.progress.setValue(round(1000 * (share or 0)))
        eta = progress.eta_seconds
        left = "" if eta is None else f" · {duration_text(eta)} left"
        self.summary.setText(f"{progress.stage} · {megabytes_text(progress.done)}{left}")

    def _show_state(self) -> None:
        entry = self.entry()
        set_role(self.summary, "small muted" if entry else "small error")
        here = entry is not None and is_here(entry.id)
        if entry is None:
            self.summary.setText(f"There is no data set “{self.shown}” in the catalogue. Choose another.")
        elif not self._fetching:
            place = "" if here else " Not on this machine yet."
            self.summary.setText(f"{entry.train_count:,} to train, {entry.test_count:,} to test.{place}")
        self.get.setVisible(entry is not None and not here and not self._fetching)
        if entry is not None:
            self.get.setText(f"Get it ({megabytes_text(entry.download_bytes)})")
        self.progress.setVisible(bool(self._fetching))
        self.cancel.setVisible(bool(self._fetching))
