"""The seventh challenge: the members of a class nearest to its mean, farthest from it, and farthest from each other."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import Signal
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QVBoxLayout, QWidget

from cvlab.engine.data.dataset import Dataset
from cvlab.engine.data.variation import Variation
from cvlab.ui.panels.datasets.pieces import label, named
from cvlab.ui.widgets.card import Card
from cvlab.ui.widgets.image_tiles import ImageTiles

COUNT = 8
_ROWS = (
    ("nearest", "Nearest to the mean"),
    ("farthest", "Farthest from the mean"),
    ("apart", "Farthest from each other"),
)


class VariationCard(Card):
    """wanted(label): another class is to be shown. opened(i): a member, by its place in the training split, was clicked."""

    wanted = Signal(int)
    opened = Signal(int)

    def __init__(self, parent: QWidget) -> None:
        super().__init__("One class, many looks", parent)
        self._members: dict[str, np.ndarray] = {}
        self.combo = named(
            QComboBox(self),
            "challenge_class",
            "Class",
            "The class whose members are compared. Its variation is what a single template cannot follow.",
        )
        self.combo.activated.connect(self._choose)
        self.mean = ImageTiles(1, most=160, at_top=True, parent=self)
        self.mean.setFixedHeight(182)
        self.words = label(self, "", "small muted", wraps=True)
        self.rows: dict[str, ImageTiles] = {}
        self.header.addStretch(1)
        self.header.addWidget(self.combo)
        left = QVBoxLayout()
        left.addWidget(self.mean)
        left.addWidget(self.words)
        left.addStretch(1)
        right = QVBoxLayout()
        right.setSpacing(6)
        for id, title in _ROWS:
            right.addWidget(label(self, title, "muted"))
            row = ImageTiles(COUNT, most=150, clickable=True, at_top=True, parent=self)
            row.setObjectName(f"datasets.challenge_{id}")
            row.setAccessibleName(title)
            row.setToolTip("Click an image to take it to the other challenges.")
            self.rows[id] = row
            right.addWidget(row, 1)
        self.rows["nearest"].chosen.connect(self._open_nearest)
        self.rows["farthest"].chosen.connect(self._open_farthest)
        self.rows["apart"].chosen.connect(self._open_apart)
        columns = QHBoxLayout()
        columns.setSpacing(20)
        columns.addLayout(left, 1)
        columns.addLayout(right, 5)
        self.body.addLayout(columns, 1)

    def show_classes(self, classes: tuple[str, ...]) -> None:
        self.combo.clear()
        for number, name in enumerate(classes):
            self.combo.addItem(name, number)

    def show_waiting(self, words: str = "Comparing the members…") -> None:
        self.mean.show_message("")
        self.words.setText(words)
        for row in self.rows.values():
            row.show_message("")

    def show_variation(self, dataset: Dataset, class_label: int, members: np.ndarray, found: Variation) -> None:
        """members: the places in the training split that the positions in `found` count through."""
        self.combo.setCurrentIndex(self.combo.findData(class_label))
        images = dataset.train.images.numpy()
        self.mean.show_images(found.mean[None], ("mean image",))
        self.words.setText(
            f"{len(members):,} training images of “{dataset.classes[class_label]}”, on average {found.spread:.0f} of 255 "
            "a value away from their mean."
        )
        for id, row in self.rows.items():
            places = members[getattr(found, id)]
            distances = getattr(found, f"{id}_distance")
            self._members[id] = places
            row.show_images(
                images[places],
                [f"{distance:.0f}" for distance in distances],
                tips=[
                    f"Training image {i:,}: {d:.1f} of 255 a value from "
                    + ("the nearest of those before it" if id == "apart" and n else "the mean")
                    for n, (i, d) in enumerate(zip(places, distances, strict=True))
                ],
            )

    def _choose(self, index: int) -> None:
        self.wanted.emit(int(self.combo.itemData(index)))

    def _open_nearest(self, number: int) -> None:
        self.opened.emit(int(self._members["nearest"][number]))

    def _open_farthest(self, number: int) -> None:
        self.opened.emit(int(self._members["farthest"][number]))

    def _open_apart(self, number: int) -> None:
        self.opened.emit(int(self._members["apart"][number]))
