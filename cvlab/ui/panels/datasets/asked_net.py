"""The trained net that is asked about the images: the one that reads this set, or, where there is none, one trained here."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from cvlab.core.lab import Lab
from cvlab.core.models import LIVE, FindModels, ModelChoice
from cvlab.core.run import Run
from cvlab.engine.errors import CvlabError
from cvlab.ui.bind import Connection, bind, listen
from cvlab.ui.panels.datasets.challenge_work import NET_JOB, LoadJudge
from cvlab.ui.panels.datasets.verdict_card import VerdictCard
from cvlab.ui.widgets.figures import duration_text

if TYPE_CHECKING:
    from cvlab.engine.data.dataset import Dataset
    from cvlab.engine.nets.trained import TrainedNet

_LIST = "datasets.nets"
_WAKING = "The net is waking up…"


class AskedNet(QObject):
    """net, id: the net that answers now; None and "" while it loads, and where none reads this set. changed: another answers."""

    changed = Signal()

    def __init__(self, lab: Lab, card: VerdictCard, parent: QObject) -> None:
        super().__init__(parent)
        self._lab, self._card = lab, card
        self.net: TrainedNet | None = None
        self.id = ""
        self._dataset: Dataset | None = None
        self._wanted, self._awake = "", False
        self._choices: list[ModelChoice] = []
        self._is_listed = False
        self._progress: Connection | None = None
        card.train.clicked.connect(self.toggle_training)
        listen(self, lab.models.changed, self._models_changed)
        listen(self, lab.test_set.changed, self._figures_changed)
        listen(self, lab.runs.started, self._follow)
        if lab.runs.current is not None:
            self._follow(lab.runs.current)

    # -- for the page ------------------------------------------------------------------------------------------------

    def take(self, dataset: Dataset) -> None:
        """Another set: the net before may not read it."""
        self._lab.jobs.cancel(NET_JOB)
        self._dataset, self.net, self.id = dataset, None, ""
        self._choices, self._is_listed = [], False
        self._list()

    def look(self, wanted: str) -> None:
        """Has the wanted net answer if it reads the set, else the first that does. Called when the page is in front."""
        self._wanted, self._awake = wanted, True
        if not self._is_listed:
            self._card.show_no_net(_WAKING)
            if not self._lab.jobs.is_busy(_LIST):  # it was put to rest before they were found
                self._list()
            return
        chosen = self.chosen()
        self._card.show_model(chosen)
        if chosen is None:
            self._say_none()
        elif chosen.id != self.id:
            self.net, self.id = None, chosen.id
            self._card.show_no_net(_WAKING)
            request = LoadJudge(self._lab.models, chosen.id, self._dataset)
            self._lab.jobs.submit(NET_JOB, request, done=self._have, failed=self._have_none)

    def rest(self) -> None:
        """A training goes on; nothing else does."""
        self._awake = False
        if self._lab.jobs.is_busy(_LIST):
            self._lab.jobs.cancel(_LIST)
            self._forget()
        if self._lab.jobs.is_busy(NET_JOB):
            self._lab.jobs.cancel(NET_JOB)
            self.id = ""

    def chosen(self) -> ModelChoice | None:
        """The wanted net, or the best of those that read this set; None without any."""
        wanted = [choice for choice in self._choices if choice.id == self._wanted]
        return next(iter(wanted or self._choices), None)

    # -- which there are ---------------------------------------------------------------------------------------------

    def _models_changed(self, _: object = None) -> None:
        if self._dataset is not None and self._awake:
            self._list()
        else:
            self._is_listed = False

    def _figures_changed(self, _: object = None) -> None:
        """Names no figure that may no longer be shown, though the page is not in front."""
        if self._awake:
            self._models_changed()
        else:
            self._forget()

    def _forget(self) -> None:
        """The nets that were found say what may not be true any longer: they are looked for again when the page is in front."""
        self._choices, self._is_listed = [], False
        self._card.list_models([], [])

    def _list(self) -> None:
        self._lab.jobs.submit(_LIST, FindModels(self._lab.models), done=self._show_list)

    def _show_list(self, found: list[ModelChoice]) -> None:
        set, self._is_listed = self._dataset, True
        # The weights in training change under a curve: a run is asked when it is done.
        every = [choice for choice in found if choice.id != LIVE]
        self._choices = self._lab.models.reading(set.image_shape, set.classes, set.id, every)
        self._card.list_models(self._choices, [choice for choice in every if choice not in self._choices])
        if self._awake:
            self.look(self._wanted)

    def _have(self, net: TrainedNet) -> None:
        self.net = net
        self.changed.emit()

    def _have_none(self, error: BaseException) -> None:
        self._card.show_no_net(str(error), failed=True)

    # -- training one ------------------------------------------------------------------------------------------------

    @property
    def _run(self) -> Run | None:
        """The run that learns this set now, if there is one."""
        run = self._lab.runs.current
        is_ours = (
            run is not None and run.is_active and self._dataset is not None and run.recipe.data == self._dataset.id
        )
        return run if is_ours else None

    def toggle_training(self) -> None:
        """Trains a net that suits the set, beside what the project holds; or stops it: then it answers as it is."""
        from cvlab.engine.training.suited import suited

        if self._run is not None:
            self._run.stop()
            return
        net, recipe = suited(self._dataset)
        try:
            self._lab.runs.start(net, recipe, title=f"{net.name}, trained on {self._dataset.title}")
        except CvlabError as error:
            self._lab.notices.error(error)

    def _follow(self, run: Run) -> None:
        if self._progress is not None:
            self._progress.end()
            self._progress.deleteLater()
        self._progress = bind(self, run.state, "revision", self._show_progress)

    def _show_progress(self, _: object) -> None:
        if self._awake and self._dataset is not None and self._is_listed and not self._choices:
            self._say_none()

    def _say_none(self) -> None:
        self.net, self.id = None, ""
        run = self._run
        self._card.show_training(run is not None)
        if run is None:
            self._card.show_no_net("No net reads these images yet.")
            return
        state, count = run.state, run.recipe.epochs
        parts = [f"{run.architecture.name} learns: epoch {max(state.epoch, 1)} of {count}"]
        if state.held_out_accuracy is not None:
            parts.append(f"{state.held_out_accuracy:.1%} right on held-out images".replace("%", " %"))
        parts.append(f"{duration_text(state.eta)} left" if state.eta is not None else "just begun")
        self._card.show_no_net("\n".join(parts))
