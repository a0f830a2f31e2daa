"""The pages of the training panel: curves, and looks inside the net, now and at any checkpoint of the past."""

from __future__ import annotations

from time import monotonic

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QButtonGroup, QFrame, QHBoxLayout, QPushButton, QStackedLayout, QVBoxLayout, QWidget

from cvlab.core.lab import Lab
from cvlab.core.run import Run
from cvlab.engine.training.events import ViewMissed, ViewTaken
from cvlab.ui.bind import Connection, listen
from cvlab.ui.panels.training.checks_page import ChecksPage
from cvlab.ui.panels.training.curves_place import CurvesPlace
from cvlab.ui.panels.training.filters_page import FiltersPage
from cvlab.ui.panels.training.inside_page import InsidePage
from cvlab.ui.panels.training.layers_page import LayersPage
from cvlab.ui.panels.training.looking import LookAt
from cvlab.ui.panels.training.mistakes_page import MistakesPage
from cvlab.ui.panels.training.search_page import SearchPage
from cvlab.ui.panels.training.sections import differences
from cvlab.ui.panels.training.time_travel import TimeTravel
from cvlab.ui.widgets.controls import button

_JOB = "training.look"
_EVERY = {"confusion": 4.0, "mistakes": 4.0}
_OFTEN = 0.6
"""Seconds between two looks, at least: a look takes its time from the training."""
_AGAIN = 10.0
"""Seconds after which a look that the memory did not suffice for is tried again."""

_PAGES = (
    ("curves", "Curves", "Loss and accuracy over the steps."),
    ("layers", "Layers", "Weights, gradients and outputs of every layer over time; dead units; the size of the steps."),
    ("filters", "Filters", "What the first layer looks for, as images."),
    ("mistakes", "Mistakes", "The confusion matrix, and the mistakes that the net is surest of."),
    ("search", "Search", "Many recipes tried one after the other, judged on held-out images."),
    ("checks", "Checks", "The course's checks before a long training."),
)


