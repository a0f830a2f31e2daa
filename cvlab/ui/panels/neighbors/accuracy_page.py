"""Exact k-NN over a whole test set: the running share, how sure it is, what is confused with what, and results that stay."""

from __future__ import annotations

import numpy as np
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from cvlab.core.knn_results import KnnResult
from cvlab.core.lab import Lab
from cvlab.engine.neighbors.accuracy import Estimate
from cvlab.engine.neighbors.metrics import METRICS
from cvlab.ui.panels.neighbors.accuracy_scale import AccuracyScale, Beside
from cvlab.ui.panels.neighbors.image_tiles import ImageTiles, Tile
from cvlab.ui.panels.neighbors.pieces import label, named, percent
from cvlab.ui.panels.neighbors.progress_bar import ProgressRow, time_left
from cvlab.ui.panels.neighbors.results_list import ResultsList
from cvlab.ui.panels.neighbors.searching import Measure
from cvlab.ui.panels.neighbors.set_job import SetJob, keep
from cvlab.ui.panels.neighbors.the_set import Images, TheSet
from cvlab.ui.widgets.card import Card
from cvlab.ui.widgets.confusion import ConfusionMatrix

_JOB = "neighbors.accuracy"
HUMAN, CONVNET = 0.94, 0.95
"""What the course cites for CIFAR-10."""
_SHOWN = 12


