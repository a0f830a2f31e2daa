"""One's own images that are arrays already: an .npz, or IDX files in pairs. Nothing in them is unpickled, all of it bounded."""

from __future__ import annotations

import math
import zipfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import numpy as np

from cvlab.engine.archive import MAX_RATIO, Archive, unpacked
from cvlab.engine.data import idx
from cvlab.engine.data.decode import MAX_SIDE
from cvlab.engine.data.progress import Asked, never
from cvlab.engine.errors import Cancelled, CorruptData, DataError
from cvlab.engine.files import open_regular

MAX_BYTES = 4 << 30
"""Of one array of IDX, of all arrays of an .npz together, unpacked."""
_RATIO_FROM, _CHUNK = 256 << 20, 1 << 20
MAX_LABEL = 4096
"""Bytes of a label that is a word."""
_PARTS = ("train", "val", "test")
_IMAGES = ("images", "x", "data", "imgs")
_LABELS = ("labels", "y", "targets", "label")
_NAMES = ("classes", "class_names", "label_names")


@dataclass(frozen=True, eq=False)
class Arrays:
    """images: part -> (N, C, H, W) uint8; labels: part -> (N,) int64, of "train" and "test". notes: sentences."""

    title: str
    classes: tuple[str, ...]
    images: dict[str, np.ndarray]
    labels: dict[str, np.ndarray]
    notes: tuple[str, ...]


def is_one(source: Path) -> bool:
    """Whether the source is an .npz, an IDX file, or a folder with IDX files in it."""
    if source.is_dir():
        return any(_is_idx(path) for path in _looks_like_idx(source))
    return source.is_file() and (source.suffix.lower() == ".npz" or _is_idx(source))


def read(source: Path, cancelled: Asked = never) -> Arrays:
    """Raises CorruptData, DataError where what belongs together is not there, or Cancelled."""
    return _read_npz(source, cancelled) if source.suffix.lower() == ".npz" else _read_idx(source, cancelled)


# -- .npz --------------------------------------------------------------------------------------------------------------


def _read_npz(path: Path, cancelled: Asked) -> Arrays:
    with Npz(path) as found:
        names = {key.casefold(): key for key in found.names}
        wanted: dict[str, tuple[str, str]] = {}
        for part in _PARTS:
            images, labels = _key(names, part, _IMAGES), _key(names, part, _LABELS)
            if images and labels:
                wanted[part] = images, labels
        listed = ", ".join(sorted(found.names))[:200]
        if not wanted:
            images, labels = (next((names[n] for n in kind if n in names), None) for kind in (_IMAGES, _LABELS))
            if not (images and labels):
                raise DataError(
                    f"{path.name} does not say which arrays are images and which are labels.",
                    received=listed or "no arrays",
                    remedy="Call them images and labels, or train_images, train_labels, test_images and test_labels.",
                )
            wanted["train"] = images, labels
        if "train" not in wanted:
            raise DataError(f"{path.name} has no training images.", received=listed)
        key = next((names[n] for n in _NAMES if n in names), None)
        asked = [name for pair in wanted.values() for name in pair] + ([key] if key else [])
        found.check(asked)
        arrays = {name: found.read(name, cancelled) for name in asked}
    pairs = {part: (arrays[images], arrays[labels]) for part, (images, labels) in wanted.items()}
    return _assemble(path.stem, pairs, arrays[key] if key else None, [], path.name)


def _key(names: Mapping[str, str], part: str, kinds: tuple[str, ...]) -> str | None:
    """x_train and train_x, train_images and images_train."""
    for kind in kinds:
        for name in (f"{part}_{kind}", f"{kind}_{part}", f"{part}{kind}"):
            if name in names:
                return names[name]
    return None


