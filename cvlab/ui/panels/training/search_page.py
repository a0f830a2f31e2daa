"""Looking for good settings: which to try, over which ranges, and what the held-out images say of each trial."""

from __future__ import annotations

from PySide6.QtWidgets import (
    QComboBox,
    QGridLayout,
    QHBoxLayout,
    QPlainTextEdit,
    QProgressBar,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from cvlab.core.history import SetField
from cvlab.core.lab import Lab
from cvlab.core.searches import SearchProgress, SearchRecord, SearchRequest, trial_recipe
from cvlab.engine.errors import CvlabError
from cvlab.engine.training.search import Axis, SearchPlan, Trial, at_the_edge, best_of, ranked
from cvlab.ui.panels.training.search_map import SearchMap
from cvlab.ui.theme.style import set_role
from cvlab.ui.widgets.controls import button, label, named
from cvlab.ui.widgets.figures import loss_text, share_text
from cvlab.ui.widgets.number import number_text

_JOB = "training.search"
_FIRST = "optimizer.learning_rate = 1e-4..1e-1\nbatch_size = 32..512:log"
_SUGGESTED = {
    "optimizer.learning_rate": "1e-4..1e-1", "optimizer.weight_decay": "1e-5..1e-1", "batch_size": "32..512:log",
    "optimizer.kind": "momentum,adam,rmsprop", "initialisation.kind": "xavier,glorot,he", "shift": "0..3",
    "loss.label_smoothing": "0..0.2", "augmentation.rotate": "0..20", "schedule.kind": "constant,cosine,one-cycle",
}  # fmt: skip


class SearchPage(QWidget):
    """The plan above, the trials below. A search is a job; what was tried is on disk, trial by trial."""

    def __init__(self, lab: Lab, parent: QWidget) -> None:
        super().__init__(parent)
        self._lab = lab
        self._trials: tuple[Trial, ...] = ()
        self._plan = SearchPlan()
        self.axes = named(
            QPlainTextEdit(_FIRST, self), "training.axes", "Settings to search",
            "One setting a line, with its range or values: optimizer.learning_rate = 1e-4..1e-1, optimizer.kind = adam,sgd. "
            "Rates are searched on a log scale; :log and :linear say so for others.",
        )  # fmt: skip
        self.axes.setFixedHeight(74)
        self.axes.setTabChangesFocus(True)
        self.add = named(QComboBox(self), "training.add_axis", "Add a setting", "Adds a line with a sensible range.")
        self.add.addItem("Add a setting…", "")
        for path in _SUGGESTED:
            self.add.addItem(path, path)
        self.add.activated.connect(self._add)
        self.kind = named(
            QComboBox(self), "training.search_kind", "Kind of search", SearchPlan.model_fields["kind"].description
        )
        for value, words in (("random", "Random"), ("grid", "Grid"), ("coarse-to-fine", "Coarse to fine")):
            self.kind.addItem(words, value)
        self.trials = self._number("trials", "Trials", 2, 500, 12)
        self.epochs = self._number("trial_epochs", "Epochs a trial", 1, 200, 1)
        self.go = button(
            self, "training.search", "Search", "Trains trial after trial, judged on held-out images.", role="primary"
        )
        self.go.clicked.connect(self.toggle)
        self.take = button(
            self, "training.take_best", "Take the best", "Puts the best trial's settings into the recipe."
        )
        self.take.clicked.connect(self.take_best)
        self.progress = QProgressBar(self)
        self.progress.setAccessibleName("Progress of the search")
        self.progress.hide()
        self.words = label(self, wraps=True)
        self.map = SearchMap(self)
        self.map.pointed.connect(self._point)
        self._lay_out()
        self._show(())

    def _number(self, name: str, words: str, low: int, high: int, value: int) -> QSpinBox:
        field = {"trials": "trials", "trial_epochs": "epochs"}[name]
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
        for column, (words, box) in enumerate((("Trials", self.trials), ("Epochs each", self.epochs))):
            settings.addWidget(label(self, words), 1, 2 * column)
            settings.addWidget(box, 1, 2 * column + 1)
        for combo in (self.add, self.kind):
            combo.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
            combo.setMinimumContentsLength(8)
        above = QHBoxLayout()
        above.setSpacing(12)
        above.addWidget(self.axes, 3)
        above.addLayout(settings, 2)
        deeds = QHBoxLayout()
        deeds.setSpacing(8)
        deeds.addWidget(self.go)
        deeds.addWidget(self.take)
        deeds.addWidget(self.progress, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(16, 4, 16, 12)
        column.setSpacing(8)
        column.addLayout(above)
        column.addLayout(deeds)
        column.addWidget(self.words)
        column.addWidget(self.map, 1)

    @property
    def is_busy(self) -> bool:
        return self._lab.jobs.is_busy(_JOB)

    # -- what a person does ---------------------------------------------------------------------------------------------------

    def _add(self, index: int) -> None:
        path = self.add.itemData(index)
        if path:
            self.axes.appendPlainText(f"{path} = {_SUGGESTED[path]}")
        self.add.setCurrentIndex(0)

    def plan(self) -> SearchPlan:
        """What is typed, as a plan. Raises `RecipeError` for a line that cannot be read."""
        lines = [line.replace(" ", "") for line in self.axes.toPlainText().splitlines() if line.strip()]
        axes = [Axis.parse(line) for line in lines]
        return SearchPlan.read(
            {
                "kind": self.kind.currentData(), "axes": [axis.model_dump() for axis in axes], "trials": self.trials.value(),
                "epochs": self.epochs.value(),
            }
        )  # fmt: skip

    def toggle(self) -> None:
        """Starts the search, or stops it after the running trial's batch; whole trials are kept."""
        if self.is_busy:
            self._lab.jobs.cancel(_JOB)
            self._rest("Stopped. What was tried is kept.")
            return
        project = self._lab.project
        try:
            self._plan = self.plan()
            self._plan.check(project.recipe)
        except CvlabError as error:
            self._say(str(error), "small error")
            return
        self.go.setText("Stop")
        self._show(())
        self.progress.setRange(0, 0)
        self.progress.show()
        self._say("The first trial trains…")
        request = SearchRequest(
            self._lab.runs.root, project.architecture, project.recipe, self._plan, self._lab.dataset
        )
        self._lab.jobs.submit(_JOB, request, done=self._done, failed=self._failed, progress=self._came)

    def take_best(self) -> None:
        best = best_of(self._trials)
        if best is not None:
            project = self._lab.project
            recipe = trial_recipe(project.recipe, best)
            self._lab.history.push(SetField(project, "recipe", recipe, "Take the best of a search"))

    # -- what it shows -----------------------------------------------------------------------------------------------------------

    def _came(self, progress: SearchProgress) -> None:
        self.progress.setRange(0, progress.total)
        self.progress.setValue(len(progress.trials))
        if progress.trials != self._trials:
            self._show(progress.trials)
        now = f"Trial {progress.now.number + 1} of {progress.total} trains. " if progress.now is not None else ""
        self._say(f"{now}{self._best_words()}")

    def _done(self, record: SearchRecord) -> None:
        self._show(tuple(record.trials))
        best = best_of(record.trials)
        edge = " ".join(at_the_edge(self._plan, best.values)) if best is not None else ""
        failed = sum(trial.score is None for trial in record.trials)
        failures = f" {failed} of {len(record.trials)} failed." if failed else ""
        self._rest(f"{self._best_words()}{failures} {edge}".strip())

    def _failed(self, error: BaseException) -> None:
        self._rest(str(error), "small error")

    def _rest(self, words: str, role: str = "small muted") -> None:
        self.go.setText("Search")
        self.progress.hide()
        self._say(words, role)

    def _show(self, trials: tuple[Trial, ...]) -> None:
        self._trials = trials
        self.map.show_trials(self._plan.axes, trials)
        self.take.setEnabled(best_of(trials) is not None)

    def _best_words(self) -> str:
        best = best_of(self._trials)
        return f"Best so far: {_told(best)}." if best is not None else ""

    def _point(self, number: int) -> None:
        trial = next((each for each in ranked(self._trials) if each.number == number), None)
        if trial is not None:
            self._say(f"Trial {number + 1}: {_told(trial)}.")

    def _say(self, words: str, role: str = "small muted") -> None:
        self.words.setText(words)
        set_role(self.words, role)


def _told(trial: Trial) -> str:
    """A trial in words: 98.1 % (loss 0.071) with learning rate 0.004, batch size 64."""
    settings = ", ".join(
        f"{path.rpartition('.')[2].replace('_', ' ')} {number_text(float(f'{value:.3g}')) if isinstance(value, float) else value}"
        for path, value in trial.values.items()
    )
    return f"{share_text(trial.score)} (loss {loss_text(trial.loss)}) with {settings}"
