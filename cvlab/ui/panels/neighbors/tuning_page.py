"""k and the metric, chosen on validation images; then, once, the test set."""

from __future__ import annotations

import re

from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QHBoxLayout,
    QLineEdit,
    QPushButton,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)  # fmt: skip

from cvlab.core import knn_results
from cvlab.core.history import SetField
from cvlab.core.knn_results import KnnResult
from cvlab.core.lab import Lab
from cvlab.core.panels.neighbors import MANY_KS
from cvlab.engine.errors import CvlabError
from cvlab.engine.neighbors import tuning
from cvlab.engine.neighbors.accuracy import Estimate
from cvlab.engine.neighbors.metrics import METRICS, OF_IMAGES
from cvlab.engine.neighbors.tuning import COURSE_KS, Choice
from cvlab.ui.bind import bind, bind_choice, bind_number
from cvlab.ui.panels.neighbors.pieces import button, choice, label, named, percent
from cvlab.ui.panels.neighbors.progress_bar import ProgressRow, time_left
from cvlab.ui.panels.neighbors.searching import Measure, Tune, Tuned
from cvlab.ui.panels.neighbors.the_set import Images, TheSet
from cvlab.ui.panels.neighbors.tuning_plot import TuningPlot
from cvlab.ui.theme.style import set_role
from cvlab.ui.widgets.card import Card

_JOB, _TEST = "neighbors.tuning", "neighbors.test_once"
_OPENED = "The test set has been opened for this choice. Choosing again by what it said would make it a validation set."