class AccuracyPage(QWidget):
    """estimate: of the measurement that is shown, None for a kept result or none at all."""

    def __init__(self, lab: Lab, set: TheSet, parent: QWidget) -> None:
        super().__init__(parent)
        self._lab, self._state, self._set = lab, lab.project.neighbors, set
        self.estimate: Estimate | None = None
        self._of: tuple[Images, str, int, bool] | None = None
        self._build()
        self.job = SetJob(lab, _JOB, set, self.row, self)
        self.job.wanted.connect(self._measure)
        self.job.stopped.connect(self._show_stopped)
        self.matrix.chosen.connect(self._show_cell)
        self.results.chosen.connect(self._show_result)
        set.changed.connect(self._show_set)

    def _build(self) -> None:
        run, confusion = Card("Accuracy on the test images", self), Card("What is taken for what", self)
        self.results, images = ResultsList(self._lab, self), Card("Images of a cell", self)
        self.row = ProgressRow(
            "start",
            "Measure",
            "Asks for every test image that was chosen. It can be stopped at any moment. Ctrl+Space.",
            run,
        )
        self.figure = label(run, "–", "number")
        self.words = label(run, "", wraps=True)
        self.words.setMinimumHeight(34)
        self.scale = AccuracyScale(run)
        for part in (self.row, self.figure, self.scale, self.words):
            run.body.addWidget(part)
        self.matrix = named(
            ConfusionMatrix(confusion),
            "confusion",
            "Confusion matrix",
            "Rows: what the images are. Columns: what the vote took them for. Click a cell to see its images.",
        )
        self.matrix.show_message("Measure: each batch adds its votes here.")
        confusion.body.addWidget(self.matrix, 1)
        self.tiles = ImageTiles(images, most=72.0)
        named(
            self.tiles,
            "cell_images",
            "Images of the chosen cell",
            "Test images of this class that were taken for that one.",
        )
        self.tiles.show_message("Click a cell of the matrix.")
        images.body.addWidget(self.tiles, 1)
        self.cell_card = images
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(12)
        for share, (above, stretch), (below, rest) in (
            (46, (run, 0), (self.results, 1)),
            (54, (confusion, 70), (images, 30)),
        ):
            column = QVBoxLayout()
            column.setSpacing(12)
            column.addWidget(above, stretch)
            column.addWidget(below, rest)
            row.addLayout(column, share)

    def wake(self) -> None:
        self.job.wake()
        self._show_set()
        self.results.refresh()

    def rest(self) -> None:
        """A measurement goes on: it costs the window nothing but a look now and then."""

    def is_done(self) -> bool:
        """Whether a measurement has come to its end."""
        return self.estimate is not None and not self.job.is_running

    # -- measuring ---------------------------------------------------------------------------------------------------

    def toggle(self) -> None:
        """Measures, or stops."""
        self.job.toggle()

    def _show_stopped(self) -> None:
        seen = 0 if self.estimate is None else self.estimate.seen
        self.row.show_progress(self.row.bar.value() / 1000, f"stopped at {seen:,}")

    def _measure(self, images: Images) -> None:
        state = self._state
        self._of = (images, state.metric, state.k, state.weighted)
        self.estimate = None
        self.results.unselect()
        self.tiles.show_message("Click a cell of the matrix.")
        self.figure.setText("–")
        self.words.setText("")
        self.scale.show_share(None)
        self.row.show_progress(0, f"0 of {len(images.Q):,}")
        request = Measure(images, state.metric, state.k, state.weighted)
        self.job.submit(request, self._done, self._fail, self._show_estimate)

    def _show_set(self) -> None:
        if self._set.images is not None:
            self._show_beside(self._set.images)

    def _show_beside(self, images: Images) -> None:
        beside = [Beside(1 / len(images.classes), "guessing")]
        if images.is_cifar:
            beside += [Beside(HUMAN, "people, about"), Beside(CONVNET, "ConvNets, about")]
        self.scale.show_beside(beside)

    def _show_estimate(self, estimate: Estimate | None) -> None:
        if estimate is None:
            return
        self.estimate = estimate
        images, metric, k, weighted = self._of
        low, high = estimate.interval
        self.figure.setText(percent(estimate.share, 2))
        self.scale.show_share(estimate.share, (low, high))
        vote = ", weighed by nearness" if weighted else ""
        self.words.setText(
            f"{estimate.right:,} of {estimate.seen:,} right; with 95 % confidence {percent(low)} to {percent(high)} for images "
            f"like these. {k}-NN by {METRICS[metric].title}{vote}, looked up in {len(images.X):,} images."
        )
        left = time_left(estimate.seconds_left) if estimate.seen < estimate.total else f"{estimate.seconds:.1f} s"
        self.row.show_progress(estimate.seen / estimate.total, f"{estimate.seen:,} of {estimate.total:,}, {left}")
        self.matrix.show_counts(estimate.confusion, images.classes)

    def _done(self, estimate: Estimate) -> None:
        self._show_estimate(estimate)
        images, metric, k, weighted = self._of
        result = KnnResult.of(
            estimate, data=images.id, digest=images.digest, metric=metric, k=k, weighted=weighted, train_count=len(images.X),
            classes=images.classes,
        )  # fmt: skip
        keep(self._lab, result)
        self.results.refresh()

    def _fail(self, error: BaseException) -> None:
        self.words.setText(str(error))

    # -- looking -----------------------------------------------------------------------------------------------------

    def _show_result(self, result: KnnResult) -> None:
        if self.job.is_running:
            return
        self.estimate = self._of = None
        low, high = result.interval
        self.figure.setText(percent(result.share, 2))
        self.scale.show_share(result.share, (low, high))
        title = METRICS[result.metric].title if result.metric in METRICS else result.metric
        self.words.setText(
            f"Kept: {result.right:,} of {result.test_count:,} right, 95 % confidence {percent(low)} to {percent(high)}. "
            f"{result.k}-NN by {title} on {result.data}, looked up in {result.train_count:,} images."
        )
        self.row.show_progress(1.0, f"{result.test_count:,} images, {result.seconds:.1f} s")
        self.matrix.show_counts(result.counts, result.classes)
        self.tiles.show_message("A kept result has its counts, not its images. Measure again to see them.")

    def _show_cell(self, row: int, column: int) -> None:
        self.matrix.pick((row, column))
        self.cell_card.title.setText(self.matrix.explanation((row, column)))
        if self.estimate is None or self._of is None:
            return
        images = self._of[0]
        if self.estimate.seen < self.estimate.total:
            self.tiles.show_message("The images can be looked at when the measurement is complete.")
            return
        guesses = self.estimate.predictions
        members = np.flatnonzero((images.truth == row) & (guesses == column))
        role = "positive" if row == column else "negative"
        tiles = [
            Tile(
                images.Q[i],
                "",
                role,
                f"Test image {images.test_at[i]:,}: {images.classes[row]}, taken for {images.classes[column]}",
            )
            for i in members[:_SHOWN]
        ]
        if tiles:
            self.tiles.show_tiles(tiles)
        else:
            self.tiles.show_message("No image is in this cell.")
