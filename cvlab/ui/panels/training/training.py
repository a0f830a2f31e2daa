"""The training panel: recipe at the left, transport, figures and live curves beside it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from cvlab.core.history import SetField
from cvlab.core.lab import Lab
from cvlab.core.notices import Remedy
from cvlab.core.runs import Run
from cvlab.engine.errors import CvlabError
from cvlab.engine.training.guessing import Guess
from cvlab.engine.training.recipe import Recipe
from cvlab.ui.actions import Action
from cvlab.ui.bind import bind, listen
from cvlab.ui.panel import Lesson, Panel, Stop
from cvlab.ui.panels.training.curves_place import CurvesPlace
from cvlab.ui.panels.training.deeds import deeds_of
from cvlab.ui.panels.training.ending import reads_digits, tell_ending
from cvlab.ui.panels.training.heading import Heading
from cvlab.ui.panels.training.inside import Inside
from cvlab.ui.panels.training.lesson import lesson_for
from cvlab.ui.panels.training.outcome import FailureCard
from cvlab.ui.panels.training.past_runs import PastRuns
from cvlab.ui.panels.training.queue_strip import QueueStrip
from cvlab.ui.panels.training.recipe_card import RecipeCard
from cvlab.ui.panels.training.result import Result
from cvlab.ui.panels.training.starter import Starter
from cvlab.ui.panels.training.tiles import Tiles
from cvlab.ui.panels.training.tour import walk
from cvlab.ui.panels.training.transport import TransportBar
from cvlab.ui.widgets.focus import set_successors

if TYPE_CHECKING:
    from cvlab.ui.panels.training.curves import CurvesView

_RECIPE_WIDTH = 288


class TrainingPanel(Panel):
    """Starts, steers and shows one run at a time; `lab.runs` does the training, in its own thread."""

    def __init__(self, lab: Lab, parent: QWidget | None = None) -> None:
        super().__init__(lab, parent)
        self._past: Run | None = None  # an earlier run that is looked at
        self._is_reading = False  # an earlier run is being read
        self._seen = ("", "")
        self._taught: Lesson | None = None
        self._expected: Guess | None = None
        # In the order in which Tab visits them.
        self.transport = TransportBar(self)
        self.heading = Heading(lab, self.transport.sizeHint().height(), self)
        self.recipe = RecipeCard(lab, self)
        self.queue = QueueStrip(lab, self)
        self.past = PastRuns(lab, self)
        self.tiles = Tiles(self)
        self.ending = Result(lab, self)
        self.result = self.ending.strip
        self._place = CurvesPlace(lab.jobs, lab.project.training, self)
        self.inside = Inside(lab, self._place, self)
        self.failure = FailureCard(self._place)  # over the plots, never over the controls of another page
        self.starter = Starter(lab, self.recipe.beginning, self)
        self._lay_out()
        self.first_control = self.transport.start
        for card in (self.result, self.failure):
            set_successors(card, self.transport.pause)
        self._connect()
        self._show_run()

    def _lay_out(self) -> None:
        left = QVBoxLayout()
        left.setSpacing(8)
        left.addWidget(self.heading)
        self.heading.setFixedWidth(_RECIPE_WIDTH)
        for card in (self.recipe, self.queue, self.past):
            card.setFixedWidth(_RECIPE_WIDTH)
            left.addWidget(card, int(card is self.recipe))
        centre = QVBoxLayout()
        centre.setSpacing(8)
        for widget in (self.transport, self.tiles, self.result, self.inside):
            centre.addWidget(widget, int(widget is self.inside))
        row = QHBoxLayout(self)
        row.setContentsMargins(16, 16, 16, 16)
        row.setSpacing(8)
        row.addLayout(left)
        row.addLayout(centre, 1)

    def _connect(self) -> None:
        self.transport.start_asked.connect(self.start_or_resume)
        self.transport.pause_asked.connect(self.pause_or_resume)
        self.transport.step_asked.connect(self.step)
        self.transport.stop_asked.connect(self.stop)
        self.queue.queue_asked.connect(self.enqueue)
        self.inside.branch_asked.connect(self.branch)
        self.inside.restart_asked.connect(self.restart)
        self.starter.refused.connect(self.failure.show_error)
        self.recipe.change_net.connect(self._open_builder)
        self.recipe.beginning.order_asked.connect(self.heading.open_nets)
        self.failure.change_net_asked.connect(self._open_builder)
        self.failure.get_data_asked.connect(self._get_data)
        self.failure.try_asked.connect(self._try)
        self.failure.go_on_asked.connect(self._go_on)
        self.result.draw_asked.connect(self.draw_digit)
        self.result.resume_asked.connect(self._go_on)
        self.past.chosen.connect(self._look_at)
        self.past.reading.connect(self._show_reading)
        self.past.unread.connect(self._have_not_read)
        self._place.came.connect(self._show_run)
        self._place.came.connect(self.failure.raise_)
        self.failure.told.connect(self._show_failure)
        listen(self, self.lab.runs.started, self._run_started)
        listen(self, self.lab.runs.ended, self._run_ended)
        self.ending.reading_again.connect(self.past.read_again)
        bind(self, self.lab.project.training, "run", self._show_wanted)
        bind(self, self.lab.project, "recipe", self._show_recipe)

    # -- the panel's promises --------------------------------------------------------------------------------------

    @property
    def curves(self) -> CurvesView:
        return self._place.widget

    @property
    def lesson(self) -> Lesson:
        return lesson_for(self.lab.project.recipe)

    def actions_offered(self) -> Sequence[Action]:
        return deeds_of(self)

    def shown(self) -> None:
        self.past.refresh()
        self.recipe.data.show_data(self.lab.project.recipe.data)
        self.recipe.beginning.find()
        self._show_run()

    def tick(self) -> None:
        run = self._run()
        if self._is_reading and self.is_active():
            self.transport.show_run(self.lab.runs.current)
        if run is None or self._is_reading:
            return
        self.transport.show_run(self.lab.runs.current if self.is_active() else run)
        self.tiles.show_run(run, self._guess(run))
        if self.inside.page == "curves":
            self._place.draw(run)
        self.inside.tick()
        if (run.id, run.state.status) != self._seen:
            self._show_run()

    def tour(self) -> Iterator[Stop]:
        return walk(self)

    # -- what a person can do --------------------------------------------------------------------------------------

    def start_or_resume(self) -> None:
        run = self.lab.runs.current
        if run is not None and run.is_active:
            self._past = None
            run.resume()
            self._show_run()
        else:
            self.start()

    def start(self) -> Run | None:
        """A new run of the project's net and recipe; what cannot be trained is said on the card."""
        return self.starter.start()

    def pause_or_resume(self) -> None:
        """Pauses the current run after this batch; resumes it if it is paused."""
        if self.is_active() and self.lab.runs.current.is_pausing:
            self.start_or_resume()
        else:
            self.pause()

    def pause(self) -> None:
        if self.is_active():
            self.lab.runs.current.pause()
            self._show_run()

    def step(self) -> None:
        """One batch of the current run, or of a new one that waits after it."""
        run = self.lab.runs.current if self.is_active() else self.start()
        if run is not None:
            run.step()
            self._show_run()

    def stop(self) -> None:
        if self.is_active():
            self.lab.runs.current.stop()

    def enqueue(self) -> None:
        """The project's net and recipe of now, to be trained when those before are done."""
        self.starter.enqueue()

    def branch(self, step: int) -> None:
        """A run of its own from a checkpoint of the run on the screen, with the project's recipe."""
        self.restart(step, self.lab.project.recipe)

    def restart(self, step: int, recipe: Recipe | None = None) -> None:
        """The same with the run's own recipe."""
        run = self._run()
        if run is None:
            return
        try:
            self.lab.runs.branch(run.folder.path, step, recipe)
        except CvlabError as error:
            self.failure.show_error(error)

    def _try(self, setting: str, value: float) -> None:
        """The remedy of a failure: what was trained before it is kept, where the setting lets it go on."""
        project, run = self.lab.project, self._run()
        recipe = project.recipe.changed(**{setting: round(value) if setting == "batch_size" else value})
        self.lab.history.push(SetField(project, "recipe", recipe, "Take up the remedy"))
        last = run.folder.checkpoints.last_step if run is not None else 0
        if setting == "batch_size" and last:
            self.branch(last)
        else:
            self.start()

    def _go_on(self) -> None:
        run = self._run()
        if run is not None:
            try:
                self.lab.runs.resume(run.folder.path)
            except CvlabError as error:
                self.failure.show_error(error)

    def draw_digit(self) -> None:
        run = self._run()
        if run is not None:
            self.lab.project.digits.model = run.id
            self.go_to.emit("digits")

    def _open_builder(self) -> None:
        self.go_to.emit("builder")

    def _get_data(self) -> None:
        self.failure.hide()
        self.recipe.data.fetch()

    # -- what it shows ---------------------------------------------------------------------------------------------

    def _run(self) -> Run | None:
        """The run on the screen."""
        return self._past or self.lab.runs.current

    def _run_started(self, run: Run) -> None:
        self._past, self._is_reading = None, False
        self.lab.project.training.run = run.id
        self.past.show_current()
        self._show_run()
        self.failure.forget()  # last: the focus goes on from its buttons to Pause, which is enabled now

    def _run_ended(self, run: Run) -> None:
        self.past.refresh()
        self._show_run()
        if not self.isVisible():
            tell_ending(self.lab.notices, run, self.lab.test_set.accuracy_of(run), Remedy("Show", self._come_to_front))

    def _come_to_front(self) -> None:
        self.go_to.emit("training")

    def _show_wanted(self, run_id: str) -> None:
        shown = self._run()
        if shown is None or shown.id != run_id:
            self.past.look(run_id)

    def _look_at(self, run: Run | None) -> None:
        self._past, self._is_reading = run, False
        self.failure.forget()
        self._show_run()

    def _show_failure(self) -> None:
        if self.inside.page not in ("search", "checks"):  # whoever works there is not interrupted
            self.inside.turn_to("curves")

    def _have_not_read(self) -> None:
        self._is_reading = False
        self._show_run()

    def _show_reading(self) -> None:
        """Nothing of the run that was on the screen stays while another one is read: that takes seconds while PyTorch loads."""
        self._is_reading = True
        self.failure.forget()
        self._show_run()

    def _show_run(self) -> None:
        """Everything of the run is painted at once: a progress bar paints itself when its value changes, and the rest would
        follow only when the interpreter is free."""
        self.setUpdatesEnabled(False)
        try:
            self._show_reading_state() if self._is_reading else self._show_whole_run()
        finally:
            self.setUpdatesEnabled(True)

    def _show_reading_state(self) -> None:
        self._seen = ("", "")
        if self.is_active():
            self.transport.show_run(self.lab.runs.current)
        else:
            self.transport.show_reading()
        self.tiles.show_run(None, self._guess(None))
        self.ending.show_run(None)
        self.inside.show_run(None, "Reading the run…")
        self._place.show_reading(self._guess(None))

    def _show_whole_run(self) -> None:
        run, current = self._run(), self.lab.runs.current
        self._expected = self._guess(run)
        self._seen = (run.id, run.state.status) if run is not None else ("", "")
        self.recipe.show_run(current)
        self.transport.show_run(current if self.is_active() else run)
        self.tiles.show_run(run, self._guess(run))
        self.ending.show_run(run)
        self.inside.show_run(run)
        self._place.show_run(run, self._guess(run))
        if run is not None:
            self.failure.show_run(run)

    def _show_recipe(self, recipe: Recipe) -> None:
        if self._run() is None and self._guess(None) != self._expected:
            self._show_run()
        lesson = lesson_for(recipe)
        if lesson != self._taught:
            self._taught = lesson
            if self.isVisible():
                self.explain.emit(lesson)

    def _guess(self, run: Run | None) -> Guess:
        """What the run on the screen, or the next one, is compared with."""
        recipe, known = (self.lab.project.recipe, 0) if run is None else (run.recipe, len(run.folder.record.classes))
        return Guess.among(known or self.recipe.data.class_count(), recipe.loss)

    # -- questions -------------------------------------------------------------------------------------------------

    def is_active(self) -> bool:
        return self.lab.runs.current is not None and self.lab.runs.current.is_active

    def can_start(self) -> bool:
        return not self.is_active() or self.lab.runs.current.state.status == "paused"

    def can_step(self) -> bool:
        return not self.is_active() or self.lab.runs.current.state.status != "running"

    def can_draw(self) -> bool:
        run = self._run()
        return run is not None and run.state.status in ("finished", "stopped") and reads_digits(run)
