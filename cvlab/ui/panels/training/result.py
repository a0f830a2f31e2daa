"""The result of the run on the screen, as far as the lock of the test set lets it be shown, and its evaluation."""

from __future__ import annotations

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QWidget

from cvlab.core.evaluation import can_evaluate
from cvlab.core.lab import Lab
from cvlab.core.run import Run
from cvlab.ui.bind import listen
from cvlab.ui.panels.training.outcome import ResultStrip


class Result(QObject):
    """Keeps the strip above the curves true while the test set is locked, unlocked and read.

    reading_again: the run has been measured since it was read from its folder.
    """

    reading_again = Signal(object)

    def __init__(self, lab: Lab, parent: QWidget) -> None:
        super().__init__(parent)
        self._lab = lab
        self._run: Run | None = None
        self.strip = ResultStrip(parent)
        self.strip.evaluate_asked.connect(self.evaluate)
        listen(self, lab.test_set.changed, self._test_set_changed)

    def show_run(self, run: Run | None) -> None:
        self._run = run
        self.strip.show_run(
            run,
            can_go_on=run is not None and run.folder.can_resume,
            test_accuracy=None if run is None else self._lab.test_set.accuracy_of(run),
            can_evaluate=self.can_evaluate(),
        )

    def evaluate(self) -> None:
        """Measures the run on the screen on the test set, and shows the figure."""
        if self._run is not None and self.can_evaluate():
            self._lab.evaluate_on_test(self._run.folder.path)
            self.show_run(self._run)

    def can_evaluate(self) -> bool:
        """Whether the run on the screen has ended and its test figure is not shown yet."""
        run = self._run
        return (
            run is not None
            and not self._lab.is_evaluating(run.id)
            and self._lab.test_set.accuracy_of(run) is None
            and can_evaluate(run.folder.path, run.state.status)
        )

    def _test_set_changed(self, _: object = None) -> None:
        run = self._run
        is_past = run is not None and run is not self._lab.runs.current
        if is_past and self._lab.test_set.shown.of(run.id) and run.state.test_accuracy is None:
            self.reading_again.emit(run)
        self.show_run(run)
