"""What can be done with the set that is looked at, and a few words about it."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QWidget

from cvlab.engine.data.catalogue import Entry
from cvlab.ui.panels.datasets.pieces import button, label


class InfoRow(QWidget):
    """train: put it into the recipe. remove: take an imported set off this machine. words: for the owner to place.

    left_out: the person wants to see which files the import left out.
    """

    train = Signal()
    remove = Signal()
    left_out = Signal()

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.words = label(parent)
        self.train_button = button(
            self,
            "train",
            "Train on this",
            "Puts this set into the recipe of the next training run.",
            glyph="training",
            role="chip",
        )
        self.remove_button = button(
            self,
            "remove",
            "Remove",
            "Takes this imported set off this machine. The pictures it came from stay.",
            role="chip",
        )
        self.left_out_button = button(
            self,
            "left_out",
            "0 left out",
            "Which files the import left out, and why.",
            glyph="warning",
            role="chip",
        )
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(8)
        row.addWidget(self.left_out_button)
        row.addWidget(self.remove_button)
        row.addWidget(self.train_button)
        self.train_button.clicked.connect(self.train)
        self.remove_button.clicked.connect(self.remove)
        self.left_out_button.clicked.connect(self.left_out)

    def set_shown(self, shown: bool) -> None:
        """With its words, which stand elsewhere."""
        self.setVisible(shown)
        self.words.setVisible(shown)

    def show_entry(self, entry: Entry | None, *, is_recipe: bool, left_out: int = 0) -> None:
        """left_out: how many files the import could not read."""
        self.set_shown(entry is not None)
        if entry is None:
            return
        channels, height, width = entry.image_shape
        self.words.setText(
            f"{entry.train_count:,} + {entry.test_count:,} images  ·  {width} × {height} × {channels}  ·  "
            f"{len(entry.classes):,} classes"
        )
        self.words.setToolTip(f"{entry.summary}\nLicence: {entry.licence}\nSource: {entry.source}")
        self.left_out_button.setVisible(left_out > 0)
        self.left_out_button.setText(f"{left_out:,} left out")
        self.remove_button.setVisible(entry.kind == "own")
        self.train_button.setEnabled(not is_recipe)
        self.train_button.setText("In the recipe" if is_recipe else "Train on this")
