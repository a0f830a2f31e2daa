"""A circuit as straight-line Python in the staged style of the course: forward, then backward, that runs on its own."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

from cvlab.engine.circuit.circuit import Circuit, Node
from cvlab.engine.circuit.passes import Evaluation
from cvlab.engine.circuit.tensors import Literal as Written
from cvlab.engine.circuit.tensors import is_short, told
from cvlab.engine.circuit.words import shown

_SIGMOID = ("def sigmoid(x):", "    return 1.0 / (1.0 + math.exp(-x)) if x >= 0 else math.exp(x) / (1.0 + math.exp(x))")

_FUNCTIONS: dict[str, tuple[str, ...]] = {
    "sigmoids(": (
        "def sigmoids(x):",
        "    e = np.exp(-np.abs(x))",
        "    return np.where(x >= 0, 1.0, e) / (1.0 + e)",
    ),
    "softmax(": (
        "def softmax(s):",
        "    e = np.exp(s - np.max(s, axis=-1, keepdims=True))",
        "    return e / np.sum(e, axis=-1, keepdims=True)",
    ),
    "logsumexp(": (
        "def logsumexp(s):",
        "    most = np.max(s, axis=-1, keepdims=True)",
        "    return np.log(np.sum(np.exp(s - most), axis=-1)) + most[..., 0]",
    ),
    "cross_entropy(": (
        "def cross_entropy(s, y):",
        "    rows, y = np.atleast_2d(s), np.atleast_1d(np.asarray(y)).astype(int)",
        "    rows = rows - np.max(rows, axis=-1, keepdims=True)",
        "    return float(np.mean(np.log(np.sum(np.exp(rows), axis=-1)) - rows[np.arange(len(rows)), y]))",
    ),
    "cross_entropy_slope(": (
        "def cross_entropy_slope(s, y):",
        "    rows, y = np.atleast_2d(s), np.atleast_1d(np.asarray(y)).astype(int)",
        "    p = softmax(rows)",
        "    p[np.arange(len(rows)), y] -= 1.0",
        "    return (p / len(rows)).reshape(s.shape)",
    ),
    "hinge(": (
        "def hinge(s, y, delta=1.0):",
        "    rows, y = np.atleast_2d(s), np.atleast_1d(np.asarray(y)).astype(int)",
        "    margins = rows - rows[np.arange(len(rows)), y][:, None] + delta",
        "    margins[np.arange(len(rows)), y] = 0.0",
        "    return float(np.sum(np.maximum(margins, 0.0)) / len(rows))",
    ),
    "hinge_slope(": (
        "def hinge_slope(s, y, delta=1.0):",
        "    rows, y = np.atleast_2d(s), np.atleast_1d(np.asarray(y)).astype(int)",
        "    margins = rows - rows[np.arange(len(rows)), y][:, None] + delta",
        "    margins[np.arange(len(rows)), y] = 0.0",
        "    over = np.where(margins > 0, 1.0, 0.0)",
        "    over[np.arange(len(rows)), y] = -np.sum(over, axis=1)",
        "    met = -float(np.sum(over[np.arange(len(rows)), y])) / len(rows)",
        "    return (over / len(rows)).reshape(s.shape), met",
    ),
    "placed(": (
        "def placed(upstream, shape, *at):",
        "    whole = np.zeros(shape)",
        "    whole[at] = upstream",
        "    return whole",
    ),
}
"""What the lines of code call, by the text that calls it."""


@dataclass(frozen=True)
class Line:
    """A line of the code. phase: "forward" or "backward" where it belongs to the step of a node, "" elsewhere."""

    text: str
    phase: Literal["", "forward", "backward"] = ""
    node: int = -1


def source(evaluation: Evaluation) -> str:
    """Python text that computes the same values and gradients, to the last bit, wherever all of them are finite numbers.

    Each value keeps its name, and its gradient is called d<name> (or grad_<name> where that is taken). Vectors and matrices are
    numpy's, and their sums the same within rounding. Gates that are shown as one are written out.
    """
    return "\n".join(line.text for line in lines(evaluation))


def lines(evaluation: Evaluation) -> tuple[Line, ...]:
    """The same, line by line, each with the step of the circuit that it belongs to."""
    shown_as = _owners(evaluation.circuit)
    evaluation = evaluation.unfolded
    circuit = evaluation.circuit
    names = _Names(circuit)
    inputs = [(f"{names.value(n)} = {_written(evaluation, n)}", "", n.id) for n in circuit.inputs]
    forward = []
    for node in circuit.gates:
        operands = [names.value(circuit.nodes[i]) for i in node.operands]
        gate = circuit.gate_of(node)
        line = gate.code(operands, circuit.shapes(node)) if node.is_tensor else gate.line(operands)
        # A long value is told by its shape.
        note = f"shape {told(node.shape)}" if not is_short(node.shape) else shown(evaluation.values[node.id])
        forward.append((f"{names.value(node)} = {line}", note, node.id))
    backward = _backward(evaluation, names)
    for alias, id in circuit.aliases.items():
        node = circuit.nodes[id]
        if node.kind != "constant" and alias != node.name:
            forward.append((f"{names.alias(alias)} = {names.value(node)}", "another name", id))
            if node.kind == "input" or (circuit.reaches_output[id] and circuit.varies[id]):
                backward.append((f"{names.alias_gradient(alias)} = {names.gradient(node)}", "another name", id))
    head = _head("\n".join(text for text, _, _ in inputs + forward + backward))
    output = names.value(circuit.nodes[circuit.output])
    gradient = names.gradient(circuit.nodes[circuit.output])

    def of(phase: str, pieces: list[tuple[str, str, int]]) -> list[Line]:
        return [
            Line(text, phase, shown_as.get(node, -1))
            for text, (_, _, node) in zip(_aligned([(text, note) for text, note, _ in pieces]), pieces, strict=True)
        ]

    return (
        *map(Line, head),
        Line("# the inputs"),
        *of("", inputs),
        Line(""),
        Line("# forward pass"),
        *of("forward", forward),
        Line(""),
        Line(f"# backward pass, last gate first; {gradient} stands for the gradient of {output} by itself, and so on"),
        *of("backward", backward),
        Line(""),
    )


def _owners(circuit: Circuit) -> dict[int, int]:
    """For each node of the circuit that is written out the one that shows it."""
    if circuit.unfolded is None:
        return {node.id: node.id for node in circuit.nodes}
    found = {origin: id for id, origin in enumerate(circuit.origin)}
    return found | {inner: node.id for node in circuit.gates for inner in node.inside}


def _written(evaluation: Evaluation, node: Node) -> str:
    value = evaluation.circuit.value_of(node, evaluation.inputs)
    return _array(value.tolist()) if node.shape else repr(value)


def _array(numbers: Written | list) -> str:
    return f"np.array({numbers!r})".replace("(", "[").replace(")", "]").replace("np.array[", "np.array(", 1)[:-1] + ")"


def _head(body: str) -> list[str]:
    """The imports and functions that the lines need."""
    called: list[str] = []
    searched = body
    while found := [call for call in _FUNCTIONS if call in searched and call not in called]:
        called += found
        searched = "\n".join(line for call in found for line in _FUNCTIONS[call])
    helpers = [_FUNCTIONS[call] for call in _FUNCTIONS if call in called]
    if "sigmoid(" in body:
        helpers.insert(0, _SIGMOID)
    head = ["import math", ""] if "math." in body or "sigmoid(" in body else []
    if "np." in body or called:
        head += [*([""] if head and head[-1] != "" else []), "import numpy as np", ""]
    for helper in helpers:
        head += ["", *helper, ""]
    return [*head, ""] if helpers else head


class _Names:
    def __init__(self, circuit: Circuit) -> None:
        given = [*(node.name for node in circuit.nodes if node.kind != "constant"), *circuit.aliases]
        taken = set(given)
        mine = {"math", "np", "float", "sigmoid", *(call.removesuffix("(") for call in _FUNCTIONS)}
        self._value = {name: name if name not in mine else _unused(f"{name}_", taken) for name in given}
        taken |= set(self._value.values())
        self._prefix = "d"
        while any(self._prefix + name in taken for name in self._value.values()):
            self._prefix = "grad_" if self._prefix == "d" else f"{self._prefix}_"

    def value(self, node: Node) -> str:
        if node.kind == "constant" and node.shape:
            return _array(node.value)
        if node.kind == "constant":
            # Brackets around -0.0, too: -0.0 ** x would be -(0.0 ** x).
            return f"({node.value!r})" if math.copysign(1.0, node.value) < 0 else repr(node.value)
        return self._value[node.name]

    def gradient(self, node: Node) -> str:
        return self._prefix + self._value[node.name]

    def alias(self, name: str) -> str:
        return self._value[name]

    def alias_gradient(self, name: str) -> str:
        return self._prefix + self._value[name]


def _unused(name: str, taken: set[str]) -> str:
    while name in taken:
        name += "_"
    return name


def _backward(evaluation: Evaluation, names: _Names) -> list[tuple[str, str, int]]:
    circuit = evaluation.circuit
    lines = [(f"{names.gradient(circuit.nodes[circuit.output])} = 1.0", "", -1)]
    begun = {circuit.output}
    for node in reversed(circuit.gates):
        if not circuit.reaches_output[node.id]:
            continue
        gate, upstream, shapes = circuit.gate_of(node), names.gradient(node), circuit.shapes(node)
        operands = [names.value(circuit.nodes[i]) for i in node.operands]
        for index, operand in enumerate(node.operands):
            if not circuit.varies[operand]:
                continue
            if node.is_tensor:
                product = gate.pull_code(index, operands, names.value(node), upstream, shapes)
            else:
                local = gate.local_line(index, operands, names.value(node))
                if node.gate == "pow":
                    local = _plain_power(circuit, node, index, operands) or local
                product = {"": upstream, "-1.0": f"-{upstream}"}.get(local, f"{local} * {upstream}")
            own = names.gradient(circuit.nodes[operand])
            note = (
                "used again: gradients add"
                if operand in begun
                else f"shape {told(shapes[index])}"
                if shapes[index]
                else ""
            )
            sign = "=" if operand not in begun else f"= {own} +" if shapes[index] else "+="
            begun.add(operand)
            lines.append((f"{own} {sign} {product}", note, node.id))
    for node in circuit.inputs:
        if node.id not in begun:
            zero = f"np.zeros({node.shape})" if node.shape else "0.0"
            lines.append((f"{names.gradient(node)} = {zero}", "the output does not depend on it", -1))
    return lines


def _plain_power(circuit: Circuit, node: Node, index: int, operands: list[str]) -> str:
    # The usual case, a constant exponent that is not 0, reads better without the guard.
    exponent = circuit.nodes[node.operands[1]]
    if index == 0 and exponent.kind == "constant" and exponent.value != 0:
        return f"({operands[1]} * {operands[0]} ** {exponent.value - 1!r})" if exponent.value != 1 else "1.0"
    return ""


def _aligned(pieces: list[tuple[str, str]]) -> list[str]:
    width = min(max((len(text) for text, note in pieces if note), default=0), 60)
    return [f"{text:<{width}}  # {note}" if note else text for text, note in pieces]
