"""CIFAR-10 and CIFAR-100 from the "python version" of their archives: pickles, read by an unpickler that runs nothing."""

from __future__ import annotations

import hashlib
import tarfile
import zlib
from pathlib import Path

import numpy as np

from cvlab.engine.data import pickled
from cvlab.engine.data.dataset import Dataset, Split, digest_of
from cvlab.engine.data.entries import Entry, Remote
from cvlab.engine.data.progress import Asked, Progress, Report
from cvlab.engine.disk import write_whole
from cvlab.engine.errors import Cancelled, CorruptData, DataMissing

_MAX_FILE = 256 * 1024 * 1024  # the largest, CIFAR-100's `train`, has 155 MB
_MAX_MEMBERS = 100
FILES = {
    "cifar10": {
        "data_batch_1": "c99cafc152244af753f735de768cd75f",
        "data_batch_2": "d4bba439e000b95fd0a9bffe97cbabec",
        "data_batch_3": "54ebc095f3ab1f0389bbae665268c751",
        "data_batch_4": "634d18415352ddfa80567beed471001a",
        "data_batch_5": "482c414d41f54cd18b22e5b47cb7c3cb",
        "test_batch": "40351d587109b95175f43aff81a1287e",
        "batches.meta": "5ff9c542aee3614f3951f8cda6e48888",
    },
    "cifar100": {
        "train": "16019d7e3df5f24257cddd939b257f8d",
        "test": "f0ef6b0ae62326f3e7ffdfab6717acfc",
        "meta": "7973b15100ade9c7d40fb424638fde48",
    },
}
"""Name -> md5. The names of classes are in `meta` too; they are not read from there, but torchvision wants the file."""


def has(root: Path, entry: Entry, remote: Remote) -> bool:
    return all((root / entry.folder / name).is_file() for name in FILES[entry.id])


def load(root: Path, entry: Entry, report: Report, cancelled: Asked) -> Dataset:
    """0.5 s, and twice the pixels in memory meanwhile. Raises DataMissing, CorruptData, Cancelled."""
    import torch

    parts: dict[str, list[tuple[np.ndarray, np.ndarray]]] = {"train": [], "test": []}
    names = [name for name in FILES[entry.id] if "meta" not in name]
    for number, name in enumerate(names):
        if cancelled():
            raise Cancelled
        report(Progress(f"Reading {name}", number, len(names)))
        path = root / entry.folder / name
        if not path.is_file():
            raise DataMissing(
                f"{entry.title} is not on this machine yet.",
                received=f"no {name} in {root / entry.folder}",
                remedy=f"Get it with `cvlab data get {entry.id}`, or with the button beside the data set.",
            )
        parts["test" if name.startswith("test") else "train"].append(_batch(path, entry))

    def split(part: str, count: int) -> Split:
        images = np.concatenate([images for images, _ in parts[part]])
        labels = np.concatenate([labels for _, labels in parts[part]])
        if len(images) != count:
            raise CorruptData(f"{entry.title} is not whole.", received=f"{len(images):,} of {count:,} {part} images")
        return Split(torch.from_numpy(images), torch.from_numpy(labels))

    train, test = split("train", entry.train_count), split("test", entry.test_count)
    return Dataset(entry.id, entry.title, entry.classes, train, test, digest_of(train, test))


def _batch(path: Path, entry: Entry) -> tuple[np.ndarray, np.ndarray]:
    """((n, 3, 32, 32) uint8, (n,) int64) of one file. Raises CorruptData."""
    what = f"{path.name} is none of {entry.title}'s files."
    try:
        if path.stat().st_size > _MAX_FILE:
            raise CorruptData(what, received=f"{path.stat().st_size:,} bytes")
        found = pickled.loads(path.read_bytes())
        images = found["data"]
        labels = np.array(found["labels" if entry.id == "cifar10" else "fine_labels"], np.int64)
        if not isinstance(images, np.ndarray) or images.dtype != np.uint8 or images.shape[1:] != (3072,):
            raise CorruptData(what, received="no rows of 3,072 bytes")
        if labels.shape != images.shape[:1] or labels.min() < 0 or labels.max() >= len(entry.classes):
            raise CorruptData(what, received="labels that do not fit the images")
    except CorruptData:
        raise
    except Exception as error:  # a hostile pickle can make numpy raise anything at all
        raise CorruptData(what, received=f"{type(error).__name__}: {error}"[:200]) from error
    return images.reshape(-1, *entry.image_shape), labels


def unpack(root: Path, entry: Entry, remote: Remote, path: Path) -> None:
    """The files of the archive that belong to the set, by their plain names: a path inside it leads nowhere."""
    wanted = set(FILES[entry.id])
    try:
        with tarfile.open(path, "r|gz") as archive:
            for number, member in enumerate(archive):
                name = member.name.rpartition("/")[2]
                if number > _MAX_MEMBERS or not wanted:
                    break
                if name in wanted and member.isfile():
                    if member.size > _MAX_FILE:
                        raise CorruptData(
                            f"{path.name} holds what it should not.", received=f"{name}, {member.size:,} bytes"
                        )
                    write_whole(root / entry.folder / name, archive.extractfile(member).read())
                    wanted.discard(name)
    except (tarfile.TarError, EOFError, zlib.error, OSError) as error:
        raise CorruptData(
            f"{path.name} is cut short, or no archive.", received=str(error), remedy="Fetch it again."
        ) from error
    if wanted:
        raise CorruptData(f"{path.name} does not hold {entry.title}.", received=f"no {', '.join(sorted(wanted))}")


def adopt(root: Path, entry: Entry, path: Path) -> bool:
    """Takes one of the set's unpacked files if it is so to the byte."""
    wanted = FILES[entry.id].get(path.name)
    if wanted is None or path.stat().st_size > _MAX_FILE:
        return False
    content = path.read_bytes()
    if hashlib.md5(content, usedforsecurity=False).hexdigest() != wanted:
        return False
    write_whole(root / entry.folder / path.name, content)
    return True
