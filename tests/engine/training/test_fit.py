"""The loop: what it yields, that it learns, that it repeats itself to the bit, and how it stops."""

import math
import pickle
from dataclasses import replace

import pytest
import torch

from cvlab.engine.data.dataset import Split
from cvlab.engine.errors import NonFiniteLoss, RecipeError, ShapeError
from cvlab.engine.nets import zoo
from cvlab.engine.nets.architecture import Architecture
from cvlab.engine.nets.layers import BatchNorm, Conv, Flatten, Input, Linear, Relu
from cvlab.engine.training import device
from cvlab.engine.training.checkpoint import restore, resume_bytes
from cvlab.engine.training.control import Control
from cvlab.engine.training.events import (
    EpochEnd,
    KnobTurned,
    Noticed,
    RunFailed,
    RunFinished,
    RunStarted,
    SnapshotTaken,
    StepEnd,
    ViewMissed,
    ViewTaken,
)
from cvlab.engine.training.fit import fit, steps_at_once
from cvlab.engine.training.learner import Learner
from cvlab.engine.training.recipe import Recipe

RECIPE = Recipe(data="bars", batch_size=32, epochs=3, held_out=0.2, threads=1, device="cpu")


def metrics(events):
    """The events without their clocks."""
    return [
        {k: getattr(e, k) for k in e.__slots__ if k not in ("seconds", "images_per_second", "weights")} for e in events
    ]


def test_the_story_of_a_run(net, data):
    events = list(fit(Learner(net, data, RECIPE.changed(schedule="cosine"))))
    assert isinstance(events[0], RunStarted)
    assert (events[0].train_count, events[0].held_out_count, events[0].steps_per_epoch) == (240, 60, 8)
    steps = [e for e in events if isinstance(e, StepEnd)]
    assert [s.step for s in steps] == list(range(1, 25))
    assert [s.images for s in steps[:8]] == [32] * 7 + [16]
    epochs = [e for e in events if isinstance(e, EpochEnd)]
    assert [(e.epoch, e.step) for e in epochs] == [(1, 8), (2, 16), (3, 24)]
    for epoch in epochs:
        own = [s for s in steps if s.epoch == epoch.epoch]
        assert epoch.train_loss == pytest.approx(sum(s.loss * s.images for s in own) / 240)
        assert epoch.learning_rate == own[-1].learning_rate
        assert epoch.train_accuracy == pytest.approx(sum(s.accuracy * s.images for s in own) / 240)
    assert isinstance(events[-1], RunFinished) and not events[-1].stopped
    assert pickle.loads(pickle.dumps(events)) == events


def test_it_learns_and_starts_at_ln_c(net, data):
    events = list(fit(Learner(net, data, RECIPE.changed(epochs=12, **{"optimizer.learning_rate": 0.01}))))
    first = next(e for e in events if isinstance(e, StepEnd))
    assert first.loss == pytest.approx(math.log(3), abs=0.25)
    assert events[-1].test_accuracy > 0.9


@pytest.mark.parametrize("kind", ["sgd", "momentum", "adam"])
def test_same_seed_same_numbers_to_the_last_bit(net, data, kind):
    recipe = RECIPE.changed(shift=1, schedule="cosine", **{"optimizer.kind": kind})
    first = list(fit(Learner(net, data, recipe)))
    torch.rand(7)  # whatever else draws random numbers does not matter
    second = list(fit(Learner(net, data, recipe)))
    assert metrics(first) == metrics(second)
    other = list(fit(Learner(net, data, recipe.changed(seed=1))))
    assert metrics(first) != metrics(other)


@pytest.mark.parametrize("kind", ["sgd", "momentum", "nesterov", "adagrad", "rmsprop", "adam", "adamw"])
@pytest.mark.parametrize("stop_at", [5, 8, 13])
def test_a_resumed_run_ends_as_an_uninterrupted_one(net, data, kind, stop_at):
    recipe = RECIPE.changed(shift=1, schedule="cosine", **{"optimizer.kind": kind, "optimizer.weight_decay": 0.01})
    whole = list(fit(Learner(net, data, recipe)))
    control, learner = Control(), Learner(net, data, recipe)
    before = []
    for event in fit(learner, control):
        if isinstance(event, RunFinished):
            break
        before.append(event)
        if isinstance(event, StepEnd) and event.step == stop_at:
            control.stop()
    again = Learner(net, data, recipe)
    restore(again, resume_bytes(learner))
    after = [e for e in fit(again) if not isinstance(e, RunStarted)]
    assert metrics(before + after) == metrics(whole)


