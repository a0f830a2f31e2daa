"""Where a parser stands in the pieces of a text, and what it says when the next piece is not the one that it needs."""

from __future__ import annotations

import keyword

from cvlab.engine.circuit.tokens import Token, check_length, tokens
from cvlab.engine.errors import ExpressionError

MAX_DEPTH = 60
"""Brackets inside brackets. Each takes eight nested calls, and Python allows a thousand."""


class Cursor:
    """A position among the tokens of a text. Every error points at the column."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._tokens: list[Token] = []
        self._unreadable: ExpressionError | None = None
        self._at = self._depth = 0
        check_length(text)
        try:
            self._tokens.extend(tokens(text))
        except ExpressionError as error:
            # Told when it is reached: what is wrong before it is the better thing to point at.
            self._unreadable = error
            self._tokens.append(Token("unreadable", "", error.offset, 1))

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

    # -- brackets and names ------------------------------------------------------------------------------------------

    def _enter(self, token: Token) -> None:
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise self._error(f"More than {MAX_DEPTH} brackets or powers inside one another.", token,
                              "Name a part and use the name: q = x + y; f = q * z.")  # fmt: skip

    def _close(self, opening: Token, sign: str = ")") -> None:
        if self._token.text == sign:
            self._next()
            self._depth -= 1
            return
        if self._token.kind in ("stop", "end"):
            raise self._error("This bracket is never closed.", opening, f"Add a {sign} where it ends.")
        if self._token.text in (")", "]"):
            raise self._error(f"This bracket closes no {opening.text}.", self._token, f"Write {sign} here.")
        raise self._leftover()

    def _check_name(self, token: Token) -> None:
        if keyword.iskeyword(token.text):
            raise self._error(
                f"“{token.text}” is a word of Python, and only arithmetic is read here.", token,
                "Use numbers, names, + - * / ** and the functions.",
            )  # fmt: skip
        if token.text.startswith("__"):
            raise self._error("A name cannot begin with two underscores.", token, "Use letters and digits, such as x0.")

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
