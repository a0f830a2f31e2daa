"""A picture file of a digit as a canvas: white ink on black, square; it scales nothing to 28 x 28 (see `drawing`)."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps

from cvlab.engine.data.decode import eight_bits
from cvlab.engine.data.picture_file import opened

MAX_SIDE = 1_120  # larger photos are reduced first: forty pixels for each of the net's are plenty
_FAINTEST = 24  # of 255: less contrast than this is the paper's grain, not ink


@dataclass(frozen=True, eq=False)
class Picture:
    """image: (S, S) uint8, white ink (255) on black (0). sentences: what was done to the file, one a step."""

    image: np.ndarray
    sentences: tuple[str, ...]


def from_image(path: Path) -> Picture:
    """A PNG, JPEG, BMP, GIF or WebP file as `drawing.prepare` wants it. 0.1 s for a photo of 12 megapixels.

    Made grey; turned the way the camera was held; dark ink on light paper inverted; the paper made black and the
    darkest ink white; padded to a square. Raises DataMissing, or CorruptData if it is not a picture or too large.
    """
    path = Path(path)
    with opened(path) as file:
        width, height = file.size
        grey = _grey(file)
    said = [f"{path.name}: {width} x {height} pixels, made grey."]
    ink = _ink(grey, said)
    rows, columns = ink.shape
    side = max(rows, columns)
    if rows != columns:
        said.append(f"Padded to a square of {side} x {side}.")
    canvas = np.zeros((side, side), np.uint8)
    top, left = (side - rows) // 2, (side - columns) // 2
    canvas[top : top + rows, left : left + columns] = ink
    return Picture(canvas, tuple(said))


def _grey(file: Image.Image) -> np.ndarray:
    """(h, w) uint8, upright, no side longer than MAX_SIDE, transparent parts as paper of the ink's opposite."""
    file.draft("L", (MAX_SIDE, MAX_SIDE))  # JPEG decodes straight to a smaller size; others ignore it
    image = ImageOps.exif_transpose(file)
    if "A" in image.mode or "transparency" in image.info:
        image = image.convert("RGBA")
        alpha = np.asarray(image.getchannel("A"))
        seen = np.asarray(image.convert("L"))[alpha > 127]
        paper = 0 if seen.size and seen.mean() > 127 else 255
        field = Image.new("RGBA", image.size, (paper, paper, paper, 255))
        image = Image.alpha_composite(field, image)
    image = eight_bits(image, "L")
    if max(image.size) > MAX_SIDE:
        image.thumbnail((MAX_SIDE, MAX_SIDE), Image.Resampling.BOX, reducing_gap=None)
    return np.asarray(image)


def _ink(grey: np.ndarray, said: list[str]) -> np.ndarray:
    """White ink on black: the paper is the median of the picture's border, the ink is what strays far from it."""
    border = np.concatenate([grey[0], grey[-1], grey[:, 0], grey[:, -1]]).astype(np.float32)
    paper = float(np.median(border))
    away = grey.astype(np.float32) - paper
    if float((away**3).sum()) < 0:  # the long tail of the values is on the dark side
        away = -away
        said.append("Dark ink on light paper: inverted, as the net was trained on white ink.")
    peak = float(away.max())
    if peak < _FAINTEST:
        said.append("No ink found: the picture is one even shade.")
        return np.zeros(grey.shape, np.uint8)
    grain = float(np.percentile(np.abs(border - paper), 95))
    # Clean scans keep every shade; where there is grain, its rare large specks would spoil the cut to the ink.
    floor = min(max(3 * grain, peak / 4), peak / 2) if grain else 0.0
    if floor:
        said.append("The paper's grain removed.")
    return (np.where(away > floor, away, 0) * (255 / peak)).clip(0, 255).round().astype(np.uint8)
