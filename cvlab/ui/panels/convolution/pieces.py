"""The small pieces that stand in this panel's cards, and how numbers are written in them."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QSignalBlocker, Qt, Signal
from PySide6.QtWidgets import QButtonGroup, QGridLayout, QHBoxLayout, QSizePolicy, QSlider, QWidget

from cvlab.ui.widgets.bars import tabular
from cvlab.ui.widgets.controls import Controls, label, steady

__all__ = ["Chips", "Knob", "chip", "controls", "fitting", "icon_button", "label", "named", "number", "strong"]

controls = Controls("convolution")
named, chip, icon_button = controls.named, controls.chip, controls.icon_button


class Chips(QWidget):
    """One of several, as chips in a row, or in rows of `columns`. chosen(value)."""

    chosen = Signal(object)

    def __init__(
        self, name: str, choices: Sequence[tuple[object, str, str]], parent: QWidget, *, columns: int = 0
    ) -> None:
        """choices: value, words and tip of each. The chips are named `<name>.<value>`."""
        super().__init__(parent)
        self._values = [value for value, *_ in choices]
        self._group = QButtonGroup(self)
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setSpacing(6)
        for number, (value, words, tip) in enumerate(choices):
            made = chip(self, f"{name}.{value}".lower(), words, tip, checkable=True)
            self._group.addButton(made, number)
            grid.addWidget(made, *divmod(number, columns or len(choices)))
        across = QSizePolicy.Policy.Preferred if columns else QSizePolicy.Policy.Fixed
        self.setSizePolicy(across, QSizePolicy.Policy.Fixed)
        self._group.idClicked.connect(self._choose)

    def show_value(self, value: object) -> None:
        """Marks the chip of the value; none for a value that has none."""
        self._group.setExclusive(False)
        for number, own in enumerate(self._values):
            self._group.button(number).setChecked(own == value)
        self._group.setExclusive(True)

    def _choose(self, number: int) -> None:
        self.chosen.emit(self._values[number])


class Knob(QWidget):
    """A whole number on a slider, its name at the left and its value at the right. turned(field, value); released."""

    turned = Signal(str, int)
    released = Signal()

    def __init__(
        self, page: str, field: str, words: str, symbol: str, low: int, high: int, tip: str, parent: QWidget
    ) -> None:
        super().__init__(parent)
        self._field = field
        caption = label(self, f"{words} {strong(symbol)}" if symbol else words)
        caption.setFixedWidth(caption.fontMetrics().horizontalAdvance("channels C") + 18)
        self.slider = named(QSlider(Qt.Orientation.Horizontal, self), f"{page}.{field}", words, tip)
        self.slider.setRange(low, high)
        self.slider.setPageStep(1 if high < 20 else 16)
        self.value = label(self, "", "")
        self.value.setFont(tabular(self.value.font()))
        self.value.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        steady(self.value, "888")
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(6)
        row.addWidget(caption)
        row.addWidget(self.slider, 1)
        row.addWidget(self.value)
        self.slider.valueChanged.connect(self._turn)
        self.slider.sliderReleased.connect(self.released)

    def show_value(self, value: int) -> None:
        blocker = QSignalBlocker(self.slider)
        self.slider.setValue(value)
        blocker.unblock()
        self.value.setText(str(value))

    def _turn(self, value: int) -> None:
        self.turned.emit(self._field, value)
        if not self.slider.isSliderDown():
            self.released.emit()


def strong(text: str) -> str:
    """Rich text in the weight that the interface's font has; <b> would be faked."""
    return f'<span style="font-weight:600">{text}</span>'


def fitting(value: float, pixels: float, each: float) -> str:
    """The number with as many digits as there is room for; each: pixels that a figure takes."""
    room = pixels / each
    text = number(value)
    return text if len(text) <= room else number(value, 2) if len(number(value, 2)) <= room else number(value, 1)


def number(value: float, digits: int = 3) -> str:
    """As short as it can be read, with a true minus: 3, −1, 0.42, −12.5."""
    text = f"{value:.{digits}g}"
    if "e" in text:
        text = f"{value:.0f}" if abs(value) < 1e5 else f"{value:.1e}".replace("e+0", "e").replace("e+", "e")
    if abs(value) < 5e-4:
        text = "0"
    return text.replace("-", "−")
