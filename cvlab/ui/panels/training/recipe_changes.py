"""What a recipe would change in the one of now: a row a setting, as it is and as it would be."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QGridLayout, QScrollArea, QWidget

from cvlab.engine.training.recipe import Recipe
from cvlab.ui.panels.training.sections import GROUPS, said
from cvlab.ui.widgets.controls import label, named
from cvlab.ui.widgets.form import FieldFacts

_IN_WORDS = {
    "augmentation": "Augmentation, ",
    "initialisation": "First weights, ",
    "early_stopping": "Early stopping, ",
}
"""Sections whose settings are called by a word that says little alone."""


@dataclass(frozen=True)
class Change:
    """One setting: what it is called, its value now and then. live: a run that trains would feel it at once."""

    title: str
    now: str
    then: str
    live: bool = False


def changes_between(now: Recipe, then: Recipe, data: Mapping[str, str]) -> list[Change]:
    """In the order of the form, without settings that neither recipe uses. data: titles of data sets by their ids."""
    found = now.difference(then)
    order = [path for group in GROUPS for path in group.fields]
    live = Recipe.live()
    rows = []
    for path in sorted(found, key=lambda path: order.index(path) if path in order else -1):
        before, after = found[path]
        facts = FieldFacts.of(Recipe, path)
        section = _IN_WORDS.get(path.partition(".")[0], "") if "." in path and not path.endswith("kind") else ""
        title = f"{section}{facts.inline}" if section else facts.title
        words = [data.get(str(v), str(v)) if path == "data" else said(path, v) for v in (before, after)]
        if words[0] != words[1]:
            rows.append(Change(title, *words, path in live))
    return rows


class ChangesView(QScrollArea):
    """Three columns of words: setting, now, then."""

    def __init__(self, name: str, parent: QWidget) -> None:
        super().__init__(parent)
        named(self, f"{name}.changes", "What would change", "Every setting that this recipe has otherwise.")
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setProperty("role", "plain")
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.changes: Sequence[Change] = ()

    def show_changes(self, changes: Sequence[Change], heads: tuple[str, str] = ("Now", "Then")) -> None:
        self.changes = changes
        page = QWidget(self)
        page.setProperty("role", "page")
        grid = QGridLayout(page)
        grid.setContentsMargins(0, 0, 12, 0)
        grid.setHorizontalSpacing(16)
        grid.setVerticalSpacing(7)
        for column, (share, words) in enumerate(zip((4, 3, 3), ("", *heads), strict=True)):
            grid.setColumnStretch(column, share)
            grid.setColumnMinimumWidth(column, 96)
            if changes and words:
                grid.addWidget(label(page, words), 0, column)
        for row, change in enumerate(changes, 1):
            grid.addWidget(label(page, change.title, "small", wraps=True), row, 0, Qt.AlignmentFlag.AlignTop)
            grid.addWidget(label(page, change.now, "small muted", wraps=True), row, 1, Qt.AlignmentFlag.AlignTop)
            grid.addWidget(label(page, change.then, "small accent", wraps=True), row, 2, Qt.AlignmentFlag.AlignTop)
        grid.setRowStretch(len(changes) + 1, 1)
        self.setWidget(page)
