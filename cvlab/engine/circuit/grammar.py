"""From typed text to a syntax tree, by a grammar of its own: nothing is evaluated, and every error says where and what instead.

text      : statement ((";" | line end) statement)*
statement : [name "="] sum
sum       : product (("+" | "-") product)*
product   : unary (("*" | "/") unary)*
unary     : ("+" | "-")* power
power     : atom ["**" unary]                    -x**2 is -(x**2), and x**y**z is x**(y**z), as in Python
atom      : number | name | function "(" sum ("," sum)* ")" | "(" sum ")"
"""

from __future__ import annotations

import difflib
import keyword
import math
from dataclasses import dataclass

from cvlab.engine.circuit.gates import FUNCTIONS, GATES
from cvlab.engine.circuit.tokens import Token, check_length, tokens
from cvlab.engine.errors import ExpressionError

MAX_GATES = 5_000

MAX_DEPTH = 60
"""Brackets inside brackets. Each takes eight nested calls, and Python allows a thousand."""


@dataclass(frozen=True)
class Number:
    value: float
    offset: int
    after: int


@dataclass(frozen=True)
class Name:
    name: str
    offset: int
    after: int


@dataclass(frozen=True)
class Apply:
    """A gate applied to operands; `gate` is an id of the registry."""

    gate: str
    operands: tuple[Tree, ...]
    offset: int
    after: int


Tree = Number | Name | Apply


@dataclass(frozen=True)
class Statement:
    """name: what the person calls the value, "" for a bare expression. offset: where the name stands."""

    name: str
    tree: Tree
    offset: int


_SIGNS = {"+": "add", "-": "sub", "*": "mul", "/": "div"}

_FOREIGN = {
    "ln": "log", "power": "**", "pow": "**", "add": "+", "sub": "-", "mul": "*", "div": "/", "neg": "-", "sum": "+",
    "tg": "tan", "logistic": "sigmoid", "sqr": "square", "maximum": "max", "minimum": "min", "fabs": "abs", "sigma": "sigmoid",
}  # fmt: skip


def parse(text: str) -> tuple[Statement, ...]:
    """The statements of a text, at least one. Raises `ExpressionError` that points at the column."""
    return _Parser(text).statements()


