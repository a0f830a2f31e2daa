"""What stands in place of the pages while a set is not on this machine: what it is, whose it is, and how to get it."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFormLayout, QHBoxLayout, QMenu, QVBoxLayout, QWidget

from cvlab.engine.data.catalogue import Entry
from cvlab.engine.errors import DownloadFailed
from cvlab.ui.panels.datasets.failure_note import FailureNote
from cvlab.ui.panels.datasets.pieces import button, label
from cvlab.ui.panels.datasets.progress_strip import megabytes
from cvlab.ui.widgets.card import Card


class AboutCard(QWidget):
    """get: download it. own_file, own_folder: the person has it. All are offered for sets that can be fetched only.

    again: read it anew.
    """

    get = Signal()
    own_file = Signal()
    own_folder = Signal()
    again = Signal()

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        card = Card("", self)
        card.setMaximumWidth(620)
        self.title, self.summary, self.said = card.title, label(card, role="", wraps=True), label(card, wraps=True)
        self.failure = FailureNote(card)
        self._rows = {
            name: label(card, role="", wraps=True)
            for name in ("Images", "Classes", "Download", "Files", "Licence", "Source")
        }
        self._rows["Source"].setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        form = self._form = QFormLayout()
        form.setHorizontalSpacing(16)
        form.setVerticalSpacing(6)
        for name, row in self._rows.items():
            form.addRow(label(card, name, "muted"), row)
        self.fetch = button(
            card,
            "get",
            "Download",
            "Brings it onto this machine, once, checked against its checksums. An interrupted download goes on where it stopped.",
            glyph="download",
            role="primary",
        )
        self.files = button(
            card,
            "own_copy",
            "Use files I have…",
            "The original files, as they are published, packed or unpacked: checked, then taken in without the network.",
            glyph="folder",
        )
        menu = QMenu(self.files)
        menu.addAction("A file…").triggered.connect(self.own_file)
        menu.addAction("A folder…").triggered.connect(self.own_folder)
        self.files.setMenu(menu)
        self.retry = button(card, "retry_load", "Try again", "Reads the set anew.", glyph="replay")
        row = QHBoxLayout()
        row.setSpacing(8)
        for each in (self.fetch, self.files, self.retry):
            row.addWidget(each)
        row.addStretch(1)
        for part in (self.summary, self.said, self.failure):
            card.body.addWidget(part)
        card.body.addLayout(form)
        card.body.addSpacing(4)
        card.body.addLayout(row)
        outer = QVBoxLayout(self)
        across = QHBoxLayout()
        across.addStretch(1)
        across.addWidget(card, 6)
        across.addStretch(1)
        outer.addStretch(1)
        outer.addLayout(across)
        outer.addStretch(2)
        self.fetch.clicked.connect(self.get)
        self.retry.clicked.connect(self.again)

    def show_entry(
        self,
        entry: Entry | None,
        said: str,
        *,
        error: BaseException | None = None,
        read: bool = False,
        busy: bool = False,
    ) -> None:
        """said: why it is not shown. error: what went wrong; read: while it was read, not while it was fetched.

        busy: something is on its way, so nothing is offered.
        """
        self.title.setText(entry.title if entry is not None else "No such data set")
        self.summary.setText(entry.summary if entry is not None else "")
        self.said.setText(said)
        self.said.setVisible(bool(said) and error is None)
        self.failure.show_error(error)
        for row in self._rows.values():
            row.clear()
        if entry is not None:
            channels, height, width = entry.image_shape
            self._rows["Images"].setText(
                f"{entry.train_count:,} to train on, {entry.test_count:,} to test on, {width} × {height} "
                f"{'grey' if channels == 1 else 'colour'} pixels; {megabytes(entry.pixel_bytes)} in memory"
            )
            shown = ", ".join(entry.classes[:12])
            self._rows["Classes"].setText(f"{len(entry.classes):,}: {shown}{' …' if len(entry.classes) > 12 else ''}")
            hosts = dict.fromkeys(url.split("/")[2] for file in entry.files for url in file.urls)
            self._rows["Download"].setText(
                f"{megabytes(entry.download_bytes)} from {' or '.join(hosts)}" if hosts else "nothing has to be fetched"
            )
            self._rows["Files"].setText(", ".join(file.name for file in entry.files) + _or_copies(entry))
            self._rows["Licence"].setText(entry.licence)
            self._rows["Source"].setText(entry.source)
        fetched = entry is not None and entry.is_fetched and not read
        size = f"Download {megabytes(entry.download_bytes)}" if entry is not None else "Download"
        self.fetch.setText("Try the download again" if isinstance(error, DownloadFailed) else size)
        for each, is_offered in ((self.fetch, fetched), (self.files, fetched), (self.retry, read)):
            each.setVisible(is_offered and not busy)
        for row in self._rows.values():
            self._form.setRowVisible(row, bool(row.text()))


def _or_copies(entry: Entry) -> str:
    return "".join(f"; of your own also {file.name}" for file in entry.copies)
