"""The convolution panel's state: edits that keep what is not touched, and a file that brings everything back or says why not."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from cvlab.core.panels.convolution import ConvolutionState, SavedConvolution
from cvlab.core.panels.convolution_documents import (
    MAX_FILTER,
    MAX_SIDE,
    OWN,
    PHOTO,
    KernelDocument,
    PictureChoice,
    PoolDocument,
    SlideDocument,
)
from cvlab.engine.convolution import convolve
from cvlab.engine.data.photo import Photo
from cvlab.engine.kernels import PRESETS


def through_a_file(state):
    return SavedConvolution.model_validate_json(SavedConvolution.of(state).model_dump_json()).state()


def test_the_courses_demonstration():
    document = SlideDocument.course()
    x, w, b = document.input(), document.weights(3), document.biases()
    assert x.shape == (3, 5, 5) and w.shape == (2, 3, 3, 3) and set(np.unique(w)) <= {-1, 0, 1}
    assert b.tolist() == [1, 0]
    assert convolve(x, w, b, document.sliding).shape == (2, 3, 3)


@given(st.integers(2, MAX_SIDE), st.integers(1, MAX_FILTER))
def test_growing_and_shrinking_back_keeps_the_numbers(side, size):
    document = SlideDocument.course()
    if side >= 5:
        assert document.sized(side).sized(5) == document
    small = document.sized(side).input()
    kept = min(side, 5)
    assert np.array_equal(small[:, :kept, :kept], document.input()[:, :kept, :kept])
    made = document.filtered(size)
    assert made.filter == size
    if size >= 3:
        assert made.filtered(3) == document


def test_one_number_changes_and_nothing_else():
    document = SlideDocument.course()
    made = document.with_number("w", (1, 2, 0, 1), -7)
    assert made.weights(3)[1, 2, 0, 1] == -7 and made.x is document.x
    assert made.with_number("w", (1, 2, 0, 1), document.w[1][2][0][1]) == document
    assert document.with_number("b", (0,), 4).biases()[0] == 4
    assert document.randomised(1) == document.randomised(1) != document.randomised(2)


def test_a_painted_kernel_is_no_preset_and_a_preset_follows_the_size():
    document = KernelDocument().chosen("box")
    assert np.allclose(document.in_force, 1) and document.sized(5).rows == PRESETS["box"].five
    painted = document.painted(1, 1, 3)
    assert painted.preset == "" and painted.sized(5).sized(3).rows == painted.rows
    assert document.painted(1, 1, 1) is document
    assert KernelDocument(PRESETS["box"].three, "box", normalise=True).in_force.sum() == pytest.approx(1)


def test_everything_comes_back_from_a_file():
    pixels = np.random.default_rng(0).integers(0, 256, (3, 9, 11), dtype=np.uint8)
    state = ConvolutionState(
        picture=PictureChoice(OWN, 7, Photo("cat", pixels, (90, 110))),
        slide=replace(SlideDocument.stamps().sized(7).filtered(2), groups=3, output_padding=2),
        kernel=KernelDocument().chosen("emboss").sized(5).painted(0, 0, 1.5),
        pool=PoolDocument(kind="l2", size=3).sized(6).with_number(0, 0, -2.5),
        page="pool",
        position=4,
        guess=True,
        speed=15,
        signed="signed",
        gradient=True,
    )
    again = through_a_file(state)
    for name in ("slide", "kernel", "pool", "sharing", "page", "position", "guess", "speed", "signed", "gradient"):
        assert getattr(again, name) == getattr(state, name), name
    assert np.array_equal(again.picture.own.pixels, pixels) and again.picture.own.title == "cat"
    assert (again.picture.source, again.picture.index) == (OWN, 7)


def test_a_new_project_and_an_empty_section_are_alike():
    assert through_a_file(ConvolutionState()).slide == SavedConvolution().state().slide == SlideDocument.course()
    assert SavedConvolution(picture={"source": OWN}).state().picture.source == PHOTO, "its pixels are not there"


def spoilt(**changes):
    saved = SavedConvolution.of(ConvolutionState()).model_dump(mode="json")
    for path, value in changes.items():
        place, *names, last = saved, *path.split("__")
        for name in names:
            place = place[name]
        place[last] = value
    return saved


@pytest.mark.parametrize(
    "changes",
    [
        {"slide__x": [[[1]]]},
        {"slide__x": [[[1, 2], [3]], [[1, 2], [3, 4]], [[1, 2], [3, 4]]]},
        {"slide__w": []},
        {"slide__stride": 0},
        {"slide__groups": 4},
        {"slide__operation": "upsample"},
        {"slide__output_padding": 4},
        {"slide__b": [1, 2, 1e12]},
        {"kernel__rows": [[1, 2], [3, 4]]},
        {"kernel__rows": [[1, 2, 3], [1, 2, 3], [1, 2]]},
        {"pool__x": [[1]]},
        {"pool__kind": "median"},
        {"sharing__width": 100_000},
        {"page": "elsewhere"},
        {"picture__png": "!!!"},
        {"picture__png": "bm8gcGljdHVyZQ=="},
    ],
)
def test_what_cannot_be_shown_is_refused_before_anything_is_replaced(changes):
    with pytest.raises(ValidationError):
        SavedConvolution.model_validate(spoilt(**changes))


def test_a_preset_that_is_not_what_it_says_is_called_painted():
    rows = [[9.0] * 3] * 3
    assert SavedConvolution.model_validate(spoilt(kernel__rows=rows)).state().kernel.preset == ""
