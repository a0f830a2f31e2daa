"""Where the query comes from: the test split, a pen, or a file."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PySide6.QtCore import QTimer, Signal
from PySide6.QtWidgets import QButtonGroup, QFileDialog, QHBoxLayout, QStackedWidget, QWidget

from cvlab.ui.panels.neighbors.image_tiles import ImageTiles, Tile
from cvlab.ui.panels.neighbors.pieces import button, chip, icon_button, label, named
from cvlab.ui.widgets.card import Card
from cvlab.ui.widgets.drawing_pad import DrawingPad
from cvlab.ui.widgets.ink import Page, Stroke

FILES = "Pictures (*.png *.jpg *.jpeg *.bmp *.gif *.webp)"
_SOURCES = (
    ("test", "Test image", "An image of the test split: its class is known, so the vote can be right or wrong."),
    ("drawn", "Draw", "Draw a digit; it is made 28 × 28 as MNIST's are. Only for sets of digits."),
    ("file", "File", "A picture of yours, cut and scaled to the set's shape. It can be dropped here, too."),
)


class QueryCard(Card):
    """source_chosen(id). stepped(by). mistake_asked(). inked(): the drawing changed. opened(path)."""

    source_chosen = Signal(str)
    stepped = Signal(int)
    mistake_asked = Signal()
    inked = Signal()
    opened = Signal(object)

    def __init__(self, parent: QWidget) -> None:
        super().__init__("Query", parent)
        self._page = Page()
        self.setAcceptDrops(True)
        self._group = QButtonGroup(self)
        row = QHBoxLayout()
        row.setSpacing(6)
        for number, (id, words, tip) in enumerate(_SOURCES):
            made = chip(self, f"query.{id}", words, tip, checkable=True)
            self._group.addButton(made, number)
            row.addWidget(made)
        row.addStretch(1)
        self.body.addLayout(row)
        self.stack = QStackedWidget(self)
        self.stack.setProperty("role", "plain")
        self.shown = ImageTiles(self.stack, most=220.0, columns=1)
        named(self.shown, "query_image", "The query", "The image whose neighbours are looked for.")
        self.pad = named(
            DrawingPad(self.stack, invitation="Draw a digit"),
            "pad",
            "Drawing pad",
            "Draw with a mouse, a pen or a finger; Delete clears. The neighbours follow the pen.",
        )
        self.stack.addWidget(self.shown)
        self.stack.addWidget(self.pad)
        self.body.addWidget(self.stack, 1)
        self.before = icon_button(
            self, "query_before", "left", "Test image before", "The test image before this one. Alt+Left."
        )
        self.after = icon_button(self, "query_after", "right", "Next test image", "The next test image. Alt+Right.")
        self.mistake = chip(self, "mistake", "Next mistake", "The next test image that the vote gets wrong.")
        self.open = button(
            self, "open", "Open a picture…", "Choose a picture file to look up.", glyph="open", role="chip"
        )
        self.clear = button(
            self, "clear_pad", "Clear", "Clean paper. Delete on the pad does the same.", glyph="clear", role="chip"
        )
        tools = QHBoxLayout()
        tools.setSpacing(6)
        for each in (self.before, self.after, self.mistake, self.open, self.clear):
            tools.addWidget(each)
        tools.addStretch(1)
        self.body.addLayout(tools)
        self.words = label(self, wraps=True)
        self.body.addWidget(self.words)
        self._ink = QTimer(self)
        self._ink.setSingleShot(True)
        self._ink.setInterval(30)
        self._ink.timeout.connect(self.inked)
        self._group.idClicked.connect(self._choose)
        self.before.clicked.connect(self._go_before)
        self.after.clicked.connect(self._go_after)
        self.mistake.clicked.connect(self.mistake_asked)
        self.open.clicked.connect(self._open)
        self.clear.clicked.connect(self._wipe)
        self.pad.inked.connect(self._inked)
        self.pad.drawn.connect(self._drawn)
        self.pad.cleared.connect(self._wipe)
        self.pad.offered.connect(self._offered)

    # -- showing -----------------------------------------------------------------------------------------------------

    def show_source(self, source: str, *, takes_digits: bool) -> None:
        self._group.button([id for id, *_ in _SOURCES].index(source)).setChecked(True)
        self._group.button(1).setEnabled(takes_digits)
        self.stack.setCurrentIndex(int(source == "drawn"))
        for each in (self.before, self.after, self.mistake):
            each.setVisible(source == "test")
        self.open.setVisible(source == "file")
        self.clear.setVisible(source == "drawn")

    def show_query(self, image: np.ndarray, caption: str, role: str) -> None:
        self.shown.show_tiles([Tile(image, caption, role)])

    def show_message(self, message: str) -> None:
        self.shown.show_message(message)

    def show_words(self, text: str) -> None:
        self.words.setText(text)

    # -- what a person does ------------------------------------------------------------------------------------------

    def drawing(self) -> np.ndarray | None:
        """The ink as it is, None for clean paper."""
        made = self.pad.mask()
        return made if made.any() else None

    def _choose(self, number: int) -> None:
        self.source_chosen.emit(_SOURCES[number][0])

    def _go_before(self) -> None:
        self.stepped.emit(-1)

    def _go_after(self) -> None:
        self.stepped.emit(1)

    def _inked(self) -> None:
        if not self._ink.isActive():
            self._ink.start()

    def _drawn(self, stroke: Stroke) -> None:
        self._page = self._page.with_stroke(stroke)
        self.pad.show_page(self._page)
        self._inked()

    def _wipe(self) -> None:
        self._page = Page()
        self.pad.show_page(self._page)
        self._inked()

    def _offered(self, source: object) -> None:
        if isinstance(source, Path):
            self.opened.emit(source)

    def _open(self) -> None:
        name, _ = QFileDialog.getOpenFileName(self, "Open a picture", "", FILES)
        if name:
            self.opened.emit(Path(name))

    def dragEnterEvent(self, event) -> None:
        if event.mimeData().hasUrls():
            event.acceptProposedAction()

    def dropEvent(self, event) -> None:
        path = next((Path(url.toLocalFile()) for url in event.mimeData().urls() if url.isLocalFile()), None)
        if path is not None:
            self.opened.emit(path)
            event.acceptProposedAction()
