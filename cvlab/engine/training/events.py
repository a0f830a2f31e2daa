"""What happened in a run: frozen facts, in order, that can be pickled and written as JSON lines."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from cvlab.engine.errors import (
    CvlabError,
    Diverged,
    NonFiniteLoss,
    NonFiniteWeights,
    NotEnoughMemory,
    OutOfMemory,
    in_words,
)


@dataclass(frozen=True, slots=True)
class RunStarted:
    """device: in words ("CPU, 2 threads"). steps_per_epoch: at the batch size in force. start_step: 0, or where a resumed run
    goes on."""

    device: str
    threads: int
    train_count: int
    held_out_count: int
    epochs: int
    steps_per_epoch: int
    parameters: int
    start_step: int = 0


@dataclass(frozen=True, slots=True)
class StepEnd:
    """One parameter update. step: 1-based over the run; loss and accuracy: of this batch, in training mode; seconds: of training
    since the run began."""

    step: int
    epoch: int
    loss: float
    accuracy: float
    learning_rate: float
    images: int
    seconds: float


@dataclass(frozen=True, slots=True)
class EpochEnd:
    """One pass over the training images. train_*: means over the epoch's batches; held_out_*: in evaluation mode, None if nothing
    is held out."""

    epoch: int
    step: int
    train_loss: float
    train_accuracy: float
    held_out_loss: float | None
    held_out_accuracy: float | None
    learning_rate: float
    seconds: float
    images_per_second: float


@dataclass(frozen=True, slots=True)
class KnobTurned:
    """A live knob took another value before step `step`."""

    step: int
    knob: str
    old: float
    new: float


@dataclass(frozen=True, slots=True)
class SnapshotTaken:
    """The weights as they were after `step`: name -> float32 array, copied. Made only when somebody asked."""

    step: int
    weights: dict


@dataclass(frozen=True, slots=True)
class ViewTaken:
    """How a view of `engine.training.views` looked after `step`. content: its frozen dataclass. Made only when somebody asked."""

    step: int
    view: str
    content: Any


@dataclass(frozen=True, slots=True)
class ViewMissed:
    """A view, or the copy of the weights, was asked for and could not be made: why, and what to do. The run goes on."""

    step: int
    view: str
    what: str
    remedy: str = ""


@dataclass(frozen=True, slots=True)
class Noticed:
    """Something that a person should know, though the run goes on. words: whole sentences. suggestion: a learning rate to turn
    to, if that is the remedy."""

    step: int
    words: str
    suggestion: float | None = None


@dataclass(frozen=True, slots=True)
class RunFinished:
    """All epochs done, or stopped on request (`stopped`). test_*: measured once at the end of a full run, None if it was
    stopped or the test set was not to be read.
    best_epoch: the epoch whose weights early stopping took back, None where it did not watch."""

    step: int
    epoch: int
    seconds: float
    stopped: bool
    test_loss: float | None = None
    test_accuracy: float | None = None
    best_epoch: int | None = None


@dataclass(frozen=True, slots=True)
class RunFailed:
    """The run cannot go on. title, what, received, remedy: words for the person; suggestion: a value to try, if that is the
    remedy, for `setting` of the recipe."""

    step: int
    title: str
    what: str
    received: str = ""
    remedy: str = ""
    suggestion: float | None = None
    setting: str = "optimizer.learning_rate"

    @classmethod
    def of(cls, error: BaseException, step: int, *, batch_size: int = 0, doing: str = "batch") -> RunFailed:
        """The failure that stands for an exception; one that is not ours keeps its type and text. batch_size, doing: what was
        too much for the memory, if that is it."""
        told = in_words(error, doing)
        if isinstance(told, NonFiniteLoss | NonFiniteWeights | Diverged):
            return cls(step, told.title, told.what, told.received, told.remedy, told.suggestion)
        if isinstance(told, NotEnoughMemory) and told.suggestion is not None:
            return cls(step, told.title, told.what, told.received, told.remedy, told.suggestion, "batch_size")
        if (
            isinstance(told, OutOfMemory)
            and not isinstance(told, NotEnoughMemory)
            and doing == "batch"
            and batch_size > 1
        ):
            return cls(step, told.title, told.what, told.received, told.remedy, batch_size // 2, "batch_size")
        if isinstance(told, CvlabError):
            return cls(step, told.title, told.what, told.received, told.remedy)
        return cls(
            step,
            "Training stopped unexpectedly",
            f"{type(error).__name__}: {error}"[:500],
            remedy="What was saved is safe; the log has the full story.",
        )


Event = (
    RunStarted
    | StepEnd
    | EpochEnd
    | KnobTurned
    | SnapshotTaken
    | ViewTaken
    | ViewMissed
    | Noticed
    | RunFinished
    | RunFailed
)
