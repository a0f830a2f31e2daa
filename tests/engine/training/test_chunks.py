"""Judging many images where the memory holds fewer than usual: the same figures, in chunks that fit."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from cvlab.engine.training import learner as learners
from cvlab.engine.training.chunks import Chunks
from cvlab.engine.training.learner import Learner
from cvlab.engine.training.recipe import Recipe

RECIPE = Recipe(data="bars", batch_size=50, held_out=0.0, epochs=1, threads=1, device="cpu")
CPU = torch.device("cpu")


def full():
    """What PyTorch raises where an ordinary machine has no such memory: the real error, by asking for too much."""
    torch.empty(1 << 60, dtype=torch.uint8)


class Small:
    """A memory that holds so many images; sizes: what was asked of it."""

    def __init__(self, room):
        self.room, self.sizes = room, []

    def __call__(self, module, arguments):
        self.sizes.append(len(arguments[0]))
        if len(arguments[0]) > self.room:
            full()


@given(st.integers(0, 300), st.integers(1, 200), st.integers(1, 200))
@settings(max_examples=60, deadline=None)
def test_every_image_is_seen_once_and_in_order_whatever_fits(count, size, room):
    def work(part):
        if part.stop - part.start > room:
            full()
        return list(range(part.start, part.stop))

    chunks = Chunks(size, CPU)
    assert [i for part in chunks.over(count, work) for i in part] == list(range(count))
    assert chunks.size <= max(size, 1) and (chunks.size <= room or count <= room)


@pytest.mark.parametrize("room", [1999, 300, 100, 7, 1])
def test_figures_are_the_same_in_smaller_chunks_and_the_size_is_remembered(net, data, monkeypatch, room):
    monkeypatch.setattr(learners, "EVAL_BATCH_SIZE", 256)
    usual = Learner(net, data, RECIPE)
    want = usual.evaluate(usual.images, usual.labels)
    learner = Learner(net, data, RECIPE)
    memory = Small(room)
    learner.module.register_forward_pre_hook(memory)
    loss, accuracy = learner.evaluate(learner.images, learner.labels)
    assert accuracy == want[1] and loss == pytest.approx(want[0], rel=1e-6)
    assert sum(size for size in memory.sizes if size <= room) == len(learner.labels)
    before = len(memory.sizes)
    assert learner.evaluate(learner.images, learner.labels) == pytest.approx(want, rel=1e-6)
    assert max(memory.sizes[before:]) <= room, "what did not fit is not tried again"


def test_a_single_image_that_does_not_fit_is_the_end_and_other_errors_are_at_once(net, data):
    learner = Learner(net, data, RECIPE)
    memory = Small(0)
    handle = learner.module.register_forward_pre_hook(memory)
    with pytest.raises(RuntimeError, match="allocate memory"):
        learner.evaluate(learner.images, learner.labels)
    assert memory.sizes[-1] == 1
    handle.remove()
    learner = Learner(net, data, RECIPE)
    learner.module.register_forward_pre_hook(lambda *_: (_ for _ in ()).throw(RuntimeError("something else")))
    with pytest.raises(RuntimeError, match="something else"):
        learner.evaluate(learner.images, learner.labels)
    assert learner.chunks.size == learners.EVAL_BATCH_SIZE
