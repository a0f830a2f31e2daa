"""Where an axis has its marks: multiples of 1, 2 or 5 times a power of ten, and decades where the scale is logarithmic.

In plain numbers of Python: an axis has ten marks, and for so few numpy takes a hundred times as long.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

DIGITS = (1, 2, 5)
_TOUCH = 1e-9
"""Of a gap: so near, a mark counts as lying on the end of the axis."""

_LINE = 18.0
"""Pixels that a line of words needs."""


@dataclass(frozen=True)
class Gap:
    """From one mark to the next: `digit` (1, 2 or 5) times ten to the `power`."""

    digit: int
    power: int

    @property
    def size(self) -> float:
        return self.times(1)

    @property
    def places(self) -> int:
        """Decimals that its multiples need."""
        return max(-self.power, 0)

    def times(self, count: int) -> float:
        """So many gaps, rounded once: three times 0.1 is 0.3."""
        whole = count * self.digit
        return float(whole * 10**self.power) if self.power >= 0 else whole / 10**-self.power

    def multiples(self, low: float, high: float) -> list[float]:
        """Those from low to high, the ends with them, rising."""
        size = self.size
        first, last = math.ceil(low / size - _TOUCH), math.floor(high / size + _TOUCH)
        return [self.times(count) for count in range(first, last + 1)]

    @property
    def wider(self) -> Gap:
        """The next one."""
        at = DIGITS.index(self.digit)
        return Gap(DIGITS[at + 1], self.power) if at < 2 else Gap(1, self.power + 1)


def gap_from(least: float) -> Gap:
    """The narrowest gap that is no narrower than `least`, a positive number."""
    gap = Gap(1, math.floor(math.log10(least)))
    while gap.size < least * (1 - _TOUCH):
        gap = gap.wider
    return gap


def gap_up_to(most: float) -> Gap:
    """The widest gap that is no wider than `most`, a positive number."""
    gap = Gap(1, math.floor(math.log10(most)) - 1)
    while (wider := gap.wider).size <= most * (1 + _TOUCH):
        gap = wider
    return gap


def value_gap(low: float, high: float, pixels: float) -> Gap:
    """For an upright axis of values: at least two and a quarter gaps, and more on a long axis, but fewer than its length would
    allow; on a very short one, as many as there is room for words over each other."""
    gap = gap_up_to((high - low) / (2.25 * max(1.0, math.sqrt(pixels / 300))))
    while gap.size * pixels < _LINE * (high - low):
        gap = gap.wider
    return gap


def decade_marks(low: float, high: float, pixels: float) -> list[float]:
    """Decimal logarithms from low to high at which a logarithmic axis has its marks: powers of ten, with twice and five times
    those where there is room (90 pixels a decade), and only some of the powers where there is little (30 pixels each).

    Where that gives fewer than two, twice and five times the powers all the same, or, as between 2.1 and 4.9, the marks of the
    plain values there.
    """
    span = high - low
    every = max(1, math.ceil(30 * span / pixels))
    powers = range(math.floor(low / every) * every, math.ceil(high) + 1, every)
    for digits in (DIGITS,) if pixels > 90 * span else ((1,), DIGITS):
        marks = [mark for power in powers for digit in digits if low <= (mark := power + math.log10(digit)) <= high]
        if len(marks) > 1 or span > 2:
            return marks
    start, end = 10.0**low, 10.0**high
    return [math.log10(value) for value in value_gap(start, end, pixels).multiples(start, end)]
