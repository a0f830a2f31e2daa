"""The files of CIFAR-10 and CIFAR-100 in both versions that their makers publish: Python's pickles and plain bytes.

An image of the binary version is a record: its label (of CIFAR-100 the coarse one, then the fine one), one byte each, and
3 x 32 x 32 pixels, all of red, then green, then blue, row by row. Both versions hold the same images.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from cvlab.engine.data import pickled
from cvlab.engine.data.entries import Entry
from cvlab.engine.errors import CorruptData
from cvlab.engine.files import read_bounded

MAX_FILE = 256 * 1024 * 1024  # the largest, CIFAR-100's `train`, has 155 MB
PIXELS = 3 * 32 * 32


@dataclass(frozen=True)
class Version:
    """folder: as torchvision or TensorFlow calls it. files: name -> md5, in order. label_bytes: of a record; 0: pickles."""

    folder: str
    files: dict[str, str]
    label_bytes: int = 0

    def has(self, root: Path) -> bool:
        return all((root / self.folder / name).is_file() for name in self.files)

    @property
    def batches(self) -> list[str]:
        """The files with images in them. Names of classes are in `meta`; torchvision wants it, here nobody reads it."""
        return [name for name in self.files if "meta" not in name]


PYTHON = {
    "cifar10": Version(
        "cifar-10-batches-py",
        {
            "data_batch_1": "c99cafc152244af753f735de768cd75f",
            "data_batch_2": "d4bba439e000b95fd0a9bffe97cbabec",
            "data_batch_3": "54ebc095f3ab1f0389bbae665268c751",
            "data_batch_4": "634d18415352ddfa80567beed471001a",
            "data_batch_5": "482c414d41f54cd18b22e5b47cb7c3cb",
            "test_batch": "40351d587109b95175f43aff81a1287e",
            "batches.meta": "5ff9c542aee3614f3951f8cda6e48888",
        },
    ),
    "cifar100": Version(
        "cifar-100-python",
        {
            "train": "16019d7e3df5f24257cddd939b257f8d",
            "test": "f0ef6b0ae62326f3e7ffdfab6717acfc",
            "meta": "7973b15100ade9c7d40fb424638fde48",
        },
    ),
}
BINARY = {
    "cifar10": Version(
        "cifar-10-batches-bin",
        {
            "data_batch_1.bin": "5dd7e06a14cb22eb9f671a540d1b7c25",
            "data_batch_2.bin": "5ea93a67294ea407fff1d09f752e9692",
            "data_batch_3.bin": "942cd6a4bcdd0dd3c604fbe906cb4421",
            "data_batch_4.bin": "ae636b3ba5c66a11e91e8cb52e771fcb",
            "data_batch_5.bin": "53f37980c15c3d472c316c40844f3f0d",
            "test_batch.bin": "803d5f7f4d78ea53de84dbe85f74fb6d",
        },
        label_bytes=1,
    ),
    "cifar100": Version(
        "cifar-100-binary",
        {"train.bin": "6172c7755cfe09b2fe270c85cebc1b15", "test.bin": "4499cfba6c016c1be1438163640a0898"},
        label_bytes=2,
    ),
}


def versions(entry: Entry) -> tuple[Version, Version]:
    """The two forms in which CIFAR is given out, the one for Python first."""
    return PYTHON[entry.id], BINARY[entry.id]


def checked(version: Version, path: Path) -> bytes | None:
    """The file's bytes if they are, to the byte, the ones of this name; None if not. Raises OSError."""
    wanted = version.files.get(path.name)
    if wanted is None or path.stat().st_size > MAX_FILE:
        return None
    content = read_bounded(path, MAX_FILE)
    return content if hashlib.md5(content, usedforsecurity=False).hexdigest() == wanted else None


def read(version: Version, path: Path, entry: Entry) -> tuple[np.ndarray, np.ndarray]:
    """((n, 3, 32, 32) uint8, (n,) int64) of one file. Raises CorruptData for any other than the original: an unknown pickle
    is not even opened, though nothing of one is ever run."""
    what = f"{path.name} is none of {entry.title}'s files."
    try:
        content = checked(version, path)
    except OSError as error:
        raise CorruptData(f"{path.name} cannot be read.", received=error.strerror or str(error)) from error
    if content is None:
        raise CorruptData(
            what,
            received=f"{path.stat().st_size:,} bytes with another checksum",
            remedy=f"Remove {path.parent.name} from the folder of data, and get the set again.",
        )
    try:
        images, labels = _records(version, content) if version.label_bytes else _pickled(content, entry)
        if labels.min() < 0 or labels.max() >= len(entry.classes):
            raise CorruptData(what, received="labels that do not fit the images")
    except CorruptData:
        raise
    except Exception as error:  # a pickle can make numpy raise anything at all
        raise CorruptData(what, received=f"{type(error).__name__}: {error}"[:200]) from error
    return images.reshape(-1, *entry.image_shape), labels


def _records(version: Version, content: bytes) -> tuple[np.ndarray, np.ndarray]:
    rows = np.frombuffer(content, np.uint8).reshape(-1, version.label_bytes + PIXELS)
    return rows[:, version.label_bytes :], rows[:, version.label_bytes - 1].astype(np.int64)


def _pickled(content: bytes, entry: Entry) -> tuple[np.ndarray, np.ndarray]:
    found = pickled.loads(content)
    images = found["data"]
    labels = np.array(found["labels" if entry.id == "cifar10" else "fine_labels"], np.int64)
    if not isinstance(images, np.ndarray) or images.dtype != np.uint8 or images.shape[1:] != (PIXELS,):
        raise ValueError("no rows of 3,072 bytes")
    if labels.shape != images.shape[:1]:
        raise ValueError(f"{len(images):,} images and {labels.shape} labels")
    return images, labels
