"""A declared action on the screen: one QAction that its menu, its shortcut and the palette share."""

from __future__ import annotations

import logging

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QAction, QKeySequence

from cvlab.core.notices import Notices
from cvlab.ui.actions import Action
from cvlab.ui.theme.icons import icon

log = logging.getLogger("cvlab.ui")


class Command(QAction):
    """Performs `spec.act` and turns what it raises into a notice. `about_to_act` is emitted first, with itself."""

    about_to_act = Signal(object)

    def __init__(self, spec: Action, notices: Notices, owner: str, parent: QObject) -> None:
        """owner: the id of the panel it belongs to, "window" for the window's own."""
        super().__init__(spec.text, parent)
        self.spec, self.owner = spec, owner
        self._notices = notices
        self.setObjectName(spec.id)
        self.setToolTip(spec.tooltip or spec.text)
        self.setStatusTip(spec.tooltip)
        if spec.icon:
            self.setIcon(icon(spec.icon))
        self.wake()
        self.triggered.connect(self.perform)

    def wake(self) -> None:
        """Listens to its shortcut."""
        self.setShortcuts([QKeySequence(keys) for keys in self.spec.shortcut.split(", ") if keys])

    def sleep(self) -> None:
        """Leaves its shortcut to others: its panel is behind."""
        self.setShortcuts([])

    def refresh(self) -> None:
        """Asks again whether it can be done."""
        if self.spec.enabled is not None:
            self.setEnabled(bool(self.spec.enabled()))

    def perform(self) -> None:
        """Does it, if it can be done now."""
        self.refresh()
        if not self.isEnabled():
            return
        self.about_to_act.emit(self)
        try:
            self.spec.act()
        except Exception as error:
            log.exception("%s failed", self.spec.id)
            self._notices.error(error)
