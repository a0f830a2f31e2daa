"""What another program does to a run's folder while the run trains is noticed and said, and what was trained is not lost."""

import errno
import os
import shutil

import pytest

from cvlab.cli import train as cli_train
from cvlab.core import keeper
from cvlab.core.run import Run
from cvlab.core.storage import run_folder
from cvlab.core.storage.lock import LOCK, RunLock
from cvlab.core.storage.metrics import METRICS
from cvlab.core.storage.run_folder import RESUME, RunFolder
from cvlab.engine import disk
from cvlab.engine.nets import zoo
from cvlab.engine.training.events import Noticed, RunFinished, StepEnd
from cvlab.engine.training.recipe import Recipe

from .conftest import wait

NET = zoo.linear_classifier()
RECIPE = Recipe(batch_size=100, epochs=3, threads=1, device="cpu", averaging=0.9)


def losses(folder):
    return [(event.step, event.loss) for event in folder.events() if isinstance(event, StepEnd)]


@pytest.fixture(scope="module")
def undisturbed():
    """The losses of a run that nobody disturbs, by the first test that needs them."""
    return []


@pytest.fixture
def disturbed(runs, monkeypatch, undisturbed):
    """A function: the run of `RECIPE` at its end, with `act(folder)` done beside it after the event `moment` chooses."""
    monkeypatch.setattr(keeper, "CHECK_EVERY", -1.0)
    if not undisturbed:
        whole = runs.start(NET, RECIPE)
        wait(whole)
        undisturbed += losses(whole.folder)
        shutil.rmtree(whole.folder.path)
    log = RunFolder.log

    def begin(act, moment=lambda event: isinstance(event, StepEnd) and event.step == 6):
        done = []

        def logged(folder, event):
            log(folder, event)
            if not done and moment(event):
                done.append(act(folder))

        monkeypatch.setattr(RunFolder, "log", logged)
        run = runs.start(NET, RECIPE)
        wait(run)
        monkeypatch.setattr(RunFolder, "log", log)
        assert done
        return run

    return begin


def gone(folder):
    shutil.rmtree(folder.path)


def renamed(folder):
    folder.path.rename(folder.path.with_name("mine"))


def moved_away(folder):
    folder.path.rename(folder.path.parent.parent / "elsewhere")


def replaced(folder):
    shutil.rmtree(folder.path)
    folder.path.mkdir()
    (folder.path / "notes.txt").write_text("something else")


def all_runs_gone(folder):
    shutil.rmtree(folder.path.parent)


def replaced_by_a_file(folder):
    shutil.rmtree(folder.path)
    folder.path.write_text("a file")


MOMENTS = {
    "within an epoch": lambda event: isinstance(event, StepEnd) and event.step == 6,
    "at an epoch's end": lambda event: isinstance(event, StepEnd) and event.step == 8,
    "at the end": lambda event: isinstance(event, RunFinished),
}


@pytest.mark.parametrize(
    ("act", "moment"),
    [
        *((act, "within an epoch") for act in (gone, renamed, moved_away, replaced, all_runs_gone, replaced_by_a_file)),
        *((act, moment) for act in (gone, renamed) for moment in ("at an epoch's end", "at the end")),
    ],
)
def test_a_folder_that_is_lost_ends_the_run_and_the_state_goes_where_it_can_be_resumed(
    disturbed, runs, undisturbed, act, moment
):
    run = disturbed(act, MOMENTS[moment])
    failure = run.state.failure
    assert run.state.status == "failed" and failure.title == "The run's folder is gone"
    expected = (
        "renamed" if act is renamed else "replaced" if act in (replaced, replaced_by_a_file) else "deleted or moved"
    )
    assert expected in failure.what
    there = [path.parent for path in runs.root.glob("*/run.json")]
    assert there == [run.folder.path] and f"“{run.folder.path.name}”" in failure.remedy, "a whole folder, or none"
    if act is renamed:
        assert run.folder.path.name == "mine"
    if act is replaced:
        assert [path.name for path in runs.root.rglob("notes.txt")] == ["notes.txt"], "it is left alone"
    folder = RunFolder.open(run.folder.path)
    assert folder.lock.owner() is None and folder.trained().classes and folder.record.status == "failed"
    again = runs.resume(run.folder.path)
    wait(again)
    assert again.state.status == "finished" and not again.state.notice, again.state.failure
    assert losses(again.folder) == undisturbed, "bit for bit as if nothing had happened"
    assert not [path.name for path in runs.root.rglob(".*")]


def test_where_nothing_can_be_saved_elsewhere_either_that_is_said(disturbed, runs, monkeypatch):
    def act(folder):
        shutil.rmtree(runs.root)
        runs.root.write_text("in the way")

    run = disturbed(act)
    assert run.state.status == "failed" and "deleted" in run.state.failure.what
    assert "could not be saved in another folder either" in run.state.failure.remedy
    assert runs.root.read_text() == "in the way"


def test_the_command_line_ends_with_status_1_and_says_why(disturbed, runs, monkeypatch, capsys):
    monkeypatch.setattr(runs, "start", lambda *_, start=runs.start, **__: start(NET, RECIPE))
    log, done = RunFolder.log, []

    def logged(folder, event):
        log(folder, event)
        if isinstance(event, StepEnd) and event.step == 6 and not done:
            done.append(gone(folder))

    monkeypatch.setattr(RunFolder, "log", logged)
    result = cli_train.follow(lambda: runs.start(NET, RECIPE))
    assert result["failed"] and "deleted" in result["error"]["what"] and "resume that one" in capsys.readouterr().err
    assert result["weights"] and result["folder"] == str(runs.current.folder.path)


