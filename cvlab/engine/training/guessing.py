"""Where a net stands that has learned nothing: what every run is compared with."""

from __future__ import annotations

import math
from dataclasses import dataclass

from cvlab.engine.training.recipe import Loss


@dataclass(frozen=True)
class Guess:
    """classes: among how many. loss: of equal scores, without penalties; formula: how it comes about, "ln 10"."""

    classes: int
    loss: float
    formula: str

    @classmethod
    def among(cls, classes: int, loss: Loss) -> Guess:
        """Equal scores for all of C classes: the softmax loss is ln C, the multiclass hinge loss (C - 1) Δ (course 4)."""
        if loss.kind == "softmax":
            return cls(classes, math.log(classes), f"ln {classes}")
        return cls(classes, (classes - 1) * loss.margin, f"({classes} - 1) · {loss.margin:g}")

    @property
    def accuracy(self) -> float:
        return 1 / self.classes
