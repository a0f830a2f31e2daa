"""Pooling held against torch for every window and stride of the sliders, and its gradient against autograd."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from cvlab.core.panels.convolution_documents import MAX_POOL, MAX_POOL_STRIDE
from cvlab.engine.errors import ShapeError
from cvlab.engine.pooling import KINDS, pool

F = torch.nn.functional
TORCH = {
    "max": F.max_pool2d,
    "average": F.avg_pool2d,
    "l2": lambda x, size, stride: F.lp_pool2d(x, 2, size, stride),
}
EVERY_KIND = pytest.mark.parametrize("kind", KINDS)


def held_against_torch(x, kind, size, stride):
    tensor = torch.from_numpy(x)[None].requires_grad_()
    expected = TORCH[kind](tensor, size, stride)
    made = pool(x, kind, size, stride)
    assert np.allclose(made.values, expected[0].detach().numpy(), atol=1e-12)
    upstream = np.random.default_rng(0).normal(size=made.values.shape)
    expected.backward(torch.from_numpy(upstream)[None])
    assert np.allclose(made.gradient(upstream), tensor.grad[0].numpy(), atol=1e-9)
    return made


@EVERY_KIND
@pytest.mark.parametrize("side", [2, 4, 5, 8, 28])
def test_every_setting_of_the_sliders_is_torchs(kind, side):
    x = np.random.default_rng(side).normal(size=(2, side, side))
    for size in range(1, MAX_POOL + 1):
        for stride in range(1, MAX_POOL_STRIDE + 1):
            if size > side:
                with pytest.raises(ShapeError):
                    pool(x, kind, size, stride)
            else:
                held_against_torch(x, kind, size, stride)


@EVERY_KIND
@given(
    C=st.integers(1, 3),
    H=st.integers(1, 9),
    W=st.integers(1, 9),
    size=st.integers(1, 4),
    stride=st.integers(1, 4),
    seed=st.integers(0, 2**32 - 1),
)
def test_ties_and_oblong_inputs_agree_with_torch(kind, C, H, W, size, stride, seed):
    if size > min(H, W):
        return
    # Few different numbers, none 0: the L2 norm has no slope there.
    x = np.random.default_rng(seed).choice([-2.0, -1.0, 1.0, 2.0], (C, H, W))
    made = held_against_torch(x, kind, size, stride)
    _, index = F.max_pool2d(torch.from_numpy(x)[None], size, stride, return_indices=True)
    assert (made.winners[..., 0] * W + made.winners[..., 1] == index[0].numpy()).all()


def test_a_window_of_two_at_stride_two_discards_three_quarters():
    made = pool(np.arange(64.0).reshape(1, 8, 8), "max", 2, 2)
    assert made.discarded == 0.75
    assert (made.gradient(np.ones((1, 4, 4))) > 0).sum() == 16


def test_where_the_norm_is_zero_no_gradient_is_made_up():
    assert (pool(np.zeros((1, 4, 4)), "l2", 2, 2).gradient(np.ones((1, 2, 2))) == 0).all()
