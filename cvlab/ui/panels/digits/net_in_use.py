"""The net that reads: loads the chosen one in the background, and follows the one in training while somebody looks."""

from __future__ import annotations

from time import perf_counter
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from cvlab.core.lab import Lab
from cvlab.core.models import LIVE, SHIPPED
from cvlab.core.notices import Remedy
from cvlab.core.runs import Run
from cvlab.engine.errors import CvlabError
from cvlab.engine.training.events import SnapshotTaken, ViewMissed
from cvlab.ui.bind import Connection, listen
from cvlab.ui.panels.digits.reading import LoadNet
from cvlab.ui.panels.digits.verdict import Verdict

if TYPE_CHECKING:
    from cvlab.engine.nets.trained import TrainedNet

_EVERY, _AGAIN = 0.2, 10.0
"""Seconds between two copies of the weights in training (copying more often would cost more than the eye gains), and after one
that the memory did not suffice for."""
JOB = "digits.net"


class NetInUse(QObject):
    """changed: another net is there, or the reason why there is none. Does nothing until `wake`, and nothing after `rest`.

    net: the one that reads, None while it loads or if it failed. Weights in training are asked for only after the last
    ones were drawn.
    """

    changed = Signal()

    def __init__(self, lab: Lab, parent: QObject) -> None:
        super().__init__(parent)
        self._lab = lab
        self.net: TrainedNet | None = None
        self._model_id, self._loaded_id = "", ""
        self._failure: BaseException | None = None
        self._awake, self._was_drawn, self._asked_at = False, True, 0.0
        self._run: tuple[Connection, ...] = ()
        listen(self, lab.runs.started, self._follow)
        if lab.runs.current is not None:
            self._follow(lab.runs.current)

    # -- for the panel -----------------------------------------------------------------------------------------------

    def choose(self, model_id: str) -> None:
        """Another net; the one in use stays until the other is there."""
        self._model_id = model_id
        if self._awake:
            self._load()

    def wake(self) -> None:
        self._awake, self._was_drawn = True, True
        if self._loaded_id != self._model_id:
            self._load()

    def rest(self) -> None:
        self._awake = False
        self._lab.jobs.cancel(JOB)

    def tick(self) -> None:
        """Asks the run for its weights, if they are wanted and the last were drawn."""
        run = self._lab.runs.current
        if not (self._awake and self._model_id == LIVE and self._was_drawn) or run is None or not run.is_active:
            return
        if perf_counter() - self._asked_at >= _EVERY:
            self._asked_at, self._was_drawn = perf_counter(), False
            run.ask_snapshot()

    def was_drawn(self) -> None:
        """What the newest net reads has been painted."""
        self._was_drawn = True

    def still_there(self, model_id: str, ids: list[str]) -> str:
        """This choice, or what takes its place: for the net in training its finished run, else the shipped net."""
        if model_id in ids:
            return model_id
        run = self._lab.runs.current
        if model_id == LIVE and run is not None and run.id in ids:
            return run.id
        return SHIPPED

    def explain_absence(self, verdict: Verdict) -> None:
        """Says why there is no net to read with."""
        if self._failure is not None:
            error = self._failure
            what = error.what if isinstance(error, CvlabError) else "The net could not be loaded."
            verdict.show_failure(what, "Choose another net above.")
        elif self._model_id == LIVE:
            verdict.show_waiting("Waiting for its first weights", "The run answers at its next step.")
        else:
            verdict.show_waiting("The network is waking up", "Your drawing is read as soon as it is there.")

    # -- loading -----------------------------------------------------------------------------------------------------

    def _load(self) -> None:
        run = self._lab.runs.current
        if self._model_id == LIVE and (run is None or run.snapshot is None):
            self._lab.jobs.cancel(JOB)
            self.net, self._failure, self._loaded_id = None, None, LIVE
            self.changed.emit()
            return
        request = LoadNet(self._lab.models, self._model_id)
        self._lab.jobs.submit(JOB, request, done=self._have_net, failed=self._have_failure)

    def _have_net(self, net: TrainedNet) -> None:
        if self.net is None:
            # The count is the thread's own: one is enough for one image, and leaves the cores to the training.
            from cvlab.engine.training.device import use_threads

            use_threads(1)
        self.net, self._failure, self._loaded_id = net, None, self._model_id
        self.changed.emit()

    def _have_failure(self, error: BaseException) -> None:
        self.net, self._failure, self._loaded_id = None, error, self._model_id
        remedies = () if self._model_id == SHIPPED else (Remedy("Use the LeNet that ships", self._use_shipped),)
        self._lab.notices.error(error, *remedies)
        self.changed.emit()

    def _use_shipped(self) -> None:
        self._lab.project.digits.model = SHIPPED

    # -- the net in training -----------------------------------------------------------------------------------------

    def _follow(self, run: Run) -> None:
        for heard in self._run:
            heard.end()
            heard.deleteLater()
        self._run = listen(self, run.snapshot_changed, self._have_weights), listen(self, run.view_missed, self._miss)
        self._was_drawn = True
        if self._loaded_id == LIVE:
            self._loaded_id = ""
        if self._model_id == LIVE and self._awake:
            self._load()

    def _miss(self, missed: ViewMissed) -> None:
        """No copy of the weights for want of memory: the net of before stays, and it is tried again after a while."""
        if missed.view == "snapshot":
            self._was_drawn, self._asked_at = True, perf_counter() + _AGAIN
            if self._model_id == LIVE and self.net is None:
                self._failure = CvlabError(missed.what, remedy=missed.remedy)
                self.changed.emit()

    def _have_weights(self, snapshot: SnapshotTaken) -> None:
        run = self._lab.runs.current
        if not (self._awake and self._model_id == LIVE) or run is None:
            return
        if self._loaded_id == LIVE and self.net is not None and self.net.architecture == run.architecture.flat:
            # A net of our own: other weights in it cost a tenth of another net.
            from cvlab.engine.nets.trained import load_weights

            try:
                load_weights(self.net.module, snapshot.weights)
            except CvlabError as error:  # they are no longer finite: the run says so, too
                self.net, self._failure = None, error
            self.changed.emit()
        else:
            self._load()
