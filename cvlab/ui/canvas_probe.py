"""What `cvlab bench canvas` measures in the real window: dragging a block among 200, and numbers that follow an edit."""

from __future__ import annotations

import argparse
import json
import sys
from time import perf_counter

from PySide6.QtCore import QEvent, QPointF, Qt, QTimer
from PySide6.QtGui import QMouseEvent
from PySide6.QtWidgets import QApplication

from cvlab.core.lab import Lab
from cvlab.engine.nets.architecture import Architecture
from cvlab.engine.nets.layers import BatchNorm, Conv, Flatten, GlobalPool, Linear, Relu
from cvlab.engine.nets.sketch import Sketch
from cvlab.ui.app import dress
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


def quantiles(seconds: list[float]) -> dict[str, float]:
    """p50, p99 and max in ms."""
    ordered = sorted(seconds)
    at = {"p50_ms": 0.5, "p99_ms": 0.99, "max_ms": 1.0}
    return {name: 1000 * ordered[min(int(share * len(ordered)), len(ordered) - 1)] for name, share in at.items()}


def drag(window: MainWindow, frames: int, *, zoomed: bool) -> dict[str, float]:
    """A block carried in circles by mouse events, each frame painted before the next event; ends with Esc's cancel."""
    panel = window.panel("builder")
    canvas = panel.canvas
    canvas.fit()
    if zoomed:
        canvas.zoom(1.0 / canvas.scale_now)
        canvas.reveal(next(iter(canvas.net_scene.blocks.values())).sceneBoundingRect())
    QApplication.processEvents()
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
    took = []
    for frame in range(frames + WARM):
        across = inside.width() * 0.5 * (1 - abs(((frame / 90) % 2) - 1))
        down = inside.height() * 0.4 * (1 - abs(((frame / 130) % 2) - 1))
        place = QPointF(min(start.x() + across, inside.right()), min(start.y() + down, inside.bottom()))
        began = perf_counter()
        send(QEvent.Type.MouseMove, place)
        QApplication.processEvents()
        if frame >= WARM:
            took.append(perf_counter() - began)
    canvas.cancel_gesture()
    send(QEvent.Type.MouseButtonRelease, start)
    return quantiles(took)


def edits(window: MainWindow, count: int) -> dict[str, dict[str, float]]:
    """Settings changed one after the other in the first layers, on which all others depend; then all undone.

    numbers: until every block has its new face. painted: until it is on the screen, too.
    """
    panel, lab = window.panel("builder"), window.lab
    net = lab.project.architecture
    first = next(node.id for node in net.nodes if node.layer.kind == "input")
    layer = net.by_id[first].layer
    numbers, painted, undone = [], [], []
    for turn in range(count):
        changed = layer.model_copy(update={"height": 33 + turn % 60, "width": 33 + turn % 60})
        began = perf_counter()
        panel.edits.set_layer(first, changed, "height")
        panel.edits.end_gesture()
        numbers.append(perf_counter() - began)
        QApplication.processEvents()
        painted.append(perf_counter() - began)
    for _ in range(count):
        began = perf_counter()
        lab.history.undo()
        undone.append(perf_counter() - began)
    assert lab.project.architecture == net
    return {"numbers": quantiles(numbers), "painted": quantiles(painted), "undo": quantiles(undone)}


def measure(window: MainWindow, frames: int, steps: int) -> dict:
    net = residual_net(28)
    window.go("builder")
    panel = window.panel("builder")
    panel.canvas.net_scene.slide_ms = 0
    panel.edits.replace(net)
    QApplication.processEvents()
    return {
        "layers": len(net.nodes),
        "drag_all_in_view": drag(window, frames, zoomed=False),
        "drag_at_life_size": drag(window, frames, zoomed=True),
        "edits": edits(window, steps),
    }


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--frames", type=int, default=600)
    parser.add_argument("--steps", type=int, default=200)
    options = parser.parse_args()
    application = QApplication(sys.argv[:1])
    lab = Lab()
    dress(application)
    window = MainWindow(lab)
    window.show()
    found: list[dict] = []

    def begin() -> None:
        found.append(measure(window, options.frames, options.steps))
        window.leave()

    QTimer.singleShot(300, begin)
    application.exec()
    if not found:
        return 1
    json.dump(found[0], sys.stdout)
    sys.stdout.write("\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