class Npz:
    """The arrays of an .npz by name. Those that nobody reads are not unpacked. Raises CorruptData for what is none."""

    def __init__(self, path: Path) -> None:
        self._title, self._size = path.name, path.stat().st_size
        try:
            self._archive = Archive(path, ratio_from=MAX_BYTES)
        except (OSError, zipfile.BadZipFile) as error:
            raise self._damaged(error) from error
        members = self._archive.infolist()
        self._members = {member.filename.removesuffix(".npy"): member for member in members}
        self.names = tuple(self._members)

    def __enter__(self) -> Npz:
        return self

    def __exit__(self, *_: object) -> None:
        self._archive.close()

    def check(self, names: Iterable[str]) -> None:
        """Raises CorruptData where these arrays together are more than is read, or far more than a file of this size holds."""
        total = sum(self._members[name].file_size for name in set(names))
        if total > min(MAX_BYTES, max(_RATIO_FROM, MAX_RATIO * self._size)):
            raise CorruptData(
                f"{self._title} announces more than is allowed here.",
                received=f"{total:,} bytes in a file of {self._size:,}",
            )

    def read(self, name: str, cancelled: Asked = never) -> np.ndarray:
        """One array of plain numbers or text. Raises CorruptData, KeyError for a name that is not there, Cancelled."""
        member = self._members[name]
        try:
            with self._archive.open(member) as stream:
                shape, in_columns, dtype = _npy_header(stream)
                if dtype.hasobject:
                    raise CorruptData(
                        f"{self._title} holds Python objects, and those could run code: they are not read.",
                        received=member.filename[:80],
                        remedy="Save plain arrays of numbers; names as a text array.",
                    )
                size = math.prod(shape) * dtype.itemsize
                if not 0 <= size <= member.file_size:
                    raise CorruptData(f"{self._title} is damaged.", received=f"{member.filename[:60]} ends too early")
                values = bytearray()
                while len(values) < size:
                    if cancelled():
                        raise Cancelled
                    piece = stream.read(min(_CHUNK, size - len(values)))
                    if not piece:
                        raise EOFError(f"{member.filename[:60]} ends too early")
                    values += piece
                if stream.read(1):  # at the end the checksum is compared
                    raise ValueError(f"{member.filename[:60]} goes on after its last number")
            array = np.frombuffer(values, dtype) if size else np.empty(0, dtype)
            return array.reshape(shape, order="F" if in_columns else "C")
        except (CorruptData, Cancelled):
            raise
        except Exception as error:  # a damaged archive can make zipfile, its decompressors and numpy raise anything
            raise self._damaged(error) from error

    def _damaged(self, error: Exception) -> CorruptData:
        return CorruptData(f"{self._title} is no .npz file, or a damaged one.", received=str(error)[:200])


def _npy_header(stream: IO[bytes]) -> tuple[tuple[int, ...], bool, np.dtype]:
    """(shape, whether column by column, dtype). The header is parsed as a Python literal, and never run."""
    version = np.lib.format.read_magic(stream)
    header = {(1, 0): np.lib.format.read_array_header_1_0, (2, 0): np.lib.format.read_array_header_2_0}
    if version not in header:
        raise ValueError(f"version {version} of the format is not read")
    return header[version](stream)


# -- IDX ---------------------------------------------------------------------------------------------------------------


def _looks_like_idx(folder: Path) -> list[Path]:
    try:
        return sorted(p for p in folder.iterdir() if p.is_file() and ("idx" in p.name or "ubyte" in p.name))[:100]
    except OSError:
        return []


def _is_idx(path: Path) -> bool:
    try:
        with open_regular(path) as file:
            head = file.read(4)
            if head[:2] == b"\x1f\x8b":
                file.seek(0)
                head = (unpacked(file) or file).read(4)
    except (OSError, EOFError):
        return False
    return len(head) == 4 and head[:2] == b"\0\0" and head[2] in (8, 9, 11, 12, 13, 14) and 1 <= head[3] <= 4


def _read_idx(source: Path, cancelled: Asked) -> Arrays:
    folder = source if source.is_dir() else source.parent
    paths = _looks_like_idx(folder)
    if source.is_file():
        stem = _set_of(source.name)
        paths = [path for path in {*paths, source} if _set_of(path.name) == stem]
    chosen: dict[tuple[str, str], Path] = {}
    for path in sorted(paths):
        array = "labels" if "label" in path.name or "idx1" in path.name else "images"
        part = "test" if "t10k" in path.name or "test" in path.name else "train"
        other = chosen.setdefault((part, array), path)
        if other != path and _plain(other.name) != _plain(path.name):
            raise DataError(
                "There are several sets of IDX files in this folder.",
                received=f"{other.name} and {path.name}",
                remedy="Choose the images file of the one that you mean.",
            )
    pairs = {}
    for part in ("train", "test"):
        images, labels = chosen.get((part, "images")), chosen.get((part, "labels"))
        if images is None and labels is None:
            continue
        if images is None or labels is None:
            there = images or labels
            raise DataError(
                f"{there.name} has no partner.",
                received=f"no {'labels' if images else 'images'} beside it in {folder}",
                remedy="IDX files come in pairs: put …-images-idx3-ubyte and …-labels-idx1-ubyte into one folder.",
            )
        pairs[part] = tuple(idx.read(path, max_bytes=MAX_BYTES, cancelled=cancelled) for path in (images, labels))
    if "train" not in pairs:  # a single pair, whatever it is called
        pairs = {"train": pairs["test"]}
    title = source.name if source.is_dir() else _set_of(source.name) or folder.name
    return _assemble(title or "idx", pairs, None, [], source.name)


def _plain(name: str) -> str:
    return name.removesuffix(".gz")


def _set_of(name: str) -> str:
    """What the four files of one set have in common: "emnist-letters" of emnist-letters-train-images-idx3-ubyte.gz."""
    name = _plain(name)
    for word in ("train", "t10k", "test", "images", "labels", "idx3", "idx1", "idx4", "ubyte"):
        name = name.replace(word, "")
    return name.strip("-_. ").replace("--", "-")


