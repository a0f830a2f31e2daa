"""The digits that the templates learn from, and those held out to be looked at. The test split stays locked."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cvlab.core.jobs import JobControl
from cvlab.core.lab import Lab

DATA = "mnist-mini"
HELD_OUT = 0.1
"""Share of the training split that is held out; the same images every time."""


@dataclass(frozen=True)
class FetchDigits:
    """Two parts of the training split as arrays, (N, H, W) bytes and (N,) labels: to learn from, and held out."""

    lab: Lab

    def run(self, control: JobControl) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        from cvlab.engine.data.splits import held_out

        train = self.lab.dataset(DATA).train
        control.check()
        images, labels = train.images[:, 0].numpy(), train.labels.numpy()
        learn, watch = held_out(labels, HELD_OUT)
        return images[learn], labels[learn], images[watch], labels[watch]
