"""Copies of an image that a person takes for the same, and that L2 finds equally far: shifted, dimmed, boxed.

Pixel-wise distance does not see what is seen. The shift sets the distance; for the others the strength is solved for that
gives the same one.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from cvlab.engine.errors import DataError

MAX_SHIFT = 8


@dataclass(frozen=True, eq=False)
class Copy:
    """kind: "original", "shifted", "dimmed" or "boxed". image: (C, H, W) uint8. squared: exact L2 distance to the original,
    squared. how: what was done, in words."""

    kind: str
    image: np.ndarray
    squared: int
    how: str

    @property
    def distance(self) -> float:
        return float(np.sqrt(self.squared))


def squared_distance(a: np.ndarray, b: np.ndarray) -> int:
    """sum (a - b)^2 over all values, exact."""
    gaps = a.astype(np.int64) - b.astype(np.int64)
    return int((gaps * gaps).sum())


def shifted(image: np.ndarray, pixels: int) -> np.ndarray:
    """Moved to the right; the left edge is repeated into the gap."""
    moved = np.roll(image, pixels, axis=2)
    moved[:, :, :pixels] = image[:, :, :1]
    return moved


def dimmed(image: np.ndarray, share: float) -> np.ndarray:
    """Every value times 1 - share."""
    return np.rint(image * (1.0 - share)).astype(np.uint8)


def boxed(image: np.ndarray, share: float) -> np.ndarray:
    """A box of one even shade, around the centre, laid on: its side grows with the share up to the whole image.

    The box takes the far end of the grey scale from the image's middle; at a fractional side its rim is laid on in part.
    """
    _, height, width = image.shape
    shade = 0.0 if image.mean() > 127 else 255.0
    cover = _cover(height, share)[:, None] * _cover(width, share)[None, :]
    return np.rint(image * (1.0 - cover) + shade * cover).astype(np.uint8)


def _cover(length: int, share: float) -> np.ndarray:
    """How much of each of `length` cells lies in a centred stretch of share * length."""
    low, high = length * (1 - share) / 2, length * (1 + share) / 2
    cells = np.arange(length)
    return np.clip(np.minimum(cells + 1, high) - np.maximum(cells, low), 0.0, 1.0)


def copies(image: np.ndarray, shift: int = 2) -> tuple[Copy, ...]:
    """The original, then one of each kind, all as far from it as a shift by so many pixels; (C, H, W) uint8, shift 1..8.

    Where dimming to black is not far enough (a dark image), the image is brightened instead. The distances agree as nearly as
    bytes allow, mostly to one part in a thousand. Raises DataError for an even image: it has no shift that shows.
    """
    if image.ndim != 3 or image.dtype != np.uint8:
        raise ValueError(f"an image is (C, H, W) uint8, not {image.shape} {image.dtype}")
    if not 1 <= shift <= min(MAX_SHIFT, image.shape[2] - 1):
        raise DataError("The shift lies between 1 and 8 pixels.", received=f"{shift} pixels")
    moved = shifted(image, shift)
    target = squared_distance(image, moved)
    if target == 0:
        raise DataError("This image is the same all along: a shift does not change it.", remedy="Choose another image.")
    pixels = "1 pixel" if shift == 1 else f"{shift} pixels"
    made = [Copy("original", image, 0, "as it is"), Copy("shifted", moved, target, f"{pixels} to the right")]
    if squared_distance(image, dimmed(image, 1.0)) >= target:
        share, copy = _solve(image, dimmed, target)
        made.append(
            Copy("dimmed", copy, squared_distance(image, copy), f"{share:.0%} of the light taken".replace("%", " %"))
        )
    else:
        share, copy = _solve(image, _brightened, target)
        made.append(
            Copy("dimmed", copy, squared_distance(image, copy), f"{share:.0%} of the way to white".replace("%", " %"))
        )
    share, copy = _solve(image, boxed, target)
    made.append(
        Copy("boxed", copy, squared_distance(image, copy), f"a box of {share**2:.0%} of the image".replace("%", " %"))
    )
    return tuple(made)


def _brightened(image: np.ndarray, share: float) -> np.ndarray:
    return np.rint(image + (255.0 - image) * share).astype(np.uint8)


def _solve(image: np.ndarray, make: Callable[[np.ndarray, float], np.ndarray], target: int) -> tuple[float, np.ndarray]:
    """The strength in 0..1 whose copy is nearest to the target distance, by bisection; distances grow with the strength."""
    low, high = 0.0, 1.0
    best = (abs(squared_distance(image, make(image, 1.0)) - target), 1.0)
    for _ in range(30):
        middle = (low + high) / 2
        squared = squared_distance(image, make(image, middle))
        best = min(best, (abs(squared - target), middle))
        if squared < target:
            low = middle
        else:
            high = middle
    return best[1], make(image, best[1])
