"""The shelf of one's own sets: each a folder of plain arrays and a manifest that says where they came from.

<root>/imported/<id>/manifest.json   what it is, what was left out and why
                     train-images.npy, test-images.npy   (N, C, H, W) uint8
                     train-labels.npy, test-labels.npy   (N,) int64
                     train-names.txt, test-names.txt     the files' names, one a line
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import re
import shutil
import unicodedata
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, BinaryIO, Literal

from pydantic import BaseModel, ConfigDict, Field

from cvlab.engine.data.entries import CATALOGUE, Entry
from cvlab.engine.disk import refused, temporary_beside, write_whole
from cvlab.engine.errors import CannotWrite, CorruptData, DataMissing, NotOurFile
from cvlab.engine.files import load_model, open_regular, read_bounded
from cvlab.engine.validation import read_failure

if TYPE_CHECKING:
    import numpy as np

    from cvlab.engine.data.dataset import Dataset

MANIFEST, MAX_MANIFEST, MAX_NAMES = "manifest.json", 16 * 1024 * 1024, 512 * 1024 * 1024
LISTED = 1000
"""Files left out that the manifest names one by one; of more it only keeps the count."""
PARTS = ("train", "test")
MAX_COUNT = 100_000_000
Side = Annotated[int, Field(ge=1, le=4096)]
_HEADER = 128  # bytes of a .npy header as written here
_REMEDY = "Remove it and import it again."


class Manifest(BaseModel):
    """What is known of an imported set. skipped: (file, reason), at most `LISTED`. notes: what was decided, in sentences."""

    model_config = ConfigDict(frozen=True, extra="ignore", allow_inf_nan=False)

    format: Literal[1] = 1
    id: str = Field(pattern=r"^[a-z0-9][a-z0-9-]{0,63}$")
    title: str = Field(max_length=200)
    source: str = Field(max_length=4096)
    imported: str = Field(max_length=40)
    options: dict = {}
    classes: tuple[str, ...] = Field(min_length=1, max_length=100_000)
    image_shape: tuple[Side, Side, Side]
    train_count: int = Field(ge=1, le=MAX_COUNT)
    test_count: int = Field(ge=1, le=MAX_COUNT)
    digest: str = Field(pattern=r"^[0-9a-f]{64}$")
    notes: tuple[str, ...] = ()
    skipped: tuple[tuple[str, str], ...] = ()
    skipped_count: int = 0
    others: int = 0
    seconds: float = 0.0

    @property
    def entry(self) -> Entry:
        left_out = f", {self.skipped_count:,} left out" if self.skipped_count else ""
        return Entry(
            id=self.id,
            title=self.title,
            summary=f"Your own images, imported on {self.imported[:10]}{left_out}.",
            classes=self.classes,
            image_shape=self.image_shape,
            train_count=self.train_count,
            test_count=self.test_count,
            licence="your own; nothing is sent anywhere",
            source=self.source,
            kind="own",
            format="arrays",
        )


def shelf(root: Path) -> Path:
    """The folder of imported sets, one folder each."""
    return root / "imported"


def manifests(root: Path) -> list[Manifest]:
    """Of all sets on the shelf that can be read, by title. A damaged one is not listed; `read` says what is wrong with it."""
    found = []
    if shelf(root).is_dir():
        for folder in shelf(root).iterdir():
            if not folder.name.startswith("."):
                with contextlib.suppress(CorruptData, DataMissing):
                    found.append(read(root, folder.name))
    return sorted(found, key=lambda manifest: (manifest.title.casefold(), manifest.id))


def is_here(root: Path, dataset_id: str) -> bool:
    """Whether an imported set of this id can be opened. An id that is no plain name is never here."""
    return (
        bool(re.fullmatch(r"[a-z0-9][a-z0-9-]{0,63}", dataset_id)) and (shelf(root) / dataset_id / MANIFEST).is_file()
    )


def read(root: Path, dataset_id: str) -> Manifest:
    """The manifest of this set. Raises DataMissing, or CorruptData if it is not one."""
    path = shelf(root) / dataset_id / MANIFEST
    if not is_here(root, dataset_id):
        raise DataMissing("There is no imported set of this name.", received=dataset_id[:80])
    try:
        manifest = load_model(Manifest, read_bounded(path, MAX_MANIFEST))
    except (OSError, ValueError, NotOurFile) as error:
        raise CorruptData(
            f"The manifest of {dataset_id} is damaged.", received=read_failure(error), remedy=_REMEDY
        ) from error
    if manifest.id != dataset_id:
        raise CorruptData(f"The manifest of {dataset_id} is another set's.", received=manifest.id, remedy=_REMEDY)
    return manifest


def load(root: Path, dataset_id: str) -> Dataset:
    """The set, its images mapped from the disk: 0.3 s for 60,000 of 32 x 32 x 3, most of it to hold them against the digest.

    Raises DataMissing, or CorruptData if a byte differs.
    """
    import numpy as np
    import torch

    from cvlab.engine.data.dataset import Dataset, Split, digest_of

    manifest, folder = read(root, dataset_id), shelf(root) / dataset_id
    splits = []
    try:
        for part, count in zip(PARTS, (manifest.train_count, manifest.test_count), strict=True):
            images = _mapped(folder / f"{part}-images.npy", (count, *manifest.image_shape), np.uint8)
            labels = np.array(_mapped(folder / f"{part}-labels.npy", (count,), np.int64))
            if count and not (labels.min() >= 0 and labels.max() < len(manifest.classes)):
                raise CorruptData(f"The labels of {manifest.title} name classes that there are not.", remedy=_REMEDY)
            names = read_bounded(folder / f"{part}-names.txt", MAX_NAMES).decode().split("\n", count)[:count]
            splits.append(Split(torch.from_numpy(images), torch.from_numpy(labels), tuple(names)))
    except (OSError, ValueError, EOFError, NotOurFile) as error:
        raise CorruptData(
            f"The files of {manifest.title} are damaged.", received=str(error)[:200], remedy=_REMEDY
        ) from error
    digest = digest_of(*splits)
    if digest != manifest.digest:
        raise CorruptData(
            f"The files of {manifest.title} were changed after the import.", received=digest, remedy=_REMEDY
        )
    return Dataset(manifest.id, manifest.title, manifest.classes, *splits, digest, manifest.source)


def _mapped(path: Path, shape: tuple[int, ...], dtype: type) -> np.ndarray:
    """The array in a .npy file of exactly this shape, mapped, writes kept private. Raises ValueError, OSError."""
    import numpy as np

    open_regular(path).close()  # a pipe in its place would be waited for
    try:
        array = np.lib.format.open_memmap(path, mode="c")
    except Exception as error:  # of a damaged header, numpy's reader raises what its parser does
        raise ValueError(f"{path.name} has no header of an array: {error}") from error
    if array.shape != shape or array.dtype != dtype:
        raise ValueError(f"{path.name} holds {array.dtype} {array.shape}, not {np.dtype(dtype)} {shape}")
    return array


def remove(root: Path, dataset_id: str) -> None:
    """Takes the set off the shelf; the source that it came from is not touched. Raises DataMissing, CannotWrite."""
    if not is_here(root, dataset_id):
        raise DataMissing("There is no imported set of this name.", received=dataset_id[:80])
    folder = shelf(root) / dataset_id
    gone = temporary_beside(folder)
    try:
        folder.rename(gone)  # at once for everybody, however long the files take
        shutil.rmtree(gone)
    except OSError as error:
        raise CannotWrite(
            "The files of this set could not be removed.",
            received=f"{folder}: {error.strerror or error}",
            remedy="Close what uses them (a run, another window), and try again.",
        ) from error


def id_for(root: Path, title: str, digest: str) -> str:
    """A permanent id made from the title, free on the shelf and in the catalogue; the same content keeps the one it has."""
    plain = unicodedata.normalize("NFKD", title).encode("ascii", "ignore").decode().lower()
    slug = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:48].strip("-") or "images"
    number = 1
    while True:
        candidate = slug if number == 1 else f"{slug}-{number}"
        number += 1
        if candidate in CATALOGUE:
            continue
        if not (shelf(root) / candidate).exists():
            return candidate
        with contextlib.suppress(CorruptData, DataMissing):
            if read(root, candidate).digest == digest:
                return candidate


class Writer:
    """Takes images in the order in which they will stand, all of "train" before "test", and puts the whole on the shelf at once.

    Nothing is kept in memory but labels and names. Use as a context: without `finish` everything written is gone again.
    """

    def __init__(self, root: Path, image_shape: tuple[int, int, int]) -> None:
        self._root, self._shape = root, image_shape
        self._folder = temporary_beside(shelf(root) / "new")
        self._digest = hashlib.sha256()
        self._labels: dict[str, list[int]] = {part: [] for part in PARTS}
        self._names: dict[str, list[str]] = {part: [] for part in PARTS}
        self._file: BinaryIO | None = None
        self._part = ""

    def __enter__(self) -> Writer:
        try:
            self._folder.mkdir(parents=True)
        except OSError as error:
            raise refused(error, self._folder, kept=False) from error
        return self

    def __exit__(self, *_: object) -> None:
        if self._file is not None:
            self._file.close()
        shutil.rmtree(self._folder, ignore_errors=True)

    def count(self, part: str) -> int:
        """How many images this part has so far."""
        return len(self._labels[part])

    def add(self, part: str, images: np.ndarray, labels: list[int], names: list[str]) -> None:
        """images: (k, C, H, W) uint8. Raises CannotWrite."""
        try:
            if part != self._part:
                self._begin(part)
            content = images.tobytes()
            self._file.write(content)
        except OSError as error:
            raise refused(error, self._folder, kept=False) from error
        self._digest.update(content)
        self._labels[part] += labels
        self._names[part] += [name.replace("\n", " ") for name in names]

    def _begin(self, part: str) -> None:
        self._end()
        if (PARTS.index(part) if self._part else 1) < (PARTS.index(self._part) if self._part else 0):
            raise ValueError("the training images come first")
        self._part = part
        self._file = (self._folder / f"{part}-images.npy").open("wb")
        self._file.write(b"\0" * _HEADER)

    def _end(self) -> None:
        """Writes the header of the open file, now that the count is known, and takes its labels into the digest."""
        if self._file is None:
            return
        labels = self._array(self._part)
        self._file.seek(0)
        self._file.write(npy_header((len(labels), *self._shape), "|u1"))
        self._file.close()
        self._file = None
        self._digest.update(labels.tobytes())

    def _array(self, part: str) -> np.ndarray:
        import numpy as np

        return np.array(self._labels[part], np.int64)

    def finish(self, title: str, **facts: object) -> Manifest:
        """Everything onto the disk, then onto the shelf in one move. facts: the manifest's other fields."""
        import numpy as np

        try:
            self._end()
            for part in PARTS:
                np.save(self._folder / f"{part}-labels.npy", self._array(part), allow_pickle=False)
                names = "\n".join(self._names[part])
                (self._folder / f"{part}-names.txt").write_text(names, encoding="utf-8", errors="replace", newline="\n")
            digest = self._digest.hexdigest()
            manifest = Manifest(
                id=id_for(self._root, title, digest),
                title=title,
                image_shape=self._shape,
                train_count=self.count("train"),
                test_count=self.count("test"),
                digest=digest,
                **facts,
            )
            text = json.dumps(manifest.model_dump(mode="json"), ensure_ascii=False, indent=1)
            write_whole(self._folder / MANIFEST, text.encode("utf-8", "replace"))
            place = shelf(self._root) / manifest.id
            if place.exists():
                remove(self._root, manifest.id)
            self._folder.rename(place)
        except OSError as error:
            raise refused(error, self._folder, kept=False) from error
        return manifest


def npy_header(shape: tuple[int, ...], kind: str) -> bytes:
    """The first 128 bytes of a .npy file of version 1.0, padded so that a count of any size fits the room left for it."""
    words = f"{{'descr': '{kind}', 'fortran_order': False, 'shape': {shape!r}, }}"
    return b"\x93NUMPY\x01\x00" + (_HEADER - 10).to_bytes(2, "little") + words.ljust(_HEADER - 11).encode() + b"\n"
