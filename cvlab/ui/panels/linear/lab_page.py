"""The 2-D lab: points, lines, losses and gradients, stepped on the GUI thread."""

from __future__ import annotations

from collections import deque
from dataclasses import replace
from time import perf_counter

import numpy as np
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from cvlab.core.history import SetField
from cvlab.core.lab import Lab
from cvlab.core.panels.linear import LabDocument
from cvlab.core.state import seed_from
from cvlab.engine.classifier import MAX_POINTS, LinearClassifier
from cvlab.engine.errors import CvlabError
from cvlab.engine.gradient_check import GradientCheck
from cvlab.ui.bind import bind
from cvlab.ui.panels.linear.descent_bar import DescentBar
from cvlab.ui.panels.linear.objective_card import ObjectiveCard
from cvlab.ui.panels.linear.pieces import number
from cvlab.ui.panels.linear.plane import Plane
from cvlab.ui.panels.linear.points_table import PointsTable
from cvlab.ui.panels.linear.split_bars import MOST
from cvlab.ui.panels.linear.weights_table import WeightsTable
from cvlab.ui.widgets.card import Card

FRAME_MS, BUDGET = 16, 0.008
_AT_ONCE = 2
"""Steps a frame: fast enough to get there, slow enough to watch."""


class LabPage(QWidget):
    """classifier: where the descent is now; the document holds where it starts."""

    def __init__(self, lab: Lab, parent: QWidget) -> None:
        super().__init__(parent)
        self._lab, self._state, self._history = lab, lab.project.linear, lab.history
        self.classifier: LinearClassifier | None = None
        self._document: LabDocument | None = None
        self._check: GradientCheck | None = None
        self._splits: deque[tuple[float, float]] = deque(maxlen=MOST)
        self._timer = QTimer(self)
        self._timer.setInterval(FRAME_MS)
        self._timer.timeout.connect(self._beat)
        self._build()
        self._connect()

    def _build(self) -> None:
        left, weights = Card("Points and lines", self), Card("W, b and their gradients", self)
        self.plane, self.points = Plane(left), PointsTable(left)
        self.bar, self.weights = DescentBar(left), WeightsTable(weights)
        self.objective = ObjectiveCard(self)
        left.header.addStretch(1)
        left.header.addWidget(self.bar.count)
        left.header.addWidget(self.bar.fresh)
        left.body.addWidget(self.plane, 3)
        left.body.addWidget(self.bar)
        left.body.addWidget(self.points, 1)
        weights.body.addWidget(self.weights)
        right = QVBoxLayout()
        right.setSpacing(12)
        right.addWidget(self.objective, 1)
        right.addWidget(weights)
        for card in (self.objective, weights):
            card.setFixedWidth(420)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(12)
        row.addWidget(left, 1)
        row.addLayout(right)

    def _connect(self) -> None:
        self.plane.added.connect(self._add)
        self.plane.moved.connect(self._move)
        self.plane.removed.connect(self._remove)
        self.plane.released.connect(self._history.end_gesture)
        self.plane.chosen.connect(self.points.select)
        self.points.chosen.connect(self.plane.select)
        self.bar.rewind.clicked.connect(self.rewind)
        self.bar.back.clicked.connect(self.step_back)
        self.bar.play.clicked.connect(self.toggle)
        self.bar.forward.clicked.connect(self.step)
        self.bar.random.clicked.connect(self.randomise)
        self.bar.rate.moved.connect(self._set_rate)
        self.bar.classes_asked.connect(self._new_points)
        self.objective.changed.connect(self._change_objective)
        self.objective.released.connect(self._history.end_gesture)
        self.objective.check_asked.connect(self.check)
        self.objective.scale.moved.connect(self._set_scale)
        for cell in self.weights.cells.values():
            cell.given.connect(self._give)
        bind(self, self._state, "step_size", self.bar.show_rate)
        bind(self, self._state, "lab", self._show_document)
        bind(self, self._state, "scale", self._show_scale)

    # -- showing -----------------------------------------------------------------------------------------------------

    def _show_document(self, document: LabDocument) -> None:
        old, self._document = self._document, document
        if old is None or (old.W, old.b, old.classes) != (document.W, document.b, document.classes):
            self.classifier = document.classifier()
            self._splits.clear()
        else:
            self.classifier.set_points(document.array, np.array(document.labels, dtype=np.int64))
            self.classifier.objective = document.objective
        self.objective.show_objective(document.objective)
        self.bar.show_classes(document.classes)
        if not document.points:
            self.stop()
        self._show(anew=not self._splits)

    def _show(self, *, anew: bool = True) -> None:
        """Everything after W, b, the points or the loss changed. anew: the split is that of a new state, not of an edit."""
        now = self.classifier.now
        self._forget_check()
        if not anew and self._splits:
            self._splits.pop()
        self._splits.append((now.data_loss, now.penalty))
        self.plane.show_classifier(self.classifier)
        self.points.show_classifier(self.classifier)
        self.weights.show_classifier(self.classifier, None)
        self.objective.bars.show_splits(self._splits)
        self._show_scale(self._state.scale)
        self._show_progress()

    def _show_progress(self) -> None:
        self.bar.show_progress(self.classifier.step_count, self.is_playing, bool(len(self.classifier.X)))

    def _show_scale(self, scale: float) -> None:
        then = self.classifier.scaled(scale)
        self.objective.scale.show_number(scale)
        self.objective.scaled.setText(
            f"At {scale:.2g} × W and b: data {number(then.data_loss)}, penalty {number(then.penalty)}; "
            f"{int(then.met.sum())} of {len(then.met)} margins met."
        )

    def _forget_check(self) -> None:
        if self._check is not None:
            self._check = None
            self.objective.show_verdict("", True)

    # -- descending --------------------------------------------------------------------------------------------------

    @property
    def is_playing(self) -> bool:
        return self._timer.isActive()

    def toggle(self) -> None:
        """Runs, or stops."""
        if self.is_playing:
            self.stop()
        elif len(self.classifier.X):
            self._timer.start()
            self._show_progress()

    def stop(self) -> None:
        if self.is_playing:
            self._timer.stop()
            self._show_progress()

    def step(self) -> None:
        """One step of descent; the run stops for it."""
        self.stop()
        if self._descend():
            self._show()

    def step_back(self) -> None:
        self.stop()
        if self.classifier.back():
            if len(self._splits) > 1:
                self._splits.pop()
            self._show(anew=False)

    def rewind(self) -> None:
        """To the weights that the descent started from."""
        self.stop()
        self.classifier = self._document.classifier()
        self._splits.clear()
        self._show()

    def _descend(self) -> bool:
        try:
            self.classifier.step(self._state.step_size)
        except CvlabError as error:
            self.stop()
            self._lab.notices.error(error)
            return False
        return True

    def _beat(self) -> None:
        end = perf_counter() + BUDGET
        for _ in range(_AT_ONCE):
            if not self._descend() or perf_counter() > end:
                break
        self._show()

    def check(self) -> None:
        """Every gradient against a centred difference."""
        self.stop()
        self._check = self.classifier.check_gradient()
        self.weights.show_classifier(self.classifier, self._check)
        self.objective.show_verdict(self._check.summary, self._check.passed)

    def rest(self) -> None:
        self.stop()

    def wake(self) -> None:
        """Nothing to take up: it runs when it is told."""

    # -- edits -------------------------------------------------------------------------------------------------------

    def _push(self, document: LabDocument, words: str, merge_key: str = "") -> None:
        self._history.push(SetField(self._state, "lab", document, words, merge_key))
        if not merge_key:
            self._history.end_gesture()

    def _add(self, x: float, y: float) -> None:
        if len(self._document.points) < MAX_POINTS:
            self._push(self._document.added(x, y, self.bar.label), "Add a point")

    def _move(self, i: int, x: float, y: float) -> None:
        self._push(self._document.moved(i, x, y), "Move a point", f"linear.point.{i}")

    def _remove(self, i: int) -> None:
        self._push(self._document.without(i), "Delete a point")
        self.plane.select(-1)

    def _give(self, part: str, row: int, column: int, value: float) -> None:
        W, b = self.classifier.W.copy(), self.classifier.b.copy()
        if part == "b":
            b[row] = value
        else:
            W[row, column] = value
        self._push(self._document.starting(W, b), f"Change {part}")

    def randomise(self) -> None:
        """Other weights to start from."""
        self.stop()
        seed = seed_from((self._document.W, self._document.b))
        self._push(self._document.randomised(seed), "Randomize W")

    def _new_points(self, classes: int) -> None:
        self.stop()
        fresh = LabDocument.first(classes)
        self._push(replace(fresh, objective=self._document.objective), f"New points of {classes} classes")

    def _change_objective(self, field: str, value: object) -> None:
        self._push(
            replace(self._document, objective=self._document.objective.changed(**{field: value})),
            "Change the loss",
            f"linear.{field}",
        )

    def _set_rate(self, rate: float) -> None:
        self._state.step_size = rate

    def _set_scale(self, _: str, scale: float) -> None:
        self._state.scale = scale
