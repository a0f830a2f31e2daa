"""Runs in their thread: the same numbers as the bare loop, pause, step, stop, resume, and failures that lose nothing."""

import errno
import json

import pytest

from cvlab.core.models import Models
from cvlab.core.runs import Run
from cvlab.core.storage import run_folder
from cvlab.core.storage.metrics import METRICS
from cvlab.core.storage.record import RECORD
from cvlab.core.storage.run_folder import PREPROCESSING, RESUME, WEIGHTS, RunFolder
from cvlab.engine.errors import DataMissing, NewerFile, NotOurFile, RecipeError, ShapeError, TrainingError
from cvlab.engine.nets import zoo
from cvlab.engine.nets.architecture import Architecture
from cvlab.engine.nets.layers import Conv, Flatten, Input, Linear
from cvlab.engine.training.events import EpochEnd, KnobTurned, RunFinished, StepEnd
from cvlab.engine.training.fit import fit
from cvlab.engine.training.learner import Learner
from cvlab.engine.training.recipe import Recipe
from tests.core.conftest import wait

RECIPE = Recipe(batch_size=40, epochs=2, threads=1, device="cpu")


def numbers(events):
    return [(e.step, e.loss, e.accuracy) for e in events if isinstance(e, StepEnd)] + [
        (e.epoch, e.train_loss, e.held_out_loss, e.held_out_accuracy) for e in events if isinstance(e, EpochEnd)
    ]


def test_the_thread_gives_the_same_numbers_as_the_loop_to_the_last_bit(runs, few_digits):
    run = runs.start(zoo.lenet(), RECIPE)
    wait(run)
    assert run.state.status == "finished"
    bare = list(fit(Learner(zoo.lenet(), few_digits, RECIPE)))
    assert numbers(run.folder.events()) == numbers(bare)
    assert run.state.test_accuracy == bare[-1].test_accuracy


def test_a_finished_run_leaves_everything_behind(runs, few_digits):
    run = runs.start(zoo.lenet(), RECIPE, title="first")
    wait(run)
    folder = RunFolder.open(run.folder.path)
    record = folder.record
    assert (record.status, record.title, record.recipe, record.architecture) == (
        "finished",
        "first",
        RECIPE,
        zoo.lenet(),
    )
    assert record.data_digest == few_digits.digest and record.classes == few_digits.classes
    assert record.versions["torch"] and record.result["test_accuracy"] == run.state.test_accuracy
    assert [r.id for r in runs.past()] == [run.id]
    trained = folder.trained()
    p = trained.predict(few_digits.test.images)
    assert (p.argmax(axis=1) == few_digits.test.labels.numpy()).mean() == pytest.approx(run.state.test_accuracy)


def test_state_and_curves_follow(runs):
    run = runs.start(zoo.lenet(), RECIPE)
    wait(run)
    steps = [e for e in run.folder.events() if isinstance(e, StepEnd)]
    x, y = run.curves["loss"].points()
    assert x.tolist() == [e.step for e in steps] and y.tolist() == [e.loss for e in steps]
    assert len(run.curves["held_out_accuracy"]) == 2
    assert run.state.total_steps == len(steps) == run.state.step


def test_pause_step_resume(runs):
    run = runs.start(zoo.lenet(), RECIPE.changed(epochs=50))
    wait(run, lambda: run.state.step >= 2)
    run.pause()
    assert run.state.status == "paused"
    wait(run, lambda: run.mailbox is not None and not run.mailbox.collect())
    # What was under way when it paused has come to rest once a step asked for is the next one.
    run.deliver()
    run.step()
    wait(run, lambda: run.state.status == "paused" and not run._steps_asked)
    run.resume()
    assert run.state.status == "running"
    before = run.state.step
    wait(run, lambda: run.state.step >= before + 3)
    run.stop()
    wait(run)
    assert run.state.status == "stopped"


