"""The page of parameter sharing: one neuron and a whole layer, counted with and without, on a logarithmic axis."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from cvlab.core.history import SetField
from cvlab.core.lab import Lab
from cvlab.core.panels.convolution_documents import RANGES, SharingDocument, SlideDocument
from cvlab.engine.parameter_sharing import LayerSizes
from cvlab.ui.bind import bind
from cvlab.ui.panels.convolution.log_bars import Bar, LogBars
from cvlab.ui.panels.convolution.pieces import Chips, Knob, label, strong
from cvlab.ui.widgets.card import Card

_SIDE_WIDTH = 264
_PRESETS = {
    "cifar": ("CIFAR-10, 32 × 32 × 3", "The course's small picture: 3,072 numbers.", SharingDocument()),
    "large": ("A picture of 200 × 200 × 3", "The course's picture of more respectable size.", SharingDocument(width=200)),
    "lenet": ("LeNet's first layer", "28 × 28 grey pixels, six filters of 5.", SharingDocument(28, 1, 6, 5, 1, 2)),
    "alexnet": ("AlexNet's first layer", "227 × 227 × 3, 96 filters of 11 at stride 4.", SharingDocument(227, 3, 96, 11, 4, 0)),
    "vgg": ("VGG's conv5", "14 × 14 × 512, 512 filters of 3.", SharingDocument(14, 512, 512, 3, 1, 1)),
}  # fmt: skip
_KNOBS = (
    ("width", "width", "W", "Width and height of the input. Only the fully-connected counts grow with it."),
    ("channels", "channels", "C", "Depth of the input: 3 for colours, more for the maps of a layer before."),
    ("filters", "filters", "K", "How many maps the layer gives."),
    ("filter", "filter", "F", "Side of the window."),
    ("stride", "stride", "S", "Cells that the window jumps: fewer outputs, as many shared weights."),
    ("padding", "padding", "P", "Rings of zeros around the input."),
)  # fmt: skip


ON_SLIDE = "slide"


def of_slide(document: SlideDocument) -> SharingDocument:
    """The layer of the page Slide."""
    return SharingDocument(
        document.side, document.channels, document.filters, document.filter, document.stride, document.padding
    )


class SharingPage(QWidget):
    """Edits go through the history."""

    def __init__(self, lab: Lab, parent: QWidget) -> None:
        super().__init__(parent)
        self._state, self._history = lab.project.convolution, lab.history
        left, presets = Card("Layer", self), Card("Known layers", self)
        self.knobs = {
            field: Knob("sharing", field, words, symbol, *RANGES[field], tip, left)
            for field, words, symbol, tip in _KNOBS
        }
        for knob in self.knobs.values():
            left.body.addWidget(knob)
            knob.turned.connect(self._turn)
            knob.released.connect(self._history.end_gesture)
        self.presets = Chips(
            "sharing.preset",
            (
                *((id, words, tip) for id, (words, tip, _) in _PRESETS.items()),
                (
                    ON_SLIDE,
                    "The layer on Slide",
                    "The setting of the sliding window as it stands there now, in one group.",
                ),
            ),
            presets,
            columns=1,
        )
        presets.body.addWidget(self.presets)
        presets.body.addStretch(1)
        one, all_ = Card("Weights of one neuron", self), Card("Parameters of the whole layer", self)
        self.one, self.layer = LogBars(6, one), LogBars(9, all_)
        self.one.setAccessibleName("Weights of one neuron")
        self.layer.setAccessibleName("Parameters of the layer")
        self.one_words, self.layer_words = label(one, "", "", wraps=True), label(all_, "", "", wraps=True)
        for card in (one, all_):
            card.header.addStretch(1)
            card.header.addWidget(label(card, "each line is ten times the one before"))
        one.body.addWidget(self.one, 100)
        one.body.addWidget(self.one_words)
        one.body.addStretch(1)
        all_.body.addWidget(self.layer, 100)
        all_.body.addWidget(self.layer_words)
        all_.body.addStretch(1)
        column, right = QVBoxLayout(), QVBoxLayout()
        for box, parts in ((column, (left, presets)), (right, (one, all_))):
            box.setSpacing(12)
            for part in parts:
                box.addWidget(part, {left: 0, one: 2}.get(part, 3))
        for card in (left, presets):
            card.setFixedWidth(_SIDE_WIDTH)
        outer = QHBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.setSpacing(12)
        outer.addLayout(column)
        outer.addLayout(right, 1)
        self.presets.chosen.connect(self._choose)
        bind(self, self._state, "sharing", self._show_document)

    def wake(self) -> None:
        """Nothing runs here."""

    def rest(self) -> None:
        """Nothing runs here."""

    def _show_document(self, document: SharingDocument) -> None:
        for field, knob in self.knobs.items():
            knob.show_value(getattr(document, field))
        known = {made: id for id, (*_, made) in _PRESETS.items()} | {of_slide(self._state.slide): ON_SLIDE}
        self.presets.show_value(known.get(document))
        sizes = document.sizes
        W, C, F = sizes.width, sizes.channels, sizes.sliding.filter
        self.one.show_bars(
            (
                Bar(f"fully-connected: sees all of {W} × {W} × {C}", sizes.full_neuron, "held_out"),
                Bar(f"convolutional: sees {F} × {F} × {C}", sizes.window_neuron, "accent"),
            )
        )
        times = sizes.full_neuron / sizes.window_neuron
        self.one_words.setText(
            f"In a fully-connected layer one single neuron has {strong(f'{sizes.full_neuron:,} weights')}; over a window it has "
            f"{sizes.window_neuron:,}" + (f", {_times(times)} fewer." if times > 1 else ".")
        )
        self._show_layer(sizes)

    def _show_layer(self, sizes: LayerSizes) -> None:
        out, K = sizes.out_width, sizes.filters
        if not out:
            extent, padded = sizes.sliding.fit(sizes.width).extent, sizes.sliding.fit(sizes.width).padded
            self.layer.show_bars((Bar("convolutional", sizes.shared, "accent"),))
            self.layer_words.setText(
                f"A window of {extent} does not fit into {padded}: the layer has weights, but no place to use them. Pad more, or "
                "take a smaller filter."
            )
            return
        self.layer.show_bars(
            (
                Bar(f"fully-connected: {sizes.outputs:,} neurons see everything", sizes.full, "held_out"),
                Bar("windows only: each neuron with weights of its own", sizes.local, "class-8"),
                Bar("convolutional: all of a map share one filter", sizes.shared, "accent"),
            )
        )
        self.layer_words.setText(
            f"{out} × {out} × {K} neurons. Looking at windows saves {_times(sizes.full / sizes.local)}; sharing saves another "
            f"{_times(sizes.local / sizes.shared)}, once for every place of the {out} × {out}. What is left: "
            f"{strong(f'{K:,} × ({sizes.window_neuron:,} + 1) = {sizes.shared:,}')}."
        )

    def _push(self, document: SharingDocument, words: str, key: str = "") -> None:
        if document != self._state.sharing:
            self._history.push(SetField(self._state, "sharing", document, words, key))
        if not key:
            self._history.end_gesture()

    def _turn(self, field: str, value: int) -> None:
        changed = replace(self._state.sharing, **{field: value})
        self._push(changed, f"Change the {field}", f"convolution.sharing.{field}")

    def _choose(self, id: str) -> None:
        if id == ON_SLIDE:
            self._push(of_slide(self._state.slide), "The layer on Slide")
        else:
            self._push(_PRESETS[id][2], _PRESETS[id][0])
        self._show_document(self._state.sharing)  # the chip stays marked only where it is that layer


def _times(factor: float) -> str:
    return f"{factor:,.0f} times" if factor >= 10 else f"{factor:.1f} times"
