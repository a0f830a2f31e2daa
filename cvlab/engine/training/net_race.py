"""The race on a real net: LeNet trained by several update rules from the same first weights on the same batches (course 9.5).

The rules are those of `engine/optimizers.py`, applied to all parameters as one vector in float64; the net computes in float32.
All that happens follows from the seed: weights, batches and so the curves are the same, bit for bit, each time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from cvlab.engine.errors import RecipeError
from cvlab.engine.optimizers import SGD, Adagrad, Adam, AdamW, Memory, Momentum, Nesterov, RMSprop, UncorrectedAdam
from cvlab.engine.race import MAX_RACERS, Racer

if TYPE_CHECKING:
    from cvlab.engine.data.dataset import Dataset

MAX_STEPS, MAX_BATCH = 5_000, 1_000
FLOWN = 1e4
"""A loss beyond this has flown off: its racer takes no further step."""


def usual_net_racers() -> tuple[Racer, ...]:
    """Nine with rates that suit LeNet on digits; names as in the race on a surface."""
    rules = (
        SGD(learning_rate=0.1), Momentum(learning_rate=0.02), Nesterov(learning_rate=0.02), Adagrad(learning_rate=0.01),
        RMSprop(learning_rate=0.001), Adam(learning_rate=0.001), UncorrectedAdam(learning_rate=0.001),
        AdamW(learning_rate=0.001),
    )  # fmt: skip
    return (*(Racer(rule.title, rule) for rule in rules), Racer("SGD, short step", SGD(learning_rate=0.01)))


@dataclass(frozen=True)
class NetRaceSettings:
    """steps: of each racer, 1..5,000. batch: images a step. seed: of weights and batches."""

    racers: tuple[Racer, ...]
    steps: int = 150
    batch: int = 100
    seed: int = 0

    def check(self) -> None:
        """Raises `RecipeError` for what cannot be run."""
        names = [racer.name for racer in self.racers]
        if not 1 <= len(names) <= MAX_RACERS or len(set(names)) != len(names):
            raise RecipeError("A race needs one to 24 racers of different names.", remedy="Tick at least one.")
        if not 1 <= self.steps <= MAX_STEPS:
            raise RecipeError(f"A race has 1 to {MAX_STEPS:,} steps.", received=f"{self.steps}")
        if not 1 <= self.batch <= MAX_BATCH:
            raise RecipeError(f"A batch has 1 to {MAX_BATCH:,} images.", received=f"{self.batch}")


@dataclass(frozen=True, eq=False)
class NetRaceStep:
    """After step t of everybody. losses: by racer, over the batch before its step; NaN once it has flown off.

    accuracies: on the test images, {} but at the end.
    """

    t: int
    losses: dict[str, float]
    accuracies: dict[str, float]


def net_race(data: Dataset, settings: NetRaceSettings) -> Iterator[NetRaceStep]:
    """Everybody takes a step, and again, until the end. Raises `RecipeError`. Cost: some 6 ms a racer and step on one core."""
    import torch

    from cvlab.engine.data.preprocessing import Preprocessing
    from cvlab.engine.nets import zoo
    from cvlab.engine.nets.build import build

    settings.check()
    net = zoo.lenet(data.image_shape, len(data.classes), dropout=0.0)
    module = build(net, seed=settings.seed)
    scale = Preprocessing(kind="signed")
    images, labels = scale.apply(data.train.images), data.train.labels
    parameters = list(module.parameters())
    dtype = parameters[0].dtype
    lanes = {
        racer.name: _Lane(racer, torch.nn.utils.parameters_to_vector(parameters).detach().double().numpy())
        for racer in settings.racers
    }
    batches = _batches(len(labels), settings.batch, settings.seed)
    for t in range(1, settings.steps + 1):
        chosen = torch.from_numpy(next(batches))
        x, y = images[chosen].to(dtype), labels[chosen]

        def meet(place: np.ndarray, x=x, y=y) -> tuple[float, np.ndarray]:
            torch.nn.utils.vector_to_parameters(torch.from_numpy(place).to(dtype), parameters)
            module.zero_grad(set_to_none=True)
            loss = torch.nn.functional.cross_entropy(module(x), y)
            loss.backward()
            return loss.item(), torch.cat([p.grad.reshape(-1) for p in parameters]).double().numpy()

        losses = {name: lane.step(meet, t) for name, lane in lanes.items()}
        is_last = t == settings.steps
        yield NetRaceStep(t, losses, _accuracies(module, parameters, lanes, scale, data) if is_last else {})


class _Lane:
    """One racer: its parameters as a vector, and what its rule remembers."""

    def __init__(self, racer: Racer, start: np.ndarray) -> None:
        self.optimizer = racer.optimizer
        self.place = start
        self.memory: Memory = racer.optimizer.start(start)
        self.has_flown = False

    def step(self, meet: Callable[[np.ndarray], tuple[float, np.ndarray]], t: int) -> float:
        """meet: a place -> loss and slope there. The loss that the rule met (Nesterov's is that where it looks ahead)."""
        if self.has_flown:
            return float("nan")
        seen: list[float] = []

        def slope(place: np.ndarray) -> np.ndarray:
            loss, dx = meet(place)
            seen.append(loss)
            return dx

        with np.errstate(all="ignore"):
            step = self.optimizer.step(self.place, self.memory, slope, t)
        if not (np.isfinite(seen[0]) and seen[0] < FLOWN and np.isfinite(step.x_next).all()):
            self.has_flown = True
            return float("nan")
        self.place, self.memory = step.x_next, step.memory
        return seen[0]


def _batches(count: int, size: int, seed: int) -> Iterator[np.ndarray]:
    """Epoch after epoch in a new order; an epoch's last images that fill no batch are left out."""
    rng, size = np.random.default_rng(seed), min(size, count)
    while True:
        order = rng.permutation(count)
        for start in range(0, count - size + 1, size):
            yield order[start : start + size]


def _accuracies(module, parameters: Sequence, lanes: dict[str, _Lane], scale, data: Dataset) -> dict[str, float]:
    import torch

    found, dtype = {}, parameters[0].dtype
    images = scale.apply(data.test.images)
    with torch.inference_mode():
        for name, lane in lanes.items():
            torch.nn.utils.vector_to_parameters(torch.from_numpy(lane.place).to(dtype), parameters)
            right = sum(
                (module(part.to(dtype)).argmax(1) == truth).sum().item()
                for part, truth in zip(images.split(1000), data.test.labels.split(1000), strict=True)
            )
            found[name] = right / len(data.test)
    return found
