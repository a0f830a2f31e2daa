"""One kind of gate on vectors and matrices: its shape, value, and what it hands back, as numpy and as a line of Python.

A scalar gate multiplies what arrives by a local gradient. Here the same rule takes another form for each gate: number by number
for +, * or ReLU, a transposed product for @, probabilities for softmax. `pull` is that rule: given what arrives at the output
(of the output's shape), what goes on to each input (each of its input's shape).

Shapes meet as in numpy: compared from the right, two sizes fit if they are equal or one of them is 1 (or missing); what was
repeated to fit is summed on the way back. At a kink the gradient is the one that PyTorch gives. Nothing here ever raises.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from cvlab.engine.circuit.tensors import Shape, Value, kept

Shapes = Sequence[Shape]
Constants = Sequence[Value | None]
"""For each input its value if it is written in the text, None if it can change."""


class ShapeProblem(Exception):
    """These shapes do not meet. what, remedy: for the person."""

    def __init__(self, what: str, remedy: str) -> None:
        super().__init__(what)
        self.what, self.remedy = what, remedy


@dataclass(frozen=True)
class TensorGate:
    """One kind of gate on arrays.

    shape:     (names, shapes, constants) -> the shape of the output. Raises `ShapeProblem`.
    forward:   (x, y, ...) -> output.
    pull:      ([x, y, ...], output, upstream) -> for each input its share of the gradient, of the input's shape.
    write:     names -> what people write.
    code:      (names, shapes) -> the forward line, as Python with numpy as np.
    pull_code: (index, names, out, upstream, shapes) -> the share of input `index`, as Python, before it is summed back.
    chain:     for each input, ([names], upstream) -> the rule in symbols: "∂L/∂s xᵀ".
    slope:     the local rule in words, for people.
    """

    id: str
    symbol: str
    shape: Callable[[Sequence[str], Shapes, Constants], Shape]
    forward: Callable[..., Value]
    pull: Callable[[Sequence[Value], Value, Value], tuple[Value, ...]]
    write: Callable[[Sequence[str]], str]
    code: Callable[[Sequence[str], Shapes], str]
    pull_code: Callable[[int, Sequence[str], str, str, Shapes], str]
    chain: Callable[[int, Sequence[str], str, Shapes], str]
    slope: str
    least: int = 1
    most: int = 1
    is_elementwise: bool = False

    @property
    def is_operator(self) -> bool:
        return self.id in ("add", "sub", "mul", "div", "pow", "neg", "matmul")

    def line(self, names: Sequence[str]) -> str:
        return self.write(names)


def gate(id, symbol, shape_, forward, pull, write, code, pull_code, chain, slope, least=1, most=1) -> TensorGate:
    """A gate whose forward may give one of numpy's own single numbers: it becomes a float."""
    return TensorGate(
        id, symbol, shape_, lambda *xs: kept(forward(*xs)), pull, write, code, pull_code, chain, slope, least, most
    )  # fmt: skip


def called(id: str) -> Callable[[Sequence[str]], str]:
    """Names -> what people write: "softmax(s)"."""
    return lambda names: f"{id}({', '.join(names)})"


def whole_numbers(code: str) -> str:
    """Classes and places as whole numbers: 0, not 0.0."""
    return re.sub(r"\b(\d+)\.0\b", r"\1", code)


def needs_many(what: str) -> Callable[[Sequence[str], Shapes, Constants], Shape]:
    """The shape of one number, made of a vector or a matrix; a single number is a problem."""

    def check(names, shapes, constants):
        if not shapes[0]:
            raise ShapeProblem(
                f"{what} works on a vector or a matrix, and {names[0]} is a single number.",
                f"Begin it with a list, such as {names[0] if names[0].isidentifier() else 'x'} = [1, 2].",
            )
        return ()

    return check
