"""What a person's hands do on the convolution panel: find a control, click it, point at a cell of a stage."""

from __future__ import annotations

from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QWidget


def control(panel, name) -> QWidget:
    found = panel.findChild(QWidget, f"convolution.{name}")
    assert found is not None, name
    return found


def click(qtbot, panel, name):
    qtbot.mouseClick(control(panel, name), Qt.MouseButton.LeftButton)


def cell(stage, name, place) -> QPoint:
    return stage.area(name, place).center().toPoint()
