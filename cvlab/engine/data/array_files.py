"""One's own images that are arrays already: an .npz, or IDX files in pairs. Nothing in them is unpickled, all of it bounded."""

from __future__ import annotations

import gzip
import math
import zipfile
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from cvlab.engine.data import idx
from cvlab.engine.data.decode import MAX_SIDE
from cvlab.engine.errors import CorruptData, DataError

MAX_BYTES = 4 << 30
"""Of one array, unpacked."""
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


def read(source: Path) -> Arrays:
    """Raises CorruptData, or DataError where what belongs together is not there."""
    return _read_npz(source) if source.suffix.lower() == ".npz" else _read_idx(source)


# -- .npz --------------------------------------------------------------------------------------------------------------


def _read_npz(path: Path) -> Arrays:
    found = _members(path)
    names = {key.casefold(): key for key in found}
    notes: list[str] = []
    pairs: dict[str, tuple[np.ndarray, np.ndarray]] = {}
    for part in _PARTS:
        images, labels = _key(names, part, _IMAGES), _key(names, part, _LABELS)
        if images and labels:
            pairs[part] = found[images], found[labels]
    if not pairs:
        images, labels = (next((names[n] for n in kind if n in names), None) for kind in (_IMAGES, _LABELS))
        if not (images and labels):
            raise DataError(
                f"{path.name} does not say which arrays are images and which are labels.",
                received=", ".join(sorted(found))[:200] or "no arrays",
                remedy="Call them images and labels, or train_images, train_labels, test_images and test_labels.",
            )
        pairs["train"] = found[images], found[labels]
    if "train" not in pairs:
        raise DataError(f"{path.name} has no training images.", received=", ".join(sorted(found))[:200])
    key = next((names[n] for n in _NAMES if n in names), None)
    return _assemble(path.stem, pairs, found[key] if key else None, notes, path.name)


def _key(names: Mapping[str, str], part: str, kinds: tuple[str, ...]) -> str | None:
    """x_train and train_x, train_images and images_train."""
    for kind in kinds:
        for name in (f"{part}_{kind}", f"{kind}_{part}", f"{part}{kind}"):
            if name in names:
                return names[name]
    return None


def _members(path: Path) -> dict[str, np.ndarray]:
    """The arrays of an .npz by name; what each announces is held against the archive before room is made for it."""
    try:
        with zipfile.ZipFile(path) as archive:
            for member in archive.infolist():
                if member.file_size > MAX_BYTES:
                    raise CorruptData(
                        f"{path.name} announces more than is allowed here.",
                        received=f"{member.filename[:60]} of {member.file_size:,} bytes",
                    )
                with archive.open(member) as stream:
                    version = np.lib.format.read_magic(stream)
                    header = {(1, 0): np.lib.format.read_array_header_1_0, (2, 0): np.lib.format.read_array_header_2_0}
                    shape, _, dtype = header[version](stream)
                if dtype.hasobject:
                    raise CorruptData(
                        f"{path.name} holds Python objects, and those could run code: they are not read.",
                        received=member.filename[:80],
                        remedy="Save plain arrays of numbers; names as a text array.",
                    )
                if math.prod(shape) * dtype.itemsize > member.file_size:
                    raise CorruptData(f"{path.name} is damaged.", received=f"{member.filename[:60]} ends too early")
        with np.load(path, allow_pickle=False) as archive:
            return {name: archive[name] for name in archive.files}
    except CorruptData:
        raise
    except (
        OSError,
        ValueError,
        KeyError,
        TypeError,
        EOFError,
        zipfile.BadZipFile,
        zlib.error,
        NotImplementedError,
    ) as error:
        raise CorruptData(f"{path.name} is no .npz file, or a damaged one.", received=str(error)[:200]) from error


# -- IDX ---------------------------------------------------------------------------------------------------------------


def _looks_like_idx(folder: Path) -> list[Path]:
    try:
        return sorted(p for p in folder.iterdir() if p.is_file() and ("idx" in p.name or "ubyte" in p.name))[:100]
    except OSError:
        return []


def _is_idx(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            head = file.read(4)
        if head[:2] == b"\x1f\x8b":
            with gzip.open(path) as file:
                head = file.read(4)
    except (OSError, EOFError, zlib.error):
        return False
    return len(head) == 4 and head[:2] == b"\0\0" and head[2] in (8, 9, 11, 12, 13, 14) and 1 <= head[3] <= 4


def _read_idx(source: Path) -> Arrays:
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
        pairs[part] = idx.read(images, max_bytes=MAX_BYTES), idx.read(labels, max_bytes=MAX_BYTES)
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
        together = together.astype(np.int64)
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