def test_single_steps_are_single(runs):
    run = Run(RunFolder.create(runs.root, zoo.lenet(), RECIPE), lambda: runs.load_data("x"))
    runs.current = run
    run.pause()
    run.start()
    for wanted in (1, 2, 3):
        run.step()
        wait(run, lambda wanted=wanted: run.state.step >= wanted)
        run.join(0.05)
        run.deliver()
        assert run.state.step == wanted
        assert run.state.status == "paused"


def test_a_stopped_run_goes_on_as_if_it_had_not_been(runs, few_digits):
    recipe = RECIPE.changed(epochs=3)
    run = runs.start(zoo.lenet(), recipe)
    wait(run, lambda: run.state.step >= 4)
    run.stop()
    wait(run)
    assert run.state.status == "stopped" and run.state.step < run.state.total_steps
    again = runs.resume(run.folder.path)
    wait(again)
    assert again.state.status == "finished"
    whole = list(fit(Learner(zoo.lenet(), few_digits, recipe)))
    assert numbers(again.folder.events()) == numbers(whole)
    assert len(again.curves["loss"]) == again.state.total_steps, "the curve holds what came before, too"


def test_knobs_are_marked_and_kept(runs):
    run = runs.start(zoo.lenet(), RECIPE.changed(epochs=20))
    run.turn("optimizer.learning_rate", 0.01)
    with pytest.raises(RecipeError):
        run.turn("optimizer.learning_rate", -3)
    wait(run, lambda: bool(run.knobs))
    assert run.recipe.optimizer.learning_rate == 0.01
    run.stop()
    wait(run)
    assert any(isinstance(e, KnobTurned) for e in run.folder.events())


def test_what_cannot_be_trained_leaves_no_folder(runs):
    with pytest.raises(ShapeError):
        runs.start(Architecture.chain("x", [Input(), Conv(kernel=5), Linear()]), RECIPE)
    with pytest.raises(RecipeError, match="nothing to learn"):
        runs.start(Architecture.chain("x", [Input(), Flatten()]), RECIPE)
    assert not runs.root.exists() or not list(runs.root.iterdir())


def test_one_run_at_a_time(runs):
    run = runs.start(zoo.lenet(), RECIPE)
    with pytest.raises(TrainingError, match="still training"):
        runs.start(zoo.lenet(), RECIPE)
    run.stop()
    wait(run)


def test_divergence_is_a_state_with_a_remedy(runs):
    diverging = {"optimizer.kind": "sgd", "optimizer.learning_rate": 100.0, "optimizer.weight_decay": 1.0}
    run = runs.start(zoo.lenet(), RECIPE.changed(epochs=30, **diverging))
    wait(run)
    assert run.state.status == "failed"
    assert run.state.failure.suggestion == 0.1 and "step" in run.state.failure.what
    assert RunFolder.open(run.folder.path).record.status == "failed"


def test_missing_data_is_a_state_with_a_remedy(tmp_path):
    from cvlab.core.runs import Runs

    def load(dataset_id):
        raise DataMissing("MNIST is not here.", remedy="Get it.")

    runs = Runs(tmp_path, load)
    run = runs.start(zoo.lenet(), RECIPE)
    wait(run)
    assert run.state.failure.what == "MNIST is not here." and run.state.failure.remedy == "Get it."
    assert not run.folder.path.exists(), "a run that never began leaves nothing"


def test_a_full_disk_stops_the_run_in_words_and_keeps_what_was_saved(runs, monkeypatch):
    run = runs.start(zoo.lenet(), RECIPE.changed(epochs=30))
    wait(run, lambda: (run.folder.path / RESUME).exists())

    def full(path, data, **settings):
        raise run_folder.refused(OSError(errno.ENOSPC, "No space left on device"), path)

    monkeypatch.setattr(run_folder, "write_whole", full)
    wait(run)
    assert run.state.status == "failed" and "disk is full" in run.state.failure.what
    monkeypatch.undo()
    again = runs.resume(run.folder.path)
    wait(again, lambda: again.state.status == "running" and again.state.step > 1)
    assert again.state.status == "running"
    again.stop()
    wait(again)


