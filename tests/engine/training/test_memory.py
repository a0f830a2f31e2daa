"""Memory: a split copies no pixels, and what does not fit is said before it is tried, in a process with few addresses too."""

from __future__ import annotations

import json
import subprocess
import sys

import numpy as np
import pytest
import torch

from cvlab.engine.data.dataset import Dataset, Split
from cvlab.engine.data.preprocessing import KINDS, Preprocessing
from cvlab.engine.data.subset import ImageSubset
from cvlab.engine.errors import NotEnoughMemory
from cvlab.engine.memory import RESERVE, check_images, free_memory
from cvlab.engine.nets import zoo
from cvlab.engine.training.events import RunFailed
from cvlab.engine.training.learner import Learner
from cvlab.engine.training.memory import MemoryEstimate, check, evaluated_at_once
from cvlab.engine.training.recipe import Recipe

LINUX = pytest.mark.skipif(sys.platform != "linux", reason="limits of the address space are read from /proc")


@pytest.fixture
def digits() -> Dataset:
    rng = np.random.default_rng(0)

    def split(count: int) -> Split:
        images = torch.from_numpy(rng.integers(0, 256, (count, 1, 28, 28), dtype=np.uint8))
        return Split(images, torch.from_numpy(rng.integers(0, 10, count)))

    return Dataset("digits", "Digits", tuple("0123456789"), split(300), split(50), "0" * 64)


def test_a_subset_is_what_a_copy_would_be():
    rng = np.random.default_rng(1)
    images = torch.from_numpy(rng.integers(0, 256, (40, 2, 3, 3), dtype=np.uint8))
    rows = torch.from_numpy(rng.permutation(40)[:23])
    subset, copy = ImageSubset(images, rows), images[rows]
    assert len(subset) == len(copy) and subset.shape == tuple(copy.shape) and subset.device == copy.device
    for which in (0, slice(5), slice(3, 19, 2), slice(None), torch.tensor([22, 0, 7])):
        assert torch.equal(subset[which], copy[which])
    assert all(torch.equal(a, b) for a, b in zip(subset.split(10), copy.split(10), strict=True))
    for kind in KINDS:
        made, want = Preprocessing.fit(kind, subset), Preprocessing.fit(kind, copy)
        assert made.model_dump() == want.model_dump()
        assert all((made.arrays[name] == want.arrays[name]).all() for name in want.arrays)


@pytest.mark.parametrize("settings", [
    {}, {"shift": 2}, {"preprocessing": "standardize"}, {"channels_last": True}, {"augmentation": {"flip": 0.5, "mixup": 0.2}},
], ids=str)  # fmt: skip
def test_training_by_rows_is_to_the_bit_that_on_copies(digits, settings):
    recipe = Recipe.read({"epochs": 2, "batch_size": 64, "threads": 1, "held_out": 0.2} | settings)
    by_rows, on_copies = Learner(zoo.lenet(), digits, recipe), Learner(zoo.lenet(), digits, recipe)
    assert by_rows.images.images.data_ptr() == digits.train.images.data_ptr()
    on_copies.images, on_copies.held_out = on_copies.images[:], (on_copies.held_out[0][:], on_copies.held_out[1])
    figures = []
    for learner in (by_rows, on_copies):
        losses = [learner.advance().loss.item() for _ in range(4)]
        figures.append((losses, learner.evaluate(*learner.held_out), learner.weights()))
    (losses, held, weights), (losses_2, held_2, weights_2) = figures
    assert losses == losses_2 and held == held_2
    assert all((weights[name] == weights_2[name]).all() for name in weights)


