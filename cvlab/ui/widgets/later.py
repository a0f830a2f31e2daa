"""A place for a widget whose libraries are slow to load: the window is painted first."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from typing import Generic, TypeVar

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFrame, QVBoxLayout, QWidget

from cvlab.core.jobs import JobControl, Jobs
from cvlab.ui.widgets.finish import finish

PLOTS = "cvlab.ui.widgets.plot"
"""With pyqtgraph, which takes half a second."""

Made = TypeVar("Made", bound=QWidget)


@dataclass(frozen=True)
class Load:
    """Imports a module; on whatever thread: it makes no widget."""

    module: str

    def run(self, control: JobControl) -> None:
        import_module(self.module)


class Later(QFrame, Generic[Made]):
    """While a window starts, and holds its jobs, only the place is there; when the module has been loaded behind the first
    painting, the widget is made in it. At any other time it is made at once.

    came: the widget has been made, later than the place.
    """

    came = Signal()

    def __init__(self, jobs: Jobs, key: str, module: str, make: Callable[[QWidget], Made], parent: QWidget) -> None:
        """key: of its job. make: given the parent, makes the widget; only there may the module be imported."""
        super().__init__(parent)
        self.setProperty("role", "plain")
        self._make, self._made = make, None
        self._layout = QVBoxLayout(self)
        self._layout.setContentsMargins(0, 0, 0, 0)
        if jobs.is_held and module not in sys.modules:
            jobs.submit(key, Load(module), done=self._loaded)
        else:
            self._put()

    @property
    def is_there(self) -> bool:
        return self._made is not None

    @property
    def widget(self) -> Made:
        """The widget, for somebody who cannot wait."""
        return self._made if self._made is not None else self._put()

    def _put(self) -> Made:
        self._made = made = self._make(self)
        self._layout.addWidget(made)
        return made

    def _loaded(self, _: None) -> None:
        finish(self.widget)
        self.came.emit()
