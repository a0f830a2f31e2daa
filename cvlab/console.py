"""Standard output and standard error as the machine has them: in any encoding, closed, or with nobody reading on.

On Windows, redirected output is in the code page of the country (cp1252, cp437, gbk), and under `LC_ALL=C` it may be ASCII. The
texts of cvlab hold multiplication signs, dashes and Greek letters: what an encoding does not have is written in plain letters.
"""

from __future__ import annotations

import codecs
import contextlib
import os
import sys
import unicodedata

ERRORS = "cvlab.plain_letters"
"""The name under which Python's encoders know the replacement."""

_PLAIN = {
    "×": "x", "–": "-", "—": "-", "−": "-", "‐": "-", "‑": "-", "…": "...", "“": '"', "”": '"', "„": '"', "‘": "'", "’": "'",
    "«": '"', "»": '"', "·": "*", "⋅": "*", "∗": "*", "•": "*", "÷": "/", "⁄": "/", "∕": "/", "±": "+/-", "∓": "-/+", "→": "->",
    "←": "<-", "↔": "<->", "⇒": "=>", "↑": "^", "↓": "v", "≤": "<=", "≥": ">=", "≠": "!=", "≈": "~", "≪": "<<", "≫": ">>",
    "√": "sqrt", "∞": "inf", "∂": "d", "∇": "grad", "∑": "sum", "∏": "product", "∫": "integral", "∈": "in", "∥": "||",
    "‖": "||", "°": " deg", "µ": "u", "ß": "ss", "æ": "ae", "Æ": "AE", "ø": "o", "Ø": "O", "œ": "oe", "Œ": "OE", "ł": "l",
    "Ł": "L", "đ": "d", "ı": "i", "✓": "yes", "✗": "no", "✕": "x", "★": "*", "☆": "*", "█": "#", "▓": "#", "▒": "+", "░": ".",
    "─": "-", "│": "|", "├": "+", "└": "+", "▏": "|", "●": "*", "◆": "*", "⬢": "*", "■": "#", "▲": "^",
    "©": "(c)", "®": "(R)", "€": "EUR", "£": "GBP", "¥": "JPY", "§": "section ", "¬": "not ", "⊙": "*",
    "∘": " o ", "⊕": "+", "∝": "~", "⌊": "floor(", "⌋": ")", "⌈": "ceil(", "⌉": ")", "‰": " per mille", "⌘": "Cmd",
    "⇧": "Shift",
}  # fmt: skip
_GREEK = {"lamda": "lambda", "final sigma": "sigma"}


def plain(text: str) -> str:
    """The text in ASCII, to be read: "28×28" -> "28x28", "λ = ½" -> "lambda = 1/2". "?" only for what has no reading there."""
    found, raised = [], False
    for character in text:
        decomposition = unicodedata.decomposition(character)
        is_super = decomposition.startswith("<super>")
        if is_super and not raised:
            found.append("^")
        raised = is_super
        found.append(_plain_character(character))
    return "".join(found)


def _plain_character(character: str) -> str:
    if character.isascii():
        return character
    if character in _PLAIN:
        return _PLAIN[character]
    if character.isspace() or unicodedata.category(character) in ("Zs", "Cf"):
        return " " if character.isspace() else ""
    parts = [part for part in unicodedata.normalize("NFKD", character) if not unicodedata.combining(part)]
    if parts and parts != [character]:
        return "".join(map(_plain_character, parts))
    name = unicodedata.name(character, "")
    for words in ("GREEK SMALL LETTER ", "GREEK CAPITAL LETTER "):
        if name.startswith(words):
            letter = name.removeprefix(words).lower()
            letter = _GREEK.get(letter, letter)
            return letter.capitalize() if "CAPITAL" in words else letter
    return "?"


def _replace(error: UnicodeError) -> tuple[str | bytes, int]:
    """For the encoders: what to write instead. A byte of a file's name that is no text in this system is written as it is."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    code = ord(error.object[error.start])
    if 0xDC80 <= code <= 0xDCFF and not error.encoding.lower().startswith(("utf-16", "utf-32", "utf16", "utf32")):
        return bytes([code - 0xDC00]), error.start + 1
    end = error.start + 1
    while end < error.end and not 0xDC80 <= ord(error.object[end]) <= 0xDCFF:
        end += 1
    return plain(error.object[error.start : end]), end


codecs.register_error(ERRORS, _replace)


def prepare() -> None:
    """Makes both streams safe to write to, whatever they are. Can be called again."""
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is None:  # closed by whoever started the process (`>&-`), or a program without a console
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: PTH123, SIM115
        elif getattr(stream, "errors", ERRORS) != ERRORS and hasattr(stream, "reconfigure"):
            stream.reconfigure(errors=ERRORS)


def say(text: str = "", end: str = "\n") -> None:
    """A message on standard error. Nothing is raised: what is done goes on, whether or not somebody can read of it."""
    with contextlib.suppress(OSError, ValueError):
        print(text, end=end, file=sys.stderr, flush=True)  # noqa: T201


def finish() -> bool:
    """Writes out what is still held back. False where that cannot be done: nothing more is written then, not by the interpreter
    at its end either."""
    with contextlib.suppress(OSError, ValueError):
        sys.stderr.flush()
    try:
        sys.stdout.flush()
    except (OSError, ValueError):
        sys.stdout = open(os.devnull, "w", encoding="utf-8")  # noqa: PTH123, SIM115
        return False
    return True
