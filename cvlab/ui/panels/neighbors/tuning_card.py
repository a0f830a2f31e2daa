"""The card that says what tuning tries, and what came of it: validation, values of k, metrics, the best, the test once."""

from __future__ import annotations

import re

from PySide6.QtWidgets import QCheckBox, QHBoxLayout, QLineEdit, QSpinBox, QVBoxLayout, QWidget

from cvlab.core.history import SetField
from cvlab.core.lab import Lab
from cvlab.core.panels.neighbors import MANY_KS
from cvlab.engine.neighbors.metrics import METRICS, OF_IMAGES
from cvlab.engine.neighbors.tuning import COURSE_KS
from cvlab.ui.bind import bind, bind_choice, bind_number, bind_toggle
from cvlab.ui.panels.neighbors.pieces import button, choice, label, named
from cvlab.ui.theme.style import set_role
from cvlab.ui.widgets.card import Card


class TuningCard(Card):
    """Its settings are bound to the project. best, best_words, once, verdict: for the page, which measures."""

    def __init__(self, lab: Lab, parent: QWidget) -> None:
        super().__init__("What is tried", parent)
        self._lab, self._state = lab, lab.project.neighbors
        self._metrics: dict[str, QCheckBox] = {}
        self._build()
        state, history = self._state, lab.history
        bind_choice(self.ways, state, "ways", history=history, label="Validate otherwise")
        bind_choice(self.share, state, "share", history=history, label="Hold out another share")
        bind_number(self.folds, state, "folds", history=history, label="Change the folds")
        bind(self, state, "ways", self._show_ways)
        bind(self, state, "grid", self._show_grid)
        bind_toggle(self.weighted, state, "tuned_weighted", history=history, label="Change the vote")
        bind(self, state, "tuned", self._show_metrics)
        bind(self, state, "tuned_weighted", self._show_vote)
        for box in self._metrics.values():
            box.clicked.connect(self._choose_metrics)
        self.grid.editingFinished.connect(self._read_grid)
        self.course.clicked.connect(self._take_course)
        self.many.clicked.connect(self._take_many)

    def _build(self) -> None:
        self.ways = choice(
            self,
            "ways",
            "Validation",
            "Cross-validation uses every image for validation once; holding out is quicker and less sure.",
            [("Cross-validation", "folds"), ("Hold-out", "held-out")],
        )
        self.folds = named(QSpinBox(self), "folds", "Folds", "Into how many parts the training images are cut.")
        self.folds.setRange(2, 20)
        self.folds.setSuffix(" folds")
        self.share = choice(
            self, "share", "Share held out", "How much of each class is held out to choose by.",
            [("10 %", 0.1), ("20 %", 0.2), ("30 %", 0.3), ("50 %", 0.5)],
        )  # fmt: skip
        self.grid = named(
            QLineEdit(self), "grid", "Values of k", "Numbers from 1 to 1000 with commas between them; 1-20 is a range."
        )
        self.course = button(
            self, "grid_course", "Course's", "The ten values that the course tries, 1 to 100.", role="chip"
        )
        self.many = button(
            self,
            "grid_twenty",
            "1 to 20",
            "Twenty values; they cost no more than one: a single search a fold.",
            role="chip",
        )
        self.problem = label(self, "", "small error", wraps=True)
        self.problem.hide()
        for metric in OF_IMAGES:
            box = named(
                QCheckBox(METRICS[metric].title, self),
                f"tuned.{metric}",
                f"Try {METRICS[metric].title}",
                f"Tries the grid by {METRICS[metric].title}, too.",
            )
            self._metrics[metric] = box
        self.weighted = named(
            QCheckBox("Weigh votes by nearness", self),
            "tuned_weighted",
            "Weigh votes by nearness while tuning",
            "Each vote counts 1 / distance. An inner product is no distance: it is not tried then.",
        )
        self.best, self.best_words = label(self, "–", "number"), label(self, "", wraps=True)
        self.once = button(
            self,
            "test_once",
            "Test once",
            "Opens the test set for the best choice. Do it when you are done choosing.",
            role="",
        )
        self.once.setEnabled(False)
        self.verdict = label(self, "", wraps=True)
        body: QVBoxLayout = self.body
        body.addWidget(self.ways)
        body.addWidget(self.folds)
        body.addWidget(self.share)
        body.addSpacing(6)
        body.addWidget(label(self, "Values of k"))
        body.addWidget(self.grid)
        chips = QHBoxLayout()
        chips.addWidget(self.course)
        chips.addWidget(self.many)
        chips.addStretch(1)
        body.addLayout(chips)
        body.addWidget(self.problem)
        body.addSpacing(6)
        metrics = QHBoxLayout()
        metrics.addWidget(label(self, "Metrics"))
        metrics.addStretch(1)
        metrics.addWidget(self.weighted)
        body.addLayout(metrics)
        for box in self._metrics.values():
            body.addWidget(box)
        body.addSpacing(10)
        body.addWidget(label(self, "Best on validation", "subheading"))
        body.addWidget(self.best)
        body.addWidget(self.best_words)
        body.addSpacing(6)
        body.addWidget(self.once)
        body.addWidget(self.verdict)
        body.addStretch(1)

    # -- settings ----------------------------------------------------------------------------------------------------

    def _show_ways(self, ways: str) -> None:
        self.folds.setVisible(ways == "folds")
        self.share.setVisible(ways == "held-out")

    def _show_grid(self, grid: tuple[int, ...]) -> None:
        self.grid.setText("1-20" if grid == MANY_KS else ", ".join(map(str, grid)))
        self._show_problem("")

    def _show_metrics(self, tuned: tuple[str, ...]) -> None:
        for metric, box in self._metrics.items():
            box.setChecked(metric in tuned)
        self.weighted.setEnabled(any(METRICS[metric].is_distance for metric in tuned))

    def _show_vote(self, weighted: bool) -> None:
        for metric, box in self._metrics.items():
            box.setEnabled(METRICS[metric].is_distance or not weighted)

    def _show_problem(self, words: str) -> None:
        self.problem.setText(words)
        self.problem.setVisible(bool(words))
        set_role(self.grid, "error" if words else "")

    def _edit(self, field: str, value: object, words: str) -> None:
        if value != getattr(self._state, field):
            self._lab.history.push(SetField(self._state, field, value, words))
            self._lab.history.end_gesture()

    def _read_grid(self) -> None:
        ks = read_ks(self.grid.text())
        if ks is None:
            self._show_problem("Write up to 60 numbers from 1 to 1000, with commas between them.")
        else:
            self._edit("grid", ks, "Other values of k")
            self._show_grid(ks)

    def _take_course(self) -> None:
        self._edit("grid", COURSE_KS, "The course's values of k")

    def _take_many(self) -> None:
        self._edit("grid", MANY_KS, "Twenty values of k")

    def _choose_metrics(self) -> None:
        chosen = tuple(metric for metric, box in self._metrics.items() if box.isChecked())
        if any(self._metrics[metric].isEnabled() for metric in chosen):
            self._edit("tuned", chosen, "Try other metrics")
        else:
            self._show_metrics(self._state.tuned)


def read_ks(text: str) -> tuple[int, ...] | None:
    """ "1, 3, 5-8" -> (1, 3, 5, 6, 7, 8): sorted, each once; None for what cannot be read or lies outside 1..1000."""
    found: set[int] = set()
    for part in filter(None, re.split(r"[,;\s]+", text.strip().replace("–", "-"))):
        match = re.fullmatch(r"(\d{1,4})(?:-(\d{1,4}))?", part)
        if match is None:
            return None
        low, high = int(match[1]), int(match[2] or match[1])
        found |= set(range(low, min(high, 2_000) + 1))
    return tuple(sorted(found)) if found and min(found) >= 1 and max(found) <= 1_000 and len(found) <= 60 else None
