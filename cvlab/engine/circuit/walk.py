"""A circuit one gate at a time: forward, then backward. Any position can be stepped to, back to, or jumped to.

position 0                 only the inputs have values
1 .. G                     the gate of each forward step has its value
G + 1                      the output's gradient by itself is 1
G + 2 .. G + 1 + B         each gate that the output depends on passes its gradient on, last gate first
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from typing import Literal

from cvlab.engine.circuit import composite, tensor_words, words
from cvlab.engine.circuit.circuit import Node
from cvlab.engine.circuit.gates import GATES
from cvlab.engine.circuit.infix import written
from cvlab.engine.circuit.passes import Evaluation
from cvlab.engine.circuit.products import gradient_sizes
from cvlab.engine.circuit.tensors import Shape, Value, shape, told
from cvlab.engine.circuit.words import shown, signed


@dataclass(frozen=True, eq=False)
class Term:
    """One arrow of the chain rule: downstream = upstream * local, added to what had arrived before (None: nothing yet).

    On vectors and matrices local is None, and rule says in symbols what is done with what arrives: "∂L/∂s xᵀ". sizes: how the
    sizes of a matrix product make that of the gradient. wanted: the shape of the value, which its gradient must have.
    """

    operand: int
    name: str
    upstream: Value
    local: float | None
    downstream: Value
    before: Value | None
    after: Value
    rule: str = ""
    sizes: str = ""
    wanted: Shape = ()

    def arithmetic(self, output: str, gate: str) -> str:
        """ "∂f/∂x = ∂f/∂q · ∂q/∂x = -4 · 1 = -4"; where the value forks: "∂f/∂x = 3 + ∂f/∂q · ∂q/∂x = 3 + (-4) · 1 = -1"."""
        already = "" if self.before is None else f"{shown(self.before)} + "
        if self.local is None:
            numbers = "" if self.before is None else f"{already}{shown(self.downstream)} = "
            return f"∂{output}/∂{self.name} = {already}{self.rule} = {numbers}{shown(self.after)}"
        upstream = shown(self.upstream) if self.before is None else signed(self.upstream)
        return (
            f"∂{output}/∂{self.name} = {already}∂{output}/∂{gate} · ∂{gate}/∂{self.name} "
            f"= {already}{upstream} · {signed(self.local)} = {shown(self.after)}"
        )

    def shape_check(self, output: str) -> str:
        """ "∂L/∂W (3 × 1)(1 × 2) = 3 × 2 ✓": the gradient has the shape of its value, or not; "" for a single number."""
        if self.local is not None or not (self.wanted or shape(self.downstream)):
            return ""
        made = self.sizes or told(shape(self.downstream))
        return f"∂{output}/∂{self.name} {made} {'✓' if shape(self.downstream) == self.wanted else '✗'}"


@dataclass(frozen=True)
class Step:
    """What happens at one position. node: the gate at work (-1 at the start). sentence: for people, with the numbers.

    arithmetic: one line for a forward step, one for each term of a backward step. note: a kink or a value that is no number.
    """

    kind: Literal["start", "forward", "seed", "backward"]
    node: int
    sentence: str
    arithmetic: tuple[str, ...] = ()
    terms: tuple[Term, ...] = ()
    note: str = ""


class Walk:
    """A position in the two passes of one evaluation. Cheap to make anew when an input changes: keep the position."""

    def __init__(self, evaluation: Evaluation, position: int = 0) -> None:
        self.evaluation = evaluation
        self.circuit = circuit = evaluation.circuit
        self.forward_order = tuple(node.id for node in circuit.gates)
        self.backward_order = tuple(id for id in reversed(self.forward_order) if circuit.reaches_output[id])
        self._computed_at = {id: at for at, id in enumerate(self.forward_order, 1)}
        self._received: dict[int, list[tuple[int, Value]]] = {}
        # By position, for each input of the gate: its index, id, what arrived, what it gets, the sum before and after.
        self._handed: dict[int, list[tuple[int, int, Value, Value, Value | None, Value]]] = {}
        self._step: tuple[int, Step] | None = None
        self._run_backward()
        self.position = min(max(position, 0), self.last)

    @property
    def seed(self) -> int:
        """The position at which the output's own gradient becomes 1: the turn."""
        return len(self.forward_order) + 1

    @property
    def last(self) -> int:
        return self.seed + len(self.backward_order)

    def _run_backward(self) -> None:
        evaluation, circuit, varies = self.evaluation, self.circuit, self.circuit.varies
        sums: dict[int, Value] = {circuit.output: 1.0}
        self._received[circuit.output] = [(self.seed, 1.0)]
        for at, id in enumerate(self.backward_order, self.seed + 1):
            node, handed, upstream = circuit.nodes[id], [], sums.get(id, 0.0)
            pulled = evaluation.pulled[id]
            for index, operand in enumerate(node.operands):
                if not varies[operand]:
                    continue
                before = sums.get(operand)
                downstream = pulled[index]
                after = sums[operand] = downstream if before is None else before + downstream
                self._received.setdefault(operand, []).append((at, after))
                handed.append((index, operand, upstream, downstream, before, after))
            self._handed[at] = handed

    def _terms(self, position: int) -> tuple[Term, ...]:
        node = self.circuit.nodes[self.backward_order[position - self.seed - 1]]
        found = []
        for index, operand, upstream, downstream, before, after in self._handed[position]:
            into = self.circuit.nodes[operand]
            local = None if node.is_tensor else self.evaluation.locals[node.id][index]
            rule, sizes = self._rule(node, index) if node.is_tensor else ("", "")
            found.append(Term(operand, into.name, upstream, local, downstream, before, after, rule, sizes, into.shape))
        return tuple(found)

    def _rule(self, node, index: int) -> tuple[str, str]:
        circuit = self.circuit
        names, shapes = [circuit.nodes[i].name for i in node.operands], circuit.shapes(node)
        if node.inside:
            output = circuit.nodes[circuit.output].name
            return f"∂{output}/∂{node.name} through ∂{node.name}/∂{names[index]}", ""
        gate, output = circuit.gate_of(node), circuit.nodes[circuit.output].name
        sizes = gradient_sizes(gate, shapes, node.shape)
        return gate.chain(index, names, f"∂{output}/∂{node.name}", shapes), sizes[index] if sizes else ""

    # -- moving ------------------------------------------------------------------------------------------------------

    def step(self) -> bool:
        """One gate onward; False at the end."""
        return self.jump(self.position + 1)

    def back(self) -> bool:
        """One gate back; False at the beginning."""
        return self.jump(self.position - 1)

    def rewind(self) -> bool:
        return self.jump(0)

    def jump(self, position: int) -> bool:
        """To a position, kept within 0 and `last`; False if that is where it was."""
        before, self.position = self.position, min(max(position, 0), self.last)
        return self.position != before

    def turn_of(self, id: int) -> int | None:
        """The position at which a gate is at work, in the pass that one is in; None if it never is."""
        order, before = (self.backward_order, self.seed + 1) if self.is_backward else (self.forward_order, 1)
        return before + order.index(id) if id in order else None

    # -- what is known here ------------------------------------------------------------------------------------------

    @property
    def is_backward(self) -> bool:
        return self.position >= self.seed

    def value(self, id: int) -> Value | None:
        """The value of a node, None while it is not computed."""
        return self.evaluation.values[id] if self._computed_at.get(id, 0) <= self.position else None

    def gradient(self, id: int) -> Value | None:
        """The sum of the gradients that have arrived at a node so far; None while there are none."""
        arrived = self._received.get(id, ())
        count = bisect_right(arrived, self.position, key=_at)
        return arrived[count - 1][1] if count else None

    def is_partial(self, id: int) -> bool:
        """Some gradients have arrived at the node, and others are still to come."""
        arrived = self._received.get(id, ())
        return bool(arrived) and arrived[0][0] <= self.position < arrived[-1][0]

    def current(self) -> Step:
        """What happened to get here."""
        if self._step is None or self._step[0] != self.position:
            self._step = self.position, self.at(self.position)
        return self._step[1]

    def at(self, position: int) -> Step:
        """What happens at a position."""
        circuit, evaluation = self.circuit, self.evaluation
        output = circuit.nodes[circuit.output].name
        if position <= 0:
            return Step("start", -1, "The inputs have their values. Go forward to compute the gates one by one.")
        if position < self.seed:
            return self._forward_step(self.forward_order[position - 1])
        if position == self.seed:
            sentence = (
                f"The output is {shown(evaluation.output)}. The way back begins: {output} changes with itself one to one, "
                f"so its gradient is 1."
            )
            return Step("seed", circuit.output, sentence, (f"∂{output}/∂{output} = 1",))
        node = circuit.nodes[self.backward_order[position - self.seed - 1]]
        terms = self._terms(position)
        upstream = self.gradient_at(node.id, position)
        if node.inside:
            sentence = composite.backward_words(node, upstream)
        elif node.is_tensor:
            sentence = tensor_words.backward(circuit.gate_of(node), node.name, evaluation.operands(node), upstream)
        else:
            sentence = words.backward(GATES[node.gate], evaluation.operands(node), upstream)
        forks = {term.name: None for term in terms if term.before is not None}
        if forks:
            sentence += (
                f" {' and '.join(forks)} {'is' if len(forks) == 1 else 'are'} used more than once: gradients add."
            )
        lines = tuple(term.arithmetic(output, node.name) for term in terms)
        shapes = [line for term in terms if (line := term.shape_check(output))]
        if node.inside and (inside := composite.slope_line(circuit, node)):
            lines += (f"inside: {inside}",)
        if shapes:
            lines += (f"shapes: {', '.join(dict.fromkeys(shapes))}",)
        return Step("backward", node.id, sentence, lines, terms, evaluation.kinks.get(node.id, ""))

    def gradient_at(self, id: int, position: int) -> Value:
        """The gradient that has arrived at a node at another position; 0 where none has."""
        arrived = self._received.get(id, ())
        count = bisect_right(arrived, position, key=_at)
        return arrived[count - 1][1] if count else 0.0

    def _forward_step(self, id: int) -> Step:
        evaluation = self.evaluation
        node = self.circuit.nodes[id]
        if node.inside:
            return self._forward_composite(node)
        if node.is_tensor:
            return self._forward_tensors(node)
        gate = GATES[node.gate]
        operands = evaluation.operands(node)
        formula, value = self.circuit.formula(node), evaluation.values[id]
        numbers = _with_numbers(node.gate, [x.value for x in operands])
        sentence = {
            "add": "Add: the sum of its inputs.",
            "mul": "Multiply: the product of its inputs.",
            "max": "Max: the largest of its inputs.",
            "min": "Min: the smallest of its inputs.",
        }.get(gate.id, f"The gate {_NAMES.get(gate.id, gate.id)} computes its value from what comes in.")
        note = evaluation.troubles.get(id, "")
        return Step("forward", id, sentence, (f"{node.name} = {formula} = {numbers} = {shown(value)}",), (), note)

    def _forward_composite(self, node: Node) -> Step:
        circuit, evaluation = self.circuit, self.evaluation
        line = f"{node.name} = {circuit.formula(node)}"
        if not node.is_tensor:
            numbers = {circuit.origin[i]: shown(evaluation.values[i]) for i in node.operands}
            line += f" = {written(circuit.unfolded, node.inside, numbers)}"
        lines = [f"{line} = {shown(evaluation.values[node.id])}"]
        if node.shape:
            lines.append(f"shape of {node.name}: {told(node.shape)}")
        note = evaluation.troubles.get(node.id, "")
        return Step("forward", node.id, composite.forward_words(node), tuple(lines), (), note)

    def _forward_tensors(self, node) -> Step:
        circuit, evaluation = self.circuit, self.evaluation
        gate, names = circuit.gate_of(node), [circuit.nodes[i].name for i in node.operands]
        sentence = tensor_words.forward(gate, names, circuit.shapes(node), node.shape)
        lines = [f"{node.name} = {circuit.formula(node)} = {shown(evaluation.values[node.id])}"]
        if node.shape:
            lines.append(f"shape of {node.name}: {told(node.shape)}")
        return Step("forward", node.id, sentence, tuple(lines), (), evaluation.troubles.get(node.id, ""))


def _at(arrival: tuple[int, Value]) -> int:
    return arrival[0]


_NAMES = {"sub": "subtract", "div": "divide", "pow": "power", "neg": "minus", "abs": "absolute value",
          "sqrt": "square root", "relu": "ReLU"}  # fmt: skip


def _with_numbers(gate: str, values: list[float]) -> str:
    if gate == "square":
        return f"{signed(values[0])}²"
    shown_values = [signed(value) if GATES[gate].is_operator else shown(value) for value in values]
    if GATES[gate].is_operator and len(values) == 2:
        shown_values[0] = shown(values[0]) if gate != "pow" else signed(values[0])
    if gate == "relu":
        return f"relu({shown_values[0]})"
    return GATES[gate].line(shown_values).replace("math.", "")
