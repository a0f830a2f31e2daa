"""Where a run goes on that was cut off: from the newest state whose steps are all in the log, else from the one before, else from
its beginning. The log then tells the story without a gap."""

import json
import os
import random
import shutil
from itertools import pairwise

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cvlab.core import leftovers, paths
from cvlab.core.run import Run
from cvlab.core.runs import Runs
from cvlab.core.storage.metrics import METRICS, Coverage, story_until
from cvlab.core.storage.record import Parent
from cvlab.core.storage.run_folder import BRANCH, CHECKPOINTS, RESUME, WEIGHTS, RunFolder
from cvlab.core.weights import Weights
from cvlab.engine.disk import temporary_beside
from cvlab.engine.errors import NotOurFile
from cvlab.engine.nets import zoo
from cvlab.engine.training.events import EpochEnd, KnobTurned, Noticed, RunFailed, RunFinished, RunStarted, StepEnd
from cvlab.engine.training.recipe import Recipe

from .conftest import wait

EXAMPLES = int(os.environ.get("CVLAB_EXAMPLES", "20"))
NET = zoo.linear_classifier()
RECIPE = Recipe(batch_size=100, epochs=3, threads=1, device="cpu")


def deterministic(path):
    """The lines of metrics.jsonl without what depends on the machine's load."""
    lines = [json.loads(line) for line in (path / METRICS).read_text().splitlines()]
    return [{k: v for k, v in line.items() if k not in ("seconds", "images_per_second")} for line in lines]


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """A finished run that kept the states of steps 0, 1, 2, 4, 8 and 12."""
    from tests.core.drivers.processes import few_digits

    data = few_digits(25)
    runs = Runs(tmp_path_factory.mktemp("runs"), lambda dataset_id: data)
    run = runs.start(NET, RECIPE)
    wait(run)
    assert [point.step for point in run.folder.checkpoints.all()] == [0, 1, 2, 4, 8, 12]
    return run.folder.path


