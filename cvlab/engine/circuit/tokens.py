"""A typed expression cut into numbers, names, signs and line ends; what is none of them is refused in words."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from typing import Literal, NamedTuple

from cvlab.engine.errors import ExpressionError

MAX_CHARACTERS = 20_000
MAX_NAME = 40

_PIECE = re.compile(
    r"""(?P<blank>[ \t\r\f]+|\#[^\n]*)
      | (?P<number>(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+(?![\w.]))?)
      | (?P<name>[^\W\d]\w*)
      | (?P<sign>\*\*|\.T(?!\w)|[-+*/@(),=\[\]])
      | (?P<end>[;\n])
    """,
    re.VERBOSE,
)

_INSTEAD = {
    "^": ("“^” is not a power here.", "Write ** for a power, as in x**2."),
    "×": ("“×” is not a sign here.", "Write * to multiply."),
    "·": ("“·” is not a sign here.", "Write * to multiply."),
    "÷": ("“÷” is not a sign here.", "Write / to divide."),
    "−": ("This minus is not the one on the keyboard.", "Write - instead."),
    "–": ("This is a dash.", "Write - for minus."),
    "²": ("“²” is not read.", "Write **2 or square(x)."),
    "³": ("“³” is not read.", "Write **3."),
    "√": ("“√” is not read.", "Write sqrt(x)."),
    "%": ("There is no remainder gate: it has no useful gradient.", "Use + - * / ** and the functions."),
    "{": ("Braces are not read.", "Use round brackets."),
    "}": ("Braces are not read.", "Use round brackets."),
    "<": ("Comparisons are not read.", "Use max, min or relu to choose between values."),
    ">": ("Comparisons are not read.", "Use max, min or relu to choose between values."),
    "!": ("“!” is not read.", "Use + - * / ** and the functions."),
    "|": ("Bars are not read.", "Write abs(x)."),
    ".": (
        "A dot is read only inside a number.",
        "Names have no parts but .T, the transpose: write x_i or x[i], not x.i.",
    ),
    ":": ("A colon has no meaning here.", "Use = to name a value, as in q = x + y."),
    '"': ("Text in quotes is no number.", "Use numbers and names only."),
    "'": ("Text in quotes is no number.", "Use numbers and names only."),
    "`": ("Text in quotes is no number.", "Use numbers and names only."),
}


class Token(NamedTuple):
    """kind: number, name, sign, end (of a statement), stop (of the text) or
    unreadable. offset and length: where it stands."""

    kind: Literal["number", "name", "sign", "end", "stop", "unreadable"]
    text: str
    offset: int
    length: int

    @property
    def after(self) -> int:
        return self.offset + self.length


def check_length(text: str) -> None:
    """Raises `ExpressionError` for a text that is too long, before anything looks at it."""
    if len(text) > MAX_CHARACTERS:
        raise ExpressionError(
            f"The expression has {len(text):,} characters; the limit is {MAX_CHARACTERS:,}.",
            remedy="Split it into smaller circuits.",
        )


def tokens(text: str) -> Iterator[Token]:
    """The pieces of an expression, `stop` last, in linear time. Raises `ExpressionError` at the first that is none."""
    at, depth = 0, 0
    while at < len(text):
        found = _PIECE.match(text, at)
        if found is None:
            raise _unknown(text, at)
        kind, piece, start = found.lastgroup, found.group(), at
        at = found.end()
        if kind == "blank":
            continue
        if kind == "sign":
            depth += (piece in "([") - (piece in ")]")
            if piece == "/" and text.startswith("/", at):
                raise ExpressionError(
                    "Division that rounds has no useful gradient.",
                    text=text, offset=start, length=2, remedy="Write one / to divide.",
                )  # fmt: skip
        elif kind == "end" and piece == "\n" and depth > 0:
            continue  # a line may be broken inside brackets
        elif kind == "name":
            piece = unicodedata.normalize("NFKC", piece)
            if len(piece) > MAX_NAME:
                raise ExpressionError(
                    f"A name has at most {MAX_NAME} characters.",
                    text=text, offset=start, length=at - start, remedy="Choose a shorter one.",
                )  # fmt: skip
        if kind == "end":
            depth = 0
        yield Token(kind, piece, start, at - start)
    yield Token("stop", "", len(text), 0)


def _unknown(text: str, at: int) -> ExpressionError:
    sign = text[at]
    what, remedy = _INSTEAD.get(
        sign, (f"“{sign}” is not read." if sign.isprintable() else "A sign that cannot be seen is in the way.", "")
    )
    if sign == "=":
        what, remedy = "Comparisons are not read.", "Use one = to name a value."
    return ExpressionError(
        what, text=text, offset=at, remedy=remedy or "Use letters, digits, + - * / ** ( ) and the functions."
    )
