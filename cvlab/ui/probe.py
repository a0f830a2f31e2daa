"""What `cvlab bench` measures in the real window: training's rate and ticks, and the time from a stroke to its probabilities."""

from __future__ import annotations

import argparse
import json
import math
import sys
from collections.abc import Callable
from time import perf_counter
from typing import Any

from PySide6.QtCore import QEvent, QObject, QPointF, Qt, QTimer
from PySide6.QtGui import QMouseEvent
from PySide6.QtWidgets import QApplication, QWidget

from cvlab.core.lab import Lab
from cvlab.engine.nets import zoo
from cvlab.engine.pace import WARM_UP, Pace
from cvlab.ui.app import Session, dress, share_interpreter
from cvlab.ui.pump import INTERVAL
from cvlab.ui.window import MainWindow

TICKS = 8.0
"""Seconds of training in which the window's ticks are measured, before other processes have their turns."""


class TrainProbe(QObject):
    """Waits until PyTorch is warm and all panels are built, trains LeNet on the training panel, measures the ticks, and marks its
    pace until nobody wants more of it. Ends the application."""

    def __init__(self, window: MainWindow, session: Session, data: str) -> None:
        super().__init__(window)
        self._window, self._session, self._data = window, session, data
        self._started = 0.0
        self._pace = Pace()
        self._warm_at: float | None = None
        self._tick_figures: dict | None = None
        self.result: dict | None = None
        window.pump.ticked.connect(self._ticked)

    def _start(self) -> None:
        lab = self._window.lab
        lab.project.recipe = lab.project.recipe.changed(data=self._data, epochs=10_000)
        self._window.go("training")
        lab.runs.start(zoo.lenet(), lab.project.recipe, title="bench")
        self._started = perf_counter()

    def _ticked(self) -> None:
        run = self._window.lab.runs.current
        if run is None and self._session.warm_up.is_told and not self._window.stack.missing():
            self._start()
        if run is None or run.state.step == 0:
            return
        self._pace.mark(run.state.step * run.recipe.batch_size)
        now = perf_counter()
        if self._warm_at is None:
            if now - self._started > WARM_UP:
                self._warm_at = now
                self._window.pump.forget()
        elif self._tick_figures is None:
            if now - self._warm_at > TICKS:
                self._tick_figures = self._ticks()
                self._pace.begin()
        elif self._pace.is_over and self.result is None:
            self.result = {"marks": self._pace.marks, "ticks": self._tick_figures}
            self._window.leave()

    def _ticks(self) -> dict:
        late, took = self._window.pump.late.summary(), self._window.pump.took.summary()
        return {
            "interval_ms": INTERVAL,
            "count": late["count"],
            **{f"late_{key}_ms": late[key] for key in ("p50", "p99", "max")},
            **{f"work_{key}_ms": took[key] for key in ("p50", "p99", "max")},
        }


class StrokeProbe(QObject):
    """Draws one long spiral on the digits panel, a movement every 16 ms, and reads the panel's own latencies."""

    MOVES = 600
    WARM = 100  # movements before the measurement begins

    def __init__(self, window: MainWindow, session: Session) -> None:
        super().__init__(window)
        self._window = window
        self._sent = 0
        self.result: dict | None = None
        self._timer = QTimer(self)
        self._timer.setInterval(16)
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.timeout.connect(self._move)
        session.warm_up.finished.connect(self._start)

    def _start(self, *_: str) -> None:
        self._window.go("digits")
        self._panel = self._window.panel("digits")
        self._pad = self._panel.findChild(QWidget, "digits.pad")
        self._timer.start()

    def _move(self) -> None:
        if self._sent == 0 and (self._panel.reading is None or self._window.stack.missing()):
            return  # the net is still being loaded, or another panel built; the digit that lies ready will be read first
        if self._sent == self.WARM:
            self._panel.latency.clear()
        kind = QEvent.Type.MouseMove if self._sent else QEvent.Type.MouseButtonPress
        self._send(kind, self._sent / self.MOVES)
        self._sent += 1
        if self._sent > self.MOVES:
            self._timer.stop()
            self._send(QEvent.Type.MouseButtonRelease, 1.0)
            latency = self._panel.latency
            self.result = {
                "moves": len(latency),
                "p50_ms": latency.p50(),
                "p99_ms": latency.p99(),
                "max_ms": latency.quantile(1.0),
            }
            self._window.leave()

    def _send(self, kind: QEvent.Type, share: float) -> None:
        field = self._pad.field()
        angle, radius = 8 * math.pi * share, field.width() * (0.1 + 0.3 * share)
        place = QPointF(field.center()) + QPointF(radius * math.cos(angle), radius * math.sin(angle))
        held = Qt.MouseButton.NoButton if kind == QEvent.Type.MouseButtonRelease else Qt.MouseButton.LeftButton
        where = QPointF(self._pad.mapToGlobal(place))
        event = QMouseEvent(kind, place, where, Qt.MouseButton.LeftButton, held, Qt.KeyboardModifier.NoModifier)
        QApplication.sendEvent(self._pad, event)


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("what", choices=("train", "stroke"))
    parser.add_argument("--data", default="mnist-mini")
    options = parser.parse_args()
    if options.what == "train":
        return measure(TrainProbe, options.data)
    return measure(StrokeProbe)


def measure(kind: Callable[..., Any], *settings: object) -> int:
    """Opens the real window with a probe, made as `kind(window, session, *settings)`, until it ends the application; prints its
    `result` as one JSON line. Returns the exit status: 1 if there is no result."""
    share_interpreter()
    application = QApplication(sys.argv[:1])
    lab = Lab()
    dress(application)
    window = MainWindow(lab)
    session = Session(lab, window)
    probe = kind(window, session, *settings)

    def failed(*error: Any) -> None:
        """What fails in a slot would only be printed, and the window wait for ever."""
        sys.__excepthook__(*error)
        window.leave()

    sys.excepthook = failed
    window.show()
    application.exec()
    session.warm_up.join()
    if probe.result is None:
        return 1
    json.dump(probe.result, sys.stdout)
    sys.stdout.write("\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
