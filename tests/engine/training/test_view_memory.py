"""A view for which the memory does not suffice: it gets a sentence, and the run goes on as if nobody had asked."""

import pytest
import torch

from cvlab.engine.errors import DeviceLost, in_words
from cvlab.engine.training import views
from cvlab.engine.training.control import VIEWS, Control
from cvlab.engine.training.events import SnapshotTaken, StepEnd, ViewMissed, ViewTaken
from cvlab.engine.training.fit import answers, fit
from cvlab.engine.training.learner import Learner
from cvlab.engine.training.recipe import Recipe

RECIPE = Recipe(data="bars", batch_size=32, epochs=2, held_out=0.2, threads=1, device="cpu").changed(
    **{"optimizer.kind": "momentum", "augmentation.rotate": 10}
)
TOO_LARGE = 1 << 62
"""Bytes: more than any machine has."""


def cuda_memory():
    raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB. GPU 0 has a total capacity of ...")


def cpu_memory():
    torch.empty(TOO_LARGE, dtype=torch.uint8)  # PyTorch's own refusal, not one that is made up


def python_memory():
    bytearray(TOO_LARGE)


KINDS = [cuda_memory, cpu_memory, python_memory]
PLACES = {
    "layers": ["distribution", "_dead"],
    "filters": ["_frozen"],
    "confusion": ["_judge"],
    "mistakes": ["_judge", "_frozen"],
}
EVERY = [(view, place, kind) for view, places in PLACES.items() for place in places for kind in KINDS]


def steps(events):
    return [(e.step, e.loss, e.accuracy) for e in events if isinstance(e, StepEnd)]


def weights(learner):
    return {name: value.tobytes() for name, value in learner.weights().items()}


@pytest.fixture(scope="module")
def alone(net, data):
    """(steps, weights) of the run that nobody looks into."""
    learner = Learner(net, data, RECIPE)
    return steps(fit(learner)), weights(learner)


def asking(learner, *wanted):
    """The events of a run into which somebody looks after every step."""
    control = Control()
    for view in wanted:
        control.ask(view)
    for event in fit(learner, control):
        yield event
        for view in wanted:
            control.ask(view)


@pytest.mark.parametrize(("view", "place", "kind"), EVERY)
def test_a_view_without_memory_leaves_no_trace_in_the_run(net, data, alone, monkeypatch, view, place, kind):
    monkeypatch.setattr(views, place, lambda *_: kind())
    learner = Learner(net, data, RECIPE)
    seen = list(asking(learner, view))
    missed = [e for e in seen if isinstance(e, ViewMissed)]
    assert len(missed) >= 8 and {e.view for e in missed} == {view}
    assert not [e for e in seen if isinstance(e, ViewTaken)]
    assert "not enough memory" in missed[0].what and missed[0].remedy.endswith(".")
    assert (steps(seen), weights(learner)) == alone, "bit for bit the run that nobody looked into"


@pytest.mark.parametrize("kind", KINDS)
def test_a_layer_of_the_net_that_has_no_room_for_the_probe(net, data, alone, kind):
    """The failure is inside the net, in the middle of its forward pass."""
    learner = Learner(net, data, RECIPE)

    def crowded(module, *_):
        if not module.training and torch.is_inference_mode_enabled() and looking:
            kind()

    looking = False
    learner.module.fc1.register_forward_pre_hook(crowded)
    seen, control = [], Control()
    for event in fit(learner, control):
        seen.append(event)
        if isinstance(event, StepEnd):
            looking = not learner.epoch_is_over  # held-out images are judged at an epoch's end, with room enough
            control.ask("confusion")
            control.ask("layers")
    assert {e.view for e in seen if isinstance(e, ViewMissed)} == {"confusion", "layers"}
    assert (steps(seen), weights(learner)) == alone


@pytest.mark.parametrize("kind", KINDS)
def test_a_copy_of_the_weights_without_memory(net, data, alone, monkeypatch, kind):
    learner = Learner(net, data, RECIPE)
    whole = learner.weights
    monkeypatch.setattr(learner, "weights", kind)
    seen = list(asking(learner, "snapshot"))
    assert {e.view for e in seen if isinstance(e, ViewMissed)} == {"snapshot"}
    assert not [e for e in seen if isinstance(e, SnapshotTaken)]
    assert steps(seen) == alone[0] and {name: value.tobytes() for name, value in whole().items()} == alone[1]


def test_what_is_asked_for_later_is_answered_again(net, data, monkeypatch):
    learner, control = Learner(net, data, RECIPE), Control()
    with monkeypatch.context() as patched:
        patched.setattr(views, "_judge", lambda *_: cpu_memory())
        for view in VIEWS:
            control.ask(view)
        told = {event.view: event for event in answers(learner, control) if not isinstance(event, SnapshotTaken)}
    assert isinstance(told["confusion"], ViewMissed) and isinstance(told["filters"], ViewTaken)
    control.ask("confusion")
    (answer,) = answers(learner, control)
    assert isinstance(answer, ViewTaken)


def test_nothing_of_what_a_failed_look_had_made_is_held(net, data, monkeypatch):
    import gc
    import weakref

    held = []

    def full(values):
        held.append(weakref.ref(values))
        cpu_memory()

    monkeypatch.setattr(views, "distribution", full)
    learner, control = Learner(net, data, RECIPE), Control()
    control.ask("layers")
    gc.disable()
    try:
        (missed,) = answers(learner, control)
        outputs = [ref() for ref in held if ref() is not None and ref() is not learner.module.conv1.weight]
    finally:
        gc.enable()
    assert isinstance(missed, ViewMissed) and held and not outputs


def test_a_gpu_that_vanishes_at_a_view_still_ends_the_run(net, data, monkeypatch):
    lost = torch.AcceleratorError("CUDA error: unspecified launch failure")
    monkeypatch.setattr(views, "_judge", lambda *_: (_ for _ in ()).throw(lost))
    with pytest.raises(torch.AcceleratorError) as caught:
        list(asking(Learner(net, data, RECIPE), "confusion"))
    assert isinstance(in_words(caught.value), DeviceLost)
