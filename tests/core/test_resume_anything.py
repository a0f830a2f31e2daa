"""Cut off after any event and taken up again, any recipe ends bit for bit as if nothing had happened.

Optimizer, schedule, augmentation, averaging, early stopping and all else are drawn together; so is what the disk holds when the
process is gone: the last state that was saved whole, and metrics that go beyond it or end in the middle of a line.
"""

import os
import shutil

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cvlab.core import keeper as keepers
from cvlab.core.keeper import Keeper
from cvlab.core.storage.run_folder import AVERAGE, WEIGHTS, RunFolder
from cvlab.engine.data.dataset import Dataset
from cvlab.engine.nets.architecture import Architecture
from cvlab.engine.nets.layers import BatchNorm, Conv, Dropout, Dropout2d, Flatten, Input, Linear, Relu
from cvlab.engine.training.control import Control
from cvlab.engine.training.events import EpochEnd, KnobTurned, Noticed, RunFinished, StepEnd
from cvlab.engine.training.fit import fit
from cvlab.engine.training.learner import Learner
from cvlab.engine.training.recipe import Recipe

from ..engine.training.conftest import bars

EXAMPLES = int(os.environ.get("CVLAB_EXAMPLES", "10"))
"""A long run: CVLAB_EXAMPLES=2000 pytest tests/core/test_resume_anything.py"""

NET = Architecture.chain(
    "small",
    [Input(height=8, width=8), Conv(filters=3, padding=1), BatchNorm(), Relu(), Dropout2d(drop=0.2), Flatten(),
     Dropout(drop=0.3), Linear(units=3)],
)  # fmt: skip
recipes = st.fixed_dictionaries(
    {
        "optimizer.kind": st.sampled_from(["sgd", "momentum", "nesterov", "adagrad", "rmsprop", "adam", "adamw"]),
        "optimizer.learning_rate": st.sampled_from([0.001, 0.01, 0.1]),
        "optimizer.weight_decay": st.sampled_from([0.0, 0.01]),
        "schedule.kind": st.sampled_from(["constant", "step", "exponential", "1/t", "cosine", "warm-up", "one-cycle"]),
        "schedule.every": st.sampled_from([0.5, 1.0]),
        "loss.kind": st.sampled_from(["softmax", "hinge"]),
        "loss.label_smoothing": st.sampled_from([0.0, 0.1]),
        "regularisation.l1": st.sampled_from([0.0, 0.001]),
        "regularisation.max_norm": st.sampled_from([0.0, 1.0]),
        "regularisation.clip": st.sampled_from([0.0, 0.5]),
        "initialisation.kind": st.sampled_from(["pytorch", "he", "orthogonal"]),
        "preprocessing": st.sampled_from(["signed", "standardize", "mean-image"]),
        "averaging": st.sampled_from([0.0, 0.9]),
        "early_stopping.patience": st.sampled_from([0, 1, 2]),
        "early_stopping.watch": st.sampled_from(["loss", "accuracy"]),
        "shift": st.sampled_from([0, 1]),
        "augmentation.flip": st.sampled_from([0.0, 0.5]),
        "augmentation.rotate": st.sampled_from([0.0, 10.0]),
        "augmentation.cutout": st.sampled_from([0.0, 0.3]),
        "augmentation.mixup": st.sampled_from([0.0, 0.2]),
        "precision": st.sampled_from(["float32", "float32", "mixed"]),
        "channels_last": st.booleans(),
        "batch_size": st.sampled_from([17, 20, 50]),
        "epochs": st.sampled_from([2, 3]),
        "held_out": st.sampled_from([0.2, 0.0]),
        "seed": st.integers(0, 2**31 - 1),
    }
)


@pytest.fixture(scope="module")
def few():
    return Dataset("bars", "Bars", ("row", "column", "diagonal"), bars(75, 0), bars(30, 1), "0" * 64)


def train(folder, data, *, cut=None, saves=(), turn=None):
    """Trains in the folder as a run does, resumed if something was saved there; gone after `cut` events. saves: steps at which
    half a minute is over. turn: (step, knob, value) of a knob that a person turns. Returns how much of the metrics is surely on
    the disk: what was there when the state was last saved."""
    learner, control = Learner(NET, data, folder.record.recipe), Control()
    log, saved = folder.path / "metrics.jsonl", folder.path / "resume.safetensors"
    if saved.exists():
        folder.restore(learner)
    if turn is not None and learner.step == turn[0] and learner.recipe.look_up(turn[1]) != turn[2]:
        control.turn(*turn[1:])  # it had not been heard
    folder.describe(learner)
    keeper = Keeper(folder, learner)
    keeper.begin()
    sure = log.stat().st_size if log.exists() else 0
    for count, event in enumerate(fit(learner, control)):
        if cut is not None and count >= cut:
            break
        if isinstance(event, StepEnd):
            keepers.SAVE_EVERY = -1.0 if event.step in saves else 1e9
            if turn is not None and event.step == turn[0]:
                control.turn(*turn[1:])
        folder.log(event)
        before = saved.stat().st_ino if saved.exists() else 0
        keeper.keep(event)
        if saved.exists() and saved.stat().st_ino != before:
            sure = log.stat().st_size
    folder._metrics.close()
    folder.board.close()
    return sure


def figures(folder):
    kept = []
    for event in folder.events():
        match event:
            case StepEnd():
                kept.append((event.step, event.epoch, event.loss, event.accuracy, event.learning_rate, event.images))
            case EpochEnd():
                kept.append(
                    (event.step, event.train_loss, event.train_accuracy, event.held_out_loss, event.held_out_accuracy)
                )
            case RunFinished():
                kept.append((event.step, event.epoch, event.test_loss, event.test_accuracy, event.best_epoch))
            case KnobTurned() | Noticed():
                kept.append(event)
    weights = [(folder.path / name).read_bytes() for name in (WEIGHTS, AVERAGE) if (folder.path / name).exists()]
    return kept, weights


@given(
    recipes, st.lists(st.integers(0, 30), min_size=1, max_size=3), st.sets(st.integers(1, 14)), st.integers(0, 60),
    st.sampled_from([None, (2, "optimizer.learning_rate", 0.02), (5, "batch_size", 13), (3, "regularisation.l1", 0.01)]),
)  # fmt: skip
@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_recipe_cut_anywhere_ends_the_same(few, tmp_path, change, cuts, saves, torn, turn):
    torch.set_num_threads(1)
    recipe = Recipe(data="bars", threads=1, device="cpu").changed(**change)
    shutil.rmtree(tmp_path / "runs", ignore_errors=True)
    whole = RunFolder.create(tmp_path / "runs", NET, recipe)
    train(whole, few, turn=turn)
    cut = RunFolder.create(tmp_path / "runs", NET, recipe)
    for place in cuts:
        sure = train(RunFolder.open(cut.path), few, cut=place, saves=saves, turn=turn)
        log = cut.path / "metrics.jsonl"
        if log.exists():
            content = log.read_bytes()
            log.write_bytes(content[: sure + torn % (len(content) - sure + 1)])
    last = RunFolder.open(cut.path)
    train(last, few, turn=turn)
    last.close()
    whole.close()
    assert figures(RunFolder.open(cut.path)) == figures(RunFolder.open(whole.path))
