"""How accuracy falls as a challenge grows: the same images, one dial, several judges."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from cvlab.engine.data import challenges
from cvlab.engine.data.progress import Asked, never
from cvlab.engine.errors import Cancelled, DataError
from cvlab.engine.neighbors.search import Index

if TYPE_CHECKING:
    from torch import Tensor

    from cvlab.engine.data.dataset import Dataset, Split
    from cvlab.engine.nets.trained import TrainedNet

Metric = Literal["l1", "l2"]
Judge = Callable[["Tensor"], np.ndarray]
"""(N, C, H, W) uint8 -> (N,) int64, the class that each image is taken for."""

AMOUNTS = (0.0, 0.125, 0.25, 0.375, 0.5, 0.625, 0.75, 0.875, 1.0)


@dataclass(frozen=True)
class Measured:
    """One point of a curve. accuracy = correct / count. done, total: points of all curves so far and in all."""

    judge: str
    challenge: str
    amount: float
    correct: int
    count: int
    done: int
    total: int

    @property
    def accuracy(self) -> float:
        """The share of images that were read right, 0..1."""
        return self.correct / self.count


class Nearest:
    """1-nearest-neighbour over fixed reference images, by `neighbors.search`: exact, ties to the first.

    metric: "l1", the sum of absolute differences, or "l2", the root of the sum of squares.
    """

    def __init__(self, reference: Split, metric: Metric = "l2") -> None:
        self.reference, self.metric = reference, metric
        # Bounds repay their making on sets much larger than these references.
        self._index = Index(reference.images.numpy(), metric, threads=1, bounds=False)

    def find(
        self, images: Tensor, leave_out: int | None = None, cancelled: Asked = never
    ) -> tuple[np.ndarray, np.ndarray]:
        """((N,) int64 positions in the reference, (N,) float64 distances). leave_out: a position that may not answer."""
        leaves = leave_out is not None and len(self._index) > 1
        found = self._index.search(images.numpy(), 2 if leaves else 1, cancelled=cancelled)
        column = (found.indices[:, 0] == leave_out).astype(np.int64) if leaves else np.zeros(len(images), np.int64)
        rows = np.arange(len(images))
        return found.indices[rows, column], found.distances[rows, column]

    def __call__(self, images: Tensor) -> np.ndarray:
        return self.reference.labels.numpy()[self.find(images)[0]]


def judge_of(net: TrainedNet, dataset: Dataset) -> Judge:
    """The net as a judge of this set's images. Raises DataError where it reads other images or knows other classes."""
    shape = net.architecture.image_shape
    if shape != dataset.image_shape or tuple(net.classes) != tuple(dataset.classes):
        c, h, w = dataset.image_shape
        reads = " x ".join(map(str, shape)) if shape else "nothing"
        raise DataError(
            f"This net does not read {dataset.title}: images of {c} x {h} x {w}, {_some(dataset.classes)}.",
            received=f"{net.title or 'a net'} for {reads}, {_some(net.classes)}",
            remedy="Choose a net that was trained on this set.",
        )

    def judge(images: Tensor) -> np.ndarray:
        return net.predict(images).argmax(axis=1)

    return judge


def _some(classes: Sequence[str]) -> str:
    return f"{len(classes):,} classes ({', '.join(classes[:3])}{', …' if len(classes) > 3 else ''})"


def sample_of(split: Split, count: int, seed: int = 0) -> np.ndarray:
    """(n,) sorted int64: `count` images of a split, drawn with the seed; all of it if it has no more."""
    rng = np.random.default_rng(seed)
    return np.sort(rng.permutation(len(split))[:count])


def curves(
    judges: Mapping[str, Judge],
    images: Tensor,
    labels: np.ndarray,
    challenge_id: str,
    amounts: Sequence[float] = AMOUNTS,
    seed: int = 0,
    masks: Tensor | None = None,
    cancelled: Asked = never,
) -> Iterator[Measured]:
    """Accuracy of every judge on the same images under the same challenge, one amount after the other.

    images: (N, C, H, W) uint8. labels: (N,) integers. Yields len(judges) * len(amounts) points, all judges of an amount
    before the next one. Raises DataError for an unknown challenge or an empty sample, Cancelled when asked.
    """
    if len(images) == 0 or not judges:
        raise DataError("A curve needs at least one image and one judge.")
    labels, done, total = np.asarray(labels), 0, len(judges) * len(amounts)
    for amount in amounts:
        changed = challenges.apply(challenge_id, images, amount, seed, masks)
        for name, judge in judges.items():
            if cancelled():
                raise Cancelled
            correct = int((judge(changed) == labels).sum())
            done += 1
            yield Measured(name, challenge_id, amount, correct, len(labels), done, total)


def masks_of(dataset: Dataset, part: Literal["train", "test"], indices: np.ndarray) -> Tensor | None:
    """Where the objects are, for sets that know it: Shapes-32 as the catalogue has it. None for all others."""
    from cvlab.engine.data import shapes32

    if dataset.id != shapes32.ID:
        return None
    return shapes32.masks(indices, 0 if part == "train" else 1)
