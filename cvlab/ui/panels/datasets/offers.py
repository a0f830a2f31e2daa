"""One's own images on their way in: asked for, looked through, shown on the card, and then imported or left."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtWidgets import QFileDialog, QWidget

from cvlab.core.lab import Lab
from cvlab.ui.panels.datasets.arrivals import LOOK, Arrivals
from cvlab.ui.panels.datasets.import_card import ImportCard


class Offers(QObject):
    """changed: a source came, or was left. is_open: the card is to be seen."""

    changed = Signal()

    def __init__(self, lab: Lab, card: ImportCard, arrivals: Arrivals, panel: QWidget) -> None:
        super().__init__(panel)
        self._lab, self._card, self._arrivals, self._panel = lab, card, arrivals, panel
        self._source: Path | None = None
        card.changed.connect(self._look)
        card.accepted.connect(self._take_in)
        card.given_up.connect(self.leave)
        arrivals.looked.connect(self._looked)

    @property
    def is_open(self) -> bool:
        return self._source is not None

    def ask_for_folder(self) -> None:
        """Asks for a folder of class folders."""
        ask(self._panel, "A folder with a folder a class", self._offer_name, folder=True)

    def ask_for_file(self) -> None:
        """Asks for an archive, a table or a file of arrays."""
        ask(self._panel, "A .zip, .csv, .npz or IDX file", self._offer_name)

    def _offer_name(self, name: str) -> None:
        self.offer(Path(name))

    def offer(self, source: Path) -> None:
        """Shows what an import of this folder or file would make."""
        self._source = source
        self._card.begin(source)
        self.changed.emit()
        self._look()

    def _look(self) -> None:
        if self._source is not None:
            self._card.wait(self._source)
            self._arrivals.look(self._source, self._card.options())

    def _looked(self, found: object) -> None:
        if self._source is None:
            return
        if isinstance(found, BaseException):
            self._card.show_failure(found)
        else:
            self._card.show_survey(found)

    def _take_in(self) -> None:
        source = self._source
        self.leave()
        if source is not None:
            self._arrivals.take_in(source, self._card.options())

    def leave(self) -> None:
        """Imports nothing; the card goes."""
        if self._source is not None:
            self._lab.jobs.cancel(LOOK)
            self._source = None
            self.changed.emit()


def ask(parent: QWidget, title: str, chosen: Callable[[str], None], *, folder: bool = False) -> None:
    """A dialog for a folder or a file that does not block; chosen: a bound method."""
    dialog = QFileDialog(parent.window(), title, str(Path.home()))
    dialog.setObjectName("datasets.files")
    dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    dialog.setFileMode(QFileDialog.FileMode.Directory if folder else QFileDialog.FileMode.ExistingFile)
    dialog.fileSelected.connect(chosen)
    dialog.open()
