"""The keyboard focus in every panel: Tab leaves it, and nothing that is disabled or hidden gives the focus to a control that
deletes something."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QApplication, QStackedLayout, QStackedWidget, QWidget

from cvlab.core.storage.run_folder import RunFolder
from cvlab.engine.nets import zoo
from cvlab.engine.training.events import EpochEnd, RunFinished, StepEnd
from cvlab.engine.training.recipe import Recipe
from cvlab.ui.panel import Panel
from cvlab.ui.panels import PANELS
from cvlab.ui.widgets.focus import is_destructive
from cvlab.ui.window import MainWindow

EVERY_PANEL = pytest.mark.parametrize("panel_id", [spec.id for spec in PANELS])
ENDS_SOMETHING = re.compile(r"\b(clear|delete|discard|forget|remove|reset|start anew|stop|throw away)\b", re.IGNORECASE)
"""Independent of how the program marks such controls: what a screen reader says of them."""


@pytest.fixture
def opened(lab, qapp, qtbot, flush):
    """A function that opens the window at a panel, with three runs on disk, and gives window and panel."""
    windows = []

    def show(panel_id: str) -> tuple[MainWindow, Panel]:
        for seed in range(3):
            folder = RunFolder.create(lab.runs.root, zoo.two_layer(), Recipe.read({"seed": seed, "epochs": 1}))
            folder.log(StepEnd(1, 1, 1.0, 0.5, 0.1, 250, 0.1))
            folder.log(EpochEnd(1, 1, 1.0, 0.5, 0.6, 0.8, 0.1, 0.4, 500.0))
            folder.log(RunFinished(1, 1, 0.5, False, 0.3, 0.88))
            folder.close()
        lab.project.panel = panel_id
        window = MainWindow(lab)
        windows.append(window)
        window.resize(1440, 900)
        with qtbot.waitActive(window):
            window.show()
        panel = window.panel(panel_id)
        qtbot.waitUntil(lambda: not lab.jobs.is_busy(), timeout=30_000)
        return window, panel

    yield show
    for window in windows:
        window.leave()
    flush()


def pages(panel: QWidget) -> Iterator[str]:
    """Shows the panel as it opens, then each page of each stack in it, one after the other."""
    yield "as it opens"
    for stack in (*panel.findChildren(QStackedWidget), *panel.findChildren(QStackedLayout)):
        before = stack.currentIndex()
        for at in range(stack.count()):
            if at != before:
                stack.setCurrentIndex(at)
                QApplication.processEvents()
                yield f"page {at} of {type(stack.parent()).__name__}"
        stack.setCurrentIndex(before)
        QApplication.processEvents()


def focusable(panel: QWidget, policy: Qt.FocusPolicy = Qt.FocusPolicy.TabFocus) -> list[QWidget]:
    """The widgets on the screen that take the focus in this way."""
    return [
        widget
        for widget in panel.findChildren(QWidget)
        if widget.isVisible() and widget.isEnabled() and widget.focusPolicy() & policy and widget.focusProxy() is None
    ]


def name(widget: QWidget | None) -> str:
    return f"{type(widget).__name__} {widget.objectName()}" if widget is not None else "nothing"


@EVERY_PANEL
def test_tab_leaves_it(panel_id, opened):
    """In at most as many presses as the page has controls, from each of them, forward and backward."""
    _, panel = opened(panel_id)
    assert panel.focusProxy() is None, "Tab never gets past a container whose proxy is hidden or disabled"
    trapped = []
    for page in pages(panel):
        stops = focusable(panel)
        for key, first in ((Qt.Key.Key_Tab, stops[0]), (Qt.Key.Key_Backtab, stops[-1])):
            left = set()  # those from which the focus has left before
            for start in (first, *stops):
                if start in left or not start.isVisible():
                    continue
                start.setFocus()
                reached = []
                while panel.isAncestorOf(QApplication.focusWidget()) and len(reached) <= len(stops):
                    reached.append(QApplication.focusWidget())
                    QTest.keyClick(reached[-1], key)
                if len(reached) > len(stops):
                    trapped.append(f"{page}: {key.name} from {name(start)} ends in {name(reached[-1])}")
                left.update(reached)
    assert trapped == []


@EVERY_PANEL
def test_no_control_gives_the_focus_to_one_that_deletes_something(panel_id, opened):
    """Each control, and each container of one, is disabled and hidden while the focus is there."""
    window, panel = opened(panel_id)
    buttons = [button for button in panel.findChildren(QAbstractButton) if ends_something(button)]
    assert [name(button) for button in buttons if not is_destructive(button)] == [], "not marked"
    wrong = []
    for page in pages(panel):
        done = set()
        for control in focusable(panel, Qt.FocusPolicy.StrongFocus):
            for each in (control, control.parentWidget()):
                if each is panel or each in done:
                    continue
                done.add(each)
                for change in (each.setEnabled, each.setVisible):
                    control.setFocus()
                    if control.hasFocus():
                        change(False)
                        now = window.focusWidget()
                        if not is_within(panel, now) or ends_something(now):
                            wrong.append(f"{page}: {name(now)} after {change.__name__}(False) of {name(each)}")
                        change(True)
    assert wrong == []


def is_within(panel: QWidget, widget: QWidget | None) -> bool:
    return widget is panel or (widget is not None and panel.isAncestorOf(widget))


def ends_something(widget: QWidget) -> bool:
    said = (widget.accessibleName(), widget.text() if isinstance(widget, QAbstractButton) else "")
    return any(ENDS_SOMETHING.search(words) for words in said)
