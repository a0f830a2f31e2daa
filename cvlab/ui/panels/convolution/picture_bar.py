"""Which picture: a source, another image of it, or a file of one's own."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QComboBox, QFileDialog, QHBoxLayout, QPushButton, QWidget

from cvlab.ui.panels.convolution.gallery import KINDS, Gallery
from cvlab.ui.panels.convolution.pieces import icon_button, label, named
from cvlab.ui.theme.icons import icon


class PictureBar(QWidget):
    """Steers a gallery."""

    def __init__(self, gallery: Gallery, parent: QWidget) -> None:
        super().__init__(parent)
        self._gallery = gallery
        self.source = named(
            QComboBox(self),
            "picture",
            "Picture",
            "What the pages look at. You may also drop a picture on the panel, or paste one (Ctrl+V).",
        )
        self.source.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.source.setMinimumContentsLength(20)
        self.before = icon_button(
            self, "picture_before", "left", "Image before", "The image before this one in the set."
        )
        self.after = icon_button(self, "picture_after", "right", "Next image", "The next image of the set.")
        self.open = named(
            QPushButton(icon("open"), "Open", self),
            "open",
            "Open a picture",
            "A picture file of yours (Ctrl+Shift+O): reduced to 320 pixels, and kept with the project.",
        )
        self.busy = label(self)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(4)
        row.addWidget(self.busy)
        row.addSpacing(4)
        row.addWidget(self.source)
        row.addWidget(self.before)
        row.addWidget(self.after)
        row.addWidget(self.open)
        self.source.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.source.activated.connect(self._choose)
        gallery.slow.connect(self.busy.setText)
        self.before.clicked.connect(self._go_before)
        self.after.clicked.connect(self._go_after)
        self.open.clicked.connect(self.choose_file)

    def show_choice(self, source: str, index: int) -> None:
        """source: its id. index: of the image, where it has several."""
        choices = self._gallery.choices()
        self.source.clear()
        for id, title in choices:
            self.source.addItem(title, id)
        self.source.setCurrentIndex(max(self.source.findData(source), 0))
        several = source not in ("photo", "own")
        self.before.setEnabled(several and index > 0)
        self.after.setEnabled(several)

    def _choose(self, index: int) -> None:
        self._gallery.choose_source(self.source.itemData(index))

    def _go_before(self) -> None:
        self._gallery.step(-1)

    def _go_after(self) -> None:
        self._gallery.step(1)

    def choose_file(self) -> None:
        """Asks for a picture file."""
        name, _ = QFileDialog.getOpenFileName(self, "Open a picture", "", KINDS)
        if name:
            self._gallery.open(Path(name))
