"""A surface from what a person types: f(x, y) read by the circuits' grammar, never evaluated as Python."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from cvlab.engine.circuit.circuit import Circuit
from cvlab.engine.circuit.passes import evaluate
from cvlab.engine.circuit.reader import read
from cvlab.engine.errors import ExpressionError
from cvlab.engine.surfaces import Surface

MAX_CHARACTERS, MAX_GATES = 2_000, 200
"""A surface is computed at some 15,000 points for one picture."""

SIDE = 4.0
"""Half the width of the map."""


def typed_surface(text: str) -> Surface:
    """The surface of an expression in x and y, such as "x**2 + 3*sin(y)"; heights are vectorised, slopes by backpropagation.

    Where it has no value the surface has none, and `trouble` says which gate is to blame: nothing is raised then.
    Raises `ExpressionError` for a text that is no expression, that has other inputs, more than 2,000 characters or 200 gates.
    """
    if len(text) > MAX_CHARACTERS:
        raise ExpressionError(
            f"The formula has {len(text):,} characters; the limit is {MAX_CHARACTERS:,}.",
            remedy="Type a shorter formula.",
        )
    circuit = read(text)
    if not circuit.is_scalar:
        raise ExpressionError(
            "A surface is made of the single numbers x and y.", remedy="Write it without lists and @."
        )
    for node in circuit.inputs:
        if node.name not in ("x", "y"):
            raise ExpressionError(
                f"A surface has the inputs x and y, not {node.name}.",
                text=text,
                offset=node.offset,
                length=node.after - node.offset,
                remedy="Write a number in its place.",
            )
    if len(circuit.gates) > MAX_GATES:
        raise ExpressionError(
            f"The surface has {len(circuit.gates):,} gates; the limit is {MAX_GATES}.", remedy="Type a shorter formula."
        )

    def slopes(x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        x, y = np.broadcast_arrays(np.asarray(x, dtype=np.float64), np.asarray(y, dtype=np.float64))
        dx, dy = np.full(x.shape, np.nan), np.full(x.shape, np.nan)
        for i in np.ndindex(x.shape):
            if np.isfinite(x[i]) and np.isfinite(y[i]):
                by_input = evaluate(circuit, _inputs(circuit, x[i], y[i])).by_input
                dx[i], dy[i] = by_input.get("x", 0.0), by_input.get("y", 0.0)
        return dx, dy

    def explain(point: np.ndarray) -> str:
        troubles = evaluate(circuit, _inputs(circuit, *point)).troubles
        return next(iter(troubles.values()), "")

    first = {"x": 1.0, "y": 2.0} | circuit.starting_values()
    return Surface(
        id="typed",
        title="Your own",
        formula=None,
        about="Any formula in x and y. Look for the places where it has no slope, or no value at all.",
        f=lambda x, y: _heights(circuit, x, y),
        slopes=slopes,
        bounds=(-SIDE, SIDE, -SIDE, SIDE),
        start=(first["x"], first["y"]),
        explain=explain,
    )


def _inputs(circuit: Circuit, x: float, y: float) -> dict[str, float]:
    given = {"x": float(x), "y": float(y)}
    return {node.name: given[node.name] for node in circuit.inputs}


def _heights(circuit: Circuit, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """The circuit's forward pass, every gate on all points at once."""
    x, y = np.broadcast_arrays(np.asarray(x, dtype=np.float64), np.asarray(y, dtype=np.float64))
    given, values = {"x": x, "y": y}, []
    with np.errstate(all="ignore"):
        for node in circuit.nodes:
            if node.kind == "gate":
                values.append(ARRAYS[node.gate](*[values[i] for i in node.operands]))
            else:
                values.append(given[node.name] if node.kind == "input" else np.full(x.shape, node.value))
    return values[circuit.output]


def _sigmoid(x: np.ndarray) -> np.ndarray:
    e = np.exp(-np.abs(x))  # in 0..1, so that neither end overflows
    return np.where(x >= 0, 1.0, e) / (1.0 + e)


ARRAYS: dict[str, Callable[..., np.ndarray]] = {
    "add": np.add,
    "sub": np.subtract,
    "mul": np.multiply,
    "div": np.divide,
    "pow": np.power,
    "neg": np.negative,
    "max": lambda *xs: np.maximum.reduce(xs),
    "min": lambda *xs: np.minimum.reduce(xs),
    "exp": np.exp,
    "log": np.log,
    "sin": np.sin,
    "cos": np.cos,
    "tan": np.tan,
    "tanh": np.tanh,
    "sigmoid": _sigmoid,
    "relu": lambda x: np.maximum(x, 0.0),
    "sqrt": np.sqrt,
    "abs": np.abs,
    "square": np.square,
}
"""The circuits' gates on arrays: the same values, many points at a time."""
