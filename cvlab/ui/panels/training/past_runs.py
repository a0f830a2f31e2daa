"""Earlier runs on this machine: click one to see its curves again."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, Qt, Signal
from PySide6.QtGui import QPainter
from PySide6.QtWidgets import (
    QFrame,
    QLabel,
    QListWidget,
    QListWidgetItem,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QVBoxLayout,
    QWidget,
)

from cvlab.core.jobs import JobControl
from cvlab.core.lab import Lab
from cvlab.core.locked_test_set import ShownFigures
from cvlab.core.runs import Run, Runs
from cvlab.core.storage.record import RECORD, RunRecord
from cvlab.core.storage.run_folder import RunFolder
from cvlab.ui.bind import listen
from cvlab.ui.widgets.bars import tabular
from cvlab.ui.widgets.figures import share_text

_LIST, _READ = "training.list_runs", "training.read_run"
_ROWS = 4
_KEPT = 50
_PARTS = Qt.ItemDataRole.UserRole + 1
_WIDEST = ("training", "88 Mm")
_LEFT, _GAP = 8, 9


@dataclass(frozen=True)
class ListRuns:
    """Reads what each run folder says of itself; the newest fifty. shown: which test figures may be in it."""

    runs: Runs
    shown: ShownFigures

    def run(self, control: JobControl) -> list[RunRecord]:
        folders = self.runs.folders()[:_KEPT]
        for folder in folders:
            folder.record.result = folder.result
            folder.record.status = folder.status  # whether a process really trains it
        return [self.shown.record(folder.record) for folder in folders]


@dataclass(frozen=True)
class ReadRun:
    """Reads a run's metrics back into curves. It cannot train on; it is for looking."""

    path: Path

    def run(self, control: JobControl) -> Run:
        return Run.read(RunFolder.open(self.path))


