import contextlib

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from cvlab.engine.data.preprocessing import KINDS, NEEDS_ARRAYS, TITLES, Preprocessing
from cvlab.engine.errors import DataError, NotOurFile


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
    elif kind in ("standardize", "mean-channel"):
        axes = (0, 2, 3)
        wanted = (bytes_ - bytes_.mean(axes, keepdims=True)) / 255
        wanted = wanted * 255 / bytes_.std(axes, keepdims=True) if kind == "standardize" else wanted
    elif kind == "contrast":
        axes = (1, 2, 3)
        wanted = bytes_ - bytes_.mean(axes, keepdims=True)
        wanted /= np.sqrt(bytes_.var(axes, keepdims=True) + 10)
    else:
        wanted = (bytes_ - bytes_.mean(0)) / 255
        if kind != "mean-image":
            U, S, _ = np.linalg.svd(wanted.reshape(6, -1).T, full_matrices=False)  # the course's own way
            if kind == "whiten":
                kept = S > 1e-9
                M = (U[:, kept] / np.sqrt(S[kept] ** 2 / 6 + 1e-5)) @ U[:, kept].T
                wanted = (wanted.reshape(6, -1) @ M).reshape(x.shape)
    got = Preprocessing.fit(kind, x).apply(x)
    assert got.dtype == torch.float32 and got.shape == x.shape
    if kind == "decorrelate":  # axes are known but for their signs
        got, wanted = got.flatten(1).numpy()[:, :5], wanted.reshape(6, -1) @ U[:, :5]
        np.testing.assert_allclose(np.abs(got), np.abs(wanted), atol=1e-5)
    else:
        np.testing.assert_allclose(got.numpy(), wanted, atol=2e-5 if kind == "whiten" else 2e-6)


@given(st.sampled_from(KINDS), st.sampled_from([1, 3]), st.integers(0, 2**31))
def test_the_code_does_what_apply_does(tmp_path_factory, kind, channels, seed):
    from safetensors.numpy import save_file

    x = images(seed, channels)
    preprocessing = Preprocessing.fit(kind, x)
    names = {"torch": torch, "batch": x}
    with contextlib.chdir(tmp_path_factory.mktemp("run")):
        if preprocessing.arrays:
            save_file(preprocessing.arrays, "preprocessing.safetensors")
        exec(preprocessing.code("batch"), names)
    torch.testing.assert_close(names["batch"], preprocessing.apply(x), atol=2e-5, rtol=0)


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
        {"kind": "bleach"},
        {"kind": "whiten", "mean": (0.1,)},
        {"kind": "whiten", "epsilon": -1.0},
        {"kind": "mean-channel"},
        {"kind": "mean-channel", "mean": (0.1,), "std": (0.1,)},
        {"kind": "unit", "gamma": 2},
    ],
)
def test_what_makes_no_sense_is_refused(fields):
    with pytest.raises(ValidationError):
        Preprocessing(**fields)


@pytest.mark.parametrize("kind", KINDS)
def test_it_survives_json_to_the_last_bit(kind):
    x = images(3, 3)
    fitted = Preprocessing.fit(kind, x)
    text = fitted.model_dump_json()
    assert len(text) < 500, "what is large is not in JSON"
    again = Preprocessing.model_validate_json(text)
    if kind in NEEDS_ARRAYS:
        with pytest.raises(NotOurFile, match="missing"):
            again.apply(x)
        again = again.with_arrays(fitted.arrays)
    else:
        assert again == fitted and not fitted.arrays
    assert torch.equal(again.apply(x), fitted.apply(x))


def test_what_an_older_cvlab_wrote_can_be_read():
    old = '{"kind":"standardize","mean":[0.1307],"std":[0.3081]}'
    assert Preprocessing.model_validate_json(old) == Preprocessing(kind="standardize", mean=(0.1307,), std=(0.3081,))
    assert Preprocessing.model_validate_json('{"kind":"signed","mean":[],"std":[]}') == Preprocessing()


def test_arrays_of_another_preprocessing_are_refused():
    x = images(4)
    whiten, mean = Preprocessing.fit("whiten", x), Preprocessing.fit("mean-image", x)
    for kind, arrays in (
        ("whiten", mean.arrays),
        ("mean-image", whiten.arrays),
        ("whiten", {}),
        ("unit", mean.arrays),
        ("whiten", whiten.arrays | {"matrix": whiten.arrays["matrix"][:5]}),
        ("mean-image", {"mean": mean.arrays["mean"] * np.nan}),
    ):
        with pytest.raises(NotOurFile):
            Preprocessing(kind=kind).with_arrays(arrays)


def test_too_large_an_image_for_axes_is_said_to_be_one_but_takes_the_other_kinds():
    x = torch.zeros(2, 3, 33, 33, dtype=torch.uint8)
    for kind in ("whiten", "decorrelate"):
        with pytest.raises(DataError, match="3,072"):
            Preprocessing.fit(kind, x)
    assert Preprocessing.fit("mean-image", x).apply(x).abs().max() == 0


def test_every_kind_has_its_words():
    assert tuple(TITLES) == KINDS
