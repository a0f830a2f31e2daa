"""The card left of the images: which part, which classes, which words, in which order, how large."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QButtonGroup,
    QComboBox,
    QHBoxLayout,
    QLineEdit,
    QScrollArea,
    QSlider,
    QToolButton,
    QWidget,
)

from cvlab.core.lab import Lab
from cvlab.core.panels.datasets import LARGEST_TILE, SMALLEST_TILE
from cvlab.ui.bind import bind, bind_choice, bind_slider, listen
from cvlab.ui.panels.datasets.class_bars import ClassBars
from cvlab.ui.panels.datasets.pieces import button, label, named
from cvlab.ui.widgets.card import Card

ORDERS = (
    ("stored", "As stored"),
    ("class", "By class"),
    ("dark", "Darkest first"),
    ("bright", "Brightest first"),
    ("flat", "Least contrast first"),
    ("vivid", "Most contrast first"),
)
_PARTS = (
    ("train", "Training", "The images that are learned from."),
    ("test", "Test", "The images that are kept for the very end. Looking is fine; choosing by them is not."),
)


class FilterCard(Card):
    """Edits the state; the page shows what follows."""

    def __init__(self, lab: Lab, parent: QWidget) -> None:
        super().__init__("Show", parent)
        self._test_set = lab.test_set
        self._state = state = lab.project.datasets
        self._parts = QButtonGroup(self)
        row = QHBoxLayout()
        row.setSpacing(6)
        for number, (id, words, tip) in enumerate(_PARTS):
            chip = button(self, f"part.{id}", words, tip, role="chip")
            chip.setCheckable(True)
            self._parts.addButton(chip, number)
            row.addWidget(chip)
        row.addStretch(1)
        self.text = named(
            QLineEdit(self),
            "text",
            "Search",
            "Shows only images whose class or file name holds these letters, or the one of this number.",
        )
        self.text.setPlaceholderText("Class, file or number")
        self.text.setClearButtonEnabled(True)
        named(
            self.text.findChild(QToolButton), "clear_text", "Clear the search", "Shows the images of all names again."
        )
        self.order = named(
            QComboBox(self),
            "order",
            "Order",
            "Sorting by brightness or contrast shows outliers, and whether a class could be told by these alone.",
        )
        for id, words in ORDERS:
            self.order.addItem(words, id)
        self.tile = named(
            QSlider(Qt.Orientation.Horizontal, self), "tile", "Size of the images", "How large each image is drawn."
        )
        self.tile.setRange(SMALLEST_TILE, LARGEST_TILE)
        self.all = button(self, "all_classes", "All classes", "Takes the filter by class away.", role="link")
        self.bars = ClassBars(self)
        self.bars.setObjectName("datasets.classes")
        self.bars.setAccessibleName("Classes")
        self.bars.setToolTip("Click a class to see it alone; with Ctrl, to add or remove it.")
        self.bars.setProperty("role", "page")
        area = QScrollArea(self)
        area.setWidget(self.bars)
        area.setWidgetResizable(True)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        classes = QHBoxLayout()
        classes.addWidget(label(self, "Classes", "subheading"))
        classes.addStretch(1)
        classes.addWidget(self.all)
        self.body.addLayout(row)
        self.body.addWidget(self.text)
        self.body.addWidget(self.order)
        size = QHBoxLayout()
        size.setSpacing(8)
        size.addWidget(label(self, "Size"))
        size.addWidget(self.tile, 1)
        self.body.addLayout(size)
        self.body.addLayout(classes)
        self.body.addWidget(area, 1)
        self._parts.idClicked.connect(self._choose_part)
        self.text.textEdited.connect(self._search)
        self.all.clicked.connect(self._show_all)
        self.bars.toggled.connect(self._toggle)
        bind_choice(self.order, state, "order")
        bind_slider(self.tile, state, "tile")
        listen(self, lab.test_set.changed, self._show_lock)
        self._show_lock()
        bind(self, state, "split", self._show_part)
        bind(self, state, "text", self._show_text)
        bind(self, state, "classes", self._show_classes)

    def _choose_part(self, number: int) -> None:
        part = _PARTS[number][0]
        if part == "test" and not self._test_set.is_unlocked:
            self._show_part(self._state.split)
            self._remind()
        else:
            self._state.split = part

    def _remind(self) -> None:
        """The course's rule, before the first look."""
        from cvlab.ui.dialogs import Question

        Question(
            self.window(), "test_seal", "Test set locked",
            "It says at the very end how good a finished net is. Looking is no harm as long as it changes no choice: whoever "
            "tunes by it only learns how well its answers can be guessed.",
            (
                ("look", "Unlock test set", "Shows test images and test figures in this project. The Splits page locks it again.",
                 "", self._unlock),
                ("leave", "Leave it locked", "Stays with the training images.", "primary", self._leave),
            ),
        ).open()  # fmt: skip

    def _unlock(self) -> None:
        self._test_set.unlock()
        self._state.split = "test"

    def _leave(self) -> None:
        pass

    def _show_lock(self, _: object = None) -> None:
        """No test image stays on the screen when the test set is locked."""
        if self._state.split == "test" and not self._test_set.is_unlocked:
            self._state.split = "train"

    def _show_part(self, part: str) -> None:
        self._parts.button([id for id, *_ in _PARTS].index(part)).setChecked(True)

    def _search(self, text: str) -> None:
        self._state.text = text[:200]

    def _show_text(self, text: str) -> None:
        if text != self.text.text():
            self.text.setText(text)

    def _show_all(self) -> None:
        self._state.classes = ()

    def _toggle(self, number: int, joins: bool) -> None:
        now = self._state.classes
        if not joins:
            self._state.classes = () if now == (number,) else (number,)
        elif number in now:
            self._state.classes = tuple(each for each in now if each != number)
        else:
            self._state.classes = tuple(sorted((*now, number)))

    def _show_classes(self, classes: tuple[int, ...]) -> None:
        self.bars.show_chosen(classes)
        self.all.setEnabled(bool(classes))
