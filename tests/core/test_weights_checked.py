"""A weights file whose numbers are not those that were saved, or not finite, is refused in a sentence wherever it is read."""

import hashlib
import json
import shutil

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image
from safetensors import numpy as safe_numpy

from cvlab.cli.main import main
from cvlab.core import paths
from cvlab.core.export import ScriptExport
from cvlab.core.jobs import JobControl
from cvlab.core.runs import Runs
from cvlab.core.storage.net_folder import WEIGHTS as NET_WEIGHTS
from cvlab.core.storage.net_folder import NetFolder
from cvlab.core.storage.run_folder import AVERAGE, RESUME, WEIGHTS, RunFolder
from cvlab.engine.errors import NotOurFile
from cvlab.engine.nets import zoo
from cvlab.engine.nets.build import build
from cvlab.engine.nets.exchange.assembler import Imported
from cvlab.engine.nets.exchange.weights_file import read_weights_file
from cvlab.engine.nets.weights import verify_checksum
from cvlab.engine.training.checkpoint import read_weights, restore, resume_bytes, weights_bytes
from cvlab.engine.training.learner import Learner
from cvlab.engine.training.recipe import Recipe

from .conftest import wait
from .drivers import processes

NET = zoo.linear_classifier()
RECIPE = Recipe(batch_size=100, epochs=2, threads=1, device="cpu", averaging=0.9)
ARRAYS = {
    "a.weight": np.arange(12, dtype=np.float32).reshape(3, 4), "a.bias": np.zeros(3, np.float32),
    "count": np.array(7, np.int64), "none": np.zeros((0, 2), np.float32),
}  # fmt: skip
SOME = {name: value.numpy() for name, value in build(NET, 0).state_dict().items()}


@given(st.data())
@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.differing_executors])
def test_a_changed_byte_is_noticed_or_changes_nothing(data):
    whole = weights_bytes(ARRAYS)
    place = data.draw(st.integers(0, len(whole) - 1))
    changed = bytearray(whole)
    changed[place] ^= data.draw(st.integers(1, 255))
    for read in (read_weights, lambda content: read_weights_file(content, ".safetensors")):
        try:
            found = read(bytes(changed))
        except NotOurFile as error:
            assert error.what.endswith(".")
        else:
            assert set(found) == set(ARRAYS)
            for name, value in ARRAYS.items():
                assert found[name].dtype == value.dtype and np.array_equal(found[name], value), name


@given(st.integers(1, 10**6))
def test_a_file_that_is_cut_off_is_refused(cut):
    whole = weights_bytes(ARRAYS)
    with pytest.raises(NotOurFile):
        read_weights(whole[: -1 - cut % len(whole)])


def test_files_without_a_checksum_still_load():
    for metadata in ({"cvlab": "weights"}, {"format": "pt"}, None):
        data = safe_numpy.save(ARRAYS, metadata=metadata)
        assert set(read_weights(data)) == set(ARRAYS) == set(read_weights_file(data, ".safetensors"))
    assert weights_bytes(ARRAYS, checksum=False) == safe_numpy.save(ARRAYS, metadata={"cvlab": "weights"})
    assert weights_bytes(ARRAYS) == weights_bytes(dict(reversed(ARRAYS.items()))), "the same bytes every time"


def test_the_shipped_nets_have_a_checksum():
    files = list((paths.resources() / "models").glob("*/weights-final.safetensors"))
    assert len(files) == 2
    for file in files:
        data = bytearray(file.read_bytes())
        header = json.loads(data[8 : 8 + int.from_bytes(data[:8], "little")])
        assert "crc32=" in header["__metadata__"]["cvlab"]
        verify_checksum(bytes(data), read_weights(bytes(data)))
        data[-5] ^= 1
        with pytest.raises(NotOurFile, match="checksum"):
            read_weights(bytes(data))


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    """The folder of a finished run."""
    runs = Runs(tmp_path_factory.mktemp("runs"), lambda dataset_id: processes.few_digits(25))
    run = runs.start(NET, RECIPE)
    wait(run)
    return run.folder.path


def flipped(data):
    changed = bytearray(data)
    changed[-3] ^= 0x10
    return bytes(changed)


def poisoned(data, number=np.nan):
    weights = {name: value.copy() for name, value in read_weights(data).items()}
    max(weights.values(), key=lambda value: value.size).reshape(-1)[5] = number
    return weights_bytes(weights)


HARMS = {
    "damaged": (flipped, "checksum does not match"),
    "NaN": (poisoned, "1 of .* numbers that are not finite"),
    "infinite": (lambda data: poisoned(data, -np.inf), "1 of .* numbers that are not finite"),
}


