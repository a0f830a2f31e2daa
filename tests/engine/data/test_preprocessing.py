import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from cvlab.engine.data.preprocessing import Preprocessing

KINDS = ("unit", "signed", "standardize")


def images(seed: int, channels: int = 1) -> torch.Tensor:
    return torch.randint(0, 256, (6, channels, 5, 4), dtype=torch.uint8, generator=torch.Generator().manual_seed(seed))


@given(st.sampled_from(KINDS), st.sampled_from([1, 3]), st.integers(0, 2**31))
def test_apply_is_the_formula_in_numpy(kind, channels, seed):
    x = images(seed, channels)
    bytes_ = x.numpy().astype(np.float64)
    if kind == "unit":
        wanted = bytes_ / 255
    elif kind == "signed":
        wanted = bytes_ / 127.5 - 1
    else:
        axes = (0, 2, 3)
        wanted = (bytes_ - bytes_.mean(axes, keepdims=True)) / bytes_.std(axes, keepdims=True)
    got = Preprocessing.fit(kind, x).apply(x)
    assert got.dtype == torch.float32 and got.shape == x.shape
    np.testing.assert_allclose(got.numpy(), wanted, atol=2e-6)


@given(st.sampled_from(KINDS), st.sampled_from([1, 3]), st.integers(0, 2**31))
def test_the_code_does_what_apply_does(kind, channels, seed):
    x = images(seed, channels)
    preprocessing = Preprocessing.fit(kind, x)
    names = {"torch": torch, "batch": x}
    exec(preprocessing.code("batch"), names)
    torch.testing.assert_close(names["batch"], preprocessing.apply(x), atol=2e-6, rtol=0)


def test_the_ends_of_the_ranges_are_the_promised_ones():
    ends = torch.tensor([0, 255], dtype=torch.uint8).view(2, 1, 1, 1)
    assert Preprocessing(kind="unit").apply(ends).flatten().tolist() == pytest.approx([0, 1], abs=2e-7)
    assert Preprocessing(kind="signed").apply(ends).flatten().tolist() == pytest.approx([-1, 1], abs=2e-7)


def test_the_bytes_are_left_alone_and_the_type_can_be_chosen():
    x = images(0)
    before = x.clone()
    assert Preprocessing(kind="signed").apply(x, torch.float64).dtype == torch.float64
    assert torch.equal(x, before)


def test_one_image_of_one_shade_can_be_standardized():
    x = torch.full((2, 1, 3, 3), 7, dtype=torch.uint8)
    fitted = Preprocessing.fit("standardize", x)
    assert fitted.std == (1.0,)
    assert fitted.apply(x).abs().max() < 1e-6


def test_the_statistics_of_mnist_are_the_known_ones(real_mnist):
    from cvlab.engine.data import mnist

    X = torch.from_numpy(mnist.read(real_mnist)["train_images"]).unsqueeze(1)
    fitted = Preprocessing.fit("standardize", X)
    assert fitted.mean == pytest.approx((0.1307,), abs=5e-5) and fitted.std == pytest.approx((0.3081,), abs=5e-5)


@pytest.mark.parametrize(
    "fields",
    [
        {"kind": "standardize"},
        {"kind": "standardize", "mean": (0.1,), "std": ()},
        {"kind": "standardize", "mean": (0.1,), "std": (0.0,)},
        {"kind": "standardize", "mean": (float("nan"),), "std": (1.0,)},
        {"kind": "signed", "mean": (0.1,), "std": (0.1,)},
        {"kind": "whiten"},
        {"kind": "unit", "gamma": 2},
    ],
)
def test_what_makes_no_sense_is_refused(fields):
    with pytest.raises(ValidationError):
        Preprocessing(**fields)


@pytest.mark.parametrize("kind", KINDS)
def test_it_survives_json_to_the_last_bit(kind):
    fitted = Preprocessing.fit(kind, images(3, 3))
    assert Preprocessing.model_validate_json(fitted.model_dump_json()) == fitted
