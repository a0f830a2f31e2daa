"""The panels of the window: built on first need, one in front and ticking, and a card with words where one fell over."""

from __future__ import annotations

import logging
from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QStackedWidget, QWidget

from cvlab.core.lab import Lab
from cvlab.ui.commands import Commands
from cvlab.ui.panel import Lesson, Panel
from cvlab.ui.panels import PanelSpec
from cvlab.ui.pump import Pump
from cvlab.ui.widgets.failed import FailedCard
from cvlab.ui.widgets.finish import finish

log = logging.getLogger("cvlab.ui")


class PanelStack(QStackedWidget):
    """explained: the lesson of what is looked at now. wanted: a panel asks for another one by its id."""

    explained = Signal(object)
    wanted = Signal(str)

    def __init__(self, lab: Lab, panels: Sequence[PanelSpec], commands: Commands, pump: Pump, parent: QWidget) -> None:
        super().__init__(parent)
        self._lab, self._commands, self._pump = lab, commands, pump
        self._specs = {spec.id: spec for spec in panels}
        self._views: dict[str, QWidget] = {}
        self._lessons: dict[str, Lesson] = {}
        self.front = ""
        pump.panel_failed.connect(self._fail)

    def ids(self) -> tuple[str, ...]:
        return tuple(self._specs)

    def missing(self) -> list[str]:
        """The panels that are not built yet."""
        return [panel_id for panel_id in self._specs if panel_id not in self._views]

    def panel(self, panel_id: str) -> Panel | None:
        """The panel's view, built if it was not; None if it could not be built."""
        view = self._views.get(panel_id) or self._build(panel_id)
        return view if isinstance(view, Panel) else None

    def bring(self, panel_id: str) -> None:
        """Brings a panel to the front: the one before rests, this one's shortcuts and lesson are in force."""
        self.rest()
        self.front = panel_id
        view = self._views.get(panel_id) or self._build(panel_id)
        self.setCurrentWidget(view)
        self.take_focus()
        self._commands.front(panel_id)
        self.explained.emit(self._lessons.get(panel_id, Lesson(self._specs[panel_id].title, "")))
        self.wake()

    def take_focus(self) -> None:
        """Gives the focus to the panel in front."""
        view = self._views[self.front]
        view.take_focus() if isinstance(view, Panel) else view.setFocus(Qt.FocusReason.OtherFocusReason)

    def wake(self) -> None:
        """The panel in front takes up its live views, if the window itself can be seen."""
        view = self._views.get(self.front)
        window = self.window()
        if not isinstance(view, Panel) or self._pump.panel is view or not window.isVisible() or window.isMinimized():
            return
        try:
            view.shown()
            self._pump.panel = view
        except Exception as error:
            log.exception("panel %s could not be shown", self.front)
            self._fail(view, error)

    def rest(self) -> None:
        """The panel in front costs nothing from now on."""
        panel, self._pump.panel = self._pump.panel, None
        if panel is not None:
            panel.hidden()

    def _build(self, panel_id: str) -> QWidget:
        spec = self._specs[panel_id]
        try:
            view = spec.load()(self._lab, self)
            finish(view)
            self._commands.add(panel_id, spec.title, view.actions_offered())
            view.explain.connect(self._explain)
            view.go_to.connect(self.wanted)
            self._lessons[panel_id] = view.lesson
        except Exception as error:
            log.exception("panel %s could not be built", panel_id)
            view = self._card(panel_id, error)
        self._views[panel_id] = view
        self.addWidget(view)
        return view

    def _drop(self, panel_id: str) -> None:
        view = self._views.pop(panel_id)
        self._commands.add(panel_id, self._specs[panel_id].title, ())
        self._lessons.pop(panel_id, None)
        self.removeWidget(view)
        view.hide()
        view.deleteLater()

    def _card(self, panel_id: str, error: Exception) -> FailedCard:
        card = FailedCard(panel_id, self._specs[panel_id].title, error, self)
        card.retry.connect(self._retry)
        return card

    def _fail(self, panel: Panel, error: Exception) -> None:
        panel_id = self._id_of(panel)
        self._pump.panel = None
        self._drop(panel_id)
        self._views[panel_id] = self._card(panel_id, error)
        self.addWidget(self._views[panel_id])
        if panel_id == self.front:
            self.setCurrentWidget(self._views[panel_id])

    def _retry(self, panel_id: str) -> None:
        self._drop(panel_id)
        self._build(panel_id)
        if panel_id == self.front:
            self.bring(panel_id)

    def _explain(self, lesson: Lesson | None) -> None:
        panel = self.sender()
        panel_id = self._id_of(panel)
        self._lessons[panel_id] = lesson or panel.lesson
        if panel_id == self.front:
            self.explained.emit(self._lessons[panel_id])

    def _id_of(self, panel: object) -> str:
        (panel_id,) = [known for known, view in self._views.items() if view is panel]
        return panel_id
