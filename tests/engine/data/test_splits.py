import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.model_selection import StratifiedKFold

from cvlab.engine.data.splits import held_out, k_folds
from cvlab.engine.errors import DataError

LABELS = st.lists(st.integers(0, 4), min_size=2, max_size=80).map(np.array)
SEEDS = st.integers(0, 1000)


@given(LABELS, st.floats(0, 0.9), SEEDS)
def test_held_out_is_a_partition_in_proportion(labels, fraction, seed):
    train, held = held_out(labels, fraction, seed)
    assert sorted([*train, *held]) == list(range(len(labels)))
    for label in np.unique(labels):
        count = (labels == label).sum()
        taken = (labels[held] == label).sum()
        assert taken < count and (abs(taken - fraction * count) <= 0.5 or taken == count - 1)


@given(LABELS, SEEDS, st.data())
def test_folds_are_partitions_and_fair(labels, seed, data):
    k = data.draw(st.integers(2, len(labels)))
    folds = k_folds(labels, k, seed)
    assert sorted(i for _, held in folds for i in held) == list(range(len(labels)))
    assert all(sorted([*train, *held]) == list(range(len(labels))) for train, held in folds)
    sizes = [len(held) for _, held in folds]
    assert max(sizes) - min(sizes) <= 1
    for label in np.unique(labels):
        counts = [(labels[held] == label).sum() for _, held in folds]
        assert max(counts) - min(counts) <= 1


def test_folds_are_as_even_as_scikit_learns():
    labels = np.repeat([0, 1, 2], [30, 21, 9])
    theirs = StratifiedKFold(3).split(np.zeros((60, 1)), labels)
    ours = k_folds(labels, 3)
    assert [np.bincount(labels[h]).tolist() for _, h in ours] == [np.bincount(labels[h]).tolist() for _, h in theirs]


def test_the_seed_decides_and_nothing_else():
    labels = np.tile(np.arange(10), 50)
    np.random.seed(1)
    first = held_out(labels, 0.1, seed=3)[1]
    np.random.seed(2)
    assert np.array_equal(first, held_out(labels, 0.1, seed=3)[1])
    assert not np.array_equal(first, held_out(labels, 0.1, seed=4)[1])


@pytest.mark.parametrize("fraction", [-0.1, 0.95, float("nan")])
def test_a_fraction_out_of_range_is_said(fraction):
    with pytest.raises(DataError, match=r"between 0 and 0\.9"):
        held_out(np.array([0, 1]), fraction)


@pytest.mark.parametrize("k", [0, 1, 5])
def test_folds_out_of_range_are_said(k):
    with pytest.raises(DataError, match="number of folds"):
        k_folds(np.array([0, 0, 1, 1]), k)
