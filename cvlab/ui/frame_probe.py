"""What `cvlab bench circuit` and `cvlab bench race` measure in the real window: a frame, from the hand to the pixels.

A frame is one movement of the hand (or one beat of the race), everything that follows from it, and the painting of all of the
window that changed. Frames are made one after the other, so that what is measured is work and not waiting.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterator
from time import perf_counter, thread_time

import numpy as np
from PySide6.QtCore import QEvent, QObject, QPointF, Qt, QTimer
from PySide6.QtGui import QMouseEvent, QWheelEvent
from PySide6.QtWidgets import QApplication, QWidget

from cvlab.ui.app import Session
from cvlab.ui.probe import measure
from cvlab.ui.window import MainWindow

GATES, FRAMES, WARM = 200, 300, 30
REST_MS = 1500
"""Before the frames: the window has its size and its garbage is collected."""


def tangle(gates: int) -> str:
    """An expression of so many gates with eight inputs, in which values fork and meet again and stay small."""
    lines = [f"x{i} = {0.3 + 0.1 * i:.1f}" for i in range(8)]
    names = [f"x{i}" for i in range(8)]
    kinds = ("{a} + {b}", "{a} * {b}", "tanh({a})", "{a} - {b}", "sigmoid({a})", "max({a}, {b})")
    for i in range(gates):
        a, b = names[max(0, len(names) - 1 - i % 8)], names[(i * 7) % len(names)]
        lines.append(f"g{i} = {kinds[i % len(kinds)].format(a=a, b=b)}")
        names.append(f"g{i}")
    return "\n".join(lines)


def measured(frame: Callable[[int], None]) -> dict[str, float]:
    """Frames one after the other: each is `frame(i)` and all that follows from it, until it is painted."""
    took = []
    for i in range(WARM + FRAMES):
        began, worked = perf_counter(), thread_time()
        frame(i)
        QApplication.processEvents()
        took.append(((perf_counter() - began) * 1000, (thread_time() - worked) * 1000))
    took, work = np.array(took[WARM:]).T
    p50, p99 = np.percentile(took, (50, 99))
    # On a machine that others use, too, the work says more than the clock.
    work_p50, work_p99 = np.percentile(work, (50, 99))
    return {
        "frames": FRAMES, "p50_ms": p50, "p99_ms": p99, "max_ms": took.max(), "work_p50_ms": work_p50, "work_p99_ms": work_p99
    }  # fmt: skip


class FrameProbe(QObject):
    """Runs the frames of one subject and ends the application. result: milliseconds by kind of frame."""

    def __init__(self, window: MainWindow, session: Session, what: str) -> None:
        super().__init__(window)
        self._window, self._what = window, what
        self.result: dict | None = None
        self._wait = QTimer(self)
        self._wait.setInterval(50)
        self._wait.timeout.connect(self._look)
        self._rest = QTimer(self)
        self._rest.setSingleShot(True)
        self._rest.setInterval(REST_MS)
        self._rest.timeout.connect(self._measure)
        session.warm_up.finished.connect(self._warmed)

    @property
    def _panel_id(self) -> str:
        return {"circuit": "circuits", "race": "optimization"}[self._what]

    def _is_ready(self) -> bool:
        """Panels that are built behind the one in front, and what that leaves to be done, are no part of a frame."""
        return not self._window.stack.missing()

    def _warmed(self, *_: str) -> None:
        self._window.resize(1440, 900)
        self._window.go(self._panel_id)
        self._wait.start()

    def _look(self) -> None:
        if self._is_ready():
            self._wait.stop()
            self._rest.start()

    def _measure(self) -> None:
        subject = {"circuit": self._circuit, "race": self._race}[self._what]
        self.result = {name: measured(frame) for name, frame in subject()}
        self._window.leave()

    # -- the circuit -------------------------------------------------------------------------------------------------

    def _circuit(self) -> Iterator[tuple[str, Callable[[int], None]]]:
        panel = self._window.panel("circuits")
        panel.edits.open_text(tangle(GATES))
        panel.view.fit()
        QApplication.processEvents()
        viewport = panel.view.viewport()
        centre = QPointF(viewport.rect().center())

        def send(kind: QEvent.Type, at: QPointF, held: Qt.MouseButton) -> None:
            button = Qt.MouseButton.NoButton if kind == QEvent.Type.MouseMove else Qt.MouseButton.MiddleButton
            event = QMouseEvent(kind, at, viewport.mapToGlobal(at), button, held, Qt.KeyboardModifier.NoModifier)
            QApplication.sendEvent(viewport, event)

        def pan(i: int) -> None:
            if i == 0:
                send(QEvent.Type.MouseButtonPress, centre, Qt.MouseButton.MiddleButton)
            place = centre + QPointF(60 * np.sin(i / 9), 40 * np.cos(i / 7))
            send(QEvent.Type.MouseMove, place, Qt.MouseButton.MiddleButton)
            if i == WARM + FRAMES - 1:
                send(QEvent.Type.MouseButtonRelease, place, Qt.MouseButton.NoButton)

        def zoom(i: int) -> None:
            turn = 120 if i // 6 % 2 == 0 else -120
            angle = QPointF(0, turn).toPoint()
            event = QWheelEvent(
                centre, viewport.mapToGlobal(centre), QPointF().toPoint(), angle, Qt.MouseButton.NoButton,
                Qt.KeyboardModifier.NoModifier, Qt.ScrollPhase.NoScrollPhase, False,
            )  # fmt: skip
            QApplication.sendEvent(viewport, event)

        def recompute(i: int) -> None:
            slider = panel.findChild(QWidget, "circuits.slider-x0")
            slider.setValue(100 + (i * 7) % 200)

        yield "pan", pan
        panel.view.fit()
        yield "zoom", zoom
        panel.view.fit()
        yield "recompute", recompute
        panel.view.zoom(1.0 / panel.view.scale_now)
        yield "pan at life size", pan
        yield "recompute at life size", recompute

    # -- the race ----------------------------------------------------------------------------------------------------

    def _race(self) -> Iterator[tuple[str, Callable[[int], None]]]:
        self._window.lab.project.optimization.page = "race"
        page = self._window.panel("optimization").race
        names = [racer.name for racer in page.player.race.racers]
        page.player.go(0)
        page.player.play()

        def step(i: int) -> None:
            # The player's own timer beats besides where a frame takes longer than its 16 ms: the figure errs upwards.
            page.player.beat()

        yield f"step of {len(names)} racers", step


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("what", choices=("circuit", "race"))
    options = parser.parse_args()
    return measure(FrameProbe, options.what)


if __name__ == "__main__":
    sys.exit(main())
