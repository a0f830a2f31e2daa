"""The page of the stage: the layer's sliders, what fits, the window that slides or the stamps, and the transport."""

from __future__ import annotations

from dataclasses import replace
from math import prod

import numpy as np
from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QStackedWidget, QVBoxLayout, QWidget

from cvlab.core.history import SetField
from cvlab.core.lab import Lab
from cvlab.core.panels.convolution_documents import PIXELS, SlideDocument
from cvlab.core.state import seed_from
from cvlab.engine.data.photo import Photo
from cvlab.ui.bind import bind
from cvlab.ui.panels.convolution.fit_card import FitCard
from cvlab.ui.panels.convolution.pieces import Chips, chip
from cvlab.ui.panels.convolution.scale_key import ScaleKey
from cvlab.ui.panels.convolution.scene import scene_of
from cvlab.ui.panels.convolution.setting_card import SettingCard
from cvlab.ui.panels.convolution.slide_stage import SlideStage
from cvlab.ui.panels.convolution.stamp_stage import StampStage
from cvlab.ui.panels.convolution.transport import Transport
from cvlab.ui.panels.convolution.walk_stage import WalkStage
from cvlab.ui.widgets.card import Card

_SIDE_WIDTH = 264


class SlidePage(QWidget):
    """Edits go through the history; moving the window does not. stage: where the window slides. stamps: where numbers stamp.

    turned_over: it is the other operation now.
    """

    turned_over = Signal()

    def __init__(self, lab: Lab, parent: QWidget) -> None:
        super().__init__(parent)
        self._state, self._history = lab.project.convolution, lab.history
        self._picture: np.ndarray | None = None
        self._operation = ""
        self._build()
        self._connect()

    def _build(self) -> None:
        self.setting, self.fit = SettingCard(self), FitCard(self)
        card = self.card = Card("Slide", self)
        self.stages = QStackedWidget(card)
        self.stage, self.stamps, self.transport = SlideStage(card), StampStage(card), Transport(card)
        for stage in (self.stage, self.stamps):
            self.stages.addWidget(stage)
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
            card,
            "slide.course",
            "Demo",
            "Conv: 5 × 5 × 3, padded by 1, two filters of 3 at stride 2: the course's picture. Transposed: nine numbers, one "
            "kernel of 3 at stride 2.",
        )
        self.edges = chip(
            card,
            "slide.edges",
            "Edges",
            "Filters that find edges: Sobel x, Sobel y and the Laplacian. Best on a picture.",
        )
        self.blend = chip(
            card,
            "slide.blend",
            "Bilinear",
            "Stamps that double the input smoothly: 4 × 4 at stride 2, evenly overlapping. Best on a picture.",
        )
        self.guess = chip(
            card,
            "slide.guess",
            "Guess",
            "Covers the outputs that the window has not reached: say the next one before you step on.",
            checkable=True,
        )
        self.randomise = chip(
            card, "slide.randomise", "Randomise", "Other numbers of the same kind: 0..2 in x, −1..1 in w."
        )
        card.header.addStretch(1)
        card.header.addWidget(ScaleKey(card))
        card.header.addSpacing(8)
        for part in (self.source, self.course, self.edges, self.blend, self.randomise):
            card.header.addWidget(part)
        card.body.addWidget(self.stages, 1)
        foot = QHBoxLayout()
        foot.setSpacing(8)
        foot.addWidget(self.transport, 1)
        foot.addWidget(self.guess)
        card.body.addLayout(foot)
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
        self.setting.chosen.connect(self._choose_operation)
        self.source.chosen.connect(self._choose_source)
        self.course.clicked.connect(self._reset)
        self.edges.clicked.connect(self._find_edges)
        self.blend.clicked.connect(self._blend)
        self.guess.clicked.connect(self._set_guess)
        self.randomise.clicked.connect(self._randomise)
        for stage in (self.stage, self.stamps):
            stage.given.connect(self._give)
            stage.settled.connect(self._history.end_gesture)
            stage.chosen.connect(self.go)
            stage.toggled.connect(self.transport.toggle)
        self.transport.went.connect(self._walk)
        self.transport.speed.asked.connect(self._set_speed)
        bind(self, self._state, "speed", self.transport.show_speed)
        bind(self, self._state, "guess", self._show_guess)
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

    @property
    def front(self) -> WalkStage:
        """The stage in use."""
        return self.stamps if self._state.slide.is_transposed else self.stage

    def _show_document(self, document: SlideDocument) -> None:
        uses = document.uses_picture and self._picture is not None
        scene = scene_of(document, self._picture if uses else None)
        if self._operation != document.operation:
            self._operation = document.operation
            self._show_operation(document.is_transposed)
        self.source.show_value("picture" if document.uses_picture else "numbers")
        self.setting.show_document(document)
        self.fit.show_scene(scene)
        self.front.show_scene(scene, self._state.position)
        self._show_where()

    def _show_operation(self, stamps: bool) -> None:
        self.stages.setCurrentWidget(self.front)
        self.card.title.setText("Stamp" if stamps else "Slide")
        for part, is_there in ((self.edges, not stamps), (self.guess, not stamps), (self.blend, stamps)):
            part.setVisible(is_there)
        self.turned_over.emit()

    def _show_guess(self, guess: bool) -> None:
        self.guess.setChecked(guess)
        self.stage.show_guess(guess)

    def _show_position(self, position: int) -> None:
        self.front.show_position(position)
        self._show_where()

    def _show_where(self) -> None:
        self.transport.show_where(
            self.front.position, self.front.walk, "channel" if self._state.slide.is_transposed else "filter"
        )

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
            place = place[:1]
        key = f"convolution.slide.{name}{place}"
        self._push(self._state.slide.with_number(name, place, value), f"Change a number of {name}", key)

    def _choose_source(self, source: str) -> None:
        self._push(replace(self._state.slide, uses_picture=source == "picture"), "Choose the input")

    def _choose_operation(self, operation: str) -> None:
        words = "Stamp: a transposed convolution" if operation == "transposed" else "Slide: a convolution"
        self._push(replace(self._state.slide, operation=operation), words)

    def turn_over(self) -> None:
        """From sliding to stamping, or back."""
        self._choose_operation("convolution" if self._state.slide.is_transposed else "transposed")

    def _reset(self) -> None:
        stamps = self._state.slide.is_transposed
        self._push(SlideDocument.stamps() if stamps else SlideDocument.course(), "The demonstration")
        self.go(0)

    def _blend(self) -> None:
        channels = 3 if not self._state.slide.uses_picture or self._picture is None else len(self._picture)
        self._push(self._state.slide.with_blending(channels), "Stamps that blend")
        self.go_last()

    def _set_guess(self, on: bool) -> None:
        self._state.guess = on

    def _find_edges(self) -> None:
        self._push(self._state.slide.with_edges(), "Filters that find edges")

    def _randomise(self) -> None:
        self._push(self._state.slide.randomised(seed_from(self._state.slide)), "Randomize the numbers")

    def go(self, position: int) -> None:
        """Shows the output number of this position; playing ends."""
        self.transport.stop()
        self._walk(position)

    def go_last(self) -> None:
        """To the last position: all of the output is there."""
        self.go(max(prod(self.front.walk), 1) - 1)

    def _walk(self, position: int) -> None:
        self._state.position = position

    def _set_speed(self, speed: int) -> None:
        self._state.speed = speed
