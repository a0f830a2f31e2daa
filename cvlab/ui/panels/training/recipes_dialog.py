"""Recipes by name: what each would change, taking one, keeping the recipe of now under a name, and recipes in files."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFileDialog, QHBoxLayout, QLineEdit, QPushButton, QVBoxLayout, QWidget

from cvlab.core.lab import Lab
from cvlab.core.recipes import (
    SHIPPED,
    FindRecipes,
    NamedRecipe,
    ReadRecipe,
    TakeRecipe,
    forgetting,
    keeping,
    recipe_bytes,
)
from cvlab.engine.disk import write_whole
from cvlab.engine.errors import CvlabError
from cvlab.ui.bind import bind, listen
from cvlab.ui.panels.training.deed_dialog import DeedDialog
from cvlab.ui.panels.training.recipe_preview import RecipePreview
from cvlab.ui.panels.training.recipes_list import NOW, RecipesList
from cvlab.ui.theme.style import set_role
from cvlab.ui.widgets.controls import label, named
from cvlab.ui.widgets.finish import finish

NAME = "training.recipe_choice"
_LIST, _READ = "training.recipes", "training.read_recipe"
_READABLE = "Recipes, projects, runs (*.json *.cvlab)"


class RecipesDialog(DeedDialog):
    """The list at the left, the chosen recipe at the right. Taking, keeping and deleting are steps that can be undone."""

    def __init__(self, lab: Lab, parent: QWidget) -> None:
        super().__init__(lab, parent, NAME, "Recipes")
        self._project = lab.project
        self._opened: list[NamedRecipe] = []  # from files, while the dialog is there
        self._own: list[NamedRecipe] = []
        self.list = RecipesList(NAME, self)
        self.preview = RecipePreview(lab, NAME, self)
        body = QHBoxLayout()
        body.setSpacing(24)
        body.addWidget(self.list)
        body.addLayout(self._make_chosen(), 1)
        self.body.addLayout(body, 1)
        self._make_foot()
        self.resize(800, 540)
        finish(self)
        self.list.turned.connect(self._show_chosen)
        self.preview.changed.connect(self._show_take)
        self._fill()
        listen(self, lab.recipes.changed, self._find)
        bind(self, self._project, "recipe", self._show_chosen)
        self._find()
        self.list.setFocus()

    def _make_chosen(self) -> QVBoxLayout:
        self.title = label(self, "", "subheading", wraps=True)
        self.words = label(self, "", wraps=True)
        self.name = named(
            QLineEdit(self), f"{NAME}.name", "Name of the recipe",
            "Letters, digits and spaces. The command line knows it by this name, too: cvlab train lenet --recipe NAME",
        )  # fmt: skip
        self.name.setPlaceholderText("A name for it")
        self.name.setMaxLength(60)
        self.name.textChanged.connect(self._show_name)
        self.name.returnPressed.connect(self.keep)
        self.keep_button = named(
            QPushButton("Keep", self), f"{NAME}.keep", "Keep the recipe of now under this name",
            "Keeps the recipe of now on this machine, for every project. Undo takes it away again.",
        )  # fmt: skip
        self.keep_button.setMinimumWidth(self.keep_button.fontMetrics().horizontalAdvance("Replace") + 36)
        self.keep_button.setAutoDefault(False)
        self.keep_button.clicked.connect(self.keep)
        self.note = label(self, "", wraps=True)
        keeping_row = QHBoxLayout()
        keeping_row.setSpacing(8)
        keeping_row.addWidget(self.name, 1)
        keeping_row.addWidget(self.keep_button)
        column = QVBoxLayout()
        column.setSpacing(8)
        column.addWidget(self.title)
        column.addWidget(self.words)
        column.addLayout(keeping_row)
        column.addWidget(self.preview, 1)
        column.addWidget(self.note)
        return column

    def _make_foot(self) -> None:
        self.open_file = self.add_button(
            "open_file", "Open a file…", "A recipe, a project, or a run's run.json: shows what is in it."
        )
        self.save_file = self.add_button(
            "save_file", "Save to a file…", "Writes the chosen recipe as JSON: cvlab train --recipe FILE reads it."
        )
        self.delete = self.add_button("delete", "Delete", "Deletes your recipe. Undo brings it back.", "danger")
        for place, button in enumerate((self.open_file, self.save_file, self.delete)):
            button.setAutoDefault(False)
            self._foot.removeWidget(button)
            self._foot.insertWidget(place, button)
        cancel = self.add_button("close", "Close", "Closes this and changes nothing (Esc).")
        cancel.setAutoDefault(False)
        self.take = self.add_button(
            "take", "Take it", "Puts it in place of the recipe of now: one step to undo.", "primary"
        )
        self.take.setDefault(True)
        self.open_file.clicked.connect(self.ask_for_file)
        self.save_file.clicked.connect(self.ask_where)
        self.delete.clicked.connect(self.forget)
        cancel.clicked.connect(self.close)
        self.take.clicked.connect(self.take_it)

    # -- showing -----------------------------------------------------------------------------------------------------

    def _find(self, _: object = None) -> None:
        self._lab.jobs.submit(_LIST, FindRecipes(self._lab.recipes), done=self._found)

    def _found(self, every: list[NamedRecipe]) -> None:
        self._own = [each for each in every if each.own]
        self._fill()

    def _fill(self) -> None:
        said, role = self.note.text(), self.note.property("role")
        self.list.fill((("From a file", self._opened), ("Shipped", SHIPPED), ("Your own", self._own)))
        self._show_chosen()
        if said and "warning" not in role:
            self._say(said, role)

    def _show_chosen(self, _: object = None) -> None:
        entry = self.list.chosen
        self.title.setText(entry.title)
        self.words.setText(self.preview.words_of(entry))
        for widget in (self.name, self.keep_button):
            widget.setVisible(entry is NOW)
        self.delete.setVisible(entry.own)
        self.save_file.setEnabled(entry is NOW or entry.recipe is not None)
        self.preview.show_entry(entry)
        self._show_take()
        self._show_name()

    def _show_take(self) -> None:
        can = self.list.chosen is not NOW and bool(self.preview.changes.changes)
        self.take.setEnabled(can)
        self._say(self.preview.warning, "small warning")

    def _show_name(self, _: str = "") -> None:
        name = self.name.text()
        why = self._lab.recipes.why_not(name)
        self.keep_button.setText("Replace" if not why and self._lab.recipes.has(name) else "Keep")
        self.keep_button.setEnabled(not why)
        if self.list.chosen is NOW:
            self._say(why if name.strip() else "", "small error")

    def _say(self, words: str, role: str = "small success") -> None:
        set_role(self.note, role)
        self.note.setText(words)
        self.note.setVisible(bool(words))

    # -- what a person does --------------------------------------------------------------------------------------------

    def take_it(self) -> None:
        """The chosen recipe becomes the project's; the dialog closes."""
        entry = self.list.chosen
        if entry.recipe is not None and self.take.isEnabled():
            self._push(TakeRecipe(self._project, entry.recipe, f"“{entry.title}”", self.preview.net))
            self.close()

    def keep(self) -> None:
        """The recipe of now under the name that was typed."""
        name = self.name.text().strip()
        if (
            self.list.chosen is NOW
            and self.keep_button.isEnabled()
            and self._push(keeping(self._lab.recipes, name, self._project.recipe))
        ):
            self.name.clear()
            self._say(f"Kept as “{name}”. The command line knows it, too: cvlab train lenet --recipe '{name}'")

    def forget(self) -> None:
        """Deletes the chosen one, if it is the person's."""
        entry = self.list.chosen
        if entry.own and self._push(forgetting(self._lab.recipes, entry.name)):
            self.list.setCurrentRow(0)
            self._say(f"“{entry.title}” is deleted. Undo brings it back.")

    # -- files ---------------------------------------------------------------------------------------------------------

    def ask_for_file(self) -> None:
        dialog = self._file_dialog("open", "Open a recipe", _READABLE)
        dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
        dialog.fileSelected.connect(self.read)
        dialog.open()

    def read(self, name: str) -> None:
        """Shows what is in a file, or why it cannot be read."""
        self._lab.jobs.submit(_READ, ReadRecipe(Path(name)), done=self._have_read, failed=self._cannot_read)

    def _have_read(self, entry: NamedRecipe) -> None:
        self._opened = [*(each for each in self._opened if each.name != entry.name), entry]
        self._fill()
        self.list.choose(entry.name)

    def _cannot_read(self, error: BaseException) -> None:
        if not isinstance(error, CvlabError):
            raise error
        self._say(str(error), "small error")

    def ask_where(self) -> None:
        entry = self.list.chosen
        dialog = self._file_dialog("save", "Save the recipe", "Recipes (*.json)")
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.setDefaultSuffix("json")
        dialog.selectFile(f"{'recipe' if entry is NOW else Path(entry.name).stem}.json")
        dialog.fileSelected.connect(self.write)
        dialog.open()

    def _file_dialog(self, name: str, title: str, accepted: str) -> QFileDialog:
        dialog = QFileDialog(self, title, str(Path.home()), accepted)
        dialog.setObjectName(f"{NAME}.{name}")
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        return dialog

    def write(self, name: str) -> None:
        """The chosen recipe as a file."""
        entry = self.list.chosen
        recipe = self._project.recipe if entry is NOW else entry.recipe
        if recipe is None:
            return
        try:
            write_whole(Path(name), recipe_bytes(recipe))
        except CvlabError as error:
            self._say(str(error), "small error")
        else:
            self._say(f"Written. cvlab train lenet --recipe '{name}' trains by it.")

    def done(self, result: int) -> None:
        for key in (_LIST, _READ):
            self._lab.jobs.cancel(key)
        super().done(result)
