"""The linear panel's document: edits make another one, what is saved comes back, and what does not fit is refused."""

from __future__ import annotations

import numpy as np
import pytest
from pydantic import ValidationError

from cvlab.core.panels.linear import LabDocument, LinearState, SavedLinear


def test_what_is_saved_comes_back():
    state = LinearState(lab=LabDocument.first(5).added(0.5, -0.25, 4), page="templates", step_size=0.02, magnify=100)
    state.sheet = state.sheet.with_bias_folded(True).with_number("b", 0, 9.0)
    back = SavedLinear.model_validate_json(SavedLinear.of(state).model_dump_json()).state()
    assert (back.lab, back.page, back.step_size, back.magnify) == (state.lab, "templates", 0.02, 100)
    assert back.sheet.folds_bias and np.array_equal(back.sheet.scores, state.sheet.scores)


@pytest.mark.parametrize(
    "change",
    [
        {"labels": (9,)},
        {"W": ((1.0, 2.0),)},
        {"b": (1.0, float("nan"), 0.0)},
        {"classes": 6},
        {"points": ((float("inf"), 0.0),)},
        {"objective": {"lambda_2": -1.0}},
    ],
)
def test_a_document_that_does_not_fit_is_refused(change):
    lab = SavedLinear.of(LinearState(lab=LabDocument.first())).model_dump()["lab"]
    lab |= {"points": lab["points"][:1], "labels": lab["labels"][:1]}
    SavedLinear.model_validate({"lab": lab})
    with pytest.raises(ValidationError):
        SavedLinear.model_validate({"lab": lab | change})


def test_a_worksheet_that_does_not_fit_is_refused():
    sheet = SavedLinear.of(LinearState()).model_dump()["sheet"]
    for change in ({"x": (1.0, 2.0)}, {"W": ()}, {"W": ((1.0,), (1.0, 2.0), (3.0,))}, {"classes": ("one",)}):
        with pytest.raises(ValidationError):
            SavedLinear.model_validate({"sheet": sheet | change})


def test_points_come_and_go():
    first = LabDocument.first()
    more = first.added(0.1, 0.2, 2)
    assert more.moved(len(first.points), 0.3, 0.4).points[-1] == (0.3, 0.4)
    assert more.without(len(first.points)) == first
    assert first.randomised(7).W != first.W and first.randomised(7) == first.randomised(7)
