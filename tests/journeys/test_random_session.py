"""A random session over all panels while a run trains: nothing raises, nothing is lost, Tab leaves every place.

`CVLAB_EVENTS=10000` makes it as long as an hour of use, `CVLAB_SEED` another one. The ten longest gaps of the event loop, with
their stacks, go to `CVLAB_GAPS` if that names a file.
"""

from __future__ import annotations

import gc
import os
import random
import resource
import sys
from importlib import import_module
from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, QPointF, Qt, QTimer
from PySide6.QtGui import QDesktopServices, QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractItemView,
    QAbstractSlider,
    QAbstractSpinBox,
    QApplication,
    QComboBox,
    QDialog,
    QFileDialog,
    QGraphicsView,
    QLineEdit,
    QMenu,
    QPlainTextEdit,
    QWidget,
)

from cvlab.core.lab import Lab
from cvlab.core.storage.project_file import load_project, save_project
from cvlab.engine.nets import zoo
from cvlab.engine.training.recipe import Recipe
from cvlab.ui.theme import theme
from cvlab.ui.window import MainWindow
from tests.ui.gap_recorder import GapRecorder

EVENTS = int(os.environ.get("CVLAB_EVENTS", "60"))
SEED = int(os.environ.get("CVLAB_SEED", "0"))
TEXTS = ("3", "0.01", "-2", "1e-3", "x*y + 2", "", "abc", "999999", "sin(x)+y**2")
KEYS = (
    Qt.Key.Key_Space, Qt.Key.Key_Return, Qt.Key.Key_Escape, Qt.Key.Key_Tab, Qt.Key.Key_Backtab, Qt.Key.Key_Up, Qt.Key.Key_Down,
    Qt.Key.Key_Left, Qt.Key.Key_Right, Qt.Key.Key_Delete, Qt.Key.Key_Home, Qt.Key.Key_End, Qt.Key.Key_PageDown, Qt.Key.Key_F2,
)  # fmt: skip
SHORTCUTS = (
    (Qt.Key.Key_Z, False),
    (Qt.Key.Key_Z, True),
    (Qt.Key.Key_A, False),
    (Qt.Key.Key_C, False),
    (Qt.Key.Key_V, False),
)
SIZES = ((1440, 900), (1024, 700), (1280, 800))
HANDS = (
    QAbstractButton, QAbstractItemView, QAbstractSlider, QAbstractSpinBox, QComboBox, QGraphicsView, QLineEdit, QPlainTextEdit,
)  # fmt: skip


def open_dialogs() -> list[QDialog]:
    return [w for w in QApplication.topLevelWidgets() if isinstance(w, QDialog) and w.isVisible()]


