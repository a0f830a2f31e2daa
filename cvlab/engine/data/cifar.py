"""CIFAR-10 and CIFAR-100 below the folder of data: taken from an archive or from loose files, of whichever version, and read."""

from __future__ import annotations

import tarfile
import zlib
from pathlib import Path

import numpy as np

from cvlab.engine.data.cifar_files import BINARY, MAX_FILE, PYTHON, checked, read, versions
from cvlab.engine.data.dataset import Dataset, Split, digest_of
from cvlab.engine.data.entries import Entry, Remote
from cvlab.engine.data.progress import Asked, Progress, Report
from cvlab.engine.disk import write_whole
from cvlab.engine.errors import Cancelled, CorruptData, DataMissing
from cvlab.engine.files import open_regular

_MAX_MEMBERS = 100


def has(root: Path, entry: Entry, remote: Remote) -> bool:
    """Whether the set is there, in whichever version."""
    return any(version.has(root) for version in versions(entry))


def load(root: Path, entry: Entry, report: Report, cancelled: Asked) -> Dataset:
    """One to two seconds, as pickles are read without unpickling, and twice the pixels in memory meanwhile. Raises DataMissing,
    CorruptData, Cancelled."""
    import torch

    version = next((each for each in versions(entry) if each.has(root)), None)
    if version is None:
        raise DataMissing(
            f"{entry.title} is not on this machine yet.",
            received=f"not all of {', '.join(PYTHON[entry.id].batches)} in {root / entry.folder}",
            remedy=f"Get it with `cvlab data get {entry.id}`, or with the button beside the data set.",
        )
    parts: dict[str, list[tuple[np.ndarray, np.ndarray]]] = {"train": [], "test": []}
    for number, name in enumerate(version.batches):
        if cancelled():
            raise Cancelled
        report(Progress(f"Reading {name}", number, len(version.batches)))
        parts["test" if name.startswith("test") else "train"].append(read(version, root / version.folder / name, entry))

    def split(part: str, count: int) -> Split:
        images = np.concatenate([images for images, _ in parts[part]])
        labels = np.concatenate([labels for _, labels in parts[part]])
        if len(images) != count:
            raise CorruptData(f"{entry.title} is not whole.", received=f"{len(images):,} of {count:,} {part} images")
        return Split(torch.from_numpy(images), torch.from_numpy(labels))

    train, test = split("train", entry.train_count), split("test", entry.test_count)
    return Dataset(entry.id, entry.title, entry.classes, train, test, digest_of(train, test))


def unpack(root: Path, entry: Entry, remote: Remote, path: Path) -> None:
    """The files of the archive that belong to the set, by their plain names: a path inside it leads nowhere."""
    version = (BINARY if remote in entry.copies else PYTHON)[entry.id]
    wanted = set(version.files)
    try:
        with open_regular(path) as file, tarfile.open(fileobj=file, mode="r|gz") as archive:
            for number, member in enumerate(archive):
                name = member.name.rpartition("/")[2]
                if number > _MAX_MEMBERS or not wanted:
                    break
                if name in wanted and member.isfile():
                    if member.size > MAX_FILE:
                        raise CorruptData(
                            f"{path.name} holds what it should not.", received=f"{name}, {member.size:,} bytes"
                        )
                    write_whole(root / version.folder / name, archive.extractfile(member).read())
                    wanted.discard(name)
    except (tarfile.TarError, EOFError, zlib.error, OSError) as error:
        raise CorruptData(
            f"{path.name} is cut short, or no archive.", received=str(error), remedy="Fetch it again."
        ) from error
    if wanted:
        raise CorruptData(f"{path.name} does not hold {entry.title}.", received=f"no {', '.join(sorted(wanted))}")


def adopt(root: Path, entry: Entry, path: Path) -> bool:
    """Takes one of the set's unpacked files, of either version, if it is so to the byte."""
    for version in versions(entry):
        try:
            content = checked(version, path)
        except OSError:
            continue  # a file that may not be read is not the one
        if content is not None:
            write_whole(root / version.folder / path.name, content)
            return True
    return False
