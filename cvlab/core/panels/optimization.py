"""The optimization panel's state: the race and the schedule as immutable documents, where one looks, and how they are saved."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Annotated, Any, Self

from pydantic import Field, FiniteFloat, model_validator

from cvlab.core.panels.saved import SavedState
from cvlab.core.state import observable
from cvlab.engine.errors import CvlabError
from cvlab.engine.loss_slices import SLICES
from cvlab.engine.optimizers import Optimizer, read
from cvlab.engine.race import Racer, usual_racers
from cvlab.engine.schedules import Schedule
from cvlab.engine.surfaces import SURFACES, Surface
from cvlab.engine.typed_surface import MAX_CHARACTERS, typed_surface

TYPED = "typed"
BUILT: dict[str, Any] = {**SURFACES, **SLICES}
FIRST_TEXT = "0.1*x**2 + 0.1*y**2 + sin(2*x)*cos(2*y)"
SPEEDS = (2, 5, 15, 30, 60, 120, 300)
"""Steps a second."""
MAX_EPOCHS = 500


@lru_cache(maxsize=32)
def surface(id: str, text: str = "") -> Surface:
    """The surface of an id, made once; text: what was typed, for `TYPED` alone. Raises `ExpressionError`, `KeyError`."""
    return typed_surface(text) if id == TYPED else BUILT[id]()


@dataclass(frozen=True)
class RaceDocument:
    """What undo brings back of a race.

    surface: an id of `BUILT`, or `TYPED`. text: f(x, y) as typed, always one that can be read.
    start: None for the surface's own. noise: of a mini-batch, 0..1 typical slopes.
    resting: names of racers that are not shown. settings: of racers that were turned; others keep the surface's usual ones.
    """

    surface: str = "beale"
    text: str = FIRST_TEXT
    start: tuple[float, float] | None = None
    noise: float = 0.0
    seed: int = 0
    resting: tuple[str, ...] = ()
    settings: tuple[Racer, ...] = ()

    @property
    def ground(self) -> Surface:
        return surface(self.surface, self.text if self.surface == TYPED else "")

    @property
    def place(self) -> tuple[float, float]:
        """Where the race starts."""
        return self.ground.start if self.start is None else self.start

    @property
    def racers(self) -> tuple[Racer, ...]:
        """All nine in their order, resting ones too, each with its settings."""
        turned = {(racer.name, racer.optimizer.kind): racer for racer in self.settings}
        return tuple(turned.get((racer.name, racer.optimizer.kind), racer) for racer in usual_racers(self.ground))

    def optimizer(self, name: str) -> Optimizer:
        return next(racer.optimizer for racer in self.racers if racer.name == name)

    def on(self, id: str) -> RaceDocument:
        """On another surface: start and settings belong to a surface, and begin anew."""
        return replace(self, surface=id, start=None, settings=())

    def typed(self, text: str) -> RaceDocument:
        """On a surface that was typed. Raises `ExpressionError` if it cannot be read."""
        surface(TYPED, text)
        return replace(self, surface=TYPED, text=text, start=None, settings=())

    def turned(self, name: str, optimizer: Optimizer) -> RaceDocument:
        """With other settings of one racer."""
        others = tuple(racer for racer in self.settings if racer.name != name)
        return replace(self, settings=(*others, Racer(name, optimizer)))

    def usual(self, name: str) -> RaceDocument:
        """With one racer's usual settings again."""
        return replace(self, settings=tuple(racer for racer in self.settings if racer.name != name))

    def resting_toggled(self, name: str) -> RaceDocument:
        if name in self.resting:
            return replace(self, resting=tuple(other for other in self.resting if other != name))
        return replace(self, resting=(*self.resting, name))


def _first_schedule() -> Schedule:
    return Schedule(kind="step")


@dataclass(frozen=True)
class ScheduleDocument:
    """A schedule, its first or highest rate, and how many epochs it is drawn over, 1..500."""

    schedule: Schedule = field(default_factory=_first_schedule)
    base: float = 0.1
    epochs: int = 20


NET_STEPS = 2_000