class Session:
    """Random events in a window, from one seed. `log`: the last of them, for the message of a failure."""

    def __init__(self, window: MainWindow, seed: int) -> None:
        self.window, self.random, self.log = window, random.Random(seed), []
        # A button's menu runs an event loop of its own until it closes.
        self.closer = QTimer(window)
        self.closer.timeout.connect(self.close_popup)
        self.closer.start(50)

    def event(self) -> None:
        """One event, and what follows from it."""
        choices = (
            (self.click, 40), (self.key, 16), (self.type, 8), (self.drag, 10), (self.wheel, 4), (self.shortcut, 8),
            (self.go, 8), (self.switch_theme, 1), (self.resize, 1), (self.hover, 4),
        )  # fmt: skip
        act = self.random.choices([act for act, _ in choices], [weight for _, weight in choices])[0]
        act()
        QApplication.processEvents()
        self.close_what_blocks()

    def control(self) -> QWidget | None:
        """A control that can be seen and used: of the dialog in front, or of the window."""
        bars = (self.window.rail, self.window.explanation, self.window.notice_bar)
        front = self.window.stack.currentWidget() if self.random.random() < 0.9 else self.random.choice(bars)
        place = next(iter(open_dialogs()), front)
        found = [
            w
            for w in place.findChildren(QWidget)
            if w.isVisible() and w.isEnabled() and w.rect().width() > 3 and (isinstance(w, HANDS) or w.focusPolicy())
        ]
        return self.random.choice(found) if found else None

    def spot(self, widget: QWidget) -> QPoint:
        return QPoint(self.random.randrange(widget.width()), self.random.randrange(widget.height()))

    def note(self, what: str, widget: QWidget | None = None) -> None:
        name = f" {type(widget).__name__} {widget.objectName()!r}" if widget is not None else ""
        self.log = [*self.log[-30:], f"{what}{name}"]

    def click(self) -> None:
        widget = self.control()
        if widget is None:
            return
        self.note("click", widget)
        target = widget.viewport() if isinstance(widget, QAbstractItemView | QGraphicsView) else widget
        click = QTest.mouseDClick if self.random.random() < 0.1 else QTest.mouseClick
        click(target, Qt.MouseButton.LeftButton, pos=self.spot(target))

    def drag(self) -> None:
        widget = self.control()
        if widget is None:
            return
        self.note("drag", widget)
        target = widget.viewport() if isinstance(widget, QAbstractItemView | QGraphicsView) else widget
        QTest.mousePress(target, Qt.MouseButton.LeftButton, pos=self.spot(target))
        for _ in range(3):
            QTest.mouseMove(target, self.spot(target))
        if self.random.random() < 0.1:
            QTest.keyClick(target, Qt.Key.Key_Escape)
        QTest.mouseRelease(target, Qt.MouseButton.LeftButton, pos=self.spot(target))

    def hover(self) -> None:
        widget = self.control()
        if widget is not None:
            self.note("hover", widget)
            QTest.mouseMove(widget, self.spot(widget))

    def key(self) -> None:
        widget = QApplication.focusWidget() or self.control()
        if widget is not None:
            key = self.random.choice(KEYS)
            self.note(f"key {key.name}", widget)
            QTest.keyClick(widget, key)

    def shortcut(self) -> None:
        widget = QApplication.focusWidget() or self.window
        key, shift = self.random.choice(SHORTCUTS)
        self.note(f"ctrl {key.name}", widget)
        modifiers = Qt.KeyboardModifier.ControlModifier
        QTest.keyClick(widget, key, modifiers | Qt.KeyboardModifier.ShiftModifier if shift else modifiers)

    def type(self) -> None:
        widget = self.control()
        if isinstance(widget, QLineEdit | QAbstractSpinBox | QPlainTextEdit):
            text = self.random.choice(TEXTS)
            self.note(f"type {text!r}", widget)
            widget.setFocus()
            QTest.keyClick(widget, Qt.Key.Key_A, Qt.KeyboardModifier.ControlModifier)
            QTest.keyClicks(widget, text)
            QTest.keyClick(widget, Qt.Key.Key_Return)

    def wheel(self) -> None:
        widget = self.control()
        if widget is not None:
            self.note("wheel", widget)
            at = QPointF(self.spot(widget))
            event = QWheelEvent(
                at, widget.mapToGlobal(at), QPoint(), QPoint(0, self.random.choice((-120, 120))), Qt.MouseButton.NoButton,
                Qt.KeyboardModifier.NoModifier, Qt.ScrollPhase.NoScrollPhase, False,
            )  # fmt: skip
            QApplication.sendEvent(widget, event)

    def go(self) -> None:
        panel = self.random.choice(self.window.panel_ids())
        self.note(f"go {panel}")
        self.window.go(panel)

    def switch_theme(self) -> None:
        self.note("theme")
        theme().choose("light" if theme().is_dark else "dark")

    def resize(self) -> None:
        size = self.random.choice(SIZES)
        self.note(f"resize {size}")
        self.window.resize(*size)

    def close_popup(self) -> None:
        popup = QApplication.activePopupWidget()
        if popup is not None:
            if isinstance(popup, QMenu) and popup.actions() and self.random.random() < 0.5:
                chosen = self.random.choice(popup.actions())
                if chosen.isEnabled() and chosen.menu() is None and chosen.objectName() != "window.quit":
                    self.note(f"menu {chosen.text()}")
                    chosen.trigger()
            popup.close()

    def close_what_blocks(self) -> None:
        """Dialogs that ask for files; others are left for the next events, as a rule."""
        for dialog in open_dialogs():
            if isinstance(dialog, QFileDialog) or self.random.random() < 0.2:
                self.note("close", dialog)
                dialog.reject()

    def tab_leaves(self) -> bool:
        """Whether Tab comes from where the focus is to all other places: within as many presses as there are controls."""
        start = QApplication.focusWidget()
        if start is None or open_dialogs():
            return True
        seen = set()
        for _ in range(400):
            focus = QApplication.focusWidget()
            # The list of an open combo box is a window of its own, which Esc leaves.
            if focus is None or focus.window() is not self.window or (focus in seen and len(seen) > 1):
                return True
            seen.add(focus)
            QTest.keyClick(focus, Qt.Key.Key_Tab)
        return False


def start_training(lab) -> None:
    lab.runs.start(zoo.lenet(), Recipe(data="mnist-mini", epochs=1000, threads=1))


@pytest.mark.timeout(max(120, EVENTS * 2))
def test_a_random_session_raises_nothing_and_loses_nothing(lab, qtbot, flush, monkeypatch, tmp_path):
    monkeypatch.setattr(QDesktopServices, "openUrl", lambda url: True)
    for ask in ("getOpenFileName", "getSaveFileName"):
        monkeypatch.setattr(QFileDialog, ask, lambda *args, **more: ("", ""))  # they block until a person answers
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *args, **more: "")
    raised: list[str] = []
    monkeypatch.setattr(sys, "excepthook", lambda kind, error, trace: raised.append(f"{kind.__name__}: {error}"))
    # What the application loads behind its first painting.
    for module in ("torch", "torch.optim", "pyqtgraph", "matplotlib.mathtext"):
        import_module(module)
    window = MainWindow(lab)
    session = Session(window, SEED)
    window.resize(1440, 900)
    window.show()
    window.activateWindow()
    window._may_stop_run = True
    traps = []
    with GapRecorder() as recorder, qtbot.captureExceptions() as captured:
        start_training(lab)
        for count in range(EVENTS):
            session.event()
            assert not captured and not raised, (session.log, captured, raised)
            if count % 50 == 25 and not session.tab_leaves():
                trap = QApplication.focusWidget()
                traps.append(" in ".join(f"{type(w).__name__} {w.objectName()!r}" for w in (trap, trap.parentWidget())))
            if count % 500 == 499:
                # As the application's own collector: on this thread, between two events.
                gc.collect()
            if not window.isVisible():
                window.show()
            if count % 1000 == 999 and (lab.runs.current is None or not lab.runs.current.is_active):
                start_training(lab)
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    unexpected = [notice.text for notice in lab.notices.all if notice.title == "Something unexpected happened"]
    before = tmp_path / "before.cvlab"
    save_project(lab.project, before)
    window.leave()
    flush()
    theme().choose("light")
    again = Lab()
    again.restore()
    kept, saved = again.project, load_project(before)
    restored = (kept.architecture, kept.recipe, kept.sections())
    again.close()
    report = f"{EVENTS} events, seed {SEED}, peak {peak:.0f} MB\n{recorder.report()}"
    if "CVLAB_GAPS" in os.environ:
        Path(os.environ["CVLAB_GAPS"]).write_text(report, encoding="utf-8")
    assert not traps and not unexpected
    assert restored == (saved.architecture, saved.recipe, saved.sections())
