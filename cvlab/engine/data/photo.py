"""A picture file as numbers, colour or grey, at a size that can be worked on; nothing is inverted or cut."""

from __future__ import annotations

import io
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from cvlab.engine.data.picture import FORMATS, MAX_FILE_BYTES, MAX_PIXELS
from cvlab.engine.errors import CorruptData, DataMissing

MAX_SIDE = 320
"""Pixels that a photo's longer side is reduced to."""
SMALLEST_SIDE = 8


@dataclass(frozen=True, eq=False)
class Photo:
    """pixels: (C, H, W) uint8, C = 1 or 3. title: what it is called. was: its size before it was reduced, (H, W)."""

    title: str
    pixels: np.ndarray
    was: tuple[int, int]

    @property
    def unit(self) -> np.ndarray:
        """(C, H, W) float32 in 0..1."""
        return self.pixels.astype(np.float32) / np.float32(255)

    def reduced(self, side: int) -> Photo:
        """The same with at most `side` pixels along the longer side, each the mean of those that it stands for."""
        H, W = self.pixels.shape[1:]
        if max(H, W) <= side:
            return self
        size = (max(1, round(W * side / max(H, W))), max(1, round(H * side / max(H, W))))
        planes = [Image.fromarray(plane).resize(size, Image.Resampling.BOX) for plane in self.pixels]
        return Photo(self.title, np.stack([np.asarray(plane) for plane in planes]), self.was)

    @cached_property
    def png(self) -> bytes:
        """The pixels as a PNG, without loss."""
        whole = self.pixels[0] if len(self.pixels) == 1 else np.moveaxis(self.pixels, 0, 2)
        buffer = io.BytesIO()
        Image.fromarray(np.ascontiguousarray(whole)).save(buffer, "PNG", optimize=True)
        return buffer.getvalue()


def open_photo(path: Path) -> Photo:
    """A PNG, JPEG, BMP, GIF or WebP file, upright, at most `MAX_SIDE` pixels long: 0.1 s for 12 megapixels.

    Transparent parts become white. Raises DataMissing, or CorruptData if it is no picture, too large or too small.
    """
    path = Path(path)
    remedy = f"Choose a picture file ({', '.join(FORMATS)}) of at most {MAX_PIXELS // 1_000_000} megapixels."
    try:
        size = path.stat().st_size
        if size > MAX_FILE_BYTES:
            raise CorruptData(f"{path.name} is too large.", received=f"{size:,} bytes", remedy=remedy)
        data = path.read_bytes()
    except FileNotFoundError as error:
        raise DataMissing(f"{path.name} is not there.", received=str(path), remedy=remedy) from error
    except OSError as error:
        raise CorruptData(f"{path.name} cannot be read.", received=str(error), remedy=remedy) from error
    return read_photo(data, path.stem[:60] or "picture", formats=FORMATS, remedy=remedy)


def read_photo(data: bytes, title: str, *, formats: tuple[str, ...] = ("PNG",), remedy: str = "") -> Photo:
    """The same from bytes. Raises CorruptData."""
    try:
        with Image.open(io.BytesIO(data), formats=formats) as file:
            width, height = file.size
            if width * height > MAX_PIXELS:
                raise CorruptData(f"{title} is too large.", received=f"{width} x {height} pixels", remedy=remedy)
            pixels = _pixels(file)
    except UnidentifiedImageError as error:
        raise CorruptData(f"{title} is not a picture.", remedy=remedy) from error
    except CorruptData:
        raise
    except Exception as error:  # in a damaged file, Pillow's decoders raise anything at all
        raise CorruptData(f"{title} is damaged or cannot be read.", received=str(error)[:120], remedy=remedy) from error
    if min(pixels.shape[1:]) < SMALLEST_SIDE:
        shown = f"{pixels.shape[2]} x {pixels.shape[1]} pixels"
        raise CorruptData(f"{title} is too small.", received=shown, remedy=f"At least {SMALLEST_SIDE} pixels each way.")
    return Photo(title, pixels, (height, width))


def _pixels(file: Image.Image) -> np.ndarray:
    """(C, H, W) uint8, C = 1 where red, green and blue are alike."""
    file.draft("RGB", (2 * MAX_SIDE, 2 * MAX_SIDE))  # JPEG decodes straight to a smaller size; others ignore it
    image = ImageOps.exif_transpose(file)
    if image.mode.startswith("I"):  # 16 bits a pixel
        values = np.asarray(image, np.float64)
        image = Image.fromarray((values / (65535 if values.max() > 255 else 255) * 255).clip(0, 255).astype(np.uint8))
    elif "A" in image.mode or "transparency" in image.info:
        image = image.convert("RGBA")
        image = Image.alpha_composite(Image.new("RGBA", image.size, (255, 255, 255, 255)), image)
    image = image.convert("RGB")
    if max(image.size) > MAX_SIDE:
        image.thumbnail((MAX_SIDE, MAX_SIDE), Image.Resampling.LANCZOS)
    pixels = np.moveaxis(np.asarray(image), 2, 0).copy()
    is_grey = bool((pixels == pixels[:1]).all())
    return pixels[:1] if is_grey else pixels
