"""Two images compared pixel by pixel, as the course writes it out: every difference, and what they add up to."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from math import sqrt
from typing import Literal

import numpy as np

from cvlab.engine.errors import DataError

MOST = 4_096
"""Cells along one side."""


@dataclass(frozen=True, eq=False)
class Differences:
    """a, b: (C, H, W) whole numbers 0..255, the same shape. metric: "l1" sums |a - b|, "l2" sums (a - b)^2 and takes the root."""

    a: np.ndarray
    b: np.ndarray
    metric: Literal["l1", "l2"] = "l1"

    def __post_init__(self) -> None:
        if self.a.shape != self.b.shape or self.a.ndim != 3:
            raise DataError(
                "Only images of the same size can be compared.", received=f"{self.a.shape} and {self.b.shape}"
            )
        if max(self.a.shape) > MOST:
            raise DataError("These images are too large.", received=f"{self.a.shape}")

    @cached_property
    def gaps(self) -> np.ndarray:
        """a - b, (C, H, W) int64."""
        return self.a.astype(np.int64) - self.b.astype(np.int64)

    @cached_property
    def terms(self) -> np.ndarray:
        """What is added up, (C, H, W) int64: |a - b| or (a - b)^2."""
        return np.abs(self.gaps) if self.metric == "l1" else self.gaps**2

    @cached_property
    def cells(self) -> np.ndarray:
        """The terms of all channels of a pixel together, (H, W)."""
        return self.terms.sum(axis=0)

    @property
    def total(self) -> int:
        """The sum of all terms."""
        return int(self.terms.sum())

    @property
    def distance(self) -> float:
        """The total for l1, its root for l2."""
        return float(self.total) if self.metric == "l1" else sqrt(self.total)

    def by(self, metric: Literal["l1", "l2"]) -> Differences:
        return replace(self, metric=metric)


def course_pair() -> tuple[np.ndarray, np.ndarray]:
    """The course's 4 x 4 test and training image, (1, 4, 4): their L1 distance is 456."""
    test = [[56, 32, 10, 18], [90, 23, 128, 133], [24, 26, 178, 200], [2, 0, 255, 220]]
    train = [[10, 20, 24, 17], [8, 10, 89, 100], [12, 16, 178, 170], [4, 32, 233, 112]]
    return np.array([test]), np.array([train])
