"""The rivals of the bench find what the search finds: otherwise their times would say nothing."""

from __future__ import annotations

import json
import sys

import numpy as np
import pytest

from cvlab.core import paths
from cvlab.engine.neighbors import rivals


@pytest.mark.parametrize(
    ("side", "metric", "package"),
    [("cv2", "l1", "cv2"), ("sklearn", "l2", "sklearn"), ("torch", "l1", "torch"), ("torch", "l2", "torch")],
)
def test_all_sides_find_the_same(side, metric, package):
    pytest.importorskip(package)
    rng = np.random.default_rng(0)
    X, Q = (rng.integers(0, 256, (count, 1, 6, 6)).astype(np.uint8) for count in (80, 9))
    ours, exact = rivals._SIDES["cvlab"](X, Q, metric, 3, "cpu")()
    theirs, distances = rivals._SIDES[side](X, Q, metric, 3, "cpu")()
    assert np.array_equal(ours, theirs)
    assert np.allclose(exact, distances, rtol=1e-4)


def test_a_side_prints_one_line_of_json(monkeypatch, capsys):
    flags = ["--metric", "l2", "--data", "mnist-mini", "--queries", "20", "--root", str(paths.data())]
    monkeypatch.setattr(sys, "argv", ["rivals", "cvlab", *flags, "--bundled", str(paths.resources() / "data")])
    rivals.main()
    told = json.loads(capsys.readouterr().out)
    assert told["queries"] == 20 and told["images"] == 10_000 and told["values"] == 784
    assert told["accuracy"] > 0.8 and told["seconds"] > 0
