"""From typed text to a syntax tree, by a grammar of its own: nothing is evaluated, and every error says where and what instead.

text      : statement ((";" | line end) statement)*
statement : [name "="] sum
sum       : product (("+" | "-") product)*
product   : unary (("*" | "/" | "@") unary)*
unary     : ("+" | "-")* power
power     : part ["**" unary]                    -x**2 is -(x**2), and x**y**z is x**(y**z), as in Python
part      : atom (".T" | "[" number ["," number] "]")*
atom      : number | name | function "(" sum ("," sum)* ")" | "(" sum ")" | "[" sum ("," sum)* "]"
"""

from __future__ import annotations

import difflib
import math
from dataclasses import dataclass

import numpy as np

from cvlab.engine.circuit.cursor import Cursor
from cvlab.engine.circuit.gates import FUNCTIONS
from cvlab.engine.circuit.tensor_gates import TENSOR_FUNCTIONS, TENSOR_GATES
from cvlab.engine.circuit.tensors import MAX_NUMBERS, MAX_SIDE, MAX_TOTAL, Literal, shape_of, size
from cvlab.engine.circuit.tokens import Token
from cvlab.engine.circuit.tree import Apply, Array, Name, Number, Statement, Tree
from cvlab.engine.errors import ExpressionError

MAX_GATES = 5_000


_SIGNS = {"+": "add", "-": "sub", "*": "mul", "/": "div", "@": "matmul"}

_FOREIGN = {
    "ln": "log", "power": "**", "pow": "**", "add": "+", "sub": "-", "mul": "*", "div": "/", "neg": "-",
    "dot": "@", "matmul": "@", "tg": "tan", "logistic": "sigmoid", "sqr": "square", "maximum": "max", "minimum": "min",
    "fabs": "abs", "sigma": "sigmoid",
}  # fmt: skip


@dataclass(frozen=True)
class _Maker:
    """What makes a vector or a matrix of a size; no gate."""

    id: str
    least: int = 1
    most: int = 64


_MAKERS = {name: _Maker(name) for name in ("zeros", "ones", "randn")}
_TOO_MANY = f"A vector or matrix has at most {MAX_NUMBERS:,} numbers, and {MAX_SIDE} to a side."
_CALLED = (*FUNCTIONS, *TENSOR_FUNCTIONS, *_MAKERS)


def parse(text: str) -> tuple[Statement, ...]:
    """The statements of a text, at least one. Raises `ExpressionError` that points at the column."""
    return _Parser(text).statements()


