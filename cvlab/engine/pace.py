"""How far a measured process had come, and when: what `cvlab bench window` compares between two processes that take turns."""

from __future__ import annotations

import sys
import threading
from time import perf_counter

READY = "ready"
"""The line that says that warming up is over."""

WARM_UP = 2.0
"""Seconds of training before."""


class Pace:
    """Marks of (seconds, images trained) by the system's monotonic clock, which all processes of a machine share.

    The process that measures reads READY from our standard output, and closes our standard input when it has seen enough."""

    def __init__(self) -> None:
        self.marks: list[tuple[float, int]] = []
        self._end = threading.Event()

    @property
    def is_over(self) -> bool:
        return self._end.is_set()

    def begin(self) -> None:
        """Warm from now on."""
        threading.Thread(target=self._wait, name="pace", daemon=True).start()
        sys.stdout.write(READY + "\n")
        sys.stdout.flush()

    def mark(self, images: int) -> None:
        """So many images have been trained in all; says nothing new if there are no more than before."""
        if not self.marks or images > self.marks[-1][1]:
            self.marks.append((perf_counter(), images))

    def _wait(self) -> None:
        sys.stdin.read()
        self._end.set()


def rate(marks: list[tuple[float, int]], began: float, ended: float) -> float:
    """Images a second between two moments, from the first mark after the one to the last before the other: steps that reach over
    an end, and might have been held there, do not count. ValueError with fewer than two marks between."""
    inside = [(at, images) for at, images in marks if began <= at <= ended]
    if len(inside) < 2:
        raise ValueError(f"{len(inside)} marks in {ended - began:.1f} s are too few for a rate")
    (first, before), (last, after) = inside[0], inside[-1]
    return (after - before) / (last - first)
