"""How accuracy falls as a challenge grows: the same images, one dial, several judges."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from cvlab.engine.data import challenges
from cvlab.engine.data.progress import Asked, never
from cvlab.engine.errors import Cancelled, DataError

if TYPE_CHECKING:
    from torch import Tensor

    from cvlab.engine.data.dataset import Dataset, Split

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
        return self.correct / self.count


class Nearest:
    """1-nearest-neighbour over fixed reference images; exact for bytes, ties to the first.

    metric: "l1", the sum of absolute differences, or "l2", the root of the sum of squares. Cost of N queries among M: N M D;
    500 among 5,000 of 3 x 32 x 32 takes about 0.5 s (l2) or 2 s (l1) on one core.
    """

    def __init__(self, reference: Split, metric: Metric = "l2") -> None:
        if len(reference) == 0:
            raise DataError("Nearest neighbours need at least one image to compare with.")
        self.reference, self.metric = reference, metric
        flat = reference.images.flatten(1)
        # Exact arithmetic: absolute differences of bytes sum to less than 2^24 in float32, squares to less than 2^53 in float64.
        self._flat = flat.float() if metric == "l1" else flat.double()
        self._squares = self._flat.square().sum(1) if metric == "l2" else None

    def find(self, images: Tensor, leave_out: int | None = None) -> tuple[np.ndarray, np.ndarray]:
        """((N,) int64 positions in the reference, (N,) float64 distances). leave_out: a position that may not answer."""
        import torch

        positions, distances = [], []
        for part in images.flatten(1).split(100):
            d = self._between(part)
            if leave_out is not None and len(self.reference) > 1:
                d[:, leave_out] = torch.inf
            best = d.min(dim=1)
            positions.append(best.indices)
            distances.append(best.values.double().clamp(min=0))
        distance = torch.cat(distances)
        return torch.cat(positions).numpy(), (distance.sqrt() if self.metric == "l2" else distance).numpy()

    def _between(self, part: Tensor) -> Tensor:
        """(n, M) distances, squared for l2."""
        import torch

        if self._squares is None:
            return torch.cdist(part.float(), self._flat, p=1)
        query = part.double()
        # |q - r|^2 = |q|^2 - 2 q.r + |r|^2
        return torch.addmm(self._squares, query, self._flat.T, alpha=-2) + query.square().sum(1, keepdim=True)

    def __call__(self, images: Tensor) -> np.ndarray:
        return self.reference.labels.numpy()[self.find(images)[0]]


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
