"""A loss that goes the wrong way without ceasing to be a number: seen after a while, said in words, with what to try.

A learning rate that is too high does not always end in infinity (course 9.5). The loss may climb and stay up there, where ReLUs
and a softmax keep it finite; or it falls, one step is too long, the units die, and it stands where guessing does, for good. Both
look like training that goes on. A single high step is no divergence: momentum and warm-up have those, and come back from them.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

STEPS = 50
"""Steps in a row for which the smoothed loss must have been too high."""
AT_START, SETTLED = 20, 20
"""Images whose mean loss is the loss at the start, a batch of one says little; steps after which the smoothed loss counts."""
CLIMBED = 2.0
"""The loss has climbed when it is this many times what it was at the start, and what guessing costs."""
LEARNED, FORGOTTEN = 0.5, 0.95
"""A net that was below this share of what guessing costs has learned; one that is back above that share has forgotten."""
MEMORY, MOST = 0.9, 10.0
"""Of the smoothed loss: ten steps. How many times the start a single loss counts at most, so that one jump is soon forgotten."""


@dataclass
class Divergence:
    """What is remembered of the losses so far; part of the checkpoint, so that a resumed run says what it would have said.

    start, images: mean loss of the first images, and of how many. steps, mean, low: how many were seen, the smoothed loss, and
    its lowest yet. high: for how many steps in a row it has been too high. told: whether that was said.
    """

    start: float = 0.0
    images: int = 0
    steps: int = 0
    mean: float = 0.0
    low: float = math.inf
    high: int = 0
    told: bool = False

    def saw(self, loss: float, images: int, guess: float) -> str:
        """Takes in the loss of a step of so many images. guess: what equal scores cost, the unit of what is high; where they cost
        nothing there is none. Returns a sentence on the step at which it is certain that the run diverges, else ""."""
        if guess <= 0:
            return ""
        if self.images < AT_START:
            self.start += (loss - self.start) * images / (self.images + images)
            self.images += images
        unit = max(self.start, guess)
        self.steps += 1
        keep = min(MEMORY, 1 - 1 / self.steps)
        self.mean = keep * self.mean + (1 - keep) * min(loss, MOST * unit)
        if self.steps >= SETTLED:
            self.low = min(self.low, self.mean)
        climbed = self.mean > CLIMBED * unit
        forgotten = self.low < LEARNED * guess and self.mean > FORGOTTEN * guess
        if not (climbed or forgotten):
            self.high, self.told = 0, False
            return ""
        self.high += 1
        if self.high < STEPS or self.told:
            return ""
        self.told = True
        if climbed:
            return (
                f"For {self.high} steps the loss has been over twice as high as at the start ({self.start:.3g}; guessing costs "
                f"{guess:.3g}). It is now {loss:.3g}."
            )
        return (
            f"The loss had fallen to {self.low:.3g}, and for {self.high} steps it has been back where guessing stands "
            f"({guess:.3g}): one step was too long, and the net has forgotten what it knew."
        )

    def begin_anew(self) -> None:
        """With another recipe it may recover; what was at the start is still known."""
        self.high, self.told = 0, False


def slower(learning_rate: float) -> float:
    """A rate to try where this one was too high: a tenth, and no more than 0.1, above which no net of the course learns."""
    return min(learning_rate / 10, 0.1)
