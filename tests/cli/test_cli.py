"""The command line: JSON alone on standard output, words on standard error, and the right exit status."""

import json
import subprocess
import sys
import threading

import numpy as np
import pytest
from PIL import Image

from cvlab.cli import main
from cvlab.core import paths
from cvlab.core.storage.run_folder import WEIGHTS, RunFolder
from cvlab.engine.data import catalogue
from cvlab.engine.nets.architecture import Architecture
from cvlab.engine.nets.build import build
from cvlab.engine.nets.layers import Conv, Flatten, GroupNorm, Input, LayerNorm, Linear
from cvlab.engine.nets.shapes import infer
from cvlab.engine.training.checkpoint import weights_bytes
from cvlab.engine.training.recipe import Recipe


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("CVLAB_HOME", str(tmp_path / "home"))


def call(capsys, *arguments):
    status = main(list(arguments))
    out, err = capsys.readouterr()
    return status, out, err


def call_json(capsys, *arguments):
    status, out, err = call(capsys, *arguments, "--json")
    return status, json.loads(out), err


def test_train_predict_resume(capsys, tmp_path):
    status, result, err = call_json(
        capsys,
        "train",
        "lenet",
        "--data",
        "mnist-mini",
        "--epochs",
        "1",
        "--threads",
        "1",
        "--set",
        "optimizer.learning_rate=0.003",
    )
    assert status == 0 and result["status"] == "finished" and result["steps"] == 36
    assert result["test_accuracy"] > 0.6 and result["recipe"]["optimizer"]["learning_rate"] == 0.003
    assert "epoch 1/1" in err

    data = catalogue.load("mnist-mini", root=paths.data(), bundled=paths.resources() / "data")
    Image.fromarray(data.test.images[0, 0].numpy()).resize((280, 280)).save(tmp_path / "digit.png")
    status, read, _ = call_json(capsys, "predict", result["run"], str(tmp_path / "digit.png"))
    assert status == 0
    probabilities = read["predictions"][0]["probabilities"]
    assert sorted(probabilities) == list("0123456789") and sum(probabilities.values()) == pytest.approx(1, abs=1e-5)

    status, again, _ = call_json(capsys, "resume", result["folder"])
    assert status == 0 and again["test_accuracy"] == result["test_accuracy"], "a finished run has nothing left to do"


def test_the_shipped_net_reads_digits(capsys, tmp_path):
    data = catalogue.load("mnist-mini", root=paths.data(), bundled=paths.resources() / "data")
    files = []
    for i in range(0, 2000, 200):
        path = tmp_path / f"{i}.png"
        # Dark ink on light paper, as people scan it.
        Image.fromarray(255 - np.kron(data.test.images[i, 0].numpy(), np.ones((10, 10), np.uint8))).save(path)
        files.append(path)
    status, read, _ = call_json(capsys, "predict", "lenet-mnist", *map(str, files))
    right = [
        p["class"] == str(int(data.test.labels[i]))
        for p, i in zip(read["predictions"], range(0, 2000, 200), strict=True)
    ]
    assert status == 0 and sum(right) >= 9


@pytest.mark.parametrize(
    ("layers", "words"),
    [
        ([Conv(filters=4, kernel=28), GroupNorm(groups=4)], "a single number minus its own mean is always 0"),
        ([Conv(filters=1, kernel=28), LayerNorm()], "a single number minus its own mean is always 0"),
    ],
)
def test_a_net_that_cannot_read_a_digit_says_why(capsys, tmp_path, layers, words):
    """Nets of older versions, whose norms of a single value were not refused, are among them."""
    net = Architecture.chain("old", [Input(), *layers, Flatten(), Linear(units=10)])
    folder = RunFolder.create(paths.runs(), net, Recipe())
    folder.record.classes = tuple("0123456789")
    folder.write_record()
    weights = {} if infer(net).errors else {name: value.numpy() for name, value in build(net).state_dict().items()}
    (folder.path / WEIGHTS).write_bytes(weights_bytes(weights))
    folder.close()
    Image.new("L", (28, 28), 255).save(tmp_path / "digit.png")
    status, said, err = call_json(capsys, "predict", folder.record.id, str(tmp_path / "digit.png"))
    assert status == 1 and words in str(said) + err and "fault of cvlab" not in str(said) + err


