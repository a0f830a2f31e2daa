"""The main window: rail, panels, explanation, status, menus, palette and notices around one lab. Knows no panel by name."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QByteArray, QEvent, QSettings, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QCloseEvent, QGuiApplication, QIcon, QPainter, QPaintEvent, QResizeEvent, QShowEvent
from PySide6.QtWidgets import QDockWidget, QHBoxLayout, QMainWindow, QProxyStyle, QStyle, QStyleOption, QWidget

from cvlab.core import paths
from cvlab.core.lab import Lab
from cvlab.core.storage.files import set_aside
from cvlab.engine.errors import CvlabError
from cvlab.engine.files import read_bounded
from cvlab.ui.bind import bind, listen
from cvlab.ui.commands import Commands
from cvlab.ui.drops import Drops
from cvlab.ui.panel import Panel
from cvlab.ui.panel_stack import PanelStack
from cvlab.ui.panels import PANELS, PanelSpec
from cvlab.ui.pump import Pump
from cvlab.ui.theme import theme
from cvlab.ui.widgets.explanation import LEAST as LEAST_EXPLANATION
from cvlab.ui.widgets.explanation import WIDTH as EXPLANATION_WIDTH
from cvlab.ui.widgets.explanation import Explanation
from cvlab.ui.widgets.finish import finish
from cvlab.ui.widgets.notice_bar import NoticeBar
from cvlab.ui.widgets.rail import Rail
from cvlab.ui.widgets.room import Room
from cvlab.ui.widgets.status import Status
from cvlab.ui.window_actions import WindowActions

PANELS_WIDTH = 1024
"""What panels and rail are laid out for: the explanation takes none of it."""
NARROW = PANELS_WIDTH + LEAST_EXPLANATION
"""Below this width the explanation steps aside by itself."""

SIZE = QSize(1440, 900)
SEPARATOR = 4
"""Pixels between the panels and the explanation, where the edge can be dragged."""
MAX_GEOMETRY = 100_000
"""Bytes of window.ini, at most."""


if TYPE_CHECKING:
    from cvlab.ui.widgets.command_palette import CommandPalette


class _PlainSeparator(QProxyStyle):
    """The window's own style: the edge between panels and explanation can be dragged, and has no handle drawn on it."""

    def drawPrimitive(
        self, element: QStyle.PrimitiveElement, option: QStyleOption, painter: QPainter, widget: QWidget | None = None
    ) -> None:
        if element != QStyle.PrimitiveElement.PE_IndicatorDockWidgetResizeHandle:
            super().drawPrimitive(element, option, painter, widget)

    def pixelMetric(
        self, metric: QStyle.PixelMetric, option: QStyleOption | None = None, widget: QWidget | None = None
    ) -> int:
        if metric == QStyle.PixelMetric.PM_DockWidgetSeparatorExtent:
            return SEPARATOR
        return super().pixelMetric(metric, option, widget)


