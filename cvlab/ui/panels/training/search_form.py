"""What a search is told: which settings over which ranges, how trials are chosen, and how long each may train."""

from __future__ import annotations

from PySide6.QtWidgets import QCheckBox, QComboBox, QGridLayout, QHBoxLayout, QPlainTextEdit, QSpinBox, QWidget

from cvlab.engine.training.search import Axis, SearchPlan
from cvlab.ui.widgets.controls import label, named

_FIRST = "optimizer.lr = 1e-4..1e-1\nbatch_size = 32..512:log"
_SUGGESTED = {
    "optimizer.learning_rate": "1e-4..1e-1", "optimizer.weight_decay": "1e-5..1e-1", "batch_size": "32..512:log",
    "optimizer.kind": "momentum,adam,rmsprop", "initialisation.kind": "xavier,glorot,he", "shift": "0..3",
    "loss.label_smoothing": "0..0.2", "augmentation.rotate": "0..20", "schedule.kind": "constant,cosine,one-cycle",
}  # fmt: skip
_KINDS = (("random", "Random"), ("grid", "Grid"), ("coarse-to-fine", "Coarse to fine"), ("optuna", "Optuna (TPE)"))


class SearchForm(QWidget):
    """The plan as typed. `prune` belongs to it, and is placed by the page."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.axes = named(
            QPlainTextEdit(_FIRST, self), "training.axes", "Settings to search",
            "One setting a line, with its range or values: optimizer.learning_rate = 1e-4..1e-1, optimizer.kind = adam,sgd. "
            "Rates are searched on a log scale; :log and :linear say so for others.",
        )  # fmt: skip
        self.axes.setFixedHeight(74)
        self.axes.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
        self.axes.setTabChangesFocus(True)
        self.add = named(QComboBox(self), "training.add_axis", "Add a setting", "Adds a line with a sensible range.")
        self.add.addItem("Add…", "")
        for path in _SUGGESTED:
            self.add.addItem(path, path)
        self.add.activated.connect(self._add)
        self.add.view().setMinimumWidth(210)
        self.kind = named(
            QComboBox(self), "training.search_kind", "Kind of search", SearchPlan.model_fields["kind"].description
        )
        for value, words in _KINDS:
            self.kind.addItem(words, value)
        self.trials = self._number("trials", "trials", "Trials", 2, 500, 12)
        self.epochs = self._number("trial_epochs", "epochs", "Epochs a trial", 1, 200, 1)
        self.steps = self._number("grid_steps", "steps", "Steps of the grid", 1, 30, 4)
        prune = SearchPlan.model_fields["prune"]
        self.prune = named(QCheckBox(prune.title, self), "training.prune", prune.title, prune.description)
        self._lay_out()
        self.kind.currentIndexChanged.connect(self._show_kind)
        self._show_kind()

    def _number(self, name: str, field: str, words: str, low: int, high: int, value: int) -> QSpinBox:
        box = named(QSpinBox(self), f"training.{name}", words, SearchPlan.model_fields[field].description)
        box.setRange(low, high)
        box.setValue(value)
        return box

    def _lay_out(self) -> None:
        settings = QGridLayout()
        settings.setHorizontalSpacing(8)
        settings.setVerticalSpacing(6)
        settings.addWidget(self.add, 0, 0, 1, 2)
        settings.addWidget(self.kind, 0, 2, 1, 2)
        self.count = label(self, "Trials")
        settings.addWidget(self.count, 1, 0)
        settings.addWidget(self.trials, 1, 1)
        settings.addWidget(self.steps, 1, 1)
        settings.addWidget(label(self, "Epochs each"), 1, 2)
        settings.addWidget(self.epochs, 1, 3)
        for combo in (self.add, self.kind):
            combo.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
            combo.setMinimumContentsLength(8)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(12)
        row.addWidget(self.axes, 3)
        row.addLayout(settings, 2)

    def _add(self, index: int) -> None:
        path = self.add.itemData(index)
        if path:
            self.axes.appendPlainText(f"{path} = {_SUGGESTED[path]}")
        self.add.setCurrentIndex(0)

    def _show_kind(self, _: int = 0) -> None:
        """A grid has steps along each range, the others a number of trials."""
        is_grid = self.kind.currentData() == "grid"
        self.steps.setVisible(is_grid)
        self.trials.setVisible(not is_grid)
        self.count.setText("Steps" if is_grid else "Trials")

    def plan(self) -> SearchPlan:
        """What is typed, as a plan. Raises `RecipeError` for a line that cannot be read."""
        lines = [line.replace(" ", "") for line in self.axes.toPlainText().splitlines() if line.strip()]
        axes = [Axis.parse(line) for line in lines]
        return SearchPlan.read(
            {
                "kind": self.kind.currentData(), "axes": [axis.model_dump() for axis in axes], "trials": self.trials.value(),
                "epochs": self.epochs.value(), "steps": self.steps.value(), "prune": self.prune.isChecked(),
            }
        )  # fmt: skip

    def show_plan(self, plan: SearchPlan) -> None:
        """An earlier search's plan, as if typed."""
        self.axes.setPlainText("\n".join(axis.text().replace("=", " = ", 1) for axis in plan.axes))
        self.kind.setCurrentIndex(max(0, self.kind.findData(plan.kind)))
        self.trials.setValue(plan.trials)
        self.epochs.setValue(plan.epochs)
        self.steps.setValue(plan.steps)
        self.prune.setChecked(plan.prune)
