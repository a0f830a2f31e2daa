"""Neighbours of one image: who they are, how they vote, and the pictures that defeat their distance."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QLabel, QSpinBox, QVBoxLayout, QWidget

from cvlab.core.lab import Lab
from cvlab.engine.neighbors.counterexamples import MAX_SHIFT
from cvlab.engine.neighbors.query import DIGIT
from cvlab.ui.bind import bind, bind_number, listen
from cvlab.ui.panels.neighbors.image_tiles import ImageTiles, Tile
from cvlab.ui.panels.neighbors.pieces import label, named, plain
from cvlab.ui.panels.neighbors.query_card import QueryCard
from cvlab.ui.panels.neighbors.searching import Answer, Ask, FindMistake
from cvlab.ui.panels.neighbors.the_set import TheSet
from cvlab.ui.theme.style import set_role
from cvlab.ui.widgets.bars import ProbabilityBars
from cvlab.ui.widgets.card import Card

_ASK, _MISTAKE = "neighbors.ask", "neighbors.mistake"
_TITLES = {"original": "The query", "shifted": "Shifted", "dimmed": "Dimmed", "boxed": "Boxed"}
_MOST = 20
"""Neighbours that are shown."""


class ImagesPage(QWidget):
    """answer: what the neighbours say of the query that is shown, None until they have been asked."""

    def __init__(self, lab: Lab, set: TheSet, parent: QWidget) -> None:
        super().__init__(parent)
        self._lab, self._state, self._set = lab, lab.project.neighbors, set
        self.answer: Answer | None = None
        self.source = "test"
        self._path: Path | None = None
        self._is_awake = False
        self.query, self.near, self.mosaic = (
            QueryCard(self),
            Card("Nearest images", self),
            Card("Equally far by L2", self),
        )
        self._build()
        self.query.setMinimumWidth(250)
        self.query.setMaximumWidth(330)
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setSpacing(12)
        grid.addWidget(self.query, 0, 0)
        grid.addWidget(self.near, 0, 1)
        grid.addWidget(self.mosaic, 1, 0, 1, 2)
        grid.setColumnStretch(1, 1)
        grid.setRowStretch(0, 60)
        grid.setRowStretch(1, 40)
        self._connect()

    def _build(self) -> None:
        self.tiles = ImageTiles(self.near, most=104.0)
        named(
            self.tiles,
            "nearest",
            "The nearest training images",
            "Nearest first. Green: of the query's class; red: of another.",
        )
        self.verdict = label(self.near, "", "subheading", wraps=True)
        self.bars = ProbabilityBars(("",), self.near)
        named(self.bars, "image_votes", "Votes", "The share of the votes that each class has.")
        self.bars.setFixedWidth(230)
        row = QHBoxLayout()
        row.setSpacing(12)
        row.addWidget(self.tiles, 1)
        row.addWidget(self.bars)
        self.near.body.addWidget(self.verdict)
        self.near.body.addLayout(row, 1)
        self.copies = ImageTiles(self.mosaic, most=150.0, columns=5)
        named(
            self.copies,
            "mosaic",
            "Copies at one distance",
            "Shifted, dimmed and boxed copies, each as far from the query by L2 as the other; at the right, the nearest training "
            "image of another class.",
        )
        self.shift = named(
            QSpinBox(self.mosaic),
            "shift",
            "Shift in pixels",
            "How far the shifted copy is moved; the others are made as far by L2.",
        )
        self.shift.setRange(1, MAX_SHIFT)
        self.lesson = label(self.mosaic, wraps=True)
        self.mosaic.header.addStretch(1)
        self.mosaic.header.addWidget(QLabel("Shift by", self.mosaic))
        self.mosaic.header.addWidget(self.shift)
        column = QVBoxLayout()
        column.addWidget(self.copies, 1)
        column.addWidget(self.lesson)
        self.mosaic.body.addLayout(column, 1)

    def _connect(self) -> None:
        state = self._state
        self.query.source_chosen.connect(self._choose_source)
        self.query.stepped.connect(self.step)
        self.query.mistake_asked.connect(self.find_mistake)
        self.query.inked.connect(self._ask)
        self.query.opened.connect(self._open)
        self._set.changed.connect(self._show_set)
        bind_number(self.shift, state, "shift", history=self._lab.history, label="Shift the copy")
        for name in ("metric", "k", "weighted", "query", "shift"):
            listen(self, getattr(state.events, name), self._changed)
        bind(self, state, "query", self._changed)

    def wake(self) -> None:
        self._is_awake = True
        self._set.wake()
        self._show_set()

    def rest(self) -> None:
        self._is_awake = False
        self._lab.jobs.cancel(_MISTAKE)

    def is_answered(self) -> bool:
        """Whether what is shown is up to date."""
        return self.answer is not None and not self._lab.jobs.is_busy(_ASK)

    # -- asking ------------------------------------------------------------------------------------------------------

    def _changed(self, _: object) -> None:
        self._ask()

    def _show_set(self) -> None:
        images = self._set.images
        takes_digits = images is not None and images.shape == DIGIT
        if images is not None and self.source == "drawn" and not takes_digits:
            self.source = "test"
        self.query.show_source(self.source, takes_digits=takes_digits)
        if images is None:
            self._show_nothing(self._set.message)
        else:
            self.bars.set_labels(images.classes)
            self._ask()

    def _show_nothing(self, message: str) -> None:
        self.answer = None
        self.query.show_message(message)
        self.tiles.show_message("")
        self.copies.show_message("")
        self.bars.show_message("")
        self.verdict.setText("")
        self.lesson.setText("")

    def _ask(self) -> None:
        images, state = self._set.images, self._state
        if images is None or not self._is_awake:
            return
        source = {}
        if self.source == "test":
            i = state.query % len(images.Q)
            source = {"image": images.Q[i], "truth": int(images.truth[i])}
        elif self.source == "drawn":
            mask = self.query.drawing()
            if mask is None:
                self._show_nothing("")
                self.tiles.show_message("Draw a digit: its nearest training images appear here.")
                return
            source = {"drawn": mask}
        elif self._path is None:
            self._show_nothing("Open a picture, or drop one here.")
            return
        else:
            source = {"path": self._path}
        request = Ask(images, state.metric, state.k, state.weighted, state.shift, **source)
        self._lab.jobs.submit(_ASK, request, done=self._show_answer, failed=self._fail)

    def _fail(self, error: BaseException) -> None:
        self._path = None
        self._show_nothing("That could not be looked up. Open another picture.")
        self._lab.notices.error(error)

    def _show_answer(self, answer: Answer) -> None:
        self.answer = answer
        images = self._set.images
        if images is None:
            return
        names, known = images.classes, answer.truth >= 0
        right = known and answer.winner == answer.truth
        self.query.show_query(
            answer.query,
            f"{names[answer.truth]}" if known else "28 × 28, as the set's" if self.source == "drawn" else answer.words,
            "",
        )
        if self.source == "test":
            i = self._state.query % len(images.Q)
            self.query.show_words(f"{i + 1:,} of {len(images.Q):,}: test image {images.test_at[i]:,} of the set")
        else:
            self.query.show_words(answer.words)
        self._show_neighbours(answer)
        k = answer.found.indices.shape[1]
        said = f"{'The nearest image says' if k == 1 else f'{k} neighbours vote for'} {names[answer.winner]}"
        self.verdict.setText(
            f"{said}: {'right' if right else f'wrong, it is {names[answer.truth]}'}." if known else f"{said}."
        )
        set_role(self.verdict, "subheading success" if right else "subheading error" if known else "subheading")
        self.bars.set_values(answer.votes / answer.votes.sum())
        self._show_mosaic(answer)

    def _show_neighbours(self, answer: Answer) -> None:
        images, tiles = self._set.images, []
        reference = answer.truth if answer.truth >= 0 else answer.winner
        for i, distance in zip(answer.found.indices[0, :_MOST], answer.found.distances[0, :_MOST], strict=True):
            name = images.classes[images.y[i]]
            role = "positive" if images.y[i] == reference else "negative"
            tip = f"Training image {images.train_at[i]:,}, {name}: distance {plain(round(float(distance), 4))}"
            tiles.append(Tile(images.X[i], f"{name}\n{plain(round(float(distance), 4))}", role, tip))
        self.tiles.show_tiles(tiles)

    def _show_mosaic(self, answer: Answer) -> None:
        images = self._set.images
        if not answer.copies:
            self.copies.show_message(answer.words)
            self.lesson.setText("")
            return
        tiles = [
            Tile(
                copy.image,
                f"{_TITLES[copy.kind]}\n{f'd₂ = {copy.distance:,.1f}' if copy.squared else 'd₂ = 0'}",
                "",
                copy.how,
            )
            for copy in answer.copies
        ]
        i, far = answer.stranger
        if i >= 0:
            name = images.classes[images.y[i]]
            tiles.append(
                Tile(
                    images.X[i],
                    f"Another: {name}\nd₂ = {far:,.1f}",
                    "held_out",
                    f"Training image {images.train_at[i]:,}",
                )
            )
        self.copies.show_tiles(tiles)
        target = answer.copies[1].distance
        how = ", ".join(copy.how for copy in answer.copies[1:])
        close = "lies nearer than these" if far < target else "lies farther"
        other = f" The nearest training image of another class {close}." if i >= 0 else ""
        self.lesson.setText(
            f"To the eye the same picture four times ({how}); to L2 three of them lie equally far.{other}"
        )

    # -- what a person does ------------------------------------------------------------------------------------------

    def _choose_source(self, source: str) -> None:
        self.source = source
        self._show_set()

    def _open(self, path: Path) -> None:
        self._path, self.source = path, "file"
        self._show_set()

    def step(self, by: int) -> None:
        """Another test image."""
        images = self._set.images
        if images is not None:
            self.source = "test"
            self._state.query = (self._state.query + by) % len(images.Q)
            self._show_set()

    def find_mistake(self) -> None:
        """The next test image that is voted wrong."""
        images, state = self._set.images, self._state
        if images is None:
            return
        self.source = "test"
        self.query.show_words("Looking for the next mistake…")
        request = FindMistake(images, state.metric, state.k, state.weighted, state.query % len(images.Q))
        self._lab.jobs.submit(_MISTAKE, request, done=self._have_mistake, failed=self._lab.notices.error)

    def _have_mistake(self, i: int) -> None:
        if i < 0:
            self.query.show_words("None of the test images chosen is voted wrong.")
        else:
            self._state.query = i
            self._show_set()
