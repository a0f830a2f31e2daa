import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from cvlab.engine.data import statistics
from cvlab.engine.data.dataset import Split
from cvlab.engine.data.statistics import describe
from cvlab.engine.errors import Cancelled


def random_split(seed: int, count: int, classes: int, shape) -> Split:
    rng = np.random.default_rng(seed)
    images = rng.integers(0, 256, (count, *shape), np.uint8)
    return Split(torch.from_numpy(images), torch.from_numpy(rng.integers(0, classes, count)))


@given(st.integers(0, 99), st.integers(1, 40), st.integers(1, 5), st.sampled_from([(1, 4, 3), (3, 5, 5)]))
def test_they_are_what_numpy_says(seed, count, classes, shape):
    split = random_split(seed, count, classes, shape)
    found = describe(split, classes)
    X, y = split.images.numpy().astype(np.float64), split.labels.numpy()
    assert np.allclose(found.mean, X.mean((0, 2, 3)), atol=1e-9) and np.allclose(found.std, X.std((0, 2, 3)), atol=1e-7)
    assert np.allclose(found.brightness, X.mean((1, 2, 3)), atol=1e-4)
    assert np.allclose(found.contrast, X.std((1, 2, 3)), atol=1e-3)
    for label in range(classes):
        members = X[y == label]
        assert found.counts[label] == len(members)
        if len(members):
            assert np.allclose(found.mean_images[label], members.mean(0), atol=1e-3)
            assert np.allclose(found.means[label], members.mean((0, 2, 3)), atol=1e-9)
            assert np.allclose(found.stds[label], members.std((0, 2, 3)), atol=1e-7)
        else:
            assert np.isnan(found.mean_images[label]).all() and np.isnan(found.means[label]).all()


def test_chunks_do_not_matter_and_it_can_be_stopped(monkeypatch):
    split, seen = random_split(1, 50, 3, (1, 4, 4)), []
    whole = describe(split, 3)
    monkeypatch.setattr(statistics, "_CHUNK", 7)
    parts = describe(split, 3, report=seen.append)
    assert np.allclose(whole.mean_images, parts.mean_images) and np.allclose(whole.std, parts.std) and len(seen) == 8
    with pytest.raises(Cancelled):
        describe(split, 3, cancelled=lambda: True)
