"""Gates in sentences: what a backward step does, what a kink is, and why a value is not a number."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from cvlab.engine.circuit.gates import Gate
from cvlab.engine.circuit.tensors import Value, is_short, told

_LARGEST = "1.8e308"
_RESULTS = {"add": "sum", "sub": "difference", "mul": "product", "div": "quotient", "pow": "power"}


def shown(value: Value) -> str:
    """A number as people read it: four significant digits, "-4", "0.1966", "1.5e-07", "infinity", "not a number".

    A short vector or matrix in brackets, "[1, -2]"; of a longer one its shape, "3 × 4 numbers".
    """
    if isinstance(value, np.ndarray):
        if not is_short(value.shape):
            return f"{told(value.shape)} numbers"
        return f"[{', '.join(map(shown, value if value.ndim > 1 else value.tolist()))}]"
    if math.isnan(value):
        return "not a number"
    if math.isinf(value):
        return "infinity" if value > 0 else "-infinity"
    text = f"{value:.4g}"
    return "0" if text == "-0" else text


def signed(value: Value) -> str:
    """The same, in brackets if negative, for use inside arithmetic: 3 × (-4)."""
    text = shown(value)
    return f"({text})" if text.startswith("-") else text


@dataclass(frozen=True)
class Operand:
    """An input of a gate, as a sentence needs it."""

    name: str
    value: float
    is_constant: bool = False


def _both(names: Sequence[str]) -> str:
    if len(set(names)) == 1 and len(names) > 1:
        return f"{names[0]}, {'twice' if len(names) == 2 else f'{len(names)} times'}"
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def _add(xs: Sequence[Operand], up: str) -> str:
    names = [x.name for x in xs if not x.is_constant]
    return f"Add distributes: {up} goes on unchanged to {_both(names)}."


def _sub(xs: Sequence[Operand], up: str) -> str:
    a, b = xs
    if a.is_constant:
        return f"Subtract turns the sign for what is taken away: {b.name} gets the opposite of {up}."
    if b.is_constant:
        return f"Taking away a constant changes no slope: {up} goes on unchanged to {a.name}."
    return f"Subtract passes {up} on to {a.name}, and turns its sign for {b.name}."


def _mul(xs: Sequence[Operand], up: str) -> str:
    a, b = xs
    for one, other in ((a, b), (b, a)):
        if other.is_constant:
            return f"Multiplying by a constant scales: {one.name} gets {up} times {shown(other.value)}."
    if a.name == b.name:
        return f"Multiply swaps its inputs; both are {a.name}, so it gets {up} times itself, twice."
    return f"Multiply swaps: {a.name} gets {up} times the value of {b.name}, and {b.name} gets {up} times that of {a.name}."


def _div(xs: Sequence[Operand], up: str) -> str:
    a, b = xs
    if a.is_constant:
        return f"One over something falls as it grows: {b.name} gets {up} times -{a.name}/{b.name}²."
    if b.is_constant:
        return f"Dividing by a constant scales: {a.name} gets {up} divided by {shown(b.value)}."
    return f"Divide: {a.name} gets {up} over {b.name}; {b.name} gets it times -{a.name}/{b.name}²."


def _pow(xs: Sequence[Operand], up: str) -> str:
    a, b = xs
    if b.is_constant:
        return f"A power brings its exponent down: {a.name} gets {up} times {b.name}·{a.name}^{shown(b.value - 1)}."
    if a.is_constant:
        return f"An exponential is proportional to itself: {b.name} gets {up} times the output and log {a.name}."
    return f"Power: {a.name} gets {up} times b·a^(b-1); {b.name} gets it times the output and log {a.name}."


def _extreme(word: str) -> Callable[[Sequence[Operand], str], str]:
    better = max if word == "larger" else min
    gate, superlative = ("Max", "largest") if word == "larger" else ("Min", "smallest")

    def tell(xs: Sequence[Operand], up: str) -> str:
        best = better(x.value for x in xs)
        first = [x for x in xs if x.value == best]
        if len(first) > 1:
            return f"{gate} ties: {_both([x.name for x in first])} share {up} evenly."
        if not first:
            return f"{gate} cannot choose: an input is not a number."
        degree = word if len(xs) == 2 else superlative
        rest = "the other gets 0" if len(xs) == 2 else "the others get 0"
        if first[0].is_constant:
            return f"{gate} routes to the {degree}: that is the constant {first[0].name}, so nothing flows back."
        return f"{gate} routes: {first[0].name} was the {degree} and gets all of {up}; {rest}."

    return tell


def _one(words: str) -> Callable[[Sequence[Operand], str], str]:
    return lambda xs, up: words.format(x=xs[0].name, up=up, value=shown(xs[0].value))


def _relu(xs: Sequence[Operand], up: str) -> str:
    x = xs[0]
    if x.value > 0:
        return f"ReLU is open: {x.name} is above 0, so {up} passes unchanged."
    return f"ReLU is shut: {x.name} is not above 0, so nothing flows back, however large the gradient."


_BACKWARD: dict[str, Callable[[Sequence[Operand], str], str]] = {
    "add": _add,
    "sub": _sub,
    "mul": _mul,
    "div": _div,
    "pow": _pow,
    "neg": _one("Minus turns the sign: {x} gets the opposite of {up}."),
    "max": _extreme("larger"),
    "min": _extreme("smaller"),
    "exp": _one("Exp is its own slope: {x} gets {up} times the output."),
    "log": _one("Log divides: {x} gets {up} over its own value, {value}."),
    "sin": _one("The slope of the sine is the cosine: {x} gets {up} times cos({value})."),
    "cos": _one("The slope of the cosine is minus the sine: {x} gets {up} times -sin({value})."),
    "tan": _one("Tan: {x} gets {up} times 1 + the output squared."),
    "tanh": _one("Tanh lets less through the nearer its output is to -1 or 1: {x} gets {up} times 1 - output²."),
    "sigmoid": _one(
        "Sigmoid knows its slope from its output s alone: {x} gets {up} times (1 − s) s, never above 0.25."
    ),
    "relu": _relu,
    "sqrt": _one("Square root: {x} gets {up} over twice the output."),
    "abs": _one("Abs keeps or turns the sign, as {x} is above or below 0: it is {value}."),
    "square": _one("Square: {x} gets {up} times twice its own value, {value}."),
}


def backward(gate: Gate, xs: Sequence[Operand], upstream: float) -> str:
    """What the gate does with the gradient that arrives at its output, in one sentence with the numbers."""
    if all(x.is_constant for x in xs):
        return "All that goes in is constant: there is nobody to pass a gradient to."
    return _BACKWARD[gate.id](xs, shown(upstream))


def kink(gate: Gate, xs: Sequence[Operand], out: float, locals_: Sequence[float]) -> str:
    """Why the gate has no single slope here, and which is used; "" where it is smooth."""
    if gate.id in ("max", "min"):
        tied = [x.name for x in xs if x.value == out]
        if len(tied) > 1:
            return (
                f"{gate.id} has a kink here: {_both(tied)} are equal. Each gets an even share, "
                f"1/{len(tied)}, as in PyTorch; another program may give all to the first."
            )
    if gate.id == "relu" and xs[0].value == 0:
        return f"ReLU has a kink at 0, where {xs[0].name} is: the slopes are 0 and 1. PyTorch takes 0, and so do we."
    if gate.id == "abs" and xs[0].value == 0:
        return f"abs has a kink at 0, where {xs[0].name} is: the slopes are -1 and 1. PyTorch takes 0 between, and so do we."
    if math.isfinite(out) and all(math.isfinite(x.value) for x in xs):
        steep = [x for x, slope in zip(xs, locals_, strict=True) if not (math.isfinite(slope) or x.is_constant)]
        if steep:
            return (
                f"{gate.id} has no finite slope by {steep[0].name} at {shown(steep[0].value)}: "
                "no gradient of use can come through here."
            )
    return ""


def trouble(gate: Gate, name: str, xs: Sequence[Operand], out: float) -> str:
    """Why a gate that was given numbers gives none; "" if it gives one, or if the cause lies before it."""
    if math.isfinite(out) or not all(math.isfinite(x.value) for x in xs):
        return ""
    first = xs[0]
    if gate.id == "div" and xs[1].value == 0:
        return f"{name}: division by zero, {shown(first.value)} / 0, has no finite result. Change {xs[1].name}."
    if gate.id == "log":
        what = (
            "the log of 0 is minus infinity"
            if first.value == 0
            else f"the log of {shown(first.value)}, a negative, is no real number"
        )
        return f"{name}: {what}. Keep {first.name} above 0."
    if gate.id == "sqrt":
        return f"{name}: the square root of {shown(first.value)}, a negative, is no real number. Keep {first.name} at 0 or above."
    if gate.id == "pow" and math.isnan(out):
        return (
            f"{name}: {shown(first.value)} to the power {shown(xs[1].value)} is no real number. Use a whole exponent."
        )
    if gate.id == "pow" and first.value == 0:
        return f"{name}: 0 to the power {shown(xs[1].value)} is a division by zero. Change {first.name}."
    if gate.id == "exp":
        return (
            f"{name}: exp({shown(first.value)}) is too large for a 64-bit number, which ends at {_LARGEST}; its gradient is "
            "often 0 · ∞, not a number. Use smaller values, or sigmoid, softmax or logsumexp, which do not overflow."
        )
    result = _RESULTS.get(gate.id, f"result of {gate.id}")
    return f"{name}: the {result} is too large for a 64-bit number, which ends at {_LARGEST}. Use smaller values."
