"""The circuit itself: inputs, constants and gates in topological order, as the person wrote them, immutable."""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from math import isfinite
from typing import Literal as Kind

import numpy as np

from cvlab.engine.circuit.gates import GATES, Gate
from cvlab.engine.circuit.infix import written
from cvlab.engine.circuit.tensor_gates import TENSOR_GATES, TensorGate
from cvlab.engine.circuit.tensors import Literal, Shape, Value, array, cells, told
from cvlab.engine.errors import ExpressionError


@dataclass(frozen=True, slots=True)
class Node:
    """One value of a circuit and what computes it.

    id:       its place in the topological order: every operand has a smaller one.
    kind:     "input", "constant" or "gate".
    name:     the person's name for it, or one made up; unique.
    gate:     the id of its gate, "" unless kind is "gate".
    operands: ids, in the order of the gate's inputs; the same id twice where a value is used twice.
    value:    of a constant; the starting value of an input.
    is_named: the person gave the name.
    offset, after: the characters of the text that it stands for.
    shape:    of its value: () for a single number.
    is_tensor: a gate that works on vectors or matrices.
    inside: of a gate that stands for several, "composite": their ids in the circuit where they are written out, the last its own.
    """

    id: int
    kind: Kind["input", "constant", "gate"]
    name: str
    gate: str = ""
    operands: tuple[int, ...] = ()
    value: Literal = 0.0
    is_named: bool = False
    offset: int = 0
    after: int = 0
    shape: Shape = ()
    is_tensor: bool = False
    inside: tuple[int, ...] = ()


