"""A picture file as an image of a set's own shape, to be looked up in it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image, ImageOps

from cvlab.engine.data.decode import eight_bits
from cvlab.engine.data.drawing import prepare
from cvlab.engine.data.picture import from_image
from cvlab.engine.data.picture_file import opened

DIGIT = (1, 28, 28)


def from_file(path: Path, shape: tuple[int, int, int]) -> np.ndarray:
    """(C, H, W) uint8 of this shape. For 28 x 28 grey sets as MNIST's digits are made (ink found, fitted, centred); otherwise the
    largest middle part with the set's proportions, scaled by area, in colour or grey.

    Raises DataMissing, or CorruptData for what is no picture, damaged or too large.
    """
    if shape == DIGIT:
        return prepare(from_image(path).image).image[None]
    with opened(Path(path)) as file:
        turned = eight_bits(ImageOps.exif_transpose(file), "L" if shape[0] == 1 else "RGB")
        made = np.asarray(ImageOps.fit(turned, (shape[2], shape[1]), Image.Resampling.BOX))
    return np.ascontiguousarray(made[None] if shape[0] == 1 else made.transpose(2, 0, 1))
