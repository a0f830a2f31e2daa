"""Digits that lie ready, as the points of a pen: so that the panel opens with something on the paper."""

from __future__ import annotations

from collections.abc import Iterable

from cvlab.ui.widgets.ink import Page, Stroke

_BRUSH = 44.0
_THREE = (
    (186, 152), (204, 132), (234, 115), (272, 108), (312, 114), (345, 134), (358, 166), (350, 202), (325, 231), (290, 250),
    (256, 260), (296, 264), (334, 280), (362, 308), (374, 346), (366, 388), (340, 422), (300, 444), (256, 450), (214, 440),
    (184, 418), (170, 396),
)  # fmt: skip
_SEVEN = (
    (172, 140), (210, 136), (256, 133), (304, 131), (352, 130), (388, 132), (376, 158), (352, 202), (328, 248), (304, 296),
    (284, 342), (268, 388), (256, 432), (250, 452),
)  # fmt: skip
_BAR = ((242, 296), (276, 290), (314, 286), (352, 284))


def three() -> Page:
    """What the panel opens with."""
    return Page((_stroke(_THREE),), caption="An example: start drawing to replace it", is_example=True)


def seven() -> Page:
    """A seven with a bar, drawn in two strokes."""
    return Page((_stroke(_SEVEN), _stroke(_BAR)), caption="A seven with a bar, as many write it")


def _stroke(points: Iterable[tuple[float, float]]) -> Stroke:
    return Stroke(tuple((float(x), float(y), _BRUSH) for x, y in points))