class TuningPage(QWidget):
    """tuned: the grid as far as it is measured. test: what the test set said, once."""

    def __init__(self, lab: Lab, set: TheSet, parent: QWidget) -> None:
        super().__init__(parent)
        self._lab, self._state, self._set = lab, lab.project.neighbors, set
        self.tuned: Tuned | None = None
        self.test: Estimate | None = None
        self._images: Images | None = None
        self._weighted = self._waits = False
        self._metrics: dict[str, QCheckBox] = {}
        settings, plot = Card("What is tried", self), Card("Accuracy on validation images", self)
        self._build_settings(settings)
        self.row = ProgressRow(
            "tune",
            "Tune",
            "Tries every k and metric on validation images; the test set stays closed. Ctrl+Space.",
            plot,
        )
        self.plot = TuningPlot(plot)
        self.plot.show_message("Tune: every fold becomes a dot for each k.")
        self.reading = label(plot, "", wraps=True)
        self.reading.setMinimumHeight(34)
        plot.body.addWidget(self.row)
        plot.body.addWidget(self.plot, 1)
        plot.body.addWidget(self.reading)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(12)
        settings.setFixedWidth(292)
        row.addWidget(settings)
        row.addWidget(plot, 1)
        self._connect()

    def _build_settings(self, card: Card) -> None:
        self.ways: QComboBox = choice(
            card,
            "ways",
            "Validation",
            "Cross-validation uses every image for validation once; holding out is quicker and less sure.",
            [("Cross-validation", "folds"), ("Hold-out", "held-out")],
        )
        self.folds = named(QSpinBox(card), "folds", "Folds", "Into how many parts the training images are cut.")
        self.folds.setRange(2, 20)
        self.folds.setSuffix(" folds")
        self.share: QComboBox = choice(
            card, "share", "Share held out", "How much of each class is held out to choose by.",
            [("10 %", 0.1), ("20 %", 0.2), ("30 %", 0.3), ("50 %", 0.5)],
        )  # fmt: skip
        self.grid = named(
            QLineEdit(card), "grid", "Values of k", "Numbers from 1 to 1000, apart by commas; 1-20 is a range."
        )
        self.course = button(
            card, "grid_course", "Course's", "The ten values that the course tries, 1 to 100.", role="chip"
        )
        self.many = button(
            card,
            "grid_twenty",
            "1 to 20",
            "Twenty values; they cost no more than one: a single search a fold.",
            role="chip",
        )
        self.problem = label(card, "", "small error", wraps=True)
        self.problem.hide()
        for metric in OF_IMAGES:
            box = named(
                QCheckBox(METRICS[metric].title, card),
                f"tuned.{metric}",
                f"Try {METRICS[metric].title}",
                f"Tries the grid by {METRICS[metric].title}, too.",
            )
            self._metrics[metric] = box
        self.best, self.best_words = label(card, "–", "number"), label(card, "", wraps=True)
        self.once: QPushButton = button(
            card,
            "test_once",
            "Test once",
            "Opens the test set for the best choice. Do it when you are done choosing.",
            role="",
        )
        self.once.setEnabled(False)
        self.verdict = label(card, "", wraps=True)
        body: QVBoxLayout = card.body
        body.addWidget(self.ways)
        body.addWidget(self.folds)
        body.addWidget(self.share)
        body.addSpacing(6)
        body.addWidget(label(card, "Values of k"))
        body.addWidget(self.grid)
        chips = QHBoxLayout()
        chips.addWidget(self.course)
        chips.addWidget(self.many)
        chips.addStretch(1)
        body.addLayout(chips)
        body.addWidget(self.problem)
        body.addSpacing(6)
        body.addWidget(label(card, "Metrics"))
        for box in self._metrics.values():
            body.addWidget(box)
        body.addSpacing(10)
        body.addWidget(label(card, "Best on validation", "subheading"))
        body.addWidget(self.best)
        body.addWidget(self.best_words)
        body.addSpacing(6)
        body.addWidget(self.once)
        body.addWidget(self.verdict)
        body.addStretch(1)

    def _connect(self) -> None:
        state, history = self._state, self._lab.history
        bind_choice(self.ways, state, "ways", history=history, label="Validate otherwise")
        bind_choice(self.share, state, "share", history=history, label="Hold out another share")
        bind_number(self.folds, state, "folds", history=history, label="Change the folds")
        bind(self, state, "ways", self._show_ways)
        bind(self, state, "grid", self._show_grid)
        bind(self, state, "tuned", self._show_metrics)
        for box in self._metrics.values():
            box.clicked.connect(self._choose_metrics)
        self.grid.editingFinished.connect(self._read_grid)
        self.course.clicked.connect(self._take_course)
        self.many.clicked.connect(self._take_many)
        self.row.toggled.connect(self.toggle)
        self.once.clicked.connect(self._test_once)
        self.plot.pointed.connect(self._show_reading)
        self._set.changed.connect(self._show_set)

    def wake(self) -> None:
        self._set.wake()
        self._show_set()

    def rest(self) -> None:
        """A grid goes on being measured."""

    def is_done(self) -> bool:
        """Whether a grid is measured whole."""
        return self.tuned is not None and not self.is_running and self.tuned.done == self.tuned.total

    @property
    def is_running(self) -> bool:
        return self._lab.jobs.is_busy(_JOB)

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
            self._show_problem("Write numbers from 1 to 1000, apart by commas, at most 60 of them.")
        else:
            self._edit("grid", ks, "Other values of k")
            self._show_grid(ks)

    def _take_course(self) -> None:
        self._edit("grid", COURSE_KS, "The course's values of k")

    def _take_many(self) -> None:
        self._edit("grid", MANY_KS, "Twenty values of k")

    def _choose_metrics(self) -> None:
        chosen = tuple(metric for metric, box in self._metrics.items() if box.isChecked())
        if chosen:
            self._edit("tuned", chosen, "Try other metrics")
        else:
            self._show_metrics(self._state.tuned)

    # -- tuning ------------------------------------------------------------------------------------------------------

    def toggle(self) -> None:
        """Tunes, or stops."""
        if self.is_running:
            self._lab.jobs.cancel(_JOB)
            self.row.show_running(False)
            self.row.show_progress(self.row.bar.value() / 1000, "stopped")
            return
        images, state = self._set.images, self._state
        self._waits = images is None
        if images is None:
            self._set.wake()
            return
        self._images, self.tuned, self.test, self._weighted = images, None, None, False
        self._show_choice()
        self.row.show_running(True)
        self.row.show_progress(0, "dividing")
        share = state.share if state.ways == "held-out" else 0.0
        request = Tune(images, state.grid, state.tuned, False, state.folds, share)
        self._lab.jobs.submit(_JOB, request, done=self._done, failed=self._fail, progress=self._show_tuned)

    def _show_set(self) -> None:
        self.row.start.setEnabled(self._set.images is not None or self.is_running)
        if self._waits and self._set.images is not None:
            self.toggle()

    def _show_tuned(self, tuned: Tuned | None) -> None:
        if tuned is None:
            return
        self.tuned = tuned
        left = tuned.seconds / max(tuned.done, 1) * (tuned.total - tuned.done)
        words = time_left(left) if tuned.done < tuned.total else f"{tuned.seconds:.1f} s"
        self.row.show_progress(tuned.done / tuned.total, f"{tuned.done:,} of {tuned.total:,}, {words}")
        self._show_choice()

    def _done(self, tuned: Tuned) -> None:
        self._show_tuned(tuned)
        self.row.show_running(False)
        self._show_choice()

    def _fail(self, error: BaseException) -> None:
        self.row.show_running(False)
        self.row.show_progress(0, "")
        self._lab.notices.error(error)
        if isinstance(error, CvlabError):
            self.plot.show_message(str(error))

    @property
    def choice(self) -> Choice | None:
        return None if self.tuned is None else tuning.best(self.tuned.ks, self.tuned.accuracies)

    def _show_choice(self) -> None:
        best = self.choice
        if self.tuned is not None:
            self.plot.show_tuned(self.tuned, best, None if self.test is None else self.test.share)
            self.reading.setText(self.tuned.words)
        if best is None:
            self.best.setText("–")
            self.best_words.setText("")
        else:
            self.best.setText(f"k = {best.k}, {METRICS[best.metric].title}")
            spread = f" ± {percent(best.deviation)}" if self.tuned.folds > 1 else ""
            self.best_words.setText(f"{percent(best.mean)}{spread} on validation images")
        tests = self._lab.jobs.is_busy(_TEST)
        self.once.setEnabled(best is not None and not self.is_running and self.test is None and not tests)
        if self.test is None:
            self.verdict.setText("")
            return
        low, high = self.test.interval
        self.verdict.setText(
            f"On {self.test.total:,} test images: {percent(self.test.share, 2)} ({percent(low)} to {percent(high)}). {_OPENED}"
        )

    def _show_reading(self, k: int | None) -> None:
        if k is None or self.tuned is None:
            self.reading.setText("" if self.tuned is None else self.tuned.words)
            return
        column = self.tuned.ks.index(k)
        parts = []
        for metric, rows in self.tuned.accuracies.items():
            if rows:
                values = [row[column] for row in rows]
                mean = sum(values) / len(values)
                parts.append(
                    f"{METRICS[metric].title} {percent(mean)} ({', '.join(percent(value) for value in values)})"
                )
        self.reading.setText(f"k = {k}: {'; '.join(parts)}")

    # -- the test set ------------------------------------------------------------------------------------------------

    def _test_once(self) -> None:
        best = self.choice
        if best is None or self._images is None:
            return
        self.once.setEnabled(False)
        self.verdict.setText("Asking for the test images…")
        request = Measure(self._images, best.metric, best.k, False)
        self._lab.jobs.submit(_TEST, request, done=self._tested, failed=self._fail)

    def _tested(self, estimate: Estimate) -> None:
        best, images = self.choice, self._images
        self.test = estimate
        self._show_choice()
        result = KnnResult.of(
            estimate, data=images.id, digest=images.digest, metric=best.metric, k=best.k, weighted=False,
            train_count=len(images.X), classes=images.classes,
        )  # fmt: skip
        try:
            knn_results.keep(result)
        except CvlabError as error:
            self._lab.notices.error(error)


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
