"""The written training script computes the learner's steps, and says what it leaves out."""

import ast

import pytest
import torch

from cvlab.engine.data.dataset import Dataset
from cvlab.engine.data.preprocessing import Preprocessing
from cvlab.engine.nets.architecture import Architecture
from cvlab.engine.nets.exchange.source_file import read_source
from cvlab.engine.nets.layers import BatchNorm, Conv, Flatten, Input, Linear, Relu
from cvlab.engine.training.learner import Learner
from cvlab.engine.training.recipe import Recipe
from cvlab.engine.training.starter_script import starter_script

NET = Architecture.chain(
    "small", [Input(height=8, width=8), Conv(filters=3, bias=False), BatchNorm(), Relu(), Flatten(), Linear(units=3)]
)


def load(text: str) -> dict:
    space = {"__name__": "written"}
    exec(compile(text, "script.py", "exec"), space)  # our own text
    return space


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"optimizer.kind": "sgd", "optimizer.learning_rate": 0.1, "optimizer.weight_decay": 0.01},
        {"optimizer.kind": "nesterov", "schedule.kind": "cosine", "optimizer.learning_rate": 0.05},
        {"optimizer.kind": "momentum", "schedule.kind": "step", "schedule.every": 2.0, "loss.kind": "hinge"},
        {"optimizer.kind": "rmsprop", "regularisation.clip": 0.5, "regularisation.l1": 0.001},
        {"optimizer.kind": "adamw", "optimizer.weight_decay": 0.1, "schedule.kind": "1/t"},
        {"optimizer.kind": "adagrad", "loss.label_smoothing": 0.1, "schedule.kind": "exponential"},
        {"schedule.kind": "one-cycle", "regularisation.max_norm": 0.5},
        {
            "schedule.kind": "warm-up",
            "regularisation.max_norm": 0.5,
            "optimizer.kind": "sgd",
            "optimizer.weight_decay": 0.1,
        },
    ],
)
def test_every_step_is_the_learners(changes, data: Dataset):
    """One batch holds all images, so that their order plays no part."""
    recipe = Recipe(held_out=0.0, batch_size=300, epochs=4, threads=1).changed(**changes)
    learner = Learner(NET, data, recipe)
    space = load(starter_script(NET, learner.preprocessing, recipe))
    net = space["Net"]()
    net.load_state_dict(learner.module.state_dict())
    for _ in range(4):
        learner.advance()
        learner.end_epoch()
    space["train"](net, data.train.images, data.train.labels, epochs=4)
    for ours, theirs in zip(learner.module.parameters(), net.parameters(), strict=True):
        torch.testing.assert_close(theirs, ours.contiguous(), rtol=1e-3, atol=1e-4)
    assert 0 <= space["accuracy"](net, data.test.images, data.test.labels) <= 1


def test_it_learns_with_shifts_and_its_net_can_be_read_back(data, net):
    recipe = Recipe(shift=1, batch_size=50, epochs=12).changed(
        **{"optimizer.learning_rate": 0.01, "augmentation.rotate": 3, "augmentation.mixup": 0.1, "init.kind": "he"}
    )
    text = starter_script(net, Preprocessing(kind="unit"), recipe)
    torch.manual_seed(0)
    space = load(text)
    module = space["Net"]()
    space["initialise"](module, space["FIRST"], torch.Generator().manual_seed(0))
    space["train"](module, data.train.images, data.train.labels)
    assert space["accuracy"](module, data.test.images, data.test.labels) > 0.6
    assert read_source(text).net.name == "small"


def test_what_is_left_out_is_said():
    recipe = Recipe(averaging=0.99).changed(**{"early_stopping.patience": 3})
    text = starter_script(NET, Preprocessing(kind="unit"), recipe)
    for words in ("early stopping", "running average", "holding out 10%"):
        assert words in text
    assert "leaves out" not in starter_script(NET, Preprocessing(kind="unit"), Recipe(held_out=0.0))


def test_mixed_precision_is_written(data):
    recipe = Recipe(held_out=0.0, precision="mixed", batch_size=300, epochs=1)
    text = starter_script(NET, Preprocessing(kind="unit"), recipe)
    space = load(text)
    net = space["Net"]()
    first = [value.clone() for value in net.state_dict().values()]
    space["train"](net, data.train.images, data.train.labels)
    assert "autocast" in text
    moved = [
        not torch.equal(a, b) and bool(b.isfinite().all())
        for a, b in zip(first, net.state_dict().values(), strict=True)
    ]
    assert all(moved), "it has learned with it"


@pytest.mark.parametrize("data_id", ["mnist", "cifar10", "my-own-set"])
@pytest.mark.parametrize("kind", ["unit", "contrast"])
def test_it_is_python_for_any_data(data_id, kind):
    ast.parse(starter_script(NET, Preprocessing(kind=kind), Recipe(data=data_id)))
