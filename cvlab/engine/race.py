"""Optimizers side by side on one surface, from one start, with the same noise: a Stepper that can go back (course 9.5)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from cvlab.engine.errors import RecipeError
from cvlab.engine.optimizers import (
    SGD,
    Adagrad,
    Adam,
    AdamW,
    Memory,
    Momentum,
    Nesterov,
    Optimizer,
    RMSprop,
    Step,
    UncorrectedAdam,
    worked,
)
from cvlab.engine.surfaces import Surface

MAX_STEPS, MAX_RACERS = 10_000, 24
FAR = 1e6
"""A racer further away than this has flown off, whatever its numbers still are."""


@dataclass(frozen=True)
class Racer:
    """An optimizer with its settings under a name of its own; the same rule may run twice."""

    name: str
    optimizer: Optimizer


def usual_racers(surface: Surface) -> tuple[Racer, ...]:
    """Nine that make a lively race: every rule, and SGD a second time with a tenth of its step.

    Rules that follow the slope get the surface's own rate. Those that divide by its size get a share of the map, for
    their rate is a length: about how far one step goes.
    """
    slope, length = surface.rate, surface.extent / 200
    rules: tuple[Optimizer, ...] = (
        SGD(learning_rate=slope),
        Momentum(learning_rate=slope / 4),
        Nesterov(learning_rate=slope / 4),
        Adagrad(learning_rate=8 * length),
        RMSprop(learning_rate=length),
        Adam(learning_rate=2 * length),
        UncorrectedAdam(learning_rate=2 * length),
        AdamW(learning_rate=2 * length),
    )
    short = Racer("SGD, short step", SGD(learning_rate=slope / 10))
    return (*(Racer(rule.title, rule) for rule in rules), short)


class Race:
    """Racers on a surface, all at step `t`.

    Everything that happened is kept, at most `limit` steps of it, so that going back is exact and costs nothing. The noise
    of a step depends on the seed and the step alone: all racers feel the same, and a repeated race is the same race.

    Surface, start, noise and seed hold for the whole race: with another of them, make another and `jump` to the same step.
    noise: standard deviation of what is added to each slope, as a share of the surface's typical slope, 0..10.
    """

    def __init__(
        self,
        surface: Surface,
        racers: Sequence[Racer] = (),
        start: tuple[float, float] | None = None,
        noise: float = 0.0,
        seed: int = 0,
        limit: int = MAX_STEPS,
    ) -> None:
        names = [racer.name for racer in racers]
        if len(set(names)) != len(names):
            raise RecipeError("Two racers have the same name.", received=", ".join(names))
        if len(names) > MAX_RACERS:
            raise RecipeError(f"A race has at most {MAX_RACERS} racers.", received=f"{len(names)}")
        if not 0 <= noise <= 10:
            raise RecipeError("The noise lies between 0 and 10 typical slopes.", received=f"{noise}")
        if not 1 <= limit <= MAX_STEPS:
            raise RecipeError(f"A race has 1 to {MAX_STEPS:,} steps.", received=f"{limit}")
        self.surface, self.noise, self.seed, self.limit = surface, noise, seed, limit
        self.start = np.array(surface.start if start is None else start, dtype=np.float64)  # (2,)
        if self.start.shape != (2,):
            raise RecipeError("A start is a place in the plane, two numbers.", received=f"{self.start.tolist()}")
        if trouble := surface.trouble(self.start):
            raise RecipeError(
                f"A race cannot start there. {trouble}",
                received=f"start {tuple(self.start.tolist())}",
                remedy="Choose a start where the surface has a height.",
            )
        self.t = 0
        self._jolts = _Jolts(noise * surface.typical_slope if noise else 0.0, seed)
        self._lanes = {racer.name: _Lane(racer.optimizer, surface, self.start, self._jolts, limit) for racer in racers}

    @property
    def racers(self) -> tuple[Racer, ...]:
        """Everybody, with the settings of the next step."""
        return tuple(Racer(name, lane.settings(self.t + 1)) for name, lane in self._lanes.items())

    @property
    def is_over(self) -> bool:
        return self.t >= self.limit

    def step(self) -> bool:
        """Everybody takes one step; False, and nothing happens, once the limit is reached. Cost: some 20 µs a racer."""
        if self.is_over:
            return False
        self.t += 1
        for lane in self._lanes.values():
            lane.reach(self.t)
        return True

    def jump(self, t: int) -> None:
        """To step t, 0..limit: at once where everybody has been, else by stepping."""
        if not 0 <= t <= self.limit:
            raise RecipeError(f"The race goes from step 0 to {self.limit:,}.", received=f"step {t}")
        for lane in self._lanes.values():
            lane.reach(t)
        self.t = t

    def back(self) -> bool:
        """One step back; False at the start."""
        if self.t == 0:
            return False
        self.t -= 1
        return True

    def rewind(self) -> None:
        """Back to the start; what was run is kept, so that it can be played again."""
        self.t = 0

    def change(self, name: str, optimizer: Optimizer) -> None:
        """Other settings of the same rule for one racer, from here on; what it had run beyond t is forgotten.

        Who has flown off by then has to be taken back first.
        """
        lane = self._lanes[name]
        if optimizer.kind != lane.settings(self.t + 1).kind:
            raise RecipeError(
                "A racer keeps its rule.", received=optimizer.kind, remedy="Begin another race for another rule."
            )
        lane.change(optimizer, self.t)

    def path(self, name: str) -> np.ndarray:
        """Where the racer was at steps 0..t: (t + 1, 2). A view: do not write into it."""
        return self._lanes[name].x[: self.t + 1]

    def heights(self, name: str) -> np.ndarray:
        """f along the path, without the noise: (t + 1,)."""
        return self._lanes[name].z[: self.t + 1]

    def memory(self, name: str) -> Memory:
        """What the racer's rule remembers at step t."""
        return self._lanes[name].memory(self.t)

    def last_step(self, name: str) -> Step | None:
        """The update that led to step t, taken apart; None at the start, and for a racer that has flown off."""
        lane = self._lanes[name]
        return None if self.t == 0 or lane.has_ended(self.t) else lane.update(self.t)

    def worked(self, name: str) -> tuple[tuple[str, str], ...]:
        """The lines of the racer's rule, plain and with the numbers of its last step; empty if there is none."""
        step, lane = self.last_step(name), self._lanes[name]
        return () if step is None else worked(lane.settings(self.t), step, lane.memory(self.t - 1), self.t)

    def ending(self, name: str) -> str:
        """Why the racer no longer moves, in words; "" while it does."""
        lane = self._lanes[name]
        if not lane.has_ended(self.t):
            return ""
        rate = lane.settings(lane.ended).learning_rate
        return (
            f"{name} left the surface at step {lane.ended}. A learning rate of {rate:g} is probably too high here: "
            f"try {rate / 10:g}."
        )

    def jolt(self, t: int) -> np.ndarray:
        """What mini-batch noise adds to every slope of step t: (2,)."""
        return self._jolts.at(t)


