"""A circuit as straight-line Python in the staged style of the course: forward, then backward, that runs on its own."""

from __future__ import annotations

from cvlab.engine.circuit.circuit import Circuit, Node
from cvlab.engine.circuit.gates import GATES
from cvlab.engine.circuit.passes import Evaluation
from cvlab.engine.circuit.words import shown

_SIGMOID = ("def sigmoid(x):", "    return 1.0 / (1.0 + math.exp(-x)) if x >= 0 else math.exp(x) / (1.0 + math.exp(x))")


def source(evaluation: Evaluation) -> str:
    """Python text that computes the same values and gradients, to the last bit, wherever all of them are finite numbers.

    Each value keeps its name, and its gradient is called d<name> (or grad_<name> where that is taken).
    """
    circuit = evaluation.circuit
    names = _Names(circuit)
    inputs = [(f"{names.value(n)} = {evaluation.inputs[n.name]!r}", "") for n in circuit.inputs]
    forward = []
    for node in circuit.gates:
        line = GATES[node.gate].line([names.value(circuit.nodes[i]) for i in node.operands])
        forward.append((f"{names.value(node)} = {line}", shown(evaluation.values[node.id])))
    backward = _backward(evaluation, names)
    body = "\n".join(text for text, _ in forward + backward)
    head = []
    if "math." in body or "sigmoid(" in body:
        head += ["import math", ""]
    if "sigmoid(" in body:
        head += ["", *_SIGMOID, "", ""]
    output = names.value(circuit.nodes[circuit.output])
    gradient = names.gradient(circuit.nodes[circuit.output])
    parts = [
        *head,
        "# the inputs",
        *_aligned(inputs),
        "",
        "# forward pass",
        *_aligned(forward),
        "",
        f"# backward pass, last gate first; {gradient} stands for the gradient of {output} by itself, and so on",
        *_aligned(backward),
        "",
    ]
    return "\n".join(parts)


class _Names:
    def __init__(self, circuit: Circuit) -> None:
        given = [node.name for node in circuit.nodes if node.kind != "constant"]
        taken = set(given)
        self._value = {name: name if name != "math" else _unused("math_", taken) for name in given}
        taken |= set(self._value.values())
        self._prefix = "d"
        while any(self._prefix + name in taken for name in self._value.values()):
            self._prefix = "grad_" if self._prefix == "d" else f"{self._prefix}_"

    def value(self, node: Node) -> str:
        if node.kind == "constant":
            return repr(node.value) if node.value >= 0 else f"({node.value!r})"
        return self._value[node.name]

    def gradient(self, node: Node) -> str:
        return self._prefix + self._value[node.name]


def _unused(name: str, taken: set[str]) -> str:
    while name in taken:
        name += "_"
    return name


def _backward(evaluation: Evaluation, names: _Names) -> list[tuple[str, str]]:
    circuit = evaluation.circuit
    lines = [(f"{names.gradient(circuit.nodes[circuit.output])} = 1.0", "")]
    begun = {circuit.output}
    for node in reversed(circuit.gates):
        if not circuit.reaches_output[node.id]:
            continue
        gate, upstream = GATES[node.gate], names.gradient(node)
        operands = [names.value(circuit.nodes[i]) for i in node.operands]
        for index, operand in enumerate(node.operands):
            if not circuit.varies[operand]:
                continue
            local = gate.local_line(index, operands, names.value(node))
            if node.gate == "pow":
                local = _plain_power(circuit, node, index, operands) or local
            product = {"": upstream, "-1.0": f"-{upstream}"}.get(local, f"{local} * {upstream}")
            sign = "+=" if operand in begun else "="
            note = "used again: gradients add" if operand in begun else ""
            begun.add(operand)
            lines.append((f"{names.gradient(circuit.nodes[operand])} {sign} {product}", note))
    for node in circuit.inputs:
        if node.id not in begun:
            lines.append((f"{names.gradient(node)} = 0.0", "the output does not depend on it"))
    return lines


def _plain_power(circuit: Circuit, node: Node, index: int, operands: list[str]) -> str:
    # The usual case, a constant exponent that is not 0, reads better without the guard.
    exponent = circuit.nodes[node.operands[1]]
    if index == 0 and exponent.kind == "constant" and exponent.value != 0:
        return f"({operands[1]} * {operands[0]} ** {exponent.value - 1!r})" if exponent.value != 1 else "1.0"
    return ""


def _aligned(lines: list[tuple[str, str]]) -> list[str]:
    width = min(max((len(text) for text, note in lines if note), default=0), 60)
    return [f"{text:<{width}}  # {note}" if note else text for text, note in lines]
