"""The card that says how a place is decided, and what the vote is where one points."""

from __future__ import annotations

from math import isnan

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QCheckBox, QHBoxLayout, QSlider, QSpinBox, QWidget

from cvlab.core.panels.neighbors import PlaneDocument
from cvlab.engine.neighbors.metrics import METRICS, OF_POINTS
from cvlab.engine.neighbors.points import Verdict
from cvlab.engine.neighbors.regions import MAX_K, TIE
from cvlab.ui.panels.neighbors.marks import NAMES
from cvlab.ui.panels.neighbors.pieces import choice, label, named, percent, plain
from cvlab.ui.panels.neighbors.vote_bars import VoteBars
from cvlab.ui.widgets.card import Card


class RuleCard(Card):
    """changed(field, value): k, metric or weighted as the person wants it. let_go(): the slider was released."""

    changed = Signal(str, object)
    let_go = Signal()

    def __init__(self, parent: QWidget) -> None:
        super().__init__("How a place is decided", parent)
        self._document: PlaneDocument | None = None
        tip = "How many of the nearest points vote. At 1 the nearest alone decides; a larger k smooths the borders."
        self.k = named(QSpinBox(self), "k", "Neighbours k", tip)
        self.k.setRange(1, MAX_K)
        self.k.setFixedWidth(72)
        self.slider = named(QSlider(Qt.Orientation.Horizontal, self), "k.slider", "Neighbours k, slider", tip)
        self.slider.setRange(1, MAX_K)
        self.metrics = choice(
            self,
            "plane_metric",
            "Metric",
            "What near means. All points at one distance lie on: L1 a diamond, L2 a circle, L∞ a square. Cosine looks at the "
            "direction from the centre alone.",
            [(METRICS[id].title, id) for id in OF_POINTS],
        )
        self.weighted = named(
            QCheckBox("Weigh by nearness", self),
            "plane_weighted",
            "Weigh votes by nearness",
            "Each vote counts 1 / distance: a near point outweighs several far ones, and ties all but vanish.",
        )
        row = QHBoxLayout()
        row.addWidget(label(self, "k"))
        row.addWidget(self.slider, 1)
        row.addWidget(self.k)
        how = QHBoxLayout()
        how.addWidget(self.metrics)
        how.addWidget(self.weighted)
        how.addStretch(1)
        self.note = label(self, role="small warning", wraps=True)
        self.body.addLayout(row)
        self.body.addLayout(how)
        self.body.addWidget(self.note)
        self.votes = VoteBars(self)
        self.says = label(self, wraps=True)
        self.says.setFixedHeight(36)
        self.says.setAlignment(Qt.AlignmentFlag.AlignTop)
        self.body.addWidget(label(self, "The vote where you point", "subheading"))
        self.body.addWidget(self.votes)
        self.body.addWidget(self.says)
        self.error = label(self, "", "number")
        self.error_words = label(self, "", wraps=True)
        self.body.addWidget(label(self, "Leave-one-out error", "subheading"))
        wrong = QHBoxLayout()
        self.error.setFixedWidth(86)
        wrong.addWidget(self.error)
        wrong.addWidget(self.error_words, 1)
        self.body.addLayout(wrong)
        self.body.addStretch(1)
        self.k.valueChanged.connect(self._set_k)
        self.k.editingFinished.connect(self.let_go)
        self.slider.valueChanged.connect(self._set_k)
        self.slider.sliderReleased.connect(self.let_go)
        self.metrics.activated.connect(self._set_metric)
        self.weighted.clicked.connect(self._set_weighted)

    # -- showing -----------------------------------------------------------------------------------------------------

    def show_document(self, document: PlaneDocument) -> None:
        self._document = document
        rule = document.rule
        for widget in (self.k, self.slider):
            blocked = widget.blockSignals(True)
            widget.setValue(rule.k)
            widget.blockSignals(blocked)
        self.metrics.setCurrentIndex(self.metrics.findData(rule.metric))
        self.weighted.setChecked(rule.weighted)
        self.votes.show_classes(NAMES[: document.classes])
        notes = []
        n, present = len(document.points), sorted(set(document.labels))
        if n and rule.k > n:
            notes.append(f"k = {rule.k}, but there {'is 1 point' if n == 1 else f'are {n} points'}: all of them vote.")
        if len(present) == 1:
            notes.append(f"Only class {NAMES[present[0]]} has points: it wins everywhere.")
        self.note.setText(" ".join(notes))
        self.note.setVisible(bool(notes))

    def show_verdict(self, verdict: Verdict | None) -> None:
        if verdict is None or not len(verdict.neighbours):
            self.votes.show_votes(None)
            self.says.setText("Point at the plane: the neighbours are linked, and their votes counted.")
            return
        self.votes.show_votes(verdict.votes, whole=not self._document.rule.weighted)
        count = len(verdict.neighbours)
        who = "The nearest point is" if count == 1 else f"The {count} nearest points are"
        span = plain(round(float(verdict.distances[0]), 3))
        if count > 1:
            span += f" to {plain(round(float(verdict.distances[-1]), 3))}"
        result = "A tie: white." if verdict.winner == TIE else f"Class {NAMES[verdict.winner]} wins."
        self.says.setText(f"{result} {who} {span} away.")

    def show_error(self, share: float, coincident: int = 0) -> None:
        """share: of the points that the others get wrong; NaN for too few. coincident: points on one of another class."""
        if isnan(share):
            self.error.setText("–")
            self.error_words.setText("Two points are needed to leave one out.")
            return
        n = len(self._document.points)
        self.error.setText(percent(share))
        words = f"{round(share * n)} of {n} points are taken for another class by the rest."
        if coincident:
            words += f" {coincident} points lie exactly on one of another class: no k tells those apart."
        self.error_words.setText(words)

    # -- what a person does ------------------------------------------------------------------------------------------

    def _set_k(self, k: int) -> None:
        self.changed.emit("k", k)

    def _set_metric(self, index: int) -> None:
        self.changed.emit("metric", self.metrics.itemData(index))
        self.let_go.emit()

    def _set_weighted(self, on: bool) -> None:
        self.changed.emit("weighted", on)
        self.let_go.emit()
