"""What was changed while a run trained, and its figures: the record, the lists and the curves say the same, however it went."""

from __future__ import annotations

import csv
import json

import numpy as np
import pytest

from cvlab.core.export import ScriptExport, TableExport, table_row
from cvlab.core.jobs import JobControl
from cvlab.core.run import Run
from cvlab.core.run_list import read_rows, settings_of
from cvlab.core.storage.run_folder import RunFolder
from cvlab.engine.nets import zoo
from cvlab.engine.training.control import Control
from cvlab.engine.training.events import EpochEnd, KnobTurned, RunFinished, StepEnd
from cvlab.engine.training.fit import fit
from cvlab.engine.training.learner import Learner
from cvlab.engine.training.recipe import Recipe

NEW = {"batch_size": 30.0}
FIGURES = ("held_out_accuracy", "held_out_loss")


def train(folder: RunFolder, data, *, resume=False, turns=(), stop_at=0, kill_at=0) -> RunFolder:
    """Trains in this thread as `Run` does. turns: (step, setting, value). stop_at: after that step; kill_at: without an end."""
    from cvlab.core.keeper import Keeper

    learner, control = Learner(folder.record.architecture, data, folder.record.recipe), Control()
    if resume:
        folder.restore(learner)
    folder.record.status = "running"
    folder.describe(learner)
    keeper = Keeper(folder, learner)
    keeper.begin()
    for event in fit(learner, control):
        folder.log(event)
        keeper.keep(event)
        for step, setting, value in turns:
            if step == learner.step and isinstance(event, StepEnd):
                control.turn(setting, value)
        if stop_at and learner.step >= stop_at:
            control.stop()
        if kill_at and learner.step >= kill_at:
            break
    folder._metrics.close()
    folder.board.close()
    return RunFolder.open(folder.path)


@pytest.fixture
def fresh(tmp_path, few_digits):
    def make(**settings) -> RunFolder:
        known = {"epochs": 3, "batch_size": 20, "held_out": 0.2, "threads": 1, "data": "mnist-mini"}
        return RunFolder.create(tmp_path, zoo.linear_classifier(), Recipe.read(known | settings))

    return make


def row_of(folder: RunFolder):
    return next(row for row in read_rows(folder.path.parent) if row.id == folder.path.name)


def same_figures(folder: RunFolder) -> None:
    """The table and the tile, which is made of the metrics."""
    row, state = row_of(folder), Run.read(RunFolder.open(folder.path)).state
    for name in FIGURES:
        assert row.figure(name) == getattr(state, name), (name, folder.path.name)


@pytest.mark.parametrize("setting", sorted(Recipe.live()))
def test_every_live_setting_says_what_it_was_changed_to_and_when(fresh, few_digits, setting, tmp_path):
    value = Recipe().look_up(setting)
    new = NEW.get(setting, value / 2 if value else 0.01)
    folder = train(fresh(), few_digits, turns=[(3, setting, new)])
    (change,) = folder.live_changes
    assert (change.step, change.setting, change.new) == (4, setting, pytest.approx(new))
    words = f" → {new:g} at step 4"
    row = row_of(folder)
    shown = {each.name: each.values[0] for each in settings_of([row])}
    if row.record.recipe.uses(setting):
        assert shown[setting].endswith(words)
    assert f"{setting}: {change.old:g} -> {new:g} at step 4" in table_row(row)["live_changes"]
    assert folder.record.recipe.look_up(setting) == change.old  # the recipe stays what the run began with


def test_two_runs_that_differ_by_a_change_alone_are_told_apart(fresh, few_digits, tmp_path):
    turned = train(fresh(), few_digits, turns=[(2, "optimizer.learning_rate", 0.01), (5, "optimizer.lr", 0.02)])
    train(fresh(), few_digits)
    differing = [each for each in settings_of(read_rows(tmp_path)) if each.differs]
    assert [each.name for each in differing] == ["optimizer.learning_rate"]
    assert sorted(differing[0].values) == ["0.001", "0.001 → 0.01 at step 3 → 0.02 at step 6"]
    files = ScriptExport(turned.path, tmp_path / "out", lambda _: few_digits).run(JobControl())
    script = files[0].read_text()
    assert "changed from 0.001 to 0.01 before step 3" in script and "The test set was read once for this run" in script
    rows = tuple(read_rows(tmp_path))
    with TableExport(rows, tmp_path / "runs.csv").run(JobControl()).open(newline="") as file:
        told = list(csv.DictReader(file))
    assert {row["run"] for row in told} == {row.id for row in rows}
    assert any("0.001 -> 0.01 at step 3" in row["live_changes"] for row in told)
    assert {row["test_reads"] for row in told} == {"1"}


def test_a_record_of_an_older_version_says_what_its_metrics_do(fresh, few_digits):
    folder = train(fresh(), few_digits, turns=[(2, "optimizer.learning_rate", 0.01)])
    record = json.loads((folder.path / "run.json").read_text())
    del record["live_changes"], record["test_reads"]
    (folder.path / "run.json").write_text(json.dumps(record))
    again = RunFolder.open(folder.path)
    assert again.live_changes == folder.live_changes and again.record.times_test_read == 1


@pytest.mark.parametrize("seed", range(6))
def test_tables_and_curves_say_the_same_however_a_run_went(fresh, few_digits, seed):
    """Stopped, killed, gone on with, branched off and stopped at once, in random order; the oracle is the metrics file."""
    rng = np.random.default_rng(seed)
    folder = fresh(held_out=float(rng.choice([0.2, 0.0])), epochs=3)
    per_epoch = -(-int(len(few_digits.train) * (1 - folder.record.recipe.held_out)) // 20)
    at = int(rng.integers(per_epoch + 1, 3 * per_epoch - 1))
    rate = [(at - 1, "optimizer.learning_rate", 0.02)]
    folder = train(folder, few_digits, **{str(rng.choice(["stop_at", "kill_at"])): at}, turns=rate)
    same_figures(folder)
    assert row_of(folder).figure("test_accuracy") is None
    point = folder.checkpoints.all()[-1]
    branch = folder.branch(point.step, folder.record.recipe.changed(epochs=4))
    same_figures(branch)  # before it trains
    branch = train(branch, few_digits, resume=True, stop_at=point.step + 1)
    same_figures(branch)
    ends = [event for event in branch.events() if isinstance(event, EpochEnd)]
    if branch.record.recipe.held_out:
        assert row_of(branch).figure("held_out_accuracy") == ends[-1].held_out_accuracy
    assert branch.live_changes == ()
    folder = train(folder, few_digits, resume=True)
    same_figures(folder)
    turned = [event for event in folder.events() if isinstance(event, KnobTurned)]
    assert [(change.step, change.new) for change in folder.live_changes] == [(e.step, e.new) for e in turned]
    assert row_of(folder).figure("test_accuracy") == next(
        e.test_accuracy for e in folder.events() if isinstance(e, RunFinished)
    )
