"""The panel's long work as jobs: neighbours of one image, the next mistake, accuracy over a set, tuning."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from time import monotonic

import numpy as np

from cvlab.core.jobs import JobControl
from cvlab.engine.data.drawing import prepare
from cvlab.engine.errors import DataError
from cvlab.engine.neighbors import tuning
from cvlab.engine.neighbors.accuracy import Estimate, measure
from cvlab.engine.neighbors.counterexamples import Copy, copies
from cvlab.engine.neighbors.found import Found
from cvlab.engine.neighbors.query import from_file
from cvlab.engine.neighbors.search import Index
from cvlab.engine.neighbors.votes import predict, tally, weights
from cvlab.ui.panels.neighbors.the_set import Images


@dataclass(frozen=True, eq=False)
class Answer:
    """What the neighbours say of one query. truth: its class, -1 where nobody knows. copies: of the mosaic; () if it has none.

    votes: (C,). stranger: the nearest training image of a class other than the vote's first neighbour, and its L2 distance.
    """

    query: np.ndarray
    truth: int
    found: Found
    votes: np.ndarray
    winner: int
    copies: tuple[Copy, ...]
    stranger: tuple[int, float]
    words: str


@dataclass(frozen=True, eq=False)
class Ask:
    """The neighbours of an image, and its mosaic. drawn: a canvas to make a digit of; path: a file; else `image`."""

    images: Images
    metric: str
    k: int
    weighted: bool
    shift: int
    image: np.ndarray | None = None
    truth: int = -1
    drawn: np.ndarray | None = None
    path: Path | None = None

    def run(self, control: JobControl) -> Answer:
        images, query, words = self.images, self.image, ""
        if self.path is not None:
            query, words = from_file(self.path, images.shape), self.path.name
        elif self.drawn is not None:
            query = prepare(self.drawn).image[None]
        k = min(self.k, len(images.X))
        found = images.index(self.metric).search(query[None], k, cancelled=control.cancelled)
        labels = images.y[found.indices]
        votes = tally(labels, len(images.classes), weights(found.distances) if self.weighted else None)[0]
        winner = int(predict(found, images.y, len(images.classes), weighted=self.weighted)[0])
        try:
            made = copies(query, self.shift)
        except DataError as error:
            made, words = (), words or str(error)
        return Answer(query, self.truth, found, votes, winner, made, self._stranger(query, control), words)

    def _stranger(self, query: np.ndarray, control: JobControl) -> tuple[int, float]:
        """The nearest training image of another class than the query's, by L2: (index, distance); (-1, 0) if there is none."""
        index = self.images.index("l2")
        own = self.truth
        if own < 0:
            own = int(self.images.y[index.search(query[None], 1, cancelled=control.cancelled).indices[0, 0]])
        k = min(32, len(index))
        while True:
            found = index.search(query[None], k, cancelled=control.cancelled)
            others = np.flatnonzero(self.images.y[found.indices[0]] != own)
            if len(others):
                return int(found.indices[0, others[0]]), float(found.distances[0, others[0]])
            if k == len(index):
                return -1, 0.0
            k = min(4 * k, len(index))


@dataclass(frozen=True, eq=False)
class FindMistake:
    """The next test image after `start` whose vote is wrong; -1 if all are right."""

    images: Images
    metric: str
    k: int
    weighted: bool
    start: int

    def run(self, control: JobControl) -> int:
        images = self.images
        order = (np.arange(len(images.Q)) + self.start + 1) % len(images.Q)
        index, k = images.index(self.metric), min(self.k, len(images.X))
        for at in range(0, len(order), 32):
            part = order[at : at + 32]
            found = index.search(images.Q[part], k, cancelled=control.cancelled)
            wrong = np.flatnonzero(
                predict(found, images.y, len(images.classes), weighted=self.weighted) != images.truth[part]
            )
            if len(wrong):
                return int(part[wrong[0]])
            control.report(at + len(part))
        return -1


@dataclass(frozen=True, eq=False)
class Measure:
    """Accuracy over all test images that were chosen; reports every `Estimate`, returns the last."""

    images: Images
    metric: str
    k: int
    weighted: bool

    def run(self, control: JobControl) -> Estimate:
        images = self.images
        index = Index(images.X, self.metric) if len(images.X) > 20_000 else images.index(self.metric)
        for estimate in measure(
            index, images.y, images.Q, images.truth, len(images.classes), self.k, weighted=self.weighted,
            cancelled=control.cancelled,
        ):  # fmt: skip
            control.report(estimate)
        return estimate


@dataclass(frozen=True)
class Tuned:
    """A grid, as far as it is measured. accuracies: for each metric a row of (len(ks),) a fold."""

    ks: tuple[int, ...]
    accuracies: dict[str, list[tuple[float, ...]]]
    folds: int
    done: int
    total: int
    words: str
    seconds: float = 0.0


@dataclass(frozen=True, eq=False)
class Tune:
    """The grid over the training images alone; reports a `Tuned` at every step, returns the last."""

    images: Images
    ks: tuple[int, ...]
    metrics: tuple[str, ...]
    weighted: bool
    folds: int
    share: float

    def run(self, control: JobControl) -> Tuned:
        began = monotonic()
        images = self.images
        parts = tuning.plan(images.y, folds=self.folds, share=self.share)
        words = tuning.describe(parts)
        table: dict[str, list[tuple[float, ...]]] = {metric: [] for metric in self.metrics}
        told = Tuned(self.ks, table, len(parts), 0, 1, words)
        for step in tuning.tune(
            images.X, images.y, len(images.classes), self.ks, self.metrics, parts, weighted=self.weighted,
            cancelled=control.cancelled,
        ):  # fmt: skip
            if step.accuracies:
                table[step.metric].append(step.accuracies)
            rows = {metric: list(found) for metric, found in table.items()}
            told = Tuned(self.ks, rows, len(parts), step.done, step.total, words, monotonic() - began)
            control.report(told)
        return told