class _Jolts:
    """Seeded noise by step, of one standard deviation; drawn once a step, since every racer asks for the same."""

    def __init__(self, spread: float, seed: int) -> None:
        self.spread, self.seed = spread, seed
        self._latest = -1, np.zeros(2)

    def at(self, t: int) -> np.ndarray:
        if self.spread == 0:
            return np.zeros(2)
        if self._latest[0] != t:
            self._latest = t, np.random.default_rng((self.seed, t)).normal(0.0, self.spread, 2)
        return self._latest[1]


class _Lane:
    """One racer's record, in arrays made once: x (limit + 1, 2), z (limit + 1,), and a row of memory for each step."""

    def __init__(self, optimizer: Optimizer, surface: Surface, start: np.ndarray, jolts: _Jolts, limit: int) -> None:
        self.surface, self.jolts = surface, jolts  # not the race: what holds each other waits for the collector
        self.x = np.empty((limit + 1, 2))
        self.z = np.empty(limit + 1)
        self.x[0], self.z[0] = start, surface.height(start)
        self.reached = 0
        self.ended: int | None = None  # the step that could not be taken
        self._memory = {name: np.zeros((limit + 1, 2)) for name in optimizer.memory_names}
        self._settings: list[tuple[int, Optimizer]] = [(0, optimizer)]  # after which step, which settings

    def settings(self, t: int) -> Optimizer:
        """The settings with which step t is made."""
        return next(optimizer for after, optimizer in reversed(self._settings) if after < t)

    def memory(self, t: int) -> Memory:
        return {name: rows[t] for name, rows in self._memory.items()}

    def has_ended(self, t: int) -> bool:
        return self.ended is not None and t >= self.ended

    def update(self, t: int) -> Step:
        """The step from t - 1 to t; the same each time it is asked for."""
        jolt = self.jolts.at(t)
        with np.errstate(all="ignore"):  # what overflows ends the racer's race, in words
            return self.settings(t).step(
                self.x[t - 1], self.memory(t - 1), lambda x: self.surface.gradient(x) + jolt, t
            )

    def reach(self, t: int) -> None:
        """Runs on until step t is on record. Who has flown off stays where it last was."""
        while self.reached < t:
            now = self.reached + 1
            if not self.has_ended(now):
                self._advance(now)
            if self.has_ended(now):
                self._stay(now)
            self.reached = now

    def _advance(self, t: int) -> None:
        step = self.update(t)
        is_near = np.abs(step.x_next).max() <= FAR  # NaN is far
        z = self.surface.height(step.x_next) if is_near else np.nan
        if not np.isfinite(z):
            self.ended = t
            return
        self.x[t], self.z[t] = step.x_next, z
        for name, rows in self._memory.items():
            rows[t] = step.memory[name]

    def _stay(self, t: int) -> None:
        for rows in (self.x, self.z, *self._memory.values()):
            rows[t] = rows[t - 1]

    def change(self, optimizer: Optimizer, t: int) -> None:
        self._settings = [(after, old) for after, old in self._settings if after < t] + [(t, optimizer)]
        self.reached = min(self.reached, t)
        if self.ended is not None and self.ended > t:
            self.ended = None
