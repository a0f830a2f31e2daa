"""What one output number sees of the image: the receptive field, followed through windows, branches and merges."""

from __future__ import annotations

import math
from typing import NamedTuple

from cvlab.engine.nets.layers import PASS, Reach, Shape


class Span(NamedTuple):
    """One side. The output at position p sees the rows (or columns) jump·p + first ... jump·p + last of the image.

    count: positions along this side; after a flatten, those of the volume that was laid out.
    """

    first: float
    last: float
    jump: float
    count: int

    @property
    def size(self) -> int:
        """Rows or columns seen, as if the image had no end."""
        return math.ceil(self.last - self.first - 1e-6) + 1

    def whole(self) -> Span:
        """All positions seen at once."""
        return Span(self.first, self.last + (self.count - 1) * self.jump, 0.0, 1)


class Sight(NamedTuple):
    """What one output sees, along height and width, and how large the image is."""

    height: Span
    width: Span
    image: tuple[int, int]

    @classmethod
    def of_image(cls, shape: Shape) -> Sight:
        _, h, w = shape
        return cls(Span(0, 0, 1, h), Span(0, 0, 1, w), (h, w))

    @property
    def unbounded(self) -> tuple[int, int]:
        """(rows, columns) as if the image had no end: the figure of the textbooks."""
        return self.height.size, self.width.size

    @property
    def field(self) -> tuple[int, int]:
        """(rows, columns) of the image that one number can depend on."""
        (down, across), (height, width) = self.unbounded, self.image
        return down if down < height else height, across if across < width else width


def after(reach: tuple[Reach, Reach] | None, sights: tuple[Sight, ...], output: Shape) -> Sight:
    """The sight of a layer's output. Windows: r' = r + (F − 1)·jump, jump' = jump·S; merges take what either branch sees.

    reach: what one output sees of the inputs (`LayerSpec.reach`); sights: of the inputs.
    """
    sight = sights[0] if len(sights) == 1 else _union(sights)
    height, width, image = sight
    if reach is None:
        return Sight(height.whole(), width.whole(), image)
    _, down, across = output if len(output) == 3 else (0, height.count, width.count)
    if reach is PASS and down == height.count and across == width.count:
        return sight
    return Sight(_seen(height, reach[0], down), _seen(width, reach[1], across), image)


def _seen(span: Span, reach: Reach, count: int) -> Span:
    jump = span.jump
    return Span(span.first - reach.before * jump, span.last + reach.after * jump, jump * reach.stride, count)


def _union(sights: tuple[Sight, ...]) -> Sight:
    def join(spans: list[Span]) -> Span:
        return Span(
            min(span.first for span in spans),
            max(span.last for span in spans),
            max(span.jump for span in spans),
            max(span.count for span in spans),
        )

    return Sight(join([s.height for s in sights]), join([s.width for s in sights]), sights[0].image)