class _Parser:
    def __init__(self, text: str) -> None:
        self._text = text
        self._tokens: list[Token] = []
        self._unreadable: ExpressionError | None = None
        self._at = self._depth = self._gates = 0
        check_length(text)
        try:
            self._tokens.extend(tokens(text))
        except ExpressionError as error:
            # Told when it is reached: what is wrong before it is the better thing to point at.
            self._unreadable = error
            self._tokens.append(Token("unreadable", "", error.offset, 1))

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
        return self._chain(("*", "/"), self._unary)

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
        base = self._atom()
        if self._token.text != "**":
            return base
        sign = self._next()
        self._enter(sign)
        exponent = self._unary()
        self._depth -= 1
        return self._apply("pow", (base, exponent), base.offset, exponent.after)

    def _atom(self) -> Tree:
        token = self._token
        if token.kind == "number":
            return self._number()
        if token.kind == "name":
            return self._name()
        if token.text == "(":
            return self._bracket()
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
            raise self._not_a_function(token)
        return Name(token.text, token.offset, token.after)

    def _call(self, function: Token) -> Apply:
        gate = GATES[function.text]
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
        if len(operands) > gate.most and gate.most == 1:
            raise self._error(f"{function.text} takes one value, not {len(operands)}.", span,
                              "A decimal number has a point: 1.5, not 1,5.")  # fmt: skip
        if not gate.least <= len(operands) <= gate.most:
            few = len(operands) < gate.least
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

    # -- brackets and names ------------------------------------------------------------------------------------------

    def _enter(self, token: Token) -> None:
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise self._error(f"More than {MAX_DEPTH} brackets or powers inside one another.", token,
                              "Name a part and use the name: q = x + y; f = q * z.")  # fmt: skip

    def _close(self, opening: Token) -> None:
        if self._token.text == ")":
            self._next()
            self._depth -= 1
            return
        if self._token.kind in ("stop", "end"):
            raise self._error("This bracket is never closed.", opening, "Add a ) where it ends.")
        raise self._leftover()

    def _check_name(self, token: Token) -> None:
        if keyword.iskeyword(token.text):
            raise self._error(
                f"“{token.text}” is a word of Python, and only arithmetic is read here.", token,
                "Use numbers, names, + - * / ** and the functions.",
            )  # fmt: skip
        if token.text.startswith("__"):
            raise self._error("A name cannot begin with two underscores.", token, "Use letters and digits, such as x0.")

    def _not_a_function(self, token: Token) -> ExpressionError:
        known = _FOREIGN.get(token.text.lower())
        if token.text.lower() == "softmax":
            return self._error("There is no single softmax gate: it has many outputs.", token,
                               "Write one of its outputs out: exp(a) / (exp(a) + exp(b)).")  # fmt: skip
        if known is not None and not known.isalpha():
            return self._error(f"{token.text} is written as a sign here.", token, f"Write {known} instead.")
        near = [known] if known else difflib.get_close_matches(token.text.lower(), FUNCTIONS, 1, 0.6)
        if near:
            return self._error(f"There is no function {token.text}.", token, f"Did you mean {near[0]}?")
        if len(token.text) <= 3:
            return self._error("A sign is missing before the bracket.", token, f"Write {token.text}*(…) to multiply.")
        return self._error(f"There is no function {token.text}.", token, f"The functions are {', '.join(FUNCTIONS)}.")

    # -- errors ------------------------------------------------------------------------------------------------------

    def _missing(self) -> ExpressionError:
        token = self._token
        before = self._tokens[self._at - 1] if self._at else None
        if token.text == "*" and before is not None and before.text == "*":
            return self._error("Two signs of multiplication are apart.", token, "Write ** for a power, * to multiply.")
        if token.text == ")" and before is not None and before.text == "(":
            return self._error("These brackets are empty.", token, "Put an expression between them.")
        if token.kind == "sign" and (before is None or before.kind == "end"):
            return self._error(f"A value must come before “{token.text}”.", token, "Begin with a number or a name.")
        if before is not None and before.kind == "sign":
            return self._error(f"A value must follow “{before.text}”.", before, "Add a number or a name after it.")
        return self._error("A value is missing here.", token, "Add a number or a name.")

    def _leftover(self) -> ExpressionError:
        token, before = self._token, self._tokens[self._at - 1]
        if token.text == ")":
            return self._error("This bracket closes nothing.", token, "Take it away, or add a ( before.")
        if token.text == ",":
            return self._error("A comma only stands between the values of a function.", token,
                               "A decimal number has a point: 1.5, not 1,5.")  # fmt: skip
        if token.text == "=":
            return self._error("One name stands on the left of =.", token, "Write q = x + y, and then use q.")
        left = self._text[before.offset : before.after]
        right = self._text[token.offset : token.after]
        if token.kind == "name" and keyword.iskeyword(token.text):
            self._check_name(token)
        touching = "" if token.text == "(" else right
        span = Token("name", "", before.offset, token.after - before.offset)
        return self._error(
            f"A sign is missing between “{left}” and “{right}”.", span,
            f"Write {left}*{touching or '(…)'} to multiply." if left != ")" or touching else "Write (…)*(…) to multiply.",
        )  # fmt: skip

    def _error(self, what: str, token: Token, remedy: str) -> ExpressionError:
        return ExpressionError(what, text=self._text, offset=token.offset, length=max(token.length, 1), remedy=remedy)

    # -- tokens ------------------------------------------------------------------------------------------------------

    @property
    def _token(self) -> Token:
        token = self._tokens[self._at]
        if token.kind == "unreadable":
            raise self._unreadable
        return token

    def _peek(self) -> Token:
        return self._tokens[min(self._at + 1, len(self._tokens) - 1)]

    def _next(self) -> Token:
        token = self._tokens[self._at]
        self._at += 1
        return token


def _example(function: str) -> str:
    return f"{function}(x, y)" if GATES[function].most > 1 else f"{function}(x)"
