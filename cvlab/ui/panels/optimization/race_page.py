"""The race: a map with its transport, who runs, their losses, and one step taken apart."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtWidgets import QComboBox, QHBoxLayout, QLabel, QVBoxLayout, QWidget

from cvlab.core.history import SetField
from cvlab.core.lab import Lab
from cvlab.core.panels.optimization import BUILT, TYPED, RaceDocument, surface
from cvlab.engine.errors import CvlabError, ExpressionError
from cvlab.engine.optimizers import Optimizer
from cvlab.engine.race import Race
from cvlab.engine.surfaces import bowl
from cvlab.ui.bind import bind
from cvlab.ui.panels.optimization.loss_plot import LossPlot
from cvlab.ui.panels.optimization.map import Map
from cvlab.ui.panels.optimization.names import named
from cvlab.ui.panels.optimization.player import Player
from cvlab.ui.panels.optimization.racers_card import RacersCard
from cvlab.ui.panels.optimization.relief import Relief, ReliefRequest
from cvlab.ui.panels.optimization.settings_card import SettingsCard
from cvlab.ui.panels.optimization.step_card import StepCard
from cvlab.ui.panels.optimization.transport import Transport
from cvlab.ui.panels.optimization.typed_bar import TypedBar
from cvlab.ui.widgets.card import Card
from cvlab.ui.widgets.formula import FormulaLabel

LIMIT = 3_000
FIRST_STEPS = 120
"""Steps that a new race is shown at, so that there is something to see at once."""
_WORDS_EVERY = 6
"""Frames between two showings of numbers while the race plays: faster cannot be read."""


class RacePage(QWidget):
    """player: the race in time. Edits of the document go through the history; playing does not."""

    def __init__(self, lab: Lab, parent: QWidget) -> None:
        super().__init__(parent)
        self.lab, self._state = lab, lab.project.optimization
        self.player = Player(self)
        self._document: RaceDocument | None = None
        self._frames = 0
        self._build()
        self._connect()

    def _build(self) -> None:
        self.map_card, self.map = Card("Surface", self), Map(self)
        self.surface = QComboBox(self)
        for id in BUILT:
            self.surface.addItem(surface(id).title, id)
        self.surface.addItem("Your own f(x, y)", TYPED)
        named(
            self.surface,
            "surface",
            "Surface",
            "What the racers walk down. A bowl suits everybody; a valley or a saddle tells them apart.",
        )
        self.surface.setFixedWidth(204)
        self.formula = FormulaLabel(bowl().formula, self)
        self.about = QLabel(self)
        self.about.setProperty("role", "small muted")
        self.about.setWordWrap(True)
        self.typed, self.transport = TypedBar(self), Transport(self)
        self.racers, self.settings = RacersCard(self), SettingsCard(self)
        self.step_card, self.loss_card = StepCard(self), Card("Loss against step", self)
        self.losses = LossPlot(self)
        above_what = QLabel("above the lowest known point", self)
        above_what.setProperty("role", "small muted")
        self.loss_card.header.addStretch(1)
        self.loss_card.header.addWidget(above_what)
        self.loss_card.body.addWidget(self.losses)
        header, body = self.map_card.header, self.map_card.body
        header.addWidget(self.surface)
        header.addSpacing(8)
        header.addWidget(self.formula, 100)
        header.addStretch(1)
        for part in (self.typed, self.about):
            body.addWidget(part)
        body.addWidget(self.map, 1)
        body.addWidget(self.transport)
        right = QVBoxLayout()
        right.setSpacing(12)
        right.addWidget(self.racers)
        right.addWidget(self.settings, 1)
        for card in (self.racers, self.settings):
            card.setFixedWidth(288)
        above, below = QHBoxLayout(), QHBoxLayout()
        above.setSpacing(12)
        above.addWidget(self.map_card, 1)
        above.addLayout(right)
        below.setSpacing(12)
        below.addWidget(self.loss_card, 2)
        below.addWidget(self.step_card, 3)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.setSpacing(12)
        outer.addLayout(above, 19)
        outer.addLayout(below, 9)

    def _connect(self) -> None:
        player, transport, buttons = self.player, self.transport, self.transport.buttons
        player.moved.connect(self._show_race)
        player.playing_changed.connect(self._show_playing)
        buttons.play.clicked.connect(self.toggle)
        buttons.forward.clicked.connect(self.step)
        buttons.back.clicked.connect(self.step_back)
        buttons.rewind.clicked.connect(self.rewind)
        transport.speed.asked.connect(self._set_speed)
        transport.noise_asked.connect(self._set_noise)
        transport.noise_set.connect(self._end_gesture)
        self.surface.activated.connect(self._choose_surface)
        self.typed.typed.connect(self._type)
        self.typed.finished.connect(self._end_gesture)
        self.map.wanted.connect(self._draw)
        self.map.placed.connect(self._place)
        self.map.let_go.connect(self._end_gesture)
        self.racers.toggled.connect(self._toggle_racer)
        self.racers.chosen.connect(self._choose_racer)
        self.settings.turned.connect(self._turn)
        self.settings.released.connect(self._end_gesture)
        self.settings.reset_asked.connect(self._reset)
        bind(self, self._state, "speed", self._show_speed)
        bind(self, self._state, "race", self._show_document)
        bind(self, self._state, "chosen", self._show_chosen)

    # -- showing state -----------------------------------------------------------------------------------------------

    def _show_document(self, document: RaceDocument) -> None:
        before, self._document = self._document, document
        ground = document.ground
        is_new = before is None or before.ground is not ground
        self.surface.setCurrentIndex(self.surface.findData(document.surface))
        self.typed.setVisible(document.surface == TYPED)
        if before is None or (before.surface, before.text) != (document.surface, document.text):
            self.typed.show_text(document.text)  # not while something wrong is being typed
        if is_new:
            self.formula.setVisible(ground.formula is not None)
            if ground.formula is not None:
                self.formula.show_formula(ground.formula)
            self.about.setText(ground.about)
            self.map.show_surface(ground)
        self.map.show_start(document.place)
        self.transport.show_noise(document.noise)
        self._show_who()
        course = ("start", "noise", "seed")
        if is_new or any(getattr(before, name) != getattr(document, name) for name in course):
            self._begin(FIRST_STEPS if is_new else max(self.player.goal, FIRST_STEPS))
        elif self.player.race is not None:
            for racer in document.racers:
                if racer.optimizer != before.optimizer(racer.name):
                    self.player.change(racer.name, racer.optimizer)
        self._show_race()

    def _begin(self, goal: int) -> None:
        document, race, why = self._document, None, ""
        try:
            race = Race(document.ground, document.racers, document.place, document.noise, document.seed, LIMIT)
        except CvlabError as error:
            why = f"{error.what} {error.remedy}".strip()
        self.map.show_message(why)
        self.player.take(race, goal)

    def _show_who(self) -> None:
        document, chosen = self._document, self._state.chosen
        self.racers.show_who(document.resting, chosen)
        is_usual = all(racer.name != chosen for racer in document.settings)
        self.settings.show_optimizer(chosen, document.optimizer(chosen), is_usual=is_usual)

    def _show_chosen(self, _: str) -> None:
        self._show_who()
        self._show_race()

    def _show_race(self) -> None:
        player, chosen = self.player, self._state.chosen
        if self._document is None:
            return
        names = tuple(name for name in self.racers.rows if name not in self._document.resting)
        self.map.show_race(player.race, player.revision, names, chosen)
        self.losses.show_race(player.race, player.revision, names, chosen, self._floor())
        self._frames += 1
        showing = self._SHOW_WORDS if not player.is_playing else self._SHOW_WORDS[self._frames % _WORDS_EVERY :][:1]
        for show in showing:
            show(self)

    def _show_where(self) -> None:
        self.transport.show_step(self.player.t, LIMIT)

    def _show_heights(self) -> None:
        self.racers.show_race(self.player.race)

    def _show_step(self) -> None:
        chosen = self._state.chosen
        self.step_card.show_race(self.player.race, chosen, self._document.optimizer(chosen).kind)

    _SHOW_WORDS = (_show_where, _show_heights, _show_step)
    """One a frame while the race plays, so that no frame pays for all."""

    def _floor(self) -> float:
        """The lowest height known: of the surface's minima, else 0 or lower as the map has it."""
        ground = self._document.ground
        if ground.minima:
            return min(z for _, _, z in ground.minima)
        return min(self.map.lowest or 0.0, 0.0)

    def _show_playing(self) -> None:
        self.transport.buttons.show_playing(self.player.is_playing)

    def _show_speed(self, speed: int) -> None:
        self.player.speed = speed
        self.transport.speed.show_speed(speed)

    # -- the map's picture -------------------------------------------------------------------------------------------

    def _draw(self, request: ReliefRequest) -> None:
        self.lab.jobs.submit("optimization.relief", request, done=self._drawn)

    def _drawn(self, relief: Relief) -> None:
        self.map.show_relief(relief)
        self._show_race()

    @property
    def is_drawn(self) -> bool:
        """Whether the map shows the surface and the step that are wanted."""
        relief = self.map.relief
        return relief is not None and relief.surface is self._document.ground and self.player.is_settled

    # -- what a person does ------------------------------------------------------------------------------------------

    def _push(self, document: RaceDocument, label: str, key: str = "") -> None:
        if document != self._state.race:
            self.lab.history.push(SetField(self._state, "race", document, label, key))
        if not key:
            self._end_gesture()

    def _end_gesture(self) -> None:
        self.lab.history.end_gesture()

    def _choose_surface(self, index: int) -> None:
        self.choose(self.surface.itemData(index))

    def choose(self, id: str) -> None:
        """Another surface, with its own start and settings."""
        self._push(self._state.race.on(id), "Choose a surface")

    def _type(self, text: str) -> None:
        try:
            document = self._state.race.typed(text)
        except ExpressionError as error:
            self.typed.show_error(error)
            return
        self.typed.show_error(None)
        self._push(document, "Type a surface", "optimization.text")

    def _place(self, x: float, y: float) -> None:
        digits = self.map.projection.digits
        start = (round(x, digits), round(y, digits))
        self._push(replace(self._state.race, start=start), "Set the start", "optimization.start")

    def _set_noise(self, noise: float) -> None:
        self._push(replace(self._state.race, noise=noise), "Change the noise", "optimization.noise")

    def _set_speed(self, speed: int) -> None:
        self._state.speed = speed

    def _toggle_racer(self, name: str) -> None:
        self._push(self._state.race.resting_toggled(name), "Show or hide a racer")

    def _choose_racer(self, name: str) -> None:
        self._state.chosen = name
        self._show_who()  # also where it was chosen before: a click unticks the button

    def _turn(self, optimizer: Optimizer) -> None:
        chosen = self._state.chosen
        self._push(self._state.race.turned(chosen, optimizer), f"Turn {chosen}", f"optimization.turn.{chosen}")

    def _reset(self) -> None:
        chosen = self._state.chosen
        self._push(self._state.race.usual(chosen), f"Reset {chosen}")

    def toggle(self) -> None:
        """Plays, or pauses."""
        self.player.pause() if self.player.is_playing else self.player.play()

    def step(self) -> None:
        self.player.pause()
        self.player.go(self.player.goal + 1)

    def step_back(self) -> None:
        self.player.pause()
        self.player.go(self.player.t - 1)

    def rewind(self) -> None:
        self.player.pause()
        self.player.go(0)