def test_a_run_cut_off_in_the_middle_of_a_line_can_still_be_read(runs):
    run = runs.start(zoo.lenet(), RECIPE)
    wait(run)
    path = run.folder.path / METRICS
    whole = len(run.folder.events())
    path.write_bytes(path.read_bytes()[:-20])
    assert len(RunFolder.open(run.folder.path).events()) == whole - 1


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("", NotOurFile),
        ("{}", NotOurFile),
        ("[1]", NotOurFile),
        ('{"format": 99}', NewerFile),
        ("\x00\xff", NotOurFile),
    ],
)
def test_what_is_not_a_run(tmp_path, text, error):
    (tmp_path / RECORD).write_text(text, encoding="latin-1")
    with pytest.raises(error):
        RunFolder.open(tmp_path)
    with pytest.raises(NotOurFile, match="holds no run"):
        RunFolder.open(tmp_path / "nothing")


def test_damaged_runs_are_passed_over_in_the_list(runs):
    wait(runs.start(zoo.lenet(), RECIPE.changed(epochs=1)))
    (runs.root / "broken").mkdir()
    (runs.root / "broken" / RECORD).write_text("{")
    assert len(runs.past()) == 1


def test_models_of_runs_and_of_the_running_net(runs, tmp_path):
    models = Models(tmp_path / "shipped", runs, tmp_path / "nets")
    told = []
    models.changed.connect(lambda: told.append(True))
    run = runs.start(zoo.lenet(), RECIPE.changed(epochs=40))
    assert models.choices()[0].id == "live"
    wait(run, lambda: run.state.step >= 2)
    run.ask_snapshot()
    wait(run, lambda: run.snapshot is not None)
    assert models.load("live").classes == tuple("0123456789")
    wait(run, lambda: (run.folder.path / WEIGHTS).exists())
    run.stop()
    wait(run)
    runs.deliver()
    assert run.id in [choice.id for choice in models.choices()]
    assert models.load(run.id).title == models.load(str(run.folder.path)).title
    with pytest.raises(NotOurFile, match="no such net"):
        models.load("../../etc")
    assert told


def test_a_run_read_back_looks_as_it_did(runs):
    run = runs.start(zoo.lenet(), RECIPE)
    wait(run)
    again = Run.read(RunFolder.open(run.folder.path))
    assert again.state.status == "finished" and again.state.test_accuracy == run.state.test_accuracy
    for name, curve in run.curves.items():
        assert again.curves[name].points()[1].tolist() == curve.points()[1].tolist(), name
    run.folder.record.status = "running"
    run.folder.write_record()
    assert Run.read(RunFolder.open(run.folder.path)).state.status == "stopped"


@pytest.mark.parametrize("kind", ["mean-image", "whiten"])
def test_what_was_fitted_to_the_data_stays_with_the_net(runs, few_digits, kind):
    run = runs.start(zoo.lenet(), RECIPE.changed(epochs=1, preprocessing=kind, whitening_epsilon=0.01))
    wait(run)
    assert run.state.status == "finished"
    folder = RunFolder.open(run.folder.path)
    assert (run.folder.path / RECORD).stat().st_size < 20_000, "a mean image is no JSON"
    p = folder.trained().predict(few_digits.test.images)
    assert (p.argmax(axis=1) == few_digits.test.labels.numpy()).mean() == pytest.approx(run.state.test_accuracy)
    assert folder.trained().preprocessing.kind == kind
    (run.folder.path / PREPROCESSING).unlink()
    with pytest.raises(NotOurFile, match="preprocessing"):
        folder.trained()


def test_run_json_is_plain_json(runs):
    run = runs.start(zoo.lenet(), RECIPE.changed(epochs=1))
    wait(run)
    data = json.loads((run.folder.path / RECORD).read_text())
    assert data["recipe"]["optimizer"]["kind"] == "adam"
    assert isinstance(run.folder.events()[-1], RunFinished)
