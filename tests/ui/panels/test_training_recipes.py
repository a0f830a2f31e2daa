"""Recipes by name in the window: seen before they are taken, kept, handed on; and imported nets put in order."""

from __future__ import annotations

import json

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QFileDialog, QLineEdit, QWidget

from cvlab.cli.main import main
from cvlab.core.jobs import JobControl
from cvlab.core.net_export import write_source
from cvlab.core.net_import import TakeIn
from cvlab.core.recipes import recipe_bytes
from cvlab.core.weights import Weights, first_weights
from cvlab.engine.nets import zoo
from cvlab.engine.training.presets import PRESETS
from cvlab.engine.training.recipe import Recipe
from cvlab.ui.panels.training.nets_dialog import NetsDialog
from cvlab.ui.panels.training.recipe_changes import changes_between
from cvlab.ui.panels.training.recipes_dialog import RecipesDialog
from cvlab.ui.panels.training.training import TrainingPanel

MINE = Recipe().changed(**{"optimizer.kind": "momentum", "batch_size": 50, "augmentation.rotate": 5.0})


@pytest.fixture
def panel(host):
    return host(TrainingPanel, 1048, 800)


@pytest.fixture
def dialog(panel, settle):
    press(panel, "recipes")
    (made,) = panel.findChildren(RecipesDialog)
    settle("training.recipes")
    return made


def press(parent, name):
    QTest.mouseClick(parent.findChild(QWidget, f"training.{name}"), Qt.MouseButton.LeftButton)


def rows(dialog):
    return {change.title: (change.now, change.then) for change in dialog.preview.changes.changes}


def test_what_it_would_change_is_said_in_the_words_of_the_form():
    titles = {"mnist-mini": "Small", "mnist": "Whole"}
    found = changes_between(Recipe(), MINE.changed(data="mnist"), titles)
    assert [(each.title, each.now, each.then, each.live) for each in found] == [
        ("Data", "Small", "Whole", False),
        ("Optimizer", "Adam", "Momentum", False),
        ("Batch size", "250", "50", True),
        ("Augmentation, rotate", "0", "5", False),
    ]


def test_one_is_seen_before_it_is_taken_and_taken_in_one_step(dialog, panel, lab):
    assert not dialog.take.isEnabled() and dialog.preview.count.text() == "It is the default."
    dialog.list.choose("lenet-best")
    assert rows(dialog)["Learning rate"] == ("0.001", "0.003") and rows(dialog)["Schedule"] == (
        "Constant",
        "Cosine to zero",
    )
    assert dialog.preview.count.text() == "It would change 11 settings."
    assert dialog.preview.with_net.isHidden(), "LeNet is the project's net already"
    assert lab.project.recipe == Recipe(), "nothing has changed yet"
    press(dialog, "recipe_choice.take")
    assert lab.project.recipe == PRESETS["lenet-best"].recipe and not dialog.isVisible()
    assert lab.history.undo_label == "Take the recipe “LeNet, the best found here”"
    lab.history.undo()
    assert lab.project.recipe == Recipe() and not lab.history.can_undo


def test_the_net_that_it_was_made_for_comes_along_where_it_is_wanted(dialog, lab):
    dialog.list.choose("resnet9-fast")
    box = dialog.preview.with_net
    assert box.isVisible() and box.isChecked() and rows(dialog)["Net"] == ("LeNet", "ResNet-9")
    box.setChecked(False)
    assert "Net" not in rows(dialog) and "Set the input layer to" in dialog.note.text()
    box.setChecked(True)
    assert not dialog.note.isVisible()
    press(dialog, "recipe_choice.take")
    assert lab.project.architecture.name == "ResNet-9" and lab.project.recipe.data == "cifar10"
    lab.history.undo()
    assert lab.project.architecture == zoo.lenet() and lab.project.recipe == Recipe()


