"""One line of progress on standard error: rewritten in place on a terminal, now and then a line elsewhere."""

from __future__ import annotations

import sys
from time import monotonic
from typing import Any

from cvlab.core.jobs import JobControl


class ProgressLine:
    """`show` as often as you like; it writes ten times a second on a terminal, every ten seconds in a log."""

    def __init__(self) -> None:
        self._terminal = sys.stderr.isatty()
        self._next = 0.0
        self._width = 0

    def show(self, text: str, *, now: bool = False) -> None:
        if not now and monotonic() < self._next:
            return
        self._next = monotonic() + (0.1 if self._terminal else 10.0)
        if self._terminal:
            print("\r" + text.ljust(self._width), end="", file=sys.stderr, flush=True)
            self._width = len(text)
        else:
            print(text, file=sys.stderr, flush=True)

    def end(self) -> None:
        if self._terminal and self._width:
            print(file=sys.stderr)
            self._width = 0


class Shown(JobControl):
    """A job's progress as one line on standard error. words: says what was reported."""

    def __init__(self, words: Any) -> None:
        super().__init__()
        self._line, self._words = ProgressLine(), words

    def report(self, progress: Any) -> None:
        super().report(progress)
        self._line.show(self._words(progress))

    def end(self) -> None:
        self._line.end()


def duration(seconds: float | None) -> str:
    """ "2 h 05 min", "3 min 20 s", "12 s"; "" for None."""
    if seconds is None:
        return ""
    seconds = round(seconds)
    if seconds >= 3600:
        return f"{seconds // 3600} h {seconds % 3600 // 60:02d} min"
    if seconds >= 60:
        return f"{seconds // 60} min {seconds % 60:02d} s"
    return f"{seconds} s"