class PastRuns(QFrame):
    """A short list, newest first. `chosen` gives a run to look at, or None for the current one. `reading` comes before it where
    the run must be read first, `unread` where that fails."""

    chosen = Signal(object)
    reading = Signal()
    unread = Signal()

    def __init__(self, lab: Lab, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._lab = lab
        self._chosen = ""
        self.setProperty("role", "card")
        title = QLabel("Runs", self)
        title.setProperty("role", "subheading")
        self.list = QListWidget(self)
        self.list.setObjectName("training.runs")
        self.list.setAccessibleName("Runs")
        self.list.setToolTip("Runs on this machine, newest first. Choose one to see its curves.")
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.list.setProperty("role", "plain")
        self.list.setItemDelegate(_Columns(self.list))
        self.list.itemClicked.connect(self._choose)
        self.list.itemActivated.connect(self._choose)
        column = QVBoxLayout(self)
        column.setContentsMargins(16, 12, 8, 8)
        column.setSpacing(4)
        column.addWidget(title)
        column.addWidget(self.list)
        self.hide()
        listen(self, lab.test_set.changed, self._test_set_changed)

    def _test_set_changed(self, _: object = None) -> None:
        """Other figures may be shown now; a list that was never filled is filled when the panel is shown."""
        if self.list.count():
            self.refresh()

    def refresh(self) -> None:
        """Reads the list anew, in the background."""
        self._lab.jobs.submit(_LIST, ListRuns(self._lab.runs, self._lab.test_set.shown), done=self._show_records)

    def _show_records(self, records: list[RunRecord]) -> None:
        self.list.clear()
        current = self._lab.runs.current
        for record in records:
            parts = (self._figure(record), _when(record), record.title)
            item = QListWidgetItem("   ".join(parts))
            item.setData(Qt.ItemDataRole.UserRole, record.id)
            item.setData(_PARTS, parts)
            lines = (record.title, f"{record.created.replace('T', ' ')[:16]}, {record.status}", _figure_words(record))
            item.setToolTip("\n".join(line for line in lines if line))
            self.list.addItem(item)
            if record.id == (self._chosen or (current.id if current is not None else "")):
                self.list.setCurrentItem(item)
        rows = min(max(len(records), 1), _ROWS)
        row = self.list.sizeHintForRow(0) if records else 28
        self.list.setFixedHeight(rows * row + 4)
        self.setVisible(bool(records))

    def _figure(self, record: RunRecord) -> str:
        current = self._lab.runs.current
        return (
            "training" if current is not None and current.is_active and current.id == record.id else _figure_of(record)
        )

    def _choose(self, item: QListWidgetItem) -> None:
        self.look(item.data(Qt.ItemDataRole.UserRole))

    def look(self, run_id: str) -> None:
        """Brings a run of the past, or the current one, to the screen; nothing happens if it is no longer there."""
        if run_id == self._chosen or not (self._lab.runs.root / run_id / RECORD).is_file():
            return
        self._chosen = run_id
        current = self._lab.runs.current
        if current is not None and run_id == current.id:
            self._lab.jobs.cancel(_READ)
            self.chosen.emit(None)
        else:
            self.reading.emit()
            self._lab.jobs.submit(
                _READ, ReadRun(self._lab.runs.root / run_id), done=self.chosen.emit, failed=self._failed
            )

    def read_again(self, run: Run) -> None:
        """Reads the run on the screen once more: something was added to its folder."""
        self._lab.jobs.submit(_READ, ReadRun(run.folder.path), done=self.chosen.emit, failed=self._failed)

    def show_current(self) -> None:
        """A new run came to the front."""
        self._chosen = ""
        self._lab.jobs.cancel(_READ)
        self.refresh()

    def _failed(self, error: BaseException) -> None:
        self._chosen = ""
        self.unread.emit()
        self._lab.notices.error(error)


class _Columns(QStyledItemDelegate):
    """Figure, time and title of a run, each in a column of its own; the title ends in dots where there is no room."""

    def paint(
        self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        self.initStyleOption(option, index)
        option.text = ""
        style = option.widget.style()
        style.drawControl(QStyle.ControlElement.CE_ItemViewItem, option, painter, option.widget)
        painter.save()
        painter.setPen(option.palette.color(option.palette.ColorRole.Text))
        painter.setFont(tabular(option.font))
        metrics, place = painter.fontMetrics(), option.rect.adjusted(_LEFT, 0, -4, 0)
        for words, widest in zip(index.data(_PARTS) or (), (*_WIDEST, ""), strict=True):
            told = metrics.elidedText(words, Qt.TextElideMode.ElideRight, place.width())
            painter.drawText(place, Qt.AlignmentFlag.AlignVCenter, told)
            place.setLeft(place.left() + metrics.horizontalAdvance(widest) + _GAP)
        painter.restore()


def _when(record: RunRecord) -> str:
    """The time of a run of today, the day of an older one."""
    try:
        created = datetime.fromisoformat(record.created)
    except ValueError:
        return ""
    return f"{created:%H:%M}" if created.date() == datetime.now(created.tzinfo).date() else f"{created:%d %b}"


_FIGURES = {
    "test_accuracy": "Test accuracy",
    "held_out_accuracy": "Validation accuracy",
    "train_accuracy": "Training accuracy",
}


def _best_figure(record: RunRecord) -> str:
    """The figure of a run that says most, by its name in the result; "" where it has none."""
    return next((key for key in _FIGURES if record.result.get(key) is not None), "")


def _figure_of(record: RunRecord) -> str:
    if record.status in ("running", "cut off"):
        return "training" if record.status == "running" else "cut off"
    if key := _best_figure(record):
        return share_text(record.result[key])
    return "failed" if record.status == "failed" else "–"


def _figure_words(record: RunRecord) -> str:
    """Which figure it is that stands in the list."""
    key = _best_figure(record)
    if not key:
        return ""
    none = "; no validation images" if key == "train_accuracy" and record.recipe.held_out == 0 else ""
    return f"{_FIGURES[key]} {share_text(record.result[key])}{none}"
