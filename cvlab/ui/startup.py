"""How soon there is something to see: the window against a bare one with a single plot, each in a process of its own."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
from dataclasses import dataclass
from time import perf_counter

BARE = """
import os
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication, QMainWindow
import pyqtgraph

class Plot(pyqtgraph.PlotWidget):
    def paintEvent(self, event):
        super().paintEvent(event)
        QTimer.singleShot(0, self.end)

    def end(self):
        os._exit(0)

application = QApplication([])
window = QMainWindow()
plot = Plot()
plot.plot(range(100))
window.setCentralWidget(plot)
window.resize(1440, 900)
window.show()
application.exec()
"""


@dataclass(frozen=True)
class StartUp:
    """Medians in seconds from the start of the process to the first paint; ratio of the two."""

    window: float
    bare: float

    @property
    def ratio(self) -> float:
        return self.window / self.bare


def first_paint_seconds(times: int = 9) -> StartUp:
    """Starts both windows `times` times, turn about, after one of each to warm the file cache. About 1.5 s a pair.

    Raises `RuntimeError` with what the process said if one does not get as far as painting.
    """
    window = [sys.executable, "-m", "cvlab", "--probe-first-paint"]
    bare = [sys.executable, "-c", BARE]
    _seconds(window), _seconds(bare)
    pairs = [(_seconds(window), _seconds(bare)) for _ in range(times)]
    return StartUp(statistics.median(w for w, _ in pairs), statistics.median(b for _, b in pairs))


def _seconds(command: list[str]) -> float:
    environment = dict(os.environ)
    # An installed cvlab is compiled, as the libraries of the bare window are; the first start does it for a checkout.
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    if sys.platform == "linux" and not (environment.get("DISPLAY") or environment.get("WAYLAND_DISPLAY")):
        environment.setdefault("QT_QPA_PLATFORM", "offscreen")
    began = perf_counter()
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120)
    seconds = perf_counter() - began
    if done.returncode != 0:
        raise RuntimeError(f"{' '.join(command[:3])} ended with {done.returncode}: {done.stderr[-2000:]}")
    return seconds
