"""The card right of the images: the chosen one in numbers, two pinned ones compared, or its class on the whole."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QButtonGroup, QHBoxLayout, QStackedWidget, QWidget

from cvlab.ui.panels.datasets.class_view import ClassView
from cvlab.ui.panels.datasets.compare_view import CompareView
from cvlab.ui.panels.datasets.pieces import button, icon_button, label
from cvlab.ui.panels.datasets.pixels_view import PixelsView
from cvlab.ui.widgets.card import Card

_VIEWS = (
    ("pixels", "Pixels", "The chosen image as numbers from 0 to 255."),
    ("compare", "Compare", "Two pinned images side by side, and their difference."),
    ("class", "Class", "The mean image of the chosen image's class, and its statistics."),
)
_NAME_ROOM = 132
"""Pixels for the name of a class, beside the buttons."""


class ImageCard(Card):
    """view_changed: another of the three is in front."""

    view_changed = Signal(str)

    def __init__(self, parent: QWidget) -> None:
        super().__init__("Image", parent)
        self.pixels, self.compare, self.of_class = PixelsView(self), CompareView(self), ClassView(self)
        self.facts = label(self, wraps=True)
        self.facts.setMinimumHeight(36)
        self.before = icon_button(
            self, "before", "left", "Image before", "The image before this one, in the order shown."
        )
        self.after = icon_button(self, "after", "right", "Next image", "The next image, in the order shown.")
        self.pin = button(
            self,
            "pin",
            "Pin",
            "Keeps this image for a comparison. The third pinned takes the first's place.",
            role="chip",
        )
        self.header.addStretch(1)
        for widget in (self.pin, self.before, self.after):
            self.header.addWidget(widget)
        self._switch, self._stack = QButtonGroup(self), QStackedWidget(self)
        self._stack.setProperty("role", "plain")
        row = QHBoxLayout()
        row.setSpacing(6)
        for number, (id, words, tip) in enumerate(_VIEWS):
            chip = button(self, f"view.{id}", words, tip, role="chip")
            chip.setCheckable(True)
            self._switch.addButton(chip, number)
            row.addWidget(chip)
        row.addStretch(1)
        for view in (self.pixels, self.compare, self.of_class):
            self._stack.addWidget(view)
        self.body.addWidget(self.facts)
        self.body.addLayout(row)
        self.body.addWidget(self._stack, 1)
        self._switch.idClicked.connect(self._choose)
        self.show_view("pixels")

    def show_class(self, name: str) -> None:
        """The class as the card's title: as much of it as there is room for."""
        room = self.title.fontMetrics().elidedText(name, Qt.TextElideMode.ElideRight, _NAME_ROOM)
        self.title.setText(room)
        self.title.setToolTip(name)

    @property
    def view(self) -> str:
        return _VIEWS[self._stack.currentIndex()][0]

    def _choose(self, number: int) -> None:
        self.show_view(_VIEWS[number][0])

    def show_view(self, view: str) -> None:
        number = [id for id, *_ in _VIEWS].index(view)
        self._switch.button(number).setChecked(True)
        self._stack.setCurrentIndex(number)
        self.view_changed.emit(view)
