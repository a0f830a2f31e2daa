"""One curve of a plot: its values, its line, its key in the legend; of a long one, what can be seen."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from cvlab.core.curve import CAPACITY, Pyramid
from cvlab.ui.widgets.curve_line import CurveLine
from cvlab.ui.widgets.legend import Key, Kind

_SEEN = 1024
"""Pieces of a long series in view, at most: more than most plots have pixels across."""
LONG = 4 * CAPACITY
"""Above so many points only what can be seen is handed to the painter; live curves never have so many."""
CROWDED = 400
"""Above so many points a line is drawn plainly: nobody sees its corners, and everybody would see the delay."""


@dataclass
class Series:
    """The values as they were given: x rising, y may hold NaN or infinity."""

    role: str
    kind: Kind
    line: CurveLine
    key: Key
    x: np.ndarray = field(default_factory=lambda: np.empty(0))
    y: np.ndarray = field(default_factory=lambda: np.empty(0))
    inked: tuple[int, bool, bool] | None = None
    """The width, smoothness and dots that its line has now; None in another theme."""
    _pyramid: Pyramid | None = None

    def take(self, x: np.ndarray, y: np.ndarray) -> None:
        """Other values. The same arrays again cost nothing."""
        if x is not self.x or y is not self.y:
            self._pyramid = Pyramid(x, y) if len(x) > LONG else None
        self.x, self.y = x, y

    @property
    def is_long(self) -> bool:
        """Whether what is drawn depends on what can be seen."""
        return self._pyramid is not None

    def window(self, start: float, end: float) -> tuple[np.ndarray, np.ndarray]:
        """(x, y) to draw where from start to end can be seen; all of a short series."""
        return (self.x, self.y) if self._pyramid is None else self._pyramid.window(start, end, _SEEN)

    @property
    def width(self) -> int:
        """Of its line, in pixels: a crowded curve is drawn as finely as what is raw."""
        return 1 if self.kind == "raw" or (self.kind == "points" and len(self.x) > CROWDED) else 2

    def is_smooth(self, live: bool) -> bool:
        """Whether its line is antialiased. A wide one of a thousand noisy points would take Qt 0.3 s a painting."""
        return not live and self.kind != "raw" and len(self.x) <= CROWDED

    @property
    def outline(self) -> np.ndarray:
        """Values among which every extreme is, never very many."""
        return self.y if self._pyramid is None else self._pyramid.coarse()[1]

    def at(self, x: float) -> float | None:
        """The value at x: the last one that is not after it."""
        i = int(np.searchsorted(self.x, x, side="right")) - 1
        return float(self.y[i]) if i >= 0 else None
