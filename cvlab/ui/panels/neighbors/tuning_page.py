"""k and the metric, chosen on validation images; then, once, the test set."""

from __future__ import annotations

from PySide6.QtWidgets import (
    QHBoxLayout,
    QWidget,
)  # fmt: skip

from cvlab.core.knn_results import KnnResult
from cvlab.core.lab import Lab
from cvlab.engine.errors import CvlabError
from cvlab.engine.neighbors import tuning
from cvlab.engine.neighbors.accuracy import Estimate
from cvlab.engine.neighbors.metrics import METRICS
from cvlab.engine.neighbors.tuning import Choice
from cvlab.ui.panels.neighbors.pieces import label, percent
from cvlab.ui.panels.neighbors.progress_bar import ProgressRow, time_left
from cvlab.ui.panels.neighbors.searching import Measure, Tune, Tuned
from cvlab.ui.panels.neighbors.set_job import SetJob, keep
from cvlab.ui.panels.neighbors.the_set import Images, TheSet
from cvlab.ui.panels.neighbors.tuning_card import TuningCard
from cvlab.ui.panels.neighbors.tuning_plot import TuningPlot
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
        self._weighted = False
        settings, plot = TuningCard(lab, self), Card("Accuracy on validation images", self)
        self.settings, self.best, self.best_words = settings, settings.best, settings.best_words
        self.once, self.verdict = settings.once, settings.verdict
        self.row = ProgressRow(
            "tune",
            "Tune",
            "Tries every k and metric on validation images; the test set stays closed. Ctrl+Space.",
            plot,
        )
        self.job = SetJob(lab, _JOB, set, self.row, self)
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

    def _connect(self) -> None:
        self.job.wanted.connect(self._tune)
        self.job.stopped.connect(self._show_stopped)
        self.once.clicked.connect(self._test_once)
        self.plot.pointed.connect(self._show_reading)

    def wake(self) -> None:
        self.job.wake()

    def rest(self) -> None:
        """A grid goes on being measured."""

    def is_done(self) -> bool:
        """Whether a grid is measured whole."""
        return self.tuned is not None and not self.job.is_running and self.tuned.done == self.tuned.total

    # -- tuning ------------------------------------------------------------------------------------------------------

    def toggle(self) -> None:
        """Tunes, or stops."""
        self.job.toggle()

    def _show_stopped(self) -> None:
        self.row.show_progress(self.row.bar.value() / 1000, "stopped")

    def _tune(self, images: Images) -> None:
        state = self._state
        self._images, self.tuned, self.test, self._weighted = images, None, None, state.tuned_weighted
        self._show_choice()
        if not state.metrics_tuned:
            self.plot.show_message("An inner product is no distance: choose another metric, or do not weigh the votes.")
            return
        share = state.share if state.ways == "held-out" else 0.0
        request = Tune(images, state.grid, state.metrics_tuned, self._weighted, state.folds, share)
        self.job.submit(request, self._done, self._fail, self._show_tuned)
        self.row.show_progress(0, "dividing")
        self._show_choice()

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

    def _fail(self, error: BaseException) -> None:
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
            vote = ", weighed" if self._weighted else ""
            self.best.setText(f"k = {best.k}, {METRICS[best.metric].title}{vote}")
            spread = f" ± {percent(best.deviation)}" if self.tuned.folds > 1 else ""
            self.best_words.setText(f"{percent(best.mean)}{spread} on validation images")
        tests = self._lab.jobs.is_busy(_TEST)
        self.once.setEnabled(best is not None and not self.job.is_running and self.test is None and not tests)
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
        request = Measure(self._images, best.metric, best.k, self._weighted)
        self._lab.jobs.submit(_TEST, request, done=self._tested, failed=self._not_tested)

    def _not_tested(self, error: BaseException) -> None:
        self._lab.notices.error(error)
        self._show_choice()

    def _tested(self, estimate: Estimate) -> None:
        best, images = self.choice, self._images
        self.test = estimate
        self._show_choice()
        result = KnnResult.of(
            estimate, data=images.id, digest=images.digest, metric=best.metric, k=best.k, weighted=self._weighted,
            train_count=len(images.X), classes=images.classes,
        )  # fmt: skip
        keep(self._lab, result)
