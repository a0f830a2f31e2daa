"""metrics.jsonl: the events of a run, a line each, appended while it trains and read while it grows."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, fields, replace
from functools import cache, lru_cache
from math import isfinite
from pathlib import Path
from typing import IO, TypeVar

from cvlab.core.storage.growing_file import GrowingFile
from cvlab.engine.disk import write_whole
from cvlab.engine.errors import NotOurFile
from cvlab.engine.files import open_regular
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

E = TypeVar("E", bound=Event)
METRICS = "metrics.jsonl"
MAX_METRICS = 2_000_000_000

MAX_LINE = 20_000
"""Characters of a line at most: an event has a few hundred, one with words some thousands."""
MAX_DAMAGED = 10_000
"""Damaged lines of a file at most: each takes as long as one that is whole."""
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
        self._file = GrowingFile[str](folder / METRICS)
        self.flush, self.sync, self.close = self._file.flush, self._file.sync, self._file.close
        self._started: RunStarted | None = None

    @property
    def path(self) -> Path:
        return self._file.path

    def append(self, event: Event) -> None:
        """A line; all but steps are flushed at once. A run that goes on as it was started does not say so again: its log is then
        that of a run that was never interrupted. Raises `CannotWrite`."""
        if isinstance(event, RunStarted):
            if self._started is not None and replace(event, start_step=self._started.start_step) == self._started:
                return
            self._started = event
        self._file.add(line_of(event), at_once=not isinstance(event, StepEnd))

    def rewrite(self, events: Iterable[Event]) -> None:
        """These events instead of what was there. Raises `CannotWrite`."""
        self.close()
        events = list(events)
        self._started = next((each for each in reversed(events) if isinstance(each, RunStarted)), None)
        write_whole(self.path, "".join(map(line_of, events)).encode(), parents=False)

    def repair(self) -> str:
        """Puts the file back where another program has deleted or replaced it; what happened to it, in words, "" for nothing.
        Raises `CannotWrite`."""
        self.flush()
        if not self._file.is_in_place:
            content = self._file.content()
            self.close()
            write_whole(self.path, content, parents=False)
            return f"{METRICS} was deleted or replaced while the run trained. It was written again; nothing is missing."
        if self._file.was_shortened:
            return f"Another program has cut {METRICS} off while the run trained: some of the run's steps are missing in it."
        return ""

    def events(self) -> list[Event]:
        """What has been logged, even where the file was deleted since. Raises `CannotWrite`."""
        parsed = (_parse(line) for line in self._file.content().splitlines(keepends=True) if line.endswith(b"\n"))
        return [event for event in parsed if event is not None]


@dataclass(frozen=True)
class Coverage:
    """How far a log tells the whole story of a run: steps and epochs without a gap from where the run's own story begins."""

    step: int
    epoch: int

    @classmethod
    def of(cls, events: Iterable[Event], start: tuple[int, int] = (0, 0)) -> Coverage:
        """start: (step, epoch) from which the run went on, of a branch; a fresh one begins at (0, 0)."""
        steps, epochs = set(), set()
        for event in events:
            if isinstance(event, StepEnd):
                steps.add(event.step)
            elif isinstance(event, EpochEnd):
                epochs.add(event.epoch)
        step, epoch = start
        while step + 1 in steps:
            step += 1
        while epoch + 1 in epochs:
            epoch += 1
        return cls(step, epoch)

    def includes(self, step: int, epoch: int) -> bool:
        return step <= self.step and epoch <= self.epoch


def story_until(events: Iterable[Event], step: int, epoch: int) -> list[Event]:
    """What belongs to the story of a run that goes on after `step` updates and `epoch` epochs: every step and epoch once, and
    not how the run ended."""
    kept: list[Event] = []
    last_step = last_epoch = 0
    started: RunStarted | None = None
    for event in events:
        match event:
            case RunFinished() | RunFailed():
                continue
            case RunStarted():
                if event.start_step > step or (started and replace(event, start_step=started.start_step) == started):
                    continue
                started = event
            case StepEnd():
                if not last_step < event.step <= step:
                    continue
                last_step = event.step
            case EpochEnd():
                if event.step > step or not last_epoch < event.epoch <= epoch:
                    continue
                last_epoch = event.epoch
            case _:
                if getattr(event, "step", 0) > step:
                    continue
        kept.append(event)
    return kept


class MetricsTail:
    """A growing metrics.jsonl: each `read` gives the events of the lines that have been finished since the last one."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._offset = self._damaged = 0

    def read(self) -> Iterator[Event]:
        """Damaged lines are passed over; a half-written last line waits for its end. A file that was cut is read anew. Raises
        `NotOurFile` for a file that cannot be read, is too large, or has more than `MAX_DAMAGED` damaged lines."""
        try:
            with open_regular(self._path) as file:
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
                        continue
                    self._damaged += 1
                    if self._damaged > MAX_DAMAGED:
                        raise NotOurFile(f"{METRICS} holds something else than the figures of a run.")
        except FileNotFoundError:
            return
        except OSError as error:
            raise NotOurFile(f"{METRICS} cannot be read.", received=error.strerror or str(error)) from error


def events_of(path: Path, kind: type[E]) -> list[E]:
    """The events of one kind in a metrics.jsonl, in order; only their lines are parsed: 15 ms for 100,000 steps."""
    mark, found = f'"{kind.__name__}"'.encode(), []
    try:
        with path.open("rb") as file:
            while line := file.readline(MAX_LINE):
                if not line.endswith(b"\n") and not _pass_over(file):
                    break
                if mark in line and line.endswith(b"\n") and isinstance(event := _parse(line), kind):
                    found.append(event)
    except OSError:
        return []
    return found


def _pass_over(file: IO[bytes]) -> bool:
    """To the end of a line that began before; whether there is one yet."""
    while piece := file.readline(MAX_LINE):
        if piece.endswith(b"\n"):
            return True
    return False


def _parse(line: bytes) -> Event | None:
    """The event of a line; None for one that is damaged. Of an epoch or of a whole set a loss may be infinite or NaN, and is
    written so; a step whose loss is ends the run before it is written. No other figure may be."""
    try:
        told = json.loads(line)
        kind = _EVENTS[told.pop("event")]
        if not _fits(kind, tuple(told), tuple(map(type, told.values()))):
            return None
        for name, value in told.items():
            if type(value) is int and not 0 <= value < MAX_COUNT:
                return None
            if type(value) is float and not isfinite(value) and not (name.endswith("_loss") and kind is not StepEnd):
                return None
        event = kind(**told)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return None
    return event


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
