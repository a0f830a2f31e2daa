"""What a run has told so far: its figures, its curves, and the knobs that were turned, made from its events."""

from __future__ import annotations

import contextlib
from math import ceil
from typing import Literal

from cvlab.core.curve import Curve
from cvlab.core.epochs import EpochLine
from cvlab.core.state import observable
from cvlab.core.storage.record import RunRecord
from cvlab.engine.errors import RecipeError
from cvlab.engine.training.events import (
    EpochEnd,
    Event,
    KnobTurned,
    Noticed,
    RunFailed,
    RunFinished,
    RunStarted,
    StepEnd,
)

Status = Literal["starting", "running", "paused", "finished", "stopped", "failed"]
CURVES = (
    "loss", "accuracy", "learning_rate", "epoch_loss", "epoch_accuracy", "held_out_loss", "held_out_accuracy",
)  # fmt: skip


@observable
class RunState:
    """What the window shows of a run; changes only in `Run.deliver`. seconds, eta: of training time. best_epoch: whose weights
    early stopping took back. notice: what a person should know though it is no failure. revision: rises when a curve grew."""

    status: Status = "starting"
    step: int = 0
    total_steps: int = 0
    epoch: int = 0
    epochs: int = 0
    seconds: float = 0.0
    eta: float | None = None
    images_per_second: float = 0.0
    learning_rate: float = 0.0
    train_loss: float | None = None
    train_accuracy: float | None = None
    held_out_loss: float | None = None
    held_out_accuracy: float | None = None
    test_accuracy: float | None = None
    device: str = ""
    best_epoch: int | None = None
    failure: RunFailed | None = None
    notice: str = ""
    revision: int = 0


class RunStory:
    """The state of a run and its curves, which follow its events; no thread, no disk.

    line: where its epochs lie among its steps, None before it has said. knobs: what was turned, in order. recipe: as it is now.
    suggested: a learning rate to turn to, which came with the last notice.
    """

    def __init__(self, record: RunRecord) -> None:
        self.id, self.title = record.id, record.title
        self.architecture, self.recipe = record.architecture, record.recipe
        self.state = RunState(epochs=self.recipe.epochs, learning_rate=self.recipe.optimizer.learning_rate)
        self.curves: dict[str, Curve] = {name: Curve() for name in CURVES}
        self.knobs: list[KnobTurned] = []
        self.line: EpochLine | None = None
        self._branched_at = -1 if record.parent is None else record.parent.step
        self._train_count = 0
        self._notice = ""
        self.suggested: float | None = None
        self._recent: list[tuple[float, int]] = []

    def take(self, event: Event) -> None:
        """The next event, in order."""
        state, curves = self.state, self.curves
        match event:
            case StepEnd():
                state.step, state.epoch, state.seconds = event.step, event.epoch, event.seconds
                state.train_loss, state.train_accuracy = event.loss, event.accuracy
                state.learning_rate = event.learning_rate
                curves["loss"].append(event.step, event.loss)
                curves["accuracy"].append(event.step, event.accuracy)
                curves["learning_rate"].append(event.step, event.learning_rate)
                self._recent.append((event.seconds, event.images))
                del self._recent[:-200]
                if state.status == "starting":
                    state.status = "running"
            case EpochEnd():
                state.seconds = event.seconds
                if self.line is not None:
                    self.line.ended(event.epoch, event.step)
                    state.total_steps = self.line.total
                curves["epoch_loss"].append(event.step, event.train_loss)
                curves["epoch_accuracy"].append(event.step, event.train_accuracy)
                if event.held_out_loss is not None and event.held_out_accuracy is not None:
                    state.held_out_loss, state.held_out_accuracy = event.held_out_loss, event.held_out_accuracy
                    curves["held_out_loss"].append(event.step, event.held_out_loss)
                    curves["held_out_accuracy"].append(event.step, event.held_out_accuracy)
            case RunStarted():
                state.device = event.device
                self._train_count = event.train_count
                if self.line is None or event.start_step == 0:
                    self.line = EpochLine(event.steps_per_epoch, event.epochs)
                else:  # it goes on, perhaps as a branch with another batch size or more epochs
                    self.line.turn(event.start_step + 1, event.steps_per_epoch)
                    self.line.count = event.epochs
                state.total_steps, state.epochs = self.line.total, event.epochs
                state.status = "running"
            case KnobTurned():
                self.knobs.append(event)
                if event.knob == "batch_size" and self.line is not None:
                    self.line.turn(event.step, ceil(self._train_count / max(event.new, 1)))
                    state.total_steps = self.line.total
                if event.step > self._branched_at:  # what was turned before a branch is its parent's affair
                    with contextlib.suppress(RecipeError):  # of a damaged file, or a setting of another version
                        self.recipe = self.recipe.changed(**{event.knob: event.new})
            case Noticed():
                state.notice = self._notice = event.words
                self.suggested = event.suggestion
            case RunFinished():
                state.status = "stopped" if event.stopped else "finished"
                state.test_accuracy, state.eta, state.seconds = event.test_accuracy, None, event.seconds
                state.best_epoch = event.best_epoch
            case RunFailed():
                state.status, state.failure, state.eta = "failed", event, None

    def estimate(self) -> None:
        """How fast it goes, and how long it still takes, by its last two hundred steps."""
        state = self.state
        if len(self._recent) > 1:
            seconds = self._recent[-1][0] - self._recent[0][0]
            images = sum(count for _, count in self._recent[1:])
            if seconds > 0:
                state.images_per_second = images / seconds
                left = max(state.total_steps - state.step, 0)
                state.eta = left * seconds / (len(self._recent) - 1)