def test_a_net_that_fits_is_left_alone_unless_it_is_asked_for(dialog, lab):
    lab.project.architecture = zoo.linear_classifier()
    dialog.list.choose("lenet-author")
    assert dialog.preview.with_net.isVisible() and not dialog.preview.with_net.isChecked()
    press(dialog, "recipe_choice.take")
    assert lab.project.architecture == zoo.linear_classifier() and lab.project.recipe.epochs == 50


def test_the_recipe_of_now_is_kept_replaced_deleted_and_brought_back(dialog, lab, settle, capsys):
    lab.project.recipe = MINE
    assert rows(dialog)["Batch size"] == ("250", "50"), "against the default"
    dialog.name.setText("a/b")
    assert not dialog.keep_button.isEnabled() and "letters" in dialog.note.text()
    dialog.name.setText("Mine")
    assert dialog.keep_button.text() == "Keep"
    QTest.keyClick(dialog.name, Qt.Key.Key_Return)
    settle("training.recipes")
    assert dialog.isVisible() and "Kept as “Mine”" in dialog.note.text()
    assert main(["recipe", "--recipe", "mine", "--json"]) == 0
    assert Recipe.read(json.loads(capsys.readouterr().out)["recipe"]) == MINE
    lab.project.recipe = Recipe()
    dialog.list.choose("Mine")
    assert dialog.words.text() == "Momentum, learning rate 0.001, batch size 50, 5 epochs, on MNIST, balanced sample"
    assert dialog.take.isEnabled() and rows(dialog)["Batch size"] == ("250", "50")
    dialog.list.setCurrentRow(0)
    dialog.name.setText("MINE")
    assert dialog.keep_button.text() == "Replace"
    press(dialog, "recipe_choice.keep")
    assert lab.recipes.find("Mine").recipe == Recipe()
    lab.history.undo()
    assert lab.recipes.find("Mine").recipe == MINE
    settle("training.recipes")
    dialog.list.choose("Mine")
    press(dialog, "recipe_choice.delete")
    settle("training.recipes")
    assert lab.recipes.own() == [] and "Undo brings it back" in dialog.note.text()
    lab.history.undo()
    settle("training.recipes")
    dialog.list.choose("Mine")
    assert dialog.list.chosen.recipe == MINE


def test_a_recipe_goes_to_a_file_and_comes_from_one(dialog, lab, settle, tmp_path):
    lab.project.recipe = MINE
    press(dialog, "recipe_choice.save_file")
    (asked,) = dialog.findChildren(QFileDialog)
    asked.fileSelected.emit(str(tmp_path / "out.json"))
    asked.close()
    assert (tmp_path / "out.json").read_bytes() == recipe_bytes(MINE) and "--recipe" in dialog.note.text()
    lab.project.recipe = Recipe()
    dialog.read(str(tmp_path / "out.json"))
    settle("training.read_recipe")
    assert dialog.list.chosen.title == "out.json" and dialog.take.isEnabled()
    (tmp_path / "bad.json").write_text('{"epochs": -1}')
    dialog.read(str(tmp_path / "bad.json"))
    settle("training.read_recipe")
    assert "epochs is -1, but" in dialog.note.text() and dialog.list.chosen.title == "out.json"
    dialog.take_it()
    assert lab.project.recipe == MINE


def test_one_that_cannot_be_read_is_listed_with_the_reason(panel, lab, settle, qtbot):
    lab.recipes.folder.mkdir(parents=True)
    (lab.recipes.folder / "old.json").write_text('{"learning": 1}')
    panel.heading.open_recipes()
    (dialog,) = panel.findChildren(RecipesDialog)
    settle("training.recipes")
    dialog.list.choose("old")
    assert "There is no setting" in dialog.words.text() and not dialog.take.isEnabled()
    assert not dialog.save_file.isEnabled() and dialog.delete.isVisible()
    dialog.close()