class MainWindow(QMainWindow):
    """Follows `lab.project.panel`. `first_painted` is emitted once, when there is something to see."""

    first_painted = Signal()

    def __init__(self, lab: Lab, *, panels: Sequence[PanelSpec] = PANELS) -> None:
        super().__init__()
        self.setObjectName("window")
        self._style = _PlainSeparator("Fusion")
        self.setStyle(self._style)
        self.setMinimumSize(960, 640)
        self.setWindowIcon(QIcon(str(paths.resources() / "icons" / "cvlab.svg")))
        self.lab = lab
        self._may_stop_run = self._is_left = self._is_painted = False
        self._wants_explanation, self._was_narrow = True, False
        self._explanation_width = EXPLANATION_WIDTH
        self._run_seen: tuple = ()
        self.palette_card: CommandPalette | None = None

        theme().style(self.menuBar())
        self.rail = Rail([(spec.id, spec.title, spec.summary, spec.icon) for spec in panels], self)
        self.stage = Room(self)
        self.explanation = Explanation(self)
        self.status = Status(self)
        self.pump = Pump(lab, self)
        self.commands = Commands(self.menuBar(), lab.notices, self)
        self.stack = PanelStack(lab, panels, self.commands, self.pump, self.stage)
        self.actions_of_window = WindowActions(self, panels)
        self.drops = Drops(self, self.actions_of_window.documents)
        self._lay_out()
        self.dock = self._dock()
        self.notice_bar = NoticeBar(lab.notices, self.status, self.stage)
        self.notice_bar.left.connect(self.stack.take_focus)
        self._ahead = QTimer(self)
        self._ahead.setInterval(250)

        self.rail.chosen.connect(self.go)
        self.explanation.closed.connect(self.toggle_explanation)
        self.commands.wanted.connect(self.go)
        self.stack.wanted.connect(self.go)
        self.stack.explained.connect(self.explanation.show_lesson)
        self.pump.ticked.connect(self._ticked)
        self._ahead.timeout.connect(self._build_next)
        self._restore_geometry()
        listen(self, lab.history.changed, self._show_document)
        bind(self, lab.project, "title", self._show_document)
        bind(self, lab.project, "panel", self._show_panel)
        finish(self.rail)

    # -- for the application, tests and the tour -----------------------------------------------------------------------

    def go(self, panel_id: str) -> None:
        """Brings a panel to the front; an unknown id changes nothing."""
        if panel_id in self.stack.ids():
            self.lab.project.panel = panel_id

    def panel(self, panel_id: str) -> Panel | None:
        """The panel's view, built if it was not; None if it could not be built."""
        return self.stack.panel(panel_id)

    def panel_ids(self) -> tuple[str, ...]:
        return self.stack.ids()

    def build_ahead(self) -> None:
        """Builds the other panels, one each time there is nothing else to do."""
        self._ahead.start()

    def open_palette(self) -> None:
        """Every command of every panel; those not built yet are built for it."""
        for panel_id in self.stack.missing():
            self.stack.panel(panel_id)
        self.commands.refresh()
        if self.palette_card is None:
            from cvlab.ui.widgets.command_palette import CommandPalette

            self.palette_card = CommandPalette(self)
        self.palette_card.open_with(self.commands.entries(self.stack.front))

    def toggle_explanation(self) -> None:
        """Shows or hides the explanation; remembered for wide windows."""
        self._wants_explanation = self.dock.isHidden()
        self._show_explanation(self._wants_explanation)

    def leave(self) -> None:
        """Closes without a question, and deletes the window."""
        self._may_stop_run = True
        self.close()
        self.deleteLater()

    # -- building ------------------------------------------------------------------------------------------------------

    def _lay_out(self) -> None:
        frame = QWidget(self)
        row = QHBoxLayout(frame)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(0)
        row.addWidget(self.rail)
        row.addWidget(self.stage, 1)
        self.stage.hold(self.stack)
        self.setCentralWidget(frame)
        self.setStatusBar(self.status)
        for name, caption in (("palette", "Find"), ("theme", "Theme"), ("explanation", "Explain")):
            self.rail.add_switch(self.commands[f"window.{name}"], caption)

    def _dock(self) -> QDockWidget:
        dock = QDockWidget("Explanation", self)
        dock.setObjectName("explanation_dock")
        dock.setFeatures(QDockWidget.DockWidgetFeature.NoDockWidgetFeatures)
        dock.setAllowedAreas(Qt.DockWidgetArea.RightDockWidgetArea)
        dock.setTitleBarWidget(QWidget(dock))
        dock.setWidget(self.explanation)
        self.addDockWidget(Qt.DockWidgetArea.RightDockWidgetArea, dock)
        return dock

    def _build_next(self) -> None:
        missing = self.stack.missing()
        if missing and QGuiApplication.mouseButtons() == Qt.MouseButton.NoButton:
            self.stack.panel(missing[0])
        if len(missing) <= 1:
            self._ahead.stop()

    # -- showing -------------------------------------------------------------------------------------------------------

    def _show_panel(self, panel_id: str) -> None:
        shown = panel_id if panel_id in self.stack.ids() else self.stack.ids()[0]
        self.stack.bring(shown)
        self.rail.mark(shown)

    def _show_document(self, _: object = None) -> None:
        history = self.lab.history
        title = f"{self.lab.project.title}[*] - cvlab"
        if title != self.windowTitle():  # Qt tells the system of it again each time
            self.setWindowTitle(title)
        if self.isWindowModified() == history.is_clean:
            self.setWindowModified(not history.is_clean)
        self.status.show_undo(history.undo_label)

    def _show_explanation(self, wanted: bool) -> None:
        if self.dock.isVisible():
            self._explanation_width = self.dock.width()
        self.dock.setVisible(wanted)
        if wanted:
            # A dock that was hidden comes back at its smallest.
            room = max(self.width() - PANELS_WIDTH, LEAST_EXPLANATION)
            self.resizeDocks([self.dock], [min(self._explanation_width, room)], Qt.Orientation.Horizontal)
        self.commands["window.explanation"].setChecked(wanted)

    def _ticked(self) -> None:
        run = self.lab.runs.current
        self.status.show_run(run, None if run is None else self.lab.test_set.accuracy_of(run))
        seen = (run.id, run.state.status) if run is not None else ()
        if seen != self._run_seen:
            self._run_seen = seen
            self.commands.refresh()

    # -- geometry ------------------------------------------------------------------------------------------------------

    def _store(self) -> QSettings:
        return QSettings(str(paths.settings() / "window.ini"), QSettings.Format.IniFormat)

    def _restore_geometry(self) -> None:
        screen = QGuiApplication.primaryScreen().availableGeometry().size()
        self.resize(SIZE.boundedTo(screen))
        path = Path(self._store().fileName())
        if os.path.lexists(path):
            try:
                self._read_geometry(path)
            except (OSError, CvlabError, ValueError) as error:
                self.resize(SIZE.boundedTo(screen))
                self.lab.recovery.tell_damaged(set_aside(path, error), "The file of the window's size and place")
                self._store().clear()  # Qt remembers what was in it
        self._was_narrow = self.width() < NARROW
        self._show_explanation(self._wants_explanation and not self._was_narrow)

    def _read_geometry(self, path: Path) -> None:
        """Raises OSError, `NotOurFile` or ValueError for a file that is not the window's own."""
        read_bounded(path, MAX_GEOMETRY)
        store = self._store()
        geometry, state, wanted = (store.value(name) for name in ("geometry", "state", "explanation"))
        if store.status() != QSettings.Status.NoError or not isinstance(geometry, QByteArray):
            raise ValueError("it holds no geometry of a window")
        if wanted not in ("true", "false", True, False) or not self.restoreGeometry(geometry):
            raise ValueError("the geometry in it is damaged")
        if isinstance(state, QByteArray):
            self.restoreState(state)
        self._wants_explanation = wanted in ("true", True)

    def _save_geometry(self) -> None:
        store = self._store()
        store.setValue("geometry", self.saveGeometry())
        store.setValue("state", self.saveState())
        store.setValue("explanation", self._wants_explanation)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        is_narrow = event.size().width() < NARROW
        if is_narrow != self._was_narrow:
            self._was_narrow = is_narrow
            self._show_explanation(self._wants_explanation and not is_narrow)
        room = event.size().width() - PANELS_WIDTH
        if self.dock.isVisible() and LEAST_EXPLANATION <= room < self.dock.width():
            self.resizeDocks([self.dock], [room], Qt.Orientation.Horizontal)

    # -- coming and going ----------------------------------------------------------------------------------------------

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.pump.start()
        self.stack.wake()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.WindowStateChange:
            if self.isMinimized():
                self.stack.rest()
            else:
                self.stack.wake()

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        if not self._is_painted:
            self._is_painted = True
            QTimer.singleShot(0, self._announce)

    def _announce(self) -> None:
        self.first_painted.emit()

    def closeEvent(self, event: QCloseEvent) -> None:
        run = self.lab.runs.current
        if run is not None and run.is_active and not self._may_stop_run:
            event.ignore()
            self._ask_to_stop(run.title)
            return
        if not self._is_left:
            self._is_left = True
            self._ahead.stop()
            self.stack.rest()
            self.pump.stop()
            self._save_geometry()
            self.lab.close()
        event.accept()

    def _ask_to_stop(self, title: str) -> None:
        from cvlab.ui.dialogs import Question

        if any(question.isVisible() for question in self.findChildren(Question)):
            return
        keep = ("keep", "Keep training", "Leaves the window open.", "primary", self._keep)
        stop = ("stop", "Stop and close", "Stops after this batch and saves the run.", "danger", self._stop_and_close)
        text = f"{title or 'The run'} is still training. A stopped run is saved and can be resumed later."
        if self.lab.runs.waiting:
            text += " Runs that wait are kept for the next time."
        Question(self, "closing", "Stop training and close?", text, (stop, keep)).open()

    def _keep(self) -> None:
        """Nothing to do: the question was the interruption."""

    def _stop_and_close(self) -> None:
        self._may_stop_run = True
        self.close()
