"""Results of whole-set runs: written, listed newest first, and never trusted."""

from __future__ import annotations

import json

import numpy as np
import pytest
from pydantic import ValidationError

from cvlab.core.knn_results import KnnResult, forget, keep, kept
from cvlab.engine.neighbors.accuracy import Estimate


def result(right: int = 3) -> KnnResult:
    confusion = np.array([[2, 1], [0, 1]])
    estimate = Estimate(4, 4, right, 0.5, confusion, np.zeros(4, int))
    return KnnResult.of(
        estimate, data="toy", digest="", metric="l1", k=3, weighted=False, train_count=10, classes=("cat", "dog")
    )


def test_what_is_kept_is_listed_and_can_be_forgotten(tmp_path):
    first, second = result(3), result(2)
    paths = [keep(first, tmp_path), keep(second, tmp_path)]
    assert {path.name for path in paths} == {f"{first.id}.json", f"{second.id}.json"}
    assert sorted(kept(tmp_path), key=lambda r: r.right) == [second, first]
    assert kept(tmp_path)[0].counts.tolist() == [[2, 1], [0, 1]] and first.share == 0.75
    forget(first, tmp_path)
    forget(first, tmp_path)
    assert kept(tmp_path) == [second]


def test_files_that_are_not_ours_are_passed_over(tmp_path):
    keep(result(), tmp_path)
    (tmp_path / "knn-1.json").write_text("{")
    (tmp_path / "knn-2.json").write_text(json.dumps({"id": "../../x"}))
    assert len(kept(tmp_path)) == 1 and kept(tmp_path / "nowhere") == []


def test_a_matrix_that_does_not_fit_is_refused():
    values = result().model_dump()
    with pytest.raises(ValidationError, match="confusion"):
        KnnResult.model_validate(values | {"confusion": ((1,),)})
    with pytest.raises(ValidationError):
        KnnResult.model_validate(values | {"id": "knn-../x"})
