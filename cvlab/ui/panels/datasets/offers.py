"""One's own images on their way in: asked for, looked through, shown on the card, and then imported or left."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtWidgets import QFileDialog, QWidget

from cvlab.core.lab import Lab
from cvlab.engine.data.entries import Entry
from cvlab.ui.actions import Action
from cvlab.ui.panels.datasets.arrivals import LOOK, Arrivals
from cvlab.ui.panels.datasets.import_card import ImportCard
from cvlab.ui.theme import theme


class Offers(QObject):
    """changed: the card came or went. is_open: it is to be seen."""

    changed = Signal()

    def __init__(self, lab: Lab, card: ImportCard, arrivals: Arrivals, panel: QWidget) -> None:
        super().__init__(panel)
        self._lab, self._card, self._arrivals, self._panel = lab, card, arrivals, panel
        self.is_open = False
        self._source: Path | None = None
        self._known: Entry | None = None
        card.changed.connect(self._look)
        card.accepted.connect(self._take_in)
        card.given_up.connect(self.leave)
        card.another.connect(self.open)
        card.zone.wants_folder.connect(self.ask_for_folder)
        card.zone.wants_file.connect(self.ask_for_file)
        arrivals.looked.connect(self._looked)

    def open(self) -> None:
        """Shows the card without a source: there one drops or chooses."""
        self._lab.jobs.cancel(LOOK)
        self.is_open, self._source, self._known = True, None, None
        self._card.show_empty()
        self.changed.emit()

    def actions(self) -> Sequence[Action]:
        """For menus and the palette."""
        return (
            Action(
                "datasets.import_folder",
                "Import a folder of images…",
                self.ask_for_folder,
                "",
                "folder",
                menu="File",
            ),
            Action("datasets.import_file", "Import an archive or arrays…", self.ask_for_file, "", "open", menu="File"),
        )

    def ask_for_folder(self) -> None:
        """Asks for a folder of class folders."""
        ask(self._panel, "A folder with a folder a class", self._offer_name, folder=True)

    def ask_for_file(self) -> None:
        """Asks for an archive, a table or a file of arrays."""
        ask(self._panel, "A .zip, .tar.gz, .csv, .npz or IDX file", self._offer_name)

    def _offer_name(self, name: str) -> None:
        self.offer(Path(name))

    def offer(self, source: Path) -> None:
        """Shows what an import of this folder or file would make."""
        self.is_open, self._source, self._known = True, source, None
        self._card.begin(source)
        self.changed.emit()
        self._look()

    def _look(self) -> None:
        if self._source is not None:
            self._card.wait()
            self._arrivals.look(self._source, self._card.options())

    def _looked(self, found: object) -> None:
        from cvlab.engine.data.planning import OtherOptions

        if self._source is None:
            return
        self._known = found if isinstance(found, Entry) else None
        if self._known is not None:
            self._card.show_known(self._known)
        elif isinstance(found, BaseException):
            self._card.show_failure(found, mendable=isinstance(found, OtherOptions))
        else:
            self._card.show_survey(found)

    def _take_in(self) -> None:
        source, known = self._source, self._known
        if source is None or self._arrivals.is_busy:
            self._arrivals.refuse_second()
            return
        self.leave()
        if known is not None:
            self._arrivals.get(known.id, source)
        else:
            self._arrivals.take_in(source, self._card.options())

    def refused(self, source: Path, error: BaseException) -> None:
        """An import failed: the card comes back as it was left, with the reason on it."""
        self.is_open, self._source, self._known = True, source, None
        self._card.show_refusal(error)
        self.changed.emit()

    def leave(self) -> None:
        """Imports nothing; the card goes."""
        if self.is_open:
            self._lab.jobs.cancel(LOOK)
            self.is_open, self._source = False, None
            self.changed.emit()


def ask(parent: QWidget, title: str, chosen: Callable[[str], None], *, folder: bool = False) -> None:
    """A dialog for a folder or a file that does not block; chosen: a bound method."""
    dialog = QFileDialog(parent.window(), title, str(Path.home()))
    theme().style(dialog)
    dialog.setObjectName("datasets.files")
    dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    dialog.setFileMode(QFileDialog.FileMode.Directory if folder else QFileDialog.FileMode.ExistingFile)
    dialog.fileSelected.connect(chosen)
    dialog.open()
