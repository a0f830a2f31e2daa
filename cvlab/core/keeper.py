"""What a run saves of itself while it trains."""

from __future__ import annotations

from time import monotonic
from typing import TYPE_CHECKING

from cvlab.core.storage.checkpoints import is_early_mark
from cvlab.core.storage.run_folder import RESUME, RunFolder
from cvlab.engine.training.events import EpochEnd, Event, Noticed, RunFinished, StepEnd

if TYPE_CHECKING:
    from cvlab.engine.training.learner import Learner

SAVE_EVERY = 10.0
"""Seconds of training after which a running epoch is saved, too: a run that is killed loses no more than that."""

SAVE_COST = 0.2
"""Seconds that saving may take. Where a large net takes longer, it is saved as much less often."""

CHECK_EVERY = 1.0
"""Seconds after which the metrics are handed to the operating system, and the folder is looked at: whether it is still there."""


class Keeper:
    """Saves what is needed to go on: at the start, at every epoch's end, now and then within a long one, and checkpoints of the
    past. Before each of them, the log has every step that led to it."""

    def __init__(self, folder: RunFolder, learner: Learner) -> None:
        self._folder, self._learner = folder, learner
        self._saved, self._cost = learner.seconds, 0.0
        self._checked = monotonic()

    def begin(self) -> None:
        """Saves the state before the first step, of a run that has saved none; and of one that goes on from an epoch's end, since
        it may have been killed before that was among its checkpoints. Raises `CannotWrite`."""
        if self._learner.position == 0 or not (self._folder.path / RESUME).exists():
            self._save(checkpoint=True)

    def keep(self, event: Event) -> Noticed | None:
        """Saves what there is to save after this event, which the folder has logged. Returns what another program has done to the
        folder, if anything; it is logged. Raises `CannotWrite`, `RunFolderLost` where the folder is gone; the learner is then at
        rest, and the log has all of its steps."""
        folder, learner, notice = self._folder, self._learner, ""
        match event:
            case EpochEnd() | RunFinished():
                notice = folder.check()
                folder.save_weights(learner)
                if learner.average is not None:
                    folder.save_average(learner)
                self._save(checkpoint=True)
            case StepEnd() if event.step == learner.step and not learner.epoch_is_over:
                early = learner.epoch == 0 and is_early_mark(event.step, learner.steps_per_epoch)
                due = learner.seconds - self._saved > SAVE_EVERY * max(1.0, self._cost / SAVE_COST)
                if early or due or monotonic() - self._checked > CHECK_EVERY:
                    folder.flush()
                    notice = folder.check()
                    self._checked = monotonic()
                if early:
                    folder.save_checkpoint(learner)
                if due:
                    self._save()
        noticed = Noticed(learner.step, notice) if notice else None
        if noticed is not None:
            folder.log(noticed)
        if isinstance(event, RunFinished):
            folder.close()
        return noticed

    def _save(self, *, checkpoint: bool = False) -> None:
        began = monotonic()
        self._folder.save_resume(self._learner, checkpoint=checkpoint)
        self._saved, self._cost = self._learner.seconds, monotonic() - began
