"""The images that three pages share: loaded once in the background, cut to the sizes that are wanted, with an index a metric."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from PySide6.QtCore import QObject, Signal

from cvlab.core import paths
from cvlab.core.jobs import JobControl
from cvlab.core.lab import Lab
from cvlab.engine.data import catalogue
from cvlab.engine.data.progress import Progress
from cvlab.engine.errors import CvlabError, DataMissing
from cvlab.engine.neighbors.search import Index
from cvlab.engine.neighbors.subsets import chosen
from cvlab.ui.bind import listen

_LOAD, _GET = "neighbors.load", "neighbors.get"
CIFAR = ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck")
"""The classes that the course's human and ConvNet figures are about."""


@dataclass(frozen=True, eq=False)
class Images:
    """X, Q: (N, C, H, W) uint8 to look up in and to ask for; y, truth: their classes; train_at, test_at: their places in the
    set."""

    id: str
    title: str
    digest: str
    classes: tuple[str, ...]
    X: np.ndarray
    y: np.ndarray
    Q: np.ndarray
    truth: np.ndarray
    train_at: np.ndarray
    test_at: np.ndarray
    _indices: dict[str, Index] = field(default_factory=dict, repr=False)

    def index(self, metric: str) -> Index:
        """The index of a metric, made once. Its bounds are made by the first search that repays them."""
        if metric not in self._indices:
            self._indices[metric] = Index(self.X, metric)
        return self._indices[metric]

    @property
    def shape(self) -> tuple[int, int, int]:
        return self.X.shape[1:]

    @property
    def is_cifar(self) -> bool:
        """Whether the course's figures for people and ConvNets are about this set."""
        names = {"airplane": "airplane", "plane": "airplane", "automobile": "automobile", "car": "automobile"}
        return tuple(names.get(name.lower(), name.lower()) for name in self.classes) == CIFAR and self.shape == (
            3,
            32,
            32,
        )


@dataclass(frozen=True)
class LoadSet:
    lab: Lab
    dataset_id: str
    train_count: int
    test_count: int

    def run(self, control: JobControl) -> Images:
        data = self.lab.dataset(self.dataset_id)
        control.check()
        X, y = data.train.images.numpy(), data.train.labels.numpy()
        Q, truth = data.test.images.numpy(), data.test.labels.numpy()
        train, test = chosen(y, self.train_count), chosen(truth, self.test_count)
        # Test images lie class by class in many sets: shuffled, so that stepping through them shows all classes.
        test = np.random.default_rng(0).permutation(test)
        whole = len(train) == len(y)
        return Images(
            data.id, data.title, data.digest, tuple(data.classes), X if whole else X[train], y if whole else y[train],
            Q[test], truth[test], train, test,
        )  # fmt: skip


@dataclass(frozen=True)
class GetSet:
    dataset_id: str

    def run(self, control: JobControl) -> str:
        catalogue.obtain(self.dataset_id, root=paths.data(), progress=control.report, cancelled=control.cancelled)
        return self.dataset_id


class TheSet(QObject):
    """changed: `images` or `message` is another. images: None until they are here. is_missing: they can be fetched."""

    changed = Signal()

    def __init__(self, lab: Lab, parent: QObject) -> None:
        super().__init__(parent)
        self._lab, self._state = lab, lab.project.neighbors
        self.images: Images | None = None
        self.message = "Reading the images…"
        self.is_missing = self.is_failed = self.is_fetching = False
        self._wanted: tuple[str, int, int] | None = None
        for name in ("dataset", "train_count", "test_count"):
            listen(self, getattr(self._state.events, name), self._reload)

    def wake(self) -> None:
        """Loads the set that is wanted, if it is not here or on its way."""
        wanted = (self._state.dataset, self._state.train_count, self._state.test_count)
        if wanted == self._wanted:
            return
        self._wanted = wanted
        self.images, self.is_missing, self.is_failed = None, False, False
        self.message = "Reading the images…"
        self._lab.jobs.submit(_LOAD, LoadSet(self._lab, *wanted), done=self._have, failed=self._fail)
        self.changed.emit()

    def _reload(self, _: object) -> None:
        if self._wanted is not None:
            self.wake()

    def _have(self, images: Images) -> None:
        self.images, self.message = images, ""
        self.changed.emit()

    def _fail(self, error: BaseException) -> None:
        self.is_missing, self.is_failed = isinstance(error, DataMissing), True
        self.message = str(error) if isinstance(error, CvlabError) else f"{type(error).__name__}: {error}"
        self.changed.emit()

    # -- fetching ----------------------------------------------------------------------------------------------------

    def fetch(self) -> None:
        """Brings the set onto this machine, in the background."""
        if self.is_fetching:
            return
        self.is_fetching = True
        self.message = "Fetching the images…"
        request = GetSet(self._state.dataset)
        self._lab.jobs.submit(_GET, request, done=self._fetched, failed=self._not_fetched, progress=self._show_progress)
        self.changed.emit()

    def stop_fetching(self) -> None:
        self._lab.jobs.cancel(_GET)
        self._fetched("")

    def _fetched(self, _: str) -> None:
        self.is_fetching, self._wanted = False, None
        self.wake()

    def _not_fetched(self, error: BaseException) -> None:
        self.is_fetching = False
        self._fail(error)
        self.is_missing = True
        self.changed.emit()

    def _show_progress(self, progress: Progress) -> None:
        share = "" if progress.fraction is None else f", {progress.fraction:.0%}".replace("%", " %")
        self.message = f"{progress.stage}{share}"
        self.changed.emit()
