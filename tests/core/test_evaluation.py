"""Whether a run reads the test set is the driver's word; asked for later, the figure is the one that it would have had."""

from __future__ import annotations

import pytest
import torch

from cvlab.core.evaluation import EvaluateOnTest
from cvlab.core.jobs import JobControl
from cvlab.core.run import Run
from cvlab.core.runs import Runs
from cvlab.core.storage.run_folder import RunFolder
from cvlab.engine.errors import CorruptData, NotOurFile
from cvlab.engine.nets import zoo
from cvlab.engine.training.recipe import Recipe

RECIPES = (
    {}, {"channels_last": True, "loss": {"kind": "hinge"}}, {"averaging": 0.9}, {"preprocessing": "mean-image"},
    {"early_stopping": {"patience": 1}}, {"held_out": 0.0},
)  # fmt: skip


class Unreadable:
    """A test set that fails whoever looks at it."""

    def __len__(self) -> int:
        return 10

    def __getattr__(self, name: str):
        raise AssertionError(f"the test set was read: {name}")


def trained(root, data, settings, *, reads_test=True) -> RunFolder:
    runs = Runs(root, lambda _: data, reads_test=lambda: reads_test)
    recipe = Recipe.read(
        {"epochs": 2, "batch_size": 50, "threads": 1, "data": "mnist-mini", "held_out": 0.2} | settings
    )
    run = runs.start(zoo.two_layer(), recipe)
    run.join()
    run.deliver()
    assert run.state.failure is None, run.state.failure
    return RunFolder.open(run.folder.path)


@pytest.mark.parametrize("settings", RECIPES, ids=lambda settings: "-".join(settings) or "plain")
def test_a_figure_that_is_asked_for_is_that_of_the_end_of_the_run(tmp_path, few_digits, settings):
    torch.set_num_threads(1)
    want = trained(tmp_path / "read", few_digits, settings).record
    folder = trained(tmp_path / "unread", few_digits, settings, reads_test=False)
    assert "test_accuracy" not in folder.record.result and folder.record.times_test_read == 0
    assert want.times_test_read == 1
    for times in (1, 2):
        got = EvaluateOnTest(folder.path, lambda _: few_digits).run(JobControl())
        assert got.times_test_read == times
        for name in ("test_accuracy", "test_loss"):
            assert got.result[name] == want.result[name]
    assert Run.read(RunFolder.open(folder.path)).state.test_accuracy == want.result["test_accuracy"]
    kept = {key: value for key, value in got.result.items() if key not in ("seconds", "images_per_second")}
    assert kept == {key: value for key, value in want.result.items() if key in kept}


def test_a_run_that_is_not_to_read_the_test_set_never_touches_it(tmp_path, few_digits):
    from dataclasses import replace

    data = replace(few_digits, test=Unreadable())
    trained(tmp_path, data, {}, reads_test=False)


def test_other_data_and_runs_without_weights_are_refused(tmp_path, few_digits):
    folder = trained(tmp_path, few_digits, {}, reads_test=False)
    folder.record.data_digest = "0" * 64
    folder.write_record()
    with pytest.raises(CorruptData):
        EvaluateOnTest(folder.path, lambda _: few_digits).run(JobControl())
    (folder.path / "weights-final.safetensors").unlink()
    with pytest.raises(NotOurFile):
        EvaluateOnTest(folder.path, lambda _: few_digits).run(JobControl())
    assert RunFolder.open(folder.path).record.times_test_read == 0
