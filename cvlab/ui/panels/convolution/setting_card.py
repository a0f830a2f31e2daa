"""The layer: which operation, and its sliders: size and channels of the input, filters, F, stride, padding, dilation, groups."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from cvlab.core.panels.convolution_documents import (
    MAX_CHANNELS,
    MAX_DILATION,
    MAX_FILTER,
    MAX_FILTERS,
    MAX_OUTPUT_PADDING,
    MAX_PADDING,
    MAX_SIDE,
    MAX_STRIDE,
    MIN_SIDE,
    SlideDocument,
)
from cvlab.ui.panels.convolution.pieces import Chips, Knob
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
    ("output_padding", "out pad", "OP", 0, MAX_OUTPUT_PADDING,
     "Rows and columns more at the far end. They are no zeros: less is cut off there, or they keep the bias. It tells apart the "
     "sizes that one and the same convolution shrinks to W. It must stay below the stride or the dilation."),
    ("dilation", "dilation", "d", 1, MAX_DILATION,
     "Distance of two taps. With 2, a filter of 3 looks over 5 cells and still has 9 weights a channel."),
    ("groups", "groups", "g", 1, MAX_FILTERS,
     "Channels and filters fall into so many groups, and a filter reads its own group only: fewer weights. As many groups as "
     "channels is depthwise. It must divide both C and K."),
)  # fmt: skip
_TRANSPOSED = {
    "channels": "Depth of the input. Each channel stamps with kernels of its own.",
    "filters": "How many output maps there are. Each channel stamps into each with another kernel.",
    "filter": "Side of the stamp. If the stride divides it, stamps overlap evenly: 2 with 2, or 4 with 2.",
    "stride": "Cells from one stamp to the next. With 2, the output is about twice as wide.",
    "padding": "Rings that are cut off around the output: what zeros around are for a convolution, backwards.",
    "dilation": "Distance of two taps. A dilated stamp has holes, which other stamps may fill.",
    "groups": "Channels and maps fall into so many groups, and a channel stamps into its own group only. It must divide both.",
}


class SettingCard(Card):
    """turned(field, value): a slider of the document was moved. released: the undo step is over. chosen(operation)."""

    turned = Signal(str, int)
    released = Signal()
    chosen = Signal(object)

    def __init__(self, parent: QWidget) -> None:
        super().__init__("Layer", parent)
        self.body.setSpacing(1)
        self.operation = Chips(
            "slide.operation",
            (
                ("convolution", "Conv", "A convolution: the window slides over the input and reads (Ctrl+Shift+T)."),
                (
                    "transposed",
                    "Transposed",
                    "A transposed convolution: each input number stamps its multiple of the kernel, and the output grows "
                    "(Ctrl+Shift+T).",
                ),
            ),
            self,
        )
        self.header.addStretch(1)
        self.header.addWidget(self.operation)
        self.operation.chosen.connect(self.chosen)
        self.knobs: dict[str, Knob] = {}
        self._tips: dict[str, str] = {}
        for field, words, symbol, low, high, tip in _KNOBS:
            knob = self.knobs[field] = Knob("slide", field, words, symbol, low, high, tip, self)
            self._tips[field] = tip
            knob.turned.connect(self.turned)
            knob.released.connect(self.released)
            self.body.addWidget(knob)

    def show_document(self, document: SlideDocument) -> None:
        self.operation.show_value(document.operation)
        for field, knob in self.knobs.items():
            knob.show_value(getattr(document, field))
            tip = _TRANSPOSED.get(field, self._tips[field]) if document.is_transposed else self._tips[field]
            if knob.slider.toolTip() != tip:
                knob.slider.setToolTip(tip)
        for field in ("side", "channels"):  # a picture brings its own
            self.knobs[field].setVisible(not document.uses_picture)
        self.knobs["output_padding"].setVisible(document.is_transposed)
