"""Windows that slide over an image: how many positions fit along a side, and the sum in words (course 8.2.1)."""

from __future__ import annotations

from cvlab.engine.nets.layers.spec import Reach, Shape


def fit_count(size: int, kernel: int, stride: int, padding: int) -> int:
    """How many positions a window takes along one side: floor((W - F + 2P)/S) + 1 (course 8.2.1). Below 1: none fits."""
    return (size - kernel + 2 * padding) // stride + 1


def fit_arithmetic(size: int, kernel: int, stride: int, padding: int) -> str:
    """(W - F + 2P)/S + 1 with the numbers; says so when the division leaves a rest that no window visits."""
    exact = (size - kernel + 2 * padding) / stride + 1
    count = fit_count(size, kernel, stride, padding)
    text = f"({size} − {kernel} + 2·{padding})/{stride} + 1 = {exact:g}"
    if exact != count:
        rest = (size - kernel + 2 * padding) % stride
        text += f" → {count} (the last {rest} row{'s' if rest > 1 else ''} and columns are not visited)"
    return text


def both_sides(shape: Shape, words) -> str:
    """`words(side)` for the width, and for the height where it differs."""
    _, h, w = shape
    return words(w) if h == w else f"{words(w)};  height {words(h)}"


def window_reach(kernel: int, stride: int, padding: int) -> tuple[Reach, Reach]:
    """A square window of `kernel` pixels: the output at p sees p·S − P ... p·S − P + F − 1."""
    reach = Reach(padding, kernel - 1 - padding, stride)
    return reach, reach