@given(st.data())
@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_the_newest_state_whose_steps_are_all_logged_is_gone_on_from(whole, few_digits, tmp_path_factory, data):
    path = tmp_path_factory.mktemp("copy") / whole.name
    shutil.copytree(whole, path)
    lines = (path / METRICS).read_text().splitlines(keepends=True)
    lost = data.draw(st.sets(st.integers(0, len(lines) - 1), max_size=3))
    cut = data.draw(st.sampled_from([0, 0, 0, 5, len(lines)]))
    kept = [line for number, line in enumerate(lines) if number not in lost and number < len(lines) - cut]
    twice = data.draw(st.booleans())
    (path / METRICS).write_text("".join(kept * (2 if twice else 1)))
    removed = data.draw(st.sets(st.sampled_from([4, 8, 12, "resume"])))
    for name in removed:
        for file in [path / RESUME] if name == "resume" else path.glob(f"{CHECKPOINTS}/step-*{name:02}-epoch*"):
            file.unlink()
    # What must come out, told from the lines alone.
    steps = {json.loads(line)["step"] for line in kept if '"StepEnd"' in line}
    epochs = {json.loads(line)["epoch"] for line in kept if '"EpochEnd"' in line}
    there = {0: 0, 1: 0, 2: 0} | {step: step // 4 for step in (4, 8, 12) if step not in removed}
    there |= {} if "resume" in removed else {12: 3}
    expected = max(
        step
        for step, epoch in there.items()
        if steps.issuperset(range(1, step + 1)) and epochs.issuperset(range(1, epoch + 1))
    )
    folder = RunFolder.open(path)
    folder.record.status = "running"
    folder.write_record()
    runs = Runs(path.parent, lambda dataset_id: few_digits)
    again = runs.resume(path)
    wait(again)
    assert again.state.status == "finished", again.state.failure
    told = [line for line in deterministic(path) if line["event"] != "RunStarted"]
    assert told == [line for line in deterministic(whole) if line["event"] != "RunStarted"]
    newest = max(there)
    assert (f"step {expected}." in again.state.notice) == (expected < newest), (expected, newest, again.state.notice)
    assert (path / WEIGHTS).read_bytes() == (whole / WEIGHTS).read_bytes()


events = st.lists(
    st.one_of(
        st.builds(StepEnd, st.integers(1, 9), st.just(1), st.just(1.0), st.just(0.5), st.just(0.1), st.just(5), st.just(0.0)),
        st.builds(EpochEnd, st.integers(1, 4), st.integers(1, 9), st.just(1.0), st.just(0.5), st.none(), st.none(), st.just(0.1),
                  st.just(0.0), st.just(0.0)),
        st.builds(RunStarted, st.sampled_from(["CPU", "GPU"]), st.just(1), st.just(9), st.just(0), st.just(3), st.just(3),
                  st.just(7), st.integers(0, 9)),
        st.builds(KnobTurned, st.integers(1, 9), st.just("optimizer.learning_rate"), st.just(0.1), st.just(0.2)),
        st.builds(Noticed, st.integers(0, 9), st.just("Look.")),
        st.just(RunFinished(9, 3, 1.0, False)), st.just(RunFailed(9, "Stopped", "It did.")),
    ),
    max_size=40,
)  # fmt: skip


@given(events, st.integers(0, 9), st.integers(0, 4))
def test_a_story_has_every_step_once_and_in_order(log, step, epoch):
    kept = story_until(log, step, epoch)
    for kind, number, most in ((StepEnd, "step", step), (EpochEnd, "epoch", epoch)):
        numbers = [getattr(event, number) for event in kept if isinstance(event, kind)]
        assert numbers == sorted(set(numbers)) and all(each <= most for each in numbers)
    assert not any(isinstance(event, RunFinished | RunFailed) for event in kept)
    assert all(getattr(event, "step", 0) <= step and getattr(event, "start_step", 0) <= step for event in kept)
    started = [(e.device, e.steps_per_epoch) for e in kept if isinstance(e, RunStarted)]
    assert all(one != two for one, two in pairwise(started)), "each says something new"
    assert story_until(kept, step, epoch) == kept


@given(st.sets(st.integers(1, 9)), st.sets(st.integers(1, 4)), st.integers(0, 9), st.integers(0, 4))
def test_coverage(steps, epochs, step, epoch):
    log = [StepEnd(each, 1, 1.0, 0.5, 0.1, 5, 0.0) for each in steps]
    log += [EpochEnd(each, 9, 1.0, 0.5, None, None, 0.1, 0.0, 0.0) for each in epochs]
    random.Random(0).shuffle(log)
    expected = set(range(1, step + 1)) <= steps and set(range(1, epoch + 1)) <= epochs
    assert Coverage.of(log).includes(step, epoch) == expected


def test_a_run_that_was_cut_off_before_it_saved_anything_begins_again_from_its_recipe_and_seed(runs, whole):
    folder = RunFolder.create(runs.root, NET, RECIPE)
    assert folder.can_resume
    again = runs.resume(folder.path)
    wait(again)
    assert again.state.status == "finished" and "begins again" in again.state.notice
    assert deterministic(folder.path) == deterministic(whole)
    assert (folder.path / WEIGHTS).read_bytes() == (whole / WEIGHTS).read_bytes()


def test_a_run_that_was_killed_before_an_epochs_end_was_among_its_checkpoints_has_it_afterwards(runs, whole):
    path = runs.root / whole.name
    shutil.copytree(whole, path)
    (at_8,) = path.glob(f"{CHECKPOINTS}/step-*08-epoch-2.safetensors")
    (path / RESUME).unlink()
    at_8.rename(path / RESUME)
    RunFolder.open(path).checkpoints.forget_after(4)
    again = runs.resume(path)
    wait(again)
    assert again.state.status == "finished" and not again.state.notice
    assert [point.step for point in again.folder.checkpoints.all()] == [0, 1, 2, 4, 8, 12]


def test_one_that_has_trained_and_lost_all_its_states_does_not(runs, whole):
    path = runs.root / whole.name
    shutil.copytree(whole, path)
    shutil.rmtree(path / CHECKPOINTS)
    (path / RESUME).unlink()
    assert not RunFolder.open(path).can_resume
    before = (path / METRICS).read_bytes()
    again = runs.resume(path)
    wait(again)
    assert "saved nothing to go on from" in again.state.failure.what and (path / METRICS).read_bytes() == before


def test_a_run_that_was_cut_off_before_it_had_its_first_weights_asks_for_them_again(tmp_path, few_digits, whole):
    asked = []

    def find(net, which):
        asked.append(which)
        return Weights(RunFolder.open(whole).trained().weights(), title="an old friend")

    runs = Runs(tmp_path, lambda dataset_id: few_digits, find)
    straight = runs.start(NET, RECIPE, begin_with="net-1")
    wait(straight)
    folder = RunFolder.create(tmp_path, NET, RECIPE, init_from="net-1")
    again = runs.resume(folder.path)
    wait(again)
    assert again.state.status == straight.state.status == "finished" and asked == ["net-1", "net-1"]
    assert deterministic(folder.path) == deterministic(straight.folder.path)
    record = RunFolder.open(folder.path).record
    assert (record.init_from, record.begins_with) == ("", "an old friend")
    without = Runs(tmp_path, lambda dataset_id: few_digits)
    path = RunFolder.create(tmp_path, NET, RECIPE, init_from="net-1").path
    refused = without.resume(path)
    wait(refused)
    assert refused.state.status == "failed" and path.exists(), "it can be resumed when they are back"


def test_a_branch_has_its_state_and_its_past_at_once_or_is_not_there(runs, whole, monkeypatch):
    path = runs.root / whole.name
    shutil.copytree(whole, path)
    parent = RunFolder.open(path)
    folder = parent.branch(4, RECIPE)
    assert (folder.path / BRANCH).exists() and folder.record.parent == Parent(run=parent.record.id, step=4)
    assert [e.step for e in folder.events() if isinstance(e, StepEnd)] == [1, 2, 3, 4]
    assert folder.record.data_digest == parent.record.data_digest
    monkeypatch.setattr("pathlib.Path.rename", lambda *_: (_ for _ in ()).throw(OSError(28, "No space left on device")))
    with pytest.raises(Exception, match="disk is full"):
        parent.branch(4, RECIPE)
    monkeypatch.undo()
    assert sorted(each.name for each in runs.root.iterdir()) == sorted([path.name, folder.path.name])
    (path / METRICS).unlink()  # the parent's log is gone: the branch goes on all the same
    again = runs.resume(folder.path)
    wait(again)
    assert again.state.status == "finished" and not again.state.notice


def test_a_half_made_folder_is_no_run(runs):
    half = temporary_beside(runs.root / "x")
    half.mkdir(parents=True)
    whole = RunFolder.create(runs.root, NET, RECIPE)
    shutil.copy(whole.path / "run.json", half)
    assert [folder.path for folder in runs.folders()] == [whole.path]


def test_what_was_left_in_every_place_of_ours_is_removed(home):
    name = temporary_beside(home / "x").name.rsplit(".", 5)
    dead = ".".join([name[0], str(2**22 + 7), *name[2:]])
    places = [place / "some" / "folder" for place in leftovers.own_folders()]
    assert len(set(places)) == 6
    for place in places:
        place.mkdir(parents=True)
        (place / dead).write_bytes(b"half")
    assert len(leftovers.remove_all()) == 6 and not list(paths.runs().rglob(".*"))


def test_the_window_removes_them_in_the_background_beside_recent_projects_too(lab, tmp_path):
    name = temporary_beside(tmp_path / "mine.cvlab").name.rsplit(".", 5)
    left = tmp_path / ".".join([name[0], str(2**22 + 7), *name[2:]])
    deeper = tmp_path / "deeper" / left.name
    deeper.parent.mkdir()
    left.write_bytes(b"half")
    deeper.write_bytes(b"half")
    lab.settings.recent = [str(tmp_path / "mine.cvlab")]
    lab.remove_leftovers()
    while lab.jobs.is_busy("leftovers"):
        lab.jobs.drain()
    assert not left.exists() and deeper.exists(), "folders of the person's own are not searched"


def test_figures_of_a_run_that_was_cut_off_are_complete_after_it_was_resumed(runs, whole):
    path = runs.root / whole.name
    shutil.copytree(whole, path)
    folder = RunFolder.open(path)
    wanted = dict(folder.record.result)
    folder.record.status, folder.record.result = "running", {"failure": "The disk is full."}
    folder.write_record()
    again = runs.resume(path)
    wait(again)
    found = RunFolder.open(path).record.result
    assert {k: v for k, v in found.items() if k != "seconds"} == {k: v for k, v in wanted.items() if k != "seconds"}


def test_a_record_that_another_process_has_written_since_is_read_again(runs, whole):
    path = runs.root / whole.name
    shutil.copytree(whole, path)
    stale = RunFolder.open(path)
    other = RunFolder.open(path)
    other.record.title = "Renamed by another window"
    other.write_record()
    run = Run(stale, lambda: runs.load_data("x"), resume=True)
    run.start()
    wait(run)
    assert RunFolder.open(path).record.title == "Renamed by another window"


def test_where_no_state_can_be_read_at_all_that_is_said(runs, whole):
    folder = RunFolder.create(runs.root, NET, RECIPE, begins_with="an old friend")
    with pytest.raises(NotOurFile, match="nothing to go on from"):
        folder.restore_state(None)
