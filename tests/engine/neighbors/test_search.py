"""The search finds exactly what sorting everything finds: every metric, every way of getting there, ties included."""

from __future__ import annotations

import itertools
from concurrent.futures import ThreadPoolExecutor
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cvlab.engine.errors import Cancelled, DataError
from cvlab.engine.neighbors import dense, exact
from cvlab.engine.neighbors.block_sums import BlockSums
from cvlab.engine.neighbors.found import Found, smallest
from cvlab.engine.neighbors.metrics import METRICS, OF_IMAGES, exact_reference, pairwise
from cvlab.engine.neighbors.projection import Projection
from cvlab.engine.neighbors.search import Index


def pictures(
    rng: np.random.Generator, count: int, shape=(3, 32, 32), *, levels: int = 256, smooth: bool = True
) -> np.ndarray:
    """Bytes that look like photographs to the bounds (smooth), or like noise. Few levels make many ties."""
    C, H, W = shape
    if not smooth:
        return (rng.integers(0, levels, (count, *shape)) * (255 // (levels - 1))).astype(np.uint8)
    coarse = rng.uniform(0, 255, (count, C, -(-H // 8), -(-W // 8)))
    blown = coarse.repeat(8, axis=2).repeat(8, axis=3)[:, :, :H, :W]
    noisy = blown + rng.normal(0, 12, (count, *shape))
    return np.clip(noisy, 0, 255).astype(np.uint8)


def flat(images: np.ndarray) -> np.ndarray:
    return images.reshape(len(images), -1)


def assert_is_reference(found: Found, X: np.ndarray, queries: np.ndarray, k: int, metric: str) -> None:
    values = exact_reference(flat(X), flat(queries), metric)
    order = np.argsort(values, axis=1, kind="stable")[:, :k]
    assert np.array_equal(found.exact, np.take_along_axis(values, order, axis=1))
    assert np.array_equal(found.indices, order), "ties go to the lower index"


@pytest.mark.parametrize("metric", OF_IMAGES)
@settings(max_examples=12, deadline=None)
@given(
    seed=st.integers(0, 10_000),
    count=st.integers(1, 60),
    k=st.integers(1, 60),
    levels=st.sampled_from([2, 3, 256]),
    asked=st.sampled_from([3, 12]),  # few and many are compared in different ways
    shape=st.sampled_from([(1, 1, 5), (3, 4, 4), (1, 7, 9), (1, 1, 1_100)]),
)
def test_every_metric_and_k_on_random_bytes(metric, seed, count, k, levels, asked, shape):
    rng = np.random.default_rng(seed)
    X, queries = (
        pictures(rng, count, shape, levels=levels, smooth=False),
        pictures(rng, asked, shape, levels=levels, smooth=False),
    )
    k = min(k, count)
    assert_is_reference(Index(X, metric).search(queries, k), X, queries, k, metric)


@pytest.mark.parametrize("metric", ["l1", "l2"])
@settings(max_examples=12, deadline=None)
@given(
    seed=st.integers(0, 10_000),
    k=st.integers(1, 40),
    smooth=st.booleans(),
    shape=st.sampled_from([(3, 32, 32), (1, 28, 28), (2, 19, 23), (1, 1, 900)]),
    copies=st.integers(1, 4),
)
def test_bounds_lose_nothing(metric, seed, k, smooth, shape, copies):
    rng = np.random.default_rng(seed)
    X = pictures(rng, 300, shape, smooth=smooth)
    X[rng.integers(0, 300, 3 * copies)] = X[0]  # duplicates at equal distance
    queries = np.concatenate([X[:2], pictures(rng, 6, shape, smooth=smooth), np.zeros((1, *shape), np.uint8)])
    assert_is_reference(Index(X, metric, bounds=True).search(queries, k), X, queries, k, metric)


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 10_000), shape=st.sampled_from([(3, 32, 32), (1, 28, 28), (1, 13, 40), (1, 1, 700)]))
def test_block_sums_never_exceed_what_their_limit_says(seed, shape):
    rng = np.random.default_rng(seed)
    X, query = pictures(rng, 80, shape), pictures(rng, 1, shape, smooth=bool(seed % 2))
    true = exact_reference(flat(X), flat(query), "l1")[0]
    bounds = BlockSums(X)
    (screen,) = bounds.screens(query)
    rows = np.arange(len(X))
    for level in range(bounds.levels):
        values = screen.coarse() if level == 0 else screen.fine(level, rows)
        assert all(value <= screen.limit(level, int(distance)) for value, distance in zip(values, true, strict=True))
    assert bounds.levels >= 1


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 10_000), scale=st.sampled_from([1, 30, 255]))
def test_projections_never_exceed_what_their_limit_says(seed, scale):
    rng = np.random.default_rng(seed)
    X = (
        (pictures(rng, 200, (1, 1, 600)) // 255.0 * scale).astype(np.uint8)
        if scale == 1
        else pictures(rng, 200, (1, 1, 600))
    )
    X = flat(np.minimum(X, scale))
    query = X[:1] if seed % 3 == 0 else flat(pictures(rng, 1, (1, 1, 600)))
    true = exact_reference(X, query, "l2")[0]
    bounds = Projection(X)
    (screen,) = bounds.screens(query)
    for level in range(bounds.levels):
        values = screen.coarse() if level == 0 else screen.fine(level, np.arange(len(X)))
        assert all(value <= screen.limit(level, int(distance)) for value, distance in zip(values, true, strict=True))


@pytest.mark.parametrize("metric", OF_IMAGES)
def test_scikit_learn_finds_the_same_distances(metric):
    neighbors = pytest.importorskip("sklearn.neighbors")
    rng = np.random.default_rng(3)
    X, queries = pictures(rng, 150, levels=4, smooth=False), pictures(rng, 20, levels=4, smooth=False)
    names = {"l1": "manhattan", "l2": "euclidean", "cosine": "cosine", "dot": lambda x, y: -float(x @ y)}
    for k in (1, 2, 7, 150):
        oracle = neighbors.NearestNeighbors(n_neighbors=k, metric=names[metric], algorithm="brute")
        theirs, _ = oracle.fit(flat(X).astype(np.float64)).kneighbors(flat(queries).astype(np.float64))
        ours = Index(X, metric).search(queries, k).distances
        assert np.allclose(ours, theirs, rtol=1e-9, atol=1e-9)


def test_pruning_is_used_where_it_helps_and_given_up_where_it_does_not():
    rng = np.random.default_rng(0)
    smooth, noise = pictures(rng, 3_000, (1, 28, 28)), pictures(rng, 3_000, (1, 28, 28), smooth=False)
    for metric in ("l1", "l2"):
        index = Index(smooth, metric, bounds=True)
        index.search(smooth[:40], 1)
        assert index._dense is None, "every query was answered by its bounds"
        index = Index(noise, metric, bounds=True)
        found = index.search(noise[:40] ^ 1, 3)
        assert index._dense is not None, "noise is compared with everything"
        assert_is_reference(found, noise, noise[:40] ^ 1, 3, metric)


@pytest.mark.parametrize("metric", ["l1", "l2", "dot", "cosine"])
def test_pytorch_gives_the_same_whole_numbers(metric):
    rng = np.random.default_rng(5)
    X, queries = flat(pictures(rng, 40, smooth=False)), flat(pictures(rng, 7, smooth=False))
    expected = exact_reference(X, queries, metric)
    for (rows, values), row in zip(dense._by_torch(queries, X, len(X), metric, "cpu"), expected, strict=True):
        assert np.array_equal(values, row[rows]) and np.array_equal(rows, np.argsort(row, kind="stable"))


def exact_shares(X, queries):
    """x·y |x·y| / (x·x y·y) as a fraction, which falls as the cosine distance grows; 0 where a vector is zero."""
    whole = [[[Fraction(float(v)) for v in row] for row in rows] for rows in (X, queries)]
    dot = lambda a, b: sum(x * y for x, y in zip(a, b, strict=True))  # noqa: E731
    found = []
    for q in whole[1]:
        products = [(dot(q, x), dot(q, q) * dot(x, x)) for x in whole[0]]
        found.append([p * abs(p) / square if square else Fraction(0) for p, square in products])
    return found


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 100_000), k=st.integers(1, 30), blocks=st.booleans())
def test_exact_ties_of_the_cosine_distance_go_to_the_lower_index(seed, k, blocks):
    rng = np.random.default_rng(seed)
    X = rng.integers(0, 4, (30, 3)).astype(np.uint8) * rng.integers(1, 60, (30, 1)).astype(np.uint8)
    queries = rng.integers(0, 4, (8, 3)).astype(np.uint8) * np.uint8(7)
    expected = [sorted(range(len(X)), key=lambda i: (-row[i], i)) for row in exact_shares(X, queries)]
    columns, dense._COLUMNS = dense._COLUMNS, 7 if blocks else dense._COLUMNS
    try:
        found = Index(X, "cosine").search(queries, k)
    finally:
        dense._COLUMNS = columns
    assert found.indices.tolist() == [row[:k] for row in expected]


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 100_000))
def test_exact_ties_of_points_by_the_cosine_distance_go_to_the_lower_number(seed):
    rng = np.random.default_rng(seed)
    points = rng.integers(-3, 4, (25, 2)) * rng.choice([0.25, 0.1, 1.0, 1 / 3], (25, 1))
    places = rng.integers(-3, 4, (6, 2)) * 0.7
    ours = np.argsort(pairwise(places, points, "cosine"), axis=1, kind="stable").tolist()
    shares = exact_shares(points, places)
    # Products with 0.1 or 1/3 are rounded before they get here: as fractions some directions differ by 1e-17, less than a
    # float64 can hold. Those may stand in either order.
    for order, row in zip(ours, shares, strict=True):
        for a, b in itertools.pairwise(order):
            assert row[a] == row[b] and a < b if row[a] == row[b] else row[a] - row[b] > -Fraction(1, 10**15)


