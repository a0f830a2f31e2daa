"""A person's way through training, by real events: from an empty panel to a LeNet that reads digits, through one failure."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QComboBox, QWidget

from cvlab.engine.data import catalogue
from cvlab.engine.nets.architecture import Architecture
from cvlab.engine.nets.layers import Conv, Flatten, Input, Linear, Relu
from cvlab.ui.panels.training.training import TrainingPanel
from tests.core.drivers.processes import few_digits


@pytest.fixture
def panel(lab, qtbot):
    made = TrainingPanel(lab)
    qtbot.addWidget(made)
    made.resize(1048, 800)
    made.show()
    made.shown()
    return made


def test_from_a_recipe_through_a_failure_to_a_net_that_reads(panel, lab, qtbot):
    def find(name: str) -> QWidget:
        return panel.findChild(QWidget, f"training.{name}")

    def press(name: str) -> None:
        QTest.mouseClick(find(name), Qt.MouseButton.LeftButton)

    def type_into(name: str, text: str) -> None:
        line = find(name).lineEdit()
        line.selectAll()
        QTest.keyClicks(line, text)
        QTest.keyClick(line, Qt.Key.Key_Return)

    def choose(combo: QComboBox, value: str) -> None:
        while combo.currentData() != value:
            step = Qt.Key.Key_Down if combo.findData(value) > combo.currentIndex() else Qt.Key.Key_Up
            QTest.keyClick(combo, step)

    def until(condition, timeout=60_000) -> None:
        def check() -> None:
            lab.pump()
            panel.tick()
            assert condition()

        qtbot.waitUntil(check, timeout=timeout)

    # A recipe that cannot work, as a curious person writes it.
    press("machine_settings")
    type_into("threads", "1")
    type_into("batch_size", "64")
    type_into("epochs", "1")
    choose(find("optimizer"), "sgd")
    type_into("learning_rate", "100")
    press("start")
    until(find("try").isVisible)
    assert "step" in panel.failure.words.text()

    # Undo back to Adam, and let it learn.
    while lab.project.recipe.optimizer.kind != "adam":
        lab.history.undo()
    assert find("learning_rate").value() == 0.001
    press("start")
    assert not panel.failure.isVisible()
    until(lambda: lab.runs.current.state.step > 20)

    # Hold it, look, change a knob, go on.
    press("pause")
    type_into("learning_rate", "0.002")
    press("pause")
    until(lambda: lab.runs.current.state.status == "finished")
    run = lab.runs.current
    assert run.knobs[0].new == 0.002
    assert run.state.test_accuracy is None and run.state.held_out_accuracy > 0.85
    press("evaluate_test")
    until(lambda: run.state.test_accuracy is not None)
    assert run.state.test_accuracy > 0.85 and lab.test_set.reads_of(run.recipe.data) == 1
    losses = panel.curves.loss.series["smoothed"].y
    assert losses[0] > 2.2
    assert losses[-1] < 0.8
    with qtbot.waitSignal(panel.go_to) as caught:
        press("draw")
    assert caught.args == ["digits"]
    assert lab.models.load(lab.project.digits.model).title == run.title


def test_the_tour_brings_its_stops_up(panel, lab, qtbot, monkeypatch):
    layers = [Input(), Conv(filters=4, kernel=5, stride=4), Relu(), Flatten(), Linear(units=10)]
    lab.project.architecture = Architecture.chain("small", layers)  # LeNet takes much longer
    few, names = few_digits(10), []
    for stop in panel.tour():
        names.append(stop.name)
        if stop.name == "failed":  # what follows, checks and a search, need no more
            monkeypatch.setattr(catalogue, "load", lambda *_, **__: few)

        def check(stop=stop) -> None:
            lab.pump()
            panel.tick()
            assert stop.is_ready()

        qtbot.waitUntil(check, timeout=round(1000 * stop.timeout_s))
    assert names == ["learning", "layers", "filters", "mistakes", "failed", "checks", "search", "search-heat"]
