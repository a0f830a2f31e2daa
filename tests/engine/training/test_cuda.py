"""What only an NVIDIA GPU can show: no step waits for it, recorded steps are the launched ones, runs resume there."""

import numpy as np
import pytest
import torch

from cvlab.engine.nets import zoo
from cvlab.engine.training.checkpoint import restore, resume_bytes
from cvlab.engine.training.control import Control
from cvlab.engine.training.events import Noticed, RunFinished, StepEnd, ViewTaken
from cvlab.engine.training.fit import fit
from cvlab.engine.training.learner import Learner
from cvlab.engine.training.objective import REPLAYABLE
from cvlab.engine.training.recipe import Recipe

if not torch.cuda.is_available():
    pytest.skip("needs an NVIDIA GPU", allow_module_level=True)

RECIPE = Recipe(data="bars", batch_size=32, epochs=9, held_out=0.2, device="cuda", graphs="on", schedule="cosine")
CHANGES = [
    *({"optimizer.kind": kind, "optimizer.weight_decay": 0.01} for kind in REPLAYABLE),
    {"shift": 1, "averaging": 0.9}, {"augmentation.rotate": 20, "augmentation.cutout": 0.3, "augmentation.flip": 0.5},
    {"augmentation.mixup": 0.4, "loss.label_smoothing": 0.1}, {"loss.kind": "hinge", "regularisation.clip": 0.5},
    {"regularisation.l1": 0.01, "regularisation.max_norm": 1.0}, {"preprocessing": "standardize"},
    {"preprocessing": "whiten", "channels_last": False}, {"precision": "mixed"},
]  # fmt: skip


def train(learner, steps):
    losses = []
    for _ in range(steps):
        if learner.epoch_is_over:
            learner.end_epoch()
        losses.append(learner.advance().loss)
    return torch.stack(losses).tolist()


def assert_near(one, other, tolerance=2e-3):
    for name, weight in one.weights().items():
        np.testing.assert_allclose(weight, other.weights()[name], atol=tolerance, err_msg=name)


@pytest.mark.parametrize("graphs", ["off", "on"])
@pytest.mark.parametrize("change", CHANGES, ids=str)
def test_no_step_waits_for_the_gpu(net, data, change, graphs):
    learner = Learner(net, data, RECIPE.changed(graphs=graphs, **change))
    train(learner, 6)
    assert learner.graph.is_in_use == (graphs == "on") and not learner.graph.notice
    before = torch.cuda.get_sync_debug_mode()
    torch.cuda.set_sync_debug_mode("error")
    try:
        learner.advance()
        learner.advance()  # a short one: launched
    finally:
        torch.cuda.set_sync_debug_mode(before)


@pytest.mark.parametrize("change", CHANGES, ids=str)
def test_replayed_steps_are_the_launched_ones(net, data, change):
    launched, replayed = (Learner(net, data, RECIPE.changed(graphs=graphs, **change)) for graphs in ("off", "on"))
    first, second = train(launched, 20), train(replayed, 20)
    assert replayed.graph.is_in_use and not launched.graph.is_in_use
    np.testing.assert_allclose(first, second, rtol=2e-3 if "precision" not in change else 3e-2)
    assert_near(launched, replayed, 2e-3 if "precision" not in change else 2e-2)


@pytest.mark.parametrize("name", ["convnet-small", "resnet9", "alexnet-small"])
def test_nets_of_the_zoo_can_be_recorded(name):
    from tests.engine.training.test_host_reads import colours

    recipe = RECIPE.changed(held_out=0.0, precision="mixed", **{"augmentation.flip": 0.5, "augmentation.cutout": 0.25})
    learner = Learner(zoo.make(name), colours(), recipe)
    assert np.isfinite(train(learner, 12)).all() and learner.graph.is_in_use and not learner.graph.notice


@pytest.mark.parametrize("kind", ["adam", "adamw", "nesterov", "rmsprop", "adagrad"])
def test_a_run_resumes_on_the_gpu(net, data, kind):
    recipe = RECIPE.changed(graphs="auto", **{"optimizer.kind": kind})
    whole, part, again = (Learner(net, data, recipe) for _ in range(3))
    losses = train(whole, 20)
    train(part, 9)
    restore(again, resume_bytes(part))
    np.testing.assert_allclose(train(again, 11), losses[9:], rtol=2e-3)
    assert_near(whole, again)


def test_a_run_starts_on_the_gpu_as_on_the_processor(data):
    net = zoo.linear_classifier((1, 8, 8), 3)  # no dropout: its masks are another generator's
    here, there = (
        Learner(net, data, RECIPE.changed(device=device, shift=1, graphs="off")) for device in ("cpu", "cuda")
    )
    np.testing.assert_allclose(train(here, 10), train(there, 10), rtol=1e-4)


def test_the_loop_with_all_its_views(net, data):
    control, seen = Control(), []
    for event in fit(Learner(net, data, RECIPE.changed(epochs=12, **{"optimizer.lr": 0.01})), control):
        seen.append(event)
        if isinstance(event, StepEnd) and event.step == 20:
            for view in ("layers", "filters", "confusion", "mistakes", "snapshot"):
                control.ask(view)
    assert {event.view for event in seen if isinstance(event, ViewTaken)} == {
        "layers",
        "filters",
        "confusion",
        "mistakes",
    }
    assert [event.step for event in seen if isinstance(event, StepEnd)] == list(range(1, 97))
    assert not any(isinstance(event, Noticed) for event in seen)
    assert isinstance(seen[-1], RunFinished) and seen[-1].test_accuracy > 0.5
