"""However a verb fails, it ends in a sentence and a status, and with --json in one document; Ctrl+C is heard at any moment."""

import contextlib
import json
import os
import signal
import sys

import pytest

from cvlab.cli import main
from cvlab.cli import runs as runs_cli
from cvlab.cli.progress import Interrupts, Shown
from cvlab.cli.train import follow
from cvlab.core import paths
from cvlab.core.storage.run_folder import RunFolder
from cvlab.engine.errors import RecipeError
from cvlab.engine.nets import zoo
from cvlab.engine.training.recipe import Recipe
from cvlab.engine.training.search import Axis


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("CVLAB_HOME", str(tmp_path / "home"))


def call(capsys, *arguments):
    status = main([*arguments, "--json"])
    out, err = capsys.readouterr()
    return status, json.loads(out, parse_constant=pytest.fail), err


@pytest.mark.parametrize(
    "arguments",
    [
        ["train"], ["train", "lenet", "--bogus"], ["runs", "list", "--sort", "x"], ["runs", "branch", "a", "x"], ["nosuch"],
        ["ensemble", "--top", "0"], ["ensemble", "--top", "-1"], ["ensemble", "--top", "x"], ["runs"],
        ["train", "lenet", "--epochs", "nan"], ["search", "lenet", "--over", "optimizer.lr=1..1"],
        ["search", "lenet", "--over", "data=mnist,shapes"], ["search", "lenet", "--over", "held_out=0.1,0.2"],
    ],
    ids=" ".join,
)  # fmt: skip
def test_wrong_arguments_are_a_document_too(capsys, arguments):
    status, told, err = call(capsys, *arguments)
    assert status == 2 and told["error"]["what"].endswith((".", "?")) and err and "Traceback" not in err
    assert "{" not in told["error"]["what"] and "value error" not in told["error"]["what"]


def test_a_document_never_holds_the_words_of_the_run_before(capsys):
    assert call(capsys, "train")[1]["error"]["what"] != call(capsys, "nosuch")[1]["error"]["what"]


@pytest.mark.parametrize(
    ("error", "kind", "words"),
    [
        (KeyboardInterrupt(), "Cancelled", "Stopped"),
        (ZeroDivisionError("division by zero"), "CvlabError", "ZeroDivisionError: division by zero"),
        (PermissionError(13, "Permission denied", "/somewhere"), "CvlabError", "/somewhere: Permission denied"),
        (MemoryError(), "OutOfMemory", "memory"),
        (RecursionError("too deep"), "CvlabError", "too deep"),
    ],
)
def test_what_nobody_expected_is_a_sentence(capsys, monkeypatch, error, kind, words):
    (paths.runs() / "x").mkdir(parents=True)
    (paths.runs() / "x" / "run.json").touch()
    monkeypatch.setattr(RunFolder, "open", lambda path: (_ for _ in ()).throw(error))
    status, told, err = call(capsys, "runs", "show", "x")
    assert status == 1 and told["error"]["kind"] == kind and words in json.dumps(told) + err
    assert "Traceback" not in err
    monkeypatch.setenv("CVLAB_TRACEBACK", "1")
    assert ("Traceback" in call(capsys, "runs", "show", "x")[2]) == (kind != "Cancelled")


def test_a_number_that_is_none_is_null(capsys, monkeypatch):
    folder = RunFolder.create(paths.runs(), zoo.linear_classifier(), Recipe(threads=1, device="cpu"))
    monkeypatch.setattr(runs_cli, "_summary", lambda folder: {"loss": [float("nan"), {"a": float("inf")}, 1.5]})
    folder.record.result = {}
    status, told, _ = call(capsys, "runs", "compare", str(folder.path))
    assert status == 0 and told["runs"] == [{"loss": [None, {"a": None}, 1.5]}]


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs a full device")  # noqa: PTH110
def test_a_full_disk_under_standard_output(capfd, monkeypatch):
    full = open("/dev/full", "w")  # noqa: PTH123, SIM115
    monkeypatch.setattr(sys, "stdout", full)
    assert main(["runs", "list", "--json"]) == 1
    assert sys.stdout is not full, "the interpreter will not try again"
    sys.stdout.close()
    with contextlib.suppress(OSError):
        full.close()
    assert "No space left" in capfd.readouterr().err


