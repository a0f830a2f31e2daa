"""A trained net from a file: onto the canvas with its weights, out again, and on to training with them."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QFileDialog, QLabel

from cvlab.core.net_export import write_source
from cvlab.core.weights import Weights, first_weights
from cvlab.engine.data.preprocessing import Preprocessing
from cvlab.engine.nets import zoo
from cvlab.engine.nets.layers import Linear
from cvlab.engine.training.checkpoint import read_weights
from cvlab.engine.training.recipe import Recipe
from cvlab.ui.panels.training.training import TrainingPanel

LEFT = Qt.MouseButton.LeftButton
NET = zoo.linear_classifier()


@pytest.fixture
def file(tmp_path):
    """A source with trained weights beside it."""
    weights = first_weights(NET)
    values = {name: value + np.float32(0.01) for name, value in weights.values.items()}
    write_source(NET, Weights(values, Preprocessing(kind="unit")), tmp_path / "mine.py")
    return tmp_path / "mine.py"


def test_it_comes_with_its_weights_and_goes_on_from_there(builder, lab, settle, file, tmp_path, monkeypatch):
    went = []
    builder.go_to.connect(went.append)
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_: (str(file), ""))
    actions = {action.data(): action for action in builder.header.import_.menu().actions() if action.data()}
    assert all(action.toolTip() for action in actions.values())
    actions["file"].trigger()
    settle("builder.exchange")
    notice = lab.notices.all[-1]
    assert notice.title == "mine.py is on the canvas, with its weights."
    assert [remedy.caption for remedy in notice.remedies] == ["Fine-tune it", "Draw for it"]
    assert lab.project.architecture.name == NET.name
    notice.remedies[1].act()
    assert went == ["digits"] and lab.models.load(lab.project.digits.model).preprocessing.kind == "unit"
    notice.remedies[0].act()
    assert went[-1] == "training" and lab.project.training.begin_with == lab.project.digits.model

    builder.exchange.export("source")
    dialog = builder.exchange.dialog
    settle("builder.weights")
    assert dialog.list.item(0).text() == "mine.py   imported"
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(tmp_path / "b" / "mine.py"), ""))
    QTest.mouseClick(dialog.save, LEFT)
    settle("builder.exchange")
    for name in ("mine.py", "mine.safetensors"):
        assert (tmp_path / "b" / name).read_bytes() == (tmp_path / name).read_bytes()
    lab.history.undo()
    assert lab.project.architecture.name != NET.name


def test_weights_alone_are_taken_for_the_net_that_is_there(builder, lab, settle, tmp_path):
    builder.edits.replace(NET)
    torch.save({name: torch.as_tensor(v) for name, v in first_weights(NET).values.items()}, tmp_path / "w.pth")
    builder.importer.open(tmp_path / "w.pth")
    settle("builder.exchange")
    assert lab.notices.all[-1].title == f"{NET.name} has the weights of w.pth."
    assert lab.project.architecture is NET or lab.project.architecture == NET
    builder.edits.replace(zoo.lenet())
    builder.importer.open(tmp_path / "w.pth")
    settle("builder.exchange")
    assert lab.notices.all[-1].level == "error" and "belong to another net" in lab.notices.all[-1].text


def test_training_begins_with_them_and_a_changed_layer_anew(builder, lab, settle, file, host, until):
    builder.importer.open(file)
    settle("builder.exchange")
    lab.project.recipe = Recipe.read({"data": "mnist-mini", "epochs": 1, "batch_size": 500, "threads": 1})
    training = host(TrainingPanel, 1048, 800)
    beginning = training.recipe.beginning
    settle("training.beginnings")
    assert beginning.combo.currentText() == "Weights of mine.py  ·  imported"
    assert beginning.words.text() == "All of its weights are taken over."
    training.step()
    run = lab.runs.current
    until(lambda: run.state.step == 1 and run.state.status == "paused")
    began = run.folder.trained_at(0).weights()
    wanted = read_weights(file.with_suffix(".safetensors").read_bytes())
    assert all(np.array_equal(began[name], value) for name, value in wanted.items())
    training.start()
    assert "still training" in training.failure.words.text()
    training.enqueue()
    (waiting,) = lab.runs.waiting
    assert waiting.begin_with == lab.project.training.begin_with and waiting.whose == "mine.py"
    words = training.queue.findChild(QLabel, "training.waiting1")
    assert words.text() == "weights of mine.py" and "begins with the weights of mine.py" in words.toolTip()
    lab.runs.unqueue(waiting.id)
    run.stop()
    run.join()
    lab.pump()

    before = lab.project.architecture
    lab.project.architecture = before.with_layer(before.order[-1], Linear(units=12))
    settle("training.beginnings")
    assert beginning.which() == "" and beginning.combo.currentIndex() <= 0
    lab.project.architecture = zoo.lenet()
    settle("training.beginnings")
    assert (
        beginning.combo.currentText() == "Random first weights" and beginning.combo.count() == 2
    )  # the LeNet that ships
    beginning.combo.setCurrentIndex(1)
    beginning.combo.activated.emit(1)
    assert lab.project.training.begin_with == "lenet-mnist" and beginning.words.isVisible()
    smaller = lab.project.architecture
    fc3 = smaller.by_name["fc3"].id
    lab.project.architecture = smaller.with_layer(fc3, Linear(units=3))
    settle("training.beginnings")
    assert beginning.words.text() == "Begins anew: fc3."


def test_what_cannot_be_read_is_said(builder, lab, settle, file):
    file.with_suffix(".safetensors").write_bytes(b"cut")
    before = lab.project.architecture
    builder.importer.open(file)
    settle("builder.exchange")
    assert lab.notices.all[-1].level == "error" and "only a part" in lab.notices.all[-1].text
    assert lab.project.architecture is before
