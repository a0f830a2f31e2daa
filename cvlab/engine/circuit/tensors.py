"""Vectors and matrices as the circuits know them: shapes, the numbers that a person writes, and the names of single places."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np

Shape = tuple[int, ...]
"""() of a single number, (n,) of a vector, (rows, columns) of a matrix."""

Value = float | np.ndarray
"""A float, or a float64 array of one or two axes. Never an array without axes."""

Literal = float | tuple
"""A number, or numbers in tuples as a person writes them in lists: hashable, and equal when it is the same text."""

MAX_NUMBERS = 4_096
"""Numbers in one vector or matrix: 64 x 64."""

MAX_SIDE = 512

MAX_TOTAL = 200_000
"""Numbers in all the values of a circuit together."""

_FEW = 6
"""So many numbers are written out in a sentence."""


def shape_of(literal: Literal) -> Shape:
    """(), (n,) or (rows, columns): the shape of a number, a vector or a matrix as it is written out."""
    if not isinstance(literal, tuple):
        return ()
    return (len(literal), len(literal[0])) if isinstance(literal[0], tuple) else (len(literal),)


def array(literal: Literal) -> Value:
    """What is written out as a value to compute with: a float, or a float64 array."""
    return np.array(literal, dtype=np.float64) if isinstance(literal, tuple) else literal


def kept(value: Value | np.generic) -> Value:
    """A float for what has no axes, the array for what has."""
    # numpy's own single numbers pass for floats, and then calculate differently.
    return value if np.ndim(value) else float(value)


def shape(value: Value) -> Shape:
    """() for a number, the shape of an array."""
    return value.shape if isinstance(value, np.ndarray) else ()


def size(shape: Shape) -> int:
    """How many numbers a value of this shape has."""
    return math.prod(shape)


def told(shape: Shape) -> str:
    """ "3 × 2", "3", and "1" for a single number."""
    return " × ".join(map(str, shape)) or "1"


def kind(shape: Shape) -> str:
    """ "a 3 × 2 matrix", "a vector of 3", "a single number"."""
    if not shape:
        return "a single number"
    return f"a vector of {shape[0]}" if len(shape) == 1 else f"a {told(shape)} matrix"


def places(shape: Shape) -> Iterator[tuple[int, ...]]:
    """The index of every number of this shape, row by row; () alone for a number."""
    return np.ndindex(shape)


def cell(name: str, place: tuple[int, ...]) -> str:
    """The name of one number, as a person writes it: "W[0,1]"; the name itself for a single number."""
    return f"{name}[{','.join(map(str, place))}]" if place else name


def cells(name: str, shape: Shape) -> tuple[str, ...]:
    """The names of all numbers of a value, row by row."""
    return tuple(cell(name, place) for place in places(shape)) if shape else (name,)


def same(a: Value | None, b: Value | None) -> bool:
    """Equal, or both no number, in every place."""
    if a is b:
        return True
    if a is None or b is None or shape(a) != shape(b):
        return False
    return bool(np.array_equal(a, b, equal_nan=True))


def finite(value: Value) -> bool:
    """Whether no number of it is infinite or NaN."""
    return bool(np.isfinite(value).all()) if isinstance(value, np.ndarray) else math.isfinite(value)


def is_short(shape: Shape) -> bool:
    """Its numbers are written out in sentences."""
    return size(shape) <= _FEW


def masked(upstream: Value, local: Value) -> Value:
    """upstream times local, and exactly 0 where local is 0, whatever arrives: the gradient behind a mask."""
    return np.where(np.equal(local, 0), 0.0, np.multiply(upstream, local))


def spread_back(gradient: Value, shape: Shape) -> Value:
    """The gradient of a value that was spread over a larger shape: summed over the axes along which it was repeated."""
    if not isinstance(gradient, np.ndarray):
        return float(gradient) if not shape else np.full(shape, gradient)
    if gradient.shape == shape:
        return gradient
    if not shape:
        return float(np.sum(gradient))
    extra = gradient.ndim - len(shape)
    if extra > 0:
        gradient = np.sum(gradient, axis=tuple(range(extra)))
    axes = tuple(i for i, n in enumerate(shape) if n == 1 and gradient.shape[i] != 1)
    return np.sum(gradient, axis=axes, keepdims=True) if axes else gradient


def spread_back_code(code: str, gradient_shape: Shape, shape: Shape) -> str:
    """The same as a line of Python."""
    if gradient_shape == shape:
        return code
    if not shape:
        return f"float(np.sum({code}))"
    extra = len(gradient_shape) - len(shape)
    if extra > 0:
        code, gradient_shape = f"np.sum({code}, axis=0)", gradient_shape[extra:]
    axes = tuple(i for i, n in enumerate(shape) if n == 1 and gradient_shape[i] != 1)
    return f"np.sum({code}, axis={axes}, keepdims=True)" if axes else code
