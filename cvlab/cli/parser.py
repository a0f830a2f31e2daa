"""The parser of the command line: argparse's, with one sentence for what is wrong, and the name that was probably meant."""

from __future__ import annotations

import argparse
import difflib
import math
from collections.abc import Callable, Iterable, Sequence
from typing import Any, NoReturn


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """ "Did you mean “train”?" for the nearest of the names; "" where none is near."""
    names = {each.lower(): each for each in known}
    close = difflib.get_close_matches(name.lower(), names, n=1, cutoff=0.6)
    return f"Did you mean “{names[close[0]]}”?" if close else ""


class Parser(argparse.ArgumentParser):
    """problem: what was wrong with the arguments that were read last, for those who read JSON. rewrite: changes this parser's
    arguments before they are read."""

    problem = ""
    _given: list[str] = []
    rewrite: Callable[[Parser, list[str]], list[str]] | None = None

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> Any:  # type: ignore[override]
        if args is not None and self.rewrite is not None:
            args = self.rewrite(self, list(args))
        self._given = list(args or ())
        found, rest = super().parse_known_args(args, namespace)
        if rest:
            self.error(self._unknown(rest))
        return found, rest

    def _is_unknown(self, name: str) -> bool:
        return name.startswith("--") and len(name) > 2 and not any(each.startswith(name) for each in self.options)

    @property
    def options(self) -> list[str]:
        """The names of all long options."""
        return [name for name in self._option_string_actions if name.startswith("--")]

    def _unknown(self, rest: Sequence[str]) -> str:
        name = rest[0].partition("=")[0]
        if not name.startswith("-"):
            return f"“{rest[0]}” is one argument too many."
        return f"There is no option {name}. {did_you_mean(name, self._option_string_actions)}".strip()

    def _check_value(self, action: argparse.Action, value: Any) -> None:
        if action.choices is None or value in action.choices:
            return
        names = [str(choice) for choice in action.choices]
        guess = did_you_mean(str(value), names) or f"There are: {', '.join(names)}."
        is_verb = isinstance(action, argparse._SubParsersAction)
        what = f"There is no verb “{value}”." if is_verb else f"{_name(action)} cannot be “{value}”."
        raise argparse.ArgumentError(None, f"{what} {guess}")

    def error(self, message: str) -> NoReturn:
        if message.startswith("the following arguments are required"):  # what is written wrongly explains more
            wrong = [each for each in self._given if self._is_unknown(each.partition("=")[0])]
            message = self._unknown(wrong) if wrong else message
        sentence = f"{message[:1].upper()}{message[1:]}"
        sentence = sentence if sentence.endswith((".", "?")) else f"{sentence}."
        Parser.problem = sentence
        self.exit(2, f"{sentence} See `{self.prog} --help`.\n")


def _name(action: argparse.Action) -> str:
    if action.option_strings:
        return max(action.option_strings, key=len)
    return str(action.metavar or action.dest)


# -- types of arguments ------------------------------------------------------------------------------------------------


def whole(least: int, most: int) -> Callable[[str], int]:
    """A whole number between these, both included."""

    def read(text: str) -> int:
        try:
            value = int(text)
        except ValueError:
            value = None
        if value is None or not least <= value <= most:
            raise argparse.ArgumentTypeError(f"“{text[:40]}” is not a whole number from {least:,} to {most:,}.")
        return value

    return read


def number(least: float, most: float) -> Callable[[str], float]:
    """A number between these, both included."""

    def read(text: str) -> float:
        try:
            value = float(text)
        except ValueError:
            value = math.nan
        if not least <= value <= most:
            raise argparse.ArgumentTypeError(f"“{text[:40]}” is not a number from {least:g} to {most:g}.")
        return value

    return read


def whole_numbers(least: int, most: int) -> Callable[[str], tuple[int, ...]]:
    """Whole numbers with commas between them: "1,3,5"."""
    one = whole(least, most)
    return lambda text: tuple(one(part.strip()) for part in text.split(","))


def size(text: str) -> tuple[int, int]:
    """A window's size, "1024x700"; no smaller than the window gets, no larger than screens are."""
    width, times, height = text.lower().replace("×", "x").partition("x")
    if not (times and width.isdecimal() and height.isdecimal()):
        raise argparse.ArgumentTypeError(f"“{text[:40]}” is no size; one is written 1440x900.")
    if len(width) > 4 or len(height) > 4 or not (800 <= int(width) <= 7680 and 600 <= int(height) <= 4320):
        raise argparse.ArgumentTypeError(f"“{text[:40]}” is not between 800x600 and 7680x4320.")
    return int(width), int(height)