def test_opencv_and_numpy_agree_on_ties():
    pytest.importorskip("cv2")
    rng = np.random.default_rng(6)
    X, queries = (
        flat(pictures(rng, 200, (1, 2, 3), levels=2, smooth=False)),
        flat(pictures(rng, 9, (1, 2, 3), levels=2, smooth=False)),
    )
    for ours, theirs in zip(
        dense._by_rows(queries, X, 12, "l1", lambda: False), dense._by_opencv(queries, X, 12), strict=True
    ):
        assert np.array_equal(ours, theirs)


def test_the_largest_possible_products_are_exact():
    extremes = np.array([[0] * 3_072, [255] * 3_072, [0, 255] * 1_536], np.uint8)
    whole = extremes.astype(np.int64) - exact.MIDDLE
    made = exact.dots(exact.centred(extremes), exact.centred(extremes))
    assert np.array_equal(made, whole @ whole.T)
    for query in extremes:
        assert np.array_equal(exact.l2_of_rows(extremes, query), exact_reference(extremes, query[None], "l2")[0])


def test_batches_come_in_order_and_stop_at_once():
    rng = np.random.default_rng(7)
    X, queries = pictures(rng, 200, (1, 8, 8)), pictures(rng, 50, (1, 8, 8))
    parts = list(Index(X, "l2").batches(queries, 3, size=16))
    assert [len(part.indices) for part in parts] == [16, 16, 16, 2]
    assert np.array_equal(Found.join(parts).indices, Index(X, "l2").search(queries, 3).indices)
    for metric in OF_IMAGES:
        for bounds in (True, False):
            with pytest.raises(Cancelled):
                next(Index(X, metric, bounds=bounds).batches(queries, 3, cancelled=lambda: True))


