import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cvlab.engine.errors import DataError, ShapeError
from cvlab.engine.gradient_check import Verdict, gradient_check, numeric_gradient, relative_error

numbers = st.lists(st.floats(-100, 100), min_size=1, max_size=6).map(np.array)


@given(numbers)
def test_differences_of_a_cubic_are_its_derivative(x):
    numeric = numeric_gradient(lambda x: float((x**3 - 2 * x).sum()), x)
    np.testing.assert_allclose(numeric, 3 * x**2 - 2, rtol=1e-5, atol=1e-3)


@given(numbers)
def test_differences_of_a_product_in_any_shape_leave_x_alone(x):
    X = np.stack([x, x + 1])
    before = X.copy()
    numeric = numeric_gradient(lambda X: float((X[0] * X[1]).sum()), X)
    np.testing.assert_allclose(numeric, X[::-1], rtol=1e-6, atol=1e-4)
    assert np.array_equal(X, before)


def test_relative_error_of_known_pairs():
    a = np.array([0.0, 1.0, 1.0, -1.0, 1e-12, np.nan, np.inf, np.inf])
    b = np.array([0.0, 1.0, 2.0, 1.0, 0.0, 1.0, 1.0, np.inf])
    assert relative_error(a, b).tolist() == [0.0, 0.0, 0.5, 2.0, 1.0, np.inf, np.inf, 0.0]
    assert relative_error(a[4], b[4], floor=1e-6) == pytest.approx(1e-6)


@given(numbers, st.sampled_from([0.25, 0.5, 1.01, -1.0, 2.0]))
def test_a_wrong_factor_fails_and_the_right_one_passes(x, factor):
    x = np.where(np.abs(x) < 0.1, 1.0, x)

    def f(x):
        return float((x**2).sum())

    assert gradient_check(f, x, 2 * x).passed
    check = gradient_check(f, x, factor * 2 * x)
    assert not check.passed and check.summary.startswith(f"Fail: {x.size} of {x.size}")
    assert (check.verdicts == Verdict.DIFFERS).all() and check.kinks == 0


def absolute(x):
    return float(np.abs(x).sum())


@given(st.floats(-0.9e-5, 0.9e-5), st.floats(-1, 1))
def test_next_to_a_kink_the_true_slope_passes_and_at_it_all_between_the_two_sides(x, between):
    slope = np.sign(x) if x else between
    check = gradient_check(absolute, np.array([x]), np.array([slope]), branches=np.sign)
    assert check.passed and check.kinks == 1
    outside = gradient_check(absolute, np.array([x]), np.array([1.5]), branches=np.sign)
    assert not outside.passed


def test_a_kink_is_told_apart_from_a_mistake():
    x, dx = np.array([0.0, 2.0, -3.0]), np.array([1.0, 1.0, -1.0])
    check = gradient_check(absolute, x, dx, branches=np.sign)
    assert check.verdicts.tolist() == [Verdict.KINK, Verdict.AGREES, Verdict.AGREES]
    assert check.passed and check.kinks == 1 and check.worst < 1e-9
    assert check.summary.startswith("Pass") and "One number lies next to a kink" in check.summary
    assert check.backward[0] == pytest.approx(-1) and check.forward[0] == pytest.approx(1)
    blind = gradient_check(absolute, x, dx)
    assert not blind.passed and "Fail: 1 of 3" in blind.summary
    away = gradient_check(absolute, x, np.array([1.0, 3.0, -1.0]), branches=np.sign)
    assert away.verdicts.tolist() == [Verdict.KINK, Verdict.DIFFERS, Verdict.AGREES]
    assert "analytic 3 against 1" in away.summary


def test_a_function_that_is_not_a_number_fails_in_words():
    check = gradient_check(lambda x: float("nan"), np.ones(2), np.ones(2))
    assert not check.passed and "Fail: 2 of 2" in check.summary


def test_rounding_is_no_mistake():
    assert gradient_check(lambda x: 1e6 + float(x[0]) * 1e-9, np.array([1.0]), np.array([1e-9])).passed


def test_what_cannot_be_checked_is_said():
    with pytest.raises(DataError, match="no number"):
        gradient_check(absolute, np.zeros(0), np.zeros(0))
    with pytest.raises(ShapeError, match="the shape"):
        gradient_check(absolute, np.zeros(2), np.zeros(3))
