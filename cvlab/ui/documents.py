"""The File menu's work: new, open, save, recent. Asks before it lets unsaved changes go; failures are raised as they are."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Qt
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QMenu, QWidget

from cvlab.core.lab import Lab
from cvlab.core.storage.autosave import file_stamp
from cvlab.ui.theme import theme

if TYPE_CHECKING:
    from PySide6.QtWidgets import QFileDialog

FILTER = "cvlab projects (*.cvlab)"


class Documents(QObject):
    """Each method returns at once: dialogs do not block, and go on in a bound method."""

    def __init__(self, lab: Lab, window: QWidget) -> None:
        super().__init__(window)
        self._lab, self._window = lab, window
        self._then: Callable[[], None] | None = None
        self._path: Path | None = None

    def new(self) -> None:
        self._unless_unsaved(self._lab.new)

    def open(self) -> None:
        """Asks for a file, then opens it."""
        self._unless_unsaved(self._choose_file)

    def open_path(self, path: Path) -> None:
        self._path = path
        self._unless_unsaved(self._open_path)

    def save(self) -> None:
        if self._lab.project.path is None:
            self.save_as()
        else:
            self._lab.save()

    def save_as(self) -> None:
        """Asks where, then saves; what was waiting for the saving goes on afterwards."""
        dialog = self._dialog("Save the project")
        dialog.setAcceptMode(dialog.AcceptMode.AcceptSave)
        dialog.setDefaultSuffix("cvlab")
        dialog.selectFile(f"{self._lab.project.title}.cvlab")
        dialog.fileSelected.connect(self._save_chosen)
        dialog.open()

    def fill_recent(self, menu: QMenu) -> None:
        """The projects opened last, those that are still there."""
        menu.clear()
        for name in self._lab.settings.recent:
            path = Path(name)
            if file_stamp(path):  # "", where `Path.exists` raises, for a folder that may not be entered
                action = menu.addAction(path.stem)
                action.setData(name)
                action.setToolTip(name)
        menu.setEnabled(not menu.isEmpty())

    def open_recent(self, action: QAction) -> None:
        self.open_path(Path(action.data()))

    def _unless_unsaved(self, act: Callable[[], None]) -> None:
        from cvlab.ui.dialogs import Question

        self._then = act
        if self._lab.history.is_clean:
            self._go_on()
            return
        title = self._lab.project.title
        Question(
            self._window, "unsaved", f"Save the changes to {title}?", "They are lost otherwise.",
            (
                ("save", "Save", "Saves the project, then goes on.", "primary", self._save_first),
                ("discard", "Do not save", "Goes on without saving.", "danger", self._go_on),
                ("cancel", "Cancel", "Leaves everything as it is.", "", self._forget),
            ),
        ).open()  # fmt: skip

    def _save_first(self) -> None:
        if self._lab.project.path is None:
            self.save_as()
        else:
            self._guarded(self._save_and_go_on)

    def _save_and_go_on(self) -> None:
        self._lab.save()
        self._go_on()

    def _go_on(self) -> None:
        act, self._then = self._then, None
        if act is not None:
            self._guarded(act)

    def _forget(self) -> None:
        self._then = None

    def _choose_file(self) -> None:
        dialog = self._dialog("Open a project")
        dialog.setFileMode(dialog.FileMode.ExistingFile)
        dialog.fileSelected.connect(self._open_chosen)
        dialog.open()

    def _open_chosen(self, name: str) -> None:
        self._path = Path(name)
        self._guarded(self._open_path)

    def _open_path(self) -> None:
        if self._path is not None:
            self._lab.open(self._path)

    def _save_chosen(self, name: str) -> None:
        self._path = Path(name)
        self._guarded(self._save_path)

    def _save_path(self) -> None:
        self._lab.save(self._path)
        self._go_on()

    def _guarded(self, act: Callable[[], None]) -> None:
        try:
            act()
        except Exception as error:
            self._then = None
            self._lab.notices.error(error)

    def _dialog(self, title: str) -> QFileDialog:
        from PySide6.QtWidgets import QFileDialog

        path = self._lab.project.path
        dialog = QFileDialog(self._window, title, str(path.parent if path else Path.home()), FILTER)
        theme().style(dialog)
        dialog.setObjectName("files")
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        return dialog
