"""The images that the templates learn from, and those held out to be looked at. The test split stays locked."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cvlab.core.jobs import JobControl
from cvlab.core.lab import Lab
from cvlab.engine.data.entries import Entry

HELD_OUT = 0.1
"""Share of the training split that is held out; the same images every time."""

MOST_LEARNED, MOST_WATCHED = 20_000, 1_000
"""Images of a large set that are taken: templates are looked at, not raced."""

MOST_CLASSES, MOST_NUMBERS = 10, 3 * 64 * 64
"""What fits into the formulas, and into a step of a few milliseconds."""


@dataclass(frozen=True, eq=False)
class ImageSet:
    """images: (N, C, H, W) bytes, labels: (N,). watched: those held out. classes: their names."""

    title: str
    classes: tuple[str, ...]
    images: np.ndarray
    labels: np.ndarray
    watched: np.ndarray
    watched_labels: np.ndarray


@dataclass(frozen=True)
class FetchImages:
    """Two parts of the training split of a data set."""

    lab: Lab
    data: str

    def run(self, control: JobControl) -> ImageSet:
        from cvlab.engine.data.splits import held_out

        data = self.lab.dataset(self.data)
        control.check()
        images, labels = data.train.images.numpy(), data.train.labels.numpy()
        learn, watch = held_out(labels, HELD_OUT)
        rng = np.random.default_rng(0)
        learn, watch = (
            np.sort(rng.permutation(part)[:most]) if len(part) > most else part
            for part, most in ((np.asarray(learn), MOST_LEARNED), (np.asarray(watch), MOST_WATCHED))
        )
        return ImageSet(data.title, data.classes, images[learn], labels[learn], images[watch], labels[watch])


def suitable(lab: Lab) -> dict[str, Entry]:
    """The sets on this machine with at most ten classes and images of at most 64 x 64."""
    from cvlab.core import paths
    from cvlab.engine.data import catalogue

    places = {"root": paths.data(), "bundled": paths.resources() / "data"}
    return {
        id: entry
        for id, entry in catalogue.entries(paths.data()).items()
        if len(entry.classes) <= MOST_CLASSES
        and np.prod(entry.image_shape) <= MOST_NUMBERS
        and catalogue.is_available(id, **places)
    }
