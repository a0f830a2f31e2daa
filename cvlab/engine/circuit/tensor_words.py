"""The gates on vectors and matrices in sentences: what each hands back, of which shape, and what a kink or no number means."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from cvlab.engine.circuit import words
from cvlab.engine.circuit.corners import on_corner
from cvlab.engine.circuit.gates import GATES
from cvlab.engine.circuit.tensor_gate import TensorGate
from cvlab.engine.circuit.tensors import Shape, Value, cell, finite, kind, shape, told
from cvlab.engine.circuit.words import Operand


def forward(gate: TensorGate, names: Sequence[str], shapes: Sequence[Shape], out: Shape) -> str:
    """What the gate makes of its inputs, with their shapes."""
    if gate.id == "matmul":
        if not out:
            return f"The inner product: {shapes[0][0]} products, added up."
        return (
            f"A matrix product: {told(shapes[0])} by {told(shapes[1])} makes {told(out)}. "
            "Each number is a row of the left with a column of the right, number by number, added up."
        )
    if gate.is_elementwise or (gate.id in ("max", "min") and len(names) > 1):
        spread = [n for n, s in zip(names, shapes, strict=True) if s != out]
        how = f" {_and(spread)} is repeated to fit." if spread and len(names) > 1 else ""
        return f"{_name(gate)} works number by number: {told(out)} numbers.{how}"
    return {
        "sum": f"The sum of all {told(shapes[0])} numbers.",
        "mean": f"The mean of all {told(shapes[0])} numbers.",
        "max": f"The largest of {told(shapes[0])} numbers.",
        "min": f"The smallest of {told(shapes[0])} numbers.",
        "softmax": "Softmax: each score's share of the whole, e to the score over the sum of all such. They add up to 1.",
        "logsumexp": "The logarithm of the sum of e to each score: a soft maximum.",
        "cross_entropy": "The softmax loss: minus the logarithm of the right class's probability.",
        "hinge": "The hinge loss: by how much each wrong score comes within the margin of the right one, added up.",
        "transpose": "Transposed: rows become columns.",
        "index": f"One place of {names[0]}.",
        "stack": "The parts as one list.",
    }[gate.id]


def backward(gate: TensorGate, out: str, xs: Sequence[Operand], upstream: Value) -> str:
    """What the gate does with the gradient that arrives at its output, in a sentence or two with the shapes."""
    moving = [x for x in xs if not x.is_constant]
    if not moving:
        return "All that goes in is constant: there is nobody to pass a gradient to."
    rule = _RULES.get(gate.id)
    sentence = rule(out, xs) if rule is not None else _each(gate, xs)
    spread = [x for x in moving if shape(x.value) != shape(upstream)]
    if spread and (gate.is_elementwise or (gate.id in ("max", "min") and len(xs) > 1)):
        one = spread[0]
        sentence += f" {one.name} was repeated to fit, so its share is summed back to {kind(shape(one.value))}."
    return sentence


def _each(gate: TensorGate, xs: Sequence[Operand]) -> str:
    names = [x.name for x in xs if not x.is_constant]
    if gate.id == "add":
        return f"Add distributes: what arrives goes on unchanged to {_and(names)}."
    if gate.id == "sub":
        signs = {0: f"{xs[0].name} gets what arrives", 1: f"{xs[1].name} gets the opposite of it"}
        return f"Subtract: {'; '.join(signs[i] for i, x in enumerate(xs) if not x.is_constant)}."
    if gate.id == "mul":
        if xs[0].name == xs[1].name:
            return f"Multiply swaps its inputs; both are {xs[0].name}, so it gets what arrives times itself, twice."
        parts = [f"{x.name} gets what arrives times {xs[1 - i].name}" for i, x in enumerate(xs) if not x.is_constant]
        return f"Multiply swaps, number by number: {'; '.join(parts)}."
    if gate.id == "relu":
        open_, total = int(np.sum(np.greater(xs[0].value, 0))), np.size(xs[0].value)
        return f"ReLU lets through where {xs[0].name} is above 0: {open_} of {total} numbers. The others get 0."
    if gate.id in ("max", "min") and len(xs) == 1:
        word = "largest" if gate.id == "max" else "smallest"
        return f"{gate.id.capitalize()} routes: only the {word} number of {xs[0].name} gets what arrives."
    if gate.id in ("max", "min"):
        return (
            f"{gate.id.capitalize()} routes in each place by itself: the one that was chosen gets what arrives there."
        )
    return f"{_name(gate)} works number by number: {_and(names)} gets what arrives times {gate.slope}."


def _product(out: str, xs: Sequence[Operand]) -> str:
    (a, b), parts = xs, []
    s, t = shape(a.value), shape(b.value)
    if not a.is_constant:
        how = {
            (2, 1): f"the outer product of what arrives and {b.name}ᵀ",
            (2, 2): f"what arrives times {b.name}ᵀ",
            (1, 2): f"{b.name} times what arrives",
            (1, 1): f"{b.name} times the number that arrives",
        }[len(s), len(t)]
        parts.append(
            f"The gradient of {a.name} @ {b.name} with respect to {a.name} is {how}: its shape is {a.name}'s, {told(s)}."
        )
    if not b.is_constant:
        how = {
            (2, 1): f"{a.name}ᵀ times what arrives",
            (2, 2): f"{a.name}ᵀ times what arrives",
            (1, 2): f"the outer product of {a.name} and what arrives",
            (1, 1): f"{a.name} times the number that arrives",
        }[len(s), len(t)]
        begin = "That with respect to" if parts else f"The gradient of {a.name} @ {b.name} with respect to"
        parts.append(f"{begin} {b.name} is {how}: shape {told(t)}.")
    return " ".join(parts)


def _hinge(out: str, xs: Sequence[Operand]) -> str:
    return (
        f"Every wrong score over the margin gets what arrives, and the right one, {xs[1].name}, loses it once for each of them. "
        "Scores that keep the margin get 0."
    )


_RULES = {
    "matmul": _product,
    "sum": lambda out, xs: f"Sum distributes: every number of {xs[0].name} gets the one that arrives.",
    "mean": lambda out, xs: (
        f"Mean distributes evenly: every number of {xs[0].name} gets the one that arrives, over {np.size(xs[0].value)}."
    ),
    "softmax": lambda out, xs: (
        f"Each score gets its probability times what arrives there, less the mean of what arrives "
        f"under {out}: raising one share lowers the others."
    ),
    "logsumexp": lambda out, xs: (
        f"The slope of logsumexp is the softmax: {xs[0].name} gets its probabilities times it."
    ),
    "cross_entropy": lambda out, xs: (
        f"{xs[0].name} gets its probabilities, less 1 at the right class {xs[1].name}, "
        "times what arrives. They add up to 0."
    ),
    "hinge": _hinge,
    "transpose": lambda out, xs: f"What arrives is transposed back to the shape of {xs[0].name}.",
    "index": lambda out, xs: f"Only this place of {xs[0].name} gets what arrives; all others get 0.",
    "stack": lambda out, xs: "Each part takes its own place of what arrives.",
}


def kink(gate: TensorGate, xs: Sequence[Operand], out: Value) -> str:
    """Why the gate has no single slope here; "" where it is smooth."""
    where = on_corner(gate, [x.name for x in xs], [x.value for x in xs], out)
    if not where:
        return ""
    if gate.id in ("max", "min"):
        return f"{gate.id} has a kink here: {where} ties. Each gets an even share, as in PyTorch."
    if gate.id == "hinge":
        return f"hinge has a kink here: {where} stands exactly at the margin. Its slope is taken as 0, as PyTorch does."
    return f"{_name(gate)} has a kink at 0, where {where} is. PyTorch takes the slope 0 there, and so do we."


def trouble(gate: TensorGate, name: str, xs: Sequence[Operand], out: Value) -> str:
    """Why a gate that was given numbers gives none, and in which place; "" if it gives them, or if the cause lies before it."""
    if finite(out) or not all(finite(x.value) for x in xs):
        return ""
    if gate.is_elementwise:
        at = tuple(map(int, np.argwhere(~np.isfinite(out))[0]))
        whole = [np.broadcast_to(x.value, shape(out)) for x in xs]
        one = [Operand(_at(x, at, shape(out)), float(w[at]), x.is_constant) for x, w in zip(xs, whole, strict=True)]
        return words.trouble(GATES[gate.id], cell(name, at), one, float(out[at]))
    return (
        f"{name}: the result of {gate.id} is too large for a 64-bit number, which ends at 1.8e308. Use smaller values."
    )


def _at(x: Operand, at: tuple[int, ...], whole: Shape) -> str:
    own = shape(x.value)
    place = at[len(whole) - len(own) :]
    return cell(x.name, tuple(0 if n == 1 else i for i, n in zip(place, own, strict=True)))


def _and(names: Sequence[str]) -> str:
    names = list(dict.fromkeys(names))
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def _name(gate: TensorGate) -> str:
    return {"add": "Add", "sub": "Subtract", "mul": "Multiply", "div": "Divide", "pow": "Power", "neg": "Minus", "relu": "ReLU",
            "sqrt": "Square root", "abs": "Absolute value"}.get(gate.id, gate.id.capitalize())  # fmt: skip
