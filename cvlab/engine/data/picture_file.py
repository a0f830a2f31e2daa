"""One picture that a person gives, opened: its size judged before anything is decoded, and every failure in words."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from PIL import Image, UnidentifiedImageError

from cvlab.engine.data.decode import LONGEST, refuse_costly
from cvlab.engine.errors import CorruptData, DataMissing
from cvlab.engine.files import read_bounded

FORMATS = ("PNG", "JPEG", "BMP", "GIF", "WEBP", "TIFF")
MAX_FILE_BYTES, MAX_PIXELS = 32 * 1024 * 1024, 40_000_000


@contextmanager
def opened(
    source: Path | bytes, title: str = "", *, formats: tuple[str, ...] = FORMATS, remedy: str | None = None
) -> Iterator[Image.Image]:
    """Pillow's image of a file, or of the bytes of one, for the block; what the block raises about it comes in words, too.

    title: what it is called (left out: the file's name). remedy: what to do next (left out: which files are read).
    Raises DataMissing, or CorruptData if it is no picture, too large or damaged.
    """
    name = title or (source.name if isinstance(source, Path) else "The picture")
    if remedy is None:
        remedy = f"Choose a picture file ({', '.join(FORMATS)}) of at most {MAX_PIXELS // 1_000_000} megapixels."
    try:
        size = source.stat().st_size if isinstance(source, Path) else len(source)
        if size > MAX_FILE_BYTES:
            raise CorruptData(f"{name} is too large.", received=f"{size:,} bytes", remedy=remedy)
        content = read_bounded(source, MAX_FILE_BYTES) if isinstance(source, Path) else source
        try:
            refuse_costly(content)
        except CorruptData as error:
            raise CorruptData(f"{name} is too large.", received=error.what, remedy=remedy) from error
        with Image.open(io.BytesIO(content), formats=formats) as file:
            if file.width * file.height > MAX_PIXELS or max(file.size) > LONGEST:
                shown = f"{file.width} x {file.height} pixels"
                raise CorruptData(f"{name} is too large.", received=shown, remedy=remedy)
            yield file
    except FileNotFoundError as error:
        raise DataMissing(f"{name} is not there.", received=str(source), remedy=remedy) from error
    except UnidentifiedImageError as error:
        raise CorruptData(f"{name} is not a picture.", remedy=remedy) from error
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise CorruptData(f"{name} is too large.", received=str(error), remedy=remedy) from error
    except CorruptData:
        raise
    except Exception as error:  # in a damaged file, Pillow's decoders raise anything at all
        raise CorruptData(f"{name} is damaged or cannot be read.", received=str(error)[:120], remedy=remedy) from error
