"""From places on a surface to pixels of the map, and back. x and y have one scale."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil, log10

import numpy as np
from PySide6.QtCore import QPointF, QRectF
from PySide6.QtGui import QPolygonF

from cvlab.ui.panels.optimization.relief import View
from cvlab.ui.widgets.polyline import polyline

_FAR = 20_000.0
_ENOUGH = 400


@dataclass(frozen=True)
class Projection:
    """view: the part of the plane that a map of width x height pixels shows."""

    view: View
    width: int
    height: int

    @property
    def scale(self) -> float:
        """Pixels a unit."""
        return self.width / (self.view[1] - self.view[0])

    @property
    def digits(self) -> int:
        """Decimals that a place needs to be told to a tenth of a pixel."""
        return max(ceil(log10(self.scale)) + 1, 0)

    def pixel(self, x: float, y: float) -> QPointF:
        left, _, _, high = self.view
        return QPointF(_near((x - left) * self.scale), _near((high - y) * self.scale))

    def place(self, pixel: QPointF) -> tuple[float, float]:
        left, _, _, high = self.view
        return left + pixel.x() / self.scale, high - pixel.y() / self.scale

    def zoomed(self, at: QPointF, factor: float) -> View:
        """The part that is shown `factor` times as large, with what lies under a pixel still there."""
        x, y = self.place(at)
        left, right, low, high = self.view
        return x + (left - x) / factor, x + (right - x) / factor, y + (low - y) / factor, y + (high - y) / factor

    def moved(self, by: QPointF) -> View:
        """The part that is shown when the map is pushed by so many pixels."""
        x, y = by.x() / self.scale, by.y() / self.scale
        left, right, low, high = self.view
        return left - x, right - x, low + y, high + y

    def area(self, view: View) -> QRectF:
        """Where another part of the plane lies."""
        return QRectF(self.pixel(view[0], view[3]), self.pixel(view[1], view[2]))

    def pixels(self, path: np.ndarray) -> QPolygonF:
        """path: (n, 2). Of a long one, steps within a pixel are one."""
        left, _, _, high = self.view
        places = ((path - (left, high)) * (self.scale, -self.scale)).clip(-_FAR, _FAR)
        if len(places) > _ENOUGH:
            cells = np.floor(places).astype(np.int64)
            keep = np.append(True, (cells[1:] != cells[:-1]).any(axis=1))
            keep[-1] = True
            places = places[keep]
        return polyline(places[:, 0], places[:, 1])


def _near(pixels: float) -> float:
    """A coordinate that Qt can draw; what is no number is far away, too."""
    return pixels if -_FAR < pixels < _FAR else -_FAR if pixels < 0 else _FAR
