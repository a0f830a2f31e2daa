"""Runs handed on: a script with its data, whole or not at all, and TensorBoard's files for runs that have none."""

import io

import numpy as np
import pytest
import torch

from cvlab.core.export import BoardExport, ScriptExport, board_folder
from cvlab.core.jobs import JobControl
from cvlab.core.storage.record import RECORD
from cvlab.core.storage.run_folder import RunFolder
from cvlab.engine.errors import Cancelled, DataMissing, NotOurFile
from cvlab.engine.nets import zoo
from cvlab.engine.training.events import EpochEnd, KnobTurned, RunFinished, RunStarted, StepEnd
from cvlab.engine.training.recipe import Recipe

from ..engine.training.test_tensorboard import figures

RECIPE = Recipe(batch_size=40, threads=1, device="cpu", epochs=1)


@pytest.fixture
def old_run(tmp_path):
    """A run as one was before TensorBoard's files were written beside it."""
    folder = RunFolder.create(tmp_path / "runs", zoo.linear_classifier(), RECIPE)
    folder.log(RunStarted("CPU", 1, 360, 40, 1, 9, 7850))
    for step in range(1, 10):
        folder.log(StepEnd(step, 1, 2.0 / step, 0.5, 0.1, 40, step * 0.1))
    folder.log(KnobTurned(5, "optimizer.learning_rate", 0.1, 0.01))
    folder.log(EpochEnd(1, 9, 1.0, 0.5, 0.6, 0.7, 0.1, 0.9, 500.0))
    folder.log(RunFinished(9, 1, 1.0, False, 0.3, 0.88))
    folder.close()
    for path in folder.board.path.iterdir():
        path.unlink()
    return folder


class Reports(JobControl):
    def __init__(self, cancel_at=2.0):
        super().__init__()
        self.shares, self._cancel_at = [], cancel_at

    def report(self, progress):
        self.shares.append(progress)
        if progress >= self._cancel_at:
            self.cancel()


def test_boards_are_written_for_those_that_have_none(old_run):
    assert not old_run.board.is_there
    assert BoardExport((old_run.path,)).run(JobControl()) == 1
    assert old_run.board.is_there and board_folder((old_run.path,)) == old_run.board.path
    (path,) = old_run.board.path.iterdir()
    found = figures(path.read_bytes())
    assert [found[step, "loss/batch"] for step in range(1, 10)] == [pytest.approx(2.0 / step) for step in range(1, 10)]
    assert found[9, "accuracy/test"] == pytest.approx(0.88)
    assert found[5, "knobs/optimizer.learning_rate"] == pytest.approx(0.01)
    before = path.read_bytes()
    assert BoardExport((old_run.path,)).run(JobControl()) == 0 and path.read_bytes() == before
    assert board_folder((old_run.path, old_run.path)) == old_run.path.parent


def test_a_record_without_a_time_does_not_stop_it(old_run):
    old_run.record.created = "some day"
    old_run.write_record()
    assert BoardExport((old_run.path,)).run(JobControl()) == 1


def test_a_script_comes_with_progress_its_data_and_what_it_cannot_repeat(old_run, few_digits, tmp_path):
    control, target = Reports(), tmp_path / "out" / "here"
    files = ScriptExport(old_run.path, target, lambda dataset_id: few_digits).run(control)
    assert [path.name for path in files] == ["train.py", "data.npz"]
    assert control.shares[0] == 0.0 and control.shares[-1] == 1.0 and control.shares == sorted(control.shares)
    assert "was changed from 0.1 to 0.01 before step 5" in files[0].read_text()
    with np.load(files[1], allow_pickle=False) as data:
        np.testing.assert_array_equal(data["train_images"], few_digits.train.images.numpy())
        np.testing.assert_array_equal(data["test_labels"], few_digits.test.labels.numpy())


def test_a_run_that_began_with_trained_weights_hands_them_on(few_digits, tmp_path):
    net = zoo.linear_classifier()
    begin = {"fc1.weight": np.full((10, 784), 0.5, np.float32)}
    folder = RunFolder.begin_with(tmp_path / "runs", net, RECIPE, begin, "an old friend")
    files = ScriptExport(folder.path, tmp_path / "out", lambda dataset_id: few_digits).run(JobControl())
    assert [path.name for path in files] == ["train.py", "data.npz", "first-weights.pth"]
    assert "It begins with the weights of an old friend." in files[0].read_text()
    found = torch.load(files[2], weights_only=True)
    assert list(found) == ["fc1.weight"] and found["fc1.weight"].numpy() == pytest.approx(begin["fc1.weight"])
    assert folder.fork(RECIPE.changed(seed=3)).first_weights()["fc1.weight"].shape == (10, 784)
    (folder.path / "branch.safetensors").unlink()
    runs = len(list(folder.path.parent.iterdir()))
    with pytest.raises(NotOurFile, match="began with"):
        folder.fork(RECIPE.changed(seed=3))
    assert len(list(folder.path.parent.iterdir())) == runs, "what cannot be forked leaves nothing"
    with pytest.raises(NotOurFile, match="began with"):
        ScriptExport(folder.path, tmp_path / "out", lambda dataset_id: few_digits).run(JobControl())


def test_a_cancelled_export_leaves_nothing(old_run, few_digits, tmp_path):
    with pytest.raises(Cancelled):
        ScriptExport(old_run.path, tmp_path / "out", lambda dataset_id: few_digits).run(Reports(cancel_at=0.5))
    assert not (tmp_path / "out").exists()


def test_deleted_data_end_in_their_own_words(old_run, tmp_path):
    def gone(dataset_id):
        raise DataMissing("The data are not on this machine.")

    with pytest.raises(DataMissing):
        ScriptExport(old_run.path, tmp_path / "out", gone).run(JobControl())
    assert not (tmp_path / "out").exists() and (old_run.path / RECORD).exists()


def test_the_data_file_is_a_plain_npz(few_digits):
    from cvlab.engine.data.preprocessing import Preprocessing
    from cvlab.engine.training.script import data_file

    with np.load(io.BytesIO(data_file(few_digits, Preprocessing())), allow_pickle=False) as data:
        assert sorted(data.files) == ["test_images", "test_labels", "train_images", "train_labels"]
