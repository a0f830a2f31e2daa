"""Processes that share a batch drop what one process would, on whatever device PyTorch draws the numbers."""

import pytest
import torch
from torch.nn import functional

from cvlab.engine.nets.dropout import Dropout, Dropout2d, shared
from cvlab.engine.training.team import Team


def parts_of(layer, x, size):
    found = []
    for rank in range(size):
        rows = Team(rank, size).part(len(x))
        layer.rows = (rows.start, len(x))
        torch.manual_seed(11)
        found.append(layer(x[rows]))
    return torch.cat(found)


@pytest.mark.parametrize("size", [2, 3])
@pytest.mark.parametrize("kind", [Dropout, Dropout2d])
def test_parts_together_are_the_whole(kind, size):
    x = torch.randn(7, 4, 5, 6)
    layer = kind(0.4).train()
    torch.manual_seed(11)
    whole = layer(x)
    torch.testing.assert_close(parts_of(layer, x, size), whole)
    assert 0.2 < (whole == 0).float().mean() < 0.6


@pytest.mark.parametrize("last", [False, True])
@pytest.mark.parametrize("drop", [functional.dropout, functional.dropout2d])
def test_what_a_gpu_does_drops_what_its_kernel_would_drop_of_the_whole_batch(drop, last):
    """The path of GPUs, here on the CPU: its kernels, too, draw in the order of memory."""
    x = torch.randn(6, 3, 4, 4, requires_grad=True)
    laid = x.contiguous(memory_format=torch.channels_last) if last else x
    torch.manual_seed(5)
    want = drop(laid, 0.3, True)
    got = []
    for first, stop in ((0, 2), (2, 6)):
        torch.manual_seed(5)
        got.append(shared(drop, laid[first:stop], 0.3, (first, 6)))
    torch.testing.assert_close(torch.cat(got), want)
    slope = torch.autograd.grad(torch.cat(got).sum(), x)[0]
    assert torch.equal(slope > 0, want.detach() != 0)
    assert not torch.equal(got[0] == 0, got[1][:2] == 0), (
        "no two rows lose the same because their processes were seeded alike"
    )


def test_half_precision_keeps_its_mean():
    x = torch.ones(40, 500, dtype=torch.bfloat16)
    out = shared(functional.dropout, x[:40], 0.3, (0, 40))
    assert out.dtype == torch.bfloat16 and set(out.unique().tolist()) == {0.0, torch.tensor(1 / 0.7).bfloat16().item()}


def test_without_a_team_nothing_is_shared():
    x = torch.randn(3, 4, 5, 5)
    torch.manual_seed(1)
    want = functional.dropout2d(x, 0.5, True)
    torch.manual_seed(1)
    assert torch.equal(Dropout2d(0.5).train()(x), want)
    assert torch.equal(Dropout2d(0.5).eval()(x), x)
