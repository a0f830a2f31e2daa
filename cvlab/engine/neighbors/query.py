"""A picture file as an image of a set's own shape, to be looked up in it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from cvlab.engine.data.drawing import prepare
from cvlab.engine.data.picture import FORMATS, MAX_FILE_BYTES, MAX_PIXELS, from_image
from cvlab.engine.errors import CorruptData, DataMissing

DIGIT = (1, 28, 28)


def from_file(path: Path, shape: tuple[int, int, int]) -> np.ndarray:
    """(C, H, W) uint8 of this shape. For 28 x 28 grey sets as MNIST's digits are made (ink found, fitted, centred); otherwise the
    largest middle part with the set's proportions, scaled by area, in colour or grey.

    Raises DataMissing, or CorruptData for what is no picture, damaged or too large.
    """
    if shape == DIGIT:
        return prepare(from_image(path).image).image[None]
    path = Path(path)
    remedy = f"Choose a picture file ({', '.join(FORMATS)}) of at most {MAX_PIXELS // 1_000_000} megapixels."
    try:
        if path.stat().st_size > MAX_FILE_BYTES:
            raise CorruptData(f"{path.name} is too large.", received=f"{path.stat().st_size:,} bytes", remedy=remedy)
        with Image.open(path, formats=FORMATS) as file:
            if file.width * file.height > MAX_PIXELS:
                raise CorruptData(
                    f"{path.name} is too large.", received=f"{file.width} x {file.height} pixels", remedy=remedy
                )
            turned = ImageOps.exif_transpose(file).convert("L" if shape[0] == 1 else "RGB")
            made = np.asarray(ImageOps.fit(turned, (shape[2], shape[1]), Image.Resampling.BOX))
    except FileNotFoundError as error:
        raise DataMissing(f"{path.name} is not there.", received=str(path), remedy=remedy) from error
    except (UnidentifiedImageError, Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise CorruptData(f"{path.name} is not a picture, or too large.", remedy=remedy) from error
    except CorruptData:
        raise
    except Exception as error:  # in a damaged file, Pillow's decoders raise anything at all
        raise CorruptData(
            f"{path.name} is damaged or cannot be read.", received=str(error)[:120], remedy=remedy
        ) from error
    return np.ascontiguousarray(made[None] if shape[0] == 1 else made.transpose(2, 0, 1))
