"""From a worker thread to the pump: three lanes of values, no Qt, no callbacks.

Steps are lossless until nobody collects for so long that they must be thinned (keeping the extremes); snapshots and views are
latest-wins; endings, failures and epochs are ordered and never dropped.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass, field

from cvlab.engine.training.events import Event, SnapshotTaken, StepEnd, ViewMissed, ViewTaken

PENDING_STEPS = 8192
"""More uncollected steps than this are thinned to the smallest and largest loss of every four."""


@dataclass(frozen=True)
class Delivery:
    """What has come since the last `collect`."""

    steps: tuple[StepEnd, ...]
    snapshot: SnapshotTaken | None
    events: tuple[Event, ...]
    views: dict[str, ViewTaken | ViewMissed] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return bool(self.steps or self.snapshot or self.events or self.views)


class Mailbox:
    """`put` from the worker, `collect` from the GUI thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._steps: list[StepEnd] = []
        self._snapshot: SnapshotTaken | None = None
        self._views: dict[str, ViewTaken | ViewMissed] = {}
        self._events: list[Event] = []

    def put(self, event: Event) -> None:
        """Takes in one event; on the thread that makes them. Never waits for the reader."""
        with self._lock:
            if isinstance(event, StepEnd):
                self._steps.append(event)
                if len(self._steps) > PENDING_STEPS:
                    self._steps = _extremes(self._steps)
            elif isinstance(event, SnapshotTaken):
                self._snapshot = event
            elif isinstance(event, ViewTaken | ViewMissed):
                self._views[event.view] = event
            else:
                self._events.append(event)

    @property
    def is_urgent(self) -> bool:
        """Whether more than steps is waiting: somebody asked for it, or it ends something."""
        with self._lock:
            return bool(self._events or self._snapshot or self._views)

    def collect(self) -> Delivery:
        """All that came since the last time; on the reader's thread."""
        with self._lock:
            delivery = Delivery(tuple(self._steps), self._snapshot, tuple(self._events), self._views)
            self._steps, self._snapshot, self._events, self._views = [], None, [], {}
        return delivery


def _extremes(steps: list[StepEnd]) -> list[StepEnd]:
    kept: list[StepEnd] = []
    for start in range(0, len(steps), 4):
        four = steps[start : start + 4]
        low, high = min(four, key=lambda s: s.loss), max(four, key=lambda s: s.loss)
        kept += sorted({low.step: low, high.step: high}.values(), key=lambda s: s.step)
    return kept
