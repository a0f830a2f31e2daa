"""The page that shows every image of the set, what each is made of, and what its class is like."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from cvlab.core.jobs import JobControl
from cvlab.core.lab import Lab
from cvlab.engine.data.progress import Progress
from cvlab.ui.bind import bind
from cvlab.ui.panel import Stop
from cvlab.ui.panels.datasets.chosen_images import Filter, positions
from cvlab.ui.panels.datasets.filter_card import FilterCard
from cvlab.ui.panels.datasets.image_card import ImageCard
from cvlab.ui.panels.datasets.lesson import BROWSE
from cvlab.ui.panels.datasets.page import Page
from cvlab.ui.panels.datasets.pieces import label
from cvlab.ui.widgets.figures import percent_text
from cvlab.ui.widgets.thumbnails import Thumbnails

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cvlab.engine.data.dataset import Dataset, Split
    from cvlab.engine.data.statistics import Statistics

DESCRIBE = "datasets.describe"


@dataclass(frozen=True)
class Describe:
    """Counts and statistics of one part of a set."""

    split: Split
    classes: int

    def run(self, control: JobControl) -> Statistics:
        from cvlab.engine.data.statistics import describe

        return describe(self.split, self.classes, report=control.report, cancelled=control.cancelled)


class BrowsePage(Page):
    """statistics: of the parts that were looked at, by part."""

    lesson = BROWSE

    def __init__(self, lab: Lab, parent: QWidget) -> None:
        super().__init__(lab, parent)
        self.statistics: dict[str, Statistics] = {}
        self._images, self._labels = np.zeros((0, 1, 1, 1), np.uint8), np.zeros(0, np.int64)
        self.filter, self.grid, self.card = FilterCard(lab, self), Thumbnails(self), ImageCard(self)
        self.grid.setObjectName("datasets.images")
        self.grid.setAccessibleName("Images of the set")
        self.grid.words = self._tip
        self.count = label(self)
        self.filter.setFixedWidth(208)
        self.card.setFixedWidth(308)
        middle = QVBoxLayout()
        middle.setSpacing(6)
        middle.addWidget(self.grid, 1)
        middle.addWidget(self.count)
        outer = QHBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.setSpacing(12)
        outer.addWidget(self.filter)
        outer.addLayout(middle, 1)
        outer.addWidget(self.card)
        # What is typed is looked for when the typing pauses.
        self._soon = QTimer(self)
        self._soon.setSingleShot(True)
        self._soon.setInterval(0)
        self._soon.timeout.connect(self._show_order)
        self.grid.chosen.connect(self._choose)
        self.grid.opened.connect(self._open)
        self.card.before.clicked.connect(self.go_before)
        self.card.after.clicked.connect(self.go_after)
        self.card.pin.clicked.connect(self.pin)
        self.card.compare.clear.clicked.connect(self.unpin)
        self.card.view_changed.connect(self._show_view)
        bind(self, self.state, "tile", self.grid.set_side)
        bind(self, self.state, "split", self._show_part)
        bind(self, self.state, "image", self._show_image)
        bind(self, self.state, "pinned", self._show_pinned)
        for field in ("classes", "text", "order"):
            bind(self, self.state, field, self._order_soon)

    # -- the set and the part of it ----------------------------------------------------------------------------------

    def _show_dataset(self, dataset: Dataset) -> None:
        self.lab.jobs.cancel(DESCRIBE)
        self.statistics = {}
        known = range(len(dataset.classes))
        if any(number not in known for number in self.state.classes):
            self.state.classes = ()
        self.state.pinned = tuple((part, i) for part, i in self.state.pinned if i < len(getattr(dataset, part)))
        self._show_part(self.state.split)

    @property
    def split(self) -> Split | None:
        return getattr(self.dataset, self.state.split) if self.dataset is not None else None

    def _show_part(self, part: str) -> None:
        if self.split is None:
            return
        self._images, self._labels = self.split.images.numpy(), self.split.labels.numpy()
        counts = np.bincount(self._labels, minlength=len(self.dataset.classes))
        self.filter.bars.show_classes(self.dataset.classes, counts)
        self.grid.set_images(self._images, np.zeros(0, np.int64))
        self._show_order()
        self._show_image(self.state.image)
        self._show_pinned(self.state.pinned)
        if self.isVisible():
            self._describe()

    def wake(self) -> None:
        self._describe()

    def _describe(self) -> None:
        if self.split is None or self.state.split in self.statistics or self.lab.jobs.is_busy(DESCRIBE):
            return
        self.lab.jobs.submit(
            DESCRIBE,
            Describe(self.split, len(self.dataset.classes)),
            done=self._take_statistics,
            progress=self._show_progress,
        )
        self._counted = self.state.split

    def _take_statistics(self, found: Statistics) -> None:
        self.statistics[self._counted] = found
        if self.state.order in ("dark", "bright", "flat", "vivid"):
            self._show_order()
        self._show_view(self.card.view)
        if self.isVisible():
            self._describe()  # the part may have changed meanwhile

    def _show_progress(self, progress: Progress) -> None:
        if progress.fraction is not None and self.state.order in ("dark", "bright", "flat", "vivid"):
            self.count.setText(f"Counting pixels: {percent_text(progress.fraction)}")

    # -- which are shown, in which order -----------------------------------------------------------------------------

    def _order_soon(self, _: object) -> None:
        self._soon.start()

    def _show_order(self) -> None:
        if self.split is None:
            return
        state, found = self.state, self.statistics.get(self.state.split)
        wanted = Filter(state.classes, state.text, state.order)
        bright, vivid = (found.brightness, found.contrast) if found is not None else (None, None)
        order = positions(self._labels, self.split.names, self.dataset.classes, wanted, bright, vivid)
        self.grid.show_message("No image of this part fits. Search for something else, or show all classes.")
        self.grid.set_order(order)
        self.grid.set_current(state.image)
        shown, whole = len(order), len(self._labels)
        words = f"{whole:,} images" if shown == whole else f"{shown:,} of {whole:,} images"
        waits = found is None and state.order in ("dark", "bright", "flat", "vivid")
        self.count.setText(f"{words}. Sorted as soon as their pixels are counted." if waits else words)
        self._show_view(self.card.view)

    # -- the chosen image --------------------------------------------------------------------------------------------

    def _choose(self, index: int) -> None:
        self.state.image = index

    def _open(self, index: int) -> None:
        self.state.image = index
        self.card.show_view("pixels")
        self.card.pixels.image.setFocus()

    def _show_image(self, index: int) -> None:
        if not len(self._images):
            return
        index = min(index, len(self._images) - 1)
        self.grid.set_current(index)
        pixels = self._images[index]
        channels, height, width = pixels.shape
        name = self.dataset.classes[self._labels[index]]
        self.card.show_class(name)
        file = self.split.names[index].rpartition("/")[2] if self.split.names else ""
        self.card.facts.setText(
            f"{'Test' if self.state.split == 'test' else 'Training'} image {index + 1:,}{f', {file}' if file else ''}.\n"
            f"{width} × {height} × {channels} numbers: {pixels.size:,} bytes."
        )
        self.card.facts.setToolTip(self.split.names[index] if self.split.names else "")
        self.card.pixels.show_pixels(pixels)
        self._show_view(self.card.view)

    def _show_view(self, view: str) -> None:
        if view == "class" and len(self._images):
            one = self.state.classes
            number = one[0] if len(one) == 1 else int(self._labels[min(self.state.image, len(self._labels) - 1)])
            self.card.of_class.show_class(self.dataset.classes[number], number, self.statistics.get(self.state.split))

    def _step(self, by: int) -> None:
        order = self.grid.order
        if not len(order):
            return
        places = np.flatnonzero(order == self.state.image)
        place = 0 if not len(places) else min(max(int(places[0]) + by, 0), len(order) - 1)
        self.state.image = int(order[place])
        self.grid.reveal(self.state.image)

    def go_before(self) -> None:
        self._step(-1)

    def go_after(self) -> None:
        self._step(1)

    # -- two of them -------------------------------------------------------------------------------------------------

    def pin(self) -> None:
        """Keeps the chosen image; the newest two stay."""
        if len(self._images):
            chosen = (self.state.split, min(self.state.image, len(self._images) - 1))
            self.state.pinned = (*(each for each in self.state.pinned if each != chosen), chosen)[-2:]
            self.card.show_view("compare")

    def unpin(self) -> None:
        self.state.pinned = ()

    def _show_pinned(self, pinned: tuple) -> None:
        if self.dataset is None:
            return
        found = [(getattr(self.dataset, part), part, index) for part, index in pinned]
        found = [each for each in found if each[2] < len(each[0])]
        captions = [
            f"{self.dataset.classes[int(s.labels[i])]}, {'test' if p == 'test' else 'train'} {i + 1:,}"
            for s, p, i in found
        ]
        self.card.compare.show_images([split.images[index].numpy() for split, _, index in found], captions)

    def _tip(self, index: int) -> str:
        if index < 0:
            return ""
        file = f"\n{self.split.names[index]}" if self.split is not None and self.split.names else ""
        return f"{self.dataset.classes[self._labels[index]]}, image {index + 1:,}{file}"

    # -- the tour ----------------------------------------------------------------------------------------------------

    def tour(self) -> Iterator[Stop]:
        self.state.image = 7
        yield Stop("pixels", self.is_counted)
        self.pin()
        self.state.image = 21
        self.pin()
        yield Stop("compare", self.is_counted)
        self.state.order, self.state.classes = "bright", (3,)
        self.card.show_view("class")
        yield Stop("class", self.is_counted)
        self.state.order, self.state.classes, self.state.pinned = "stored", (), ()
        self.card.show_view("pixels")

    def is_counted(self) -> bool:
        """Whether the statistics of the part in front are there."""
        return self.state.split in self.statistics
