"""A run trained again with one thing changed: the same net, data, first weights and order of batches."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QGridLayout, QLabel, QWidget

from cvlab.core.lab import Lab
from cvlab.core.run_list import RunRow, changed_words
from cvlab.engine.errors import CvlabError, RecipeError
from cvlab.engine.training.recipe import Recipe
from cvlab.ui.dialogs import Dialog
from cvlab.ui.widgets.controls import named
from cvlab.ui.widgets.finish import finish
from cvlab.ui.widgets.form import LABEL_WIDTH, Choice, FieldFacts, FieldRow

_FIRST = "optimizer.learning_rate"
_NOT = ("data",)
"""What no fork changes: on other data nothing is the same."""
_NOTES = {
    "seed": "Another seed draws other first weights and another order of batches: the spread of such runs is what chance does.",
    "batch_size": "The images come in the same order, cut into other batches.",
    "held_out": "Other images are held out and trained on: the held-out figures are of different images.",
}


class ForkDialog(Dialog):
    """asked(recipe, title): train with this recipe. What the recipe does not use is not offered."""

    asked = Signal(object, str)

    def __init__(self, parent: QWidget, row: RunRow) -> None:
        super().__init__(parent, "runs.fork_dialog", "Fork with one thing changed")
        self._row, self.recipe = row, row.record.recipe
        words = QLabel(
            f"Trains “{row.title}” anew with the same net, data, first weights and order of batches. Whatever differs at the end "
            f"comes from what is changed here.{_live_words(row)}",
            self,
        )
        words.setWordWrap(True)
        words.setMinimumWidth(460)
        words.setProperty("role", "muted")
        caption = QLabel("Change", self)
        caption.setProperty("role", "muted")
        caption.setMinimumWidth(LABEL_WIDTH)
        self.setting = named(
            Choice(self), "runs.fork_dialog.setting", "Setting to change", "One setting of the run's recipe"
        )
        caption.setBuddy(self.setting)
        for path in Recipe.paths():
            if path not in _NOT and self.recipe.uses(path):
                self.setting.addItem(_title(path), path)
        self._grid = QGridLayout()
        self._grid.setHorizontalSpacing(8)
        self._grid.setColumnStretch(1, 1)
        self._grid.addWidget(caption, 0, 0)
        self._grid.addWidget(self.setting, 0, 1)
        self.field: FieldRow | None = None
        self.note = QLabel(self)
        self.note.setWordWrap(True)
        self.note.setProperty("role", "muted small")
        self.note.setMinimumHeight(34)  # the dialog keeps its size when another setting has more to say
        self.body.addWidget(words)
        self.body.addLayout(self._grid)
        self.body.addWidget(self.note)
        self.add_button("cancel", "Cancel", "Trains nothing.").clicked.connect(self.close)
        self.start = self.add_button("start", "Train the fork", "Starts it now.", "primary")
        self.start.setDefault(True)
        self.start.clicked.connect(self._start)
        self.setting.currentIndexChanged.connect(self._show_setting)
        self.setting.setCurrentIndex(self.setting.findData(_FIRST))
        finish(self)

    @property
    def path(self) -> str:
        return self.setting.currentData()

    def _show_setting(self, _: int = 0) -> None:
        old, self.recipe = self.field, self._row.record.recipe
        if old is not None:
            self._grid.removeWidget(old)
            old.deleteLater()
        self.field = FieldRow(FieldFacts.of(Recipe, self.path), prefix="runs.fork_dialog", captions={}, parent=self)
        self.field.show_value(self.recipe.look_up(self.path))
        self.field.edited.connect(self._edit)
        self._grid.addWidget(self.field, 1, 0, 1, 2)
        finish(self.field)
        self._show()

    def _edit(self, path: str, value: Any) -> None:
        assert self.field is not None
        try:
            self.recipe = self._row.record.recipe.changed(**{path: value})
        except RecipeError as error:
            self.recipe = self._row.record.recipe
            self.field.show_problem(error.what)
        else:
            self.field.show_value(value)
        self._show()

    def _show(self) -> None:
        was, now = (recipe.look_up(self.path) for recipe in (self._row.record.recipe, self.recipe))
        self.start.setEnabled(was != now)
        told = f"It was {was}." if was != now else f"It is {was}: choose another value."
        self.note.setText(f"{told} {_NOTES.get(self.path, '')}".strip())

    def _start(self) -> None:
        value = self.recipe.look_up(self.path)
        shown = f"{value:g}" if isinstance(value, float) else str(value)
        self.close()
        self.asked.emit(self.recipe, f"{self._row.title}, {_title(self.path)} {shown}"[:200])


class Forks(QObject):
    """Asks what is to be changed in a run and trains it. begun: it trains."""

    begun = Signal()

    def __init__(self, lab: Lab, parent: QWidget) -> None:
        super().__init__(parent)
        self._lab, self._parent = lab, parent
        self._row: RunRow | None = None

    def ask(self, row: RunRow) -> ForkDialog:
        self._row = row
        dialog = ForkDialog(self._parent.window(), row)
        dialog.asked.connect(self._train)
        dialog.open()
        return dialog

    def _train(self, recipe: Recipe, title: str) -> None:
        assert self._row is not None
        try:
            self._lab.runs.fork(self._row.folder, recipe, title=title)
        except CvlabError as error:
            self._lab.notices.error(error)
        else:
            self.begun.emit()


def _title(path: str) -> str:
    """ "Learning rate", and "Schedule: factor" for what would not be understood alone."""
    outer, _, name = path.rpartition(".")
    facts = FieldFacts.of(Recipe, path)
    if not outer or name == "kind":
        return facts.title
    section = Recipe.model_fields[outer].title or outer
    return facts.title if facts.title == section else f"{section}: {facts.inline}"


def _live_words(row: RunRow) -> str:
    """What the run was changed to while it trained, which a fork does not repeat."""
    settings = dict.fromkeys(Recipe.canonical(change.setting) for change in row.live_changes)
    told = [
        f"{_title(path)} {changed_words(row.record.recipe.look_up(path), row.changes_of(path))}" for path in settings
    ]
    return f" Changed while it trained: {'; '.join(told)}. The fork keeps the first value." if told else ""
