"""The training loop: one generator of events. Pause is not asking for the next event; step is asking once."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from time import perf_counter

import torch
from torch import Tensor

from cvlab.engine.errors import Diverged, NonFiniteLoss, OutOfMemory, in_words
from cvlab.engine.nets.layers import BatchNorm
from cvlab.engine.nets.shapes import infer
from cvlab.engine.training import device as devices
from cvlab.engine.training import views
from cvlab.engine.training.control import Control
from cvlab.engine.training.divergence import slower
from cvlab.engine.training.events import (
    EpochEnd,
    Event,
    KnobTurned,
    Noticed,
    RunFinished,
    RunStarted,
    SnapshotTaken,
    StepEnd,
    ViewMissed,
    ViewTaken,
)
from cvlab.engine.training.learner import Learner, StepResult

READ_EVERY = 0.03
"""Seconds between two readings of the losses on a device of its own, where each reading waits for the device."""
AT_ONCE, IN_TEAM = 100, 10
"""Steps that are read together, at most; and always, where processes train together: all are to see at the same step that the
loss is no number, else those who have not would wait for those who have left."""


def fit(learner: Learner, control: Control | None = None) -> Iterator[Event]:
    """Trains to the end of the recipe, or until `control.stop()`.

    Yields RunStarted, then StepEnd for every step, EpochEnd for every epoch, and what was asked for in between; ends with
    RunFinished, with the figures of the test set if `control.reads_test` says so. Raises `NonFiniteLoss` when the loss is no
    longer a number, `Diverged` when it goes the wrong way and the recipe says to stop then. Between two events the learner is at
    rest and may be saved. The time that the caller takes between two events is not counted.

        for event in fit(Learner(zoo.lenet(), data, Recipe(epochs=1))):
            print(event)
    """
    control = control or Control()
    clock = _Clock(learner)
    at_once, since = 1, learner.seconds
    with clock.stopped():
        yield RunStarted(
            device=devices.describe(learner.device),
            threads=learner.threads.count,
            train_count=len(learner.labels),
            held_out_count=0 if learner.held_out is None else len(learner.held_out[1]),
            epochs=learner.recipe.epochs,
            steps_per_epoch=learner.steps_per_epoch,
            parameters=sum(p.numel() for p in learner.module.parameters()),
            start_step=learner.step,
        )
    if learner.step == 0 and (words := _batches_of_one(learner)):
        with clock.stopped():
            yield Noticed(0, words)
    layers_wanted = False
    while not learner.is_done and not _stopped(learner, control):
        pending: list[tuple[int, StepResult]] = []
        while not learner.epoch_is_over and not _stopped(learner, control):
            for knob, value in control.take_knobs().items():
                turned = _turn(learner, knob, value)
                with clock.stopped():
                    yield turned
            before = _before_step(learner) if layers_wanted else None
            result = learner.advance()
            pending.append((learner.step, result))
            if learner.graph.notice:
                noticed = Noticed(learner.step, learner.graph.notice)
                learner.graph.notice = ""
                with clock.stopped():
                    yield noticed
            if len(pending) >= at_once or learner.epoch_is_over or control.wants_attention:
                for read in _read(learner, pending, clock):
                    with clock.stopped():
                        yield read
                at_once = steps_at_once(learner.device, (learner.seconds - since) / len(pending))
                if learner.team is not None and learner.device.type != "cpu":
                    at_once = IN_TEAM
                pending.clear()
                since = learner.seconds
            asked = control.take_requests()
            if layers_wanted:
                asked = ("layers", *asked)
            layers_wanted = False
            for view in dict.fromkeys(asked):
                if view == "layers" and before is None:
                    layers_wanted = True  # how far a step goes is only seen across one
                    continue
                answer = _answer(learner, view, before)
                with clock.stopped():
                    yield answer
        for read in _read(learner, pending, clock) if pending else ():  # it was stopped before they were read
            with clock.stopped():
                yield read
        if learner.epoch_is_over:
            end = _end_epoch(learner, clock)
            with clock.stopped():
                yield end
    finished = learner.is_done
    best_epoch = learner.best.epoch if finished and learner.take_best() else None
    loss, accuracy = None, None
    if finished and control.reads_test():
        loss, accuracy = learner.evaluate(learner.data.test.images, learner.data.test.labels)
    clock.tick()
    yield RunFinished(learner.step, learner.epoch, learner.seconds, not finished, loss, accuracy, best_epoch)


def _batches_of_one(learner: Learner) -> str:
    """What batch norms do with batches that hold a single value a channel; "" where there are none."""
    size, count = learner.recipe.batch_size, len(learner.labels)
    if size > 1 and count % size != 1:
        return ""
    flat, layers = learner.architecture.flat, infer(learner.architecture).flat.layers
    names = [
        node.name
        for node in flat.nodes
        if isinstance(node.layer, BatchNorm) and math.prod(layers[node.id].inputs[0][1:]) == 1
    ]
    if not names:
        return ""
    if size == 1 or count == 1:
        return (
            f"With batches of one image, {names[0]} gets a single value a channel, of which no variance can be taken: it uses "
            "its running averages, which never change. Use a batch size of at least 2, or layer norm."
        )
    larger = next(n for n in itertools.count(size + 1) if count % n != 1)
    return (
        f"The last batch of every epoch has one image, of which {names[0]} can take no variance: it uses its running averages "
        f"there. With a batch size of {larger} none is left over."
    )


def steps_at_once(device: torch.device, seconds: float) -> int:
    """How many steps are read together, where each takes so long: one on the CPU, which has nothing to wait for."""
    return 1 if device.type == "cpu" else max(1, min(AT_ONCE, round(READ_EVERY / max(seconds, 1e-6))))


def _stopped(learner: Learner, control: Control) -> bool:
    """Whether to stop; processes that train together stop together."""
    return control.stopped if learner.team is None else learner.team.any(control.stopped)


def _turn(learner: Learner, knob: str, value: float) -> KnobTurned:
    old = learner.recipe.look_up(knob)
    learner.turn(knob, value)
    return KnobTurned(learner.step + 1, knob, float(old), float(value))


def answers(learner: Learner, control: Control) -> Iterator[Event]:
    """What was asked for, answered at rest: for whoever drives `fit` and has paused it. The update ratio is not known then."""
    for view in control.take_requests():
        yield _answer(learner, view, None)


def _answer(learner: Learner, view: str, before: Mapping[str, Tensor] | None) -> SnapshotTaken | ViewTaken | ViewMissed:
    """What was asked for. Where the memory does not suffice, the answer says so: a look never ends a run."""
    try:
        if view == "snapshot":
            return SnapshotTaken(learner.step, learner.weights())
        return ViewTaken(learner.step, view, views.look(learner, view, before))
    except Exception as error:
        told = _without_memory(error)
    # Here, not above: the error holds on to all that the look had made.
    devices.release(learner.device)
    return ViewMissed(learner.step, view, told.what, told.remedy)


def _before_step(learner: Learner) -> dict[str, Tensor]:
    """What the view "layers" remembers across a step; nothing, where there is no memory for it."""
    try:
        return views.before_step(learner)
    except Exception as error:
        _without_memory(error)
    devices.release(learner.device)
    return {}


def _without_memory(error: Exception) -> OutOfMemory:
    """The error in words, if there was too little memory; any other is raised again."""
    told = in_words(error, "view")
    if isinstance(told, OutOfMemory):
        return told
    raise error


def _read(learner: Learner, pending: list[tuple[int, StepResult]], clock: _Clock) -> Iterator[StepEnd | Noticed]:
    """What the steps came to. Their figures are brought over together: the device is waited for once. Raises `NonFiniteLoss`
    after the last step that was well, and `Diverged` where the recipe wants to stop then."""
    losses = _together([result.loss for _, result in pending])
    corrects = _together([result.correct for _, result in pending])
    clock.tick()
    epoch, totals = learner.epoch + 1, learner.totals
    for (step, result), loss, correct in zip(pending, losses, corrects, strict=True):
        if not math.isfinite(loss):
            raise NonFiniteLoss(step, loss, result.learning_rate)
        totals.loss += loss * result.count
        totals.correct += correct
        totals.images += result.count
        # Before the step itself: a run that is saved at this step has then said what it remembers to have said.
        if how := learner.divergence.saw(loss, result.count, learner.guess):
            yield _diverges(learner, step, how, result.learning_rate)
        yield StepEnd(step, epoch, loss, correct / result.count, result.learning_rate, result.count, learner.seconds)


def _diverges(learner: Learner, step: int, how: str, rate: float) -> Noticed:
    """What a person hears of it. Raises `Diverged` where the recipe wants to stop then."""
    suggestion = slower(learner.recipe.optimizer.learning_rate)
    if learner.recipe.early_stopping.diverged == "stop":
        raise Diverged(step, how, rate, suggestion)
    return Noticed(
        step,
        f"{how} The learning rate is probably too high here: turn it down to {suggestion:g} and see, or stop and go on from a "
        "checkpoint before it.",
        suggestion,
    )


def _together(figures: list[Tensor]) -> list[float]:
    return [figures[0].item()] if len(figures) == 1 else torch.stack(figures).tolist()


def _end_epoch(learner: Learner, clock: _Clock) -> EpochEnd:
    clock.tick()
    totals, rate = learner.totals, learner.last_rate
    learner.end_epoch()
    loss, accuracy = learner.evaluate(*learner.held_out) if learner.held_out else (None, None)
    if loss is not None and accuracy is not None and learner.team is not None:
        loss, accuracy = learner.team.agree(loss, accuracy)
    if loss is not None and accuracy is not None:
        learner.watch(loss, accuracy)
    clock.tick()
    return EpochEnd(
        epoch=learner.epoch,
        step=learner.step,
        train_loss=totals.loss / totals.images,
        train_accuracy=totals.correct / totals.images,
        held_out_loss=loss,
        held_out_accuracy=accuracy,
        learning_rate=rate,
        seconds=learner.seconds,
        images_per_second=totals.images / totals.seconds if totals.seconds > 0 else 0.0,
    )


class _Clock:
    """Counts the seconds spent training into the learner; stands still while the caller has the turn."""

    def __init__(self, learner: Learner) -> None:
        self._learner = learner
        self._last = perf_counter()

    def tick(self) -> None:
        now = perf_counter()
        self._learner.seconds += now - self._last
        self._learner.totals.seconds += now - self._last
        self._last = now

    @contextmanager
    def stopped(self) -> Iterator[None]:
        self.tick()
        yield
        self._last = perf_counter()
