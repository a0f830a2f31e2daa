"""One picture file of whatever kind as bytes of one size. Pillow decodes; the header is judged before anything is decoded."""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import Literal

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from cvlab.engine.errors import CorruptData

FORMATS = ("JPEG", "PNG", "BMP", "GIF", "WEBP", "TIFF", "PPM")
MAX_PIXELS = 40_000_000
LONGEST = 65_535
"""Pixels of a side, as in a JPEG: resampling takes room for every pixel of the longer one."""
MAX_SCANS = 100
"""Of a progressive JPEG; usual are about ten."""
MAX_SIDE = 512
"""The largest side that pictures are kept at."""

Fit = Literal["crop", "letterbox", "stretch"]
_GREY_MODES = ("1", "L", "LA", "I", "F")


@dataclass(frozen=True)
class Target:
    """What every picture becomes: (channels, height, width), channels 1 or 3.

    fit: how another shape gets there. "crop": scaled until the target is covered, the middle kept. "letterbox": scaled
         until it fits, black around it. "stretch": pulled.
    """

    channels: int
    height: int
    width: int
    fit: Fit = "crop"

    @property
    def shape(self) -> tuple[int, int, int]:
        return self.channels, self.height, self.width


@dataclass(frozen=True)
class Header:
    """What a picture's first bytes say."""

    width: int
    height: int
    is_grey: bool


def read_header(content: bytes) -> Header:
    """Decodes no pixel. Raises CorruptData with the reason as `what`, as `decode` does."""
    with _Opened(content) as file:
        turned = _orientation(file) >= 5
        width, height = file.size[::-1] if turned else file.size
        return Header(width, height, file.mode in _GREY_MODES or file.mode.startswith("I;16"))


def decode(content: bytes, target: Target) -> np.ndarray:
    """The picture in these bytes, (C, H, W) uint8. 60 us for a 32 x 32 JPEG, 3 ms for 500 x 375.

    Turned upright as its EXIF says; transparent parts become white; palettes, CMYK and 16 bits a pixel become 8-bit grey
    or colour; of an animation the first frame. A large JPEG is reduced while it is decoded. Raises CorruptData whose
    `what` is a reason in a few words; the caller knows the file's name.
    """
    with _Opened(content) as file:
        if file.size != (target.width, target.height):
            file.draft("L" if target.channels == 1 else "RGB", (2 * target.width, 2 * target.height))
        image = ImageOps.exif_transpose(file) if _orientation(file) > 1 else file
        image = eight_bits(image, "L" if target.channels == 1 else "RGB")
        if image.size != (target.width, target.height):
            image = _fit(image, target)
        pixels = np.asarray(image)  # (H, W) or (H, W, 3)
    return pixels[None] if target.channels == 1 else pixels.transpose(2, 0, 1)


class _Opened:
    """Pillow's image of these bytes, its size judged; every failure inside the block in words."""

    def __init__(self, content: bytes) -> None:
        self._content = content
        self._file: Image.Image | None = None

    def __enter__(self) -> Image.Image:
        if not self._content:
            raise CorruptData("an empty file")
        refuse_costly(self._content)
        try:
            self._file = Image.open(io.BytesIO(self._content), formats=FORMATS)
        except Exception as error:
            raise _in_words(error) from error
        width, height = self._file.size
        if width * height > MAX_PIXELS or max(width, height) > LONGEST:
            self._file.close()
            raise CorruptData(f"{width:,} x {height:,} pixels, at most {MAX_PIXELS:,} in all are read")
        return self._file

    def __exit__(self, kind: type | None, error: BaseException | None, trace: object) -> None:
        self._file.close()
        if isinstance(error, Exception) and not isinstance(error, CorruptData):
            raise _in_words(error) from error  # in a damaged file, Pillow's decoders raise anything at all


def _in_words(error: Exception) -> CorruptData:
    if isinstance(error, UnidentifiedImageError):
        return CorruptData("not a picture that can be read")
    if isinstance(error, Image.DecompressionBombError | Image.DecompressionBombWarning):
        return CorruptData(f"far too many pixels, at most {MAX_PIXELS:,} are read")
    reason = str(error).strip().rstrip(".").split("\n")[0][:120]
    return CorruptData(f"damaged ({reason or type(error).__name__})")


def _orientation(file: Image.Image) -> int:
    """The EXIF orientation, 1..8; asked only of files that carry EXIF at all, as asking takes as long as decoding."""
    if "exif" not in file.info and file.format != "TIFF":
        return 1
    turn = file.getexif().get(0x0112, 1)
    return turn if isinstance(turn, int) else 1


def eight_bits(image: Image.Image, mode: str) -> Image.Image:
    """In this mode, "L" or "RGB"."""
    if image.mode == mode:
        return image
    if image.mode.startswith(("I", "F")):  # 16 bits a pixel, or numbers of any size
        values = np.asarray(image)
        largest = max(float(np.max(part, where=np.isfinite(part), initial=0.0)) for part in _bands(values))
        scale = 1.0 if largest <= 255 else 255 / 65535 if largest <= 65535 else 255 / largest
        scaled = np.empty(values.shape, np.uint8)
        for part, into in zip(
            _bands(values), _bands(scaled), strict=True
        ):  # in bands: all at once would take 32 bytes a pixel
            into[...] = (np.nan_to_num(part.astype(np.float64)) * scale).clip(0, 255)
        image = Image.fromarray(scaled)
    elif "A" in image.mode or "transparency" in image.info:
        image = image.convert("RGBA")
        image = Image.alpha_composite(Image.new("RGBA", image.size, (255, 255, 255, 255)), image)
    return image.convert(mode)


def _bands(pixels: np.ndarray, rows: int = 256) -> list[np.ndarray]:
    return [pixels[first : first + rows] for first in range(0, max(len(pixels), 1), rows)]


def refuse_costly(content: bytes) -> None:
    """Raises CorruptData for a picture that costs far more to open or to decode than pictures do, told by its first bytes.

    A progressive JPEG goes over all pixels once for each of its scans, however short they are. WebP's decoder takes room for two
    whole pictures before it says how large they are.
    """
    if content[:2] == b"\xff\xd8" and content.count(b"\xff\xda") > MAX_SCANS:
        raise CorruptData(f"more than {MAX_SCANS} scans, as no camera or program writes them")
    if content[:4] == b"RIFF" and content[8:16] == b"WEBPVP8X":
        width, height = (int.from_bytes(content[at : at + 3], "little") + 1 for at in (24, 27))
        if width * height > MAX_PIXELS:
            raise CorruptData(f"{width:,} x {height:,} pixels, at most {MAX_PIXELS:,} in all are read")


def _fit(image: Image.Image, target: Target) -> Image.Image:
    """At the target's size, by its rule."""
    size, smooth = (target.width, target.height), Image.Resampling.BICUBIC
    width, height = image.size
    if target.fit == "stretch":
        return image.resize(size, smooth, reducing_gap=2.0)
    if target.fit == "crop":
        scale = min(width / target.width, height / target.height)
        w, h = target.width * scale, target.height * scale
        left, top = (width - w) / 2, (height - h) / 2
        return image.resize(size, smooth, box=(left, top, left + w, top + h), reducing_gap=2.0)
    scale = min(target.width / width, target.height / height)
    w, h = max(1, round(width * scale)), max(1, round(height * scale))
    field = Image.new(image.mode, size)
    field.paste(image.resize((w, h), smooth, reducing_gap=2.0), ((target.width - w) // 2, (target.height - h) // 2))
    return field
