"""Exported scripts of random nets and recipes, run by a Python without cvlab, print the figures of their runs.

Every layer kind and every setting of a recipe takes part. One process runs all scripts, each in a fresh namespace, as importing
PyTorch takes longer than training here.
"""

import json
import math
import os
import subprocess
import sys
from itertools import count

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import event as note
from hypothesis import strategies as st

from cvlab.engine.data.dataset import Dataset, Split
from cvlab.engine.data.preprocessing import KINDS
from cvlab.engine.errors import TrainingError
from cvlab.engine.nets.layers import Flatten, Linear
from cvlab.engine.nets.shapes import infer
from cvlab.engine.schedules import SCHEDULES
from cvlab.engine.training.checkpoint import beginning_bytes, restore
from cvlab.engine.training.events import EpochEnd, RunFinished, RunStarted
from cvlab.engine.training.fit import fit
from cvlab.engine.training.learner import Learner
from cvlab.engine.training.recipe import Initialisation, Optimizer, Recipe
from cvlab.engine.training.script import DATA, FIRST_WEIGHTS, data_file, first_weights_file, script

from ..nets.strategies import graphs, grouped_graphs

EXAMPLES = int(os.environ.get("CVLAB_EXAMPLES", "12"))
"""A long run: CVLAB_EXAMPLES=300 pytest tests/engine/training/test_script_repeats.py"""
THREADS = int(os.environ.get("CVLAB_THREADS", "1"))
TOLERANCE = 1e-6
"""Of a figure, as a share of it where it is larger than 1."""

WORKER = """
import contextlib, io, json, runpy, sys, traceback, warnings
class NoCvlab:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in ("cvlab", "pydantic", "safetensors"):
            raise ModuleNotFoundError(name)
sys.meta_path.insert(0, NoCvlab())
import torch
answers = sys.stdout
warnings.simplefilter("ignore")
for folder in map(str.strip, sys.stdin):
    sys.argv, failure = [folder + "/train.py", folder + "/weights.pt"], ""
    with contextlib.redirect_stdout(io.StringIO()) as out:
        try:
            runpy.run_path(sys.argv[0], run_name="__main__")
        except SystemExit as stop:
            failure = f"stopped: {stop.code}"
        except Exception:
            failure = traceback.format_exc()
    answers.write(json.dumps([out.getvalue(), failure]) + chr(10))
    answers.flush()
"""


@pytest.fixture(scope="module")
def run_script():
    """Runs the train.py of a folder; gives its lines, and why it stopped early."""
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"}
    with subprocess.Popen(
        [sys.executable, "-c", WORKER], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment
    ) as worker:

        def run(folder):
            worker.stdin.write(f"{folder}\n")
            worker.stdin.flush()
            said, failure = json.loads(worker.stdout.readline())
            return [json.loads(line) for line in said.splitlines()], failure

        yield run
        worker.stdin.close()


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    return (tmp_path_factory.mktemp("script") for _ in count())


def choices(spec, name):
    return st.sampled_from(spec.model_fields[name].annotation.__args__)


def off_or(values):
    """Usually off, so that the other settings are seen by themselves, too."""
    return st.one_of(st.just(0), st.just(0), values)


def powers(low, high):
    return st.floats(low, high).map(lambda power: 10**power)


SETTINGS = {
    "preprocessing": st.sampled_from(KINDS),
    "whitening_epsilon": powers(-3, -1),
    "held_out": st.sampled_from([0.0, 0.1, 0.3, 0.5]),
    "loss.kind": st.sampled_from(["softmax", "softmax", "hinge"]),
    "loss.margin": st.floats(0, 3),
    "loss.label_smoothing": off_or(st.floats(0.01, 0.5)),
    "optimizer.kind": choices(Optimizer, "kind"),
    "optimizer.learning_rate": powers(-4, -1),
    "optimizer.momentum": st.floats(0, 0.95),
    "optimizer.beta1": st.floats(0, 0.95),
    "optimizer.beta2": st.floats(0, 0.999),
    "optimizer.decay_rate": st.floats(0, 0.99),
    "optimizer.eps": powers(-8, -2),
    "optimizer.weight_decay": off_or(powers(-4, 0)),
    "schedule.kind": st.sampled_from(list(SCHEDULES)),
    "schedule.factor": st.floats(0.05, 0.95),
    "schedule.every": st.floats(0.3, 3),
    "schedule.k": st.floats(0, 3),
    "schedule.warm": st.floats(0, 3),
    "schedule.peak_at": st.floats(0.05, 0.95),
    "regularisation.l1": off_or(powers(-4, -1)),
    "regularisation.max_norm": off_or(st.floats(0.1, 3)),
    "regularisation.clip": off_or(st.floats(0.01, 10)),
    "initialisation.kind": choices(Initialisation, "kind"),
    "initialisation.small_std": powers(-3, -1),
    "initialisation.large_std": powers(-1, 0),
    "initialisation.bias": st.sampled_from(["usual", "set"]),
    "initialisation.bias_value": st.floats(-0.5, 0.5),
    "early_stopping.patience": off_or(st.integers(1, 2)),
    "early_stopping.watch": st.sampled_from(["loss", "accuracy"]),
    "early_stopping.diverged": st.sampled_from(["tell", "stop"]),
    "averaging": off_or(st.floats(0.5, 0.99)),
    "shift": off_or(st.integers(1, 3)),
    "augmentation.flip": off_or(st.floats(0.1, 1)),
    "augmentation.rotate": off_or(st.floats(1, 180)),
    "augmentation.crop": off_or(st.floats(0.1, 0.9)),
    "augmentation.shift": off_or(st.integers(1, 3)),
    "augmentation.colour": off_or(st.floats(0.1, 1)),
    "augmentation.hue": off_or(st.floats(0.1, 0.5)),
    "augmentation.cutout": off_or(st.floats(0.1, 1)),
    "augmentation.mixup": off_or(st.floats(0.1, 1)),
    "epochs": st.integers(1, 3),
    "seed": st.integers(0, 2**31 - 1),
    "precision": st.sampled_from(["float32"] * 5 + ["mixed"]),
    "channels_last": st.booleans(),
}
FIXED = {"data": "random", "device": "cpu", "threads": THREADS, "graphs": "auto"}
recipes = st.fixed_dictionaries(SETTINGS).map(lambda drawn: Recipe().changed(**FIXED, **drawn))


