"""metrics.jsonl: the events of a run, a line each, appended while it trains and read while it grows."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import asdict, fields
from functools import cache, lru_cache
from math import isfinite
from pathlib import Path
from typing import IO

from cvlab.core.storage.growing_file import GrowingFile
from cvlab.engine.disk import write_whole
from cvlab.engine.errors import NotOurFile
from cvlab.engine.training.events import (
    EpochEnd,
    Event,
    KnobTurned,
    Noticed,
    RunFailed,
    RunFinished,
    RunStarted,
    StepEnd,
)

METRICS = "metrics.jsonl"
MAX_METRICS = 2_000_000_000

MAX_LINE = 20_000
"""Characters of a line at most: an event has a few hundred, one with words some thousands."""
MAX_COUNT = 2**53
"""Beyond it no count is one, and floats skip whole numbers."""

_EVENTS = {kind.__name__: kind for kind in (RunStarted, StepEnd, EpochEnd, KnobTurned, Noticed, RunFinished, RunFailed)}


def is_metric(event: Event) -> bool:
    """Whether an event belongs into metrics.jsonl: snapshots and views do not."""
    return type(event).__name__ in _EVENTS


def line_of(event: Event) -> str:
    return json.dumps({"event": type(event).__name__} | asdict(event)) + "\n"


class MetricsLog:
    """Appends to a run's metrics.jsonl. One thread writes."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / METRICS
        self._file = GrowingFile[str](self.path)
        self.flush, self.close = self._file.flush, self._file.close

    def append(self, event: Event) -> None:
        """A line; all but steps are flushed at once. Raises `CannotWrite`."""
        self._file.add(line_of(event), at_once=not isinstance(event, StepEnd))

    def rewrite(self, events: Iterable[Event]) -> None:
        """These events instead of what was there. Raises `CannotWrite`."""
        write_whole(self.path, "".join(map(line_of, events)).encode())


class MetricsTail:
    """A growing metrics.jsonl: each `read` gives the events of the lines that have been finished since the last one."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._offset = 0

    def read(self) -> Iterator[Event]:
        """Damaged lines are passed over; a half-written last line waits for its end. A file that was cut is read anew."""
        try:
            with self._path.open("rb") as file:
                size = file.seek(0, 2)
                if size > MAX_METRICS:
                    raise NotOurFile(f"{METRICS} is larger than {MAX_METRICS / 1e9:.0f} GB.")
                self._offset = file.seek(self._offset if self._offset <= size else 0)
                while line := file.readline(MAX_LINE):
                    whole = line.endswith(b"\n")
                    if not whole and not _pass_over(file):
                        return
                    self._offset = file.tell()
                    event = _parse(line) if whole else None
                    if event is not None:
                        yield event
        except FileNotFoundError:
            return


def _pass_over(file: IO[bytes]) -> bool:
    """To the end of a line that began before; whether there is one yet."""
    while piece := file.readline(MAX_LINE):
        if piece.endswith(b"\n"):
            return True
    return False


def _parse(line: bytes) -> Event | None:
    try:
        told = json.loads(line)
        kind = _EVENTS[told.pop("event")]
        if not _fits(kind, tuple(told), tuple(map(type, told.values()))):
            return None
        for value in told.values():
            if type(value) is int and not 0 <= value < MAX_COUNT:
                return None
        event = kind(**told)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return None
    # A step whose loss is no number ends a run before it is written.
    return None if kind is StepEnd and not isfinite(event.loss + event.learning_rate + event.seconds) else event


@cache
def _annotations(kind: type) -> dict[str, tuple[type, ...]]:
    """The types that the fields of an event may have in JSON."""
    known = {"int": (int,), "float": (float, int), "str": (str,), "bool": (bool,), "None": (type(None),)}
    return {each.name: sum((known[name] for name in str(each.type).split(" | ")), ()) for each in fields(kind)}


@lru_cache(maxsize=1000)
def _fits(kind: type, names: tuple[str, ...], types: tuple[type, ...]) -> bool:
    """Whether fields of these names have the types that they should: damage may leave JSON that is whole."""
    known = _annotations(kind)
    return all(name in known and type_ in known[name] for name, type_ in zip(names, types, strict=True))