# -- both --------------------------------------------------------------------------------------------------------------


def _assemble(
    title: str,
    pairs: Mapping[str, tuple[np.ndarray, np.ndarray]],
    names: np.ndarray | None,
    notes: list[str],
    source: str,
) -> Arrays:
    images = {part: _pixels(pair[0], notes, source) for part, pair in pairs.items()}
    labels = {part: pair[1].reshape(-1) for part, pair in pairs.items()}
    for part in images:
        if len(images[part]) != len(labels[part]):
            raise CorruptData(
                f"{source} has not as many labels as images.",
                received=f"{len(images[part]):,} {part} images, {len(labels[part]):,} labels",
            )
        if images[part].shape[1:] != images["train"].shape[1:]:
            raise DataError(f"The images of {source} have different shapes.", received=f"{images[part].shape[1:]}")
    if "val" in images:
        notes.append("The validation part joined the training part: a recipe holds out its own.")
        images["train"] = np.concatenate([images["train"], images.pop("val")])
        labels["train"] = np.concatenate([labels["train"], labels.pop("val")])
    images.setdefault("test", images["train"][:0])
    labels.setdefault("test", labels["train"][:0])
    if not len(images["train"]):
        raise DataError(f"There is no image in {source}.")
    classes, labels = _numbered(labels, names, source)
    return Arrays(title, classes, images, labels, tuple(dict.fromkeys(notes)))


def _numbered(
    labels: Mapping[str, np.ndarray], names: np.ndarray | None, source: str
) -> tuple[tuple[str, ...], dict[str, np.ndarray]]:
    """(class names, labels as 0..K-1). Numbers are their own names unless names are given."""
    together = np.concatenate([labels["train"], labels["test"]])
    if together.dtype.kind not in "iubUS":
        if together.dtype.kind != "f" or not np.array_equal(together, np.round(together)):
            raise CorruptData(
                f"The labels of {source} are neither whole numbers nor words.", received=str(together.dtype)
            )
        if not np.all(np.abs(together) <= 2**53):
            raise CorruptData(f"The labels of {source} are out of every range.", received=f"{together.max():g}")
        together = together.astype(np.int64)
    if together.dtype.itemsize > MAX_LABEL:
        raise CorruptData(f"The labels of {source} are longer than labels are.", received=str(together.dtype))
    values, numbers = np.unique(together, return_inverse=True)
    shown = [value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value) for value in values.tolist()]
    if names is not None and together.dtype.kind in "iu":
        if values[0] < 0 or values[-1] >= names.size:
            raise CorruptData(f"The labels of {source} name classes that it does not list.", received=f"{values[-1]}")
        shown, numbers = [str(name) for name in names.reshape(-1).tolist()], together.astype(np.int64)
    cut = len(labels["train"])
    numbers = numbers.reshape(-1).astype(np.int64)
    return tuple(shown), {"train": numbers[:cut], "test": numbers[cut:]}


def _pixels(images: np.ndarray, notes: list[str], source: str) -> np.ndarray:
    """(N, H, W), (N, H, W, C) or (N, C, H, W) of any numbers -> (N, C, H, W) bytes."""
    if images.ndim == 3:
        images = images[:, None]
    elif images.ndim == 4 and images.shape[-1] in (1, 3, 4) and images.shape[1] not in (1, 3):
        images = images.transpose(0, 3, 1, 2)
    if images.ndim != 4 or images.shape[1] not in (1, 3, 4) or images.dtype.kind not in "uifb":
        raise CorruptData(
            f"The images of {source} are not of a shape that images have.",
            received=f"{images.dtype} {images.shape}",
            remedy="(N, H, W), (N, H, W, 3) or (N, 3, H, W) numbers are.",
        )
    if not min(images.shape[2:]) >= 1 or max(images.shape[2:]) > MAX_SIDE:
        raise DataError(
            f"The images of {source} are too large.", received=f"{images.shape[3]} x {images.shape[2]} pixels"
        )
    if images.shape[1] == 4:
        images = images[:, :3]
        notes.append("The fourth channel, transparency, was left out.")
    if images.dtype == np.uint8:
        return np.ascontiguousarray(images)
    largest = float(np.nanmax(images, initial=0.0))
    scale = 255.0 if largest <= 1 and images.dtype.kind in "fb" else 1.0
    notes.append(
        "Numbers from 0 to 1 became bytes from 0 to 255."
        if scale != 1
        else "Numbers were rounded to bytes from 0 to 255, and what lay outside cut off."
    )
    made = np.empty(images.shape, np.uint8)
    for first in range(0, len(images), 1000):  # a thousand at a time: floats take eight times the room
        part = np.nan_to_num(images[first : first + 1000].astype(np.float32)) * scale
        made[first : first + 1000] = part.round().clip(0, 255)
    return made
