"""What a person's hands do on any panel: find a control by its name, and click it."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QWidget


def control(view: QWidget, name: str) -> QWidget:
    """The control `<panel>.<name>` of the panel that this view, or page, is of; dialogs stand in its window."""
    panel = type(view).__module__.split(".")[3]  # cvlab.ui.panels.<panel>.…
    found = view.window().findChild(QWidget, f"{panel}.{name}")
    assert found is not None, name
    return found


def click(qtbot, view: QWidget, name: str) -> None:
    qtbot.mouseClick(control(view, name), Qt.MouseButton.LeftButton)
