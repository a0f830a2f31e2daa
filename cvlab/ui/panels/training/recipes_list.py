"""The recipes there are, under headings; the first entry is the recipe of now."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtWidgets import QListWidget, QListWidgetItem, QWidget

from cvlab.core.recipes import NamedRecipe
from cvlab.ui.widgets.controls import named

_ENTRY = Qt.ItemDataRole.UserRole
_HEADING = 40
"""Pixels of height, so that a heading stands nearer to what it is above."""
NOW = NamedRecipe(
    "", "The recipe of now", "Keep it under a name, to come back to it, or as a file, to hand it on.", None
)
"""The entry that stands for what the panel's form holds."""


class RecipesList(QListWidget):
    """turned: another entry is in front; it is not told when the list is only filled anew."""

    turned = Signal()

    def __init__(self, name: str, parent: QWidget) -> None:
        super().__init__(parent)
        named(
            self, f"{name}.list", "Recipes",
            "Recipes that ship with cvlab, and your own. Choose one to see what it would change.",
        )  # fmt: skip
        self.setFixedWidth(256)
        self.setMinimumHeight(300)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.currentItemChanged.connect(self._turn)

    @property
    def chosen(self) -> NamedRecipe:
        item = self.currentItem()
        return (item.data(_ENTRY) if item is not None else None) or NOW

    def choose(self, name: str) -> None:
        """Puts the recipe of this name in front; nothing where there is none."""
        for row in range(self.count()):
            entry = self.item(row).data(_ENTRY)
            if entry is not None and entry.name == name:
                self.setCurrentRow(row)

    def fill(self, groups: Iterable[tuple[str, Sequence[NamedRecipe]]]) -> None:
        """Headings and entries; the one in front stays there, else it is the recipe of now."""
        before = self.chosen
        self.blockSignals(True)
        self.clear()
        self._add(NOW)
        self.setCurrentRow(0)
        for heading, entries in groups:
            if entries:
                self._add_heading(heading)
            for each in entries:
                self._add(each)
                if (each.name, each.own) == (before.name, before.own):
                    self.setCurrentRow(self.count() - 1)
        self.blockSignals(False)

    def _add(self, entry: NamedRecipe) -> None:
        item = QListWidgetItem(entry.title, self)
        item.setData(_ENTRY, entry)
        item.setToolTip(entry.words)

    def _add_heading(self, words: str) -> None:
        item = QListWidgetItem(words, self)
        item.setFlags(Qt.ItemFlag.NoItemFlags)
        item.setTextAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignBottom)
        item.setSizeHint(QSize(0, _HEADING))

    def _turn(self, *_: object) -> None:
        self.turned.emit()
