"""A person's path: open the digits panel, draw with the mouse, see it read, take it back, try a real digit."""

from __future__ import annotations

from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QPushButton, QWidget

from cvlab.ui.panels.digits.ready_made import seven
from cvlab.ui.widgets.ink import SIDE


def test_a_person_draws_a_seven_and_sees_it_read(window, lab, qtbot):
    window.go("digits")
    panel = window.panel("digits")
    pad, bars = panel.findChild(QWidget, "digits.pad"), panel.findChild(QWidget, "digits.probabilities")
    qtbot.waitUntil(lambda: is_so(bars.winner == "3"), timeout=30_000)  # the example that lies ready

    seen = []
    for stroke in seven().strokes:
        places = [on(pad, x, y) for x, y, _ in stroke.points]
        QTest.mousePress(pad, Qt.MouseButton.LeftButton, pos=places[0])
        for place in places[1:]:
            QTest.mouseMove(pad, place)
            read = len(panel.latency)
            qtbot.waitUntil(lambda read=read: is_so(len(panel.latency) > read), timeout=5_000)
            seen.append(bars.winner)
        QTest.mouseRelease(pad, Qt.MouseButton.LeftButton, pos=places[-1])
    qtbot.waitUntil(lambda: is_so(bars.winner == "7"), timeout=5_000)
    assert len(seen) > 10 and set(seen) != {"7"}  # it was read all the while, and changed its mind

    lab.history.undo()
    lab.history.undo()
    qtbot.waitUntil(lambda: is_so(bars.winner == "3"), timeout=5_000)
    QTest.mouseClick(panel.findChild(QPushButton, "digits.clear"), Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: is_so(bars.message == "Draw a digit"), timeout=5_000)
    QTest.mouseClick(panel.findChild(QPushButton, "digits.surprise"), Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: is_so(bars.winner != "" and panel.sheet.page.picture is not None), timeout=10_000)


def on(pad: QWidget, x: float, y: float) -> QPoint:
    field = pad.field()
    return QPoint(round(field.x() + x * field.width() / SIDE), round(field.y() + y * field.width() / SIDE))


def is_so(condition: bool) -> None:
    assert condition
