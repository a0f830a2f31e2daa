"""Every setting of the recipe reaches the numbers that it is said to change, and one that is not used changes none.

For each, the same small net is trained with one value and with another; what comes out (losses, rates, held-out figures, weights,
running average, test figures) must differ where the setting is used, and be the same to the last bit where it is not.
"""

import contextlib

import pytest
import torch

from cvlab.engine.data.dataset import Dataset, Split
from cvlab.engine.errors import Diverged, RecipeError
from cvlab.engine.nets.architecture import Architecture
from cvlab.engine.nets.layers import Conv, Dropout, Flatten, Input, Linear, Relu
from cvlab.engine.training.events import EpochEnd, RunFinished, RunStarted, StepEnd
from cvlab.engine.training.fit import fit
from cvlab.engine.training.learner import Learner
from cvlab.engine.training.recipe import Recipe

from .conftest import bars

BASE = Recipe(data="bars", batch_size=32, epochs=3, held_out=0.2, threads=1, device="cpu", seed=3)
NET = Architecture.chain(
    "small",
    [Input(channels=3, height=8, width=8), Conv(filters=4, padding=1), Relu(), Flatten(), Dropout(drop=0.2), Linear(units=3)],
)  # fmt: skip

CASES = {
    "preprocessing": ({}, "standardize"),
    "whitening_epsilon": ({"preprocessing": "whiten"}, 0.1),
    "held_out": ({}, 0.3),
    "loss.kind": ({}, "hinge"),
    "loss.margin": ({"loss.kind": "hinge"}, 2.0),
    "loss.label_smoothing": ({}, 0.1),
    "optimizer.kind": ({}, "sgd"),
    "optimizer.learning_rate": ({}, 0.002),
    "optimizer.momentum": ({"optimizer.kind": "nesterov"}, 0.5),
    "optimizer.beta1": ({"optimizer.kind": "adamw"}, 0.5),
    "optimizer.beta2": ({}, 0.9),
    "optimizer.decay_rate": ({"optimizer.kind": "rmsprop"}, 0.9),
    "optimizer.eps": ({"optimizer.kind": "adagrad"}, 0.1),
    "optimizer.weight_decay": ({"optimizer.kind": "adamw"}, 0.1),
    "schedule.kind": ({}, "cosine"),
    "schedule.factor": ({"schedule.kind": "step", "schedule.every": 1}, 0.9),
    "schedule.every": ({"schedule.kind": "step"}, 1.0),
    "schedule.k": ({"schedule.kind": "1/t"}, 1.0),
    "schedule.warm": ({"schedule.kind": "warm-up"}, 0.5),
    "schedule.peak_at": ({"schedule.kind": "one-cycle"}, 0.6),
    "regularisation.l1": ({}, 0.01),
    "regularisation.max_norm": ({}, 0.2),
    "regularisation.clip": ({"optimizer.kind": "sgd"}, 0.1),
    "initialisation.kind": ({}, "orthogonal"),
    "initialisation.small_std": ({"initialisation.kind": "small"}, 0.1),
    "initialisation.large_std": ({"initialisation.kind": "large"}, 0.5),
    "initialisation.bias": ({}, "set"),
    "initialisation.bias_value": ({"initialisation.bias": "set"}, 0.1),
    "early_stopping.patience": ({"optimizer.learning_rate": 0.02, "epochs": 8}, 1),
    "early_stopping.watch": ({"optimizer.learning_rate": 0.02, "epochs": 8, "early_stopping.patience": 2}, "loss"),
    "early_stopping.diverged": (
        {"optimizer.kind": "sgd", "optimizer.learning_rate": 100.0, "optimizer.weight_decay": 0.005, "epochs": 60},
        "stop",
    ),
    "averaging": ({}, 0.9),
    "shift": ({}, 1),
    "augmentation.flip": ({}, 0.5),
    "augmentation.rotate": ({}, 20.0),
    "augmentation.crop": ({}, 0.3),
    "augmentation.shift": ({}, 1),
    "augmentation.colour": ({}, 0.5),
    "augmentation.hue": ({}, 0.2),
    "augmentation.cutout": ({}, 0.3),
    "augmentation.mixup": ({}, 0.4),
    "batch_size": ({}, 48),
    "epochs": ({}, 2),
    "seed": ({}, 4),
    "precision": ({}, "mixed"),
}
"""Setting -> (what else must be so for it to be used, another value for it)."""