def test_what_a_run_that_trains_would_feel_is_told(panel, lab, qtbot, settle):
    lab.project.recipe = Recipe.read({"epochs": 500, "batch_size": 500, "threads": 1})
    run = panel.start()
    qtbot.waitUntil(lambda: (lab.pump(), run.state.step >= 1)[1], timeout=30_000)
    panel.heading.open_recipes()
    (dialog,) = panel.findChildren(RecipesDialog)
    dialog.list.choose("lenet-author")
    assert dialog.preview.count.text().endswith(
        "At once, in the run that trains: batch size. The rest is for the next run."
    )
    dialog.take_it()
    qtbot.waitUntil(lambda: (lab.pump(), bool(run.knobs))[1], timeout=30_000)
    assert [(turn.knob, turn.new) for turn in run.knobs] == [("batch_size", 250)]
    run.stop()
    run.join()
    lab.pump()


# -- imported nets ---------------------------------------------------------------------------------------------------


@pytest.fixture
def imported(lab, tmp_path):
    """Ids of two LeNets that were imported, by their titles."""
    found = {}
    for n, name in enumerate(("first", "second"), 1):
        weights = {k: v + np.float32(n) for k, v in first_weights(zoo.lenet()).values.items()}
        write_source(zoo.lenet(), Weights(weights), tmp_path / f"{name}.py")
        found[name] = TakeIn(lab.models, tmp_path / f"{name}.py").run(JobControl()).id
    return found


@pytest.fixture
def nets(panel, imported, lab, settle):
    lab.models.changed.emit()
    settle("training.beginnings")
    press(panel, "order_nets")
    (made,) = panel.findChildren(NetsDialog)
    settle("training.imported_nets")
    return made


def choose(nets, title):
    (item,) = nets.list.findItems(title, Qt.MatchFlag.MatchExactly)
    nets.list.setCurrentItem(item)
    return item


def test_an_imported_net_gets_another_name(nets, panel, lab, settle, imported, qtbot):
    item = choose(nets, "first.py")
    assert nets.facts.text().startswith("LeNet: 14 layers, 61,706 parameters, 0.2 MB, imported on ")
    press(nets, "nets.rename")
    editor = nets.list.findChild(QLineEdit)
    editor.setText("Upside down")
    QTest.keyClick(editor, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: lab.history.can_undo)
    settle("training.imported_nets", "training.beginnings")
    assert lab.models.imported(imported["first"]).title == "Upside down" == nets.chosen.title and nets.isVisible()
    assert panel.recipe.beginning.combo.findText("Weights of Upside down  ·  imported") > 0
    lab.history.undo()
    settle("training.imported_nets")
    item = choose(nets, "first.py")
    item.setText("   ")
    assert item.text() == "first.py" and "needs a name" in nets.facts.text()


def test_an_imported_net_is_deleted_and_brought_back(nets, panel, lab, settle, imported):
    lab.project.training.begin_with = imported["first"]
    choose(nets, "first.py")
    press(nets, "nets.delete")
    settle("training.imported_nets", "training.beginnings")
    assert nets.list.count() == 1 and nets.facts.text() == "first.py is deleted. Undo brings it back."
    assert panel.recipe.beginning.which() == ""
    lab.history.undo()
    settle("training.imported_nets", "training.beginnings")
    assert nets.list.count() == 2 and panel.recipe.beginning.which() == imported["first"]


def test_one_that_a_waiting_run_needs_is_not_deleted(nets, lab, settle, imported):
    lab.runs.line.add(zoo.lenet(), Recipe(), "Fine-tuning", begin_with=imported["second"], whose="second.py")
    choose(nets, "second.py")
    press(nets, "nets.delete")
    assert nets.facts.text().startswith(
        "second.py is needed: a run that waits in the queue is to begin with its weights."
    )
    assert "Remove that run from the queue first" in nets.facts.text() and not lab.history.can_undo
    assert lab.models.imported(imported["second"]) is not None


def test_without_any_it_says_where_they_come_from(panel, lab, settle):
    panel.heading.open_nets()
    (dialog,) = panel.findChildren(NetsDialog)
    settle("training.imported_nets")
    assert "The Builder brings them in" in dialog.facts.text() and not dialog.delete.isEnabled()
    dialog.close()