@pytest.mark.parametrize("seed", range(5))
def test_the_batch_size_that_is_offered_fits_and_its_double_does_not(seed):
    rng = np.random.default_rng(seed)
    net = (zoo.lenet, zoo.two_layer)[seed % 2]()
    recipe = Recipe.read({"batch_size": int(2 ** rng.integers(6, 13)), "averaging": float(seed % 2) * 0.9})
    images = int(rng.integers(5_000, 50_000))
    whole = MemoryEstimate.of(net, images, recipe)
    check(net, images, recipe, whole.total + RESERVE)  # just enough
    check(net, images, recipe, None)  # not known: nothing is refused
    with pytest.raises(NotEnoughMemory) as refused:
        check(net, images, recipe, whole.total + RESERVE - whole.batch // 3)
    size = refused.value.suggestion
    assert size is not None and size < recipe.batch_size and f"{size:,}" in refused.value.remedy
    check(net, images, recipe.changed(batch_size=size), whole.total + RESERVE - whole.batch // 3)
    failure = RunFailed.of(refused.value, 0, batch_size=recipe.batch_size, doing="data")
    assert (failure.suggestion, failure.setting) == (size, "batch_size")
    with pytest.raises(NotEnoughMemory) as refused:
        check(net, images, recipe, RESERVE)
    assert refused.value.suggestion is None


def test_images_that_do_not_fit_are_counted():
    check_images(1000, (3, 10, 10), 1000 * 308 + RESERVE)
    check_images(10**12, (3, 10, 10), None)
    with pytest.raises(NotEnoughMemory, match="at most 500 such images"):
        check_images(1000, (3, 10, 10), 500 * 308 + RESERVE)
    assert evaluated_at_once(zoo.lenet(), 2000, None) == 2000
    assert 1 <= evaluated_at_once(zoo.lenet(), 2000, RESERVE + 2_000_000) < 100
    assert evaluated_at_once(zoo.lenet(), 2000, 0) == 1


DRIVER = """
import contextlib, io, json, resource, sys
import numpy as np, torch
from cvlab.cli.main import main
from cvlab.engine.data.dataset import Dataset, Split
from cvlab.engine.nets import zoo
from cvlab.engine.training.learner import Learner
from cvlab.engine.training.recipe import Recipe

def peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024

def split(count):
    rng = np.random.default_rng(0)
    images = torch.from_numpy(rng.integers(0, 256, (count, 3, 32, 32), dtype=np.uint8))
    return Split(images, torch.from_numpy(rng.integers(0, 10, count)))

def train(data):
    recipe = Recipe.read({"batch_size": 50, "threads": 1, "held_out": 0.5, "preprocessing": "standardize"})
    learner = Learner(zoo.linear_classifier((3, 32, 32)), data, recipe)
    learner.advance()
    learner.evaluate(*learner.held_out)
    learner.leave()

few = split(4000)
train(Dataset("few", "Few", tuple("0123456789"), few, few, "0"))  # what the libraries take for themselves
before = peak()
many = split(65_000)
train(Dataset("many", "Many", tuple("0123456789"), many, few, "0"))
print(json.dumps([peak() - before, many.images.numel()]), flush=True)
del many

def taken():
    return int(open("/proc/self/statm").read().split()[0]) * resource.getpagesize()

run = ["train", "lenet", "--data", "mnist-mini", "--epochs", "1", "--threads", "1", "--no-test", "--json"]
for megabytes, size in json.loads(sys.argv[1]):
    resource.setrlimit(resource.RLIMIT_AS, (taken() + megabytes * 2**20, resource.RLIM_INFINITY))
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        status = main([*run, "--batch-size", str(size)])
    resource.setrlimit(resource.RLIMIT_AS, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    print(json.dumps([status, err.getvalue()]), flush=True)
"""
LIMITS = ((40, 250, 1), (420, 8000, 1), (600, 8000, 1), (500, 512, 0))
"""Megabytes of address space that are left, the batch size, and the exit status that is right."""


@LINUX
def test_a_process_with_few_addresses_says_so_and_a_split_takes_no_memory():
    command = [sys.executable, "-c", DRIVER, json.dumps([limit[:2] for limit in LIMITS])]
    done = subprocess.run(command, capture_output=True, text=True, timeout=240)
    assert done.returncode == 0, done.stderr[-2000:]
    (peak, data), *told = map(json.loads, done.stdout.splitlines())
    assert data > 190e6 and peak < 1.3 * data, f"{peak / data:.2f} times the data"
    for (megabytes, size, wanted), (status, words) in zip(LIMITS, told, strict=True):
        assert status == wanted and "Traceback" not in words, (megabytes, size, words)
        if status:
            assert "Not enough memory." in words and "are free" in words, (megabytes, size, words)
    assert "Use a batch size of" in told[2][1]


def test_what_is_free_is_known_here():
    free = free_memory()
    assert free is None or free > 0