@dataclass(frozen=True, eq=False)
class Circuit:
    """nodes in topological order; the node with id `output` is the value whose gradients are asked for.

    aliases: other names of nodes (`y = x`). declared: the inputs to which the text gives a starting value.
    unfolded: the circuit in which all gates are written out, if this one shows several as one; None if it is itself.
    origin: for each node its id there.
    """

    nodes: tuple[Node, ...]
    output: int
    text: str = ""
    aliases: Mapping[str, int] = field(default_factory=dict)
    declared: frozenset[str] = frozenset()
    unfolded: Circuit | None = None
    origin: tuple[int, ...] = ()

    @cached_property
    def inputs(self) -> tuple[Node, ...]:
        """In the order in which they appear in the text."""
        return tuple(sorted((n for n in self.nodes if n.kind == "input"), key=lambda n: n.offset))

    @cached_property
    def cells(self) -> dict[str, tuple[int, int]]:
        """Every number that can be turned: its name, "x" or "W[0,1]", and which node and place it is, counted row by row."""
        return {name: (n.id, at) for n in self.inputs for at, name in enumerate(cells(n.name, n.shape))}

    @cached_property
    def is_scalar(self) -> bool:
        """Single numbers only."""
        return not any(node.shape or node.is_tensor for node in self.nodes)

    @cached_property
    def leaves(self) -> tuple[Node, ...]:
        """Inputs and constants."""
        return tuple(node for node in self.nodes if node.kind != "gate")

    @cached_property
    def gates(self) -> tuple[Node, ...]:
        """The gates alone, in forward order."""
        return tuple(node for node in self.nodes if node.kind == "gate")

    @cached_property
    def by_name(self) -> dict[str, Node]:
        found = {name: self.nodes[id] for name, id in self.aliases.items()}
        return found | {node.name: node for node in self.nodes if node.kind != "constant"}

    @cached_property
    def consumers(self) -> tuple[tuple[int, ...], ...]:
        """For each node the ids of the gates that use it, once for each use."""
        found: list[list[int]] = [[] for _ in self.nodes]
        for node in self.gates:
            for operand in node.operands:
                found[operand].append(node.id)
        return tuple(map(tuple, found))

    @cached_property
    def varies(self) -> tuple[bool, ...]:
        """For each node, whether any input can change it. Constants get no gradient."""
        found: list[bool] = []
        for node in self.nodes:
            found.append(node.kind == "input" or any(found[i] for i in node.operands))
        return tuple(found)

    @cached_property
    def reaches_output(self) -> tuple[bool, ...]:
        """For each node, whether the output depends on it."""
        found = [False] * len(self.nodes)
        found[self.output] = True
        for node in reversed(self.nodes):
            if found[node.id]:
                for operand in node.operands:
                    found[operand] = True
        return tuple(found)

    def gate_of(self, node: Node) -> Gate | TensorGate:
        return TENSOR_GATES[node.gate] if node.is_tensor else GATES[node.gate]

    @cached_property
    def plan(self) -> tuple[tuple[int, Gate | TensorGate, tuple[int, ...]], ...]:
        """For each gate in forward order its id, its kind and its operands: what both passes ask for, found once."""
        return tuple((node.id, self.gate_of(node), node.operands) for node in self.gates if not node.inside)

    def shapes(self, node: Node) -> list[Shape]:
        """Of its operands."""
        return [self.nodes[i].shape for i in node.operands]

    def formula(self, node: Node) -> str:
        """What the node computes from its operands' names, as people write it: "q * z"; "" for an input or a constant."""
        if node.kind != "gate":
            return ""
        if node.inside:
            return written(self.unfolded, node.inside)
        names = [self.nodes[i].name for i in node.operands]
        gate = self.gate_of(node)
        if gate.is_operator or node.gate in ("square", "transpose", "index"):
            names[:1] = [f"({name})" if name.startswith("-") else name for name in names[:1]]
        if gate.is_operator:
            names[1:] = [f"({name})" if name.startswith("-") else name for name in names[1:]]
        if node.gate == "square":
            return f"{names[0]}²"
        if node.gate == "relu":
            return f"relu({names[0]})"
        return gate.line(names).replace("math.", "")

    def starting_values(self) -> dict[str, float]:
        """Of every number that can be turned, by its name."""
        found: dict[str, float] = {}
        for node in self.inputs:
            numbers = np.ravel(array(node.value)).tolist() if node.shape else [node.value]
            found.update(zip(cells(node.name, node.shape), numbers, strict=True))
        return found

    def value_of(self, node: Node, inputs: Mapping[str, float]) -> Value:
        """The value of an input, from those of its numbers, or of a constant."""
        if node.kind == "constant":
            return array(node.value)
        if not node.shape:
            return inputs[node.name]
        return np.array([inputs[name] for name in cells(node.name, node.shape)]).reshape(node.shape)

    def with_inputs(self, values: Mapping[str, float]) -> dict[str, float]:
        """The starting values with some of them replaced. Raises `ExpressionError` for names it has not, or no numbers."""
        result = self.starting_values()
        for name, value in values.items():
            if name not in result and name in self.by_name and self.by_name[name].shape:
                node = self.by_name[name]
                raise ExpressionError(
                    f"{name} is {told(node.shape)} numbers.",
                    remedy=f"Give all of them in a list, or one: {cells(name, node.shape)[0]}.",
                )
            if name not in result:
                alike = {other.lower(): other for other in result}
                near = difflib.get_close_matches(name.lower(), alike, 1, 0.5)
                known = (
                    f"Did you mean {alike[near[0]]}?"
                    if near
                    else f"The inputs are {', '.join(n.name for n in self.inputs) or 'none'}."
                )
                raise ExpressionError(f"There is no input {name}.", remedy=known)
            if not isfinite(value):
                raise ExpressionError(
                    f"The input {name} must be a finite number, not {value}.", remedy="Give a number."
                )
            result[name] = float(value)
        return result


def named(nodes: Sequence[Node], output: int, taken: set[str]) -> tuple[Node, ...]:
    """The nodes with names for those that have none: f for the output, q for one value between, q1, q2, ... for several."""
    result = list(nodes)
    taken = taken | {node.name for node in nodes} | set(GATES)
    last = nodes[output]
    if last.kind == "gate" and not last.name:
        result[output] = replace(last, name=_free(("f", "out", "f_out", "the_output"), taken))
        taken.add(result[output].name)
    unnamed = [node for node in result if not node.name]
    for prefix in ("q", "t", "u", "v", "h", "q_", "t_", "value_"):
        names = [prefix.rstrip("_")] if len(unnamed) == 1 else [f"{prefix}{i}" for i in range(1, len(unnamed) + 1)]
        if taken.isdisjoint(names):
            break
    for node, name in zip(unnamed, names, strict=True):
        result[node.id] = replace(node, name=name)
    return tuple(result)


def _free(choices: Sequence[str], taken: set[str]) -> str:
    found = next((name for name in choices if name not in taken), None)
    number = 1
    while found is None:
        found = f"f{number}" if f"f{number}" not in taken else None
        number += 1
    return found
