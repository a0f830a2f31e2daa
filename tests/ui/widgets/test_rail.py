"""The rail: every panel can be seen and reached, however low the window."""

import itertools

import pytest
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QToolButton

from cvlab.ui.actions import Action
from cvlab.ui.widgets.rail import Rail, panel_shortcut

ENTRIES = [(f"panel{n}", "Playground", "Something to do", "builder") for n in range(12)]


@pytest.fixture
def rail(qtbot):
    made = Rail(ENTRIES)
    qtbot.addWidget(made)
    for name in ("find", "theme", "explain"):
        action = QAction(made)
        action.setObjectName(f"window.{name}")
        action.spec = Action(f"window.{name}", name, made.update, "", "search")
        made.add_switch(action, name.capitalize())
    return made


@pytest.mark.parametrize("height", [584, 644, 700, 844, 1300])
def test_no_button_covers_another_or_leaves_the_rail(rail, qtbot, height):
    rail.resize(76, height)
    with qtbot.waitExposed(rail):
        rail.show()
    buttons = sorted((b.geometry() for b in rail.findChildren(QToolButton)), key=lambda each: each.top())
    assert len(buttons) == 15
    assert all(above.bottom() < below.top() for above, below in itertools.pairwise(buttons))
    assert buttons[-1].bottom() <= rail.height()
    metrics = rail.fontMetrics()
    for button in rail.findChildren(QToolButton):
        if button.text() == "Playground":
            assert button.height() >= button.iconSize().height() + metrics.height() * 11 // 13


def test_the_first_ten_panels_have_keys():
    assert [panel_shortcut(n) for n in (1, 9, 10, 11)] == ["Ctrl+1", "Ctrl+9", "Ctrl+0", ""]
