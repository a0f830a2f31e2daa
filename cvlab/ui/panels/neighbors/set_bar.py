"""Which images are looked up in and tested with, and how one is decided: the row that three pages share."""

from __future__ import annotations

from PySide6.QtWidgets import QCheckBox, QHBoxLayout, QSpinBox, QVBoxLayout, QWidget

from cvlab.core import paths
from cvlab.core.lab import Lab
from cvlab.core.panels.neighbors import COUNTS, TEST_COUNTS
from cvlab.engine.data import catalogue
from cvlab.engine.neighbors.metrics import METRICS, OF_IMAGES
from cvlab.ui.bind import bind, bind_choice, bind_number, bind_toggle
from cvlab.ui.panels.neighbors.pieces import button, choice, label, named
from cvlab.ui.panels.neighbors.the_set import TheSet
from cvlab.ui.theme.style import set_role


class SetBar(QWidget):
    """Its controls are bound to the project's state; each choice can be undone."""

    def __init__(self, lab: Lab, set: TheSet, parent: QWidget) -> None:
        super().__init__(parent)
        self._state, self._set = lab.project.neighbors, set
        state, history = self._state, lab.history
        self.dataset = choice(
            self, "dataset", "Data set", "The set that is looked up in and tested with.",
            [],
        )  # fmt: skip
        self.train = choice(
            self,
            "train_count",
            "Images to look up in",
            "Training images that are looked up in, every class in proportion. More of them: better, and slower.",
            [(f"{count:,}" if count else "all", count) for count in COUNTS],
        )
        self.test = choice(
            self,
            "test_count",
            "Images to test with",
            "Test images that are asked for, every class in proportion. More of them: a surer figure.",
            [(f"{count:,}" if count else "all", count) for count in TEST_COUNTS],
        )
        self.metrics = choice(
            self,
            "metric",
            "Metric",
            "How images are compared: L1 adds up differences of pixels, L2 their squares, cosine looks at the angle, the inner "
            "product at brightness and angle.",
            [(METRICS[id].title, id) for id in OF_IMAGES],
        )
        self.k = named(QSpinBox(self), "image_k", "Neighbours k", "How many of the nearest images vote.")
        self.k.setRange(1, 100)
        self.weighted = named(
            QCheckBox("weighed", self),
            "weighted",
            "Weigh votes by nearness",
            "Each vote counts 1 / distance.",
        )
        self._ruling = [label(self, "by"), self.metrics, label(self, "k"), self.k, self.weighted]
        self.dataset.setSizeAdjustPolicy(self.dataset.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.dataset.setMinimumContentsLength(19)
        self.dataset.setMaximumWidth(240)
        for each, width in ((self.train, 94), (self.test, 94), (self.metrics, 122), (self.k, 64)):
            each.setFixedWidth(width)
        row = QHBoxLayout()
        row.setSpacing(6)
        for widget in (
            self.dataset,
            label(self, "look up in"),
            self.train,
            label(self, "test with"),
            self.test,
            *self._ruling,
        ):
            row.addWidget(widget)
        row.addStretch(1)
        self.words = label(self, wraps=True)
        self.get = button(
            self, "get_data", "Get the data", "Brings the images onto this machine, once.", glyph="download"
        )
        self.cancel = button(
            self, "cancel_get", "Cancel", "Stops the transfer. What has arrived is kept.", role="quiet"
        )
        below = QHBoxLayout()
        below.setSpacing(8)
        below.addWidget(self.words, 1)
        below.addWidget(self.get)
        below.addWidget(self.cancel)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(6)
        column.addLayout(row)
        column.addLayout(below)
        self.refresh()
        bind_choice(self.dataset, state, "dataset", history=history, label="Look up in another set")
        bind_choice(self.train, state, "train_count", history=history, label="Look up in more or fewer images")
        bind_choice(self.test, state, "test_count", history=history, label="Test with more or fewer images")
        bind_choice(self.metrics, state, "metric", history=history, label="Change the metric")
        bind_number(self.k, state, "k", history=history, label="Change k")
        bind_toggle(self.weighted, state, "weighted", history=history, label="Change the vote")
        bind(self, state, "metric", self._show_metric)
        bind(self, state, "dataset", self._show_dataset)
        self.get.clicked.connect(set.fetch)
        self.cancel.clicked.connect(set.stop_fetching)
        set.changed.connect(self.show_state)
        self.show_state()

    def show_ruling(self, shown: bool) -> None:
        """Whether metric, k and vote stand here: where they are what is looked for, they do not."""
        for widget in self._ruling:
            widget.setVisible(shown)

    def refresh(self) -> None:
        """Reads the catalogue anew: sets of one's own come and go."""
        entries = catalogue.entries(paths.data())
        if [self.dataset.itemData(i) for i in range(self.dataset.count())] != list(entries):
            self.dataset.clear()
            for entry in entries.values():
                self.dataset.addItem(entry.title, entry.id)
        self._show_dataset(self._state.dataset)

    def _show_dataset(self, dataset: str) -> None:
        """Also a set that is no more: a project from elsewhere may name one."""
        if self.dataset.findData(dataset) < 0:
            self.dataset.addItem(dataset, dataset)
        self.dataset.setCurrentIndex(self.dataset.findData(dataset))

    def _show_metric(self, metric: str) -> None:
        fits = METRICS[metric].is_distance
        self.weighted.setEnabled(fits)
        if not fits and self._state.weighted:
            self._state.weighted = False

    def show_state(self) -> None:
        """The words below: what is being read, or why not."""
        told = self._set
        set_role(self.words, "small error" if told.is_failed else "small muted")
        self.words.setText(told.message)
        is_idle = told.images is not None or not told.message
        self.words.setVisible(not is_idle)
        self.get.setVisible(told.is_missing and not told.is_fetching)
        self.cancel.setVisible(told.is_fetching)