class Inside(QFrame):
    """Asks the run for the views of the page in front, one at a time: what is hidden costs nothing.

    branch_asked(step), restart_asked(step): see `TimeTravel`. looks: how many were drawn since the page was turned.
    """

    branch_asked = Signal(int)
    restart_asked = Signal(int)

    def __init__(self, lab: Lab, curves: CurvesPlace, parent: QWidget) -> None:
        super().__init__(parent)
        self.setProperty("role", "card")
        self._lab = lab
        self._run: Run | None = None
        self._heard: tuple[Connection, ...] = ()
        self._asked: set[str] = set()
        self._answered: dict[str, tuple[float, int]] = {}
        self._missed: set[str] = set()
        self._epochs, self._listed = 0, 0.0
        self._shown: tuple = ()
        self.looks = 0
        self.layers, self.filters, self.mistakes = LayersPage(self), FiltersPage(self), MistakesPage(self)
        self.checks, self.search = ChecksPage(lab, self), SearchPage(lab, self)
        self.curves = curves
        self.past = TimeTravel(self)
        self.pages: dict[str, QWidget] = {
            "curves": curves, "layers": self.layers, "filters": self.filters, "mistakes": self.mistakes, "search": self.search,
            "checks": self.checks,
        }  # fmt: skip
        self.chips: dict[str, QPushButton] = {}
        group = QButtonGroup(self)
        row = QHBoxLayout()
        row.setContentsMargins(16, 10, 16, 0)
        row.setSpacing(8)
        self._stack = QStackedLayout()
        for name, words, tip in _PAGES:
            chip = self.chips[name] = button(self, f"training.page.{name}", words, tip, role="chip")
            chip.setCheckable(True)
            group.addButton(chip)
            row.addWidget(chip)
            self._stack.addWidget(self.pages[name])
        row.addStretch(1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 4)
        column.setSpacing(4)
        column.addLayout(row)
        column.addLayout(self._stack, 1)
        column.addWidget(self.past)
        group.buttonClicked.connect(self._turn)
        self.past.looked.connect(self._look_back)
        self.past.branch_asked.connect(self.branch_asked)
        self.past.restart_asked.connect(self.restart_asked)
        self.turn_to("curves")
        self.show_run(None)
        listen(self, lab.project.events.recipe, self._show_difference)

    @property
    def page(self) -> str:
        """The id of the page in front."""
        return next(name for name, page in self.pages.items() if page is self._stack.currentWidget())

    def turn_to(self, name: str) -> None:
        self._stack.setCurrentWidget(self.pages[name])
        self.chips[name].setChecked(True)
        self.past.setVisible(name not in ("checks", "search"))
        self._shown, self.looks = (), 0
        if name == "checks":
            self.checks.show_document()
        self._show_past()

    def _turn(self, chip: QPushButton) -> None:
        self.turn_to(next(name for name, other in self.chips.items() if other is chip))

    # -- the run ----------------------------------------------------------------------------------------------------------

    def show_run(self, run: Run | None, message: str = "Start a run to look inside the net while it learns.") -> None:
        """Another run is on the screen, or the same in another state. message: shown where there is no run."""
        if run is not self._run:
            for heard in self._heard:
                heard.end()
                heard.deleteLater()
            self._heard, self._run = (), run
            self._asked.clear()
            self._answered.clear()
            self._missed.clear()
            self._lab.jobs.cancel(_JOB)
            if run is not None:
                self._heard = (
                    listen(self, run.view_changed, self._take), listen(self, run.view_missed, self._miss),
                )  # fmt: skip
            self.past.show_points([])
            for page in self._inside_pages():
                page.show_nothing("Looking…" if run is not None else message)
        self._shown = ()
        if run is not None:
            self.past.show_points(run.folder.checkpoints.all())

    def tick(self) -> None:
        """Asks for what the page in front shows, where the last answer is old enough."""
        run, page = self._run, self._stack.currentWidget()
        if run is None:
            return
        self._note_epochs(run)
        if not isinstance(page, InsidePage) or self.past.step is not None:
            return
        if not run.is_active:
            self._look(None)
            return
        for view in page.views:
            if view not in self._asked and self._is_due(view, run):
                self._asked.add(view)
                run.ask(view)

    def _note_epochs(self, run: Run) -> None:
        """Each epoch that has ended is another point of the past; listing them costs a look at the disk."""
        ended = len(run.curves["epoch_loss"])
        if ended != self._epochs and monotonic() - self._listed > _OFTEN:
            self._epochs, self._listed = ended, monotonic()
            self.past.show_points(run.folder.checkpoints.all())

    def _is_due(self, view: str, run: Run) -> bool:
        """Whether there may be something new, and the last look has been earned back."""
        at, step = self._answered.get(view, (0.0, -1))
        pause = _AGAIN if view in self._missed else _EVERY.get(view, _OFTEN)
        return run.state.step != step and monotonic() - at > pause

    def _take(self, view: ViewTaken) -> None:
        self._note(view)
        self._missed.discard(view.view)
        page = self._page_of(view)
        if page is not None:
            page.show_view(view, past=False)
            self.looks += 1

    def _miss(self, missed: ViewMissed) -> None:
        self._note(missed)
        self._missed.add(missed.view)
        page = self._page_of(missed)
        if page is not None:
            page.show_missed(missed)

    def _note(self, answer: ViewTaken | ViewMissed) -> None:
        self._asked.discard(answer.view)
        self._answered[answer.view] = (monotonic(), answer.step)

    def _page_of(self, answer: ViewTaken | ViewMissed) -> InsidePage | None:
        """The page in front, if it is waiting for this look at the running net."""
        page = self._stack.currentWidget()
        waits = isinstance(page, InsidePage) and answer.view in page.views and self.past.step is None
        return page if waits else None

    # -- at rest, and the past ------------------------------------------------------------------------------------------------

    def _look_back(self, step: int | None) -> None:
        self._shown = ()
        self._show_difference()
        self._show_past()

    def _show_difference(self, _: object = None) -> None:
        """What a branch would change, for who thinks of one."""
        if self._run is not None and self.past.step is not None:
            self.past.show_difference(differences(self._run.recipe, self._lab.project.recipe))

    def _show_past(self) -> None:
        step = self.past.step
        self.curves.mark(step)
        if step is not None:
            self._look(step)
        elif isinstance(self._stack.currentWidget(), LayersPage) and self._run is not None:
            self.layers.show_nothing("Looking…")

    def _look(self, step: int | None) -> None:
        run, page = self._run, self._stack.currentWidget()
        if run is None or not isinstance(page, InsidePage):
            return
        wanted = (run.id, step, page.views, run.state.status)
        if wanted == self._shown:
            return
        self._shown = wanted
        request = LookAt(run.folder.path, step, page.views, self._lab.dataset, run.state.step)
        self._lab.jobs.submit(_JOB, request, done=self._show_looks, failed=self._failed)

    def _show_looks(self, looks: list[ViewTaken]) -> None:
        page = self._stack.currentWidget()
        for view in looks:
            if isinstance(page, InsidePage) and view.view in page.views:
                page.show_view(view, past=True)

    def _failed(self, error: BaseException) -> None:
        page = self._stack.currentWidget()
        if isinstance(page, InsidePage):
            page.show_nothing(str(error))

    def _inside_pages(self) -> tuple[InsidePage, ...]:
        return self.layers, self.filters, self.mistakes
