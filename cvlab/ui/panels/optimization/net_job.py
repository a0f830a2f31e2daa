"""The race on a real net as a job: how far it is, and how it pauses."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field

import numpy as np

from cvlab.core.jobs import JobControl
from cvlab.core.lab import Lab
from cvlab.engine.training.net_race import NetRaceSettings, net_race

DATA = "mnist-mini"


@dataclass(frozen=True, eq=False)
class Standing:
    """How far the race is. losses: (t,) by racer. accuracies: {} before the end."""

    t: int
    losses: dict[str, np.ndarray]
    accuracies: dict[str, float]


@dataclass(frozen=True, eq=False)
class NetRaceRequest:
    """The whole race. going: cleared while it pauses."""

    lab: Lab
    settings: NetRaceSettings
    going: threading.Event = field(default_factory=threading.Event)

    def run(self, control: JobControl) -> Standing:
        from cvlab.engine.training.device import use_threads

        use_threads(1)
        losses: dict[str, list[float]] = {racer.name: [] for racer in self.settings.racers}
        standing = Standing(0, {}, {})
        for step in net_race(self.lab.dataset(DATA), self.settings):
            for name, loss in step.losses.items():
                losses[name].append(loss)
            standing = Standing(step.t, {name: np.array(line) for name, line in losses.items()}, step.accuracies)
            control.report(standing)
            control.check()
            while not self.going.wait(0.05):
                control.check()
        return standing
