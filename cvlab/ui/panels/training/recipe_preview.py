"""A recipe before it is taken: what it is, the net that it was made for, and every setting that it would change."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QCheckBox, QVBoxLayout, QWidget

from cvlab.core import paths
from cvlab.core.lab import Lab
from cvlab.core.recipes import NamedRecipe
from cvlab.engine.data import catalogue
from cvlab.engine.errors import NetError
from cvlab.engine.nets import zoo
from cvlab.engine.nets.architecture import Architecture
from cvlab.engine.nets.shapes import check_classifier
from cvlab.engine.training.recipe import Recipe
from cvlab.ui.panels.training.recipe_changes import Change, ChangesView, changes_between
from cvlab.ui.panels.training.recipes_list import NOW
from cvlab.ui.panels.training.sections import plan_of
from cvlab.ui.widgets.controls import label, named


class RecipePreview(QWidget):
    """changed: the person wants the net, too, or not. net: the one that would come along, None without. warning: why the net
    could not be trained by it."""

    changed = Signal()

    def __init__(self, lab: Lab, name: str, parent: QWidget) -> None:
        super().__init__(parent)
        self._lab, self._project, self._entry = lab, lab.project, NOW
        self._data = catalogue.entries(paths.data())
        self._titles = {id: each.title for id, each in self._data.items()}
        self._made_for: Architecture | None = None
        self.warning = ""
        self.with_net = named(
            QCheckBox(self), f"{name}.with_net", "Take the net, too",
            "Puts the net that this recipe was made for in place of the project's, in the same step to undo.",
        )  # fmt: skip
        self.with_net.toggled.connect(self._turn)
        self.with_net.hide()
        self.count = label(self, "", wraps=True)
        self.changes = ChangesView(name, self)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        column.addWidget(self.with_net)
        column.addWidget(self.count)
        column.addWidget(self.changes, 1)

    @property
    def net(self) -> Architecture | None:
        return self._made_for if self.with_net.isChecked() else None

    def words_of(self, entry: NamedRecipe) -> str:
        """What an entry says of itself, else what it is made of."""
        return entry.words or ("" if entry.recipe is None else plan_of(entry.recipe, self._titles))

    def show_entry(self, entry: NamedRecipe) -> None:
        if entry is not self._entry:
            self._entry = entry
            self._made_for = self._net_of(entry)
            self.with_net.setVisible(self._made_for is not None)
            self.with_net.blockSignals(True)
            # Proposed where the project's net could not even be trained on these data.
            misfit = bool(self._misfit(self._project.architecture, entry.recipe))
            self.with_net.setChecked(self._made_for is not None and misfit)
            self.with_net.blockSignals(False)
            if self._made_for is not None:
                self.with_net.setText(f"With the net that it was made for: {self._made_for.name}")
        self._show()

    def _turn(self, _: bool) -> None:
        self._show()
        self.changed.emit()

    def _net_of(self, entry: NamedRecipe) -> Architecture | None:
        """The net that it was made for, where that is not the project's already."""
        if not entry.net or entry.recipe is None:
            return None
        data = self._data.get(entry.recipe.data)
        net = zoo.make(entry.net) if data is None else zoo.make(entry.net, data.image_shape, len(data.classes))
        return None if net.is_same_net(self._project.architecture) else net

    def _misfit(self, net: Architecture, recipe: Recipe | None) -> str:
        """Why this net cannot be trained on the recipe's data; "" where it can, or nothing is known of them."""
        data = self._data.get(recipe.data) if recipe is not None else None
        try:
            if data is not None:
                check_classifier(net, data.image_shape, len(data.classes))
        except NetError as error:
            return str(error)
        return ""

    def _show(self) -> None:
        recipe, now = self._entry.recipe, self._project.recipe
        self.warning = ""
        if self._entry is NOW:
            changes = changes_between(Recipe(), now, self._titles)
            self.changes.show_changes(changes, ("Default", "Now"))
            words = f"{_settings(len(changes))} other than the default's." if changes else "It is the default."
            self.count.setText(words)
            return
        if recipe is None:
            self.changes.show_changes(())
            self.count.setText("")
            return
        changes = changes_between(now, recipe, self._titles)
        if self.net is not None:
            changes.insert(0, Change("Net", self._project.architecture.name, self.net.name))
        self.changes.show_changes(changes)
        if changes:
            self.count.setText(f"It would change {_settings(len(changes))}.{self._at_once(changes)}")
            self.warning = self._misfit(self.net or self._project.architecture, recipe)
        else:
            self.count.setText("It is the recipe of now: nothing would change.")

    def _at_once(self, changes: list[Change]) -> str:
        """What a run that trains would feel."""
        run = self._lab.runs.current
        if run is None or not run.is_active:
            return ""
        live = [change.title[:1].lower() + change.title[1:] for change in changes if change.live]
        if not live:
            return " All for the next run; the one that trains goes on as it is."
        rest = " The rest is for the next run." if len(live) < len(changes) else ""
        return f" At once, in the run that trains: {', '.join(live)}.{rest}"


def _settings(count: int) -> str:
    return f"{count} setting{'s' if count != 1 else ''}"
