import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.decomposition import PCA

from cvlab.engine.data import shapes32, whitening
from cvlab.engine.data.preprocessing import Preprocessing
from cvlab.engine.data.whitening import MAX_FIT, axes_of, find_axes, fitting_sample, stages
from cvlab.engine.errors import Cancelled, DataError

seeds = st.integers(0, 2**31)


def points(seed: int, count: int = 200, features: int = 12) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return rng.standard_normal((count, features)) @ rng.standard_normal((features, features)) + rng.normal(
        size=features
    )


@settings(max_examples=25)
@given(seeds)
def test_the_axes_are_scikit_learns(seed):
    X = points(seed)
    found, theirs = find_axes(X), PCA().fit(X)
    np.testing.assert_allclose(found.mean, theirs.mean_, atol=1e-12)
    np.testing.assert_allclose(
        found.variances, theirs.explained_variance_ * 199 / 200, rtol=1e-9, atol=1e-12 * found.variances[0]
    )  # 1/N, as in the course
    np.testing.assert_allclose(np.abs((found.axes * theirs.components_.T).sum(0)), 1, atol=1e-6)
    np.testing.assert_allclose(found.axes.T @ found.axes, np.eye(12), atol=1e-10)
    assert found.rank == 12 and found.count == 200


@settings(max_examples=25)
@given(seeds)
def test_decorrelated_points_have_a_diagonal_covariance_and_white_ones_the_unit(seed):
    X = points(seed)
    found = find_axes(X)
    turned = (X - found.mean) @ found.decorrelation()
    np.testing.assert_allclose(np.cov(turned.T, bias=True), np.diag(found.variances), atol=1e-9 * found.variances[0])
    white = (X - found.mean) @ found.whitening(epsilon=0)
    assert np.abs(np.cov(white.T, bias=True) - np.eye(12)).max() < 1e-6
    np.testing.assert_allclose(found.whiten(X, 0), white, atol=1e-9)
    softened = np.cov(((X - found.mean) @ found.whitening(0.5)).T, bias=True)
    np.testing.assert_allclose(np.linalg.eigvalsh(softened)[::-1], found.variances / (found.variances + 0.5), atol=1e-9)


@pytest.mark.parametrize("channels", [1, 3])
def test_whitened_images_have_unit_covariance_to_a_millionth_on_what_they_were_fitted_on(channels):
    """The issue's own line, through the door that nets use, on more images than features."""
    x = torch.from_numpy(shapes32.draw(np.arange(1500), 0, 0).images)[:, :channels, ::2, ::2].contiguous()
    fitted = Preprocessing.fit("whiten", x, epsilon=0.0)
    white = fitted.apply(x, torch.float64).flatten(1).numpy()
    assert white.shape[1] == channels * 256 and len(white) > white.shape[1]
    assert np.abs(white.mean(0)).max() < 1e-6
    assert np.abs(np.cov(white.T, bias=True) - np.eye(white.shape[1])).max() < 1e-6
    other = torch.from_numpy(shapes32.draw(np.arange(1500), 1, 0).images)[:, :channels, ::2, ::2]
    unseen = np.cov(fitted.apply(other, torch.float64).flatten(1).numpy().T, bias=True)
    assert np.abs(unseen - np.eye(len(unseen))).max() > 1e-2, (
        "on other images it is only near: nothing was fitted on them"
    )


def test_pixels_that_never_vary_stay_at_zero_and_the_rest_is_white():
    x = torch.from_numpy(shapes32.draw(np.arange(400), 0, 0).images)[:, :1, ::4, ::4].contiguous()
    x[:, :, 0] = 7  # a dead row, as digits have
    white = Preprocessing.fit("whiten", x, epsilon=0.0).apply(x, torch.float64)
    assert white[:, :, 0].abs().max() < 1e-6
    alive = white[:, :, 1:].flatten(1).numpy()
    assert np.abs(np.cov(alive.T, bias=True) - np.eye(alive.shape[1])).max() < 1e-6


def test_whitening_is_turned_back_so_that_an_image_still_looks_like_itself():
    x = torch.from_numpy(shapes32.draw(np.arange(600), 0, 0).images)[:, :, ::4, ::4].contiguous()
    white = Preprocessing.fit("whiten", x).apply(x).flatten(1).numpy()
    own = np.array([np.corrcoef(a, b)[0, 1] for a, b in zip(white.T, x.flatten(1).numpy().T, strict=True)])
    assert own.min() > 0.15, "every feature goes with its own pixel"


def test_large_sets_are_sampled_evenly_and_it_is_said():
    x = torch.zeros(MAX_FIT + 5000, 1, 2, 2, dtype=torch.uint8)
    x[:, 0, 0, 0] = torch.arange(len(x)) % 256
    assert len(fitting_sample(x)) == MAX_FIT and axes_of(x).count == MAX_FIT
    assert Preprocessing.fit("whiten", x).fitted_on == MAX_FIT
    assert len(fitting_sample(x[:50])) == 50


def test_the_figure_of_the_course():
    X = points(5, 300, 2)
    plain, centred, turned, white = stages(X, epsilon=0)
    assert np.array_equal(plain.points, X) and np.abs(centred.mean).max() < 1e-12
    assert abs(turned.covariance[0, 1]) < 1e-12 and turned.covariance[0, 0] >= turned.covariance[1, 1]
    np.testing.assert_allclose(white.covariance, np.eye(2), atol=1e-9)
    np.testing.assert_allclose(np.sort(centred.deviations), np.sort(turned.deviations), rtol=1e-9)


def test_fitted_on_other_points_the_cloud_is_not_centred():
    X = points(6, 300, 2)
    there = stages(X + 3, epsilon=0, fitted_on=X)
    np.testing.assert_allclose(there[1].mean, X.mean(0) + 3 - X.mean(0), atol=1e-9)


def test_the_flat_and_the_impossible():
    flat = find_axes(np.ones((4, 3)))
    assert flat.rank == 0 and np.abs(flat.whitening(0)).max() == 0
    for bad in (np.zeros((0, 3)), np.zeros(3)):
        with pytest.raises(DataError, match="points"):
            find_axes(bad)
    with pytest.raises(DataError, match="3,072"):
        find_axes(np.zeros((2, 3073)))
    with pytest.raises(Cancelled):
        find_axes(points(0), cancelled=lambda: True)
    assert [stage.title for stage in whitening.stages(np.ones((5, 2)))] == [
        "as it is", "mean subtracted", "decorrelated", "whitened",
    ]  # fmt: skip
