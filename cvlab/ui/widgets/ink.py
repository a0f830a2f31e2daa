"""What lies on a drawing pad, as immutable values: strokes, and a picture under them. It knows no Qt and paints nothing."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from PIL import Image

from cvlab.core.state import observable

SIDE = 560
"""A canvas is SIDE x SIDE logical pixels, however large it is shown: 20 for each of the net's 28."""


@dataclass(frozen=True)
class Stroke:
    """One movement of the pen: (x, y, width) in canvas pixels. A single point is a dot."""

    points: tuple[tuple[float, float, float], ...]


@dataclass(frozen=True, eq=False)
class Page:
    """All that is on the pad. Edits return another page, so undo is keeping the old one.

    picture:    (SIDE, SIDE) uint8 of ink, 0 none and 255 full, under the strokes; None without one.
    caption:    what it is, in words.
    is_example: it shows what the pad is for; the person's first stroke takes its place.
    """

    strokes: tuple[Stroke, ...] = ()
    picture: np.ndarray | None = None
    caption: str = ""
    is_example: bool = False

    @classmethod
    def of_picture(cls, image: np.ndarray, caption: str = "") -> Page:
        """A page from a square of ink, (S, S) uint8. A net's own 28 x 28 pixels stay exact squares; others are smoothed."""
        size = image.shape[0]
        how = Image.Resampling.NEAREST if SIDE % size == 0 else Image.Resampling.BILINEAR
        picture = np.asarray(Image.fromarray(np.ascontiguousarray(image)).resize((SIDE, SIDE), how))
        return cls(picture=picture, caption=caption)

    @property
    def is_empty(self) -> bool:
        return not self.strokes and self.picture is None

    def with_stroke(self, stroke: Stroke) -> Page:
        """The page after a person drew the stroke."""
        return Page((stroke,)) if self.is_example else replace(self, strokes=(*self.strokes, stroke))

    def without_last_stroke(self) -> Page:
        """The page before its last stroke; a picture that no stroke is on goes too."""
        return replace(self, strokes=self.strokes[:-1], is_example=False) if self.strokes else Page()


@observable
class Sheet:
    """The page that is on the pad now."""

    page: Page = Page()
