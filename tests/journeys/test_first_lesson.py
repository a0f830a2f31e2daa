"""The whole first lesson by real events: drag a layer in, train the net on real digits, draw one, and see it read by that net."""

from __future__ import annotations

import json

from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QPushButton, QWidget

from cvlab.cli import main
from cvlab.core.storage.run_folder import RunFolder
from cvlab.engine.training.events import EpochEnd, StepEnd
from cvlab.ui.panels.digits.ready_made import seven
from cvlab.ui.widgets.ink import SIDE
from tests.ui.hands import drag_from_palette

LEFT = Qt.MouseButton.LeftButton


def test_drag_train_draw(window, lab, qtbot, capsys, home):
    # Build: a dropout from the palette onto the wire between relu3 and fc2.
    window.go("builder")
    builder = window.panel("builder")
    qtbot.waitUntil(lambda: is_so(builder.canvas.net_scene.is_settled and builder.canvas.isVisible()))
    names = lab.project.architecture.by_name
    wire = builder.canvas.net_scene.wires[(names["relu3"].id, names["fc2"].id, 0)]
    drag_from_palette(builder, "dropout", builder.canvas.mapFromScene(wire.middle))
    net = lab.project.architecture
    assert [net.by_id[edge.source].name for edge in net.into(net.by_name["fc2"].id)] == ["dropout2"]

    # Train: one thread, so that it can be repeated; an epoch of the embedded digits.
    lab.project.recipe = lab.project.recipe.changed(epochs=2, batch_size=64, threads=1)
    press(builder, "builder.train")
    assert lab.project.panel == "training"
    training = window.panel("training")
    press(training, "training.start")
    qtbot.waitUntil(lambda: is_so(lab.runs.current is not None and not lab.runs.current.is_active), timeout=90_000)
    run = lab.runs.current
    assert run.state.status == "finished" and run.state.held_out_accuracy > 0.9

    # Draw: with the mouse, read by the net that was just trained.
    press(training, "training.draw")
    assert (lab.project.panel, lab.project.digits.model) == ("digits", run.id)
    digits = window.panel("digits")
    qtbot.waitUntil(lambda: is_so(digits.reading is not None), timeout=30_000)
    pad = digits.findChild(QWidget, "digits.pad")
    for stroke in seven().strokes:
        places = [on(pad, x, y) for x, y, _ in stroke.points]
        QTest.mousePress(pad, LEFT, pos=places[0])
        for place in places[1:]:
            QTest.mouseMove(pad, place)
        QTest.mouseRelease(pad, LEFT, pos=places[-1])
    bars = digits.findChild(QWidget, "digits.probabilities")
    qtbot.waitUntil(lambda: is_so(bars.winner == "7"), timeout=10_000)

    # The command line repeats the window's run to the last bit.
    lab.save(home / "lesson.cvlab")
    capsys.readouterr()
    assert main(["train", str(home / "lesson.cvlab"), "--json"]) == 0
    twin = RunFolder.open(lab.runs.root / json.loads(capsys.readouterr().out)["run"])
    assert numbers(twin) == numbers(run.folder)


def numbers(folder: RunFolder) -> list[tuple]:
    """Every figure of the run that is not a time."""
    return [
        (e.step, e.loss, e.accuracy)
        if isinstance(e, StepEnd)
        else (e.epoch, e.train_loss, e.held_out_loss, e.held_out_accuracy)
        for e in folder.events()
        if isinstance(e, StepEnd | EpochEnd)
    ]


def press(panel: QWidget, name: str) -> None:
    QTest.mouseClick(panel.findChild(QPushButton, name), LEFT)


def on(pad: QWidget, x: float, y: float) -> QPoint:
    field = pad.field()
    return QPoint(round(field.x() + x * field.width() / SIDE), round(field.y() + y * field.width() / SIDE))


def is_so(condition: bool) -> None:
    assert condition
