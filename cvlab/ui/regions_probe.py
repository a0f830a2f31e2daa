"""What `cvlab bench regions` measures in the real window: from a movement of a held point to the new map on the screen."""

from __future__ import annotations

import json
import math
import sys
from time import perf_counter

import numpy as np
from PySide6.QtCore import QEvent, QObject, QPointF, Qt, QTimer
from PySide6.QtGui import QMouseEvent
from PySide6.QtWidgets import QApplication

from cvlab.core.lab import Lab
from cvlab.core.panels.neighbors import PlaneDocument
from cvlab.engine.neighbors.regions import Rule
from cvlab.ui.app import Session, dress
from cvlab.ui.window import MainWindow

POINTS, CLASSES = 200, 5
RULES = (Rule(1), Rule(15), Rule(51), Rule(51, "l1", True), Rule(51, "cosine"))
MOVES = 300
_REST = 6
"""Ticks between reaching a point and taking hold of it: a tenth of a second, as a hand needs."""


class RegionsProbe(QObject):
    """Takes hold of a point of the plane, drags it round, lets go; once for each rule. All movements count, the first too."""

    def __init__(self, window: MainWindow, session: Session) -> None:
        super().__init__(window)
        self._window = window
        self._rule = self._sent = 0
        self._asked: float | None = None
        self._times: list[float] = []
        self._coarse = 0
        self.rows: list[dict] = []
        self._timer = QTimer(self)
        self._timer.setInterval(16)
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.timeout.connect(self._tick)
        session.warm_up.finished.connect(self._start)

    def _start(self, *_: str) -> None:
        self._window.go("neighbors")
        self._window.lab.project.neighbors.page = "plane"
        self._page = self._window.panel("neighbors").page("plane")
        self._page.plane.painted.connect(self._painted)
        self._begin()
        self._timer.start()

    def _begin(self) -> None:
        state = self._window.lab.project.neighbors
        state.plane = PlaneDocument.of("blobs", CLASSES, POINTS, rule=RULES[self._rule])
        self._sent, self._times, self._coarse = -_REST - 60, [], 0  # a second for the first map

    def _painted(self) -> None:
        if self._asked is not None:
            self._times.append((perf_counter() - self._asked) * 1000)
            self._coarse += not self._page.layer.is_exact
            self._asked = None

    def _tick(self) -> None:
        plane, start = self._page.plane, self._page.plane.place(*self._window.lab.project.neighbors.plane.points[7])
        if self._sent == -_REST:
            self._home = start
            self._send(QEvent.Type.MouseMove, start, Qt.MouseButton.NoButton)
        elif self._sent == 0:
            self._send(QEvent.Type.MouseButtonPress, start, Qt.MouseButton.LeftButton)
        elif 0 < self._sent <= MOVES:
            share = self._sent / MOVES
            angle, radius = 6 * math.pi * share, plane.field().width() * 0.4 * share
            place = plane.field().center() * share + self._home * (1 - share)
            self._asked = perf_counter()
            self._send(
                QEvent.Type.MouseMove,
                place + QPointF(math.cos(angle), math.sin(angle)) * radius,
                Qt.MouseButton.LeftButton,
            )
        elif self._sent > MOVES + 2:
            self._send(QEvent.Type.MouseButtonRelease, self._home, Qt.MouseButton.NoButton)
            self._finish()
            return
        self._sent += 1

    def _finish(self) -> None:
        rule, times = RULES[self._rule], np.array(self._times)
        self.rows.append(
            {
                "k": rule.k,
                "metric": rule.metric,
                "weighted": rule.weighted,
                "moves": len(times),
                "coarse": self._coarse,
                **{f"p{q}_ms": float(np.percentile(times, q)) for q in (50, 99)},
                "max_ms": float(times.max()),
            }
        )
        self._rule += 1
        if self._rule < len(RULES):
            self._begin()
        else:
            self._timer.stop()
            self._window.leave()

    def _send(self, kind: QEvent.Type, place: QPointF, held: Qt.MouseButton) -> None:
        plane = self._page.plane
        button = Qt.MouseButton.NoButton if kind == QEvent.Type.MouseMove else Qt.MouseButton.LeftButton
        where = QPointF(plane.mapToGlobal(place))
        QApplication.sendEvent(plane, QMouseEvent(kind, place, where, button, held, Qt.KeyboardModifier.NoModifier))


def main() -> int:
    application = QApplication(sys.argv[:1])
    lab = Lab()
    dress(application)
    window = MainWindow(lab)
    session = Session(lab, window)
    probe = RegionsProbe(window, session)
    window.show()
    application.exec()
    session.warm_up.join()
    json.dump({"rows": probe.rows}, sys.stdout)
    sys.stdout.write("\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
