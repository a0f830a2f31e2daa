"""The families of MNIST: Fashion-MNIST, KMNIST and EMNIST, as plain IDX files in torchvision's folders."""

from __future__ import annotations

import zipfile
from pathlib import Path

import numpy as np

from cvlab.engine.archive import Archive
from cvlab.engine.data import idx
from cvlab.engine.data.dataset import Dataset, Split, digest_of
from cvlab.engine.data.entries import CATALOGUE, Entry, Remote
from cvlab.engine.data.listing import RATIO_COUNTS_FROM
from cvlab.engine.data.progress import Asked, Progress, Report
from cvlab.engine.disk import write_whole
from cvlab.engine.errors import Cancelled, CorruptData, DataMissing


def _names(entry: Entry) -> dict[tuple[str, str], str]:
    """(part, array) -> the name of the unpacked file."""
    if entry.format == "emnist":
        kind = entry.id.removeprefix("emnist-")
        stem = {part: f"emnist-{kind}-{part}" for part in ("train", "test")}
    else:
        stem = {"train": "train", "test": "t10k"}
    arrays = {"images": "images-idx3-ubyte", "labels": "labels-idx1-ubyte"}
    return {(part, array): f"{stem[part]}-{end}" for part in stem for array, end in arrays.items()}


def _shape(entry: Entry, part: str, array: str) -> tuple[int, ...]:
    count = entry.train_count if part == "train" else entry.test_count
    return (count, *entry.image_shape[1:]) if array == "images" else (count,)


def _find(folder: Path, name: str) -> Path | None:
    return next((path for path in (folder / name, folder / f"{name}.gz") if path.is_file()), None)


def has(root: Path, entry: Entry, remote: Remote) -> bool:
    """Whether what this download holds is there, unpacked or as it came."""
    folder, names = root / entry.folder, _names(entry).values()
    if entry.format == "idx":
        names = [name for name in names if remote.name == f"{name}.gz"]
    return all(_find(folder, name) for name in names)


def load(root: Path, entry: Entry, report: Report, cancelled: Asked) -> Dataset:
    """0.1 s for 70,000 unpacked images. Raises DataMissing, CorruptData, Cancelled."""
    import torch

    arrays = {}
    for (part, array), name in _names(entry).items():
        if cancelled():
            raise Cancelled
        report(Progress(f"Reading {name}", len(arrays), 4))
        path = _find(root / entry.folder, name)
        if path is None:
            raise DataMissing(
                f"{entry.title} is not on this machine yet.",
                received=f"no {name} in {root / entry.folder}",
                remedy=f"Get it with `cvlab data get {entry.id}`, or with the button beside the data set.",
            )
        shape = _shape(entry, part, array)
        values = idx.read(path, max_bytes=int(np.prod(shape)))
        if values.shape != shape or values.dtype != np.uint8:
            raise CorruptData(f"{path.name} is not {entry.title}'s.", received=f"{values.dtype} {values.shape}")
        arrays[part, array] = values

    def split(part: str) -> Split:
        images, labels = arrays[part, "images"], arrays[part, "labels"].astype(np.int64)
        if entry.format == "emnist":
            images = np.ascontiguousarray(images.transpose(0, 2, 1))  # stored lying down, mirrored
        if entry.id == "emnist-letters":
            labels = labels - 1  # they count from 1
        if labels.min() < 0 or labels.max() >= len(entry.classes):
            raise CorruptData(
                f"The labels of {entry.title} name classes that there are not.", received=f"{labels.max()}"
            )
        return Split(torch.from_numpy(images).unsqueeze(1), torch.from_numpy(labels))

    train, test = split("train"), split("test")
    return Dataset(entry.id, entry.title, entry.classes, train, test, digest_of(train, test))


def unpack(root: Path, entry: Entry, remote: Remote, path: Path) -> None:
    """The download at `path`, which has its checksum, as plain files below `root`. Raises CorruptData, CannotWrite."""
    folder = root / entry.folder
    if entry.format == "idx":
        write_whole(folder / remote.name.removesuffix(".gz"), idx.write(idx.read(path)))
        return
    # One download holds the letters and the digits: both are kept.
    family = [each for each in CATALOGUE.values() if each.format == "emnist"]
    try:
        with Archive(path, ratio_from=RATIO_COUNTS_FROM) as archive:
            members = {member.filename.rpartition("/")[2]: member for member in archive.infolist()}
            for each in family:
                for (part, array), name in _names(each).items():
                    member = members.get(f"{name}.gz")
                    if member is None:
                        raise CorruptData(f"{path.name} does not hold {each.title}.", received=f"no {name}.gz")
                    size = int(np.prod(_shape(each, part, array)))
                    if member.file_size > size + 4096:  # numbers never grow when they are packed
                        raise CorruptData(
                            f"{path.name} does not hold {each.title}.", received=f"{member.file_size:,} bytes"
                        )
                    values = idx.read(archive.content(member, size + 4096), name=name, max_bytes=size)
                    write_whole(folder / name, idx.write(values))
    except (zipfile.BadZipFile, OSError) as error:
        raise CorruptData(f"{path.name} is cut short, or no zip archive.", received=str(error)) from error


def adopt(root: Path, entry: Entry, path: Path) -> bool:
    """Takes a file that is one of the unpacked ones; told by its name, so only where names are no other set's."""
    if entry.format != "emnist":
        return False
    for (part, array), name in _names(entry).items():
        if path.name in (name, f"{name}.gz"):
            values = idx.read(path, max_bytes=int(np.prod(_shape(entry, part, array))))
            if values.shape == _shape(entry, part, array) and values.dtype == np.uint8:
                write_whole(root / entry.folder / name, idx.write(values))
                return True
    return False
