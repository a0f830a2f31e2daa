"""Looking for good settings: which to try, over which ranges, and what the held-out images say of each trial."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import (
    QComboBox,
    QHBoxLayout,
    QProgressBar,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from cvlab.core.history import SetField
from cvlab.core.jobs import JobControl
from cvlab.core.lab import Lab
from cvlab.core.searches import SearchProgress, SearchRecord, SearchRequest, searches, trial_recipe
from cvlab.engine.errors import CvlabError
from cvlab.engine.training.search import SearchPlan, Trial, at_the_edge, best_of
from cvlab.ui.panels.training.search_form import SearchForm
from cvlab.ui.panels.training.search_views import SearchViews, told
from cvlab.ui.theme.style import set_role
from cvlab.ui.widgets.controls import button, label, named
from cvlab.ui.widgets.figures import share_text

_JOB, _LIST = "training.search", "training.searches"
_LISTED = 20


@dataclass(frozen=True)
class ListSearches:
    """The searches on this machine, the newest twenty."""

    root: Path

    def run(self, control: JobControl) -> list[SearchRecord]:
        return searches(self.root)[:_LISTED]


class SearchPage(QWidget):
    """The plan above, the trials below. A search is a job; what was tried is on disk, trial by trial, and can go on."""

    def __init__(self, lab: Lab, parent: QWidget) -> None:
        super().__init__(parent)
        self._lab = lab
        self._trials: tuple[Trial, ...] = ()
        self._plan = SearchPlan()
        self._records: dict[str, SearchRecord] = {}
        self._record = ""
        self.form = SearchForm(self)
        self.go = button(
            self, "training.search", "Search", "Trains trial after trial, judged on held-out images.", role="primary"
        )
        self.go.setMinimumWidth(96)
        self.again = button(
            self, "training.search_again", "Go on", "Goes on with the search on the screen, after its last whole trial."
        )
        self.take = button(
            self,
            "training.take_best",
            "Take the best",
            "Puts the best trial's settings into the recipe (can be undone).",
        )
        self.earlier = named(
            QComboBox(self), "training.searches", "Searches",
            "Searches on this machine, newest first: look at one again, or go on with one that was stopped.",
        )  # fmt: skip
        self.earlier.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.earlier.setMinimumContentsLength(14)
        self.earlier.view().setMinimumWidth(300)
        self.go.clicked.connect(self.toggle)
        self.again.clicked.connect(self.go_on)
        self.take.clicked.connect(self.take_best)
        self.earlier.activated.connect(self._look_at)
        self.progress = QProgressBar(self)
        self.progress.setAccessibleName("Progress of the search")
        self.progress.setFixedWidth(120)
        self.progress.hide()
        self.words = label(self, wraps=True)
        self.words.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self.words.setFixedHeight(2 * self.words.fontMetrics().lineSpacing())
        self.views = SearchViews(self)
        self.views.pointed.connect(self._point)
        self._lay_out()
        self._show(())

    def _lay_out(self) -> None:
        deeds = QHBoxLayout()
        deeds.setSpacing(8)
        for widget in (self.go, self.again, self.take, self.form.prune):
            deeds.addWidget(widget)
        deeds.addStretch(1)
        deeds.addWidget(self.earlier)
        news = QHBoxLayout()
        news.setSpacing(12)
        news.addWidget(self.words, 1)
        news.addWidget(self.progress)
        news.addWidget(self.views.bar)
        column = QVBoxLayout(self)
        column.setContentsMargins(16, 4, 16, 12)
        column.setSpacing(8)
        column.addWidget(self.form)
        column.addLayout(deeds)
        column.addLayout(news)
        column.addWidget(self.views, 1)

    @property
    def is_busy(self) -> bool:
        return self._lab.jobs.is_busy(_JOB)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.refresh()

    def refresh(self) -> None:
        """Reads which searches there are, in the background."""
        self._lab.jobs.submit(_LIST, ListSearches(self._lab.runs.root), done=self._show_records)

    # -- what a person does ---------------------------------------------------------------------------------------------------

    def toggle(self) -> None:
        """Starts the search, or stops it after the running trial's batch; whole trials are kept."""
        if self.is_busy:
            self._lab.jobs.cancel(_JOB)
            self._rest("Stopped. What was tried is kept, and can go on.")
            self.refresh()
            return
        project = self._lab.project
        try:
            self._plan = self.form.plan()
            self._plan.check(project.recipe)
        except CvlabError as error:
            self._say(str(error), "small error")
            return
        self._record = ""
        self._show(())
        self._start(
            SearchRequest(self._lab.runs.root, project.architecture, project.recipe, self._plan, self._lab.dataset)
        )

    def go_on(self) -> None:
        """Goes on with the search on the screen, by its own recipe and net."""
        if self._record and not self.is_busy:
            try:
                request = SearchRequest.again(self._lab.runs.root / self._record, self._lab.dataset)
                request.plan.check(request.recipe)
            except CvlabError as error:
                self._say(str(error), "small error")
                return
            self._start(request)

    def _start(self, request: SearchRequest) -> None:
        self.go.setText("Stop")
        self.again.hide()
        self.progress.setRange(0, 0)
        self.progress.show()
        self._say("The first trial trains…")
        self.views.show_words("The first trial trains. Each is drawn here when it ends.")
        self._lab.jobs.submit(_JOB, request, done=self._done, failed=self._failed, progress=self._came)

    def take_best(self) -> None:
        best = best_of(self._trials)
        if best is not None:
            project = self._lab.project
            recipe = trial_recipe(project.recipe, best)
            self._lab.history.push(SetField(project, "recipe", recipe, "Take the best of a search"))

    # -- what it shows -----------------------------------------------------------------------------------------------------------

    def _show_records(self, records: list[SearchRecord]) -> None:
        self._records = {record.id: record for record in records}
        self.earlier.clear()
        self.earlier.setPlaceholderText("Earlier searches")
        for record in records:
            self.earlier.addItem(_summary(record), record.id)
        self.earlier.setVisible(bool(records))
        self.earlier.setCurrentIndex(self.earlier.findData(self._record) if self._record else -1)
        if records and not self._trials and not self.is_busy and not self.words.text():
            self.look_at(records[0].id)
        elif self._record in self._records and not self.is_busy:
            self.again.setVisible(not self._records[self._record].is_done)

    def _look_at(self, index: int) -> None:
        self.look_at(self.earlier.itemData(index))

    def look_at(self, record_id: str) -> None:
        """Brings an earlier search to the screen; a running one is left alone."""
        record = self._records.get(record_id)
        if record is None or self.is_busy:
            return
        self._record, self._plan = record.id, record.plan
        self.form.show_plan(record.plan)
        self.earlier.setCurrentIndex(self.earlier.findData(record.id))
        self._show(tuple(record.trials))
        self._rest(self._ending(record))
        self.again.setVisible(not record.is_done)

    def _came(self, progress: SearchProgress) -> None:
        self._record = progress.search
        self.progress.setRange(0, progress.total)
        self.progress.setValue(len(progress.trials))
        if progress.trials != self._trials:
            self._show(progress.trials)
        now = f"Trial {progress.now.number + 1} of {progress.total} trains. " if progress.now is not None else ""
        self._say(f"{now}{self._best_words()}")

    def _done(self, record: SearchRecord) -> None:
        self._record = record.id
        self._show(tuple(record.trials))
        self._rest(self._ending(record))
        self.refresh()

    def _ending(self, record: SearchRecord) -> str:
        best, trials = best_of(record.trials), record.trials
        failed, early = sum(trial.score is None for trial in trials), sum(trial.given_up for trial in trials)
        sentences = [
            f"{len(trials)} of {record.total} trials are done." * (not record.is_done),
            self._best_words(),
            f"{failed} of {len(trials)} failed." * bool(failed),
            f"{early} were given up early." * bool(early),
            *(at_the_edge(record.plan, best.values) if best is not None else ()),
        ]
        return " ".join(each for each in sentences if each)

    def _failed(self, error: BaseException) -> None:
        self._rest(str(error), "small error")
        self.refresh()

    def _rest(self, words: str, role: str = "small muted") -> None:
        self.go.setText("Search")
        self.again.hide()
        self.progress.hide()
        self.views.show_words("")
        self._say(words, role)

    def _show(self, trials: tuple[Trial, ...]) -> None:
        self._trials = trials
        self.again.hide()
        self.views.show_trials(self._plan, trials)
        self.take.setEnabled(best_of(trials) is not None)

    def _best_words(self) -> str:
        best = best_of(self._trials)
        return f"Best so far: {told(best)}." if best is not None else ""

    def _point(self, words: str) -> None:
        self._say(words or self._best_words())

    def _say(self, words: str, role: str = "small muted") -> None:
        self.words.setText(words)
        self.words.setToolTip(words)
        set_role(self.words, role)


def _summary(record: SearchRecord) -> str:
    """A search in one line: when, how many trials, and how good the best of them is."""
    best = best_of(record.trials)
    when = record.created.replace("T", " ")[5:16]
    count = f"{len(record.trials)}" if record.is_done else f"{len(record.trials)} of {record.total}"
    return f"{when}  {count} trials  {share_text(best.score) if best is not None else ''}".strip()
