"""What stands in place of the pages while a set is not on this machine: what it is, whose it is, and how to get it."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFormLayout, QHBoxLayout, QVBoxLayout, QWidget

from cvlab.engine.data.catalogue import Entry
from cvlab.ui.panels.datasets.pieces import button, label
from cvlab.ui.panels.datasets.progress_strip import megabytes
from cvlab.ui.theme.style import set_role
from cvlab.ui.widgets.card import Card


class AboutCard(QWidget):
    """get: download it. own_copy: the person has the files. Both are offered for sets that can be fetched only."""

    get = Signal()
    own_copy = Signal()
    again = Signal()

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        card = Card("", self)
        card.setMaximumWidth(620)
        self.title, self.summary, self.said = card.title, label(card, role="", wraps=True), label(card, wraps=True)
        self._rows = {
            name: label(card, role="", wraps=True) for name in ("Images", "Classes", "Download", "Licence", "Source")
        }
        self._rows["Source"].setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        form = QFormLayout()
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
            "Use files I have …",
            "A folder that holds the original files, as downloaded.",
            glyph="folder",
        )
        self.retry = button(card, "retry_load", "Try again", "Reads the set anew.", glyph="replay")
        row = QHBoxLayout()
        row.setSpacing(8)
        for each in (self.fetch, self.files, self.retry):
            row.addWidget(each)
        row.addStretch(1)
        for part in (self.summary, self.said):
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
        self.files.clicked.connect(self.own_copy)
        self.retry.clicked.connect(self.again)

    def show_entry(self, entry: Entry | None, said: str, *, failed: bool = False, busy: bool = False) -> None:
        """said: why it is not shown. busy: something is on its way, so nothing is offered."""
        self.title.setText(entry.title if entry is not None else "No such data set")
        self.summary.setText(entry.summary if entry is not None else "")
        self.said.setText(said)
        set_role(self.said, "error" if failed else "muted")
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
            hosts = sorted({url.split("/")[2] for file in entry.files for url in file.urls})
            self._rows["Download"].setText(
                f"{megabytes(entry.download_bytes)} from {', '.join(hosts)}" if hosts else "nothing has to be fetched"
            )
            self._rows["Licence"].setText(entry.licence)
            self._rows["Source"].setText(entry.source)
        fetched = entry is not None and entry.is_fetched and not failed
        self.fetch.setText(f"Download {megabytes(entry.download_bytes)}" if entry is not None else "Download")
        for each, is_offered in ((self.fetch, fetched), (self.files, fetched), (self.retry, failed)):
            each.setVisible(is_offered and not busy)
