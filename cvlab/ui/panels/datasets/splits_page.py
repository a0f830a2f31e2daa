"""The page that divides a set: what is learned from, what is tuned on, and the test part behind its lock."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QSignalBlocker, Qt
from PySide6.QtWidgets import QCheckBox, QHBoxLayout, QScrollArea, QVBoxLayout, QWidget

from cvlab.core.history import SetField
from cvlab.core.lab import Lab
from cvlab.core.locked_test_set import reads_words
from cvlab.engine.data.splits import held_out, k_folds
from cvlab.engine.errors import CvlabError, DataError
from cvlab.ui.bind import bind, listen
from cvlab.ui.panel import Stop
from cvlab.ui.panels.datasets.counts_table import CountsTable
from cvlab.ui.panels.datasets.lesson import SPLITS
from cvlab.ui.panels.datasets.page import Page
from cvlab.ui.panels.datasets.pieces import button, label, named
from cvlab.ui.panels.datasets.split_bar import FoldBars, SplitBar
from cvlab.ui.widgets.card import Card
from cvlab.ui.widgets.figures import percent_text
from cvlab.ui.widgets.number import NumberBox

if TYPE_CHECKING:
    from cvlab.engine.data.dataset import Dataset

_MOST_FOLDS, _LARGEST_SEED = 20, 2**31 - 1
LOCKED = (
    "Test set locked. It says once, at the very end, how good the finished net is. While it is locked, runs do not read it and "
    "no test figure is shown; Evaluate on test set measures one run."
)
UNLOCKED = (
    "Test set unlocked: runs read it at their end, and test figures are shown. Choosing by them makes them say how well the "
    "choice fits these images, not how good the net is."
)
ALWAYS = "Test figures are always shown, whatever this project says: the setting below asks for it."


class SplitsPage(Page):
    """Edits the state's division; a button puts it into the recipe, which is where training reads it."""

    lesson = SPLITS

    def __init__(self, lab: Lab, parent: QWidget) -> None:
        super().__init__(lab, parent)
        self._labels, self._test_labels = np.zeros(0, np.int64), np.zeros(0, np.int64)
        self._build()
        self.bar.dragged.connect(self._drag)
        self.bar.released.connect(lab.history.end_gesture)
        self.folds.valueChanged.connect(self._set_folds)
        self.seed.valueChanged.connect(self._set_seed)
        self.deal.clicked.connect(self._deal)
        self.adopt.clicked.connect(self.put_into_recipe)
        self.lock.clicked.connect(self._turn_lock)
        self.always.toggled.connect(self._show_always)
        bind(self, self.state, "validation", self._show_parts)
        bind(self, self.state, "folds", self._show_folds)
        bind(self, self.state, "seed", self._show_seed)
        listen(self, lab.test_set.changed, self._show_lock)
        bind(self, lab.project, "recipe", self._show_recipe)

    def _build(self) -> None:
        parts, folds, table = (
            Card(words, self) for words in ("Three parts", "k folds of the training images", "Images of each class")
        )
        self.bar = named(
            SplitBar(parts),
            "split_bar",
            "Division of the set",
            "Drag the border, or use the arrow keys: more to tune on leaves less to learn from.",
        )
        self.said, self.lock_words = label(parts, role="", wraps=True), label(parts, LOCKED, wraps=True)
        self.lock = button(
            parts,
            "unlock",
            "Unlock test set",
            "Shows test figures and test images in this project, or hides them again. The course's rule: test once, at the end.",
            role="chip",
        )
        self.always = named(
            QCheckBox("Always show test figures", parts),
            "always_show_test",
            "Always show test figures",
            "A setting of this machine, for every project: runs read the test set at their end, and no figure is hidden.",
        )
        self.adopt = button(
            parts,
            "adopt",
            "Put into the recipe",
            "The next training holds out this share, drawn with this seed.",
            role="chip",
        )
        row = QHBoxLayout()
        row.setSpacing(8)
        row.addWidget(self.adopt)
        row.addWidget(self.lock)
        row.addWidget(self.always)
        row.addStretch(1)
        for part in (self.bar, self.said, self.lock_words):
            parts.body.addWidget(part)
        parts.body.addLayout(row)
        self.folds = named(
            NumberBox(2, _MOST_FOLDS, whole=True, parent=folds),
            "folds",
            "Number of folds",
            "k, 2 to 20: how many parts take turns to validate. Five or ten are usual; each costs a training.",
        )
        self.seed = named(
            NumberBox(0, _LARGEST_SEED, whole=True, parent=folds),
            "seed",
            "Seed of the division",
            "The same seed deals the same images: others can repeat what you found.",
        )
        self.deal = button(
            folds,
            "deal",
            "Deal again",
            "The next seed: other images, the same counts of every class.",
            glyph="replay",
            role="chip",
        )
        self.fold_bars, self.fold_words = FoldBars(folds), label(folds, wraps=True)
        for widget in (label(folds, "k"), self.folds, label(folds, "seed"), self.seed, self.deal):
            folds.header.addWidget(widget)
        folds.header.insertStretch(1, 1)
        folds.body.addWidget(self.fold_words)
        folds.body.addWidget(self.fold_bars, 1)
        self.table = CountsTable(table)
        area = QScrollArea(table)
        area.setWidget(self.table)
        area.setWidgetResizable(True)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.table.setProperty("role", "page")
        table.body.addWidget(area, 1)
        left = QVBoxLayout()
        left.setSpacing(12)
        left.addWidget(parts)
        left.addWidget(folds, 1)
        outer = QHBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.setSpacing(12)
        outer.addLayout(left, 5)
        outer.addWidget(table, 4)

    # -- editing -----------------------------------------------------------------------------------------------------

    def _edit(self, field: str, value: object, words: str) -> None:
        if value != getattr(self.state, field):
            self.lab.history.push(SetField(self.state, field, value, words, f"datasets.{field}"))

    def _drag(self, share: float) -> None:
        self._edit("validation", share, "Change the validation share")

    def _set_folds(self, k: float) -> None:
        self._edit("folds", int(min(max(k, 2), _MOST_FOLDS)), "Change the number of folds")
        self.lab.history.end_gesture()
        self.folds.setValue(self.state.folds)

    def _set_seed(self, seed: float) -> None:
        self._edit("seed", int(min(max(seed, 0), _LARGEST_SEED)), "Change the seed of the division")
        self.lab.history.end_gesture()
        self.seed.setValue(self.state.seed)

    def _deal(self) -> None:
        self._set_seed((self.state.seed + 1) % (_LARGEST_SEED + 1))

    def put_into_recipe(self) -> None:
        """The next training holds out this share with this seed, on this set; one step that can be undone."""
        project = self.lab.project
        recipe = project.recipe.changed(data=self.state.dataset, held_out=self.state.validation, seed=self.state.seed)
        if recipe != project.recipe:
            self.lab.history.push(SetField(project, "recipe", recipe, "Put the division into the recipe"))
            self.lab.history.end_gesture()

    def tour(self) -> Iterator[Stop]:
        before = (self.state.validation, self.state.folds)
        self.state.validation, self.state.folds = 0.25, 10
        self.lab.test_set.unlock()
        yield Stop("opened", self.isVisible)
        self.state.validation, self.state.folds = before
        self.lab.test_set.lock()

    # -- showing -----------------------------------------------------------------------------------------------------

    def _show_dataset(self, dataset: Dataset) -> None:
        self._labels, self._test_labels = dataset.train.labels.numpy(), dataset.test.labels.numpy()
        self._show_seed(self.state.seed)
        self._show_lock()

    def _show_seed(self, seed: int) -> None:
        self.seed.blockSignals(True)
        self.seed.setValue(seed)
        self.seed.blockSignals(False)
        self._show_parts(self.state.validation)
        self._show_folds(self.state.folds)

    def _show_parts(self, share: float) -> None:
        self._show_recipe(None)
        if self.dataset is None:
            return
        K = len(self.dataset.classes)
        train, validation = held_out(self._labels, share, self.state.seed)
        parts = (self._labels[train], self._labels[validation], self._test_labels)
        counts = np.stack([np.bincount(labels, minlength=K) for labels in parts], axis=1)  # (K, 3)
        self.table.show_counts(self.dataset.classes, counts)
        self._show_bar()
        self._say(counts)

    def _show_bar(self) -> None:
        counts = self.table.counts.sum(0) if len(self.table.counts) else (0, 0, 0)
        self.bar.show_counts(*map(int, counts), self.state.validation, locked=not self.lab.test_set.is_unlocked)

    def _say(self, counts: np.ndarray) -> None:
        if not counts[:, 1].sum():
            self.said.setText(
                "Nothing validates: there is nothing to tune on, and nobody notices a net that learns by heart."
            )
            return
        rarest = int(counts[:, 1].argmin())
        few = int(counts[rarest, 1])
        # The standard error of an accuracy of 90 % measured on n images is sqrt(0.9 * 0.1 / n).
        whole = int(counts[:, 1].sum())
        self.said.setText(
            f"Every class gives {percent_text(self.state.validation)}. "
            f"The rarest, {self.dataset.classes[rarest]}, has {few:,} to tune on. "
            f"An accuracy of 90 % measured on {whole:,} images is good to about ± {100 * 2 * np.sqrt(0.09 / whole):.1f} points."
        )

    def _show_folds(self, k: int) -> None:
        self.folds.blockSignals(True)
        self.folds.setValue(k)
        self.folds.blockSignals(False)
        if self.dataset is None:
            return
        try:
            sizes = [len(out) for _, out in k_folds(self._labels, k, self.state.seed)]
        except DataError as error:
            self.fold_bars.show_folds([])
            self.fold_words.setText(str(error))
            return
        self.fold_bars.show_folds(sizes)
        self.fold_words.setText(
            f"{k} trainings on {len(self._labels) - sizes[0]:,} images each; every training image validates exactly once. "
            "The test part takes no part in it."
        )

    def _turn_lock(self) -> None:
        test_set = self.lab.test_set
        test_set.lock() if self.lab.project.test_unlocked else test_set.unlock()

    def _show_always(self, always: bool) -> None:
        try:
            self.lab.test_set.show_always(always)
        except CvlabError as error:
            self.lab.notices.error(error)

    def _show_lock(self, _: object = None) -> None:
        test_set, unlocked = self.lab.test_set, self.lab.project.test_unlocked
        words = UNLOCKED if unlocked else ALWAYS if test_set.always_shows else LOCKED
        self.lock_words.setText(f"{words} {reads_words(test_set.reads_of(self.state.dataset), 'in this project')}")
        self.lock.setText("Lock test set" if unlocked else "Unlock test set")
        blocker = QSignalBlocker(self.always)
        self.always.setChecked(test_set.always_shows)
        blocker.unblock()
        self._show_bar()

    def _show_recipe(self, _: object) -> None:
        recipe, state = self.lab.project.recipe, self.state
        same = (recipe.data, recipe.held_out, recipe.seed) == (state.dataset, state.validation, state.seed)
        self.adopt.setEnabled(not same)
        self.adopt.setText("In the recipe" if same else "Put into the recipe")
