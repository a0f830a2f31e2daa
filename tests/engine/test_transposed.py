"""Transposed convolution held against torch's, for every setting of the sliders, and against the way back of a convolution."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from cvlab.core.panels.convolution_documents import (
    MAX_DILATION,
    MAX_FILTER,
    MAX_FILTERS,
    MAX_OUTPUT_PADDING,
    MAX_PADDING,
    MAX_SIDE,
    MAX_STRIDE,
    MIN_SIDE,
)
from cvlab.engine.convolution import convolve
from cvlab.engine.errors import ShapeError
from cvlab.engine.transposed import Growth, Stamping, bilinear, stamped, terms, transpose_convolve

SLIDERS = [
    Stamping(F, S, P, d, OP)
    for F in range(1, MAX_FILTER + 1)
    for S in range(1, MAX_STRIDE + 1)
    for P in range(MAX_PADDING + 1)
    for d in range(1, MAX_DILATION + 1)
    for OP in range(MAX_OUTPUT_PADDING + 1)
]


def by_torch(x, w, b, stamping, groups=1):
    x, w, b = (torch.from_numpy(np.asarray(part, np.float64)) for part in (x, w, b))
    made = torch.nn.functional.conv_transpose2d(
        x[None],
        w,
        b,
        stride=stamping.stride,
        padding=stamping.padding,
        output_padding=stamping.output_padding,
        groups=groups,
        dilation=stamping.dilation,
    )
    return made[0].numpy()


def agrees(x, w, b, stamping, groups=1):
    """Equal to torch, or refused by both."""
    growth = stamping.growth(x.shape[1]), stamping.growth(x.shape[2])
    if all(each.count for each in growth):
        made = transpose_convolve(x, w, b, stamping, groups)
        expected = by_torch(x, w, b, stamping, groups)
        assert made.shape == expected.shape == (len(b), growth[0].count, growth[1].count)
        assert np.allclose(made, expected, atol=1e-12), stamping
    else:
        with pytest.raises(ShapeError):
            transpose_convolve(x, w, b, stamping, groups)
        with pytest.raises(RuntimeError):
            by_torch(x, w, b, stamping, groups)


@pytest.mark.parametrize("side", [*range(MIN_SIDE, MAX_SIDE + 1), 28])
def test_every_setting_of_the_sliders_is_torchs_conv_transpose2d(side):
    rng = np.random.default_rng(side)
    x, b = rng.normal(size=(1, side, side)), rng.normal(size=2)
    for stamping in SLIDERS:
        agrees(x, rng.normal(size=(1, 2, stamping.filter, stamping.filter)), b, stamping)


@pytest.mark.parametrize("groups", range(1, MAX_FILTERS + 1))
def test_every_setting_in_groups_is_torchs_conv_transpose2d(groups):
    rng = np.random.default_rng(groups)
    for C, each in ((groups, 1), (2 * groups, 1), (groups, 2)):
        x, b = rng.normal(size=(C, 4, 4)), rng.normal(size=groups * each)
        for stamping in SLIDERS[:: 1 if (C, each) == (groups, 1) else 7]:
            agrees(x, rng.normal(size=(C, each, stamping.filter, stamping.filter)), b, stamping, groups)
    with pytest.raises(ShapeError, match="groups divide"):
        stamped(np.ones((groups + 1, 2, 2)), np.ones((groups + 1, 1, 1, 1)), Stamping(1), groups + 2)
    with pytest.raises(ShapeError, match="one kernel a channel"):
        stamped(np.ones((1, 2, 2)), np.ones((2, 1, 1, 1)), Stamping(1))


@given(
    st.sampled_from(SLIDERS),
    st.integers(1, 3),
    st.integers(1, MAX_FILTERS),
    st.integers(1, 8),
    st.integers(1, 8),
    st.integers(0, 2**32 - 1),
)
def test_oblong_inputs_agree_with_torch_and_every_cell_is_its_terms(stamping, C, K, H, W, seed):
    rng = np.random.default_rng(seed)
    x, w, b = rng.normal(size=(C, H, W)), rng.normal(size=(C, K, stamping.filter, stamping.filter)), rng.normal(size=K)
    agrees(x, w, b, stamping)
    down, across = stamping.growth(H), stamping.growth(W)
    if not (down.count and across.count):
        return
    y = by_torch(x, w, b, stamping)
    k, r, q = rng.integers(K), rng.integers(y.shape[1]), rng.integers(y.shape[2])
    written = list(terms(x, w, stamping, k, r, q))
    assert b[k] + sum(term.product for term in written) == pytest.approx(y[k, r, q], abs=1e-12)
    assert len(written) == C * down.overlaps[r] * across.overlaps[q], "the map of overlaps counts them"
    assert written == sorted(written), "in the order of the stamps"
    assert all(term.value == x[term.channel, term.row, term.column] for term in written)


@settings(deadline=None)  # the first way back loads a lot
@given(
    st.sampled_from([s for s in SLIDERS if s.output_padding < s.stride]), st.integers(2, 9), st.integers(0, 2**32 - 1)
)
def test_it_is_the_way_back_of_the_convolution_with_the_same_filter(stamping, side, seed):
    if not stamping.growth(side).count:
        return
    rng = np.random.default_rng(seed)
    upstream, w = rng.normal(size=(2, side, side)), rng.normal(size=(2, 3, stamping.filter, stamping.filter))
    back = transpose_convolve(upstream, w, np.zeros(3), stamping)
    fit = stamping.fit(back.shape[1])
    assert fit.count == side and fit.left_over == stamping.output_padding, "the convolution gives the shape back"
    x = torch.zeros(1, 3, *back.shape[1:], dtype=torch.float64, requires_grad=True)
    y = torch.nn.functional.conv2d(
        x, torch.from_numpy(w), stride=stamping.stride, padding=stamping.padding, dilation=stamping.dilation
    )
    y.backward(torch.from_numpy(upstream)[None])
    assert np.allclose(back, x.grad[0].numpy(), atol=1e-12)
    taken = rng.normal(size=back.shape)
    there = convolve(taken, w, np.zeros(2), stamping)
    assert (there * upstream).sum() == pytest.approx((taken * back).sum(), abs=1e-8), "<Ax, y> = <x, A^T y>"


@given(
    st.integers(1, 12), st.integers(1, 5), st.integers(1, 5), st.integers(0, 4), st.integers(1, 4), st.integers(0, 3)
)
def test_overlaps_are_what_ones_stamp_and_even_ones_do_not_change(length, F, S, P, d, OP):
    growth = Growth(length, F, S, P, d, OP)
    assert growth.is_allowed == (max(S, d) > OP)
    if not growth.count:
        assert growth.exact < 1 or not growth.is_allowed
        return
    ones = torch.nn.functional.conv_transpose1d(
        torch.ones(1, 1, length), torch.ones(1, 1, F), stride=S, padding=P, output_padding=OP, dilation=d
    )[0, 0].numpy()
    assert growth.overlaps.tolist() == ones.tolist() and growth.exact == growth.count == len(ones)
    for cell in range(growth.count):
        on = growth.stamps_on(cell)
        assert len(on) == ones[cell]
        assert all(growth.taps(stamp)[tap] == cell + P for stamp, tap in on)
    whole = growth.touched[growth.extent - 1 : (length - 1) * S + 1]
    if len(whole) >= S:
        assert growth.is_even == (len(set(whole.tolist())) == 1)
        first = (growth.extent - 1) % S
        assert all(times == growth.rhythm[(first + n) % S] for n, times in enumerate(whole.tolist()))
    if d == 1:
        assert growth.is_even == (F % S == 0)


@pytest.mark.parametrize("stride", [2, 3, 4])
def test_bilinear_stamps_keep_even_ground_even(stride):
    kernel = bilinear(stride)
    y = transpose_convolve(np.ones((1, 6, 6)), kernel[None, None], np.zeros(1), Stamping(len(kernel), stride))[0]
    inner = y[len(kernel) : -len(kernel), len(kernel) : -len(kernel)]
    assert inner.size and np.allclose(inner, 1)
    assert kernel.sum() == pytest.approx(stride**2)


def test_what_is_not_left_or_not_allowed_is_said_in_words():
    with pytest.raises(ShapeError, match="less than 2"):
        transpose_convolve(np.ones((1, 2, 2)), np.ones((1, 1, 3, 3)), np.zeros(1), Stamping(3, 2, output_padding=2))
    with pytest.raises(ShapeError, match="padding of at most 0"):
        transpose_convolve(np.ones((1, 2, 2)), np.ones((1, 1, 1, 1)), np.zeros(1), Stamping(1, padding=1))
