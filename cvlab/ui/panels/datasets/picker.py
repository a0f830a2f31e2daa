"""Which data set is looked at: a combo over the catalogue and one's own sets, and a button that takes in more."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QPushButton, QWidget

from cvlab.core import paths
from cvlab.core.history import SetField
from cvlab.core.lab import Lab
from cvlab.engine.data import catalogue
from cvlab.engine.data.catalogue import Entry
from cvlab.ui.bind import bind
from cvlab.ui.panels.datasets.loading import is_here
from cvlab.ui.panels.datasets.pieces import named
from cvlab.ui.panels.datasets.progress_strip import megabytes
from cvlab.ui.theme.icons import icon


class Picker(QWidget):
    """The choice is part of the project: it can be undone. wants_import: the person has images of their own."""

    wants_import = Signal()

    def __init__(self, lab: Lab, parent: QWidget) -> None:
        super().__init__(parent)
        self._lab, self._state = lab, lab.project.datasets
        self.entries: dict[str, Entry] = {}
        self.combo = named(
            QComboBox(self),
            "dataset",
            "Data set",
            "The set that all pages of this panel look at. Those that are not on this machine yet can be fetched.",
        )
        self.combo.setMinimumContentsLength(22)
        self.combo.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.combo.setMaxVisibleItems(20)
        self.add = named(
            QPushButton(icon("add"), "Import", self),
            "import",
            "Import images of your own",
            "A folder with a folder a class, a zip or tar of one, a CSV of path,label, IDX files or an .npz. Or drop it here.",
        )
        self.add.clicked.connect(self.wants_import)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(8)
        row.addWidget(self.combo)
        row.addWidget(self.add)
        self.combo.activated.connect(self._choose)
        self.refresh()
        bind(self, self._state, "dataset", self._show)

    def refresh(self) -> None:
        """Reads anew which sets there are, and which of them are here."""
        self.entries = catalogue.entries(paths.data())
        self.combo.clear()
        for entry in self.entries.values():
            here = is_here(entry.id)
            words = entry.title if here else f"{entry.title} ({megabytes(entry.download_bytes)})"
            self.combo.addItem(
                icon("success" if here else "download", "positive" if here else "muted"), words, entry.id
            )
        self._show(self._state.dataset)

    def _show(self, dataset_id: str) -> None:
        self.combo.setCurrentIndex(self.combo.findData(dataset_id))

    def _choose(self, index: int) -> None:
        self.choose(self.combo.itemData(index))

    def choose(self, dataset_id: str) -> None:
        """Looks at this set from now on, as one step that can be undone."""
        if dataset_id != self._state.dataset:
            self.begin_anew()
            title = self.entries[dataset_id].title if dataset_id in self.entries else dataset_id
            self._lab.history.push(SetField(self._state, "dataset", dataset_id, f"Look at {title}"))
            self._lab.history.end_gesture()

    def begin_anew(self) -> None:
        """Forgets what was looked at of the set before."""
        state = self._state
        state.classes, state.text, state.pinned, state.image = (), "", (), 0
        state.split = "train"
