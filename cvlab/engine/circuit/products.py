"""The gates that multiply, add up, turn and take apart vectors and matrices: all linear in each of their inputs."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from cvlab.engine.circuit.tensor_gate import (
    Constants,
    ShapeProblem,
    Shapes,
    TensorGate,
    called,
    gate,
    needs_many,
    whole_numbers,
)
from cvlab.engine.circuit.tensors import Shape, kept, kind, told


def _product_shape(names: Sequence[str], shapes: Shapes, constants: Constants) -> Shape:
    a, b = shapes
    if not a or not b:
        raise ShapeProblem(
            f"@ multiplies matrices and vectors, and {names[0] if not a else names[1]} is a single number.",
            "Write * to multiply by a number.",
        )
    if a[-1] != b[0]:
        fits = len(a) == 2 and a[0] == b[0]
        raise ShapeProblem(
            f"{names[0]} is {kind(a)} and {names[1]} is {kind(b)}: the inner sizes {a[-1]} and {b[0]} differ.",
            f"Write {names[0]}.T @ {names[1]}, or change a shape." if fits
            else f"{names[0]} needs as many columns as {names[1]} has rows.",
        )  # fmt: skip
    return (*a[:-1], *b[1:])


def _product_pull(xs, out, up):
    a, b = xs
    if a.ndim == 1 and b.ndim == 1:
        return up * b, up * a
    if a.ndim == 2 and b.ndim == 1:
        return np.outer(up, b), a.T @ up
    if a.ndim == 1:
        return b @ up, np.outer(a, up)
    return up @ b.T, a.T @ up


def _product_code(i, names, out, up, shapes):
    a, b = names
    ranks = tuple(map(len, shapes))
    both = {
        (1, 1): (f"{up} * {b}", f"{up} * {a}"),
        (2, 1): (f"np.outer({up}, {b})", f"{a}.T @ {up}"),
        (1, 2): (f"{b} @ {up}", f"np.outer({a}, {up})"),
        (2, 2): (f"{up} @ {b}.T", f"{a}.T @ {up}"),
    }
    return both[ranks][i]


def _product_chain(i, names, up, shapes):
    a, b = names
    both = {
        (1, 1): (f"{up} {b}", f"{up} {a}"),
        (2, 1): (f"{up} {b}ᵀ", f"{a}ᵀ {up}"),
        (1, 2): (f"{b} {up}", f"{a} {up}ᵀ"),
        (2, 2): (f"{up} {b}ᵀ", f"{a}ᵀ {up}"),
    }
    return both[tuple(map(len, shapes))][i]


def _index_shape(names: Sequence[str], shapes: Shapes, constants: Constants) -> Shape:
    whole = shapes[0]
    if not whole:
        raise ShapeProblem(f"{names[0]} is a single number and has no places.", f"Write {names[0]} alone.")
    at = constants[1:]
    if len(at) > len(whole):
        raise ShapeProblem(f"{names[0]} is {kind(whole)}: one place has one number.", f"Write {names[0]}[0].")
    for place, length in zip(at, whole, strict=False):
        if not float(place).is_integer() or not 0 <= place < length:
            raise ShapeProblem(
                f"{names[0]} is {kind(whole)} and has no place {float(place):g} here.",
                f"Places are counted from 0: 0 to {length - 1}.",
            )
    return whole[len(at) :]


def _index_pull(xs, out, up):
    shares = np.zeros_like(xs[0])
    shares[tuple(int(i) for i in xs[1:])] = up
    return (shares, *(0.0 for _ in xs[1:]))


def _index_code(names: Sequence[str], shapes: Shapes) -> str:
    place = f"{names[0]}[{', '.join(map(whole_numbers, names[1:]))}]"
    # numpy's own single numbers do not compare and subtract as floats do.
    return f"float({place})" if len(names) - 1 == len(shapes[0]) else place


def _stack_shape(names: Sequence[str], shapes: Shapes, constants: Constants) -> Shape:
    if any(shapes) and (len(set(shapes)) > 1 or len(shapes[0]) > 1):
        raise ShapeProblem(
            "The parts of a list are single numbers, or vectors of one length.",
            "Give each part a name and look at its shape.",
        )
    return (len(shapes), *shapes[0])


PRODUCTS = (
    gate("matmul", "@", _product_shape, np.matmul, _product_pull, lambda n: f"{n[0]} @ {n[1]}",
         lambda n, s: f"{n[0]} @ {n[1]}" if len(s[0]) + len(s[1]) > 2 else f"float({n[0]} @ {n[1]})", _product_code,
         _product_chain, "by the left the upstream times the right transposed, by the right the left transposed times it", 2, 2),
    gate("transpose", "xᵀ", lambda n, s, c: s[0][::-1], np.transpose, lambda xs, out, up: (kept(np.transpose(up)),),
         lambda n: f"{n[0]}.T", lambda n, s: f"{n[0]}.T", lambda i, n, o, up, s: f"{up}.T", lambda i, n, up, s: f"{up}ᵀ",
         "the gradient, transposed back"),
    gate("sum", "Σ", needs_many("sum"), np.sum, lambda xs, out, up: (np.full(xs[0].shape, up),), called("sum"),
         lambda n, s: f"float(np.sum({n[0]}))", lambda i, n, o, up, s: f"np.full({s[0]}, {up})",
         lambda i, n, up, s: f"{up} · ones", "1 for every number"),
    gate("mean", "mean", needs_many("mean"), np.mean, lambda xs, out, up: (np.full(xs[0].shape, up / xs[0].size),),
         called("mean"), lambda n, s: f"float(np.mean({n[0]}))",
         lambda i, n, o, up, s: f"np.full({s[0]}, {up} / {int(np.prod(s[0]))})",
         lambda i, n, up, s: f"{up} / {int(np.prod(s[0]))} · ones", "1/n for every number"),
    gate("index", "[i]", _index_shape, lambda x, *at: x[tuple(int(i) for i in at)], _index_pull,
         lambda n: f"{n[0]}[{','.join(n[1:])}]", _index_code,
         lambda i, n, o, up, s: f"placed({up}, {s[0]}, {', '.join(map(whole_numbers, n[1:]))})",
         lambda i, n, up, s: f"{up} at [{','.join(n[1:])}], 0 elsewhere", "1 at this place, 0 elsewhere", 2, 3),
    gate("stack", "[…]", _stack_shape, lambda *xs: np.stack(xs),
         lambda xs, out, up: tuple(kept(up[i]) for i in range(len(xs))), lambda n: f"[{', '.join(n)}]",
         lambda n, s: f"np.array([{', '.join(n)}])", lambda i, n, o, up, s: f"{up}[{i}]",
         lambda i, n, up, s: f"{up}[{i}]", "each takes its own place", 1, 64),
)  # fmt: skip


def gradient_sizes(gate: TensorGate, shapes: Shapes, out: Shape) -> tuple[str, ...]:
    """For each input of @, the sizes that multiply to its gradient: "(3 × 1)(1 × 2) = 3 × 2"; () for other gates."""
    if gate.id != "matmul":
        return ()
    a, b = shapes
    up, left, right = told(out), told(a), told(b)
    if len(a) == 2 and len(b) == 1:
        return f"({up} × 1)(1 × {right}) = {left}", f"({told(a[::-1])})({up}) = {right}"
    if len(a) == 1 and len(b) == 2:
        return f"({right})({up}) = {left}", f"({left} × 1)(1 × {up}) = {right}"
    if len(a) == 2:
        return f"({up})({told(b[::-1])}) = {left}", f"({told(a[::-1])})({up}) = {right}"
    return f"(1)({right}) = {left}", f"(1)({left}) = {right}"
