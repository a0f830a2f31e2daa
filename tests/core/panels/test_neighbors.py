"""The neighbors panel's documents: edits make another one, what is saved comes back, and what does not fit is refused."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from cvlab.core.panels.neighbors import NeighborsState, PlaneDocument, SavedNeighbors, SheetDocument
from cvlab.engine.neighbors.regions import MAX_POINTS, Rule


def test_what_is_saved_comes_back():
    state = NeighborsState(page="tuning", dataset="mnist", k=9, metric="cosine", grid=(1, 2, 3), tuned=("l1",), shift=4)
    state.plane = PlaneDocument.of("spiral", 4, 90, rule=Rule(7, "linf", True)).added([(0.5, 0.25)], 3)
    state.sheet = SheetDocument(metric="l2").written("a", 1, 2, 300)
    back = SavedNeighbors.model_validate_json(SavedNeighbors.of(state).model_dump_json()).state()
    assert back.plane == state.plane and back.sheet == state.sheet and back.sheet.a[1][2] == 255
    for name in ("page", "dataset", "k", "metric", "grid", "tuned", "shift", "folds", "share", "query"):
        assert getattr(back, name) == getattr(state, name)


@pytest.mark.parametrize(
    "change",
    [
        {"labels": (9, 0)},
        {"labels": (0,)},
        {"points": ((9.0, 0.0), (0.0, 0.0))},
        {"points": ((float("nan"), 0.0), (0.0, 0.0))},
        {"classes": 7},
        {"k": 52},
        {"metric": "dot"},
    ],
)
def test_a_plane_that_does_not_fit_is_refused(change):
    plane = {"points": ((0.0, 1.0), (1.0, 0.0)), "labels": (0, 1), "classes": 2}
    SavedNeighbors.model_validate({"plane": plane})
    with pytest.raises(ValidationError):
        SavedNeighbors.model_validate({"plane": plane | change})


def test_a_worksheet_that_does_not_fit_is_refused():
    for change in ({"a": ((1,),)}, {"b": ((0,) * 4,) * 3}, {"a": ((256,) * 4,) * 4}, {"metric": "linf"}):
        sheet = {"a": ((0,) * 4,) * 4, "b": ((9,) * 4,) * 4} | change
        with pytest.raises(ValidationError):
            SavedNeighbors.model_validate({"sheet": sheet})
    with pytest.raises(ValidationError):
        SavedNeighbors.model_validate({"grid": (0,)})


def test_points_come_and_go():
    first = PlaneDocument.of()
    more = first.added([(0.1, 0.2), (0.3, 0.4)], 2)
    n = len(first.points)
    assert more.moved(n, 0.9, 0.9).points[n] == (0.9, 0.9) and more.without(n + 1).without(n) == first
    assert more.recoloured(n, 0).labels[n] == 0
    assert max(more.of_classes(2).labels) == 1
    assert len(first.added([(0.0, 0.0)] * 1_000, 0).points) == MAX_POINTS
    assert PlaneDocument.of("moons", 5).classes == 2
