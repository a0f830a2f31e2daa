"""What `cvlab bench canvas` measures in the real window: dragging a block among 200, and numbers that follow an edit."""

from __future__ import annotations

import argparse
from time import perf_counter, thread_time

from PySide6.QtCore import QEvent, QObject, QPointF, Qt, QTimer
from PySide6.QtGui import QMouseEvent
from PySide6.QtWidgets import QApplication

from cvlab.engine.nets.architecture import Architecture
from cvlab.engine.nets.layers import BatchNorm, Conv, Flatten, GlobalPool, Linear, Relu
from cvlab.engine.nets.sketch import Sketch
from cvlab.ui.app import Session
from cvlab.ui.probe import measure
from cvlab.ui.window import MainWindow

WARM = 30
"""Frames before the measurement begins."""


def residual_net(blocks: int) -> Architecture:
    """A residual net of 7 layers a block and 7 more: 28 blocks are 203 layers."""
    net = Sketch("bench", (3, 32, 32))
    last = net.then(Conv(filters=16, kernel=3, padding=1), BatchNorm(), Relu())
    for _ in range(blocks):
        net.then(
            Conv(filters=16, kernel=3, padding=1),
            BatchNorm(),
            Relu(),
            Conv(filters=16, kernel=3, padding=1),
            BatchNorm(),
        )
        net.add(last)
        last = net.then(Relu())
    net.then(GlobalPool(), Flatten(), Linear(units=10))
    return net.net


class Stopwatch:
    """Milliseconds by the clock, and of this thread's work: on a machine that others use, too, the work says more."""

    def __init__(self) -> None:
        self._clock: list[float] = []
        self._work: list[float] = []

    def start(self) -> None:
        self._began = perf_counter(), thread_time()

    def stop(self) -> None:
        clock, work = self._began
        self._clock.append(1000 * (perf_counter() - clock))
        self._work.append(1000 * (thread_time() - work))

    def told(self) -> dict[str, float]:
        """p50, p99 and max."""
        at = {"p50_ms": 0.5, "p99_ms": 0.99, "max_ms": 1.0}
        return {
            prefix + name: sorted(took)[min(int(share * len(took)), len(took) - 1)]
            for prefix, took in (("", self._clock), ("work_", self._work))
            for name, share in at.items()
        }


def show(window: MainWindow, *, zoomed: bool) -> None:
    """All in view, or the first block at life size."""
    canvas = window.panel("builder").canvas
    canvas.fit()
    if zoomed:
        canvas.zoom(1.0 / canvas.scale_now)
        canvas.reveal(next(iter(canvas.net_scene.blocks.values())).sceneBoundingRect())
    QApplication.processEvents()


def drag(window: MainWindow, frames: int, *, zoomed: bool) -> dict[str, float]:
    """A block carried in circles by mouse events, each frame painted before the next event; ends with Esc's cancel."""
    show(window, zoomed=zoomed)
    canvas = window.panel("builder").canvas
    inside = canvas.viewport().rect().adjusted(60, 60, -60, -60)
    where = next(
        place
        for block in canvas.net_scene.blocks.values()
        if inside.contains(place := canvas.mapFromScene(block.sceneBoundingRect().center()))
    )
    pane = canvas.viewport()

    def send(kind: QEvent.Type, place: QPointF) -> None:
        held = Qt.MouseButton.NoButton if kind == QEvent.Type.MouseButtonRelease else Qt.MouseButton.LeftButton
        button = Qt.MouseButton.NoButton if kind == QEvent.Type.MouseMove else Qt.MouseButton.LeftButton
        there = QPointF(pane.mapToGlobal(place))
        event = QMouseEvent(kind, place, there, button, held, Qt.KeyboardModifier.NoModifier)
        QApplication.sendEvent(pane, event)

    start = QPointF(where)
    send(QEvent.Type.MouseButtonPress, start)
    watch = Stopwatch()
    for frame in range(frames + WARM):
        across = inside.width() * 0.5 * (1 - abs(((frame / 90) % 2) - 1))
        down = inside.height() * 0.4 * (1 - abs(((frame / 130) % 2) - 1))
        place = QPointF(min(start.x() + across, inside.right()), min(start.y() + down, inside.bottom()))
        watch.start()
        send(QEvent.Type.MouseMove, place)
        QApplication.processEvents()
        if frame >= WARM:
            watch.stop()
    canvas.cancel_gesture()
    send(QEvent.Type.MouseButtonRelease, start)
    return watch.told()


def edits(window: MainWindow, count: int, *, zoomed: bool) -> dict[str, dict[str, float]]:
    """Settings changed one after the other in the first layer, on which all others depend; then all undone.

    numbers: until every block has its new face, and every figure beside the canvas. painted: until it is on the screen, too.
    """
    show(window, zoomed=zoomed)
    panel, lab = window.panel("builder"), window.lab
    net = lab.project.architecture
    first = next(node.id for node in net.nodes if node.layer.kind == "input")
    layer = net.by_id[first].layer
    numbers, painted, undone = Stopwatch(), Stopwatch(), Stopwatch()
    for turn in range(count):
        changed = layer.model_copy(update={"height": 33 + turn % 60, "width": 33 + turn % 60})
        numbers.start()
        painted.start()
        panel.edits.set_layer(first, changed, "height")
        panel.edits.end_gesture()
        numbers.stop()
        QApplication.processEvents()
        painted.stop()
    for _ in range(count):
        undone.start()
        lab.history.undo()
        QApplication.processEvents()
        undone.stop()
    assert lab.project.architecture == net
    return {"numbers": numbers.told(), "painted": painted.told(), "undo": undone.told()}


class CanvasProbe(QObject):
    """Waits until PyTorch is warm and all panels are built, measures, and ends the application."""

    def __init__(self, window: MainWindow, session: Session, frames: int, steps: int) -> None:
        super().__init__(window)
        self._window, self._session, self._frames, self._steps = window, session, frames, steps
        self.result: dict | None = None
        self._timer = QTimer(self)
        self._timer.setInterval(100)
        self._timer.timeout.connect(self._look)
        self._timer.start()

    def _look(self) -> None:
        if self._session.warm_up.is_told and not self._window.stack.missing():
            self._timer.stop()
            self.result = self._measure()
            self._window.leave()

    def _measure(self) -> dict:
        window, net = self._window, residual_net(28)
        window.resize(1440, 900)
        window.go("builder")
        panel = window.panel("builder")
        panel.canvas.net_scene.slide_ms = 0
        panel.edits.replace(net)
        QApplication.processEvents()
        return {
            "layers": len(net.nodes),
            "drag_all_in_view": drag(window, self._frames, zoomed=False),
            "drag_at_life_size": drag(window, self._frames, zoomed=True),
            "edits_all_in_view": edits(window, self._steps, zoomed=False),
            "edits_at_life_size": edits(window, self._steps, zoomed=True),
        }


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--frames", type=int, default=600)
    parser.add_argument("--steps", type=int, default=200)
    options = parser.parse_args()
    return measure(CanvasProbe, options.frames, options.steps)


if __name__ == "__main__":
    raise SystemExit(main())
