"""The map of the plane: held against a loop over its cells, and against itself while a point moves."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cvlab.engine.errors import Cancelled, DataError
from cvlab.engine.neighbors.metrics import OF_POINTS
from cvlab.engine.neighbors.points import PRESETS, SPAN, coincident, leave_one_out, make, verdict
from cvlab.engine.neighbors.regions import TIE, Grid, Held, Rule, distances, regions

GRID = Grid(-2, 2, -2, 2, 24, 20)
RULES = st.builds(Rule, k=st.integers(1, 51), metric=st.sampled_from(OF_POINTS), weighted=st.booleans())


def by_loop(points, labels, classes, rule, grid):
    """Each cell on its own: sort by distance, then number; count the first k."""
    d = distances(grid.x, grid.y, points, rule.metric)
    out = np.empty((grid.rows, grid.columns), np.int8)
    for row in range(grid.rows):
        for column in range(grid.columns):
            near = np.argsort(d[row, column], kind="stable")[: rule.k]
            far = np.sqrt(d[row, column, near]) if rule.metric == "l2" else d[row, column, near]
            ballots = 1 / np.maximum(far, np.float32(1e-12)) if rule.weighted else np.ones(len(near))
            votes = np.bincount(labels[near], ballots, classes)
            leads = np.flatnonzero(votes >= votes.max() * (1 - 1e-6))
            out[row, column] = leads[0] if len(leads) == 1 else TIE
    return out


@st.composite
def sets(draw, least=1):
    seed, count, classes = draw(st.integers(0, 9_999)), draw(st.integers(least, 40)), draw(st.integers(2, 6))
    rng = np.random.default_rng(seed)
    points = rng.uniform(-2, 2, (count, 2))
    if draw(st.booleans()):
        points = np.round(points * 2) / 2  # on a lattice: many equal distances and duplicates
    return points, rng.integers(0, classes, count), classes


@settings(max_examples=30, deadline=None)
@given(sets(), RULES)
def test_the_map_is_what_each_cell_on_its_own_says(made, rule):
    points, labels, classes = made
    assert np.array_equal(regions(points, labels, classes, rule, GRID), by_loop(points, labels, classes, rule, GRID))


@settings(max_examples=40, deadline=None)
@given(sets(), RULES, st.tuples(st.floats(-2, 2), st.floats(-2, 2)), st.integers(0, 39), st.booleans())
def test_a_held_point_gives_the_same_map_wherever_it_goes(made, rule, place, held, snaps):
    points, labels, classes = made
    held %= len(points)
    if snaps:
        place = tuple(np.round(np.array(place) * 2) / 2)
    moved = points.copy()
    moved[held] = place
    expected = regions(moved, labels, classes, rule, GRID)
    assert np.array_equal(Held(points, labels, classes, rule, GRID, held).moved(*place), expected)


@settings(max_examples=12, deadline=None)
@given(sets(least=2), st.integers(1, 51), st.sampled_from(OF_POINTS), st.booleans())
def test_leaving_one_out_is_scikit_learns(made, k, metric, weighted):
    neighbors = pytest.importorskip("sklearn.neighbors")
    points, labels, classes = made
    points = points + np.random.default_rng(1).normal(
        0, 1e-3, points.shape
    )  # no equal distances: libraries break them as they like
    k = min(k, len(points) - 1)
    names = {"l1": "manhattan", "l2": "euclidean", "linf": "chebyshev", "cosine": "cosine"}
    wrong = ties = 0
    for i in range(len(points)):
        rest = np.delete(np.arange(len(points)), i)
        oracle = neighbors.KNeighborsClassifier(
            k, weights="distance" if weighted else "uniform", metric=names[metric], algorithm="brute"
        ).fit(points[rest], labels[rest])
        votes = np.sort(oracle.predict_proba(points[i : i + 1])[0])[::-1]
        if len(votes) > 1 and votes[0] - votes[1] < 1e-9:
            ties += 1  # scikit-learn takes the lowest class, cvlab the nearer one
        else:
            wrong += int(oracle.predict(points[i : i + 1])[0] != labels[i])
    ours = leave_one_out(points, labels, classes, Rule(k, metric, weighted)) * len(points)
    assert wrong - 1e-6 <= ours <= wrong + ties + 1e-6


def test_a_verdict_counts_the_votes_and_says_a_tie():
    points, labels = np.array([[0.0, 1.0], [0.0, -1.0], [0.0, 1.5]]), np.array([0, 1, 0])
    told = verdict(points, labels, 2, Rule(2), (0.0, 0.0))
    assert told.neighbours.tolist() == [0, 1] and told.winner == TIE and told.votes.tolist() == [1, 1]
    told = verdict(points, labels, 2, Rule(51), (0.0, -0.9))
    assert told.neighbours.tolist() == [1, 0, 2] and told.winner == 0, "with fewer points than k, all vote"
    weighted = verdict(points, labels, 2, Rule(51, weighted=True), (0.0, -0.9))
    assert weighted.winner == 1, "the near one outweighs two far ones"
    assert verdict(points[:0], labels[:0], 2, Rule(1), (0, 0)).winner == TIE
    assert verdict(points, labels, 2, Rule(3, weighted=True), (0.0, 1.0)).winner == 0, (
        "a point at distance 0 decides alone"
    )


def test_one_class_and_no_points():
    points = np.array([[0.5, 0.5], [0.5, 0.5]])
    assert (regions(points, np.zeros(2, int), 2, Rule(1), GRID) == 0).all()
    assert (regions(points[:0], np.zeros(0, int), 2, Rule(1), GRID) == TIE).all()
    assert leave_one_out(points, np.zeros(2, int), 2, Rule(9)) == 0.0
    assert np.isnan(leave_one_out(points[:1], np.zeros(1, int), 2, Rule(1)))


def test_rules_out_of_range_are_refused_and_maps_can_be_cancelled():
    for wrong in ({"k": 0}, {"k": 52}, {"metric": "dot"}):
        with pytest.raises(DataError):
            Rule(**wrong)
    points, labels = make("blobs", 3, 60)
    with pytest.raises(Cancelled):
        regions(points, labels, 3, Rule(), GRID, cancelled=lambda: True)
    with pytest.raises(Cancelled):
        Held(points, labels, 3, Rule(), GRID, 0, cancelled=lambda: True)


@pytest.mark.parametrize("preset", PRESETS)
@pytest.mark.parametrize("classes", [2, 3, 6])
def test_presets_fit_the_plane_and_have_all_classes(preset, classes):
    points, labels = make(preset, classes, 90)
    assert np.abs(points).max() <= SPAN and set(labels) == set(range(PRESETS[preset].classes or classes))
    assert 60 <= len(points) <= 90


def test_the_outlier_is_smoothed_away_by_a_larger_k():
    points, labels = make("outlier", 3, 90)
    grid = Grid(-2, 2, -2, 2, 60, 60)
    strays = [np.flatnonzero(labels == label)[-1] for label in (0, 1)]
    for stray in strays:
        place = tuple(points[stray] + 0.001)
        assert verdict(points, labels, 3, Rule(1), place).winner == labels[stray]
        assert verdict(points, labels, 3, Rule(7), place).winner == labels[stray] + 1
    assert regions(points, labels, 3, Rule(1), grid).shape == (60, 60)


def test_points_of_two_classes_in_one_place_are_counted():
    points = np.array([[0.0, 0.0], [0.0, 0.0], [1.0, 0.0], [1.0, 0.0], [2.0, 0.0]])
    assert coincident(points, np.array([0, 1, 2, 2, 0])) == 2
    assert coincident(points, np.zeros(5, int)) == 0 and coincident(points[:0], np.zeros(0, int)) == 0