def test_live_knobs_apply_at_the_next_step_and_are_told(net, data):
    control, learner = Control(), Learner(net, data, RECIPE)
    seen = []
    for event in fit(learner, control):
        seen.append(event)
        if isinstance(event, StepEnd) and event.step == 3:
            control.turn("optimizer.learning_rate", 0.5)
            control.turn("optimizer.learning_rate", 0.05)
            control.turn("optimizer.weight_decay", 0.1)
    turned = [e for e in seen if isinstance(e, KnobTurned)]
    assert {(e.step, e.knob, e.new) for e in turned} == {
        (4, "optimizer.learning_rate", 0.05), (4, "optimizer.weight_decay", 0.1),
    }  # fmt: skip
    rates = {e.step: e.learning_rate for e in seen if isinstance(e, StepEnd)}
    assert rates[3] == 0.001 and rates[4] == 0.05
    with pytest.raises(RecipeError):
        learner.turn("optimizer.learning_rate", -1)


def test_the_batch_size_can_change_within_an_epoch(net, data):
    control = Control()
    counts = []
    for event in fit(Learner(net, data, RECIPE.changed(epochs=1)), control):
        if isinstance(event, StepEnd):
            counts.append(event.images)
            if event.step == 2:
                control.turn("batch_size", 100)
    assert counts == [32, 32, 100, 76]


def test_a_snapshot_is_a_copy_and_comes_only_when_asked(net, data):
    control, learner = Control(), Learner(net, data, RECIPE)
    snapshots = []
    for event in fit(learner, control):
        if isinstance(event, StepEnd) and event.step in (2, 5):
            control.ask_snapshot()
        if isinstance(event, SnapshotTaken):
            snapshots.append((event, {k: v.copy() for k, v in event.weights.items()}))
    assert [s.step for s, _ in snapshots] == [2, 5]
    for snapshot, copy in snapshots:
        assert all((snapshot.weights[k] == copy[k]).all() for k in copy), "training went on, the snapshot did not"


def test_a_loss_that_is_no_number_stops_with_a_reason_and_a_remedy(net, data):
    # Each step multiplies the weights by 1 - 100 * 1: no data can hold them.
    diverging = {"optimizer.kind": "sgd", "optimizer.learning_rate": 100.0, "optimizer.weight_decay": 1.0}
    recipe = RECIPE.changed(epochs=50, **diverging)
    with pytest.raises(NonFiniteLoss, match=r"too high here: try 0\.1") as caught:
        list(fit(Learner(net, data, recipe)))
    assert caught.value.suggestion == 0.1
    assert pickle.loads(pickle.dumps(caught.value)).step == caught.value.step


def test_what_cannot_be_trained_is_refused_before_it_starts(net, data):
    with pytest.raises(ShapeError, match="images of 28"):
        Learner(zoo.lenet(), data, RECIPE)
    if not torch.cuda.is_available():
        with pytest.raises(RecipeError, match="CUDA"):
            Learner(net, data, RECIPE.changed(device="cuda"))


def test_holding_nothing_out_watches_nothing(net, data):
    events = list(fit(Learner(net, data, RECIPE.changed(held_out=0.0, epochs=1))))
    assert events[0].train_count == 300
    assert next(e for e in events if isinstance(e, EpochEnd)).held_out_loss is None


def test_threads_are_bounded():
    before = torch.get_num_threads()
    try:
        assert device.use_threads(1) == 1
        assert 1 <= device.use_threads(0) <= 4
    finally:
        torch.set_num_threads(before)


