"""`cvlab data` as a script would use it: its own images in, looked at, trained on, and gone again."""

import numpy as np
import pytest

from cvlab.core import paths
from cvlab.core.storage.run_folder import RunFolder
from cvlab.engine.data import catalogue
from cvlab.engine.nets import zoo
from cvlab.engine.training.recipe import Recipe
from tests.cli.test_cli import call, call_json
from tests.engine.data.pictures import noise, two_classes, write


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
    assert status == 2 and document["error"]["kind"] == "UsageError" and "no data set called" in err


def test_import_says_what_was_left_out(capsys, animals):
    status, out, err = call(capsys, "data", "import", str(animals))
    assert (
        status == 0 and "1 file was left out:\n  train/cat/bad.png: an empty file" in out and "Looking through" in err
    )


def test_an_imported_set_can_be_trained_on(capsys, animals):
    call(capsys, "data", "import", str(animals), "--title", "Pets")
    status, result, _ = call_json(capsys, "train", "two-layer", "--data", "pets", "--epochs", "1")
    assert status == 0 and 0 <= result["test_accuracy"] <= 1


def test_a_set_that_a_run_needs(capsys, animals, tmp_path):
    """Refused while a run trains on it, removed with a warning where one could be resumed; that run then says what is missing."""
    (animals / "train/cat/bad.png").unlink()
    call(capsys, "data", "import", str(animals), "--title", "Pets")
    entry = catalogue.find("pets", paths.data())
    recipe = Recipe(data="pets", epochs=1, threads=1, device="cpu")
    folder = RunFolder.create(paths.runs(), zoo.two_layer(entry.image_shape, 2), recipe, "Mine")
    folder.lock.take()
    status, document, _ = call_json(capsys, "data", "remove", "pets")
    assert status == 1 and "in use" in document["error"]["what"] and "Mine" in document["error"]["what"]
    assert "Stop the run" in document["error"]["remedy"] and catalogue.find("pets", paths.data())
    folder.lock.release()
    status, result, _ = call_json(capsys, "resume", folder.record.id)
    assert status == 0 and RunFolder.open(folder.path).record.data_source == str(animals)
    assert call_json(capsys, "data", "remove", "pets")[1]["unfinished_runs"] == [], "a finished run needs it no more"
    call(capsys, "data", "import", str(animals), "--title", "Pets")
    record = RunFolder.open(folder.path).record
    record.status = "stopped"
    RunFolder(folder.path, record).write_record()
    status, result, err = call_json(capsys, "data", "remove", "pets")
    assert status == 0 and result["unfinished_runs"] == ["Mine"] and "1 unfinished run was trained on it" in err
    for verb in (["resume", record.id], ["runs", "export", record.id, str(tmp_path / "out")]):
        status, document, _ = call_json(capsys, *verb)
        said = document["error"]
        assert status == 1 and said["what"].startswith(
            "The data set “Pets” (pets) that this run was trained on is no longer"
        )
        assert str(animals) in said["remedy"] and "Did you mean" not in said["remedy"]
    (animals / "test/dog").mkdir(exist_ok=True)
    write(animals, {"test/dog/another.png": noise(5)})
    call(capsys, "data", "import", str(animals), "--title", "Pets")
    status, document, _ = call_json(capsys, "resume", record.id)
    assert status == 1 and "are not those that this run was trained on" in document["error"]["what"]
    status, document, _ = call_json(capsys, "train", "two-layer", "--data", "mnst")
    assert "Did you mean mnist" in document["error"]["remedy"], "a misspelled name still is one"


def test_wrong_arguments_and_nothing_to_import(capsys, tmp_path):
    status, document, _ = call_json(capsys, "data", "import", str(tmp_path), "--size", "1")
    assert status == 2 and document["error"]["kind"] == "UsageError"
    status, document, _ = call_json(capsys, "data", "import", str(tmp_path))
    assert status == 1 and document["error"]["kind"] == "DataError"


def test_stats_of_the_sample_are_mnists(capsys):
    status, found, _ = call_json(capsys, "data", "stats", "mnist-mini", "--part", "test")
    assert status == 0 and len(found["classes"]) == 10 and found["all"]["count"] == 2_000
    assert np.allclose(np.array(found["all"]["mean"]) / 255, 0.1325, atol=0.003)
