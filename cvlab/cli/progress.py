"""One line of progress on standard error: rewritten in place on a terminal, now and then a line elsewhere."""

from __future__ import annotations

import signal
import sys
import threading
from collections.abc import Callable
from time import monotonic
from typing import Any

from cvlab import console
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
            console.say("\r" + text.ljust(self._width), end="")
            self._width = len(text)
        else:
            console.say(text)

    def end(self) -> None:
        if self._terminal and self._width:
            console.say()
            self._width = 0


class Interrupts:
    """While it is in force, the first Ctrl+C (or SIGTERM) is passed on, and the second ends everything at once.

    What is asked to stop may only be known after the first: `told` then calls it at once. Elsewhere than on the main thread,
    where signals do not come, it does nothing.
    """

    def __init__(self, stop: Callable[[], None] | None = None) -> None:
        self._stop, self._count = stop, 0
        self._before: dict[int, Any] = {}

    def __enter__(self) -> Interrupts:
        if threading.current_thread() is threading.main_thread():
            self._before = {kind: signal.signal(kind, self._hear) for kind in (signal.SIGINT, signal.SIGTERM)}
        return self

    def __exit__(self, *_: object) -> None:
        for kind, handler in self._before.items():
            signal.signal(kind, signal.SIG_DFL if handler is None else handler)  # None: not one of Python's

    def told(self, stop: Callable[[], None]) -> None:
        self._stop = stop
        if self._count:
            stop()

    def _hear(self, *_: object) -> None:
        self._count += 1
        if self._count > 1:
            raise KeyboardInterrupt
        if self._stop is not None:
            self._stop()


class Shown(JobControl):
    """A job's progress as one line on standard error; as a context, Ctrl+C cancels the job. words: says what was reported."""

    def __init__(self, words: Any) -> None:
        super().__init__()
        self._line, self._words = ProgressLine(), words
        self._interrupts = Interrupts(self.cancel)

    def report(self, progress: Any) -> None:
        super().report(progress)
        self._line.show(self._words(progress))

    def __enter__(self) -> Shown:
        self._interrupts.__enter__()
        return self

    def __exit__(self, *_: object) -> None:
        self._interrupts.__exit__()
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
