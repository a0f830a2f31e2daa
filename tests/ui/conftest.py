"""Two small panels for tests of the window itself: one that behaves, one that does not."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import pytest
from PySide6.QtWidgets import QLabel, QLineEdit, QPushButton, QVBoxLayout

from cvlab.engine.formula import Formula
from cvlab.ui.actions import Action
from cvlab.ui.panel import Lesson, Panel, Stop
from cvlab.ui.panels import PanelSpec


class Calm(Panel):
    """A panel with a button, a text field, an action and a tour of one stop."""

    lesson = Lesson(
        "A calm panel",
        "A button that counts how often it was asked.",
        (Formula("Hinge loss", r"L_i = \sum_{j \neq y_i} \max(0, s_j - s_{y_i} + 1)", definition="a sample"),),
        ("Press the button.",),
    )

    def __init__(self, lab, parent=None) -> None:
        super().__init__(lab, parent)
        self.count = self.ticks = 0
        self.is_front = False
        self.button = QPushButton("Count", self)
        self.button.setObjectName("calm.count")
        self.button.setAccessibleName("Count")
        self.button.setToolTip("Counts one further.")
        self.button.clicked.connect(self.count_up)
        self.line = QLineEdit("text", self)
        self.line.setObjectName("calm.text")
        column = QVBoxLayout(self)
        column.addWidget(QLabel("Calm", self))
        column.addWidget(self.button)
        column.addWidget(self.line)

    def actions_offered(self) -> Sequence[Action]:
        return (
            Action("calm.count", "Count up", self.count_up, "F5", "play", menu="Run"),
            Action("calm.rest", "Rest", self.count_up, enabled=self.may_rest),
        )

    def may_rest(self) -> bool:
        return False

    def count_up(self) -> None:
        self.count += 1

    def shown(self) -> None:
        self.is_front = True

    def hidden(self) -> None:
        self.is_front = False

    def tick(self) -> None:
        self.ticks += 1

    def tour(self) -> Iterator[Stop]:
        yield Stop("open", self.isVisible, 2.0)


class Wild(Panel):
    """A panel that fails when it is built, as often as `faults` says, and then when it ticks, as often as `slips` says."""

    faults = 0
    slips = 0

    def __init__(self, lab, parent=None) -> None:
        super().__init__(lab, parent)
        if type(self).faults:
            type(self).faults -= 1
            raise ValueError("the wild panel would not be built")

    def tick(self) -> None:
        if type(self).slips:
            type(self).slips -= 1
            raise ValueError("the wild panel slipped")


SPECS = (
    PanelSpec("calm", "Calm", "Count a little", "builder", f"{__name__}:Calm"),
    PanelSpec("wild", "Wild", "Fall over", "training", f"{__name__}:Wild"),
)


@pytest.fixture
def calm_and_wild(monkeypatch):
    """The two classes, freshly behaved; `small_window` shows them."""
    monkeypatch.setattr(PanelSpec, "load", lambda self: {"calm": Calm, "wild": Wild}[self.id])
    Wild.faults = Wild.slips = 0
    return Calm, Wild


@pytest.fixture
def specs():
    return SPECS


@pytest.fixture
def small_window(lab, qapp, qtbot, flush, calm_and_wild):
    """A main window over the two panels."""
    from cvlab.ui.window import MainWindow

    made = MainWindow(lab, panels=SPECS)
    made.resize(1280, 800)
    with qtbot.waitExposed(made):
        made.show()
    yield made
    made.leave()
    flush()