@dataclass(frozen=True)
class NetRaceDocument:
    """The race on LeNet. resting: racers that sit it out. rates: learning rates that were turned, by racer.

    steps: 1..2,000. batch: images a step, 1..500. seed: of first weights and batches.
    """

    resting: tuple[str, ...] = ("SGD, short step", "Adam, no correction")
    rates: tuple[tuple[str, float], ...] = ()
    steps: int = 150
    batch: int = 100
    seed: int = 0

    def resting_toggled(self, name: str) -> NetRaceDocument:
        if name in self.resting:
            return replace(self, resting=tuple(other for other in self.resting if other != name))
        return replace(self, resting=(*self.resting, name))

    def turned(self, name: str, rate: float) -> NetRaceDocument:
        """With another learning rate of one racer."""
        return replace(self, rates=(*(pair for pair in self.rates if pair[0] != name), (name, rate)))


@observable
class OptimizationState:
    """page: "race" | "net" | "schedules". chosen: the racer whose step is taken apart. speed: steps a second."""

    race: RaceDocument = field(default_factory=RaceDocument)
    schedule: ScheduleDocument = field(default_factory=ScheduleDocument)
    net: NetRaceDocument = field(default_factory=NetRaceDocument)
    page: str = "race"
    chosen: str = "Momentum"
    speed: int = 60


class SavedOptimization(SavedState):
    """The panel's part of a project file."""

    surface: str = RaceDocument.surface
    text: str = Field(FIRST_TEXT, max_length=MAX_CHARACTERS)
    start: tuple[FiniteFloat, FiniteFloat] | None = None
    noise: float = Field(0.0, ge=0.0, le=1.0)
    seed: int = Field(0, ge=0, le=2**31)
    resting: tuple[str, ...] = Field((), max_length=24)
    settings: dict[str, dict[str, Any]] = Field({}, max_length=24)
    schedule: Schedule = _first_schedule()
    base: float = Field(ScheduleDocument.base, gt=0.0, le=100.0)
    epochs: int = Field(ScheduleDocument.epochs, ge=1, le=MAX_EPOCHS)
    net_resting: tuple[str, ...] = Field(NetRaceDocument.resting, max_length=24)
    net_rates: dict[str, Annotated[float, Field(gt=0.0, le=100.0)]] = Field({}, max_length=24)
    net_steps: int = Field(NetRaceDocument.steps, ge=1, le=NET_STEPS)
    net_batch: int = Field(NetRaceDocument.batch, ge=1, le=500)
    net_seed: int = Field(0, ge=0, le=2**31)
    page: str = Field("race", pattern="^(race|net|schedules)$")
    chosen: str = Field("Momentum", max_length=60)
    speed: int = Field(60, ge=1, le=1000)

    @model_validator(mode="after")
    def _can_be_run(self) -> Self:
        if self.surface not in (TYPED, *BUILT):
            raise ValueError(f"there is no surface “{self.surface[:40]}”")
        try:
            surface(TYPED, self.text)
            for values in self.settings.values():
                read(values)
        except CvlabError as error:
            raise ValueError(str(error)) from error
        return self

    @classmethod
    def of(cls, state: OptimizationState) -> SavedOptimization:
        race, schedule = state.race, state.schedule
        return cls(
            surface=race.surface,
            text=race.text,
            start=race.start,
            noise=race.noise,
            seed=race.seed,
            resting=race.resting,
            settings={racer.name: racer.optimizer.model_dump() for racer in race.settings},
            schedule=schedule.schedule,
            base=schedule.base,
            epochs=schedule.epochs,
            net_resting=state.net.resting,
            net_rates=dict(state.net.rates),
            net_steps=state.net.steps,
            net_batch=state.net.batch,
            net_seed=state.net.seed,
            page=state.page,
            chosen=state.chosen,
            speed=state.speed,
        )

    def state(self) -> OptimizationState:
        settings = tuple(Racer(name, read(values)) for name, values in self.settings.items())
        race = RaceDocument(self.surface, self.text, self.start, self.noise, self.seed, self.resting, settings)
        names = [racer.name for racer in race.racers]
        return OptimizationState(
            race=race,
            schedule=ScheduleDocument(self.schedule, self.base, self.epochs),
            net=NetRaceDocument(
                self.net_resting, tuple(self.net_rates.items()), self.net_steps, self.net_batch, self.net_seed
            ),
            page=self.page,
            chosen=self.chosen if self.chosen in names else OptimizationState().chosen,
            speed=self.speed,
        )
