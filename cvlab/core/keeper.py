"""What a run saves of itself while it trains."""

from __future__ import annotations

from time import monotonic
from typing import TYPE_CHECKING

from cvlab.core.storage.checkpoints import is_early_mark
from cvlab.core.storage.run_folder import RunFolder
from cvlab.engine.training.events import EpochEnd, Event, RunFinished, StepEnd

if TYPE_CHECKING:
    from cvlab.engine.training.learner import Learner

SAVE_EVERY = 30.0
"""Seconds after which a running epoch is saved, too: a run that is killed loses no more than that."""


class Keeper:
    """Saves what is needed to go on: at every epoch's end, now and then within a long one, and checkpoints of the past."""

    def __init__(self, folder: RunFolder, learner: Learner) -> None:
        self._folder, self._learner = folder, learner
        self._saved = monotonic()

    def begin(self) -> None:
        if self._learner.step == 0:
            self._folder.checkpoints.save(self._learner)

    def keep(self, event: Event) -> None:
        folder, learner = self._folder, self._learner
        match event:
            case EpochEnd() | RunFinished():
                folder.save_weights(learner)
                if learner.average is not None:
                    folder.save_average(learner)
                folder.save_resume(learner, checkpoint=True)
                self._saved = monotonic()
            case StepEnd() if event.step == learner.step and not learner.epoch_is_over:
                if learner.epoch == 0 and is_early_mark(event.step, learner.steps_per_epoch):
                    folder.checkpoints.save(learner)
                if monotonic() - self._saved > SAVE_EVERY:
                    folder.save_resume(learner)
                    self._saved = monotonic()
        if isinstance(event, RunFinished):
            folder.close()
