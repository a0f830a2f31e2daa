"""From a drawing of a digit to the 28 x 28 bytes a net reads, step by step as MNIST itself was made.

MNIST's own rule: the digit is scaled, keeping its proportions, to fit a box of 20 x 20 pixels, and laid into a field of
28 x 28 so that the centre of mass of its ink is at the centre of the field.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from PIL import Image

from cvlab.engine.data.picture import from_image

__all__ = ["DrawingSteps", "Prepared", "from_image", "prepare"]

FIELD, BOX = 28, 20


@dataclass(frozen=True)
class DrawingSteps:
    """Which steps are done; each can be left out to see what the net makes of it.

    crop:           cut to the rectangle around the ink.
    box20:          scale to fit 20 x 20, keeping the proportions; else the whole field of 28 x 28 is filled.
    centre_of_mass: lay the centre of mass of the ink at the centre of the field; else centre the rectangle.
    """

    crop: bool = True
    box20: bool = True
    centre_of_mass: bool = True


@dataclass(frozen=True, eq=False)
class Prepared:
    """The drawing after each step.

    image:     (28, 28) uint8, white ink on black: what the net is fed.
    cropped:   (h, w) uint8, in the canvas' own pixels.
    boxed:     (h, w) uint8, longer side 20 (28 without `box20`), as it is laid into the field.
    sentences: what was done, one sentence a step, in order.
    is_empty:  there was no ink; the image is all zeros.
    """

    image: np.ndarray
    cropped: np.ndarray
    boxed: np.ndarray
    sentences: tuple[str, ...]
    is_empty: bool = False


def prepare(canvas: np.ndarray, steps: DrawingSteps = DrawingSteps()) -> Prepared:
    """What a net is fed from `canvas`, (H, W) uint8, white ink (255) on black (0).

    Scaling averages areas, so thin strokes turn grey as in MNIST instead of breaking up. With every step off, the whole
    canvas is scaled to 28 x 28 and nothing else. 0.2 ms for 560 x 560.
    """
    canvas = np.ascontiguousarray(canvas)
    if canvas.ndim != 2 or canvas.dtype != np.uint8 or not canvas.size:
        raise ValueError(f"a canvas is (H, W) uint8, not {canvas.shape} {canvas.dtype}")
    box = _ink_box(canvas)
    if box is None:
        blank = np.zeros((FIELD, FIELD), np.uint8)
        return Prepared(blank, canvas, blank, ("There is no ink yet: the net would be fed all zeros.",), True)

    said = []
    if steps.crop:
        top, bottom, left, right = box
        cropped = canvas[top:bottom, left:right].copy()  # the person goes on drawing on the canvas
        said.append(f"Cut to the ink: {right - left} x {bottom - top} of {canvas.shape[1]} x {canvas.shape[0]} pixels.")
    else:
        cropped = canvas.copy()
        said.append(f"Not cut: all {canvas.shape[1]} x {canvas.shape[0]} pixels.")

    side = BOX if steps.box20 else FIELD
    boxed = _fitted(cropped, side)
    height, width = boxed.shape
    said.append(f"Scaled to {width} x {height}, proportions kept.")

    left, top = (FIELD - width) // 2, (FIELD - height) // 2
    if steps.centre_of_mass:
        dx, dy = _shift_to_centre(boxed, left, top)
        left, top = left + dx, top + dy
        said.append(f"Centre of mass: {_moved(dx, dy)}.")
    else:
        said.append(f"Laid in the middle of {FIELD} x {FIELD}.")
    image = _laid(boxed, left, top)
    return Prepared(image, cropped, boxed, tuple(said))


def _ink_box(canvas: np.ndarray) -> tuple[int, int, int, int] | None:
    """(top, bottom, left, right), ends excluded, of all that is not black; None if all is."""
    rows = np.flatnonzero(canvas.max(axis=1))
    if not len(rows):
        return None
    columns = np.flatnonzero(canvas.max(axis=0))
    return int(rows[0]), int(rows[-1]) + 1, int(columns[0]), int(columns[-1]) + 1


def _fitted(image: np.ndarray, side: int) -> np.ndarray:
    """Scaled so that its longer side is `side`: by area average when it shrinks, smoothly when it grows."""
    height, width = image.shape
    scale = side / max(height, width)
    size = max(1, round(width * scale)), max(1, round(height * scale))
    if size == (width, height):
        return image.copy()
    how = Image.Resampling.BOX if scale < 1 else Image.Resampling.BILINEAR
    return np.asarray(Image.fromarray(image).resize(size, how))


def _shift_to_centre(boxed: np.ndarray, left: int, top: int) -> tuple[int, int]:
    """Whole pixels (dx, dy) that bring the ink's centre of mass nearest to pixel (14, 14), as it is throughout MNIST.

    Whole pixels, because MNIST's digits are not blurred by the shift; no further than the field's edge, so that no ink
    is lost.
    """
    box = _ink_box(boxed)
    if box is None:  # a speck that vanished in the average
        return 0, 0
    mass = boxed.sum(dtype=np.int64)
    x = left + float(boxed.sum(axis=0, dtype=np.int64) @ np.arange(boxed.shape[1])) / mass
    y = top + float(boxed.sum(axis=1, dtype=np.int64) @ np.arange(boxed.shape[0])) / mass
    dx = min(max(round(FIELD // 2 - x), -(left + box[2])), FIELD - (left + box[3]))
    dy = min(max(round(FIELD // 2 - y), -(top + box[0])), FIELD - (top + box[1]))
    return dx, dy


def _laid(boxed: np.ndarray, left: int, top: int) -> np.ndarray:
    """`boxed` in a black 28 x 28 field with its corner at (left, top); what lies outside the field is cut off."""
    height, width = boxed.shape
    image = np.zeros((FIELD, FIELD), np.uint8)
    x0, x1, y0, y1 = max(left, 0), min(left + width, FIELD), max(top, 0), min(top + height, FIELD)
    image[y0:y1, x0:x1] = boxed[y0 - top : y1 - top, x0 - left : x1 - left]
    return image


def _moved(dx: int, dy: int) -> str:
    parts = []
    if dx:
        parts.append(f"{abs(dx)} {'right' if dx > 0 else 'left'}")
    if dy:
        parts.append(f"{abs(dy)} {'down' if dy > 0 else 'up'}")
    return f"moved {' and '.join(parts)}" if parts else "it was there already"