def test_early_stopping_ends_and_takes_the_best_weights_back(net, data):
    recipe = RECIPE.changed(
        epochs=40, **{"early_stopping.patience": 2, "optimizer.lr": 0.03, "early_stopping.watch": "loss"}
    )
    learner, weights = Learner(net, data, recipe), {}
    for event in fit(learner):
        if isinstance(event, EpochEnd):
            weights[event.epoch] = (event.held_out_loss, learner.weights())
    best = min(weights, key=lambda epoch: (weights[epoch][0], epoch))
    assert event.epoch == len(weights) == best + 2 < 40 and event.best_epoch == best and not event.stopped
    assert all((learner.weights()[k] == weights[best][1][k]).all() for k in learner.weights())
    again = Learner(net, data, recipe)
    restore(again, resume_bytes(learner))
    assert isinstance(list(fit(again))[1], RunFinished), "it is done, and does not go on"


def test_mixed_precision_learns(net, data):
    events = list(fit(Learner(net, data, RECIPE.changed(precision="mixed", epochs=8, **{"optimizer.lr": 0.01}))))
    assert events[-1].test_accuracy > 0.8


@pytest.mark.parametrize("change", [{"channels_last": False}, {"augmentation.rotate": 20, "augmentation.mixup": 0.3}])
def test_other_ways_to_feed_are_repeatable_too(net, data, change):
    recipe = RECIPE.changed(**change)
    first, second = (metrics(fit(Learner(net, data, recipe))) for _ in range(2))
    assert first == second


def test_only_live_knobs_turn(net, data):
    with pytest.raises(RecipeError, match="Branch off"):
        Learner(net, data, RECIPE).turn("seed", 3)


def test_a_branch_keeps_its_own_recipe(net, data):
    learner = Learner(net, data, RECIPE)
    for _ in range(5):
        learner.advance()
    saved, weights = resume_bytes(learner), learner.weights()
    other = Learner(net, data, RECIPE.changed(**{"optimizer.lr": 0.5}))
    restore(other, saved, keep_recipe=True)
    assert other.recipe.optimizer.learning_rate == 0.5 and (other.step, other.position) == (5, 160)
    assert all((other.weights()[k] == weights[k]).all() for k in weights)
    first = other.optimizer.state[other.parameters[0]]["exp_avg"]
    assert torch.equal(first, learner.optimizer.state[learner.parameters[0]]["exp_avg"])
    sgd = Learner(net, data, RECIPE.changed(**{"optimizer.kind": "sgd", "seed": 9}))
    restore(sgd, saved, keep_recipe=True)
    assert not sgd.optimizer.state and (sgd.step, sgd.position) == (5, 0), (
        "another order of images begins the epoch anew"
    )
    sgd.advance()


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (RuntimeError("CUDA out of memory. Tried to allocate 2 GiB"), "smaller batch"),
        (RuntimeError("[enforce fail at alloc_cpu.cpp] DefaultCPUAllocator: can't allocate memory"), "smaller batch"),
        (MemoryError(), "smaller batch"),
        (RuntimeError("CUDA error: unspecified launch failure"), "resume"),
        (RuntimeError("CUDA error: no CUDA-capable device is detected"), "resume"),
        (RuntimeError("CUDA error: no kernel image is available for execution on the device"), "pytorch.org"),
        (ValueError("odd"), "What was saved is safe"),
    ],
)
def test_failures_in_words(error, words):
    failure = RunFailed.of(error, 7)
    assert (words in failure.remedy and failure.what.endswith(".")) or failure.what == "ValueError: odd"


@pytest.fixture
def seven_at_once(monkeypatch):
    """Steps are read seven at a time, as on a GPU."""
    monkeypatch.setattr("cvlab.engine.training.fit.steps_at_once", lambda device, seconds: 7)


def test_steps_that_are_read_together_tell_the_same_story(net, data, seven_at_once, monkeypatch):
    together = metrics(fit(Learner(net, data, RECIPE)))
    monkeypatch.undo()
    assert together == metrics(fit(Learner(net, data, RECIPE)))


def test_steps_before_a_loss_that_is_no_number_are_told_though_read_with_it(net, data, seven_at_once):
    recipe = RECIPE.changed(epochs=50, **{"optimizer.kind": "sgd", "optimizer.lr": 100.0, "optimizer.l2": 1.0})
    seen = []
    with pytest.raises(NonFiniteLoss) as caught:
        for event in fit(Learner(net, data, recipe)):
            seen.append(event)
    assert [e.step for e in seen if isinstance(e, StepEnd)] == list(range(1, caught.value.step))


