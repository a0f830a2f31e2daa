"""The panel's name, and what is beside the recipe's form: recipes by name."""

from __future__ import annotations

from PySide6.QtWidgets import QHBoxLayout, QWidget

from cvlab.core.lab import Lab
from cvlab.ui.widgets.controls import button, label


class Heading(QWidget):
    """Opens the dialogs of recipes and of imported nets; both can be reached from the menu, too."""

    def __init__(self, lab: Lab, height: int, parent: QWidget) -> None:
        super().__init__(parent)
        self._lab = lab
        self.setFixedHeight(height)
        self.recipes = button(
            self, "training.recipes", "Recipes…",
            "Recipes that ship with cvlab, such as the course author's for LeNet, and your own: see what one would change, take "
            "it, or keep the recipe of now under a name or as a file.",
            role="link",
        )  # fmt: skip
        self.recipes.clicked.connect(self.open_recipes)
        row = QHBoxLayout(self)
        row.setContentsMargins(4, 0, 28, 0)
        row.addWidget(label(self, "Training", "heading"), 1)
        row.addWidget(self.recipes)

    def open_recipes(self) -> None:
        from cvlab.ui.panels.training.recipes_dialog import RecipesDialog

        RecipesDialog(self._lab, self).open()

    def open_nets(self) -> None:
        from cvlab.ui.panels.training.nets_dialog import NetsDialog

        NetsDialog(self._lab, self, self._lab.project.training.begin_with).open()
