"""What the Challenges page asks of the background, as requests that hold all they need. No Qt."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from cvlab.core.jobs import JobControl
from cvlab.core.models import Models
from cvlab.engine.data import robustness, variation
from cvlab.engine.data.robustness import Measured, Nearest

if TYPE_CHECKING:
    from torch import Tensor

    from cvlab.engine.data.dataset import Dataset, Split
    from cvlab.engine.nets.trained import TrainedNet

REFERENCE = 5_000
"""Training images among which the nearest neighbour is looked for."""
NEAREST, NET = "1-NN", "net"
NET_JOB = "datasets.challenge_net"


def reference_of(dataset: Dataset) -> tuple[Split, np.ndarray]:
    """The images that the nearest neighbour is looked for among, and their places in the training split."""
    from cvlab.engine.data.dataset import Split

    if len(dataset.train) <= REFERENCE:
        return dataset.train, np.arange(len(dataset.train))
    chosen = robustness.sample_of(dataset.train, REFERENCE)
    return Split(dataset.train.images[chosen], dataset.train.labels[chosen]), chosen


@dataclass(frozen=True, eq=False)
class Verdict:
    """neighbour: its position in the reference, label and distance. probabilities: (K,), None without a net."""

    neighbour: int
    label: int
    distance: float
    probabilities: np.ndarray | None


@dataclass(frozen=True, eq=False)
class Judge:
    """One image, (C, H, W) uint8, before the nearest neighbour and a net. own: its place in the reference, -1 if not there."""

    image: Tensor
    nearest: Nearest
    own: int
    net: TrainedNet | None

    def run(self, control: JobControl) -> Verdict:
        from cvlab.engine.training.device import use_threads

        use_threads(1)
        leave_out = self.own if self.own >= 0 else None
        position, distance = self.nearest.find(self.image[None], leave_out, control.cancelled)
        control.check()
        probabilities = None if self.net is None else self.net.predict(self.image[None])[0]
        found = int(position[0])
        return Verdict(found, int(self.nearest.reference.labels[found]), float(distance[0]), probabilities)


@dataclass(frozen=True, eq=False)
class LoadJudge:
    """A net that reads this set; refuses any other in words."""

    models: Models
    model_id: str
    dataset: Dataset

    def run(self, control: JobControl) -> TrainedNet:
        net = self.models.load(self.model_id)
        robustness.judge_of(net, self.dataset)
        return net


@dataclass(frozen=True, eq=False)
class MeasureCurves:
    """Accuracy against the dial on a sample of the test images; reports the points so far, a tuple."""

    dataset: Dataset
    challenge: str
    seed: int
    sample: int
    nearest: Nearest
    net: TrainedNet | None
    net_id: str

    @property
    def key(self) -> tuple[Any, ...]:
        """The same for curves that would be the same."""
        net = self.net_id if self.net is not None else ""
        return (self.dataset.digest, self.challenge, self.seed, self.nearest.metric, net, self.sample)

    def run(self, control: JobControl) -> tuple[Measured, ...]:
        from cvlab.engine.training.device import use_threads

        use_threads(1)
        judges: dict[str, robustness.Judge] = {NEAREST: self.nearest}
        if self.net is not None:
            judges[NET] = robustness.judge_of(self.net, self.dataset)
        chosen = robustness.sample_of(self.dataset.test, self.sample)
        images, labels = self.dataset.test.images[chosen], self.dataset.test.labels[chosen].numpy()
        masks = robustness.masks_of(self.dataset, "test", chosen)
        points: tuple[Measured, ...] = ()
        for point in robustness.curves(
            judges, images, labels, self.challenge, seed=self.seed, masks=masks, cancelled=control.cancelled
        ):
            points = (*points, point)
            control.report(points)
        return points


@dataclass(frozen=True, eq=False)
class Within:
    """The variation of one class of the training split; `members` leads back to places in the split."""

    dataset: Dataset
    label: int
    count: int

    def run(self, control: JobControl) -> tuple[np.ndarray, variation.Variation]:
        from cvlab.engine.training.device import use_threads

        use_threads(1)
        members = np.flatnonzero(self.dataset.train.labels.numpy() == self.label)
        return members, variation.within(self.dataset.train.images[members], self.count, control.cancelled)
