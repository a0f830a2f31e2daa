"""Results that were kept, newest first: click one to see it again."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QListWidget, QListWidgetItem, QWidget

from cvlab.core import knn_results
from cvlab.core.jobs import JobControl
from cvlab.core.knn_results import KnnResult
from cvlab.core.lab import Lab
from cvlab.engine.neighbors.metrics import METRICS
from cvlab.ui.panels.neighbors.pieces import icon_button, named, percent
from cvlab.ui.widgets.card import Card

_LIST = "neighbors.results"


@dataclass(frozen=True)
class ListResults:
    def run(self, control: JobControl) -> list[KnnResult]:
        return knn_results.kept()


class ResultsList(Card):
    """chosen(KnnResult)."""

    chosen = Signal(object)

    def __init__(self, lab: Lab, parent: QWidget) -> None:
        super().__init__("Kept results", parent)
        self._lab = lab
        self.list = named(
            QListWidget(self),
            "results",
            "Kept results",
            "Measurements on this machine, newest first. Choose one to see it again.",
        )
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.list.setProperty("role", "plain")
        self.forget = icon_button(
            self,
            "forget",
            "delete",
            "Delete the chosen result",
            "Deletes the chosen result from this machine. Undo brings it back.",
        )
        self.forget.setEnabled(False)
        self.header.addStretch(1)
        self.header.addWidget(self.forget)
        self.body.addWidget(self.list, 1)
        self.results: list[KnnResult] = []
        self.list.currentRowChanged.connect(self._choose)
        self.forget.clicked.connect(self._forget)

    def refresh(self) -> None:
        """Reads the list anew, in the background."""
        self._lab.jobs.submit(_LIST, ListResults(), done=self._show, failed=self._lab.notices.error)

    def unselect(self) -> None:
        self.list.setCurrentRow(-1)

    def _show(self, results: list[KnnResult]) -> None:
        self.results = results
        blocked = self.list.blockSignals(True)
        self.list.clear()
        for each in results:
            how = f"{each.k}-NN, {METRICS[each.metric].title if each.metric in METRICS else each.metric}"
            item = QListWidgetItem(f"{percent(each.share, 2)}   {how}   {each.data}")
            item.setToolTip(
                f"{each.right:,} of {each.test_count:,} right; looked up in {each.train_count:,} images of {each.data}\n"
                f"{_when(each.created)}, {each.seconds:.1f} s{', weighed by nearness' if each.weighted else ''}"
            )
            self.list.addItem(item)
        if not results:
            item = QListWidgetItem("None yet: measure, and the result is kept here.")
            item.setFlags(Qt.ItemFlag.NoItemFlags)
            self.list.addItem(item)
        self.list.blockSignals(blocked)
        self.forget.setEnabled(False)

    def _choose(self, row: int) -> None:
        there = 0 <= row < len(self.results)
        self.forget.setEnabled(there)
        if there:
            self.chosen.emit(self.results[row])

    def _forget(self) -> None:
        row = self.list.currentRow()
        if 0 <= row < len(self.results):
            self._lab.history.push(knn_results.DeleteResult(self.results[row], self.refresh))
            self.list.setFocus()


def _when(created: str) -> str:
    try:
        return f"{datetime.fromisoformat(created):%d %b %Y, %H:%M}"
    except ValueError:
        return created
