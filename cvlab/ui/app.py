"""The application around the window: style, font, theme, hooks, garbage collection, and the warm-up behind the first paint."""

from __future__ import annotations

import gc
import os
import signal
import sys
from pathlib import Path

from PySide6.QtCore import QObject, QSize, Qt, QTimer
from PySide6.QtGui import QFont, QFontDatabase, QGuiApplication, QIcon
from PySide6.QtWidgets import QApplication

import cvlab
from cvlab.core import paths
from cvlab.core.lab import Lab
from cvlab.engine.errors import CvlabError
from cvlab.ui.faults import Faults, open_log
from cvlab.ui.theme import theme
from cvlab.ui.theme.tokens import TEXT
from cvlab.ui.warm_up import WarmUp, settle
from cvlab.ui.widgets.focus import FocusGuard
from cvlab.ui.window import MainWindow

SWITCH = 0.0005
"""Seconds after which a thread that waits for the interpreter gets it. At Python's own 5 ms a training thread, which needs it for
some microseconds between two operations, stands still while the window draws."""

FULL_EVERY = 30
"""Collections of garbage, one a second, of which one goes through everything."""

FONTS = ("Inter-Regular.otf", "Inter-SemiBold.otf")


def share_interpreter() -> None:
    """Training and window take turns often enough that neither waits for the other."""
    sys.setswitchinterval(SWITCH)


def dress(application: QApplication, wanted: str = "light") -> None:
    """Style, font, theme and the care for the focus; the same in the window, the tour and the tests."""
    application.setApplicationName("cvlab")
    application.setApplicationDisplayName("cvlab")
    application.setApplicationVersion(cvlab.__version__)
    application.setDesktopFileName("cvlab")
    application.setStyle("Fusion")
    for name in FONTS:
        QFontDatabase.addApplicationFont(str(paths.resources() / "fonts" / name))
    font = QFont("Inter")
    font.setPixelSize(TEXT)
    # Figures of one width: nothing jumps when numbers change.
    font.setFeature(QFont.Tag("tnum"), 1)
    font.setHintingPreference(QFont.HintingPreference.PreferNoHinting)
    application.setFont(font)
    FocusGuard.install(application)
    theme().choose(wanted)


class Collector(QObject):
    """Collects garbage on the GUI thread only, once a second and never in the middle of a gesture.

    The interpreter would collect on whichever thread allocates, a training thread first of all, and so destroy widgets
    there: a segmentation fault within seconds.
    """

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._times = 0
        self._timer = QTimer(self)
        self._timer.setInterval(1000)
        self._timer.setTimerType(Qt.TimerType.VeryCoarseTimer)
        self._timer.timeout.connect(self._collect)

    def start(self) -> None:
        settle()
        gc.disable()
        self._timer.start()

    def _collect(self) -> None:
        if QGuiApplication.mouseButtons() == Qt.MouseButton.NoButton:
            self._times += 1
            # The old generation takes 15 ms, in which nobody else runs; little of it dies.
            gc.collect(1 if self._times % FULL_EVERY else 2)


class Session(QObject):
    """One window's life: from its first paint to its end."""

    def __init__(self, lab: Lab, window: MainWindow, warm: bool = True) -> None:
        super().__init__(window)
        self._lab, self._window, self._warm = lab, window, warm
        self.warm_up = WarmUp(self)
        self.collector = Collector(self)
        window.first_painted.connect(self._painted)
        window.pump.ticked.connect(self.warm_up.look)
        self.warm_up.finished.connect(self._warmed)
        window.status.show_device("Loading PyTorch…", "The window is ready; PyTorch loads behind it for a few seconds.")

    def _painted(self) -> None:
        self._lab.jobs.release()
        self._lab.empty_trash()
        self._lab.check_files()
        self.collector.start()
        if self._warm:
            self.warm_up.start()

    def _warmed(self, words: str, tip: str) -> None:
        self._window.status.show_device(words, tip)
        settle()
        self._window.build_ahead()


def run(
    *,
    panel: str = "",
    project: Path | None = None,
    size: tuple[int, int] | None = None,
    wanted_theme: str = "",
    probe: bool = False,
) -> int:
    """Opens the window and returns the exit status when it is closed. probe: ends the process at the first paint."""
    open_log()
    share_interpreter()
    application = QApplication(sys.argv[:1])
    lab = Lab()
    faults = Faults(lab.notices, application)
    faults.install()
    theme().follow()
    dress(application, wanted_theme or lab.settings.theme)
    application.setWindowIcon(QIcon(str(paths.resources() / "icons" / "cvlab.svg")))
    lab.restore(reopens=lab.settings.reopen_last and project is None)
    lab.jobs.hold()
    lab.remove_leftovers()
    window = MainWindow(lab)
    if probe:
        window.first_painted.connect(_end_probe)
    if project is not None:
        _open(lab, project)
    if panel:
        window.go(panel)
    if size is not None:
        window.resize(QSize(*size))
    session = Session(lab, window)
    window.pump.ticked.connect(faults.deliver)
    # A timer runs Python every 33 ms, so that Ctrl+C in the terminal is heard.
    signal.signal(signal.SIGINT, _interrupted)
    window.show()
    try:
        return application.exec()
    finally:
        session.warm_up.join()
        faults.remove()
        gc.enable()


def _open(lab: Lab, project: Path) -> None:
    try:
        lab.open(project)
    except CvlabError as error:
        lab.notices.error(error)


def _end_probe() -> None:
    os._exit(0)


def _interrupted(number: int, frame: object) -> None:
    for widget in QApplication.topLevelWidgets():
        if isinstance(widget, MainWindow):
            widget.leave()
