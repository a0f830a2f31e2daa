"""A picture file as the image that a trained net takes: size, channels and colors as those of the images that it learned from."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import get_args

import numpy as np

from cvlab.engine.data.decode import Fit, Target, decode, read_header
from cvlab.engine.data.drawing import DrawingSteps, prepare
from cvlab.engine.data.picture import from_image
from cvlab.engine.data.picture_file import MAX_FILE_BYTES
from cvlab.engine.errors import CorruptData, NetError, NotOurFile
from cvlab.engine.files import read_bounded

DIGIT = (1, 28, 28)
WHOLE = DrawingSteps(crop=False, box20=False, centre_of_mass=False)
_MADE = {
    **dict.fromkeys(("mnist-mini", "mnist", "emnist-letters", "emnist-digits"), DrawingSteps()),
    **dict.fromkeys(("kmnist", "fashion-mnist"), WHOLE),
}
"""Sets of light figures on black, and how their makers fitted a figure into its image."""


@dataclass(frozen=True, eq=False)
class InputImage:
    """image: (C, H, W) uint8, before the net's own preprocessing. sentences: what was done to the file. is_blank: there was no
    ink to be found; the image is all zeros."""

    image: np.ndarray
    sentences: tuple[str, ...]
    is_blank: bool = False


@dataclass(frozen=True)
class InputReader:
    """Reads picture files for one net.

    shape: (C, H, W) that the net takes. fit: what is done to another shape. steps: for a net of light figures on black, how a
    figure is fitted; None where pictures are taken as they are.
    """

    shape: tuple[int, int, int]
    fit: Fit = "crop"
    steps: DrawingSteps | None = None

    @classmethod
    def of(
        cls, shape: tuple[int, ...] | None, classes: tuple[str, ...], data: str = "", fit: str = "crop"
    ) -> InputReader:
        """shape, classes: of the net. data: the set that it learned from, "" where that is not known. fit: how the pictures of
        that set were fitted. Raises `NetError` for a net that takes no pictures."""
        if shape is None or len(shape) != 3 or shape[0] not in (1, 3):
            takes = "×".join(map(str, shape)) if shape else "no images"
            raise NetError("This net takes no pictures: they have one or three channels.", received=f"a net of {takes}")
        is_digits = shape == DIGIT and classes == tuple("0123456789") and not data
        steps = DrawingSteps() if is_digits else _MADE.get(data) if shape == DIGIT else None
        return cls(shape, fit if fit in get_args(Fit) else "crop", steps)  # type: ignore[arg-type]

    def read(self, path: Path) -> InputImage:
        """The picture in a file. One of the net's own size is taken pixel by pixel, if it is light on dark where that is
        expected.

        Transparent parts are white, EXIF turns are made, an animation's first frame is taken. Raises `CorruptData` for what is
        no picture, damaged or too large.
        """
        channels, height, width = self.shape
        try:
            content = read_bounded(path, MAX_FILE_BYTES)
            header = read_header(content)
            image = np.array(
                decode(content, Target(channels, height, width, self.fit))
            )  # a copy, which may be written to
        except CorruptData as error:
            raise CorruptData(f"{path.name} cannot be read: {error.what}.") from error
        except NotOurFile as error:
            raise CorruptData(f"{path.name} cannot be read: a file that is too large.") from error
        except OSError as error:
            raise CorruptData(f"{path.name} cannot be read.", received=error.strerror or str(error)) from error
        is_exact = (header.width, header.height) == (width, height)
        if self.steps is not None and not (is_exact and _is_dark(image)):
            return self._drawn(path)
        told = "taken as it is" if is_exact else f"fitted to {width} x {height} ({self.fit})"
        return InputImage(image, (f"{path.name}: {header.width} x {header.height} pixels, {told}.",))

    def _drawn(self, path: Path) -> InputImage:
        picture = from_image(path)
        prepared = prepare(picture.image, self.steps)
        return InputImage(prepared.image[None], (*picture.sentences, *prepared.sentences), prepared.is_empty)


def _is_dark(image: np.ndarray) -> bool:
    """Whether the border of (1, H, W) is dark, as around light figures on black."""
    plane = image[0]
    return float(np.median(np.concatenate([plane[0], plane[-1], plane[:, 0], plane[:, -1]]))) < 128
