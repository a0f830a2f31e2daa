"""Recipes by name and in files: what a person keeps comes back as it was, and what cannot be read says why."""

import errno
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cvlab.core import paths
from cvlab.core.history import History
from cvlab.core.project import Project
from cvlab.core.recipes import (
    SHIPPED,
    ReadRecipe,
    Recipes,
    TakeRecipe,
    forgetting,
    keeping,
    read_recipe,
    recipe_bytes,
)
from cvlab.core.storage.project_file import save_project
from cvlab.core.storage.run_folder import RunFolder
from cvlab.engine import disk
from cvlab.engine.errors import CannotWrite, RecipeError
from cvlab.engine.nets import zoo
from cvlab.engine.training.presets import PRESETS
from cvlab.engine.training.recipe import Recipe

MINE = Recipe().changed(**{"optimizer.kind": "momentum", "optimizer.learning_rate": 0.05, "epochs": 7})


@pytest.fixture
def recipes(tmp_path):
    return Recipes(tmp_path / "recipes")


def test_those_that_ship_are_the_default_and_the_named_ones(recipes):
    assert [each.name for each in recipes.all()] == ["default", *PRESETS]
    assert recipes.find("default").recipe == Recipe() and recipes.find("LeNet-Best").recipe.averaging == 0.999
    assert recipes.find("nothing") is None and all(each.net in zoo.ZOO for each in SHIPPED[1:])


def test_one_that_is_kept_is_there_for_every_lab_and_by_any_case(recipes):
    heard = []
    recipes.changed.connect(lambda: heard.append(1))
    recipes.keep("  My best ", MINE)
    (own,) = Recipes(recipes.folder).own()
    assert (own.name, own.recipe, own.own) == ("My best", MINE, True) and heard == [1]
    assert recipes.has("MY BEST") and recipes.find("my best").recipe == MINE
    recipes.keep("my BEST", Recipe())
    (own,) = recipes.own()
    assert (own.name, own.recipe) == ("My best", Recipe()), "one file, under its first name"
    assert read_recipe(recipes.folder / "My best.json") == Recipe()


@pytest.mark.parametrize(
    "name",
    ["", "  ", "a/b", "..", ".hidden", "a\\b", "x" * 61, "con", "Nul.txt", "end.", "default", "LeNet-Best", "a:b"],
)
def test_a_name_that_cannot_be_a_file_everywhere_is_refused_in_words(recipes, name):
    assert len(recipes.why_not(name)) > 10
    with pytest.raises(RecipeError):
        recipes.keep(name, MINE)
    assert not recipes.folder.exists()


@given(name=st.text(max_size=70))
def test_a_name_that_is_allowed_stays_in_the_folder(tmp_path_factory, name):
    recipes = Recipes(tmp_path_factory.getbasetemp() / "names")
    if not recipes.why_not(name):
        path = recipes.folder / f"{name.strip()}.json"
        assert path.parent == recipes.folder and path.stem == name.strip() and not path.name.startswith(".")


def test_keeping_replacing_and_deleting_can_be_undone(recipes):
    history = History()
    history.push(keeping(recipes, "one", MINE))
    history.push(keeping(recipes, "ONE", Recipe()))
    assert recipes.find("one").recipe == Recipe()
    history.undo()
    assert recipes.find("one").recipe == MINE
    history.push(forgetting(recipes, "one"))
    assert recipes.own() == []
    history.undo()
    assert recipes.find("one").recipe == MINE
    history.undo()
    assert recipes.own() == []
    history.redo()
    assert recipes.find("one").recipe == MINE and history.undo_label == "Keep the recipe one"


def test_taking_one_is_one_step_with_its_net(recipes):
    project, history = Project(), History()
    before, heard = (project.architecture, project.recipe), []
    project.events.recipe.connect(lambda *_: heard.append(project.architecture.name))
    net = zoo.linear_classifier()
    history.push(TakeRecipe(project, MINE, "x", net))
    assert (project.architecture, project.recipe) == (net, MINE) and heard == ["Linear classifier"]
    history.undo()
    assert (project.architecture, project.recipe) == before and not history.can_undo
    history.push(TakeRecipe(project, MINE, "x"))
    assert (project.architecture, project.recipe) == (before[0], MINE)


def test_a_recipe_is_read_from_a_file_a_project_and_a_run(recipes, tmp_path):
    (tmp_path / "a.json").write_bytes(recipe_bytes(MINE))
    project = Project()
    project.recipe = MINE
    save_project(project, tmp_path / "b.cvlab")
    run = RunFolder.create(tmp_path / "runs", zoo.linear_classifier(), MINE).path
    for path in (tmp_path / "a.json", tmp_path / "b.cvlab", run, run / "run.json"):
        assert read_recipe(path) == MINE
    assert ReadRecipe(tmp_path / "a.json").run(None).title == "a.json"
    (tmp_path / "part.json").write_text(json.dumps({"epochs": 3, "optimizer": {"lr": 0.2}}))
    assert read_recipe(tmp_path / "part.json") == Recipe().changed(**{"epochs": 3, "optimizer.learning_rate": 0.2})


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"{", "cannot be read as a recipe"), (b"[1]", "is not a recipe"), (b"[" * 99_999, "cannot be read as a recipe"),
        (b"\xff\xfe", "cannot be read as a recipe"), (b'{"epochs": 0}', "epochs is 0, but"), (b'{"epoch": 1}', "did you mean"),
    ],
    ids=["cut", "list", "deep", "bytes", "range", "name"],
)  # fmt: skip
def test_what_is_no_recipe_says_why_and_stays_where_it_is(recipes, content, words):
    recipes.folder.mkdir()
    (recipes.folder / "odd.json").write_bytes(content)
    (odd,) = recipes.own()
    assert odd.recipe is None and words in odd.words
    with pytest.raises(RecipeError, match=words):
        read_recipe(recipes.folder / "odd.json")
    with pytest.raises(RecipeError):
        read_recipe(paths.Path("odd"), recipes)
    history = History()
    history.push(forgetting(recipes, "odd"))
    history.undo()
    assert (recipes.folder / "odd.json").read_bytes() == content


def test_a_full_disk_keeps_what_was_there(recipes, monkeypatch):
    recipes.keep("one", MINE)

    def full(path, *_, **__):
        raise disk.refused(OSError(errno.ENOSPC, "full"), path)

    monkeypatch.setattr("cvlab.core.recipes.write_whole", full)
    with pytest.raises(CannotWrite):
        recipes.keep("one", Recipe())
    assert recipes.find("one").recipe == MINE
