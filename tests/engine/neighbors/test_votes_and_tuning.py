"""Votes, running accuracy, tuning, counter-examples and the worksheet, each against something that is known."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cvlab.engine.errors import Cancelled, DataError
from cvlab.engine.neighbors import tuning
from cvlab.engine.neighbors.accuracy import measure, wilson
from cvlab.engine.neighbors.counterexamples import boxed, copies, squared_distance
from cvlab.engine.neighbors.differences import Differences, course_pair
from cvlab.engine.neighbors.found import Found
from cvlab.engine.neighbors.search import Index
from cvlab.engine.neighbors.votes import predict, predict_for, tied, winners


def labelled(seed: int, count: int, classes: int = 4) -> tuple[np.ndarray, np.ndarray]:
    """Images whose class can be seen, but not always."""
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, classes, count)
    centres = rng.integers(40, 215, (classes, 1, 6, 6))
    return np.clip(centres[labels] + rng.normal(0, 60, (count, 1, 6, 6)), 0, 255).astype(np.uint8), labels


@settings(max_examples=25, deadline=None)
@given(
    seed=st.integers(0, 9_999),
    k=st.integers(1, 30),
    weighted=st.booleans(),
    metric=st.sampled_from(["l1", "l2", "cosine"]),
)
def test_predictions_are_scikit_learns_wherever_there_is_no_tie(seed, k, weighted, metric):
    neighbors = pytest.importorskip("sklearn.neighbors")
    X, y = labelled(seed, 40)
    queries, _ = labelled(seed + 1, 12)
    names = {"l1": "manhattan", "l2": "euclidean", "cosine": "cosine"}
    oracle = neighbors.KNeighborsClassifier(
        k, weights="distance" if weighted else "uniform", metric=names[metric], algorithm="brute"
    ).fit(X.reshape(40, -1).astype(float), y)
    shares = np.sort(oracle.predict_proba(queries.reshape(12, -1).astype(float)), axis=1)
    clear = np.ones(12, bool) if shares.shape[1] == 1 else shares[:, -1] - shares[:, -2] > 1e-9
    found = Index(X, metric).search(queries, min(k + 1, 40))
    if k < 40:  # and none at the k-th distance, where libraries choose as they like
        clear &= ~np.isclose(found.distances[:, k - 1], found.distances[:, k])
    theirs = oracle.predict(queries.reshape(12, -1).astype(float))
    assert np.array_equal(predict(found.first(k), y, 4, weighted=weighted)[clear], theirs[clear])


def test_a_tie_goes_to_the_class_whose_neighbour_is_nearer():
    labels = np.array([[2, 0, 0, 2], [1, 1, 0, 0], [3, 0, 1, 2]])
    votes = np.array([[2, 0, 2, 0], [2, 2, 0, 0], [1, 1, 1, 1]], float)
    assert tied(votes).all()
    assert winners(votes, labels).tolist() == [2, 1, 3]


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 9_999), weighted=st.booleans(), ks=st.lists(st.integers(1, 25), min_size=1, max_size=6))
def test_one_search_serves_every_k(seed, weighted, ks):
    X, y = labelled(seed, 30)
    queries, _ = labelled(seed + 1, 9)
    found = Index(X, "l2").search(queries, 25)
    together = predict_for(found, y, 4, ks, weighted=weighted)
    for column, k in enumerate(ks):
        assert np.array_equal(together[:, column], predict(found.first(k), y, 4, weighted=weighted))


def test_what_cannot_be_voted_on():
    found = Index(np.zeros((3, 4), np.uint8), "dot").search(np.zeros((1, 4), np.uint8), 2)
    with pytest.raises(DataError, match="inner product"):
        predict(found, np.zeros(3, int), 1, weighted=True)
    with pytest.raises(DataError, match="not found"):
        predict_for(found, np.zeros(3, int), 1, (1, 3))


def test_the_interval_is_wilsons():
    # Newcombe 1998, table I: 81 of 263 and 15 of 148.
    assert wilson(81, 263) == pytest.approx((0.2553, 0.3662), abs=5e-5)
    assert wilson(15, 148) == pytest.approx((0.0624, 0.1605), abs=5e-5)
    assert wilson(0, 20)[0] == 0.0 and wilson(20, 20)[1] == pytest.approx(1.0) and wilson(0, 0) == (0.0, 1.0)


def test_accuracy_is_measured_batch_by_batch():
    X, y = labelled(1, 200)
    queries, truth = labelled(1, 700)
    index = Index(X, "l1")
    steps = list(measure(index, y, queries, truth, 4, 3))
    assert [step.seen for step in steps] == [256, 512, 700]
    last = steps[-1]
    expected = predict(index.search(queries, 3), y, 4)
    assert np.array_equal(last.predictions, expected), "in the order of the queries"
    assert last.right == (expected == truth).sum() == np.trace(last.confusion) and last.confusion.sum() == 700
    assert np.array_equal(last.confusion.sum(axis=1), np.bincount(truth, minlength=4))
    low, high = steps[0].interval
    assert low < last.share < high and last.seconds_left == 0
    with pytest.raises(DataError, match="one label"):
        next(measure(index, y[:5], queries, truth, 4))
    with pytest.raises(DataError, match="no query"):
        next(measure(index, y, queries[:0], truth[:0], 4))
    with pytest.raises(Cancelled):
        next(measure(index, y, queries, truth, 4, cancelled=lambda: True))


def test_cross_validation_is_scikit_learns_fold_by_fold(monkeypatch):
    neighbors = pytest.importorskip("sklearn.neighbors")
    X, y = labelled(5, 103)
    parts = tuning.plan(y, folds=5)
    assert "unequal folds of 20 to 21" in tuning.describe(parts)
    searches = []
    plain = Index.batches
    monkeypatch.setattr(Index, "batches", lambda self, *a, **b: searches.append(1) or plain(self, *a, **b))
    ks = tuple(range(1, 21))
    steps = [step for step in tuning.tune(X, y, 4, ks, ("l2",), parts) if step.accuracies]
    assert len(searches) == 5, "twenty values of k, one pass a fold"
    assert [step.fold for step in steps] == [0, 1, 2, 3, 4] and steps[-1].done == steps[-1].total == 103
    flat = X.reshape(103, -1).astype(float)
    for step, (train, validation) in zip(steps, parts, strict=True):
        oracle = neighbors.KNeighborsClassifier(1, algorithm="brute").fit(flat[train], y[train])
        assert step.accuracies[0] == pytest.approx(oracle.score(flat[validation], y[validation]))
    choice = tuning.best(ks, {"l2": [step.accuracies for step in steps]})
    table = np.array([step.accuracies for step in steps])
    assert choice.mean == pytest.approx(table.mean(axis=0).max()) and choice.k == ks[int(table.mean(axis=0).argmax())]


def test_tuning_says_what_is_missing():
    X, y = labelled(2, 20)
    with pytest.raises(DataError, match="validation split is empty"):
        tuning.plan(y, share=0.01)
    with pytest.raises(DataError, match="number of folds"):
        tuning.plan(y, folds=21)
    with pytest.raises(DataError, match="smallest fold leaves 16"):
        next(tuning.tune(X, y, 4, (1, 17), ("l1",), tuning.plan(y, folds=5)))
    with pytest.raises(DataError, match="nothing to choose"):
        next(tuning.tune(X, y, 4, (), ("l1",), tuning.plan(y, folds=5)))
    assert "10 held out" in tuning.describe(tuning.plan(np.repeat([0, 1], 10), share=0.5))
    assert "4 folds of 5" in tuning.describe(tuning.plan(np.repeat([0, 1], 10), folds=4))
    assert tuning.best((1,), {"l1": []}) is None


def test_one_class_only_is_always_right():
    X, _ = labelled(3, 20)
    y = np.zeros(20, int)
    (*_, last) = tuning.tune(X, y, 1, (1, 5), ("l1",), tuning.plan(y, folds=4))
    assert last.accuracies == (1.0, 1.0)


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 9_999), shift=st.integers(1, 8), channels=st.sampled_from([1, 3]), dark=st.booleans())
def test_copies_lie_at_the_same_distance(seed, shift, channels, dark):
    rng = np.random.default_rng(seed)
    image = np.cumsum(rng.integers(-30, 31, (channels, 28, 28)), axis=2) + (40 if dark else 128)
    image = np.clip(image, 0, 255).astype(np.uint8)
    made = copies(image, shift)
    assert [copy.kind for copy in made] == ["original", "shifted", "dimmed", "boxed"]
    for copy in made:
        assert copy.squared == squared_distance(image, copy.image)
    target = made[1].distance
    assert all(copy.distance == pytest.approx(target, rel=0.01) for copy in made[1:])


def test_an_even_image_has_no_shift_that_shows():
    with pytest.raises(DataError, match="same all along"):
        copies(np.full((1, 8, 8), 90, np.uint8))
    with pytest.raises(DataError, match="between 1 and 8"):
        copies(np.zeros((1, 28, 28), np.uint8), 9)
    whole = boxed(np.full((1, 9, 9), 100, np.uint8), 1.0)
    assert (whole == 255).all()


def test_the_worksheet_is_the_courses():
    a, b = course_pair()
    made = Differences(a, b)
    assert made.total == 456 and made.distance == 456.0
    assert made.cells.tolist() == [[46, 12, 14, 1], [82, 13, 39, 33], [12, 10, 0, 30], [2, 32, 22, 108]]
    squares = made.by("l2")
    assert squares.total == int(((a - b) ** 2).sum()) and squares.distance == pytest.approx(
        np.linalg.norm((a - b).ravel())
    )
    with pytest.raises(DataError, match="same size"):
        Differences(a, b[:, :2])


def test_found_is_cut_and_joined():
    found = Index(np.arange(12, dtype=np.uint8).reshape(6, 2), "l2").search(np.zeros((2, 2), np.uint8), 3)
    assert np.allclose(found.distances[0], np.sqrt(found.exact[0]))
    both = Found.join([found.first(1), found.first(1)])
    assert both.indices.shape == (4, 1) and both.metric == "l2"
