"""The command line over many runs: list, compare, fork, branch, export, vote, search; JSON alone on standard output."""

import json
from pathlib import Path

import pytest

from cvlab.cli import main
from cvlab.core import paths
from cvlab.core.runs import Runs
from cvlab.engine.data import catalogue
from cvlab.engine.nets import zoo
from cvlab.engine.training.recipe import Recipe
from tests.core.conftest import few_digits, wait  # noqa: F401

RECIPE = Recipe(batch_size=50, epochs=2, threads=1, device="cpu")


@pytest.fixture(autouse=True)
def small_data(few_digits, monkeypatch):  # noqa: F811
    monkeypatch.setattr(catalogue, "load", lambda dataset_id, **_: few_digits)


@pytest.fixture
def trained(home, few_digits):  # noqa: F811
    """Three runs of a linear classifier, one seed each."""
    runs = Runs(paths.runs(), lambda dataset_id: few_digits)
    made = []
    for seed in range(3):
        made.append(runs.start(zoo.linear_classifier(), RECIPE.changed(seed=seed), title=f"seed {seed}"))
        wait(made[-1])
    return [run.id for run in made]


@pytest.fixture
def call(capsys):
    def do(*arguments):
        status = main([*map(str, arguments), "--json"])
        return status, json.loads(capsys.readouterr().out)

    return do


def test_list_show_compare_note(call, trained):
    status, listed = call("runs", "list")
    assert status == 0 and sorted(row["run"] for row in listed["runs"]) == sorted(trained)
    by_accuracy = [row["held_out_accuracy"] for row in call("runs", "list", "--sort", "accuracy")[1]["runs"]]
    assert by_accuracy == sorted(by_accuracy, reverse=True)
    assert call("runs", "note", trained[1], "--text", "keep this", "--tag", "good", "--star")[0] == 0
    found = call("runs", "list", "--filter", "GOOD")[1]["runs"]
    assert [(row["run"], row["starred"], row["notes"]) for row in found] == [(trained[1], True, "keep this")]
    _, shown = call("runs", "show", trained[0])
    assert shown["steps"] == 16 and [point["step"] for point in shown["checkpoints"]] == [0, 1, 2, 4, 8, 16]
    assert shown["recipe"]["seed"] == 0 and shown["knobs"] == []
    _, compared = call("runs", "compare", *trained)
    assert compared["differences"] == {"seed": [0, 1, 2]} and compared["same_net"]


def test_fork_branch_export(call, trained, tmp_path):
    status, fork = call("runs", "fork", trained[0], "--set", "optimizer.lr=0.01", "--threads", "1")
    assert status == 0 and fork["recipe"]["optimizer"]["learning_rate"] == 0.01 and fork["recipe"]["seed"] == 0
    status, branch = call("runs", "branch", trained[0], 8, "--set", "epochs=3")
    assert status == 0 and branch["steps"] == 24
    parents = {row["run"]: row["parent"] for row in call("runs", "list")[1]["runs"]}
    assert parents[fork["run"]] == {"run": trained[0], "step": 0}
    assert parents[branch["run"]] == {"run": trained[0], "step": 8}
    status, exported = call("runs", "export", branch["run"], tmp_path / "out")
    assert status == 0 and len(exported["files"]) == 3
    text = (tmp_path / "out" / "train.py").read_text()
    assert "step 8 of" in text
    compile(text, "train.py", "exec")
    assert call("runs", "branch", trained[0], 3)[1]["error"]["what"].startswith("The run has no checkpoint at step 3")


def test_tensorboard_files_of_runs(call, trained):
    status, told = call("runs", "tensorboard")
    assert status == 0 and told["written"] == 0, "every run has written its own"
    status, told = call("runs", "tensorboard", trained[0])
    assert Path(told["folder"]).parent.name == trained[0]
    for path in Path(told["folder"]).iterdir():
        path.unlink()
    assert call("runs", "tensorboard", trained[0])[1]["written"] == 1
    assert len(list(Path(told["folder"]).glob("*tfevents*"))) == 1


def test_ensembles(call, trained):
    status, found = call("ensemble", *trained)
    assert status == 0 and len(found["members"]) == 3 and found["images"] == 100
    assert found["gain"] == pytest.approx(found["ensemble"]["accuracy"] - found["mean"])
    assert found["members"][0]["low"] < found["members"][0]["accuracy"] < found["members"][0]["high"]
    _, past = call("ensemble", "--checkpoints", trained[0], "--top", 2, "--split", "held-out")
    assert [member["title"] for member in past["members"]] == ["seed 0, step 8", "seed 0, step 16"]
    assert call("ensemble")[0] == 2
    assert "running average" in call("ensemble", trained[0], "--average")[1]["error"]["what"]


def test_search_and_vote_of_its_best(call):
    arguments = (
        "search",
        "linear",
        "--over",
        "optimizer.lr=1e-4..1e-1",
        "--trials",
        3,
        "--threads",
        1,
        "--batch-size",
        50,
    )
    status, found = call(*arguments)
    assert status == 0 and len(found["trials"]) == 3
    assert found["best"]["held_out_accuracy"] == max(trial["score"] for trial in found["trials"])
    assert found["recipe"]["optimizer"]["learning_rate"] == found["best"]["values"]["optimizer.learning_rate"]
    assert call("search", "--again", found["search"])[1]["trials"] == found["trials"], "it was over"
    assert len(call("ensemble", "--search", found["search"], "--top", 2)[1]["members"]) == 2
    assert call("search", "linear")[1]["error"]["what"] == "Nothing is searched."
    assert call("search")[0] == 2


def test_sanity_and_recipe(call):
    status, found = call("sanity", "two-layer", "--threads", "1")
    assert status == 0 and [check["passed"] for check in found["checks"]] == [True] * 4
    assert call("sanity", "linear", "--set", "init.kind=large", "--set", "init.large_std=100")[0] == 1
    _, shown = call("recipe", "--optimizer", "adagrad", "--set", "loss=hinge")
    assert shown["recipe"]["optimizer"]["kind"] == "adagrad" and shown["fields"]["loss.margin"]["value"] == 1.0
    assert shown["fields"]["batch_size"]["live"]
