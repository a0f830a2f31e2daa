"""The page where the window slides: the layer's sliders, what fits, the stage and its transport."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from cvlab.core.history import SetField
from cvlab.core.lab import Lab
from cvlab.core.panels.convolution_documents import PIXELS, SlideDocument
from cvlab.engine.data.photo import Photo
from cvlab.ui.bind import bind
from cvlab.ui.panels.convolution.fit_card import FitCard
from cvlab.ui.panels.convolution.pieces import Chips, chip
from cvlab.ui.panels.convolution.scale_key import ScaleKey
from cvlab.ui.panels.convolution.scene import Scene
from cvlab.ui.panels.convolution.setting_card import SettingCard
from cvlab.ui.panels.convolution.slide_stage import SlideStage
from cvlab.ui.panels.convolution.transport import Transport
from cvlab.ui.widgets.card import Card

_SIDE_WIDTH = 264


class SlidePage(QWidget):
    """Edits go through the history; moving the window does not."""

    def __init__(self, lab: Lab, parent: QWidget) -> None:
        super().__init__(parent)
        self._state, self._history = lab.project.convolution, lab.history
        self._picture: np.ndarray | None = None
        self._build()
        self._connect()

    def _build(self) -> None:
        self.setting, self.fit = SettingCard(self), FitCard(self)
        card = Card("Slide", self)
        self.stage, self.transport = SlideStage(card), Transport(card)
        self.source = Chips(
            "slide.source",
            (
                ("numbers", "Numbers", "Small numbers that you can type over."),
                (
                    "picture",
                    "Picture",
                    "The picture chosen above, reduced to 32 pixels a side so that each can be seen.",
                ),
            ),
            card,
        )
        self.course = chip(
            card, "slide.course", "Demo", "5 × 5 × 3, padded by 1, two filters of 3 at stride 2: the course's picture."
        )
        self.edges = chip(
            card,
            "slide.edges",
            "Edges",
            "Filters that find edges: Sobel x, Sobel y and the Laplacian. Best on a picture.",
        )
        self.randomise = chip(
            card, "slide.randomise", "Randomise", "Other numbers of the same kind: 0..2 in x, −1..1 in w."
        )
        card.header.addStretch(1)
        card.header.addWidget(ScaleKey(card))
        card.header.addSpacing(8)
        for part in (self.source, self.course, self.edges, self.randomise):
            card.header.addWidget(part)
        card.body.addWidget(self.stage, 1)
        card.body.addWidget(self.transport)
        left = QVBoxLayout()
        left.setSpacing(12)
        left.addWidget(self.setting)
        left.addWidget(self.fit, 1)
        for part in (self.setting, self.fit):
            part.setFixedWidth(_SIDE_WIDTH)
        outer = QHBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.setSpacing(12)
        outer.addLayout(left)
        outer.addWidget(card, 1)

    def _connect(self) -> None:
        self.setting.turned.connect(self._turn)
        self.setting.released.connect(self._history.end_gesture)
        self.source.chosen.connect(self._choose_source)
        self.course.clicked.connect(self._reset)
        self.edges.clicked.connect(self._find_edges)
        self.randomise.clicked.connect(self._randomise)
        self.stage.given.connect(self._give)
        self.stage.settled.connect(self._history.end_gesture)
        self.stage.chosen.connect(self.go)
        self.stage.toggled.connect(self.transport.toggle)
        self.transport.went.connect(self._walk)
        self.transport.speed.asked.connect(self._set_speed)
        bind(self, self._state, "speed", self.transport.show_speed)
        bind(self, self._state, "slide", self._show_document)
        bind(self, self._state, "position", self._show_position)

    def wake(self) -> None:
        """Nothing runs before somebody plays."""

    def rest(self) -> None:
        self.transport.stop()

    # -- showing -----------------------------------------------------------------------------------------------------

    def show_photo(self, photo: Photo) -> None:
        """The picture that stands in for x."""
        self._picture = photo.reduced(PIXELS).unit.astype(np.float64)
        if self._state.slide.uses_picture:
            self._show_document(self._state.slide)

    def _show_document(self, document: SlideDocument) -> None:
        uses = document.uses_picture and self._picture is not None
        x = self._picture if uses else document.input()
        scene = Scene(x, document.weights(len(x)), document.biases(), document.sliding, uses, document.groups)
        self.source.show_value("picture" if document.uses_picture else "numbers")
        self.setting.show_document(document)
        self.fit.show_fit(scene.fits[1])
        self.fit.show_sizes(scene)
        self.stage.show_scene(scene, self._state.position)
        self._show_where()

    def _show_position(self, position: int) -> None:
        self.stage.show_position(position)
        self._show_where()

    def _show_where(self) -> None:
        shape = () if self.stage.output is None else self.stage.output.shape
        self.transport.show_where(self.stage.position, shape)

    # -- what a person does ------------------------------------------------------------------------------------------

    def _push(self, document: SlideDocument, words: str, key: str = "") -> None:
        if document != self._state.slide:
            self._history.push(SetField(self._state, "slide", document, words, key))
        if not key:
            self._history.end_gesture()

    def _turn(self, field: str, value: int) -> None:
        document = self._state.slide
        if field == "side":
            changed = document.sized(value)
        elif field == "filter":
            changed = document.filtered(value)
        else:
            changed = replace(document, **{field: value})
        self._push(changed, f"Change the {field}", f"convolution.slide.{field}")

    def _give(self, name: str, place: tuple[int, ...], value: float) -> None:
        if name == "b":
            place = (min(self.stage.spot[0], self._state.slide.filters - 1),)
        key = f"convolution.slide.{name}{place}"
        self._push(self._state.slide.with_number(name, place, value), f"Change a number of {name}", key)

    def _choose_source(self, source: str) -> None:
        self._push(replace(self._state.slide, uses_picture=source == "picture"), "Choose the input")

    def _reset(self) -> None:
        self._push(SlideDocument.course(), "The course's demonstration")
        self.go(0)

    def _find_edges(self) -> None:
        self._push(self._state.slide.with_edges(), "Filters that find edges")

    def _randomise(self) -> None:
        seed = abs(hash(self._state.slide)) % 2**32
        self._push(self._state.slide.randomised(seed), "Randomise the numbers")

    def go(self, position: int) -> None:
        """Shows the output number of this position; playing ends."""
        self.transport.stop()
        self._walk(position)

    def _walk(self, position: int) -> None:
        self._state.position = position

    def _set_speed(self, speed: int) -> None:
        self._state.speed = speed
