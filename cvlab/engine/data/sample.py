"""The balanced sample of real MNIST that ships with cvlab, so that everything works with no network at all."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from cvlab.engine.data.array_files import Npz
from cvlab.engine.data.dataset import Dataset, Split, digest_of
from cvlab.engine.errors import CorruptData, DataMissing

FILE = "mnist-mini.npz"
TRAIN_PER_CLASS, TEST_PER_CLASS = 1_000, 200
DIGEST = "2cb57d369d2d95c5122307dabeb9f40912dadee583762db240983dc2c3b6aae1"

_SHAPES = {
    "train_images": (10 * TRAIN_PER_CLASS, 28, 28),
    "train_labels": (10 * TRAIN_PER_CLASS,),
    "test_images": (10 * TEST_PER_CLASS, 28, 28),
    "test_labels": (10 * TEST_PER_CLASS,),
}
_REMEDY = "It ships with cvlab: install cvlab again."


def load(bundled: Path, *, id: str, title: str, classes: tuple[str, ...]) -> Dataset:
    """The sample in the folder of shipped data, in 0.03 s. Raises DataMissing, or CorruptData if a byte differs."""
    import torch

    path = bundled / FILE
    if not path.is_file():
        raise DataMissing(f"The shipped sample {FILE} is not where it belongs.", received=str(path), remedy=_REMEDY)
    try:
        with Npz(path) as archive:
            arrays = {name: archive.read(name) for name in _SHAPES}
    except (OSError, KeyError, CorruptData) as error:
        raise CorruptData(f"The shipped sample {FILE} is damaged.", received=str(error), remedy=_REMEDY) from error
    if any(array.shape != _SHAPES[name] or array.dtype != np.uint8 for name, array in arrays.items()):
        raise CorruptData(f"The shipped sample {FILE} is not the one of this cvlab.", remedy=_REMEDY)

    def split(part: str) -> Split:
        images = torch.from_numpy(arrays[f"{part}_images"]).unsqueeze(1)  # (N, 1, 28, 28)
        return Split(images, torch.from_numpy(arrays[f"{part}_labels"]).long())

    train, test = split("train"), split("test")
    digest = digest_of(train, test)
    if digest != DIGEST:
        raise CorruptData(f"The shipped sample {FILE} is not the one of this cvlab.", received=digest, remedy=_REMEDY)
    return Dataset(id, title, classes, train, test, digest)
