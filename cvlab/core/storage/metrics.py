"""metrics.jsonl: the events of a run, a line each, appended while it trains and read while it grows."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import asdict
from pathlib import Path

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
                for line in file:
                    if not line.endswith(b"\n"):
                        return
                    self._offset += len(line)
                    event = _parse(line)
                    if event is not None:
                        yield event
        except FileNotFoundError:
            return


def _parse(line: bytes) -> Event | None:
    try:
        fields = json.loads(line)
        return _EVENTS[fields.pop("event")](**fields)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return None
