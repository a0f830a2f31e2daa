"""Recorded steps, without a GPU: a tape that writes down every operation of a step and does it again on the same memory, as a
CUDA graph does. What a recording fixes, the tape fixes: addresses, sizes, and every number that came from Python."""

import gc
import re
import sys
import weakref
from contextlib import contextmanager

import pytest
import torch
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

from cvlab.engine.training import step_graph
from cvlab.engine.training.checkpoint import restore, resume_bytes
from cvlab.engine.training.control import Control
from cvlab.engine.training.events import Noticed, RunFinished, StepEnd, ViewTaken
from cvlab.engine.training.fit import fit
from cvlab.engine.training.learner import Learner
from cvlab.engine.training.objective import REPLAYABLE, make_optimizer
from cvlab.engine.training.recipe import Recipe
from cvlab.engine.training.step_graph import StepGraph

RECIPE = Recipe(
    data="bars", batch_size=32, epochs=9, held_out=0.2, threads=1, device="cpu", graphs="on", schedule="cosine"
)
"""240 images: seven whole batches and half of one."""


class Tape(TorchDispatchMode):
    """Records what is done to tensors, and does it again: results go to where they went the first time."""

    replays = 0

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        made = func(*args, **(kwargs or {}))
        self._done.append((func, args, kwargs or {}, made))
        return made

    def aside(self, work):
        work()

    def record(self, work):
        self._done = []
        with self:
            return work()

    def replay(self):
        type(self).replays += 1
        with torch.no_grad(), torch._C._AutoDispatchBelowAutograd():
            for func, args, kwargs, made in self._done:
                taken = {t.untyped_storage().data_ptr() for t in tree_leaves((args, kwargs)) if torch.is_tensor(t)}
                fresh = [
                    (i, t) for i, t in enumerate(tree_leaves(made))
                    if torch.is_tensor(t) and t.untyped_storage().data_ptr() not in taken
                ]  # fmt: skip
                is_view = not fresh and not func._schema.is_mutable and tree_leaves(made)
                if not is_view:
                    again = tree_leaves(func(*args, **kwargs))
                    for i, target in fresh:
                        target.copy_(again[i])


@pytest.fixture
def learner_of(net, data, monkeypatch):
    """A function that makes a learner whose optimizer keeps the rate in a tensor; with a recorder, its steps are replayed."""
    rmsprop = sys.modules["torch.optim.rmsprop"]
    monkeypatch.setattr(rmsprop, "_get_capturable_supported_devices", lambda *_, **__: ["cpu"])

    def make(recipe, recorder=None, *, net=net, replayable=True):
        learner = Learner(net, data, recipe)
        learner.optimizer = make_optimizer(learner.module, recipe, learner.device, replayable=replayable)
        learner.graph = StepGraph(learner, recorder)
        return learner

    monkeypatch.setattr(
        "cvlab.engine.training.checkpoint.make_optimizer", lambda *args: make_optimizer(*args, replayable=True)
    )
    Tape.replays = 0
    return make


def train(learner, steps, before=lambda learner: None):
    """Losses, right answers and gradients, step by step."""
    seen = []
    for _ in range(steps):
        if learner.epoch_is_over:
            learner.end_epoch()
        before(learner)
        result = learner.advance()
        seen.append((result.loss, result.correct, [p.grad.clone() for p in learner.parameters]))
    return seen


def assert_equal(one, other, first, second):
    for step, (a, b) in enumerate(zip(first, second, strict=True)):
        assert torch.equal(a[0], b[0]) and torch.equal(a[1], b[1]), f"step {step + 1}"
        assert all(torch.equal(g, h) for g, h in zip(a[2], b[2], strict=True)), f"gradients of step {step + 1}"
    mine, theirs = one.weights(), other.weights()
    assert all((mine[name] == theirs[name]).all() for name in mine)


CHANGES = [
    *({"optimizer.kind": kind, "optimizer.weight_decay": 0.01} for kind in REPLAYABLE),
    {"shift": 1, "averaging": 0.9}, {"augmentation.rotate": 20, "augmentation.cutout": 0.3, "augmentation.flip": 0.5},
    {"augmentation.mixup": 0.4, "loss.label_smoothing": 0.1}, {"loss.kind": "hinge", "regularisation.clip": 0.5},
    {"regularisation.l1": 0.01, "regularisation.max_norm": 1.0}, {"preprocessing": "standardize"}, {"precision": "mixed"},
    {"preprocessing": "whiten", "channels_last": False},
]  # fmt: skip


@pytest.mark.parametrize("change", CHANGES, ids=str)
def test_replayed_steps_are_the_launched_ones_to_the_last_bit(learner_of, change):
    recipe = RECIPE.changed(**change)
    launched, replayed = learner_of(recipe), learner_of(recipe, Tape)
    first, second = train(launched, 11), train(replayed, 11)
    assert replayed.graph.is_in_use and not replayed.graph.notice
    assert Tape.replays == 8, "all but three first steps and a short one, and once for the trial"
    assert_equal(launched, replayed, first, second)


