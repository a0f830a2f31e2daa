"""`cvlab knn` and `cvlab knn tune`, in this process."""

from __future__ import annotations

import json

import numpy as np
import pytest

from cvlab.cli.main import main
from cvlab.core import paths
from cvlab.engine.neighbors.subsets import chosen, draw


def run(capsys, *arguments: str) -> dict:
    assert main([*arguments, "--json"]) == 0
    return json.loads(capsys.readouterr().out)


def test_accuracy_is_measured_and_kept(capsys):
    told = run(
        capsys, "knn", "--data", "mnist-mini", "--metric", "l2", "--k", "3", "--train", "1000", "--queries", "200"
    )
    assert told["test_count"] == 200 and told["train_count"] == 1000 and told["k"] == 3
    assert 0.8 < told["accuracy"] < 1 and told["interval"][0] < told["accuracy"] < told["interval"][1]
    assert sum(map(sum, told["confusion"])) == 200
    assert list(paths.runs().glob("knn-*.json")) != [] and told["file"].endswith(f"{told['id']}.json")


def test_tuning_chooses_on_validation_and_tests_once(capsys):
    told = run(capsys, "knn", "tune", "--train", "500", "--folds", "3", "--k", "1,3,50", "--metric", "l1", "--test")
    assert told["k"] == [1, 3, 50] and np.array(told["accuracies"]["l1"]).shape == (3, 3)
    means = np.array(told["accuracies"]["l1"]).mean(axis=0)
    assert told["best"]["mean"] == pytest.approx(means.max()) and told["best"]["k"] != 50
    assert told["test"]["test_count"] == 2000 and told["test"]["accuracy"] > 0.7
    held = run(capsys, "knn", "tune", "--train", "300", "--hold-out", "0.2", "--k", "1", "--metric", "cosine")
    assert held["split"].startswith("240 to look up in, 60 held out")


def test_wrong_wishes_get_a_word(capsys):
    assert main(["knn", "--k", "0", "--queries", "5"]) == 2
    assert "whole number from 1 to" in capsys.readouterr().err
    assert main(["knn", "--metric", "dot", "--weighted", "--queries", "5"]) == 2
    assert "inner product" in capsys.readouterr().err
    assert main(["knn", "tune", "--train", "100", "--hold-out", "0.001"]) == 2
    assert "validation split is empty" in capsys.readouterr().err
    assert main(["knn", "--metric", "linf"]) == 2


def test_a_subset_keeps_the_shares_of_the_classes():
    labels = np.repeat([0, 1, 2], [60, 30, 10])
    kept = chosen(labels, 10)
    assert np.bincount(labels[kept]).tolist() == [6, 3, 1] and np.array_equal(kept, np.sort(kept))
    assert np.array_equal(chosen(labels, 10), kept) and not np.array_equal(chosen(labels, 10, seed=1), kept)
    assert len(chosen(labels, 7)) == 7 and len(chosen(labels, 0)) == len(chosen(labels, 1000)) == 100
    images = np.arange(100)
    assert draw(images, labels, 0)[0] is images
