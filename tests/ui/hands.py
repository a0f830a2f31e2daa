"""What a person's hands do in the window: find a control by its name, click it, drag."""

from __future__ import annotations

from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QWidget

LEFT = Qt.MouseButton.LeftButton


def control(view: QWidget, name: str) -> QWidget:
    """The control `<panel>.<name>` of the panel that this view, or page, is of; dialogs stand in its window."""
    panel = type(view).__module__.split(".")[3]  # cvlab.ui.panels.<panel>.…
    found = view.window().findChild(QWidget, f"{panel}.{name}")
    assert found is not None, name
    return found


def click(qtbot, view: QWidget, name: str) -> None:
    qtbot.mouseClick(control(view, name), LEFT)


def drag(widget: QWidget, start: QPoint, end: QPoint, *, let_go: bool = True) -> None:
    """From one place on the widget to another, in three moves, as a grab delivers them."""
    QTest.mousePress(widget, LEFT, pos=start)
    for share in (0.3, 0.7, 1.0):
        QTest.mouseMove(widget, start + (end - start) * share)
    if let_go:
        QTest.mouseRelease(widget, LEFT, pos=end)


def drag_from_palette(builder: QWidget, kind: str, goal: QPoint, *, let_go: bool = True) -> None:
    """A layer kind from the builder's palette to a place of the canvas' viewport."""
    entry = control(builder, f"palette.{kind}")
    end = entry.mapFromGlobal(builder.canvas.viewport().mapToGlobal(goal))
    drag(entry, entry.rect().center(), end, let_go=let_go)