def test_a_rate_on_the_device_is_the_rate_rounded(net, data, learner_of):
    """The engine's usual step has the rate as a float64 number, the recorded one reads a float32: 6e-8 of each step."""
    usual, held = Learner(net, data, RECIPE), learner_of(RECIPE, Tape)
    train(usual, 12), train(held, 12)
    for name, weight in usual.weights().items():
        assert abs(weight - held.weights()[name]).max() < 1e-5


def test_a_learner_and_its_recording_go_at_once_when_nobody_needs_them(learner_of):
    learner = learner_of(RECIPE, Tape)
    train(learner, 6)
    assert learner.graph.is_in_use
    watched, parameters = weakref.ref(learner), learner.parameters
    learner.leave()
    assert not learner.graph.is_in_use and all(parameter.grad is None for parameter in parameters)
    gc.disable()
    try:
        del learner
        assert watched() is None, "no garbage need be collected for it: beside a window, only the GUI's thread may"
    finally:
        gc.enable()


def test_without_a_gpu_nothing_is_recorded(net, data):
    learner = Learner(net, data, RECIPE)
    train(learner, 6)
    assert not learner.graph.is_in_use and not learner.graph.notice


def test_a_net_with_normalisation_keeps_its_running_averages(learner_of, monkeypatch):
    from cvlab.engine.nets.architecture import Architecture
    from cvlab.engine.nets.layers import BatchNorm, Conv, Flatten, Input, Linear, MaxPool, Relu

    layers = [
        Input(height=8, width=8),
        Conv(filters=4, padding=1),
        BatchNorm(),
        Relu(),
        MaxPool(),
        Flatten(),
        Linear(units=3),
    ]
    normal = Architecture.chain("normal", layers)
    launched, replayed = learner_of(RECIPE, net=normal), learner_of(RECIPE, Tape, net=normal)
    assert_equal(launched, replayed, train(launched, 12), train(replayed, 12))
    assert replayed.graph.is_in_use and launched.weights()["bn1.num_batches_tracked"] == 12


def test_a_turned_knob_makes_another_recording_once_it_rests(learner_of, monkeypatch):
    monkeypatch.setattr(step_graph, "STILL", 4)

    def turn(learner):
        in_use.append(learner.graph.is_in_use)
        if learner.step in (6, 7):
            learner.turn("optimizer.weight_decay", 0.1 * learner.step)
        if learner.step == 16:
            learner.turn("optimizer.lr", 0.01)

    in_use = []
    launched, replayed = learner_of(RECIPE), learner_of(RECIPE, Tape)
    first = train(launched, 24, turn)
    in_use.clear()
    assert_equal(launched, replayed, first, train(replayed, 24, turn))
    assert in_use == [False] * 4 + [True] * 3 + [False] * 6 + [True] * 11, "the rate is no part of what is recorded"


def test_another_batch_size_is_another_recording(learner_of, monkeypatch):
    monkeypatch.setattr(step_graph, "STILL", 2)

    def turn(learner):
        if learner.step == 6:
            learner.turn("batch_size", 50)

    launched, replayed = learner_of(RECIPE), learner_of(RECIPE, Tape)
    assert_equal(launched, replayed, train(launched, 16, turn), train(replayed, 16, turn))
    assert replayed.graph.is_in_use


def test_a_resumed_run_records_anew_and_ends_as_the_other(learner_of, monkeypatch):
    monkeypatch.setattr(step_graph, "STILL", 2)
    recipe = RECIPE.changed(**{"optimizer.kind": "nesterov"})
    whole, part, again = (learner_of(recipe, Tape) for _ in range(3))
    first = train(whole, 20)
    train(part, 9)
    restore(again, resume_bytes(part))
    assert not again.graph.is_in_use
    assert_equal(whole, again, first[9:], train(again, 11))
    assert again.graph.is_in_use


def test_the_loop_tells_the_same_story_and_views_see_this_steps_gradients(learner_of):
    def story(learner):
        control, seen = Control(), []
        for event in fit(learner, control):
            if isinstance(event, StepEnd):
                seen.append((event.step, event.loss, event.accuracy, event.learning_rate))
                if event.step in (10, 15):
                    control.ask("layers")
            elif isinstance(event, ViewTaken):
                facts = [layer for layer in event.content.layers if layer.gradient is not None]
                seen.append((event.step, [(f.gradient.mean, f.gradient.std, f.update_ratio) for f in facts]))
            elif isinstance(event, RunFinished):
                seen.append((event.test_loss, event.test_accuracy))
            assert not isinstance(event, Noticed)
        return seen

    recipe = RECIPE.changed(epochs=3)
    assert story(learner_of(recipe, Tape)) == story(learner_of(recipe))
    assert Tape.replays == 19


class Breaks(Tape):
    def record(self, work):
        work()
        raise RuntimeError("CUDA error: operation not permitted when stream is capturing\nand so on")


class ForgetsDropout(Tape):
    def replay(self):
        torch.manual_seed(7)
        super().replay()


