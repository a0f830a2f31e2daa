"""From a text to its circuit: every sign and function a gate, inputs with their starting values, names for what has none."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from cvlab.engine.circuit.circuit import Circuit, Node, named
from cvlab.engine.circuit.gates import GATES
from cvlab.engine.circuit.grammar import parse
from cvlab.engine.circuit.tensor_gate import ShapeProblem
from cvlab.engine.circuit.tensor_gates import TENSOR_GATES
from cvlab.engine.circuit.tensors import MAX_TOTAL, Literal, Shape, array, shape_of, size, told
from cvlab.engine.circuit.tree import Apply, Array, Name, Number, Statement
from cvlab.engine.circuit.words import shown
from cvlab.engine.errors import ExpressionError

STARTING = (1.0, 2.0, -1.0, 3.0, -2.0, 0.5)
"""What inputs begin with, in turn, where the person gave no value."""


def read(text: str, *, merge: bool = False) -> Circuit:
    """The circuit of a text: every sign and function a gate, nothing simplified.

    merge: parts that are written twice become one gate with a fork. `name = number` makes an input with that starting value.
    Raises `ExpressionError`. Time is linear: some 10 ms for 1,000 gates.
    """
    builder = _Builder(text, parse(text), merge)
    return builder.circuit()


class _Builder:
    def __init__(self, text: str, statements: Sequence[Statement], merge: bool) -> None:
        self._text, self._statements, self._merge = text, statements, merge
        self._nodes: list[Node] = []
        self._names: dict[str, int] = {}
        self._known: dict[tuple, int] = {}
        self._starting: dict[str, Literal] = {}
        self._numbers = 0
        self._declared: dict[str, int] = {}
        self._computed: set[str] = set()

    def circuit(self) -> Circuit:
        self._declare()
        output = -1
        steps = [statement for statement in self._statements if not self._is_declaration(statement)]
        for statement in steps:
            self._check_order(statement)
            output = self._build(statement.tree)
            if statement.name:
                self._name(output, statement)
            elif statement is not steps[-1]:
                raise ExpressionError(
                    "Only the last statement may be without a name.", text=self._text, offset=statement.offset,
                    length=statement.tree.after - statement.offset,
                    remedy="Name it, as in q = x + y. To break a line inside a sum, put brackets around it.",
                )  # fmt: skip
        for name, offset in self._declared.items():
            self._input(Name(name, offset, offset + len(name)))
        if output < 0:
            last = self._statements[-1]
            raise ExpressionError(
                "These are only starting values.", text=self._text, offset=last.offset,
                remedy="Add what to compute from them, such as f = x * y.",
            )  # fmt: skip
        if self._nodes[output].shape and not any(node.kind == "gate" for node in self._nodes):
            raise ExpressionError(
                "These are only numbers.", text=self._text, offset=self._nodes[output].offset,
                remedy="Add what to compute from them, such as f = sum(x).",
            )  # fmt: skip
        if self._nodes[output].kind == "constant":
            node = self._nodes[output]
            raise ExpressionError(
                "This is only a number.", text=self._text, offset=node.offset, length=node.after - node.offset,
                remedy=f"Add something that can change, such as x * {node.name}.",
            )  # fmt: skip
        self._check_output(steps[-1], self._nodes[output])
        return self._finish(output)

    def _check_output(self, statement: Statement, node: Node) -> None:
        if node.shape:
            name = statement.name or "…"
            loss = f"cross_entropy({name}, 0)" if len(node.shape) == 1 else f"mean({name})"
            raise ExpressionError(
                f"The output has {told(node.shape)} numbers, and a gradient belongs to one.", text=self._text,
                offset=statement.offset, length=statement.tree.after - statement.offset,
                remedy=f"Add what makes one number of it, such as L = sum({name}) or L = {loss}.",
            )  # fmt: skip

    @staticmethod
    def _is_declaration(statement: Statement) -> bool:
        return bool(statement.name) and isinstance(statement.tree, Number | Array)

    def _declare(self) -> None:
        for statement in self._statements:
            name = statement.name
            if not name:
                continue
            if name in self._starting or name in self._computed:
                raise ExpressionError(
                    f"{name} already has a value.", text=self._text, offset=statement.offset, length=len(name),
                    remedy=f"In a circuit a value never changes: choose another name, such as {name}2.",
                )  # fmt: skip
            if self._is_declaration(statement):
                self._starting[name] = statement.tree.value
                self._declared[name] = statement.offset
            else:
                self._computed.add(name)

    def _check_order(self, statement: Statement) -> None:
        for tree in _leaves(statement.tree):
            if isinstance(tree, Name) and tree.name in self._computed and tree.name not in self._names:
                itself = tree.name == statement.name
                raise ExpressionError(
                    f"{tree.name} is {'defined by itself' if itself else 'used before it is computed'}.",
                    text=self._text, offset=tree.offset, length=len(tree.name),
                    remedy=f"Choose another name, such as {tree.name}2." if itself
                    else f"Move the statement that computes {tree.name} before this one.",
                )  # fmt: skip

    def _build(self, tree) -> int:
        # A stack of our own: a sum of thousands of terms is thousands deep.
        done: list[int] = []
        todo: list[tuple[object, bool]] = [(tree, False)]
        while todo:
            part, operands_done = todo.pop()
            if isinstance(part, Number | Array):
                done.append(self._constant(part))
            elif isinstance(part, Name):
                done.append(self._input(part))
            elif operands_done:
                count = len(part.operands)
                operands = tuple(done[-count:])
                del done[-count:]
                done.append(self._gate(part, operands))
            else:
                todo.append((part, True))
                todo.extend((operand, False) for operand in reversed(part.operands))
        return done[0]

    def _constant(self, tree: Number | Array) -> int:
        key = ("constant", tree.value)
        if self._merge and key in self._known:
            return self._known[key]
        name = shown(array(tree.value)) if isinstance(tree, Array) else _literal(tree.value)
        return self._add(
            key, kind="constant", name=name, value=tree.value, offset=tree.offset, after=tree.after,
            shape=shape_of(tree.value),
        )  # fmt: skip

    def _input(self, tree: Name) -> int:
        if tree.name in self._names:
            return self._names[tree.name]
        offset = self._declared.get(tree.name, tree.offset)
        inputs = sum(node.kind == "input" for node in self._nodes)
        value = self._starting.get(tree.name, STARTING[inputs % len(STARTING)])
        id = self._add(
            (), kind="input", name=tree.name, value=value, is_named=True, offset=offset,
            after=offset + len(tree.name), shape=shape_of(value),
        )  # fmt: skip
        self._names[tree.name] = id
        return id

    def _gate(self, tree: Apply, operands: tuple[int, ...]) -> int:
        key = (tree.gate, operands)
        if self._merge and key in self._known:
            return self._known[key]
        nodes = [self._nodes[i] for i in operands]
        is_tensor = tree.gate not in GATES or any(node.shape for node in nodes)
        shape = self._shape(tree, nodes) if is_tensor else ()
        if not is_tensor and len(operands) < GATES[tree.gate].least:
            raise ExpressionError(
                f"{tree.gate} chooses between at least two values.", text=self._text, offset=tree.offset,
                length=tree.after - tree.offset, remedy=f"Write {tree.gate}(x, y), or give it a vector.",
            )  # fmt: skip
        return self._add(
            key, kind="gate", name="", gate=tree.gate, operands=operands, offset=tree.offset, after=tree.after,
            shape=shape, is_tensor=is_tensor,
        )  # fmt: skip

    def _shape(self, tree: Apply, nodes: Sequence[Node]) -> Shape:
        """The shape of what a gate gives. Raises `ExpressionError` where the shapes of what goes in do not meet."""
        names = [node.name or self._text[node.offset : node.after] for node in nodes]
        names = [name if len(name) <= 24 else "what stands here" for name in names]
        constants = [array(node.value) if node.kind == "constant" else None for node in nodes]
        try:
            return TENSOR_GATES[tree.gate].shape(names, [node.shape for node in nodes], constants)
        except ShapeProblem as problem:
            raise ExpressionError(
                problem.what,
                text=self._text,
                offset=tree.offset,
                length=tree.after - tree.offset,
                remedy=problem.remedy,
            ) from problem

    def _add(self, key: tuple, **fields) -> int:
        id = len(self._nodes)
        node = Node(id=id, **fields)
        self._nodes.append(node)
        self._numbers += size(node.shape)
        if self._numbers > MAX_TOTAL and node.shape:
            raise ExpressionError(
                f"This circuit holds more than {MAX_TOTAL:,} numbers.", text=self._text, offset=node.offset,
                length=node.after - node.offset, remedy="Use smaller matrices: the rules are the same.",
            )  # fmt: skip
        if key:
            self._known[key] = id
        return id

    def _name(self, id: int, statement: Statement) -> None:
        self._names[statement.name] = id
        node = self._nodes[id]
        if node.kind == "gate" and not node.is_named:
            self._nodes[id] = replace(node, name=statement.name, is_named=True)

    def _finish(self, output: int) -> Circuit:
        return Circuit(
            named(self._nodes, output, taken=set(self._names)),
            output,
            self._text,
            dict(self._names),
            frozenset(self._declared),
        )


def _leaves(tree):
    todo = [tree]
    while todo:
        part = todo.pop()
        if isinstance(part, Apply):
            todo.extend(part.operands)
        else:
            yield part


def _literal(value: float) -> str:
    """A number as Python would read it back exactly, without a needless ".0"."""
    return shown(value) if float(shown(value)) == value else repr(value)