@pytest.mark.parametrize(
    ("arguments", "status", "words"),
    [
        (["train", "lenet", "--epochs", "0"], 2, "epochs is 0"),
        (["train", "lenet", "--set", "nonsense"], 2, "FIELD=VALUE"),
        (["train", "lenet", "--dropout", "2"], 2, "from 0 to 0.95"),
        (["train", "nope"], 2, "lenet, linear, two-layer"),
        (["train", "./missing.cvlab"], 2, "no file"),
        (["train", "lenet", "--data", "minst"], 2, "Did you mean mnist"),
        (["train", "lenet", "--data", "mnist"], 1, "cvlab data get mnist"),
        (["predict", "nope", "x.png"], 2, "no trained net"),
        (["predict", "lenet-mnist", "missing.png"], 2, "missing.png"),
        (["resume", "nope"], 2, "no run “nope”"),
        (["frobnicate"], 2, "no verb “frobnicate”"),
        (["data"], 2, "usage"),
    ],
)
def test_failures_have_words_and_a_status(capsys, arguments, status, words):
    got, out, err = call(capsys, *arguments)
    assert got == status and out == "" and words in err


def test_failures_are_json_too(capsys):
    status, document, err = call_json(capsys, "train", "lenet", "--epochs", "0")
    assert status == 2 and document["error"]["kind"] == "RecipeError" and "epochs" in err


def test_net_show_and_code(capsys):
    status, shown, _ = call_json(capsys, "net", "show", "lenet")
    assert status == 0 and shown["parameters"] == 61_706 and shown["layers"][1]["output"] == [6, 28, 28]
    status, out, _ = call(capsys, "net", "code", "two-layer")
    assert status == 0 and out.startswith('"""2-layer net: 79,510 parameters')
    compile(out, "net.py", "exec")
    assert [n["id"] for n in call_json(capsys, "net", "list")[1]["nets"]][:3] == ["lenet", "linear", "two-layer"]


def test_data_list_and_info(capsys):
    status, listed, _ = call_json(capsys, "data", "list")
    here = {d["id"]: d["available"] for d in listed["datasets"]}
    assert status == 0 and here["mnist-mini"] and not here["mnist"] and not here["cifar10"]
    assert call_json(capsys, "data", "info", "mnist")[1]["licence"] == "CC BY-SA 3.0"


def test_doctor(capsys):
    status, found, _ = call_json(capsys, "doctor")
    assert status == 0 and any(check["what"].startswith("Python 3") for check in found["checks"])
    assert all(check["mend"] for check in found["checks"] if check["state"] == "bad")


def test_the_thread_of_a_run_that_failed_has_ended_too(capsys, tmp_path, monkeypatch):
    from cvlab.core.run import Run

    work, join, awaited = Run._work, Run.join, threading.Event()

    def work_and_linger(run):
        work(run)
        awaited.wait(20)  # frees what it trained with

    def await_it(run, timeout=None):
        if timeout is None:
            awaited.set()
        return join(run, timeout)

    monkeypatch.setattr(Run, "_work", work_and_linger)
    monkeypatch.setattr(Run, "join", await_it)
    arguments = [
        "lenet",
        "--lr",
        "90",
        "--optimizer",
        "sgd",
        "--epochs",
        "1",
        "--threads",
        "1",
        "--runs",
        str(tmp_path),
    ]
    status, _, err = call(capsys, "train", *arguments)
    assert status == 1
    assert "no longer a number" in err
    assert awaited.is_set()


