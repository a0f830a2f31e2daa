"""The pump: thirty times a second it takes in what threads have produced, then lets the visible panel draw. It never waits."""

from __future__ import annotations

import logging
from time import perf_counter

import numpy as np
from PySide6.QtCore import QObject, Qt, QTimer, Signal

from cvlab.core.lab import Lab
from cvlab.ui.panel import Panel

log = logging.getLogger("cvlab.ui")

INTERVAL = 33
"""Milliseconds between two ticks."""

BIN, BINS = 0.25, 4000
"""Width of a histogram bin in milliseconds, and how many: one second in all."""


class Histogram:
    """Durations in milliseconds: constant memory, whatever the time it runs."""

    def __init__(self) -> None:
        self._bins = np.zeros(BINS + 1, dtype=np.int64)
        self.count = 0
        self.max = 0.0

    def add(self, milliseconds: float) -> None:
        self._bins[min(BINS, int(milliseconds / BIN))] += 1
        self.count += 1
        self.max = max(self.max, milliseconds)

    def percentile(self, share: float) -> float:
        """The upper end of the bin that holds the given share (0..1) of the durations; at most a bin too high."""
        if not self.count:
            return 0.0
        rank = int(np.ceil(share * self.count))
        index = int(np.searchsorted(np.cumsum(self._bins), max(1, rank)))
        return self.max if index == BINS else min(self.max, (index + 1) * BIN)

    def summary(self) -> dict[str, float]:
        """count, and p50, p99 and max in milliseconds."""
        return {"count": self.count, "p50": self.percentile(0.5), "p99": self.percentile(0.99), "max": self.max}


class Pump(QObject):
    """late: how much later than 33 ms after the one before a tick began. took: how long the tick lasted."""

    ticked = Signal()
    panel_failed = Signal(object, object)  # the panel, the exception

    def __init__(self, lab: Lab, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._lab = lab
        self._last_error = ""
        self._began: float | None = None
        self.panel: Panel | None = None
        self.late = Histogram()
        self.took = Histogram()
        self._timer = QTimer(self)
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.setInterval(INTERVAL)
        self._timer.timeout.connect(self.tick)

    def start(self) -> None:
        self._began = None
        self._timer.start()

    def stop(self) -> None:
        self._timer.stop()

    def forget(self) -> None:
        """Starts the histograms afresh, for a measurement."""
        self.late, self.took = Histogram(), Histogram()
        self._began = None

    def tick(self) -> None:
        """Once round. What fails here becomes a notice: a timer that raises would do so thirty times a second."""
        began = perf_counter()
        if self._began is not None:
            self.late.add(max(0.0, (began - self._began) * 1000 - INTERVAL))
        self._began = began
        try:
            self._lab.pump()
        except Exception as error:
            self._report(error)
        panel = self.panel
        if panel is not None:
            try:
                panel.tick()
            except Exception as error:
                log.exception("panel %s failed while it was drawn", type(panel).__name__)
                self.panel = None
                self.panel_failed.emit(panel, error)
        self.ticked.emit()
        self.took.add((perf_counter() - began) * 1000)

    def _report(self, error: Exception) -> None:
        log.error("work failed", exc_info=error)
        words = f"{type(error).__name__}: {error}"
        if words != self._last_error:
            self._last_error = words
            self._lab.notices.error(error)