class StopsLate(Control):
    """Is stopped right after the loop has looked whether to read."""

    def __init__(self, at):
        super().__init__()
        self._left = at

    def take_requests(self):
        self._left -= 1
        if self._left == 0:
            self.stop()
        return super().take_requests()


@pytest.mark.parametrize("at", [1, 4, 8, 13])
def test_no_step_is_lost_when_a_run_is_stopped_before_it_was_read(net, data, seven_at_once, at):
    whole = metrics(e for e in fit(Learner(net, data, RECIPE)) if not isinstance(e, RunFinished))
    learner = Learner(net, data, RECIPE)
    before = [e for e in fit(learner, StopsLate(at)) if not isinstance(e, RunFinished)]
    assert [e.step for e in before if isinstance(e, StepEnd)] == list(range(1, at + 1))
    again = Learner(net, data, RECIPE)
    restore(again, resume_bytes(learner))
    after = [e for e in fit(again) if not isinstance(e, RunStarted | RunFinished)]
    assert metrics([*before, *after]) == whole, "and the epoch's figures count it"


def test_a_device_is_waited_for_some_thirty_times_a_second():
    gpu = torch.device("cuda")
    assert steps_at_once(torch.device("cpu"), 1e-4) == 1
    assert [steps_at_once(gpu, seconds) for seconds in (0.0, 1e-4, 1e-3, 0.01, 2.0)] == [100, 100, 30, 3, 1]


@pytest.mark.parametrize("place", ["look", "before_step"])
def test_a_view_that_finds_no_memory_does_not_end_the_run(net, data, monkeypatch, place):
    def full(*_):
        raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB")

    whole = list(fit(Learner(net, data, RECIPE)))
    monkeypatch.setattr(f"cvlab.engine.training.views.{place}", full)
    control, seen = Control(), []
    for event in fit(Learner(net, data, RECIPE), control):
        seen.append(event)
        if isinstance(event, StepEnd) and event.step == 4:
            control.ask("layers")
    told = [e for e in seen if isinstance(e, ViewMissed | ViewTaken)]
    assert len(told) == 1 and isinstance(told[0], ViewMissed) == (place == "look")
    assert metrics(e for e in seen if e not in told) == metrics(whole)


def test_a_view_that_is_wrong_is_no_lack_of_memory(net, data, monkeypatch):
    monkeypatch.setattr(
        "cvlab.engine.training.views.look", lambda *_: (_ for _ in ()).throw(RuntimeError("a fault of ours"))
    )
    control = Control()
    control.ask("filters")
    with pytest.raises(RuntimeError, match="a fault of ours"):
        list(fit(Learner(net, data, RECIPE), control))


@pytest.mark.parametrize(
    ("layers", "size", "words"),
    [
        ([Flatten(), Linear(units=4), BatchNorm(), Relu()], 59, "The last batch of every epoch has one image"),
        (
            [Conv(filters=4, kernel=8), BatchNorm(), Relu(), Flatten()],
            299,
            "With a batch size of 300 none is left over",
        ),
        ([Flatten(), Linear(units=4), BatchNorm(), Relu()], 1, "Use a batch size of at least 2"),
        ([Flatten(), Linear(units=4), BatchNorm(), Relu()], 60, ""),
        ([Conv(filters=4, kernel=7), BatchNorm(), Relu(), Flatten()], 299, ""),
    ],
)
def test_batch_norms_of_a_single_value_are_told_of_once(data, layers, size, words):
    net = Architecture.chain("bn", [Input(height=8, width=8), *layers, Linear(units=3)])
    few = replace(data, train=Split(data.train.images[:296], data.train.labels[:296])) if size == 59 else data
    recipe = RECIPE.changed(held_out=0.0, batch_size=size, epochs=1)
    events = list(fit(Learner(net, few, recipe)))
    told = [event for event in events if isinstance(event, Noticed)]
    assert [event.step for event in told] == ([0] if words else [])
    assert all(words in event.words and "bn1" in event.words for event in told)
    assert isinstance(events[-1], RunFinished) and math.isfinite(events[-1].test_loss)
