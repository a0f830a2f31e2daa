"""A person's path: open the window, drag a layer in, make a mistake, read why, mend it, undo, and go to training."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QPushButton

from tests.ui.hands import drag_from_palette

LEFT = Qt.MouseButton.LeftButton


def test_a_person_builds_breaks_and_mends_a_net(window, lab, qtbot):
    window.go("builder")
    panel = window.panel("builder")
    start = lab.project.architecture
    scene, canvas = panel.canvas.net_scene, panel.canvas
    qtbot.waitUntil(lambda: is_so(scene.is_settled and canvas.isVisible()))

    names = start.by_name
    drop = canvas.mapFromScene(scene.wires[(names["relu2"].id, names["pool2"].id, 0)].middle)
    drag_from_palette(panel, "dropout", drop)
    assert [
        start.by_id[e.source].name for e in lab.project.architecture.into(lab.project.architecture.next_id - 1)
    ] == ["relu2"]

    qtbot.waitUntil(lambda: is_so(scene.is_settled))
    flatten = scene.blocks[names["flatten1"].id]
    QTest.mouseClick(canvas.viewport(), LEFT, pos=canvas.mapFromScene(flatten.sceneBoundingRect().center()))
    QTest.keyClick(canvas, Qt.Key.Key_Delete)
    train = panel.findChild(QPushButton, "builder.train")
    assert not train.isEnabled() and "fc1 needs a vector." in panel.problem.words.text()

    lab.history.undo()
    lab.history.undo()
    assert lab.project.architecture == start and train.isEnabled()
    QTest.mouseClick(train, LEFT)
    assert lab.project.panel == "training"


def is_so(condition: bool) -> None:
    assert condition