def test_a_lock_file_that_is_deleted_is_taken_again(disturbed, undisturbed):
    seen = []
    run = disturbed(lambda folder: (seen.append(folder.path), (folder.path / LOCK).unlink()))
    assert run.state.status == "finished" and losses(run.folder) == undisturbed and not (seen[0] / LOCK).exists()


def test_a_run_that_another_process_has_taken_over_is_left_to_it(disturbed, runs, undisturbed):
    others = []

    def act(folder):
        (folder.path / LOCK).unlink()
        others.append(RunLock(folder.path))
        others[0].take()

    run = disturbed(act)
    lost = others[0].path.parent
    assert run.state.status == "failed" and "Another process trains this run" in run.state.failure.what
    assert others[0].is_ours and run.folder.path != lost and RunFolder.open(lost).record.status == "running"
    others[0].release()
    again = runs.resume(run.folder.path)
    wait(again)
    assert again.state.status == "finished" and losses(again.folder) == undisturbed


@pytest.mark.parametrize("replace", [False, True])
@pytest.mark.parametrize("moment", MOMENTS)
def test_a_metrics_file_that_is_deleted_is_written_again(disturbed, undisturbed, replace, moment):
    def act(folder):
        (folder.path / METRICS).unlink()
        if replace:
            (folder.path / METRICS).write_text("{}\n")

    run = disturbed(act, MOMENTS[moment])
    assert run.state.status == "finished" and "nothing is missing" in run.state.notice
    folder = RunFolder.open(run.folder.path)
    assert losses(folder) == undisturbed
    assert sum(isinstance(event, Noticed) for event in folder.events()) == 1
    assert Run.read(folder).state.test_accuracy == run.state.test_accuracy


def test_a_metrics_file_that_is_cut_off_is_told_and_resumed_without_a_hole(disturbed, runs, undisturbed):
    def act(folder):
        folder.flush()
        os.truncate(folder.path / METRICS, 300)

    run = disturbed(act)
    assert run.state.status == "finished" and "cut metrics.jsonl off" in run.state.notice
    record = run.folder.record
    record.status = "running"
    run.folder.write_record()
    again = runs.resume(run.folder.path)
    wait(again)
    assert "lacks steps" in again.state.notice and losses(again.folder) == undisturbed


@pytest.mark.parametrize(
    ("number", "words", "moment"),
    [
        *((errno.ENOSPC, "disk is full", moment) for moment in MOMENTS),
        (errno.EACCES, "may not be written", "within an epoch"),
        (errno.EROFS, "may not be written", "at an epoch's end"),
        (errno.EIO, "cannot be written", "at the end"),
    ],
)
def test_a_disk_that_takes_no_more_ends_the_run_and_what_was_saved_is_resumed(
    disturbed, runs, undisturbed, monkeypatch, number, words, moment
):
    def refusing(path, content, **settings):
        raise disk.refused(OSError(number, os.strerror(number)), path)

    def act(folder):
        monkeypatch.setattr(run_folder, "write_whole", refusing)

    run = disturbed(act, MOMENTS[moment])
    assert run.state.status == "failed" and words in run.state.failure.what
    assert [path.parent for path in runs.root.glob("*/run.json")] == [run.folder.path], "no second folder"
    monkeypatch.setattr(run_folder, "write_whole", disk.write_whole)
    again = runs.resume(run.folder.path)
    wait(again)
    assert again.state.status == "finished" and losses(again.folder) == undisturbed
    assert not [path.name for path in runs.root.rglob(".*")]


def test_what_is_deleted_inside_the_folder_is_made_again(disturbed, undisturbed):
    def act(folder):
        shutil.rmtree(folder.path / "checkpoints")
        for name in (RESUME, "run.json"):
            (folder.path / name).unlink()

    run = disturbed(act)
    assert run.state.status == "finished" and losses(run.folder) == undisturbed
    folder = RunFolder.open(run.folder.path)
    assert folder.record.status == "finished" and folder.checkpoints.last_step == undisturbed[-1][0]


def test_a_queued_run_whose_folder_is_deleted_while_it_trains_does_not_wait_again(disturbed, runs, monkeypatch):
    monkeypatch.setattr(runs, "start", lambda *_, start=runs.start, **__: start(NET, RECIPE))
    log, done = RunFolder.log, []

    def logged(folder, event):
        log(folder, event)
        if isinstance(event, StepEnd) and event.step == 6 and not done:
            done.append(gone(folder))

    monkeypatch.setattr(RunFolder, "log", logged)
    runs.queue(NET, RECIPE)
    while runs.current.is_active:
        runs.current.join(0.01)
        runs.deliver()
    assert runs.current.state.status == "failed" and not runs.waiting


def test_notes_do_not_bring_back_a_folder_that_is_gone(runs, tmp_path):
    folder = RunFolder.create(tmp_path, NET, RECIPE)
    shutil.rmtree(folder.path)
    with pytest.raises(Exception, match="cannot be written"):
        folder.annotate(text="good")
    assert not folder.path.exists()
