"""A part of a circuit as one line of text, "w*x + b", and the slope of such a part by one of its inputs, in the same signs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from cvlab.engine.circuit.words import shown

if TYPE_CHECKING:
    from cvlab.engine.circuit.circuit import Circuit, Node

LONGEST = 160
"""Characters of a line. What would be longer is "…"."""

_LONGEST_SLOPE, _MOST_WAYS = 60, 6
_ATOM = 9
# How tightly a sign binds, as in Python: its own rank, and the least that its left and right operand need without brackets.
_RANKS = {
    "add": ("{} + {}", 1, (1, 2)), "sub": ("{} - {}", 1, (1, 2)), "mul": ("{} * {}", 2, (2, 3)), "div": ("{} / {}", 2, (2, 3)),
    "matmul": ("{} @ {}", 2, (2, 3)), "neg": ("-{}", 3, (4,)), "pow": ("{}**{}", 5, (6, 4)),
}  # fmt: skip


def written(circuit: Circuit, gates: Sequence[int], leaves: Mapping[int, str] | None = None) -> str:
    """What the last of the gates computes, the others written out: "w*x + b". It can be read again.

    gates: ids in topological order. leaves: other words than their names for what comes in, such as numbers.
    """
    return _texts(circuit, gates, leaves or {})[gates[-1]][0]


def _texts(circuit: Circuit, gates: Sequence[int], leaves: Mapping[int, str]) -> dict[int, tuple[str, int]]:
    """For each gate and each value that comes in its text and how tightly that binds."""
    found: dict[int, tuple[str, int]] = {}
    for id in gates:
        node = circuit.nodes[id]
        for operand in node.operands:
            if operand not in found:
                text = leaves.get(operand, circuit.nodes[operand].name)
                found[operand] = text, 3 if text.startswith("-") else _ATOM
        found[id] = _apply(circuit, node, [found[i] for i in node.operands])
    return found


def _apply(circuit: Circuit, node: Node, operands: list[tuple[str, int]]) -> tuple[str, int]:
    if node.gate in _RANKS:
        form, rank, least = _RANKS[node.gate]
        texts = [_bracketed(text, own < wanted) for (text, own), wanted in zip(operands, least, strict=True)]
        # Two signs side by side are read, but not at a glance.
        texts[1:] = [_bracketed(text, text.startswith("-")) for text in texts[1:]]
        text = form.format(*texts)
    elif node.gate in ("index", "transpose"):
        text, rank = circuit.gate_of(node).line([_bracketed(text, own < _ATOM) for text, own in operands]), _ATOM
    elif node.gate == "stack":
        text, rank = circuit.gate_of(node).line([text for text, _ in operands]), _ATOM
    else:
        text, rank = f"{node.gate}({', '.join(text for text, _ in operands)})", _ATOM
    return (text, rank) if len(text) <= LONGEST else ("…", _ATOM)


def _bracketed(text: str, needed: bool) -> str:
    return f"({text})" if needed else text


# -- slopes -----------------------------------------------------------------------------------------------------------

Product = tuple[bool, tuple[tuple[str, int], ...]]
"""Whether it is negative, and its factors, each with how tightly it binds; none for 1."""


def slopes(circuit: Circuit, gates: Sequence[int], operands: Sequence[int]) -> list[str]:
    """For each operand the derivative of the last gate by it, as text: of w*x + b by w it is "x"; "" where it would be long."""
    texts = _texts(circuit, gates, {})
    texts[gates[-1]] = circuit.nodes[gates[-1]].name, _ATOM
    # The chain rule: what arrives at each value along every way, None once that takes more than a few signs.
    arrived: dict[int, list[Product] | None] = {gates[-1]: [(False, ())]}
    for id in reversed(gates):
        node, ways = circuit.nodes[id], arrived.get(id)
        for index, operand in enumerate(node.operands):
            if circuit.nodes[operand].kind == "constant":
                continue
            local = None if node.is_tensor else _local(circuit, node, index, texts)
            before = arrived.get(operand, [])
            if ways is None or local is None or before is None or len(ways) + len(before) > _MOST_WAYS:
                arrived[operand] = None
            else:
                arrived[operand] = [*before, *((sign != local[0], factors + local[1]) for sign, factors in ways)]
    told = [_sum(arrived.get(operand)) for operand in operands]
    return [text if len(text) <= _LONGEST_SLOPE else "" for text in told]


def _sum(products: list[Product] | None) -> str:
    if not products:
        return ""
    if not any(factors for _, factors in products):
        return str(sum(-1 if negative else 1 for negative, _ in products))
    text = ""
    for negative, factors in products:
        sign = (" - " if negative else " + ") if text else "-" if negative else ""
        text += sign + _written_product(factors, is_alone=not sign and len(products) == 1)
    return text


def _written_product(factors: tuple[tuple[str, int], ...], *, is_alone: bool) -> str:
    if len(factors) == 1 and is_alone:
        return factors[0][0]
    return " * ".join(_bracketed(text, rank < 2 or text.startswith("-")) for text, rank in factors) or "1"


def _local(circuit: Circuit, node: Node, index: int, texts: Mapping[int, tuple[str, int]]) -> Product | None:
    """The local gradient in signs; None where it takes words."""
    own = [texts[i] for i in node.operands]
    tight = [_bracketed(text, rank < 6) for text, rank in own]
    if any("…" in text for text, _ in own):
        return None
    (x, _), out = own[0], texts[node.id]
    if node.gate == "mul":
        return False, (own[1 - index],)
    if node.gate == "div":
        return (False, ((f"1 / {tight[1]}", 2),)) if index == 0 else (True, ((f"{tight[0]} / {tight[1]}**2", 2),))
    if node.gate == "pow":
        return _power(circuit.nodes[node.operands[1]], tight[0]) if index == 0 else None
    s = _bracketed(out[0], out[1] < 6)
    return {
        "add": (False, ()), "sub": (index == 1, ()), "neg": (True, ()), "exp": (False, (out,)),
        "log": (False, ((f"1 / {tight[0]}", 2),)), "sin": (False, ((f"cos({x})", _ATOM),)),
        "cos": (True, ((f"sin({x})", _ATOM),)), "tan": (False, ((f"1 + {s}**2", 1),)),
        "tanh": (False, ((f"1 - {s}**2", 1),)), "sigmoid": (False, ((f"(1 - {s}) * {s}", 2),)),
        "sqrt": (False, ((f"1 / (2 * {s})", 2),)), "square": (False, ((f"2 * {tight[0]}", 2),)),
        "relu": (False, ((f"[{x} > 0]", _ATOM),)), "abs": (False, ((f"sign({x})", _ATOM),)),
    }.get(node.gate)  # fmt: skip


def _power(exponent: Node, base: str) -> Product | None:
    if exponent.kind != "constant":
        return None
    power = exponent.value - 1
    if power == 0:
        return False, ()
    if exponent.value == 0:
        return False, (("0", _ATOM),)
    raised = base if power == 1 else f"{base}**{_bracketed(shown(power), power < 0)}"
    return exponent.value < 0, ((f"{shown(abs(exponent.value))} * {raised}", 2),)
