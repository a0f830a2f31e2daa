"""Windows that slide over an image: how many positions fit along a side, and the sum in words (course 8.2.1)."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Literal

import numpy as np

from cvlab.engine.nets.layers.spec import Shape, Taps


def fit_count(size: int, kernel: int, stride: int, padding: int) -> int:
    """How many positions a window takes along one side: floor((W - F + 2P)/S) + 1 (course 8.2.1). Below 1: none fits."""
    return (size - kernel + 2 * padding) // stride + 1


Lines = Literal["row", "column", "row and column"]
"""What the numbers of a sentence are about: one side, or both where they are alike."""


def fit_arithmetic(
    size: int, kernel: int, stride: int, padding: int, dilation: int = 1, lines: Lines = "row and column"
) -> str:
    """(W - F + 2P)/S + 1 with the numbers, and which lines of the input no window reads. F is spread by the dilation."""
    spread = dilation * (kernel - 1) + 1
    exact = (size - spread + 2 * padding) / stride + 1
    count = fit_count(size, spread, stride, padding)
    text = f"({size} − {spread} + 2·{padding})/{stride} + 1 = {exact:g}"
    if exact != count:
        text += f" → {count}"
    skipped = skipped_lines(size, kernel, stride, padding, dilation)
    if skipped:
        text += f" ({unread(skipped, size, lines)} not visited)"
    elif exact != count:
        text += " (only padding is left over)"
    return text


def skipped_lines(size: int, kernel: int, stride: int, padding: int, dilation: int = 1) -> tuple[int, ...]:
    """The rows (or columns) of the input that no window reads, in order."""
    read = np.zeros(size + 1, dtype=bool)
    read[window_taps(size, kernel, stride, padding, dilation).index] = True
    return tuple(np.flatnonzero(~read[:size]).tolist())


def unread(skipped: tuple[int, ...], size: int, lines: Lines) -> str:
    """Subject and verb of a sentence on lines that are left out: "the last 2 rows are", "3 of 12 columns are".

    skipped: at least one of 0 ... size - 1, in order. They are called the last ones where they are.
    """
    count, names = len(skipped), lines.split(" and ")
    plural = " and ".join(f"{name}s" for name in names)
    if skipped[0] == size - count:
        if count > 1:
            return f"the last {count} {plural} are"
        return f"the last {lines} {'is' if len(names) == 1 else 'are'}"
    if count == 1 and len(names) == 1:
        return f"1 of {size} {plural} is"
    return f"{count} of {size} {plural} are"


def both_sides(shape: Shape, words: Callable[[int, Lines], str]) -> str:
    """`words(side, lines)` for both sides at once, or for the width and then the height where they differ."""
    _, h, w = shape
    return words(w, "row and column") if h == w else f"{words(w, 'column')};  height {words(h, 'row')}"


def _taps(positions, exists, size: int, stride: float) -> Taps:
    """positions, exists: (outputs, taps): which input is read, and whether it is one."""
    outputs, taps = positions.shape
    index = np.full((outputs + 1, taps), size, dtype=np.intp)
    index[:-1] = np.where(exists & (positions >= 0) & (positions < size), positions, size)
    return Taps(index, stride)


@lru_cache(maxsize=256)
def window_taps(size: int, kernel: int, stride: int, padding: int, dilation: int = 1) -> Taps:
    """A window of `kernel` numbers: output p reads the inputs p·S − P + k·D for k = 0 ... F − 1."""
    count = fit_count(size, dilation * (kernel - 1) + 1, stride, padding)
    positions = np.arange(count)[:, None] * stride - padding + np.arange(kernel) * dilation
    return _taps(positions, True, size, stride)


@lru_cache(maxsize=256)
def transposed_taps(size: int, count: int, kernel: int, stride: int, padding: int, dilation: int) -> Taps:
    """A transposed window: input q is read by the outputs q·S − P + k·D for k = 0 ... F − 1."""
    ahead = np.arange(count)[:, None] + padding - np.arange(kernel) * dilation
    return _taps(ahead // stride, ahead % stride == 0, size, 1 / stride)


@lru_cache(maxsize=256)
def upsampling_taps(size: int, scale: int, is_bilinear: bool) -> Taps:
    """Nearest: output p reads the input p // s. Bilinear: the two inputs beside (p + ½)/s − ½, or the one that it meets."""
    outputs = np.arange(size * scale)[:, None]
    if not is_bilinear:
        return _taps(outputs // scale, True, size, 1 / scale)
    place = np.maximum(2 * outputs + 1 - scale, 0)  # times 2s, so that it is a whole number
    low = place // (2 * scale)
    high = np.where(place % (2 * scale) == 0, low, np.minimum(low + 1, size - 1))
    return _taps(np.concatenate([low, high], 1), True, size, 1 / scale)


@lru_cache(maxsize=256)
def border_taps(size: int, before: int, behind: int) -> Taps:
    """Zeros around: output p reads the input p − before."""
    return _taps(np.arange(size + before + behind)[:, None] - before, True, size, 1)


@lru_cache(maxsize=256)
def all_taps(size: int) -> Taps:
    """One output that reads every input."""
    return _taps(np.arange(size)[None], True, size, 0)
