"""`cvlab data` as a script would use it: its own images in, looked at, trained on, and gone again."""

import numpy as np
import pytest

from cvlab.core import paths
from tests.cli.test_cli import call, call_json
from tests.engine.data.pictures import two_classes, write


@pytest.fixture
def animals(tmp_path):
    return write(tmp_path / "animals", two_classes(8, 3) | {"train/cat/bad.png": b""})


def test_import_look_stats_and_remove(capsys, animals):
    status, seen, _ = call_json(capsys, "data", "import", str(animals), "--look")
    assert status == 0 and seen["train_count"] == 17 and not paths.data().exists()
    status, made, _ = call_json(
        capsys, "data", "import", str(animals), "--title", "Pets", "--size", "12", "--colour", "grey"
    )
    assert status == 0 and made["id"] == "pets" and made["image_shape"] == [1, 12, 12]
    assert made["skipped"] == [["train/cat/bad.png", "an empty file"]]
    assert [d["id"] for d in call_json(capsys, "data", "list")[1]["datasets"] if d["kind"] == "own"] == ["pets"]
    assert call_json(capsys, "data", "info", "pets")[1]["classes"] == ["cat", "dog"]
    status, stats, _ = call_json(capsys, "data", "stats", "pets")
    assert [row["count"] for row in stats["classes"]] == [8, 8] and len(stats["all"]["mean"]) == 1
    assert call_json(capsys, "data", "remove", "pets")[0] == 0
    status, document, err = call_json(capsys, "data", "info", "pets")
    assert status == 1 and document["error"]["kind"] == "DataError" and "no data set called" in err


def test_import_says_what_was_left_out(capsys, animals):
    status, out, err = call(capsys, "data", "import", str(animals))
    assert (
        status == 0 and "1 file was left out:\n  train/cat/bad.png: an empty file" in out and "Looking through" in err
    )


def test_an_imported_set_can_be_trained_on(capsys, animals):
    call(capsys, "data", "import", str(animals), "--title", "Pets")
    status, result, _ = call_json(capsys, "train", "two-layer", "--data", "pets", "--epochs", "1")
    assert status == 0 and 0 <= result["test_accuracy"] <= 1


def test_wrong_arguments_and_nothing_to_import(capsys, tmp_path):
    status, document, _ = call_json(capsys, "data", "import", str(tmp_path), "--size", "1")
    assert status == 2 and document["error"]["kind"] == "RecipeError"
    status, document, _ = call_json(capsys, "data", "import", str(tmp_path))
    assert status == 1 and document["error"]["kind"] == "DataError"


def test_stats_of_the_sample_are_mnists(capsys):
    status, found, _ = call_json(capsys, "data", "stats", "mnist-mini", "--part", "test")
    assert status == 0 and len(found["classes"]) == 10 and found["all"]["count"] == 2_000
    assert np.allclose(np.array(found["all"]["mean"]) / 255, 0.1325, atol=0.003)
