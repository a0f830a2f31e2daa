"""Processes that train, by turns of a few seconds: while one works, the others are held. A machine's speed wanders over minutes,
so that only what was measured within seconds can be compared."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from time import perf_counter, sleep

from cvlab.cli.bench.process import environment, failure
from cvlab.engine.errors import CvlabError
from cvlab.engine.pace import READY, rate


class Side:
    """One of the processes: held unless it has its turn."""

    def __init__(self, module: str, *arguments: str, home: str = "") -> None:
        self._what = (module, *arguments)
        self._process = subprocess.Popen(
            [sys.executable, "-m", module, *arguments],
            env=environment(home),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            encoding="utf-8",
        )
        self.turns: list[tuple[float, float]] = []

    def warm_up(self) -> None:
        """Waits until it trains at its usual pace, then holds it."""
        while line := self._process.stdout.readline():
            if line.strip() == READY:
                self._process.send_signal(signal.SIGSTOP)
                return
        raise failure(self._process.wait(), *self._what)

    def take_turn(self, seconds: float) -> None:
        self._process.send_signal(signal.SIGCONT)
        began = perf_counter()
        sleep(seconds)
        self.turns.append((began, perf_counter()))
        self._process.send_signal(signal.SIGSTOP)

    def finish(self) -> dict:
        """Lets it end, and returns what it tells, its rates of each turn (images a second) among it."""
        self._process.send_signal(signal.SIGCONT)
        told, _ = self._process.communicate()  # which closes its standard input: the sign to end
        if self._process.returncode != 0:
            raise failure(self._process.returncode, *self._what)
        result = json.loads(told.splitlines()[-1])
        marks = result.pop("marks")
        return result | {"rates": [rate(marks, *turn) for turn in self.turns]}

    def kill(self) -> None:
        self._process.kill()
        with self._process:
            pass


@contextmanager
def side(module: str, *arguments: str, home: str = "") -> Iterator[Side]:
    """A process that does not outlive the block."""
    one = Side(module, *arguments, home=home)
    try:
        yield one
    finally:
        one.kill()


def by_turns(make: list[Callable[[], object]], turns: int, seconds: float, said: Callable[[int], None]) -> list[dict]:
    """What each side tells after so many turns. make: context managers of the sides, begun one after the other.

    CvlabError where a process cannot be held."""
    if not hasattr(signal, "SIGSTOP") or os.name != "posix":
        raise CvlabError(
            "This system cannot hold a process while another is measured.", remedy="Measure on Linux or macOS."
        )
    with ExitStack() as stack:
        sides = []
        for each in make:
            sides.append(stack.enter_context(each()))
            sides[-1].warm_up()
        for turn in range(turns):
            said(turn)
            # The one that was last begins: neither always follows the other.
            for each in sides if turn % 2 == 0 else reversed(sides):
                each.take_turn(seconds)
        return [each.finish() for each in sides]
