"""Where the epochs of a run lie among its steps. Evenly, until the batch size is changed on the way."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np


class EpochLine:
    """A straight line of `each` steps an epoch, bent where `each` changed: `at` a step, `step_of` an epoch.

    each: steps of an epoch at the batch size in force. count: epochs in the recipe.
    """

    def __init__(self, each: int, count: int) -> None:
        self.each, self.count = max(each, 1), count
        self._steps, self._epochs = [0.0], [0.0]

    @classmethod
    def through(cls, ends: Sequence[tuple[int, int]], each: int) -> EpochLine:
        """Through the known ends, (epoch, step) each, of a run that is looked back on. each: where there are none."""
        line = cls(ends[0][1] // max(ends[0][0], 1) if ends else each, ends[-1][0] if ends else 0)
        for epoch, step in ends:
            line._pin(step, epoch)
        if len(ends) > 1:
            line.each = max(ends[-1][1] - ends[-2][1], 1)
        return line

    @property
    def bends(self) -> tuple[float, ...]:
        """What tells one line from another."""
        return (self.each, *self._steps, *self._epochs)

    def at(self, step: float) -> float:
        """Epochs done after a step, in parts of one too."""
        if step >= self._steps[-1]:
            return self._epochs[-1] + (step - self._steps[-1]) / self.each
        return float(np.interp(step, self._steps, self._epochs))

    def all_at(self, steps: np.ndarray) -> np.ndarray:
        """`at` for many steps."""
        beyond = self._epochs[-1] + (steps - self._steps[-1]) / self.each
        return np.where(steps >= self._steps[-1], beyond, np.interp(steps, self._steps, self._epochs))

    def step_of(self, epoch: float) -> float:
        """The step after which so many epochs are done; of those to come, as it would be at the batch size in force."""
        if epoch >= self._epochs[-1]:
            return self._steps[-1] + (epoch - self._epochs[-1]) * self.each
        return float(np.interp(epoch, self._epochs, self._steps))

    @property
    def total(self) -> int:
        """Steps of the whole run, as far as can be told now."""
        return round(self.step_of(self.count))

    def turn(self, step: int, each: int) -> None:
        """From `step` on, an epoch has another number of steps; the running one is finished at the new batch size."""
        if each == self.each:
            return
        done = self.at(step - 1)
        self._pin(step - 1, done)
        self.each = max(each, 1)
        end = math.floor(done + 1e-9) + 1
        if done % 1 > 1e-9:
            self._pin(step - 1 + math.ceil((end - done) * self.each - 1e-9), end)

    def ended(self, epoch: int, step: int) -> None:
        """An epoch has ended at a step: after a turn that is known for sure only now."""
        if len(self._steps) > 1 or step != epoch * self.each:
            self._pin(step, epoch)

    def _pin(self, step: float, epoch: float) -> None:
        while len(self._steps) > 1 and (self._steps[-1] >= step or self._epochs[-1] >= epoch):
            self._steps.pop()
            self._epochs.pop()
        if step > self._steps[-1]:
            self._steps.append(float(step))
            self._epochs.append(float(epoch))