class _Parser(Cursor):
    def __init__(self, text: str) -> None:
        super().__init__(text)
        self._gates = self._makers = self._numbers = 0

    # -- statements --------------------------------------------------------------------------------------------------

    def statements(self) -> tuple[Statement, ...]:
        found = []
        while self._token.kind != "stop":
            if self._token.kind == "end":
                self._at += 1
                continue
            found.append(self._statement())
            if self._token.kind not in ("end", "stop"):
                raise self._leftover()
        if not found:
            raise ExpressionError("There is nothing to compute yet.", remedy="Type an expression, such as (x + y) * z.")
        return tuple(found)

    def _statement(self) -> Statement:
        first = self._token
        if first.kind == "name" and self._peek().text == "=":
            self._check_name(first)
            if first.text in FUNCTIONS:
                raise self._error(f"{first.text} is a function.", first, f"Choose another name, such as {first.text}1.")
            self._at += 2
            if self._token.text == "=":
                raise self._error("Comparisons are not read.", self._token, "Use one = to name a value.")
            tree = self._sum()
            if self._token.text == "=":
                raise self._error(
                    "One name stands on the left of =.", self._token, "Write one statement for each name."
                )
            return Statement(first.text, tree, first.offset)
        return Statement("", self._sum(), first.offset)

    # -- expressions -------------------------------------------------------------------------------------------------

    def _sum(self) -> Tree:
        return self._chain(("+", "-"), self._product)

    def _product(self) -> Tree:
        return self._chain(("*", "/", "@"), self._unary)

    def _chain(self, signs: tuple[str, ...], operand) -> Tree:
        # A loop, not recursion: a sum may have thousands of terms.
        left = operand()
        while self._token.kind == "sign" and self._token.text in signs:
            sign = self._next()
            right = operand()
            left = self._apply(_SIGNS[sign.text], (left, right), left.offset, right.after)
        return left

    def _apply(self, gate: str, operands: tuple[Tree, ...], offset: int, after: int) -> Apply:
        self._gates += 1
        if self._gates > MAX_GATES:
            raise ExpressionError(
                f"This circuit has more than {MAX_GATES:,} gates, the most that can be drawn.",
                text=self._text, offset=offset, length=after - offset, remedy="Split it into smaller circuits.",
            )  # fmt: skip
        return Apply(gate, operands, offset, after)

    def _unary(self) -> Tree:
        signs = []
        while self._token.kind == "sign" and self._token.text in ("+", "-"):
            signs.append(self._next())
        tree = self._power()
        for sign in reversed(signs):
            if sign.text == "+":
                continue
            if isinstance(tree, Number) and tree.value >= 0:
                tree = Number(-tree.value, sign.offset, tree.after)
            else:
                tree = self._apply("neg", (tree,), sign.offset, tree.after)
        return tree

    def _power(self) -> Tree:
        base = self._part()
        if self._token.text != "**":
            return base
        sign = self._next()
        self._enter(sign)
        exponent = self._unary()
        self._depth -= 1
        return self._apply("pow", (base, exponent), base.offset, exponent.after)

    def _part(self) -> Tree:
        tree, places = self._atom(), 0
        while self._token.text in (".T", "["):
            if self._token.text == ".T":
                sign = self._next()
                tree = self._apply("transpose", (tree,), tree.offset, sign.after)
                continue
            places += 1
            if places > 2:
                raise self._error("A matrix has two sides: there is no third place.", self._token, "Write W[0,1].")
            tree = self._index(tree)
        return tree

    def _index(self, tree: Tree) -> Apply:
        opening = self._next()
        self._enter(opening)
        places: list[Tree] = []
        while True:
            token = self._token
            if token.kind != "number" or not token.text.isdigit():
                raise self._error("A place is a whole number, counted from 0.", token, "Write s[0], or W[0,1].")
            places.append(self._number())
            if self._token.text != "," or len(places) == 2:
                break
            self._next()
        self._close(opening, "]")
        return self._apply("index", (tree, *places), tree.offset, self._tokens[self._at - 1].after)

    def _list(self) -> Tree:
        opening = self._next()
        self._enter(opening)
        # Counted before anything is built: a refusal is quick.
        if self._text.count(",", opening.offset, self._text.find("]", opening.offset) + 1) >= MAX_NUMBERS:
            raise self._error(_TOO_MANY, opening, "Choose a smaller one: the rule is the same.")
        items: list[Tree] = []
        while True:
            if self._token.text in ("]", ","):
                raise self._error("A list needs numbers.", self._token, "Write [1, 2], or [[1, 2], [3, 4]].")
            items.append(self._sum())
            if len(items) > MAX_NUMBERS:
                raise self._error(_TOO_MANY, opening, "Choose a smaller one: the rule is the same.")
            if self._token.text != ",":
                break
            self._next()
        self._close(opening, "]")
        after = self._tokens[self._at - 1].after
        if all(isinstance(item, Number) for item in items):
            return self._array(tuple(item.value for item in items), opening.offset, after)
        rows = [item for item in items if isinstance(item, Array)]
        if len(rows) < len(items):
            if len(items) > TENSOR_GATES["stack"].most:
                raise self._error(
                    f"A list of values has at most {TENSOR_GATES['stack'].most}.", opening, "Write numbers."
                )
            return self._apply("stack", tuple(items), opening.offset, after)
        lengths = [len(row.value) for row in rows]
        deep = next((row for row in rows if len(shape_of(row.value)) > 1), None)
        if deep is not None:
            raise ExpressionError("A matrix has rows of numbers, and nothing deeper.", text=self._text, offset=deep.offset,
                                  length=deep.after - deep.offset, remedy="Write [[1, 2], [3, 4]].")  # fmt: skip
        for row, length in zip(rows, lengths, strict=True):
            if length != lengths[0]:
                raise ExpressionError(
                    f"This row has {length} number{'s' * (length != 1)}, and the first has {lengths[0]}.", text=self._text,
                    offset=row.offset, length=row.after - row.offset, remedy="Give every row as many.",
                )  # fmt: skip
        return self._array(tuple(row.value for row in rows), opening.offset, after)

    def _array(self, value: Literal, offset: int, after: int) -> Array:
        shape = shape_of(value)
        self._numbers += size(shape)
        too_many = size(shape) > MAX_NUMBERS or max(shape) > MAX_SIDE
        if too_many or self._numbers > MAX_TOTAL:
            raise ExpressionError(
                _TOO_MANY if too_many else f"This circuit holds more than {MAX_TOTAL:,} numbers.", text=self._text,
                offset=offset, length=after - offset, remedy="Choose a smaller one: the rule is the same.",
            )  # fmt: skip
        return Array(value, offset, after)

    def _made(self, function: Token, operands: list[Tree], span: Token) -> Array:
        """zeros, ones and randn with sizes: numbers that need not be written out."""
        sizes = [int(o.value) if isinstance(o, Number) and o.value.is_integer() else 0 for o in operands]
        if len(sizes) > 2 or not all(1 <= n <= MAX_SIDE for n in sizes) or math.prod(sizes) > MAX_NUMBERS:
            raise self._error(
                f"{function.text} takes one or two sizes, from 1 to {MAX_SIDE}, with {MAX_NUMBERS:,} numbers at most.", span,
                f"Write {function.text}(3), or {function.text}(3, 2).",
            )  # fmt: skip
        self._makers += 1
        if function.text == "randn":
            # The same numbers each time that the same text is read; two decimals, so that they can be read and changed.
            numbers = np.random.default_rng(self._makers).standard_normal(sizes).round(2).tolist()
        else:
            numbers = np.full(sizes, 1.0 if function.text == "ones" else 0.0).tolist()
        value = tuple(map(tuple, numbers)) if len(sizes) == 2 else tuple(numbers)
        return self._array(value, span.offset, span.after)

    def _atom(self) -> Tree:
        token = self._token
        if token.kind == "number":
            return self._number()
        if token.kind == "name":
            return self._name()
        if token.text == "(":
            return self._bracket()
        if token.text == "[":
            return self._list()
        raise self._missing()

    def _number(self) -> Number:
        token = self._next()
        value = float(token.text)
        if math.isinf(value):
            raise self._error("This number is too large for 64 bits.", token, "Numbers end at 1.8e308.")
        if self._token.kind == "number" and self._token.text.startswith("."):
            raise self._error("A number has one decimal point.", self._token, "Write 1.5, not 1.5.2.")
        return Number(value, token.offset, token.after)

    def _name(self) -> Tree:
        token = self._next()
        is_called = self._token.text == "("
        self._check_name(token)
        if token.text in FUNCTIONS:
            if not is_called:
                raise self._error(
                    f"{token.text} is a function and needs brackets.", token, f"Write {_example(token.text)}."
                )
            return self._call(token)
        if is_called:
            if token.text in TENSOR_FUNCTIONS or token.text in _MAKERS:
                return self._call(token)
            raise self._not_a_function(token)
        return Name(token.text, token.offset, token.after)

    def _call(self, function: Token) -> Tree:
        gate = _MAKERS.get(function.text) or TENSOR_GATES[function.text]
        opening = self._next()
        self._enter(opening)
        operands: list[Tree] = []
        while True:
            if self._token.text in (")", ","):
                what = f"{function.text} needs {'a value' if gate.most == 1 else 'values'} in its brackets."
                raise self._error(what, self._token, f"Write {_example(function.text)}.")
            operands.append(self._sum())
            if self._token.text != ",":
                break
            self._next()
        self._close(opening)
        span = Token("name", "", function.offset, self._tokens[self._at - 1].after - function.offset)
        if function.text in _MAKERS:
            return self._made(function, operands, span)
        if len(operands) > gate.most and gate.most == 1:
            raise self._error(f"{function.text} takes one value, not {len(operands)}.", span,
                              "A decimal number has a point: 1.5, not 1,5.")  # fmt: skip
        if not gate.least <= len(operands) <= gate.most:
            few = len(operands) < gate.least
            if gate.id in TENSOR_FUNCTIONS:
                raise self._error(f"{gate.id} needs scores and the right class.", span, f"Write {_example(gate.id)}.")
            raise self._error(
                f"{function.text} chooses between {'at least two' if few else f'at most {gate.most}'} values.", span,
                f"Write {_example(function.text)}." if few else "Put one inside another.",
            )  # fmt: skip
        return self._apply(gate.id, tuple(operands), function.offset, span.after)

    def _bracket(self) -> Tree:
        opening = self._next()
        self._enter(opening)
        tree = self._sum()
        self._close(opening)
        return tree

    def _not_a_function(self, token: Token) -> ExpressionError:
        known = _FOREIGN.get(token.text.lower())
        if known is not None and not known.isalpha():
            return self._error(f"{token.text} is written as a sign here.", token, f"Write {known} instead.")
        near = [known] if known else difflib.get_close_matches(token.text.lower(), _CALLED, 1, 0.6)
        if near:
            return self._error(f"There is no function {token.text}.", token, f"Did you mean {near[0]}?")
        if len(token.text) <= 3:
            return self._error("A sign is missing before the bracket.", token, f"Write {token.text}*(…) to multiply.")
        return self._error(f"There is no function {token.text}.", token, f"The functions are {', '.join(_CALLED)}.")


def _example(function: str) -> str:
    if function in ("cross_entropy", "hinge"):
        return f"{function}(s, 0)"
    if function in _MAKERS:
        return f"{function}(3, 2)"
    return f"{function}(x, y)" if TENSOR_GATES[function].most > 1 else f"{function}(x)"
