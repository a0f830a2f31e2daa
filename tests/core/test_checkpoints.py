"""The past of a run: thinned within bounds, gone back to, branched from; damaged, locked, followed."""

import json
import os
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cvlab.core.runs import Run, Runs
from cvlab.core.storage import checkpoints
from cvlab.core.storage.checkpoints import is_early_mark, least_missed
from cvlab.core.storage.lock import LOCK, RunLock
from cvlab.core.storage.metrics import METRICS
from cvlab.core.storage.run_folder import RESUME, RunFolder
from cvlab.engine.errors import DataMissing, NotOurFile, TrainingError
from cvlab.engine.nets import zoo
from cvlab.engine.training.events import StepEnd
from cvlab.engine.training.recipe import Recipe
from tests.core.conftest import wait

RECIPE = Recipe(batch_size=40, epochs=2, threads=1, device="cpu")
NET = zoo.linear_classifier()


def losses(folder):
    return {e.step: e.loss for e in folder.events() if isinstance(e, StepEnd)}


def finished(runs, recipe=RECIPE, net=NET):
    run = runs.start(net, recipe)
    wait(run)
    assert run.state.status == "finished", run.state.failure
    return run


@given(st.lists(st.integers(0, 10**6), min_size=3, max_size=60, unique=True).map(sorted), st.integers(0, 59))
def test_first_last_and_best_are_never_missed_least(steps, place):
    best = steps[place % len(steps)]
    gone = least_missed(steps, best)
    assert gone is None or (gone in steps and gone not in (steps[0], steps[-1], best))


def test_thinning_leaves_an_even_past():
    kept = []
    for step in range(0, 2001, 10):
        kept.append(step)
        while len(kept) > 20:
            kept.remove(least_missed(kept))
    assert kept[0] == 0 and kept[-1] == 2000
    gaps = np.diff(kept)
    assert gaps.max() <= 250, kept  # even: 105
    assert gaps[:5].max() < gaps[-5:].min(), "early steps stand closer"


def test_early_marks():
    assert [s for s in range(40) if is_early_mark(s, 36)] == [1, 2, 4, 8, 16, 32]


def test_a_run_keeps_its_past(runs, few_digits):
    run = finished(runs)
    points = run.folder.checkpoints.all()
    assert [(p.step, p.epoch) for p in points] == [(0, 0), (1, 0), (2, 0), (4, 0), (8, 0), (9, 1), (18, 2)]
    first = run.folder.trained_at(0).predict(few_digits.test.images)
    last = run.folder.trained_at(18).predict(few_digits.test.images)
    np.testing.assert_array_equal(last, run.folder.trained().predict(few_digits.test.images))
    right = few_digits.test.labels.numpy()
    assert (last.argmax(1) == right).mean() > (first.argmax(1) == right).mean()
    with pytest.raises(NotOurFile, match="no checkpoint of step 3"):
        run.folder.trained_at(3)


def test_the_past_is_bounded(runs, monkeypatch):
    monkeypatch.setattr(checkpoints, "MOST", 5)
    run = finished(runs, RECIPE.changed(epochs=12))
    steps = [p.step for p in run.folder.checkpoints.all()]
    assert len(steps) == 5 and steps[0] == 0 and steps[-1] == 108 and run.folder.checkpoints.best in steps
    monkeypatch.setattr(checkpoints, "BUDGET", 1)
    run.folder.checkpoints.thin()
    assert len(run.folder.checkpoints.all()) in (2, 3), "first, last and best stay"


def test_a_branch_with_the_same_recipe_ends_as_its_parent(runs):
    parent = finished(runs)
    branch = runs.branch(parent.folder.path, 9)
    wait(branch)
    assert branch.state.status == "finished" and losses(branch.folder) == losses(parent.folder)
    assert branch.folder.record.parent.model_dump() == {"run": parent.id, "step": 9}
    assert len(branch.curves["loss"]) == 18, "the curve holds what came before"
    assert RunFolder.open(parent.folder.path).record.status == "finished"


def test_a_branch_with_another_recipe_differs_only_after_it(runs):
    parent = finished(runs)
    branch = runs.branch(parent.folder.path, 9, RECIPE.changed(**{"optimizer.lr": 0.1, "epochs": 3}))
    wait(branch)
    mine, theirs = losses(branch.folder), losses(parent.folder)
    assert all(mine[s] == theirs[s] for s in range(1, 11)) and mine[11] != theirs[11] and max(mine) == 27
    assert branch.recipe.optimizer.learning_rate == 0.1
    assert RunFolder.open(branch.folder.path).record.recipe.epochs == 3


def test_a_fork_starts_from_the_same_weights_and_order(runs):
    parent = finished(runs)
    fork = runs.fork(parent.folder.path, RECIPE.changed(**{"optimizer.lr": 0.01}))
    wait(fork)
    mine, theirs = losses(fork.folder), losses(parent.folder)
    assert mine[1] == theirs[1] and mine[2] != theirs[2]
    assert fork.folder.record.parent.step == 0


