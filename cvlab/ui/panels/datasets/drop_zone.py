"""The import card while nothing has been given to it: a place to drop, two ways to choose, and which layouts are read."""

from __future__ import annotations

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QVBoxLayout, QWidget

from cvlab.ui.panels.datasets.pieces import button, label
from cvlab.ui.theme import theme
from cvlab.ui.widgets.sign import Sign

_LAYOUTS = (
    ("A folder", "cat/1.png, dog/2.jpg …", "A folder a class, perhaps below train/ and test/."),
    ("An archive", "pets.zip, flowers.tar.gz", "The same inside; it is read where it lies."),
    ("A table", "list.csv: path,label", "A third column may say train or test."),
    ("Arrays", "digits.npz", "images, labels; or train_images, test_images …"),
    ("IDX files", "train-images-idx3-ubyte.gz", "The four files of a set like MNIST, in one folder."),
)


class DropZone(QWidget):
    """wants_folder, wants_file: the person would rather choose. It only paints the frame; the panel takes what is dropped."""

    wants_folder = Signal()
    wants_file = Signal()

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._is_hot = False
        self.folder = button(
            self,
            "import.folder",
            "A folder…",
            "Asks for a folder with a folder a class.",
            glyph="folder",
            role="primary",
        )
        self.file = button(self, "import.file", "A file…", "Asks for an archive, a table or arrays.", glyph="open")
        choose = QHBoxLayout()
        choose.setSpacing(8)
        choose.addStretch(1)
        choose.addWidget(self.folder)
        choose.addWidget(self.file)
        choose.addStretch(1)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(24, 20, 24, 20)
        outer.setSpacing(12)
        outer.addWidget(Sign("download", "accent", 32, self), 0, Qt.AlignmentFlag.AlignHCenter)
        self.words = label(self, "Drop your images here", "subheading")
        outer.addWidget(self.words, 0, Qt.AlignmentFlag.AlignHCenter)
        outer.addLayout(choose)
        outer.addSpacing(8)
        outer.addLayout(self._layouts())
        self.folder.clicked.connect(self.wants_folder)
        self.file.clicked.connect(self.wants_file)
        theme().changed.connect(self.update)

    def _layouts(self) -> QGridLayout:
        grid = QGridLayout()
        grid.setHorizontalSpacing(16)
        grid.setVerticalSpacing(6)
        for row, (kind, example, words) in enumerate(_LAYOUTS):
            grid.addWidget(label(self, kind, "small"), row, 0)
            grid.addWidget(label(self, example), row, 1)
            grid.addWidget(label(self, words, wraps=True), row, 2)
        grid.setColumnStretch(2, 1)
        return grid

    def show_hot(self, hot: bool) -> None:
        """Whether something hovers that could be dropped."""
        if hot != self._is_hot:
            self._is_hot = hot
            self.words.setText("Let go to look through it" if hot else "Drop your images here")
            self.update()

    def sizeHint(self) -> QSize:
        return super().sizeHint().expandedTo(QSize(520, 300))

    def paintEvent(self, event: QPaintEvent) -> None:
        painter, colours = QPainter(self), theme()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        pen = QPen(
            colours.colour("accent" if self._is_hot else "muted"), 2 if self._is_hot else 1.2, Qt.PenStyle.DashLine
        )
        painter.setPen(pen)
        painter.setBrush(colours.colour("accent", 0.08) if self._is_hot else colours.colour("sunken"))
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(1, 1, -1, -1), 8, 8)
        painter.end()
