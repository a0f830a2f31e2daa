"""The sliders of the layer: size and channels of the input, filters, F, stride, padding, dilation."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from cvlab.core.panels.convolution_documents import (
    MAX_CHANNELS,
    MAX_DILATION,
    MAX_FILTER,
    MAX_FILTERS,
    MAX_PADDING,
    MAX_SIDE,
    MAX_STRIDE,
    MIN_SIDE,
    SlideDocument,
)
from cvlab.ui.panels.convolution.pieces import Knob
from cvlab.ui.widgets.card import Card

_KNOBS = (
    ("side", "input", "W", MIN_SIDE, MAX_SIDE, "Cells a side of the typed input. New cells are drawn from 0, 1 and 2."),
    ("channels", "channels", "C", 1, MAX_CHANNELS, "Depth of the input. Every filter has one slice a channel, always."),
    ("filters", "filters", "K", 1, MAX_FILTERS,
     "How many filters slide over the input. Each gives one output map: K is the output's depth."),
    ("filter", "filter", "F", 1, MAX_FILTER,
     "Side of the window. The course advises 3, at most 5: two layers of 3 see as far as one of 5, for fewer weights."),
    ("stride", "stride", "S", 1, MAX_STRIDE, "Cells that the window jumps. With 2, the output is half as wide."),
    ("padding", "padding", "P", 0, MAX_PADDING,
     "Rings of zeros around the input. With P = (F − 1)/2 and S = 1 the output is as large as the input."),
    ("dilation", "dilation", "d", 1, MAX_DILATION,
     "Distance of two taps. With 2, a filter of 3 looks over 5 cells and still has 9 weights a channel."),
    ("groups", "groups", "g", 1, MAX_FILTERS,
     "Channels and filters fall into so many groups, and a filter reads its own group only: fewer weights. As many groups as "
     "channels is depthwise. It must divide both C and K."),
)  # fmt: skip


class SettingCard(Card):
    """turned(field, value): a slider of the document was moved. released: the undo step is over."""

    turned = Signal(str, int)
    released = Signal()

    def __init__(self, parent: QWidget) -> None:
        super().__init__("Layer", parent)
        self.body.setSpacing(2)
        self.knobs: dict[str, Knob] = {}
        for field, words, symbol, low, high, tip in _KNOBS:
            knob = self.knobs[field] = Knob("slide", field, words, symbol, low, high, tip, self)
            knob.turned.connect(self.turned)
            knob.released.connect(self.released)
            self.body.addWidget(knob)

    def show_document(self, document: SlideDocument) -> None:
        for field, knob in self.knobs.items():
            knob.show_value(getattr(document, field))
        for field in ("side", "channels"):  # a picture brings its own
            self.knobs[field].setVisible(not document.uses_picture)
