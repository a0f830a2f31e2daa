"""A picture file as numbers, colour or grey, at a size that can be worked on; nothing is inverted or cut."""

from __future__ import annotations

import io
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageOps

from cvlab.engine.data.decode import eight_bits
from cvlab.engine.data.picture_file import opened
from cvlab.engine.errors import CorruptData

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
    return _read(path, path.stem[:60] or "picture", path.name)


def read_photo(data: bytes, title: str, *, formats: tuple[str, ...] = ("PNG",)) -> Photo:
    """The same from the bytes of a file of ours. Raises CorruptData."""
    return _read(data, title, title, formats=formats, remedy="")


def _read(source: Path | bytes, title: str, name: str, **options: Any) -> Photo:
    with opened(source, name, **options) as file:
        height, width = file.height, file.width
        pixels = _pixels(file)
    if min(pixels.shape[1:]) < SMALLEST_SIDE:
        shown = f"{pixels.shape[2]} x {pixels.shape[1]} pixels"
        raise CorruptData(f"{name} is too small.", received=shown, remedy=f"At least {SMALLEST_SIDE} pixels each way.")
    return Photo(title, pixels, (height, width))


def _pixels(file: Image.Image) -> np.ndarray:
    """(C, H, W) uint8, C = 1 where red, green and blue are alike."""
    file.draft("RGB", (2 * MAX_SIDE, 2 * MAX_SIDE))  # JPEG decodes straight to a smaller size; others ignore it
    image = ImageOps.exif_transpose(file)
    image = eight_bits(image, "RGB")
    if max(image.size) > MAX_SIDE:
        image.thumbnail((MAX_SIDE, MAX_SIDE), Image.Resampling.LANCZOS)
    pixels = np.moveaxis(np.asarray(image), 2, 0).copy()
    is_grey = bool((pixels == pixels[:1]).all())
    return pixels[:1] if is_grey else pixels