ELSEWHERE = {"data", "device", "threads", "channels_last", "graphs"}
"""Settings that say where and how fast; each has a test of its own, here or (graphs) in `test_step_graph`."""


def in_colour(split: Split, seed: int) -> Split:
    tint = torch.rand((len(split.labels), 3, 1, 1), generator=torch.Generator().manual_seed(seed))
    return Split((split.images * tint).to(torch.uint8), split.labels)


@pytest.fixture(scope="module")
def colours() -> Dataset:
    return Dataset(
        "bars", "Bars", ("row", "column", "diagonal"), in_colour(bars(120, 0), 0), in_colour(bars(60, 1), 1), "0" * 64
    )


@pytest.fixture(scope="module")
def numbers(colours):
    """A function: all that comes out of a recipe, each recipe trained once."""
    known: dict[Recipe, tuple] = {}

    def of(recipe: Recipe) -> tuple:
        if recipe not in known:
            learner = Learner(NET, colours, recipe)
            found = []
            for event in until_the_end(learner):
                match event:
                    case StepEnd():
                        found.append((event.loss, event.accuracy, event.learning_rate, event.images))
                    case EpochEnd():
                        found.append((event.train_loss, event.held_out_loss, event.held_out_accuracy))
                    case RunFinished():
                        found.append((event.epoch, event.best_epoch, event.test_loss, event.test_accuracy))
            weights = (learner.weights(), learner.averaged_weights() or {})
            found.append([(name, w.tobytes()) for group in weights for name, w in group.items()])
            known[recipe] = found
        return known[recipe]

    return of


def until_the_end(learner):
    with contextlib.suppress(Diverged):
        yield from fit(learner)


def test_no_setting_is_left_out():
    assert set(CASES) | ELSEWHERE == set(Recipe.paths()) and not set(CASES) & ELSEWHERE


@pytest.mark.parametrize("path", CASES)
def test_another_value_gives_other_numbers(numbers, path):
    context, value = CASES[path]
    recipe = BASE.changed(**context)
    other = recipe.changed(**{path: value})
    assert recipe.look_up(path) != other.look_up(path) and recipe.difference(other), "the case is one"
    assert numbers(recipe) != numbers(other)


@pytest.mark.parametrize("path", [path for path in CASES if not BASE.uses(path)])
def test_where_it_is_not_used_it_changes_nothing(numbers, path):
    value = CASES[path][1]
    other = BASE.changed(**{path: value})
    assert other != BASE and not BASE.difference(other)
    assert numbers(BASE) == numbers(other)


@pytest.mark.parametrize("path", Recipe.live())
def test_a_live_setting_turned_before_the_first_step_is_as_if_it_had_been_so(colours, numbers, path):
    context, value = CASES[path]
    recipe = BASE.changed(**context)
    learner = Learner(NET, colours, recipe)
    learner.turn(path, value)
    turned = [(e.loss, e.accuracy, e.learning_rate, e.images) for e in fit(learner) if isinstance(e, StepEnd)]
    assert turned == steps_of(numbers(recipe.changed(**{path: value})))
    assert turned != steps_of(numbers(recipe))


def steps_of(found):
    return [each for each in found if isinstance(each, tuple) and len(each) == 4 and isinstance(each[3], int)]


def test_the_device_is_the_one_that_was_asked_for(colours):
    assert Learner(NET, colours, BASE).device.type == "cpu"
    for kind, is_there in (("cuda", torch.cuda.is_available()), ("mps", torch.backends.mps.is_available())):
        if is_there:
            assert Learner(NET, colours, BASE.changed(device=kind)).device.type == kind
        else:
            with pytest.raises(RecipeError):
                Learner(NET, colours, BASE.changed(device=kind))


def test_the_threads_are_those_that_were_asked_for(colours):
    for count in (1, 2):
        started = next(fit(Learner(NET, colours, BASE.changed(threads=count))))
        assert isinstance(started, RunStarted) and started.threads == count == torch.get_num_threads()
    torch.set_num_threads(1)


def test_channels_last_is_how_the_numbers_lie_in_memory(colours):
    for last in (True, False):
        learner = Learner(NET, colours, BASE.changed(channels_last=last))
        kind = torch.channels_last if last else torch.contiguous_format
        assert learner.module.conv1.weight.is_contiguous(memory_format=kind)
        assert learner.next_batch()[0].is_contiguous(memory_format=kind)
