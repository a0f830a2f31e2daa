"""What is let fall on the window where no panel takes it: a project is opened, everything else is looked through as images."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QMimeData, QObject

from cvlab.ui.documents import Documents

if TYPE_CHECKING:
    from cvlab.ui.window import MainWindow

IMPORTS = "datasets"
"""The panel that takes in images."""
PROJECT = ".cvlab"


class Drops(QObject):
    """Panels come first: a drop reaches the window only if none under the pointer has taken it."""

    def __init__(self, window: MainWindow, documents: Documents) -> None:
        super().__init__(window)
        self._window, self._documents = window, documents
        window.setAcceptDrops(True)
        window.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() not in (QEvent.Type.DragEnter, QEvent.Type.Drop):
            return False
        path = local_path(event.mimeData())
        if path is None or (not is_project(path) and IMPORTS not in self._window.panel_ids()):
            return False
        event.acceptProposedAction()
        if event.type() == QEvent.Type.Drop:
            self._take(path)
        return True

    def _take(self, path: Path) -> None:
        if is_project(path):
            self._documents.open_path(path)
            return
        self._window.go(IMPORTS)
        panel = self._window.panel(IMPORTS)
        if panel is not None:
            panel.take_drop(path)


def local_path(data: QMimeData) -> Path | None:
    """The one file or folder that is dragged; None for several, and for anything else."""
    urls = data.urls()
    return Path(urls[0].toLocalFile()) if len(urls) == 1 and urls[0].isLocalFile() else None


def is_project(path: Path) -> bool:
    return path.suffix.lower() == PROJECT