@pytest.mark.parametrize("harm", HARMS)
def test_a_run_with_harmed_weights_says_so(finished, tmp_path, home, capsys, harm, few_digits):
    change, words = HARMS[harm]
    path = paths.runs() / finished.name
    shutil.copytree(finished, path)
    for name in (WEIGHTS, AVERAGE):
        (path / name).write_bytes(change((path / name).read_bytes()))
    folder = RunFolder.open(path)
    for read in (folder.trained, lambda: folder.trained(average=True)):
        with pytest.raises(NotOurFile, match=words):
            read()
    with pytest.raises(NotOurFile, match=words):
        ScriptExport(path, tmp_path / "out", lambda dataset_id: few_digits).run(JobControl())
    assert not list((tmp_path / "out").glob("*"))
    picture = tmp_path / "digit.png"
    Image.new("L", (28, 28), 255).save(picture)
    assert main(["predict", str(path), str(picture)]) == 1
    said = capsys.readouterr().err
    assert "checksum" in said or "not finite" in said


@pytest.mark.parametrize("harm", HARMS)
def test_an_imported_net_with_harmed_weights_says_so(tmp_path, harm):
    change, words = HARMS[harm]
    folder = NetFolder.create(tmp_path, Imported(NET.flat, weights=SOME), "Mine")
    assert folder.trained().weights().keys() == SOME.keys()
    file = folder.path / NET_WEIGHTS
    file.write_bytes(change(file.read_bytes()))
    with pytest.raises(NotOurFile, match=words):
        NetFolder.open(folder.path).trained()


def test_a_net_that_an_earlier_version_has_kept_is_not_kept_twice(tmp_path):
    imported = Imported(NET.flat, weights=SOME)
    told = (imported.net.model_dump_json(), str(imported.preprocessing), str(imported.classes), "Mine")
    plain = safe_numpy.save(SOME, metadata={"cvlab": "weights"})
    assert NetFolder.create(tmp_path, imported, "Mine").record.id.endswith(
        hashlib.sha256(plain + "\0".join(told).encode()).hexdigest()[:12]
    )


def test_a_state_that_is_not_finite_is_told_and_an_earlier_one_taken(finished, tmp_path, few_digits):
    """As earlier versions saved it: the checksum is right, the weights are not."""
    path = tmp_path / finished.name
    shutil.copytree(finished, path)
    folder = RunFolder.open(path)
    learner = Learner(NET, few_digits, RECIPE)
    folder.restore_state(learner)
    with torch.no_grad():
        learner.parameters[0].view(-1)[3] = torch.nan
    for file in (path / RESUME, folder.checkpoints.at(learner.step).path):
        file.unlink()
        file.write_bytes(resume_bytes(learner))
    again = Runs(tmp_path, lambda dataset_id: few_digits).resume(path)
    wait(again)
    assert again.state.status == "finished" and "not finite" in again.state.notice and "step 4" in again.state.notice


def test_a_learner_that_is_given_a_state_that_is_not_finite_stays_as_it_was(few_digits):
    learner, fresh = (Learner(NET, few_digits, RECIPE) for _ in range(2))
    before = fresh.weights()
    learner.advance()
    with torch.no_grad():
        learner.parameters[0].view(-1)[3] = torch.nan
    with pytest.raises(NotOurFile, match="not finite"):
        restore(fresh, resume_bytes(learner))
    assert fresh.step == 0 and all(np.array_equal(value, before[name]) for name, value in fresh.weights().items())


def test_weights_that_are_no_longer_finite_end_the_run_and_do_not_replace_what_was_saved(runs, monkeypatch):
    advance = Learner.advance

    def broken(learner):
        result = advance(learner)
        if learner.step == 8:  # the last of the second epoch: the loss would show it at the next step only
            with torch.no_grad():
                learner.parameters[0].view(-1)[3] = torch.inf
        return result

    monkeypatch.setattr(Learner, "advance", broken)
    run = runs.start(NET, RECIPE.changed(**{"optimizer.learning_rate": 0.01}))
    wait(run)
    failure = run.state.failure
    assert run.state.status == "failed" and "no longer finite" in failure.title and "1 of" in failure.what
    assert failure.suggestion == pytest.approx(0.001) and failure.setting == "optimizer.learning_rate"
    folder = RunFolder.open(run.folder.path)
    assert all(np.isfinite(value).all() for value in folder.trained().weights().values())
    monkeypatch.setattr(Learner, "advance", advance)
    again = runs.resume(run.folder.path)
    wait(again)
    assert again.state.status == "finished"