def test_a_damaged_newest_state_gives_way_to_an_older_one(runs):
    run = finished(runs)
    whole = losses(run.folder)
    # A link, as a checkpoint of the last epoch is: damage reaches both.
    data = bytearray((run.folder.path / RESUME).read_bytes())
    data[-100] ^= 1
    for path in (run.folder.path / RESUME, run.folder.checkpoints.at(18).path):
        path.unlink()
        path.write_bytes(data)
    again = runs.resume(run.folder.path)
    wait(again)
    assert again.state.status == "finished" and "step 9" in again.state.notice
    assert losses(again.folder) == whole


def test_other_data_than_before_are_refused(tmp_path, few_digits):
    runs = Runs(tmp_path, lambda dataset_id: few_digits)
    run = finished(runs)
    other = Runs(tmp_path, lambda dataset_id: replace(few_digits, digest="f" * 64))
    again = other.resume(run.folder.path)
    wait(again)
    assert "not those" in again.state.failure.what and (run.folder.path / RESUME).exists()


def test_two_cannot_train_in_one_folder(runs):
    run = finished(runs)
    owner = RunLock(run.folder.path)
    owner.take()
    again = runs.resume(run.folder.path)
    wait(again)
    assert "trained already" in again.state.failure.what and str(os.getpid()) in again.state.failure.received
    assert RunFolder.open(run.folder.path).record.status == "finished", "nothing was written there"
    with pytest.raises(TrainingError):
        RunLock(run.folder.path).take()
    owner.release()
    assert not (run.folder.path / LOCK).exists()


def test_a_lock_of_a_process_that_is_gone_is_none(tmp_path):
    code = (
        f"from cvlab.core.storage.lock import RunLock; import pathlib; RunLock(pathlib.Path({str(tmp_path)!r})).take()"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
    lock = RunLock(tmp_path)
    assert json.loads((tmp_path / LOCK).read_text())["pid"] and lock.owner() is None
    lock.take()
    assert lock.owner()["pid"] == os.getpid()
    lock.release()
    (tmp_path / LOCK).write_text("{")
    lock.take()
    lock.release()


def test_a_run_of_another_process_can_be_followed(runs):
    run = finished(runs)
    path = run.folder.path / METRICS
    lines = path.read_text().splitlines(keepends=True)
    path.write_text("".join(lines[:5]) + lines[5][:10])
    record = run.folder.record
    record.status = "running"
    run.folder.write_record()
    owner = RunLock(run.folder.path)
    owner.take()
    watched = Run.read(RunFolder.open(run.folder.path))
    assert (watched.state.status, watched.state.step, watched.is_active) == ("running", 4, False)
    assert not watched.follow()
    with path.open("a") as file:
        file.write(lines[5][10:] + "".join(lines[6:]))
    assert watched.follow() and watched.state.step == 18 and watched.state.test_accuracy == run.state.test_accuracy
    owner.release()


def test_notes_are_kept_beside_the_run(runs):
    run = finished(runs)
    run.folder.annotate(text="good", tags=("a", "b"))
    run.folder.annotate(starred=True, title="My best")
    again = RunFolder.open(run.folder.path)
    assert (again.notes.text, again.notes.tags, again.notes.starred, again.title) == (
        "good",
        ("a", "b"),
        True,
        "My best",
    )
    with pytest.raises(NotOurFile, match="title"):
        again.annotate(title="x" * 1000)


def test_a_queue_takes_its_turns(runs):
    order = []
    runs.started.connect(lambda run: order.append(run.title))
    for title in ("one", "two", "three", "four"):
        runs.queue(NET, RECIPE.changed(epochs=1), title=title)
    assert order == ["one"] and [w.title for w in runs.waiting] == ["two", "three", "four"]
    runs.unqueue(runs.waiting[1].id)
    runs.line.move(runs.waiting[1].id, 0)
    while runs.waiting or runs.current.is_active:
        runs.current.join(0.01)
        runs.deliver()
    assert order == ["one", "four", "two"]


def test_views_come_while_it_trains_and_while_it_is_paused(runs):
    run = runs.start(NET, RECIPE.changed(epochs=1000))
    seen = []
    run.view_changed.connect(seen.append)
    run.ask("confusion")
    wait(run, lambda: bool(seen))
    run.pause()
    run.ask("filters")
    wait(run, lambda: "filters" in run.views)
    assert run.views["filters"].content.filters.shape == (10, 1, 28, 28)
    run.stop()
    wait(run)


def test_data_that_are_gone_end_in_a_sentence_and_lose_nothing(tmp_path, few_digits):
    run = finished(Runs(tmp_path, lambda dataset_id: few_digits))

    def gone(dataset_id):
        raise DataMissing("MNIST is not here.", remedy="Get it.")

    again = Runs(tmp_path, gone).resume(run.folder.path)
    wait(again)
    assert again.state.failure.what == "MNIST is not here." and again.state.failure.remedy == "Get it."
    back = Runs(tmp_path, lambda dataset_id: few_digits).resume(run.folder.path)
    wait(back)
    assert back.state.status == "finished" and losses(back.folder) == losses(run.folder)
