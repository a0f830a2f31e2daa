"""How others steer a run: thread-safe requests that the loop looks at between two steps."""

from __future__ import annotations

import threading
from collections.abc import Callable

VIEWS = ("snapshot", "layers", "filters", "confusion", "mistakes")
"""What can be asked for: "snapshot" is a copy of the weights, the others are those of `engine.training.views`."""


class Control:
    """Ask from any thread; the training loop answers at its next step.

    reads_test: asked once, when the recipe is fulfilled, on the thread that trains: whether the test set is read then.
    """

    def __init__(self) -> None:
        self.reads_test: Callable[[], bool] = lambda: True
        self._lock = threading.Lock()
        self._knobs: dict[str, float] = {}
        self._stop = threading.Event()
        self._asked: dict[str, bool] = {}
        self._attention = threading.Event()

    def stop(self) -> None:
        self._stop.set()

    @property
    def stopped(self) -> bool:
        return self._stop.is_set()

    def turn(self, knob: str, value: float) -> None:
        """Another value for a live knob, e.g. "optimizer.learning_rate"; the newest wins."""
        with self._lock:
            self._knobs[knob] = value

    def take_knobs(self) -> dict[str, float]:
        with self._lock:
            knobs, self._knobs = self._knobs, {}
        return knobs

    def ask(self, view: str) -> None:
        """Once, please: one of VIEWS. Answered by an event after one of the next steps; asking again before that changes
        nothing. Raises ValueError for what there is not."""
        if view not in VIEWS:
            raise ValueError(f"there is no view {view!r}; there are {', '.join(VIEWS)}")
        with self._lock:
            self._asked[view] = True

    def take_requests(self) -> tuple[str, ...]:
        """What was asked for since the last time, in the order of asking."""
        if not self._asked:  # looked at every step: no lock for nothing
            return ()
        with self._lock:
            asked, self._asked = tuple(self._asked), {}
        return asked

    @property
    def has_requests(self) -> bool:
        return bool(self._asked)

    def ask_snapshot(self) -> None:
        """One copy of the weights, please."""
        self.ask("snapshot")

    def attend(self, every_step: bool) -> None:
        """Whether each step is to be read at once, even where reading waits for the device (paused, single steps)."""
        if every_step:
            self._attention.set()
        else:
            self._attention.clear()

    @property
    def wants_attention(self) -> bool:
        return self._attention.is_set() or self._stop.is_set()
