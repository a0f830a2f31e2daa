"""A surface as a picture: tones by height, shaded as if lit from the upper left, with contours. Made on a worker."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cvlab.core.jobs import JobControl
from cvlab.engine.surfaces import Surface

COLUMNS, CONTOURS = 150, 16
_CLIFF = 1e6
"""Nothing is drawn higher than this many times what lies within the bounds."""
Colour = tuple[int, int, int]
View = tuple[float, float, float, float]
"""x from, x to, y from, y to."""


def view_of(surface: Surface, width: int, height: int) -> View:
    """What a map of this size shows: the bounds and a bit more on one side, so that x and y have one scale."""
    left, right, low, high = surface.bounds
    scale = max((right - left) / width, (high - low) / height)
    x, y = (left + right) / 2, (low + high) / 2
    return x - scale * width / 2, x + scale * width / 2, y - scale * height / 2, y + scale * height / 2


@dataclass(frozen=True, eq=False)
class Relief:
    """rgb: (height, width, 3) uint8, the top row first, of `view`. lowest: the least height in it. is_whole: the view is that of
    the bounds. has_heights: whether there is anything to walk on."""

    surface: Surface
    view: View
    rgb: np.ndarray
    lowest: float
    has_heights: bool
    is_whole: bool = True


@dataclass(frozen=True)
class ReliefRequest:
    """low, high: colours of the deepest and the highest. line: of the contours. void: where there is no height.

    view: a part of the plane, whose tones are then its own; None for the bounds.
    """

    surface: Surface
    width: int
    height: int
    low: Colour
    high: Colour
    line: Colour
    void: Colour
    view: View | None = None

    def run(self, control: JobControl) -> Relief:
        view = self.view or view_of(self.surface, self.width, self.height)
        rows = max(2, round(COLUMNS * self.height / self.width))
        X, Y = np.meshgrid(np.linspace(view[0], view[1], COLUMNS), np.linspace(view[3], view[2], rows))  # top row first
        z = np.broadcast_to(self.surface.heights(X, Y), X.shape)
        control.check()
        _ = self.surface.typical_slope  # the yardstick of the noise is taken here, where nobody waits for it
        left, right, low, high = self.view or self.surface.bounds
        inside = z[(left <= X) & (right >= X) & (low <= Y) & (high >= Y) & np.isfinite(z)]
        if not inside.size:
            rgb = np.full((self.height, self.width, 3), self.void, dtype=np.uint8)
            return Relief(self.surface, view, rgb, 0.0, False, self.view is None)
        lowest = float(inside.min())
        tone = _enlarged(_tone(z, lowest, inside), self.height, self.width)
        control.check()
        return Relief(self.surface, view, self._painted(tone), lowest, True, self.view is None)

    def _painted(self, tone: np.ndarray) -> np.ndarray:
        low, high, line, void = (np.array(c, dtype=np.float32) for c in (self.low, self.high, self.line, self.void))
        share = np.clip(tone, 0.0, 1.0)[..., None]
        rgb = low + (high - low) * np.nan_to_num(share)
        dy, dx = np.gradient(tone)
        with np.errstate(invalid="ignore", divide="ignore"):
            light = np.clip((dx + dy) * 0.09 * self.height, -1.0, 1.0)  # falls from the upper left
            rgb *= 1.0 - 0.16 * np.nan_to_num(light)[..., None]
            level = tone * CONTOURS
            away = np.abs(level - np.round(level)) / np.maximum(
                np.hypot(dx, dy) * CONTOURS, 1e-6
            )  # pixels to a contour
            ink = np.where((tone > 0) & (tone < 1.3), np.clip(1.15 - away, 0.0, 1.0), 0.0) * 0.30
        rgb += (line - rgb) * np.nan_to_num(ink)[..., None]
        rgb[~np.isfinite(tone)] = void
        return np.clip(rgb, 0, 255).astype(np.uint8)


def _tone(z: np.ndarray, lowest: float, inside: np.ndarray) -> np.ndarray:
    """Heights as 0..1 over the map: finer near the bottom where most of the map lies low, as on cliffs."""
    size = max(float(inside.max()), -lowest) or 1.0  # so that no difference of two heights overflows
    z, inside, lowest = z / size, inside / size, lowest / size
    span = float(inside.max()) - lowest or 1.0
    share = np.minimum((z - lowest) / span, _CLIFF)
    knee = min(max(float(np.quantile((inside - lowest) / span, 0.3)), 1e-4), 1.0)
    return (np.arcsinh(share / knee) / np.arcsinh(1 / knee)).astype(np.float32)


def _enlarged(grid: np.ndarray, height: int, width: int) -> np.ndarray:
    """Bilinear: (rows, columns) -> (height, width)."""
    y, x = np.linspace(0, grid.shape[0] - 1, height), np.linspace(0, grid.shape[1] - 1, width)
    i, j = np.minimum(y.astype(int), grid.shape[0] - 2), np.minimum(x.astype(int), grid.shape[1] - 2)
    v, u = (y - i)[:, None].astype(np.float32), (x - j)[None, :].astype(np.float32)
    rows = grid[i] * (1 - v) + grid[i + 1] * v  # (height, columns)
    return rows[:, j] * (1 - u) + rows[:, j + 1] * u
