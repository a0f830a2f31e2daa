"""How long the event loop stands still, and what it does meanwhile: a watchdog beside the GUI thread."""

from __future__ import annotations

import sys
import threading
import time
import traceback
from collections import Counter
from dataclasses import dataclass

from PySide6.QtCore import QObject, QTimer

BEAT_MS = 5
SAMPLE_S = 0.01


@dataclass(frozen=True)
class Gap:
    """The loop delivered no timer for so long. stack: the frames of the GUI thread that most samples of this gap saw."""

    seconds: float
    at: float
    stack: str


class GapRecorder(QObject):
    """Use it as a context: a timer beats on the GUI thread, and a thread samples the GUI thread's stack between late beats."""

    def __init__(self, at_least_s: float = 0.03) -> None:
        super().__init__()
        self.gaps: list[Gap] = []
        self._least = at_least_s
        self._began = self._last = time.perf_counter()
        self._samples: Counter[str] = Counter()
        self._gui = threading.get_ident()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="gap-recorder", daemon=True)
        self._timer = QTimer(self)
        self._timer.setInterval(BEAT_MS)
        self._timer.timeout.connect(self._beat)

    def __enter__(self) -> GapRecorder:
        self._last = time.perf_counter()
        self._timer.start()
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._beat()
        self._timer.stop()
        self._stop.set()
        self._thread.join()

    def _beat(self) -> None:
        now = time.perf_counter()
        if now - self._last >= self._least:
            stack = self._samples.most_common(1)[0][0] if self._samples else ""
            self.gaps.append(Gap(now - self._last, self._last - self._began, stack))
        self._samples.clear()
        self._last = now

    def _watch(self) -> None:
        while not self._stop.wait(SAMPLE_S):
            if time.perf_counter() - self._last >= self._least:
                frame = sys._current_frames().get(self._gui)
                self._samples["".join(traceback.format_stack(frame, limit=12))] += 1
                del frame  # or it would keep the widgets of its locals alive

    def longest(self, count: int = 10) -> list[Gap]:
        """The longest first."""
        return sorted(self.gaps, key=lambda gap: -gap.seconds)[:count]

    def report(self, count: int = 10) -> str:
        """Milliseconds, seconds since the start, and the stack of each."""
        return "\n".join(
            f"-- {gap.seconds * 1000:.0f} ms at {gap.at:.1f} s\n{gap.stack}" for gap in self.longest(count)
        )
