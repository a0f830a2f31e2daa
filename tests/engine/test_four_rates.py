"""Four learning rates on one net: each looks as it is called, and all is repeatable."""

from __future__ import annotations

import numpy as np
import pytest

from cvlab.engine.errors import Cancelled
from cvlab.engine.four_rates import RATES, four_rates, train


def test_each_rate_looks_as_it_is_called():
    low, good, high, very_high = four_rates(40)
    assert [curve.name for curve in (low, good, high, very_high)] == [name for name, _ in RATES]
    assert len({curve.losses[0] for curve in (low, good, high, very_high)}) == 1, "the same first weights"
    assert (np.diff(low.losses) < 0).all(), "slow, but down all the way"
    assert good.losses[-1] < 0.3 * low.losses[-1] and good.losses[-1] < 0.5 * high.losses[-1]
    assert (np.diff(high.losses) > 0.1).any(), "it jumps up now and then"
    assert np.isnan(very_high.losses[-1])


def test_it_is_repeatable_and_differs_by_seed():
    np.testing.assert_array_equal(train(1.0, 5), train(1.0, 5))
    assert (train(1.0, 5, seed=1) != train(1.0, 5)).all()


def test_a_schedule_that_falls_brings_the_high_rate_lower():
    high = dict(RATES)["high"]
    assert train(high, 40, lambda epoch: 1 - epoch / 40)[-1] < 0.8 * train(high, 40)[-1]


def test_no_rate_at_all_changes_nothing():
    losses = train(1.0, 4, lambda epoch: 0.0)
    np.testing.assert_array_equal(losses, losses[0])


def test_it_can_be_stopped():
    def stop():
        raise Cancelled

    with pytest.raises(Cancelled):
        train(1.0, 5, check=stop)
