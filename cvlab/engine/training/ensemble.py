"""Several nets that vote (course 9.6): the mean of their probabilities, and how much better that is than its members."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from torch import Tensor

from cvlab.engine.errors import Cancelled, NetError
from cvlab.engine.nets.trained import TrainedNet

Z = 1.959964
"""Standard deviations of a normal distribution that hold 95 % of it."""


@dataclass(frozen=True)
class Accuracy:
    """right of count images. low, high: the 95 % interval of Wilson (1927), within which another test set of this size would
    most likely put it."""

    right: int
    count: int

    @property
    def share(self) -> float:
        return self.right / self.count if self.count else 0.0

    @property
    def low(self) -> float:
        return self._wilson()[0]

    @property
    def high(self) -> float:
        return self._wilson()[1]

    def _wilson(self) -> tuple[float, float]:
        n, p = self.count, self.share
        if n == 0:
            return 0.0, 1.0
        middle = (p + Z**2 / (2 * n)) / (1 + Z**2 / n)
        half = Z / (1 + Z**2 / n) * math.sqrt(p * (1 - p) / n + Z**2 / (4 * n * n))
        return max(0.0, middle - half), min(1.0, middle + half)


@dataclass(frozen=True, eq=False)
class Comparison:
    """Members and ensemble on the same images.

    titles: the members'. members: their accuracies. whole: the ensemble's. mended, broken: images that the ensemble reads right
    and the best member does not, and the other way round. chance: of a difference this large between the two if they were equally
    good (McNemar's exact test). predicted: (N,) classes by the ensemble. agreement: (N,) share of members that voted for it.
    """

    titles: tuple[str, ...]
    members: tuple[Accuracy, ...]
    whole: Accuracy
    mended: int
    broken: int
    chance: float
    predicted: np.ndarray
    agreement: np.ndarray

    @property
    def mean(self) -> float:
        """The mean accuracy of the members."""
        return float(np.mean([member.share for member in self.members]))

    @property
    def gain(self) -> float:
        """The ensemble's accuracy minus the mean member's."""
        return self.whole.share - self.mean


@dataclass(frozen=True)
class Ensemble:
    """Nets that read the same kind of images, as one. Raises `NetError` for none, or for nets of other classes."""

    members: tuple[TrainedNet, ...]

    def __post_init__(self) -> None:
        if not self.members:
            raise NetError("An ensemble needs at least one net.")
        classes = self.members[0].classes
        for member in self.members:
            if member.classes != classes:
                raise NetError(
                    "These nets tell other classes apart.",
                    received=f"{', '.join(member.classes[:4])}… and {', '.join(classes[:4])}…",
                    remedy="Choose nets that were trained on the same data.",
                )

    def predict(self, images: Tensor) -> np.ndarray:
        """images: (N, C, H, W) uint8 -> (N, K): the mean of the members' probabilities."""
        return np.mean([member.predict(images) for member in self.members], axis=0)

    def compare(
        self, images: Tensor, labels: Tensor, *, report: Callable[[int], None] | None = None,
        cancelled: Callable[[], bool] | None = None,
    ) -> Comparison:  # fmt: skip
        """Every member and the whole on labelled images. report(i): member i is done. Raises `Cancelled`."""
        probabilities = []
        for i, member in enumerate(self.members):
            if cancelled is not None and cancelled():
                raise Cancelled
            probabilities.append(member.predict(images))
            if report is not None:
                report(i + 1)
        return compare(np.stack(probabilities), labels.numpy(), tuple(member.title for member in self.members))


def compare(probabilities: np.ndarray, labels: np.ndarray, titles: Sequence[str] = ()) -> Comparison:
    """probabilities: (M, N, K) of M members for N images of classes labels (N,)."""
    count = len(labels)
    votes = probabilities.argmax(axis=2)  # (M, N)
    predicted = probabilities.mean(axis=0).argmax(axis=1)
    right, ours = votes == labels, predicted == labels
    best = right[int(right.sum(axis=1).argmax())]
    mended, broken = int((ours & ~best).sum()), int((best & ~ours).sum())
    return Comparison(
        tuple(titles) or tuple(f"Net {i + 1}" for i in range(len(votes))),
        tuple(Accuracy(int(row.sum()), count) for row in right),
        Accuracy(int(ours.sum()), count),
        mended,
        broken,
        mcnemar(mended, broken),
        predicted,
        (votes == predicted).mean(axis=0),
    )


def mcnemar(one: int, other: int) -> float:
    """The chance of so uneven a split of one + other images if each were a coin toss; two-sided, exact."""
    n, k = one + other, min(one, other)
    tail = (
        sum(math.comb(n, i) for i in range(k + 1)) / 2**n
        if n < 1000
        else math.erfc(abs(one - other) / math.sqrt(2 * n)) / 2
    )
    return min(1.0, 2 * tail)
