"""Where the curves of a run are drawn: there at once, or, while the window starts, when pyqtgraph has been loaded."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtWidgets import QWidget

from cvlab.core.jobs import Jobs
from cvlab.core.panels.training import TrainingState
from cvlab.core.run import Run
from cvlab.engine.training.guessing import Guess
from cvlab.ui.widgets.later import PLOTS, Later

if TYPE_CHECKING:
    from cvlab.ui.panels.training.curves import CurvesView


class CurvesPlace(Later["CurvesView"]):
    """Passes on what is to be drawn; before the plots are there, that is nothing. `came` asks for it again."""

    def __init__(self, jobs: Jobs, state: TrainingState, parent: QWidget) -> None:
        self._state = state
        super().__init__(jobs, "training.plots", PLOTS, self._make_view, parent)

    def _make_view(self, parent: QWidget) -> CurvesView:
        from cvlab.ui.panels.training.curves import CurvesView

        return CurvesView(self._state, parent)

    def show_run(self, run: Run | None, guess: Guess) -> None:
        """The run as it is now, or how one will begin, beside what guessing would do."""
        if self.is_there:
            self.widget.show_guess(guess)
            if run is None:
                self.widget.show_nothing()
            else:
                self.widget.draw(run, at_once=True)

    def show_reading(self, guess: Guess) -> None:
        """An earlier run is being read."""
        if self.is_there:
            self.widget.show_guess(guess)
            self.widget.show_nothing("Reading the run…", "")

    def draw(self, run: Run) -> None:
        """What has been added to the run, as often as it may cost time."""
        if self.is_there:
            self.widget.draw(run)

    def mark(self, step: int | None) -> None:
        """A point of the past; None: now."""
        if self.is_there:
            self.widget.mark(step)