def test_a_recipe_can_be_called_by_its_name(capsys):
    status, result, _ = call_json(capsys, "recipe", "--recipe", "resnet9-fast", "--set", "epochs=3")
    assert status == 0 and (result["recipe"]["batch_size"], result["recipe"]["epochs"]) == (512, 3)
    status, result, _ = call_json(capsys, "recipe", "--recipe", "resnet9-slow")
    assert status == 2 and "resnet9-fast" in result["error"]["remedy"]


def test_bench_train_gives_a_ratio(capsys):
    status, result, _ = call_json(capsys, "bench", "train", "--data", "mnist-mini", "--images", "500", "--rounds", "1")
    assert status == 0 and result["ratio"] == result["cvlab_seconds"] / result["dataloader_seconds"]
    assert result["throughput_of_minimal"] == result["minimal_seconds"] / result["cvlab_seconds"]


def test_bench_train_can_carry_out_the_recipes_to_the_end(capsys, monkeypatch):
    asked = []

    def child(module, *arguments, **_):
        asked.append((module, arguments))
        if module != "cvlab":
            return {"seconds": 2.0, "images": 100, "device": "a GPU"}
        return {
            "seconds": 9.5,
            "epochs": 30,
            "test_accuracy": 0.94,
            "images_per_second": 1.0,
            "device": "a GPU",
            "notice": "",
        }

    monkeypatch.setattr("cvlab.cli.bench.train.child", child)
    monkeypatch.setattr("cvlab.cli.bench.train.check_device", str)  # as on a machine with a GPU
    monkeypatch.setattr("cvlab.cli.bench.train.data_entry", str)
    flags = ["--device", "cuda", "--precision", "mixed", "--rounds", "1", "--whole", "--photos", "photos"]
    status, result, _ = call_json(capsys, "bench", "train", *flags)
    assert status == 0 and result["whole"]["resnet9-fast"]["test_accuracy"] == 0.94
    assert result["eager_seconds"] == 2.0 and result["device"] == "a GPU"
    sides, runs = ([each for each in asked if (each[0] == "cvlab") == whole] for whole in (False, True))
    assert [arguments[0] for _, arguments in sides] == ["dataloader", "minimal", "engine", "eager", "arithmetic"]
    assert all("mixed" in arguments and "cuda" in arguments for _, arguments in sides)
    assert [arguments[:6] for _, arguments in runs] == [
        ("train", "lenet", "--recipe", "lenet-author", "--data", "mnist"),
        ("train", "lenet", "--recipe", "lenet-best", "--data", "mnist"),
        ("train", "resnet9", "--recipe", "resnet9-fast", "--data", "photos"),
    ]


WITHOUT_QT = """
import sys

class NoQt:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in ("PySide6", "shiboken6", "pyqtgraph", "superqt", "qtawesome", "qtpy"):
            raise ModuleNotFoundError(f"No module named {name!r}", name=name.split(".")[0])

sys.meta_path.insert(0, NoQt())
from cvlab.cli import main
sys.exit(main(sys.argv[1:]))
"""


@pytest.mark.parametrize("verb", [["net", "show", "lenet", "--json"], ["data", "list", "--json"], ["doctor", "--json"]])
def test_it_runs_where_there_is_no_qt(verb):
    done = subprocess.run([sys.executable, "-c", WITHOUT_QT, *verb], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    json.loads(done.stdout)


@pytest.mark.parametrize("size", ["1440", "axb", "10x10", "99999x900", "-1x700"])
def test_a_size_of_the_tour_that_is_none_is_refused(capsys, size):
    status, out, err = call(capsys, "tour", "x", f"--size={size}")
    assert status == 2
    assert out == ""
    assert size in err


def test_the_tour_without_qt_says_what_to_install():
    done = subprocess.run([sys.executable, "-c", WITHOUT_QT, "tour", "x"], capture_output=True, text=True, check=False)
    assert done.returncode == 1 and "PySide6-Essentials" in done.stderr
