"""The panel of nearest neighbours: decisions by looking things up."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from importlib import import_module

from PySide6.QtWidgets import QButtonGroup, QHBoxLayout, QLabel, QStackedWidget, QVBoxLayout, QWidget

from cvlab.core.lab import Lab
from cvlab.ui.actions import Action
from cvlab.ui.bind import bind
from cvlab.ui.panel import Panel, Stop
from cvlab.ui.panels.neighbors.lesson import LESSONS, PLANE
from cvlab.ui.panels.neighbors.pieces import chip
from cvlab.ui.panels.neighbors.set_bar import SetBar
from cvlab.ui.panels.neighbors.the_set import TheSet
from cvlab.ui.widgets.finish import finish

_PAGES = (
    ("worksheet", "Worksheet", "Two images, every difference, and what they add up to.", "sheet_page:SheetPage"),
    ("plane", "2-D lab", "Points in the plane, and the regions that they decide.", "plane_page:PlanePage"),
    (
        "images",
        "Images",
        "The nearest images of a query, and pictures that defeat pixel distance.",
        "images_page:ImagesPage",
    ),
    ("accuracy", "Accuracy", "Exact k-NN over a whole test set.", "accuracy_page:AccuracyPage"),
    ("tuning", "Tuning", "k and the metric, chosen on validation data.", "tuning_page:TuningPage"),
)


class NeighborsPanel(Panel):
    """One page in front; each is built when it is first looked at. set: the images that three of them share."""

    lesson = PLANE

    def __init__(self, lab: Lab, parent: QWidget | None = None) -> None:
        super().__init__(lab, parent)
        self._state = lab.project.neighbors
        self._is_front = False
        self.set = TheSet(lab, self)
        self._built: dict[str, QWidget] = {}
        title = QLabel("Nearest neighbours", self)
        title.setProperty("role", "heading")
        top = QHBoxLayout()
        top.setSpacing(8)
        top.addWidget(title)
        top.addStretch(1)
        self._switch, self._stack = QButtonGroup(self), QStackedWidget(self)
        for number, (id, words, tip, _) in enumerate(_PAGES):
            made = chip(self, f"page.{id}", words, tip, checkable=True)
            self._switch.addButton(made, number)
            top.addWidget(made)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(24, 16, 24, 24)
        outer.setSpacing(12)
        outer.addLayout(top)
        self.bar = SetBar(lab, self.set, self)
        outer.addWidget(self.bar)
        outer.addWidget(self._stack, 1)
        self._switch.idClicked.connect(self._choose)
        bind(self, self._state, "page", self._show_page)

    def page(self, id: str) -> QWidget:
        """A page, built if it was not."""
        if id not in self._built:
            (view,) = [view for known, _, _, view in _PAGES if known == id]
            module, name = view.split(":")
            kind = getattr(import_module(f"cvlab.ui.panels.neighbors.{module}"), name)
            made = kind(self.lab, self) if id == "plane" else kind(self.lab, self.set, self)
            self._built[id] = made
            self._stack.addWidget(made)
            finish(made)
        return self._built[id]

    def _choose(self, number: int) -> None:
        self._state.page = _PAGES[number][0]

    def _show_page(self, id: str) -> None:
        for other, view in self._built.items():
            if other != id:
                view.rest()
        page = self.page(id)
        self.bar.setVisible(id in ("images", "accuracy", "tuning"))
        self.bar.show_ruling(id != "tuning")
        self._stack.setCurrentWidget(page)
        self._switch.button([known for known, *_ in _PAGES].index(id)).setChecked(True)
        if self._is_front:
            page.wake()
        self.lesson = LESSONS[id]
        self.explain.emit(self.lesson)

    def shown(self) -> None:
        self._is_front = True
        self.bar.refresh()
        self.page(self._state.page).wake()

    def hidden(self) -> None:
        self._is_front = False
        for page in self._built.values():
            page.rest()

    # -- actions -----------------------------------------------------------------------------------------------------

    def _start(self) -> None:
        """Runs, or stops, what the page in front measures; elsewhere, opens Accuracy."""
        if self._state.page not in ("accuracy", "tuning"):
            self._state.page = "accuracy"
        self.page(self._state.page).toggle()

    def _fresh(self) -> None:
        self._state.page = "plane"
        self.page("plane").new_points()

    def _next(self) -> None:
        self._state.page = "images"
        self.page("images").step(1)

    def _before(self) -> None:
        self._state.page = "images"
        self.page("images").step(-1)

    def _mistake(self) -> None:
        self._state.page = "images"
        self.page("images").find_mistake()

    def actions_offered(self) -> Sequence[Action]:
        return (
            Action("neighbors.start", "Measure accuracy, or stop", self._start, "Ctrl+Space", "play", menu="Run"),
            Action("neighbors.forward", "Next test image", self._next, "Alt+Right", "right", menu="Run"),
            Action("neighbors.back", "Test image before", self._before, "Alt+Left", "left", menu="Run"),
            Action("neighbors.mistake_next", "Next mistake", self._mistake, "", "warning", menu="Run"),
            Action("neighbors.new_points", "New points in the plane", self._fresh, "", "replay", menu="Run"),
        )

    # -- tour --------------------------------------------------------------------------------------------------------

    def tour(self) -> Iterator[Stop]:
        self._state.page = "plane"
        plane = self.page("plane")
        plane.plane.pointed.emit((-0.35, 0.2))
        plane.plane._place = (-0.35, 0.2)
        yield Stop("plane", self._has_map)
        self._state.page = "worksheet"
        yield Stop("worksheet", self.isVisible)
        self._state.page = "images"
        yield Stop("images", self.page("images").is_answered)
        self._state.page = "accuracy"
        self.page("accuracy").toggle()
        yield Stop("accuracy", self.page("accuracy").is_done)
        self._state.page = "tuning"
        self.page("tuning").toggle()
        yield Stop("tuning", self.page("tuning").is_done)
        self._state.page = "plane"

    def _has_map(self) -> bool:
        return self.page("plane").layer.is_exact