def test_every_setting_and_every_layer_is_drawn():
    assert set(SETTINGS) | set(FIXED) | {"batch_size"} == set(Recipe.paths())


def finished(net, classes):
    """The net, with the scores of so many classes at its end."""
    shape = infer(net).layers[net.order[-1]].last.output
    for layer in (*([Flatten()] if len(shape) > 1 else []), Linear(units=classes)):
        net = net.insert(layer, after=net.order[-1])[0]
    return net


@st.composite
def runs(draw):
    """(net, data, recipe, the share of the layers that begin with other weights)."""
    classes = draw(st.integers(2, 4))
    net = finished(draw(st.one_of(graphs(most=6), graphs(most=9), grouped_graphs())), classes)
    train = draw(st.integers(12, 40))
    rng = np.random.default_rng(draw(st.integers(0, 2**20)))

    def split(number):
        images = rng.integers(0, 256, (number, *net.image_shape), dtype=np.uint8)
        return Split(torch.from_numpy(images), torch.from_numpy(rng.integers(0, classes, number)))

    data = Dataset("random", "Random", tuple(map(str, range(classes))), split(train), split(10), "0" * 64)
    recipe = draw(recipes)
    # How many are trained on follows from the classes: often all but one fill whole batches.
    left = len(Learner(net, data, recipe).labels)
    sizes = [size for size in range(2, left) if left % size == 1]
    size = draw(st.one_of(st.sampled_from(sizes or [left]), st.integers(1, left + 3)))
    return net, data, recipe.changed(batch_size=size), draw(off_or(st.floats(0.2, 1)))


def differs(mine, theirs):
    return not (mine == theirs or abs(mine - theirs) <= TOLERANCE * max(1.0, abs(mine)))


@given(runs())
@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))
def test_a_script_repeats_its_run(run_script, folders, example):
    net, data, recipe, begun = example
    folder = next(folders)
    learner = Learner(net, data, recipe)
    if begun:
        other = Learner(net, data, recipe.changed(seed=9, **{"init.kind": "pytorch"})).weights()
        begin = {name: other[name] for name in list(other)[: math.ceil(begun * len(other))]}
        restore(learner, beginning_bytes(begin, recipe), keep_recipe=True)
        (folder / FIRST_WEIGHTS).write_bytes(first_weights_file(begin))

    events, failed = [], ""
    try:
        events.extend(fit(learner))
    except TrainingError as error:
        failed = error.what
    threads = next(each.threads for each in events if isinstance(each, RunStarted))
    text = script(net, recipe, learner.preprocessing, begins_with="another" if begun else "", threads=threads)
    (folder / "train.py").write_text(text, encoding="utf-8")
    (folder / DATA).write_bytes(data_file(data, learner.preprocessing))
    lines, failure = run_script(folder)
    epochs = [each for each in events if isinstance(each, EpochEnd)]
    assert bool(failed) == bool(failure) and failure.startswith("stopped" if failed else ""), (failed, failure)
    ends = [] if failed else [events[-1]]
    assert all(isinstance(end, RunFinished) for end in ends)
    assert [list(line) for line in lines[len(epochs) :]] == [["test_loss", "test_accuracy"]] * len(ends)
    pairs = [
        (key, getattr(figures, key), value)
        for line, figures in zip(lines, [*epochs, *ends], strict=True)
        for key, value in line.items()
    ]
    assert not [pair for pair in pairs if differs(*pair[1:])]
    note("failed alike" if failed else "equal" if all(a == b for _, a, b in pairs) else "within the tolerance")
    note(f"last batch of one: {recipe.batch_size > 1 and len(learner.labels) % recipe.batch_size == 1}")
    if failed:
        return
    for name, expected in {"weights.pt": learner.weights(), "weights-average.pt": learner.averaged_weights()}.items():
        assert (expected is not None) == (folder / name).exists()
        saved = torch.load(folder / name, weights_only=True) if expected else {}
        for key, value in (expected or {}).items():
            np.testing.assert_allclose(saved[key].numpy(), value, rtol=1e-4, atol=1e-5, err_msg=key)
