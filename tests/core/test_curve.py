"""Curves and the mailbox: exact while short, bounded when long, and no extreme ever lost."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from cvlab.core import mailbox as mailbox_module
from cvlab.core.curve import CAPACITY, Curve, Pyramid
from cvlab.core.mailbox import Mailbox
from cvlab.engine.training.events import EpochEnd, RunFailed, SnapshotTaken, StepEnd

values = st.lists(st.floats(-1e6, 1e6), max_size=300)


@given(values)
def test_exact_while_short(ys):
    curve = Curve(capacity=512)
    for i, y in enumerate(ys):
        curve.append(i, y)
    x, y = curve.points()
    assert curve.is_exact and x.tolist() == list(range(len(ys))) and y.tolist() == ys


@given(values, st.integers(4, 40).map(lambda n: 2 * n))
def test_bounded_and_every_extreme_is_kept(ys, capacity):
    curve = Curve(capacity)
    for i, y in enumerate(ys):
        curve.append(i, y)
    x, y = curve.points()
    assert len(curve) <= capacity and np.all(np.diff(x) >= 0)
    if ys:
        assert (y.max(), y.min()) == (max(ys), min(ys))
        assert curve.last == (len(ys) - 1, ys[-1])


def test_a_spike_in_a_million_points_stays_visible():
    curve = Curve()
    for i in range(100_000):
        curve.append(i, 1e9 if i == 54_321 else 0.0)
    x, y = curve.points()
    assert len(x) <= 8192 and y.max() == 1e9
    assert abs(x[int(y.argmax())] - 54_321) < 100


def test_smoothing_has_no_bias_at_its_start_and_passes_over_nan():
    curve = Curve()
    for i in range(50):
        curve.append(i, 3.0 if i != 10 else float("nan"))
    np.testing.assert_allclose(curve.smoothed(20)[1], 3.0)


def step(n, loss):
    return StepEnd(n, 1, loss, 0.5, 0.1, 10, float(n))


def test_mailbox_lanes():
    box = Mailbox()
    assert not box.collect()
    box.put(step(1, 0.5))
    box.put(SnapshotTaken(1, {}))
    box.put(SnapshotTaken(2, {}))
    box.put(RunFailed(3, "t", "w"))
    box.put(EpochEnd(1, 1, 0.1, 0.2, None, None, 0.1, 1.0, 1.0))
    delivery = box.collect()
    assert [s.step for s in delivery.steps] == [1]
    assert delivery.snapshot.step == 2
    assert [type(e) for e in delivery.events] == [RunFailed, EpochEnd]
    assert not box.collect()


def test_an_uncollected_mailbox_is_bounded_and_keeps_the_spike(monkeypatch):
    monkeypatch.setattr(mailbox_module, "PENDING_STEPS", 100)
    box = Mailbox()
    for n in range(5000):
        box.put(step(n, 99.0 if n == 1234 else 1.0))
    steps = box.collect().steps
    assert len(steps) <= 101
    assert max(s.loss for s in steps) == 99.0
    assert [s.step for s in steps] == sorted(s.step for s in steps)


# -- long series -----------------------------------------------------------------------------------------------------


@given(st.integers(0, 10**6), st.integers(1, 60_000), st.floats(0, 1), st.floats(0, 1), st.integers(8, 4096))
def test_a_window_shows_every_extreme_of_what_is_in_it_and_nothing_else(seed, count, start, end, most):
    rng = np.random.default_rng(seed)
    x = np.cumsum(rng.integers(1, 4, count)).astype(float)
    y = rng.normal(size=count)
    y[rng.random(count) < 0.05] = np.nan
    low, high = sorted((start * x[-1], end * x[-1]))
    seen_x, seen_y = Pyramid(x, y).window(low, high, most)
    inside = (x >= low) & (x <= high)
    if np.isfinite(y[inside]).any():
        assert np.nanmin(seen_y) <= np.nanmin(y[inside]) and np.nanmax(seen_y) >= np.nanmax(y[inside])
    assert np.isin(seen_y[np.isfinite(seen_y)], y).all(), "never a value that is not in the series"
    assert np.all(np.diff(seen_x) >= 0) and len(seen_x) <= max(2 * most, 4 * CAPACITY) + 8
    if inside.any() and seen_x[0] > x[0]:
        assert seen_x[0] <= low, "the line enters the window from outside"


def test_few_points_are_drawn_themselves_and_one_spike_of_a_million_is_always_there():
    x, y = np.arange(1e6), np.zeros(10**6)
    y[54_321] = 7.0
    pyramid = Pyramid(x, y)
    np.testing.assert_array_equal(pyramid.window(54_000, 54_500)[1], y[53_999:54_502])
    for width in (10, 1e3, 1e5, 1e6):
        assert pyramid.window(54_321 - width / 2, 54_321 + width / 2)[1].max() == 7.0
    assert pyramid.coarse()[1].max() == 7.0 and len(pyramid.coarse()[0]) <= 4 * CAPACITY
