"""What one output number sees of the image: the receptive field, followed through windows, branches and merges."""

from __future__ import annotations

import math
from typing import NamedTuple

from cvlab.engine.nets.layers import LayerSpec, Shape


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
        return min(self.height.size, self.image[0]), min(self.width.size, self.image[1])


def after(layer: LayerSpec, sights: tuple[Sight, ...], shapes: tuple[Shape, ...], output: Shape) -> Sight:
    """The sight of the layer's output. Windows: r' = r + (F − 1)·jump, jump' = jump·S; merges take what either branch sees."""
    sight = sights[0] if len(sights) == 1 else _union(sights)
    reach = layer.reach(*shapes)
    if reach is None:
        return Sight(sight.height.whole(), sight.width.whole(), sight.image)
    counts = output[1:] if len(output) == 3 else (sight.height.count, sight.width.count)
    spans = [
        Span(span.first - r.before * span.jump, span.last + r.after * span.jump, span.jump * r.stride, count)
        for span, r, count in zip((sight.height, sight.width), reach, counts, strict=True)
    ]
    return Sight(spans[0], spans[1], sight.image)


def _union(sights: tuple[Sight, ...]) -> Sight:
    def join(spans: list[Span]) -> Span:
        return Span(
            min(span.first for span in spans),
            max(span.last for span in spans),
            max(span.jump for span in spans),
            max(span.count for span in spans),
        )

    return Sight(join([s.height for s in sights]), join([s.width for s in sights]), sights[0].image)
