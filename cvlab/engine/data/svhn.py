"""SVHN, house numbers cut out around one digit, from its two MATLAB files."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from cvlab.engine.data import mat
from cvlab.engine.data.dataset import Dataset, Split, digest_of
from cvlab.engine.data.entries import Entry, Remote
from cvlab.engine.data.progress import Asked, Progress, Report
from cvlab.engine.errors import Cancelled, CorruptData, DataMissing


def has(root: Path, entry: Entry, remote: Remote) -> bool:
    """Whether this file was fetched."""
    return (root / entry.folder / remote.name).is_file()


def load(root: Path, entry: Entry, report: Report, cancelled: Asked) -> Dataset:
    """About 3 s: the files are packed, and lie the other way round. Raises DataMissing, CorruptData, Cancelled."""
    import torch

    splits = []
    for number, (remote, count) in enumerate(zip(entry.files, (entry.train_count, entry.test_count), strict=True)):
        if cancelled():
            raise Cancelled
        report(Progress(f"Reading {remote.name}", number, 2))
        path = root / entry.folder / remote.name
        if not path.is_file():
            raise DataMissing(
                f"{entry.title} is not on this machine yet.",
                received=f"no {remote.name} in {root / entry.folder}",
                remedy=f"Get it with `cvlab data get {entry.id}`, or with the button beside the data set.",
            )
        arrays = mat.read(path)
        X, y = arrays.get("X"), arrays.get("y")
        if X is None or y is None or X.dtype != np.uint8 or X.shape != (32, 32, 3, count) or y.size != count:
            raise CorruptData(f"{path.name} is not {entry.title}'s.", received=", ".join(arrays) or "no arrays")
        labels = y.reshape(-1).astype(np.int64) % 10  # the digit 0 is called 10 there
        images = np.ascontiguousarray(X.transpose(3, 2, 0, 1))  # (H, W, C, N) -> (N, C, H, W)
        splits.append(Split(torch.from_numpy(images), torch.from_numpy(labels)))
    train, test = splits
    return Dataset(entry.id, entry.title, entry.classes, train, test, digest_of(train, test))


def unpack(root: Path, entry: Entry, remote: Remote, path: Path) -> None:
    """It is used as it came."""


def adopt(root: Path, entry: Entry, path: Path) -> bool:
    """Takes nothing: the .mat files themselves are what is fetched and read."""
    return False
