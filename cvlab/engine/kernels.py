"""Small kernels that people know by name, and what can be said of any kernel."""

from __future__ import annotations

from dataclasses import dataclass
from math import exp

import numpy as np

Rows = tuple[tuple[float, ...], ...]


@dataclass(frozen=True)
class Preset:
    """id: permanent. three, five: the kernel at either size. says: what it does to a picture, one sentence."""

    id: str
    title: str
    says: str
    three: Rows
    five: Rows

    def rows(self, size: int) -> Rows:
        return self.three if size == 3 else self.five


def _outer(column: tuple[float, ...], row: tuple[float, ...], scale: float = 1.0) -> Rows:
    return tuple(tuple(a * b * scale for b in row) for a in column)


def _inside(three: Rows) -> Rows:
    """The same 3 x 3 with a ring of zeros."""
    zeros = (0.0,) * 5
    return (zeros, *((0.0, *row, 0.0) for row in three), zeros)


def _gaussian(size: int, sigma: float) -> Rows:
    """Samples of exp(-(x^2 + y^2) / 2 sigma^2), made to sum to 1 and rounded to 4 digits, the middle taking up the rest."""
    reach = range(-(size // 2), size // 2 + 1)
    bell = np.array([[exp(-(x * x + y * y) / (2 * sigma**2)) for x in reach] for y in reach])
    bell = np.round(bell / bell.sum(), 4)
    bell[size // 2, size // 2] += 1 - bell.sum()
    return tuple(tuple(float(f"{value:.4f}") for value in row) for row in bell)


_IDENTITY = ((0.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 0.0))
_SHARPEN = ((0.0, -1.0, 0.0), (-1.0, 5.0, -1.0), (0.0, -1.0, 0.0))
_LAPLACIAN = ((0.0, 1.0, 0.0), (1.0, -4.0, 1.0), (0.0, 1.0, 0.0))
_LAPLACIAN_5 = (
    (0.0, 0.0, 1.0, 0.0, 0.0),
    (0.0, 1.0, 2.0, 1.0, 0.0),
    (1.0, 2.0, -16.0, 2.0, 1.0),
    (0.0, 1.0, 2.0, 1.0, 0.0),
    (0.0, 0.0, 1.0, 0.0, 0.0),
)
_EMBOSS = ((-2.0, -1.0, 0.0), (-1.0, 1.0, 1.0), (0.0, 1.0, 2.0))
_EMBOSS_5 = (
    (-2.0, -1.0, -1.0, -1.0, 0.0),
    (-1.0, -2.0, -1.0, 0.0, 1.0),
    (-1.0, -1.0, 1.0, 1.0, 1.0),
    (-1.0, 0.0, 1.0, 2.0, 1.0),
    (0.0, 1.0, 1.0, 1.0, 2.0),
)
_SMOOTH_3, _SLOPE_3 = (1.0, 2.0, 1.0), (-1.0, 0.0, 1.0)
_SMOOTH_5, _SLOPE_5 = (1.0, 4.0, 6.0, 4.0, 1.0), (-1.0, -2.0, 0.0, 2.0, 1.0)

PRESETS: dict[str, Preset] = {
    made.id: made
    for made in (
        Preset(
            "identity", "Identity", "One in the middle: the picture comes out as it went in.",
            _IDENTITY, _inside(_IDENTITY),
        ),
        Preset(
            "sobel-x", "Sobel x", "Right minus left: answers where the picture grows brighter to the right.",
            _outer(_SMOOTH_3, _SLOPE_3), _outer(_SMOOTH_5, _SLOPE_5),
        ),
        Preset(
            "sobel-y", "Sobel y", "Below minus above: answers where the picture grows brighter downwards.",
            _outer(_SLOPE_3, _SMOOTH_3), _outer(_SLOPE_5, _SMOOTH_5),
        ),
        Preset(
            "laplacian", "Laplacian", "The neighbours minus the middle: answers to edges in every direction, not to slopes.",
            _LAPLACIAN, _LAPLACIAN_5,
        ),
        Preset(
            "box", "Box blur", "The mean of the window: every detail smaller than it is washed out.",
            _outer((1.0,) * 3, (1.0,) * 3), _outer((1.0,) * 5, (1.0,) * 5),
        ),
        Preset(
            "gaussian", "Gaussian", "A mean that trusts the middle most: a softer blur, without the box's corners.",
            _gaussian(3, 0.85), _gaussian(5, 1.1),
        ),
        Preset(
            "sharpen", "Sharpen", "The picture minus its Laplacian: edges are lifted, flat parts stay.",
            _SHARPEN, _inside(_SHARPEN),
        ),
        Preset(
            "emboss", "Emboss", "Lower right minus upper left, plus the picture: as if lit from a corner.",
            _EMBOSS, _EMBOSS_5,
        ),
    )
}  # fmt: skip


def normalised(kernel: np.ndarray) -> np.ndarray:
    """The kernel divided by the sum of its numbers, so that even ground keeps its brightness; where they sum to 0, by half
    the sum of their magnitudes, so that the steepest edge of a picture in 0..1 answers with at most 1. All zeros stay.
    """
    total = float(kernel.sum())
    size = float(np.abs(kernel).sum())
    if size == 0:
        return kernel
    return kernel / (total if abs(total) > 1e-9 * size else size / 2)


def answers(kernel: np.ndarray) -> tuple[float, float]:
    """(lowest, highest) that this kernel can give on a picture in 0..1: the sums of its negative and positive numbers."""
    return float(kernel[kernel < 0].sum()), float(kernel[kernel > 0].sum())
