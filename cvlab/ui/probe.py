"""Trains in the real window for some seconds and prints its rate and its ticks: one half of `cvlab bench window`."""

from __future__ import annotations

import argparse
import json
import sys
from time import perf_counter

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QApplication

from cvlab.core.lab import Lab
from cvlab.engine.nets import zoo
from cvlab.ui.app import Session, dress
from cvlab.ui.pump import INTERVAL
from cvlab.ui.window import MainWindow

SETTLE = 2.0
"""Seconds of training before the measurement begins."""


class TrainProbe(QObject):
    """Waits until PyTorch is warm, trains LeNet on the training panel, measures, and ends the application."""

    def __init__(self, window: MainWindow, session: Session, data: str, seconds: float) -> None:
        super().__init__(window)
        self._window, self._data, self._seconds = window, data, seconds
        self._began: tuple[float, int] | None = None
        self._started = 0.0
        self.result: dict | None = None
        session.warm_up.finished.connect(self._start)
        window.pump.ticked.connect(self._ticked)

    def _start(self, *_: str) -> None:
        lab = self._window.lab
        lab.project.recipe = lab.project.recipe.changed(data=self._data, epochs=10_000)
        self._window.go("training")
        lab.runs.start(zoo.lenet(), lab.project.recipe, title="bench")
        self._started = perf_counter()

    def _ticked(self) -> None:
        run = self._window.lab.runs.current
        if run is None or run.state.step == 0:
            return
        now = perf_counter()
        if self._began is None:
            if now - self._started > SETTLE:
                self._began = now, run.state.step
                self._window.pump.forget()
        elif now - self._began[0] > self._seconds:
            images = (run.state.step - self._began[1]) * run.recipe.batch_size
            self.result = {"images_per_second": images / (now - self._began[0]), "ticks": self._ticks()}
            self._window.leave()

    def _ticks(self) -> dict:
        late, took = self._window.pump.late.summary(), self._window.pump.took.summary()
        return {
            "interval_ms": INTERVAL,
            "count": late["count"],
            **{f"late_{key}_ms": late[key] for key in ("p50", "p99", "max")},
            **{f"work_{key}_ms": took[key] for key in ("p50", "p99", "max")},
        }


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--data", required=True)
    parser.add_argument("--seconds", type=float, required=True)
    options = parser.parse_args()
    application = QApplication(sys.argv[:1])
    lab = Lab()
    dress(application)
    window = MainWindow(lab)
    session = Session(lab, window)
    probe = TrainProbe(window, session, options.data, options.seconds)
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
