"""The panel of the way down: a race of update rules on a surface, and learning-rate schedules."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from PySide6.QtWidgets import QButtonGroup, QHBoxLayout, QLabel, QPushButton, QStackedWidget, QVBoxLayout, QWidget

from cvlab.core.lab import Lab
from cvlab.ui.actions import Action
from cvlab.ui.bind import bind
from cvlab.ui.panel import Panel, Stop
from cvlab.ui.panels.optimization.lesson import RACE, SCHEDULES
from cvlab.ui.panels.optimization.names import named
from cvlab.ui.panels.optimization.net_page import NetPage
from cvlab.ui.panels.optimization.race_page import RacePage
from cvlab.ui.panels.optimization.schedules_page import SchedulesPage


class OptimizationPanel(Panel):
    """A Stepper: the race is run on the GUI thread, at most 8 of each 16 ms; pictures of surfaces are made in jobs."""

    lesson = RACE

    def __init__(self, lab: Lab, parent: QWidget | None = None) -> None:
        super().__init__(lab, parent)
        self._state = lab.project.optimization
        self.race, self.schedules, self.net = RacePage(lab, self), SchedulesPage(lab, self), NetPage(lab, self)
        title = QLabel("Optimization", self)
        title.setProperty("role", "heading")
        bar = QHBoxLayout()
        bar.setSpacing(8)
        bar.addWidget(title)
        bar.addStretch(1)
        group = QButtonGroup(self)
        self.tabs: dict[str, QPushButton] = {}
        for page, words, tip in (
            ("race", "Race", "Update rules side by side on one surface, a step at a time."),
            ("net", "Real net", "The same rules train LeNet on digits: their curves over each other."),
            ("schedules", "Schedules", "How the learning rate changes over the epochs, and what too much of it does."),
        ):
            tab = self.tabs[page] = QPushButton(words, self)
            tab.setCheckable(True)
            tab.setProperty("role", "chip")
            named(tab, f"page.{page}", words, tip)
            group.addButton(tab)
            bar.addWidget(tab)
        self.pages = QStackedWidget(self)
        self.pages.addWidget(self.race)
        self.pages.addWidget(self.net)
        self.pages.addWidget(self.schedules)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(24, 16, 24, 24)
        outer.setSpacing(12)
        outer.addLayout(bar)
        outer.addWidget(self.pages, 1)
        group.buttonClicked.connect(self._choose_page)
        bind(self, self._state, "page", self._show_page)

    def _show_page(self, page: str) -> None:
        self.tabs[page].setChecked(True)
        self.pages.setCurrentWidget({"race": self.race, "net": self.net, "schedules": self.schedules}[page])
        self.lesson = SCHEDULES if page == "schedules" else RACE
        if page != "race":
            self.race.player.rest()
        self.explain.emit(self.lesson)

    def _choose_page(self, tab: QPushButton) -> None:
        self._state.page = next(page for page, other in self.tabs.items() if other is tab)

    def shown(self) -> None:
        self.race.player.wake()

    def hidden(self) -> None:
        self.race.player.rest()

    # -- what it offers ----------------------------------------------------------------------------------------------

    def actions_offered(self) -> Sequence[Action]:
        race = self.race
        return (
            Action(
                "optimization.play",
                "Play or pause the race",
                race.toggle,
                "F5",
                "play",
                menu="Run",
                enabled=self._on_race,
            ),
            Action(
                "optimization.step",
                "One step of the race",
                race.step,
                "Alt+Right",
                "right",
                menu="Run",
                enabled=self._on_race,
            ),
            Action(
                "optimization.back",
                "One step back",
                race.step_back,
                "Alt+Left",
                "left",
                menu="Run",
                enabled=self._on_race,
            ),
            Action(
                "optimization.rewind",
                "Rewind the race",
                race.rewind,
                "Home",
                "rewind",
                menu="Run",
                enabled=self._on_race,
            ),
        )

    def _on_race(self) -> bool:
        return self._state.page == "race"

    # -- the tour ----------------------------------------------------------------------------------------------------

    def tour(self) -> Iterator[Stop]:
        self._state.page = "race"
        yield Stop("race", self._is_race_drawn)
        self.race.choose("himmelblau")
        self._state.chosen = "Nesterov"
        self.race.player.go(14)
        yield Stop("himmelblau", self._is_race_drawn)
        self._state.page = "net"
        self._state.net = replace(self._state.net, steps=60)
        self.net.toggle()
        yield Stop("net", self._is_net_race_on, timeout_s=180.0)
        self.net.stop()
        self._state.page = "schedules"
        yield Stop("schedules", self._is_schedule_drawn)
        self._state.page = "race"

    def _is_net_race_on(self) -> bool:
        return self.net.standing is not None and self.net.standing.t >= 20

    def _is_race_drawn(self) -> bool:
        return self.race.is_drawn

    def _is_schedule_drawn(self) -> bool:
        return self.schedules.is_drawn
