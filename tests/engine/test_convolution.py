"""Convolution held against torch.nn.functional.conv2d: exhaustively over all settings of the sliders, then at random."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from cvlab.core.panels.convolution_documents import (
    MAX_DILATION,
    MAX_FILTER,
    MAX_FILTERS,
    MAX_PADDING,
    MAX_SIDE,
    MAX_STRIDE,
)
from cvlab.engine.convolution import Fit, Sliding, convolve, filtered, product_sum, reads
from cvlab.engine.errors import ShapeError
from cvlab.engine.kernels import PRESETS, answers, normalised
from cvlab.engine.parameter_sharing import LayerSizes

SLIDERS = [
    Sliding(F, S, P, d)
    for F in range(1, MAX_FILTER + 1)
    for S in range(1, MAX_STRIDE + 1)
    for P in range(MAX_PADDING + 1)
    for d in range(1, MAX_DILATION + 1)
]


def by_torch(x, w, b, sliding, groups=1):
    x, w, b = (torch.from_numpy(np.asarray(part, np.float64)) for part in (x, w, b))
    made = torch.nn.functional.conv2d(
        x[None], w, b, stride=sliding.stride, padding=sliding.padding, dilation=sliding.dilation, groups=groups
    )
    return made[0].numpy()


@pytest.mark.parametrize("side", [*range(2, MAX_SIDE + 1), 28])
def test_every_setting_of_the_sliders_is_torchs_conv2d(side):
    rng = np.random.default_rng(side)
    x, b = rng.normal(size=(2, side, side)), rng.normal(size=2)
    for sliding in SLIDERS:
        w = rng.normal(size=(2, 2, sliding.filter, sliding.filter))
        if sliding.fit(side).count == 0:
            with pytest.raises(ShapeError):
                convolve(x, w, b, sliding)
            with pytest.raises(RuntimeError):
                by_torch(x, w, b, sliding)
        else:
            assert np.allclose(convolve(x, w, b, sliding), by_torch(x, w, b, sliding), atol=1e-12), sliding


@pytest.mark.parametrize("side", [4, 7, MAX_SIDE])
@pytest.mark.parametrize("groups", range(1, MAX_FILTERS + 1))
def test_every_setting_in_groups_is_torchs_conv2d(side, groups):
    rng = np.random.default_rng(side)
    sizes = [(C, K) for C in (1, 2, 3, 4, 6) for K in (1, 2, 3, 6)]
    for C, K in sizes:
        x, b = rng.normal(size=(C, side, side)), rng.normal(size=K)
        if C % groups or K % groups:
            with pytest.raises(ShapeError, match=f"{groups} groups divide"):
                convolve(x, np.zeros((K, C, 3, 3)), b, Sliding(3), groups)
            continue
        for sliding in SLIDERS[:: 1 if (C, K) == (3, 3) else 7]:
            if sliding.fit(side).count:
                w = rng.normal(size=(K, C // groups, sliding.filter, sliding.filter))
                expected = by_torch(x, w, b, sliding, groups)
                assert np.allclose(convolve(x, w, b, sliding, groups), expected, atol=1e-12), (sliding, C, K)


@given(st.integers(1, 4), st.integers(1, 4), st.integers(1, 4))
def test_the_channels_that_a_filter_reads_are_those_that_change_its_map(groups, a, b):
    C, K = groups * a, groups * b
    x = torch.ones(1, C, 3, 3, requires_grad=True)
    y = torch.nn.functional.conv2d(x, torch.ones(K, C // groups, 3, 3), groups=groups)
    for k in range(K):
        (grad,) = torch.autograd.grad(y[0, k].sum(), x, retain_graph=True)
        assert list(reads(k, C, K, groups)) == torch.nonzero(grad[0].sum(dim=(1, 2))).ravel().tolist()


@given(
    st.sampled_from(SLIDERS),
    st.integers(1, 3),
    st.integers(1, MAX_FILTERS),
    st.integers(2, 12),
    st.integers(2, 12),
    st.integers(0, 2**32 - 1),
)
def test_channels_filters_and_oblong_inputs_agree_with_torch_and_add_up(sliding, C, K, H, W, seed):
    rng = np.random.default_rng(seed)
    x, w, b = rng.normal(size=(C, H, W)), rng.normal(size=(K, C, sliding.filter, sliding.filter)), rng.normal(size=K)
    if not (sliding.fit(H).count and sliding.fit(W).count):
        with pytest.raises(ShapeError):
            convolve(x, w, b, sliding)
        return
    y = convolve(x, w, b, sliding)
    assert np.allclose(y, by_torch(x, w, b, sliding), atol=1e-12)
    k, r, q = rng.integers(K), rng.integers(y.shape[1]), rng.integers(y.shape[2])
    taken = product_sum(x, w[k], b[k], sliding, r, q)
    assert taken.total == pytest.approx(y[k, r, q], abs=1e-12)
    alone = [by_torch(x[c : c + 1], w[k : k + 1, c : c + 1], np.zeros(1), sliding)[0, r, q] for c in range(C)]
    assert np.allclose(alone, taken.channel_sums, atol=1e-12)
    assert (taken.patch[:, taken.is_zero] == 0).all()


@given(st.integers(1, 12), st.integers(1, 5), st.integers(1, 5), st.integers(0, 4), st.integers(1, 4))
def test_visited_cells_are_those_that_change_the_output(length, F, S, P, d):
    fit = Fit(length, F, S, P, d)
    if fit.count == 0:
        assert fit.slack < 0 and not fit.is_whole and not fit.visited.any()
        return
    # With weights of one, the gradient of the sum of the outputs counts how often each input is read.
    x = torch.zeros(1, 1, length, requires_grad=True)
    torch.nn.functional.conv1d(x, torch.ones(1, 1, F), stride=S, padding=P, dilation=d).sum().backward()
    inner = fit.visited[P : P + length]
    assert (inner == (x.grad[0, 0].numpy() > 0)).all()
    assert fit.unvisited == int((~inner).sum())
    assert fit.is_whole == (fit.exact.denominator == 1) == (fit.left_over == 0)
    assert fit.count == fit.exact.numerator // fit.exact.denominator == len(fit.starts)
    assert fit.taps(fit.count - 1)[-1] == fit.padded - 1 - fit.left_over


@given(st.sampled_from([1, 3, 5]), st.integers(1, 3), st.integers(3, 20), st.integers(3, 20), st.integers(0, 2**32 - 1))
def test_one_kernel_over_each_channel_keeps_the_size(F, C, H, W, seed):
    rng = np.random.default_rng(seed)
    image = rng.random((C, H, W)).astype(np.float32)
    kernel = rng.integers(-2, 3, (F, F)).astype(np.float64)
    tiled = torch.from_numpy(np.tile(kernel.astype(np.float32), (C, 1, 1, 1)))
    expected = torch.nn.functional.conv2d(torch.from_numpy(image)[None], tiled, padding=F // 2, groups=C)[0].numpy()
    made = filtered(image, kernel)
    assert made.shape == image.shape and made.dtype == np.float32
    assert np.allclose(made, expected, atol=1e-4)
    low, high = answers(kernel)
    assert low - 1e-4 <= made.min() and made.max() <= high + 1e-4


def test_a_kernel_of_even_size_is_refused_in_words():
    with pytest.raises(ShapeError, match="odd"):
        filtered(np.zeros((1, 4, 4), np.float32), np.ones((2, 2)))
    with pytest.raises(ShapeError, match="one slice a channel"):
        convolve(np.zeros((3, 4, 4)), np.zeros((1, 2, 3, 3)), np.zeros(1), Sliding(3))


@pytest.mark.parametrize("size", [3, 5])
@pytest.mark.parametrize("preset", PRESETS.values(), ids=list(PRESETS))
def test_presets_do_what_their_names_say(preset, size):
    kernel = np.array(preset.rows(size))
    assert kernel.shape == (size, size)
    flat, unit = np.full((1, 12, 12), 0.5, np.float32), normalised(kernel)
    inner = slice(size // 2, 12 - size // 2)
    answer = filtered(flat, unit)[0, inner, inner]
    if preset.id in ("sobel-x", "sobel-y", "laplacian"):
        assert kernel.sum() == 0 and np.allclose(answer, 0, atol=1e-6), "silent on even ground"
        assert np.abs(unit).sum() == pytest.approx(2)
    else:
        assert np.allclose(answer, 0.5, atol=1e-6), "even ground keeps its brightness"
    step = np.zeros((1, 12, 12), np.float32)
    step[:, :, 6:] = 1.0
    if preset.id == "sobel-x":
        assert filtered(step, kernel)[0, 6, 5] > 0 and np.array_equal(kernel, np.array(PRESETS["sobel-y"].rows(size)).T)
    if preset.id in ("box", "gaussian", "laplacian", "sharpen", "identity"):
        assert np.allclose(kernel, kernel.T) and np.allclose(kernel, kernel[::-1]), "the same from every side"


def test_a_kernel_of_zeros_stays():
    assert (normalised(np.zeros((3, 3))) == 0).all()


@given(
    st.integers(1, 64), st.integers(1, 4), st.integers(1, 20), st.integers(1, 5), st.integers(1, 3), st.integers(0, 2)
)
def test_parameters_are_those_of_torchs_layers(W, C, K, F, S, P):
    sizes = LayerSizes(W, C, K, Sliding(F, S, P))
    layer = torch.nn.Conv2d(C, K, F, S, P)
    assert sizes.shared == sum(part.numel() for part in layer.parameters())
    if sizes.out_width:
        shape = layer(torch.zeros(1, C, W, W)).shape
        assert sizes.outputs == shape[1] * shape[2] * shape[3]
        full = torch.nn.Linear(sizes.inputs, sizes.outputs, device="meta")
        assert sizes.full == sum(part.numel() for part in full.parameters())
    assert sizes.local == sizes.out_width**2 * sizes.shared


def test_the_courses_numbers():
    assert LayerSizes(32, 3, 12, Sliding(5)).full_neuron == 3_072
    assert LayerSizes(200, 3, 12, Sliding(5)).full_neuron == 120_000
    krizhevsky = LayerSizes(227, 3, 96, Sliding(11, 4))
    assert krizhevsky.out_width == 55 and krizhevsky.shared == 34_944 and krizhevsky.local == 105_705_600
