"""From the values of a plot to its pixels, and back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from PySide6.QtCore import QRectF

Number = TypeVar("Number", float, np.ndarray)


@dataclass(frozen=True)
class Scales:
    """What can be seen: from `left` to `right` and from `low` to `high`, in the axes' own units, within `area`, in pixels."""

    area: QRectF
    left: float
    right: float
    low: float
    high: float

    @property
    def is_empty(self) -> bool:
        return self.right <= self.left or self.high <= self.low or self.area.isEmpty()

    def across(self, x: Number) -> Number:
        """The pixel of x. The difference comes first: of large steps that lie close, none of their digits is lost."""
        return (x - self.left) * (self.area.width() / (self.right - self.left)) + self.area.left()

    def up(self, y: Number) -> Number:
        return (y - self.low) * (self.area.height() / (self.low - self.high)) + self.area.bottom()

    def x_at(self, pixel: float) -> float:
        return self.left + (pixel - self.area.left()) * (self.right - self.left) / self.area.width()
