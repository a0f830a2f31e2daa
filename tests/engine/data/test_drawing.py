import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageDraw

from cvlab.engine.data.drawing import BOX, FIELD, DrawingSteps, prepare

NOTHING = DrawingSteps(crop=False, box20=False, centre_of_mass=False)


def stroke(scale: float = 1.0, dx: int = 0, dy: int = 0, side: int = 560) -> np.ndarray:
    """A fat seven, about 200 x 280 pixels at scale 1, in the middle of the canvas and moved."""
    image = Image.new("L", (side, side))
    points = [(-100, -140), (100, -140), (-20, 140)]
    moved = [(side / 2 + dx + scale * x, side / 2 + dy + scale * y) for x, y in points]
    ImageDraw.Draw(image).line(moved, fill=255, width=round(40 * scale), joint="curve")
    return np.array(image)


def test_a_digit_of_mnist_comes_back_as_itself(digits):
    for digit in digits[:200]:
        enlarged = np.kron(digit, np.ones((20, 20), np.uint8))
        assert np.array_equal(prepare(enlarged).image, digit)


def test_the_digits_own_rule_holds_for_what_is_drawn():
    image = prepare(stroke()).image.astype(float)
    rows, columns = np.flatnonzero(image.any(axis=1)), np.flatnonzero(image.any(axis=0))
    assert max(np.ptp(rows), np.ptp(columns)) + 1 == BOX
    centre = [image.sum(axis=1) @ np.arange(FIELD), image.sum(axis=0) @ np.arange(FIELD)] / image.sum()
    assert np.abs(centre - 14).max() <= 0.5


@given(st.integers(-150, 150), st.integers(-110, 110))
@settings(max_examples=40)
def test_where_it_is_drawn_makes_no_difference(dx, dy):
    assert np.array_equal(prepare(stroke(dx=dx, dy=dy)).image, prepare(stroke()).image)


@given(st.floats(0.5, 1.7))
@settings(max_examples=40)
def test_how_large_it_is_drawn_makes_little_difference(scale):
    difference = prepare(stroke(scale)).image.astype(float) - prepare(stroke()).image
    # One pixel of rounding in the width or the position moves an edge, never the digit.
    assert np.abs(difference).mean() < 12


def test_with_every_step_off_the_canvas_is_averaged_by_areas():
    canvas = np.random.default_rng(0).integers(0, 256, (560, 560), dtype=np.uint8)
    wanted = canvas.reshape(28, 20, 28, 20).mean(axis=(1, 3))
    assert np.abs(prepare(canvas, NOTHING).image - wanted).max() <= 1  # one rounding along each axis


@given(st.booleans(), st.booleans(), st.booleans())
def test_every_combination_of_steps_gives_the_field_and_loses_no_ink(crop, box20, centre_of_mass):
    prepared = prepare(stroke(dx=90, dy=-60), DrawingSteps(crop, box20, centre_of_mass))
    assert prepared.image.shape == (FIELD, FIELD) and prepared.image.dtype == np.uint8
    assert len(prepared.sentences) == 3 and not prepared.is_empty
    assert prepared.image.sum() == prepared.boxed.sum()
    assert max(prepared.boxed.shape) == (BOX if box20 else FIELD)
    assert prepared.cropped.shape == (560, 560) or crop


def test_each_step_alone_does_what_it_says():
    off = prepare(stroke(dx=90), NOTHING).image
    for name in ("crop", "box20", "centre_of_mass"):
        assert not np.array_equal(prepare(stroke(dx=90), DrawingSteps(**{**vars(NOTHING), name: True})).image, off)


def test_an_empty_canvas_is_all_zeros_and_said():
    prepared = prepare(np.zeros((560, 560), np.uint8))
    assert prepared.is_empty and not prepared.image.any() and "no ink" in prepared.sentences[0]


@given(st.integers(1, 60), st.integers(1, 60), st.integers(0, 2**20))
def test_any_canvas_of_any_size_can_be_prepared(height, width, seed):
    canvas = np.random.default_rng(seed).integers(0, 256, (height, width), dtype=np.uint8)
    assert prepare(canvas).image.shape == (FIELD, FIELD)


def test_one_dot_is_enough():
    canvas = np.zeros((560, 560), np.uint8)
    canvas[3, 5] = 1
    assert prepare(canvas).image.any()


def test_what_is_not_a_canvas_is_refused():
    with pytest.raises(ValueError, match="uint8"):
        prepare(np.zeros((28, 28)))
