"""The outlines of Shapes-32 as signed distances: below 0 inside the shape, above 0 outside, about 1 a unit of length."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

Silhouette = Callable[[np.ndarray, np.ndarray, np.ndarray], np.ndarray]
"""(x, y, p): coordinates where the shape fills about -1..1, y down, and its proportion, about 0.65..1.35. float32 throughout."""

_STEPS = 256
TURN = np.array(
    [[round(f(2 * math.pi * i / _STEPS) * 4096) / 4096 for f in (math.cos, math.sin)] for i in range(_STEPS)],
    np.float32,
)
"""(256, 2) cosine and sine around the circle, rounded to 12 bits: libraries differ in the last bit, these do not."""

_F = np.float32


def _box(x, y, half_width, half_height):
    return np.maximum(np.abs(x) - half_width, np.abs(y) - half_height)


def _length(x, y):
    return np.sqrt(x * x + y * y)


def _disc(x, y, p):
    return _length(x, y * p) - _F(0.85)


def _ring(x, y, p):
    return np.abs(_length(x, y) - _F(0.68)) - _F(0.2) * p


def _crescent(x, y, p):
    return np.maximum(_length(x, y) - _F(0.9), _F(0.72) - _length(x - _F(0.45) * p, y))


def _triangle(x, y, p):
    # Three half planes: the base, and two sides that lean by p.
    side = (np.abs(x) * _F(0.87) - y * _F(0.5) * p) - _F(0.46)
    return np.maximum(y - _F(0.68), side)


def _square(x, y, p):
    return _box(x, y, _F(0.72), _F(0.72) * p)


def _star(x, y, p):
    # A pentagram is where at most one of five half planes is left: the second largest of their distances.
    largest = np.full_like(x, -9)
    second = largest
    inner = _F(0.36) * p
    for i in range(5):
        cos, sin = TURN[(i * _STEPS // 5 - _STEPS // 4) % _STEPS]
        distance = -(x * cos + y * sin) - inner
        second = np.maximum(second, np.minimum(largest, distance))
        largest = np.maximum(largest, distance)
    return second


def _cross(x, y, p):
    arm = _F(0.26) * p
    return np.minimum(_box(x, y, arm, _F(0.9)), _box(x, y, _F(0.9), arm))


def _arrow(x, y, p):
    head = np.maximum(np.abs(y) + (x - _F(0.95)), _F(0.1) - x)
    return np.minimum(head, _box(x + _F(0.35), y, _F(0.55), _F(0.2) * p))


def _ell(x, y, p):
    arm = _F(0.22) * p
    return np.minimum(_box(x + _F(0.45), y, arm, _F(0.85)), _box(x, y - _F(0.63), _F(0.67), arm))


def _bars(x, y, p):
    return _box(x, np.abs(y) - _F(0.48), _F(0.85), _F(0.22) * p)


SILHOUETTES: dict[str, Silhouette] = {
    "disc": _disc,
    "ring": _ring,
    "crescent": _crescent,
    "triangle": _triangle,
    "square": _square,
    "star": _star,
    "cross": _cross,
    "arrow": _arrow,
    "ell": _ell,
    "bars": _bars,
}
