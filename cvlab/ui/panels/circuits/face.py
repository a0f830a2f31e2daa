"""What stands on a gate's face: its sign, with the constants that it takes written in: "+ 1", "1 / x", "max 0". Knows no Qt."""

from __future__ import annotations

import re
from math import isfinite

from cvlab.engine.circuit.circuit import Circuit, Node
from cvlab.engine.circuit.composite import slope_line
from cvlab.engine.circuit.words import shown

LOSSES = ("cross_entropy", "hinge")

_RAISED = str.maketrans("0123456789−.", "⁰¹²³⁴⁵⁶⁷⁸⁹⁻·")


def minus(text: str) -> str:
    """With the true minus sign."""
    return text.replace("-", "−")


def told(sentence: str) -> str:
    """A sentence with the true minus sign before its numbers; hyphens inside words stay."""
    return re.sub(r"(?<![\w)])-(?=[\d(i])", "−", sentence)


def number(value: float, digits: int = 4) -> str:
    """A value on the picture: so many digits at most, with the true minus sign; ∞ and "NaN" where there is no number."""
    if digits < 4 and isfinite(value):
        # Fewer digits after the point; those before it stay.
        value = round(value) if 10**digits <= abs(value) < 1e4 else float(f"{value:.{digits}g}")
    return minus(shown(value)).replace("infinity", "∞").replace("not a number", "NaN")


def short(value: float, most: int = 6) -> str:
    """A number in a narrow field: as many digits as fit, three at most."""
    for digits in (3, 2, 1):
        text = number(value, digits).replace("e+0", "e").replace("e−0", "e−")
        if len(text) <= most:
            return text
    return minus(f"{value:.0e}".replace("e-0", "e-").replace("e+0", "e"))


def caption(circuit: Circuit, node: Node) -> str:
    """The words below a gate: its name, and of a loss the class that is right."""
    if node.inside:
        return f"{len(node.inside)} gate{'s' * (len(node.inside) != 1)}"
    if node.gate not in LOSSES:
        return node.name if node.kind == "gate" else ""
    right = circuit.nodes[node.operands[1]]
    if not right.shape:
        return f"{node.name}, class {number(right.value)}"
    return f"{node.name}, {right.shape[0]} rows"


def face(circuit: Circuit, node: Node) -> str:
    """The words on the node: an input's name, or what the gate does."""
    if node.kind != "gate" or node.inside:
        return node.name
    operands = [circuit.nodes[i] for i in node.operands]
    constants = [i for i, operand in enumerate(operands) if operand.kind == "constant"]
    sign = circuit.gate_of(node).symbol
    if node.gate == "index":
        return f"[{','.join(number(place.value) for place in operands[1:])}]"
    constants = [i for i in constants if not operands[i].shape and node.gate not in LOSSES]
    if not constants:
        return sign
    if len(constants) == len(operands):
        return minus(circuit.formula(node))
    values = [number(operand.value) for operand in operands]
    if len(operands) == 2 and node.gate not in ("max", "min"):
        return _with_constant(node.gate, sign, values, constants[0])
    return f"{sign} {', '.join(values[i] for i in constants)}"


def tip(circuit: Circuit, node: Node, *, is_sigmoid: bool) -> str:
    """What the pointer is told at a node. is_sigmoid: it is a sigmoid gate or the last gate of a written-out one."""
    if node.kind == "constant":
        return f"{node.name}: written in the text, so it does not change."
    if node.kind == "input":
        return f"{node.name}: click to plot the output against it. Drag to move it."
    lines = [f"{node.name} = {circuit.formula(node)}", "Click to go to its step. Drag to move it."]
    if node.inside:
        lines[1:1] = [slopes] if (slopes := slope_line(circuit, node)) else []
        lines.append("Double-click to see the gates that it stands for.")
    elif is_sigmoid:
        lines.append(f"Double-click to show the sigmoid as {'four gates' if node.gate == 'sigmoid' else 'one gate'}.")
    else:
        lines.append("Double-click to make it one gate with those that feed it alone; Shift+click to choose several.")
        if node.is_tensor:
            lines.append(f"On the way back: {circuit.gate_of(node).slope}.")
    return "\n".join(minus(line) if line.startswith("∂") else line for line in lines)


def _with_constant(gate: str, sign: str, values: list[str], at: int) -> str:
    value = values[at]
    if gate == "pow":
        return f"x{value.translate(_RAISED)}" if at == 1 else f"{value}ˣ"
    if gate == "div":
        return f"{value} / x" if at == 0 else f"÷ {value}"
    if gate == "sub" and at == 0:
        return f"{value} − x"
    return f"{sign} {value}"
