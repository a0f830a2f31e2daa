import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.datasets import make_moons

from cvlab.engine.data import toy
from cvlab.engine.errors import DataError


@given(
    st.sampled_from([toy.blobs, toy.moons, toy.spiral]),
    st.integers(1, 50),
    st.integers(2, 6),
    st.floats(0, 1),
    st.integers(0, 99),
)
def test_every_shape_is_balanced_finite_and_seeded(shape, n, classes, noise, seed):
    classes = 2 if shape is toy.moons else classes
    X, y = shape(n, classes, noise, seed)
    assert X.shape == (n * classes, 2) and X.dtype == np.float64 and np.isfinite(X).all()
    assert y.dtype == np.int64 and np.bincount(y).tolist() == [n] * classes
    again, _ = shape(n, classes, noise, seed)
    assert np.array_equal(X, again)


def test_moons_are_scikit_learns_moved_to_the_middle():
    theirs, labels = make_moons(200, shuffle=False, noise=None)
    ours, y = toy.moons(100, noise=0)
    assert np.array_equal(y, labels)
    np.testing.assert_allclose(ours, theirs - [0.5, 0.25], atol=1e-12)


def test_blobs_spread_by_the_noise_around_the_unit_circle():
    X, y = toy.blobs(20_000, 4, noise=0.3)
    centres = np.array([X[y == c].mean(axis=0) for c in range(4)])
    np.testing.assert_allclose(centres, [[1, 0], [0, 1], [-1, 0], [0, -1]], atol=0.02)
    assert X[y == 0].std(axis=0) == pytest.approx([0.3, 0.3], rel=0.03)


def test_the_spiral_is_the_courses():
    n = 100
    X, y = toy.spiral(n, 3, noise=0)
    for c in range(3):
        r, t = np.linspace(0, 1, n), np.linspace(c * 4, (c + 1) * 4, n)
        np.testing.assert_allclose(X[y == c], np.c_[r * np.sin(t), r * np.cos(t)], atol=1e-12)


def test_the_spirals_noise_leaves_the_radius_alone():
    X, _ = toy.spiral(50, 3, noise=0.5)
    np.testing.assert_allclose(np.hypot(*X.T), np.tile(np.linspace(0, 1, 50), 3), atol=1e-12)


@pytest.mark.parametrize(
    "arguments",
    [
        {"n_per_class": 0},
        {"n_per_class": 10**9},
        {"classes": 0},
        {"classes": 11},
        {"noise": -1},
        {"noise": float("nan")},
    ],
)
def test_out_of_range_is_said(arguments):
    with pytest.raises(DataError):
        toy.blobs(**arguments)
    with pytest.raises(DataError, match="2 classes"):
        toy.moons(classes=3)
