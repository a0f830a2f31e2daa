"""A net and a recipe for any set: they fit each other, and learn."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from cvlab.engine.data import shapes32
from cvlab.engine.data.dataset import Dataset, Split
from cvlab.engine.nets.shapes import check_classifier
from cvlab.engine.training.fit import fit
from cvlab.engine.training.learner import Learner
from cvlab.engine.training.suited import suited


def of_shape(channels: int, height: int, width: int, classes: int, count: int) -> Dataset:
    split = Split(
        torch.zeros((1, channels, height, width), dtype=torch.uint8).expand(count, -1, -1, -1), torch.zeros(count)
    )
    return Dataset("x", "X", tuple(map(str, range(classes))), split, split, "")


@given(st.sampled_from([1, 3]), st.integers(4, 96), st.integers(4, 96), st.integers(2, 100), st.integers(1, 300_000))
def test_it_fits_every_set(channels, height, width, classes, count):
    data = of_shape(channels, height, width, classes, count)
    net, recipe = suited(data)
    check_classifier(net, (channels, height, width), classes)
    assert recipe.data == "x" and 5 <= recipe.epochs <= 40
    assert recipe.epochs in (5, 40) or abs(recipe.epochs * count - 300_000) < count
    assert recipe.shift <= min(height, width) // 8


@pytest.mark.parametrize(("shape", "name"), [((1, 28, 28), "LeNet"), ((3, 32, 32), "ConvNet-small")])
def test_which_net(shape, name):
    assert suited(of_shape(*shape, 10, 100))[0].name == name


def test_it_learns_shapes():
    drawn = shapes32.draw(np.arange(400), split=0, seed=3)
    few = Split(torch.from_numpy(drawn.images), torch.from_numpy(drawn.labels))
    data = Dataset("shapes32", "Shapes", shapes32.CLASSES, few, few, "few")
    net, recipe = suited(data)
    learner = Learner(net, data, recipe.changed(epochs=5, threads=1, batch_size=32, device="cpu"))
    events = list(fit(learner))
    assert events[-1].test_accuracy > 0.18, "guessing is right in 0.1"
