"""A net with batch norm, a skip, a concatenation and a block that repeats trains, is kept and predicts like any other."""

import numpy as np
import torch

from cvlab.engine.nets.architecture import Architecture
from cvlab.engine.nets.layers import BatchNorm, Conv, Flatten, GlobalPool, Linear, Relu
from cvlab.engine.nets.sketch import Sketch
from cvlab.engine.training.checkpoint import restore, resume_bytes
from cvlab.engine.training.learner import Learner
from cvlab.engine.training.recipe import Recipe


def branching() -> Architecture:
    sketch = Sketch("branching", (1, 8, 8))
    start = sketch.then(Conv(filters=4, border="same", bias=False), BatchNorm(), Relu())
    sketch.then(Conv(filters=4, border="same", bias=False), BatchNorm(), Relu())
    sketch.add(start)
    sketch.block(start, times=2)
    left = sketch.end
    sketch.then(Conv(filters=3, kernel=1), Relu())
    sketch.concat(left)
    sketch.then(GlobalPool(), Flatten(), BatchNorm(), Linear(units=3))
    return sketch.net


def test_it_learns_resumes_exactly_and_predicts(data):
    recipe = Recipe(batch_size=50, held_out=0.0, epochs=20, threads=1, seed=3).changed(
        **{"optimizer.learning_rate": 0.02}
    )
    learner = Learner(branching(), data, recipe)
    first = learner.advance().loss.item()
    for _ in range(5):
        learner.advance()
    learner.end_epoch()
    kept = resume_bytes(learner)
    again = Learner(branching(), data, recipe)
    restore(again, kept)
    losses = []
    for each in (learner, again):
        losses.append([each.advance().loss.item() for _ in range(6)])
        each.end_epoch()
    assert losses[0] == losses[1] and losses[0][-1] < first
    ours, theirs = learner.weights(), again.weights()
    assert all(np.array_equal(ours[name], theirs[name]) for name in ours)
    assert "block1_2_bn2.running_mean" in ours and ours["block1_2_bn2.num_batches_tracked"] == 12

    trained = learner.trained()
    probabilities, outputs = trained.look(data.test.images[0])
    assert set(outputs) == set(trained.architecture.by_name) and outputs["concat1"].shape == (7, 8, 8)
    np.testing.assert_allclose(trained.predict(data.test.images[:1])[0], probabilities, rtol=1e-5)
    assert np.isfinite(trained.predict(data.test.images)).all()


def test_a_last_batch_of_one_image_is_no_obstacle(data):
    recipe = Recipe(batch_size=299, held_out=0.0, threads=1)
    learner = Learner(branching(), data, recipe)
    assert learner.advance().loss.isfinite() and learner.advance().loss.isfinite()
    assert learner.epoch_is_over and all(torch.isfinite(p).all() for p in learner.module.parameters())