def test_of_several_processes_only_the_first_speaks(capsys, monkeypatch):
    monkeypatch.setenv("WORLD_SIZE", "2")
    monkeypatch.setenv("RANK", "1")
    assert main(["runs", "show", "x", "--json"]) == 2
    out, err = capsys.readouterr()
    assert out == "" and err


def test_a_run_that_nobody_may_read_does_not_hide_the_others(capsys, tmp_path):
    good = RunFolder.create(paths.runs(), zoo.linear_classifier(), Recipe(threads=1, device="cpu"))
    (paths.runs() / "other" / "run.json").mkdir(parents=True)  # a folder where a file should be
    (paths.runs() / "file").write_text("")
    status, told, _ = call(capsys, "runs", "list")
    assert status == 0 and [run["run"] for run in told["runs"]] == [good.record.id]
    for name, expected, kind in (("other", 1, "NotOurFile"), ("file", 2, "UsageError"), ("nosuch", 2, "UsageError")):
        status, told, _ = call(capsys, "runs", "show", name)
        assert status == expected and told["error"]["kind"] == kind


def test_an_interrupt_before_the_run_is_there_stops_it_when_it_is(few_run):
    def begin():
        signal.raise_signal(signal.SIGINT)
        return few_run

    before = signal.getsignal(signal.SIGINT)
    assert follow(begin)["status"] == "stopped" and few_run.control.stopped
    assert signal.getsignal(signal.SIGINT) is before


@pytest.fixture
def few_run(tmp_path):
    from cvlab.core.runs import Runs
    from cvlab.engine.data import catalogue

    data = catalogue.load("mnist-mini", root=paths.data(), bundled=paths.resources() / "data")
    runs = Runs(tmp_path / "runs", lambda dataset_id: data)
    run = runs.start(zoo.linear_classifier(), Recipe(threads=1, device="cpu", epochs=10_000))
    yield run
    run.stop()
    run.join()


def test_a_notice_is_said_while_the_run_goes_on_and_once(capsys):
    wild = [
        "--optimizer",
        "sgd",
        "--lr",
        "100",
        "--set",
        "regularisation.max_norm=50",
        "--epochs",
        "2",
        "--threads",
        "1",
    ]
    status, told, err = call(capsys, "train", "linear", "--data", "mnist-mini", "--batch-size", "40", *wild)
    assert status == 0 and "twice as high" in told["notice"]
    assert err.count(told["notice"]) == 1 and err.index(told["notice"]) < err.index("epoch 2/2")
    status, told, err = call(
        capsys, "train", "linear", "--data", "mnist-mini", "--batch-size", "40", *wild, "--set",
        "early_stopping.diverged=stop",
    )  # fmt: skip
    assert status == 1 and told["status"] == "failed" and "try 0.1" in told["error"]["remedy"]


def test_the_second_interrupt_ends_at_once():
    asked = []
    with Interrupts(lambda: asked.append(1)):
        signal.raise_signal(signal.SIGINT)
        assert asked == [1]
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGTERM)
    with Shown(str) as control:
        signal.raise_signal(signal.SIGINT)
        assert control.cancelled()


def test_an_axis_of_one_setting_says_what_is_wrong_with_it():
    with pytest.raises(
        RecipeError, match=r"^A range needs a lowest and a highest value, the first below the second\. "
    ):
        Axis.parse("optimizer.lr=1..1")
    with pytest.raises(RecipeError, match=r"^A log scale begins above 0\."):
        Axis.parse("optimizer.lr=0..1:log")
