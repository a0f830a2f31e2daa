"""The tour: every panel with real content, in both themes and every size, as pictures. Offscreen if there is no display."""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from time import monotonic

from PySide6.QtCore import QCoreApplication, QElapsedTimer, QEvent, QEventLoop, QRect, QSize
from PySide6.QtGui import QColor, QPainter, QPixmap
from PySide6.QtWidgets import QApplication, QDialog, QWidget

from cvlab.core.lab import Lab
from cvlab.engine.disk import refused
from cvlab.engine.errors import CannotWrite, CvlabError
from cvlab.ui.panel import Panel, Stop
from cvlab.ui.theme import theme
from cvlab.ui.warm_up import WarmUp
from cvlab.ui.widgets.formula import FormulaLabel
from cvlab.ui.window import MainWindow

SIZES = ((1440, 900), (1024, 700))
THEMES = ("light", "dark")
SETTLE = 500
"""Milliseconds that layouts and their animations get to come to rest before a picture is taken."""


class TourFailed(CvlabError):
    """A stop that was not ready in time, or a panel that could not be built."""

    title = "The tour ended early"


def tour(
    folder: Path,
    *,
    panels: Sequence[str] | None = None,
    sizes: Sequence[tuple[int, int]] = SIZES,
    themes: Sequence[str] = THEMES,
) -> list[Path]:
    """Writes `<panel>-<stop>-<W>x<H>-<theme>.png` for these panels (all if None) and returns the paths.

    Raises `TourFailed` at the first stop that is not reached, `CannotWrite` when the folder cannot be written.
    """
    if sys.platform == "linux" and not (os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")):
        os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    from cvlab.ui.app import Collector, dress

    application = QApplication.instance() or QApplication(sys.argv[:1])
    dress(application, themes[0])
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise refused(error, folder) from error
    # The person's own last project is not replaced by what is shown here.
    window = MainWindow(Lab(autosaves=False))
    # Panels train on the way: garbage must be collected on this thread only.
    collector = Collector(window)
    collector.start()
    warm_up = WarmUp(window)
    warm_up.finished.connect(window.status.show_device)
    warm_up.start()
    warm_up.join()
    warm_up.look()
    try:
        return Guide(window, folder, panels, sizes, themes).walk()
    finally:
        window.leave()
        QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
        gc.enable()
        gc.unfreeze()


class Guide:
    """Walks through the panels and takes the pictures."""

    def __init__(
        self,
        window: MainWindow,
        folder: Path,
        panels: Sequence[str] | None,
        sizes: Sequence[tuple[int, int]],
        themes: Sequence[str],
    ) -> None:
        self._window, self._folder, self._sizes, self._themes = window, folder, sizes, themes
        self._panels = window.panel_ids() if panels is None else panels
        self._application = QApplication.instance()

    def walk(self) -> list[Path]:
        """Every stop of every panel; raises `TourFailed` at the first that is not reached."""
        self._window.resize(QSize(*self._sizes[0]))
        self._window.show()
        pictures = []
        for panel_id in self._panels:
            if panel_id not in self._window.panel_ids():
                known = ", ".join(self._window.panel_ids())
                raise TourFailed(f"There is no panel {panel_id}.", remedy=f"The panels are: {known}.")
            panel = self._window.panel(panel_id)
            if panel is None:
                raise TourFailed(f"The panel {panel_id} could not be built.", remedy="The log says why.")
            self._window.go(panel_id)
            for stop in panel.tour():
                self._wait(panel_id, stop)
                pictures += self._take(panel_id, stop.name)
        return pictures

    def _wait(self, panel_id: str, stop: Stop) -> None:
        deadline = monotonic() + stop.timeout_s
        while not stop.is_ready():
            if monotonic() > deadline:
                raise TourFailed(f"{panel_id}: {stop.name} was not ready after {stop.timeout_s:.0f} s.")
            if not isinstance(self._window.panel(panel_id), Panel):
                raise TourFailed(f"{panel_id} failed before {stop.name}.", remedy="The log says why.")
            self._application.processEvents(QEventLoop.ProcessEventsFlag.AllEvents, 20)

    def _take(self, panel_id: str, name: str) -> list[Path]:
        taken = []
        for width, height in self._sizes:
            self._window.resize(QSize(width, height))
            for wanted in self._themes:
                theme().choose(wanted)
                self._rest()
                path = self._folder / f"{panel_id}-{name}-{width}x{height}-{wanted}.png"
                if not self._picture().save(str(path)):
                    raise CannotWrite(f"{path} could not be written.", remedy="Choose another folder.")
                taken.append(path)
        self._window.resize(QSize(*self._sizes[0]))
        return taken

    def _picture(self) -> QPixmap:
        """The window, and over its middle the dialog that is open: a window of its own, which nobody else puts there."""
        picture = self._window.grab()
        dialog = next((each for each in self._window.findChildren(QDialog) if each.isVisible()), None)
        if dialog is not None:
            shown, painter = dialog.grab(), QPainter(picture)
            painter.fillRect(self._window.rect(), QColor(0, 0, 0, 70))
            corner = self._window.rect().center() - dialog.rect().center()
            painter.drawPixmap(corner, shown)
            painter.setPen(theme().colour("line"))
            painter.drawRect(QRect(corner, dialog.size()).adjusted(0, 0, -1, -1))
            painter.end()
        return picture

    def _rest(self) -> None:
        """Until the layout has come to rest and the formulas that can be seen are typeset."""
        began = monotonic()
        settled = QElapsedTimer()
        settled.start()
        while settled.elapsed() < SETTLE:
            self._application.processEvents(QEventLoop.ProcessEventsFlag.AllEvents, 20)
            if self._is_typesetting() and monotonic() < began + 20:
                settled.restart()  # a formula that comes in moves what is below it

    def _is_typesetting(self) -> bool:
        return any(_is_seen(label) and not label.is_ready for label in self._window.findChildren(FormulaLabel))


def _is_seen(widget: QWidget) -> bool:
    return widget.isVisible() and not widget.visibleRegion().isEmpty()
