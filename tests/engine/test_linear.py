import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from cvlab.engine.errors import DataError, ShapeError
from cvlab.engine.linear import (
    Worksheet,
    append_one,
    course_worksheet,
    f,
    fold_bias,
    pictures,
    products,
    templates,
    unfold_bias,
)


def problem(seed, N, D, K):
    rng = np.random.default_rng(seed)
    return rng.normal(0, 5, (N, D)), rng.normal(0, 1, (K, D)), rng.normal(0, 1, K)


sizes = (st.integers(0, 1000), st.integers(0, 6), st.integers(1, 9), st.integers(1, 5))


@given(*sizes)
def test_scores_equal_torchs_linear_layer(seed, N, D, K):
    X, W, b = problem(seed, N, D, K)
    theirs = torch.nn.functional.linear(*map(torch.from_numpy, (X, W, b))).numpy()
    assert f(X, W, b).shape == (N, K)
    np.testing.assert_allclose(f(X, W, b), theirs, rtol=1e-12, atol=1e-12)
    for x, row in zip(X, theirs, strict=True):
        np.testing.assert_allclose(f(x, W, b), row, rtol=1e-12, atol=1e-12)
        np.testing.assert_allclose(products(x, W).sum(axis=1) + b, row, rtol=1e-12, atol=1e-12)


@given(*sizes)
def test_the_bias_trick_changes_no_score(seed, N, D, K):
    X, W, b = problem(seed, N, D, K)
    folded = fold_bias(W, b)
    assert folded.shape == (K, D + 1)
    np.testing.assert_allclose(append_one(X) @ folded.T, f(X, W, b), rtol=1e-12, atol=1e-12)
    W_again, b_again = unfold_bias(folded)
    assert np.array_equal(W_again, W) and np.array_equal(b_again, b)


def test_the_bias_trick_at_the_size_of_cifar_10():
    assert fold_bias(np.zeros((10, 3072)), np.zeros(10)).shape == (10, 3073)
    assert append_one(np.zeros(3072)).shape == (3073,)


def test_a_template_is_a_row_as_an_image_and_scores_highest_on_itself():
    _, W, _ = problem(3, 1, 12, 4)
    W /= np.linalg.norm(W, axis=1, keepdims=True)
    images = templates(W, (3, 2, 2))
    assert images.shape == (4, 3, 2, 2) and np.array_equal(images[2].ravel(), W[2])
    assert np.array_equal(f(W, W, np.zeros(4)).argmax(axis=1), np.arange(4))


def test_pictures_have_grey_for_zero_and_each_its_own_scale():
    rows = np.array([[-2.0, 0.0, 1.0], [0.001, 0.0, -0.0005], [0.0, 0.0, 0.0]])
    assert pictures(rows).tolist() == [[1, 128, 192], [255, 128, 64], [128, 128, 128]]


def test_the_courses_numbers():
    sheet = course_worksheet()
    np.testing.assert_allclose(sheet.scores, [-96.8, 437.9, 60.75], rtol=1e-12)
    np.testing.assert_allclose(sheet.sums, [-97.9, 434.7, 61.95], rtol=1e-12)
    np.testing.assert_allclose(sheet.products[0], [11.2, -115.5, 2.4, 4.0], rtol=1e-12)
    np.testing.assert_allclose(sheet.partial_sums[0], [11.2, -104.3, -101.9, -97.9], rtol=1e-12)
    assert sheet.winner == "dog"
    (remark,) = sheet.remarks
    assert remark == (
        "The course prints 61.95 for ship; these numbers give 60.75. It is Wx alone: the bias of -1.2 was forgotten."
    )


def test_the_bias_trick_on_the_sheet_shows_the_bias_as_one_more_product():
    plain, folded = course_worksheet(), course_worksheet().with_bias_folded(True)
    assert folded.weights.shape == (3, 5) and folded.inputs.tolist() == [56, 231, 24, 2, 1]
    np.testing.assert_allclose(folded.products[:, -1], plain.b)
    np.testing.assert_allclose(folded.scores, plain.scores, rtol=1e-12)
    np.testing.assert_allclose(folded.sums, folded.scores, rtol=1e-15)


@given(st.sampled_from(["W", "x", "b"]), st.integers(0, 2), st.integers(0, 3), st.floats(-1e6, 1e6), st.booleans())
def test_an_edit_makes_another_sheet_that_adds_up(part, row, column, value, folds):
    before = course_worksheet().with_bias_folded(folds)
    after = before.with_number(part, {"W": (row, column), "x": column, "b": row}[part], value)
    np.testing.assert_allclose(after.scores, f(after.x, after.W, after.b), rtol=1e-9, atol=1e-6)
    np.testing.assert_allclose(after.products.sum(axis=1), after.sums, rtol=1e-9, atol=1e-6)
    np.testing.assert_allclose(before.scores, [-96.8, 437.9, 60.75])
    assert after.remarks == ()


def test_a_remark_names_a_cause_only_where_it_is_seen():
    sheet = course_worksheet()
    wrong = Worksheet(sheet.W, sheet.x, sheet.b, sheet.classes, printed=(-96.8, 400.0, 60.75))
    assert wrong.remarks == ("The course prints 400 for dog; these numbers give 437.9.",)
    with pytest.raises(ValueError, match="read-only"):
        sheet.W[0, 0] = 1.0


@pytest.mark.parametrize(
    ("x", "W", "b", "words"),
    [
        ([1.0, 2.0], [[1.0]], [0.0], "x needs 1 numbers"),
        ([1.0], [[1.0]], [0.0, 1.0], "b needs 1 numbers"),
        ([1.0], [1.0], [0.0], "W needs a row for each class"),
        ([[[1.0]]], [[1.0]], [0.0], "x needs"),
    ],
)
def test_what_does_not_fit_is_said(x, W, b, words):
    with pytest.raises(ShapeError, match=words):
        f(np.array(x), np.array(W), np.array(b))


def test_a_sheet_that_cannot_be_is_said():
    sheet = course_worksheet()
    with pytest.raises(DataError, match="not a number"):
        sheet.with_number("x", 0, float("nan"))
    with pytest.raises(DataError, match="not a number"):
        sheet.with_number("W", (0, 0), float("inf"))
    with pytest.raises(DataError, match="x is empty"):
        Worksheet(np.zeros((1, 1)), np.zeros(0), np.zeros(1), ("a",))
    with pytest.raises(DataError, match="one name"):
        Worksheet(np.zeros((1, 1)), np.zeros(1), np.zeros(1), ("a", "b"))
    with pytest.raises(ShapeError, match="single row"):
        Worksheet(np.zeros((1, 1)), np.zeros((1, 1)), np.zeros(1), ("a",))
    with pytest.raises(ShapeError, match="2 x 2 image"):
        templates(np.zeros((3, 5)), (2, 2))