def test_cancelling_stops_inside_a_batch():
    rng = np.random.default_rng(8)
    X = pictures(rng, 500, (3, 32, 32))
    asked = []

    def after_three() -> bool:
        asked.append(1)
        return len(asked) > 3

    with pytest.raises(Cancelled):
        Index(X, "l1", bounds=True, threads=1).search(X[:256], 1, cancelled=after_three)
    assert len(asked) < 20


def test_what_cannot_be_asked_gets_a_clear_word():
    X = np.zeros((5, 4), np.uint8)
    with pytest.raises(DataError, match="fewer images than neighbours"):
        Index(X).search(X, 6)
    with pytest.raises(DataError, match="At least one neighbour"):
        Index(X).search(X, 0)
    with pytest.raises(DataError, match="no query"):
        Index(X).search(X[:0], 1)
    with pytest.raises(DataError, match="no image to compare"):
        Index(X[:0])
    with pytest.raises(DataError, match="type and shape"):
        Index(X).search(np.zeros((1, 3), np.uint8), 1)
    with pytest.raises(DataError, match="are bytes"):
        Index(X.astype(np.float32))
    for metric in ("linf", "hamming"):
        with pytest.raises(DataError):
            Index(X, metric)


def test_the_smallest_are_sorted_with_ties_to_the_lower_row():
    values = np.array([5, 1, 3, 1, 1, 9])
    rows, found = smallest(values, 3)
    assert rows.tolist() == [1, 3, 4] and found.tolist() == [1, 1, 1]
    assert smallest(values, 99)[0].tolist() == [1, 3, 4, 2, 0, 5]


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 1_000), metric=st.sampled_from([m.id for m in METRICS.values() if m.for_points]))
def test_distances_of_points_are_scipys(seed, metric):
    distance = pytest.importorskip("scipy.spatial.distance")
    rng = np.random.default_rng(seed)
    A, B = rng.normal(size=(6, 2)), rng.normal(size=(9, 2))
    name = {"l1": "cityblock", "l2": "euclidean", "linf": "chebyshev", "cosine": "cosine"}[metric]
    assert np.allclose(pairwise(A, B, metric), distance.cdist(A, B, name), atol=1e-12)


def test_a_zero_vector_has_no_direction():
    assert pairwise(np.zeros((1, 2)), np.ones((1, 2)), "cosine") == 1.0
    assert Index(np.zeros((2, 4), np.uint8), "cosine").search(np.ones((1, 4), np.uint8), 2).indices.tolist() == [[0, 1]]


def test_an_index_can_be_asked_from_several_threads():
    rng = np.random.default_rng(9)
    X = pictures(rng, 400)
    index = Index(X, "l2", bounds=True)
    index.prepare()
    with ThreadPoolExecutor(2) as pool:
        parts = list(pool.map(lambda part: index.search(part, 2), (X[:30] ^ 1, X[30:60] ^ 1)))
    assert_is_reference(Found.join(parts), X, X[:60] ^ 1, 2, "l2")
