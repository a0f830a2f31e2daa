"""How others steer a run: thread-safe requests that the loop looks at between two steps."""

from __future__ import annotations

import threading


class Control:
    """Ask from any thread; the training loop answers at its next step."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._knobs: dict[str, float] = {}
        self._stop = threading.Event()
        self._snapshot = threading.Event()
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

    def ask_snapshot(self) -> None:
        """One copy of the weights, please."""
        self._snapshot.set()

    def take_snapshot_request(self) -> bool:
        wanted = self._snapshot.is_set()
        self._snapshot.clear()
        return wanted

    def attend(self, every_step: bool) -> None:
        """Whether each step is to be read at once, even where reading waits for the device (paused, single steps)."""
        if every_step:
            self._attention.set()
        else:
            self._attention.clear()

    @property
    def wants_attention(self) -> bool:
        return self._attention.is_set() or self._stop.is_set()
