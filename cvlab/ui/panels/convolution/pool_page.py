"""The page of pooling: which kind, window and stride, what is discarded, and where the gradient goes."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from PySide6.QtWidgets import QCheckBox, QHBoxLayout, QVBoxLayout, QWidget

from cvlab.core.history import SetField
from cvlab.core.lab import Lab
from cvlab.core.panels.convolution_documents import MAX_POOL, MAX_POOL_STRIDE, MAX_SIDE, MIN_SIDE, PIXELS, PoolDocument
from cvlab.core.state import seed_from
from cvlab.engine.convolution import Sliding
from cvlab.engine.data.photo import Photo
from cvlab.engine.errors import ShapeError
from cvlab.engine.pooling import Pooled, pool
from cvlab.ui.bind import bind, bind_toggle
from cvlab.ui.panels.convolution.kernel_page import GREY
from cvlab.ui.panels.convolution.pieces import Chips, Knob, chip, label, named
from cvlab.ui.panels.convolution.pool_stage import PoolStage
from cvlab.ui.panels.convolution.scale_key import ScaleKey
from cvlab.ui.theme.style import set_role
from cvlab.ui.widgets.card import Card

_SIDE_WIDTH = 264
_KINDS = (
    ("max", "Max", "Keeps the strongest of each window: the usual choice."),
    ("average", "Average", "Keeps the mean: softer, once the usual choice, now mostly at a net's end."),
    ("l2", "L2", "The root of the sum of squares: strong answers count most, but all count."),
)
_ROUTES = {
    "max": "Max hands the whole gradient to the winner, and 0 to the others; a number that wins in two windows gets both.",
    "average": "The mean hands every number of the window the same share, 1/F².",
    "l2": "The norm hands each number the share x/y: the strong get more.",
}


class PoolPage(QWidget):
    """Edits go through the history."""

    def __init__(self, lab: Lab, parent: QWidget) -> None:
        super().__init__(parent)
        self._state, self._history = lab.project.convolution, lab.history
        self._picture: np.ndarray | None = None
        self.pooled: Pooled | None = None
        self._build()
        self._connect()

    def _build(self) -> None:
        left, right = Card("Pool", self), Card("Window by window", self)
        self.kind = Chips("pool.kind", _KINDS, left)
        self.knobs = {
            field: Knob("pool", field, words, symbol, low, high, tip, left)
            for field, words, symbol, low, high, tip in (
                ("side", "input", "W", MIN_SIDE, MAX_SIDE, "Cells a side of the typed input."),
                ("size", "window", "F", 1, MAX_POOL, "Side of the window. Larger than 3 is rare: it discards too much."),
                ("stride", "stride", "S", 1, MAX_POOL_STRIDE, "Cells that the window jumps. Below F windows overlap; above F "
                 "some cells are never seen."),
            )
        }  # fmt: skip
        left.body.addWidget(self.kind)
        for knob in self.knobs.values():
            left.body.addWidget(knob)
        self.loss, self.lost = Card("What is left", self), label(self, "", "number")
        self.words = label(self.loss, wraps=True)
        self.remark = label(self.loss, "", "small warning", wraps=True)
        self.loss.body.addWidget(self.lost)
        self.loss.body.addWidget(self.words)
        self.loss.body.addWidget(self.remark)
        self.loss.body.addStretch(1)
        self.gradient = named(
            QCheckBox("Show the way back", right),
            "pool.gradient",
            "Show the gradient",
            "The gradient at the input when it is 1 at every output.",
        )
        self.source = Chips(
            "pool.source",
            (
                ("numbers", "Numbers", "Small numbers that you can type over."),
                ("picture", "Picture", "The picture chosen above, in grey, reduced to 32 pixels a side."),
            ),
            right,
        )
        self.course = chip(right, "pool.course", "Demo", "The course's 4 × 4, pooled to 6, 8, 3 and 4.")
        self.randomise = chip(right, "pool.randomise", "Randomise", "Other numbers from 0 to 9.")
        self.stage = PoolStage(right)
        self.route = label(right, wraps=True)
        right.header.addStretch(1)
        right.header.addWidget(ScaleKey(right))
        for part in (self.source, self.course, self.randomise):
            right.header.addWidget(part)
        right.body.addWidget(self.stage, 1)
        foot = QHBoxLayout()
        foot.setSpacing(16)
        foot.addWidget(self.gradient)
        foot.addWidget(self.route, 1)
        right.body.addLayout(foot)
        column = QVBoxLayout()
        column.setSpacing(12)
        column.addWidget(left)
        column.addWidget(self.loss, 1)
        for card in (left, self.loss):
            card.setFixedWidth(_SIDE_WIDTH)
        outer = QHBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.setSpacing(12)
        outer.addLayout(column)
        outer.addWidget(right, 1)

    def _connect(self) -> None:
        self.kind.chosen.connect(self._set_kind)
        for knob in self.knobs.values():
            knob.turned.connect(self._turn)
            knob.released.connect(self._history.end_gesture)
        self.source.chosen.connect(self._choose_source)
        self.course.clicked.connect(self._reset)
        self.randomise.clicked.connect(self._randomise)
        self.stage.given.connect(self._give)
        self.stage.settled.connect(self._history.end_gesture)
        bind_toggle(self.gradient, self._state, "gradient")
        bind(self, self._state, "gradient", self._show_again)
        bind(self, self._state, "pool", self._show_document)

    def wake(self) -> None:
        """Nothing runs here."""

    def rest(self) -> None:
        """Nothing runs here."""

    # -- showing -----------------------------------------------------------------------------------------------------

    def show_photo(self, photo: Photo) -> None:
        """The picture that stands in for x."""
        whole = photo.reduced(PIXELS).unit.astype(np.float64)
        self._picture = np.tensordot(GREY, whole, axes=1)[None] if len(whole) == 3 else whole
        if self._state.pool.uses_picture:
            self._show_document(self._state.pool)

    def _show_again(self, _: object) -> None:
        self._show_document(self._state.pool)

    def _show_document(self, document: PoolDocument) -> None:
        uses = document.uses_picture and self._picture is not None
        x, why = (self._picture if uses else document.input()), ""
        try:
            self.pooled = pool(x, document.kind, document.size, document.stride)
        except ShapeError:
            self.pooled = None
            F, (H, W) = document.size, x.shape[1:]
            why = f"A window of {F} × {F} does not fit into {W} × {H}: nothing comes out. Take a smaller window."
        shows = self._state.gradient and self.pooled is not None
        gradient = self.pooled.gradient(np.ones_like(self.pooled.values)) if shows else None
        self.kind.show_value(document.kind)
        for field, knob in self.knobs.items():
            knob.show_value(getattr(document, field))
        self.knobs["side"].setVisible(not document.uses_picture)
        self.source.show_value("picture" if document.uses_picture else "numbers")
        self.stage.show_pool(x, self.pooled, gradient, why, is_picture=uses)
        self.route.setText(_ROUTES[document.kind] if self._state.gradient else "")
        self._show_loss(document, x, why)

    def _show_loss(self, document: PoolDocument, x: np.ndarray, why: str) -> None:
        pooled = self.pooled
        if pooled is None:
            self.lost.setText("Nothing fits")
            self.words.setText(why)
            self.remark.setText("")
            return
        (H, W), (R, Q) = x.shape[1:], pooled.values.shape[1:]
        self.lost.setText(f"{pooled.discarded * 100:.4g} % discarded")
        said = f"{Q * R:,} of {W * H:,} numbers go on: 1 − ({Q} · {R}) / ({W} · {H})."
        if document.kind == "max":
            winners = len(np.unique(pooled.winners[0].reshape(-1, 2), axis=0))
            said += f" {winners:,} different cells win."
        self.words.setText(f"{said} No weights: pooling learns nothing.")
        self.remark.setText(_remark(document, Sliding(document.size, document.stride), H, W))
        set_role(self.remark, "small warning")

    # -- what a person does ------------------------------------------------------------------------------------------

    def _push(self, document: PoolDocument, words: str, key: str = "") -> None:
        if document != self._state.pool:
            self._history.push(SetField(self._state, "pool", document, words, key))
        if not key:
            self._history.end_gesture()

    def _turn(self, field: str, value: int) -> None:
        document = self._state.pool
        changed = document.sized(value) if field == "side" else replace(document, **{field: value})
        self._push(changed, f"Change the {field}", f"convolution.pool.{field}")

    def _give(self, name: str, place: tuple[int, ...], value: float) -> None:
        self._push(self._state.pool.with_number(*place, value), "Change a number", f"convolution.pool.x{place}")

    def _set_kind(self, kind: str) -> None:
        self._push(replace(self._state.pool, kind=kind), f"{kind.capitalize()} pooling")

    def _choose_source(self, source: str) -> None:
        self._push(replace(self._state.pool, uses_picture=source == "picture"), "Choose the input")

    def _reset(self) -> None:
        self._push(PoolDocument(), "The course's pool")

    def _randomise(self) -> None:
        self._push(self._state.pool.randomised(seed_from(self._state.pool)), "Randomize the numbers")


def _remark(document: PoolDocument, sliding: Sliding, H: int, W: int) -> str:
    """What deserves a warning: numbers that no window sees, overlap, a window that keeps nothing apart."""
    down, across = sliding.fits(H, W)
    if document.stride > document.size:
        gap = document.stride - document.size
        return f"The stride steps over {gap} column{'s' if gap > 1 else ''} between windows (hatched): never seen by anyone."
    if across.left_over or down.left_over:
        return f"The last {max(across.left_over, down.left_over)} (hatched) fit into no window, and are dropped unseen."
    if document.stride < document.size:
        return "Windows overlap: a cell may win more than once."
    return ""
