"""A dialog whose deeds are steps of the lab's history."""

from __future__ import annotations

from PySide6.QtWidgets import QWidget

from cvlab.core.history import Command
from cvlab.core.lab import Lab
from cvlab.engine.errors import CvlabError
from cvlab.ui.dialogs import Dialog


class DeedDialog(Dialog):
    """Each deed can be undone by itself; one that is refused is said in the dialog, by its `_say(words, role)`."""

    def __init__(self, lab: Lab, parent: QWidget, name: str, title: str) -> None:
        super().__init__(parent, name, title)
        self._lab = lab

    def _push(self, command: Command) -> bool:
        """Whether it was done."""
        try:
            self._lab.history.push(command)
        except CvlabError as error:
            self._say(str(error), "small error")
            return False
        self._lab.history.end_gesture()
        return True
