"""The panel of linear classifiers: a worksheet, a plane of points and lines, and templates of digits."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from PySide6.QtWidgets import QButtonGroup, QHBoxLayout, QLabel, QPushButton, QStackedWidget, QVBoxLayout, QWidget

from cvlab.core.lab import Lab
from cvlab.ui.actions import Action
from cvlab.ui.bind import bind
from cvlab.ui.panel import Panel, Stop
from cvlab.ui.panels.linear.lab_page import LabPage
from cvlab.ui.panels.linear.lesson import LAB, LESSONS
from cvlab.ui.panels.linear.pieces import named
from cvlab.ui.panels.linear.templates_page import TemplatesPage
from cvlab.ui.panels.linear.worksheet import WorksheetPage

_PAGES = (
    ("worksheet", "Worksheet", "Wx + b by hand: every number can be changed, every product is shown."),
    ("lab", "2-D lab", "Points and lines in the plane, with their loss and its gradient."),
    ("templates", "Templates", "A linear classifier of digits, its weights shown as images while it learns."),
)


class LinearPanel(Panel):
    """A Stepper: the pages compute on the GUI thread, and only the one in front."""

    lesson = LAB

    def __init__(self, lab: Lab, parent: QWidget | None = None) -> None:
        super().__init__(lab, parent)
        self._state = lab.project.linear
        self._is_front = False
        self.worksheet, self.plane = WorksheetPage(lab, self), LabPage(lab, self)
        self.templates = TemplatesPage(lab, self)
        self._pages = {"worksheet": self.worksheet, "lab": self.plane, "templates": self.templates}
        title = QLabel("Linear classifiers", self)
        title.setProperty("role", "heading")
        top = QHBoxLayout()
        top.setSpacing(8)
        top.addWidget(title)
        top.addStretch(1)
        self._switch = QButtonGroup(self)
        self._stack = QStackedWidget(self)
        for number, (id, words, tip) in enumerate(_PAGES):
            chip = named(QPushButton(words, self), f"page.{id}", words, tip)
            chip.setCheckable(True)
            chip.setProperty("role", "chip")
            self._switch.addButton(chip, number)
            top.addWidget(chip)
            self._stack.addWidget(self._pages[id])
        outer = QVBoxLayout(self)
        outer.setContentsMargins(24, 16, 24, 24)
        outer.setSpacing(12)
        outer.addLayout(top)
        outer.addWidget(self._stack, 1)
        self._switch.idClicked.connect(self._choose)
        bind(self, self._state, "page", self._show_page)

    def _choose(self, number: int) -> None:
        self._state.page = _PAGES[number][0]

    def _show_page(self, page: str) -> None:
        for id, view in self._pages.items():
            if id != page:
                view.rest()
        self._stack.setCurrentWidget(self._pages[page])
        self._switch.button([id for id, *_ in _PAGES].index(page)).setChecked(True)
        if self._is_front:
            self._pages[page].wake()
        self.lesson = LESSONS[page]
        self.explain.emit(self.lesson)

    def shown(self) -> None:
        self._is_front = True
        self._pages[self._state.page].wake()

    def hidden(self) -> None:
        self._is_front = False
        for page in self._pages.values():
            page.rest()

    def _runner(self) -> LabPage | TemplatesPage:
        return self.templates if self._state.page == "templates" else self.plane

    def _toggle(self) -> None:
        if self._state.page == "worksheet":
            self._state.page = "lab"
        self._runner().toggle()

    def _step(self) -> None:
        if self._state.page != "worksheet":
            self._runner().step()

    def actions_offered(self) -> Sequence[Action]:
        return (
            Action("linear.play", "Run or stop the descent", self._toggle, "Ctrl+Space", "play", menu="Run"),
            Action("linear.forward", "One step of descent", self._step, "Alt+Right", "right", menu="Run"),
            Action("linear.back", "Take a step back", self.plane.step_back, "Alt+Left", "left", menu="Run"),
            Action("linear.gradient", "Check the gradient", self.plane.check, "", "success", menu="Run"),
        )

    def tour(self) -> Iterator[Stop]:
        self._state.page = "worksheet"
        yield Stop("worksheet", self.isVisible)
        self._state.page = "lab"
        for _ in range(12):
            self.plane.step()
        self.plane.check()
        yield Stop("lab", self._is_typeset)
        self._state.page = "templates"
        yield Stop("templates", self._has_learned)
        self._state.page = "lab"

    def _is_typeset(self) -> bool:
        objective = self.plane.objective
        return objective.formula.is_ready and (
            objective.penalty_formula.is_ready or objective.penalty_formula.isHidden()
        )

    def _has_learned(self) -> bool:
        learner = self.templates.learner
        return learner is not None and learner.steps > 0 and not self.templates.is_playing
