"""Which image the pages change: the one before, the next one, a random one of the set."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QObject

from cvlab.core.lab import Lab
from cvlab.engine.data.dataset import Dataset, Split
from cvlab.ui.panels.datasets.pieces import icon_button


class ImageChoice(QObject):
    """Walks through the split that the state names. buttons: three, for the owner to place; prefix: of their names."""

    def __init__(self, lab: Lab, prefix: str, parent) -> None:
        super().__init__(parent)
        self._state = lab.project.datasets
        self._dataset: Dataset | None = None
        self._random = np.random.default_rng()
        before = icon_button(
            parent, f"{prefix}_before", "left", "Image before", "The image before this one in the set."
        )
        after = icon_button(parent, f"{prefix}_after", "right", "Next image", "The next image of the set.")
        other = icon_button(parent, f"{prefix}_other", "random", "Another image", "A random image of the set.")
        before.clicked.connect(self.go_before)
        after.clicked.connect(self.go_after)
        other.clicked.connect(self.go_anywhere)
        self.buttons = (before, after, other)

    def take(self, dataset: Dataset) -> None:
        self._dataset = dataset

    @property
    def split(self) -> Split:
        return getattr(self._dataset, self._state.split)

    @property
    def index(self) -> int:
        """The image's place in its split; another set may have fewer."""
        return self._state.image % max(1, len(self.split))

    @property
    def label(self) -> int:
        return int(self.split.labels[self.index])

    @property
    def caption(self) -> str:
        """ "Training image 12, a 7"."""
        part = "Training" if self._state.split == "train" else "Test"
        return f"{part} image {self.index:,}: {self._dataset.classes[self.label]}"

    def go_before(self) -> None:
        self._state.image = (self.index - 1) % len(self.split)

    def go_after(self) -> None:
        self._state.image = (self.index + 1) % len(self.split)

    def go_anywhere(self) -> None:
        self._state.image = int(self._random.integers(len(self.split)))