class Drifts(Tape):
    """Does the step twice."""

    def replay(self):
        super().replay()
        loss, correct = (figure.clone() for figure in self.figures)
        super().replay()
        for figure, value in zip(self.figures, (loss, correct), strict=True):
            figure.copy_(value)

    def record(self, work):
        self.figures = super().record(work)
        return self.figures


@pytest.mark.parametrize(
    ("recorder", "replayable", "words"),
    [
        (Breaks, True, "operation not permitted when stream is capturing"),
        (ForgetsDropout, True, "a trial step has the loss"),
        (Drifts, True, "away from where it should|counts differently"),
        (Tape, False, "away from where it should"),  # the rate is a Python number, and was written down
    ],
)
def test_a_recording_that_is_wrong_is_not_used_and_the_run_goes_on_as_without(learner_of, recorder, replayable, words):
    launched, tried = learner_of(RECIPE, replayable=replayable), learner_of(RECIPE, recorder, replayable=replayable)
    first, second = train(launched, 12), train(tried, 12)
    assert not tried.graph.is_in_use
    assert_equal(launched, tried, first, second)
    assert re.search(words, tried.graph.notice) and tried.graph.notice.endswith("a little slower.")
    notices = [event for event in fit(tried) if isinstance(event, Noticed)]
    assert len(notices) == 1 and not tried.graph.notice, "it is told once"


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"optimizer.kind": "adagrad"}, "adagrad counts its steps on the processor"),
        ({"graphs": "auto", "epochs": 2}, ""),
    ],
)
def test_what_is_not_worth_recording_is_said_to_who_insists(learner_of, change, words):
    learner = learner_of(RECIPE.changed(**change), Tape)
    train(learner, 8)
    assert not learner.graph.is_in_use and words in learner.graph.notice and bool(words) == bool(learner.graph.notice)


def test_a_step_that_takes_much_memory_is_left_alone(learner_of, monkeypatch):
    monkeypatch.setattr(step_graph._Peak, "share", lambda self: 0.5)
    insists, usual = learner_of(RECIPE, Tape), learner_of(RECIPE.changed(graphs="auto", epochs=99), Tape)
    train(insists, 5), train(usual, 5)
    assert insists.graph.is_in_use and not usual.graph.is_in_use and "50% of the memory" in usual.graph.notice


class Driver:
    """Stands for CUDA: notes what is asked of it, in order."""

    def __init__(self, monkeypatch, broken=False):
        self.said, self._broken = [], broken
        for name in ("synchronize", "empty_cache", "current_stream", "stream", "Stream", "CUDAGraph"):
            monkeypatch.setattr(torch.cuda, name, getattr(self, name))

    def synchronize(self, device):
        self.said.append("synchronize")

    def empty_cache(self):
        self.said.append("empty_cache")

    def CUDAGraph(self):
        driver = self

        class Graph:
            def capture_begin(self, capture_error_mode):
                assert gc.isenabled() is False
                driver.said.append(f"begin {capture_error_mode}")

            def capture_end(self):
                driver.said.append("end")
                if driver._broken:
                    raise torch.AcceleratorError("CUDA error: operation failed due to a previous error during capture")

            def replay(self):
                driver.said.append("replay")

        return Graph()

    def Stream(self, device):
        return self._made("side", device)

    def current_stream(self, device):
        return self._made("main", device)

    def _made(self, name, device):
        driver = self

        class Stream:
            def wait_stream(self, other):
                driver.said.append(f"{self.name} waits for {other.name}")

        stream = Stream()
        stream.name, stream.device = name, device
        return stream

    @contextmanager
    def stream(self, stream):
        self.said.append(f"on {stream.name}")
        yield
        self.said.append(f"off {stream.name}")


def test_what_is_asked_of_cuda_and_in_which_order(monkeypatch):
    driver = Driver(monkeypatch)
    graph = step_graph.CudaGraph(torch.device("cuda", 0), torch.Generator())
    graph.aside(lambda: driver.said.append("warm-up"))
    assert graph.record(lambda: driver.said.append("step") or ("loss", "correct")) == ("loss", "correct")
    graph.replay()
    assert driver.said == [
        "side waits for main", "on side", "warm-up", "off side", "main waits for side",
        "synchronize", "empty_cache", "on side", "begin thread_local", "step", "end", "off side", "main waits for side",
        "replay",
    ]  # fmt: skip
    assert gc.isenabled()


@pytest.mark.parametrize("where", ["in the step", "at its end"])
def test_a_recording_that_breaks_leaves_a_generator_that_works(monkeypatch, where):
    driver = Driver(monkeypatch, broken=where == "at its end")
    reset = []

    class Dice:
        def clone_state(self):
            return "fresh"

        def graphsafe_set_state(self, state):
            reset.append(state)

    def work():
        if where == "in the step":
            raise RuntimeError("CUDA error: operation not permitted when stream is capturing")
        return None, None

    with pytest.raises(RuntimeError, match="CUDA error"):
        step_graph.CudaGraph(torch.device("cuda", 0), Dice()).record(work)
    assert "end" in driver.said and reset == ["fresh"] and gc.isenabled()
