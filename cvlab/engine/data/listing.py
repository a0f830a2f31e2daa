"""What lies in a folder, an archive or a CSV of one's own images: which file belongs to which class and part. Decodes nothing.

Class folders may stand at the top, or below `train/` and `test/` (or `val/`); folders around all of that do not matter.
"""

from __future__ import annotations

import contextlib
import csv
import io
import os
import re
import stat
import unicodedata
import zipfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from cvlab.engine.data.progress import Asked, never
from cvlab.engine.errors import Cancelled, CorruptData, DataError, DataMissing

MAX_FILE_BYTES = 64 * 1024 * 1024
MAX_CSV_BYTES = 256 * 1024 * 1024
MAX_RATIO, RATIO_COUNTS_FROM = 100, 1 << 30
"""A zip that unpacks to over 1 GiB and over 100 times its own size is no set of pictures: those hardly pack at all."""
SUFFIXES = frozenset({
    ".jpg", ".jpeg", ".jpe", ".jfif", ".png", ".bmp", ".gif", ".webp", ".tif", ".tiff", ".ppm", ".pgm", ".pbm", ".pnm",
})  # fmt: skip
_PARTS = {
    "train": "train", "training": "train", "test": "test", "testing": "test", "val": "validation", "valid": "validation",
    "validation": "validation",
}  # fmt: skip
_PICKLE = "a Python pickle, and those can run code: they are not read"
_NOT_READ = {
    ".pkl": _PICKLE, ".pickle": _PICKLE, ".pt": _PICKLE, ".pth": _PICKLE, ".npy": "one array without its labels",
    ".mat": "a MATLAB file", ".h5": "an HDF5 file", ".hdf5": "an HDF5 file", ".parquet": "a Parquet file",
    ".rar": "a RAR archive", ".7z": "a 7z archive",
}  # fmt: skip
_CLUTTER = frozenset({"__MACOSX", "$RECYCLE.BIN", "System Volume Information"})


@dataclass(frozen=True, slots=True)
class Item:
    """part: "train", "test", "validation", or "" where nothing is said. label: the class as the source spells it.

    name: the path inside the source, for people. handle: what `Listing.read` needs.
    """

    part: str
    label: str
    name: str
    handle: object


@dataclass(frozen=True, slots=True)
class Skipped:
    """A file that was left out, and why, in a few words."""

    name: str
    reason: str


@dataclass
class Listing:
    """items: in no certain order. others: files that are no pictures by their name, counted only. hint: what those may be."""

    title: str
    items: list[Item] = field(default_factory=list)
    skipped: list[Skipped] = field(default_factory=list)
    others: int = 0
    hint: str = ""

    def read(self, item: Item) -> bytes:
        """The file's bytes, at most MAX_FILE_BYTES; from any thread. Raises CorruptData with the reason as `what`."""
        raise NotImplementedError

    def close(self) -> None:
        """Lets go of the source."""

    def __enter__(self) -> Listing:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _arrange(self, files: Iterable[tuple[tuple[str, ...], object]]) -> None:
        """Files as (path, handle) to items: wrapping folders stripped, parts told from classes."""
        files = list(files)
        depth = _wrapping([path for path, _ in files])
        tops = {_PARTS.get(path[depth].casefold()) for path, _ in files if len(path) > depth + 1}
        by_part = bool(tops) and None not in tops and any(len(path) > depth + 2 for path, _ in files)
        need = depth + (3 if by_part else 2)
        for path, handle in files:
            name = "/".join(path)
            if len(path) < need:
                self.skipped.append(Skipped(name, "in no class folder"))
                continue
            part = _PARTS[path[depth].casefold()] if by_part else ""
            self.items.append(Item(part, path[need - 2], name, handle))


def _wrapping(paths: list[tuple[str, ...]]) -> int:
    """How many folders stand around all classes: those that everything lies in, as long as folders lie in them."""
    depth = 0
    while paths and all(len(path) > depth + 2 for path in paths) and len({path[depth] for path in paths}) == 1:
        depth += 1
    return depth


def open_listing(source: Path, *, cancelled: Asked = never) -> Listing:
    """The pictures in a folder, a zip, a tar or a .csv. A second for 60,000 files; a compressed tar is unpacked first.

    Raises DataMissing if nothing is there, CorruptData if it is damaged or a bomb, DataError if it holds no pictures.
    """
    source = Path(source)
    if not source.exists():
        raise DataMissing(f"{source.name} is not there.", received=str(source), remedy="Choose another file or folder.")
    try:
        if source.is_dir():
            return FolderListing(source, cancelled)
        return _open_file(source, cancelled)
    except PermissionError as error:
        raise DataError(
            f"{source.name} may not be opened.",
            received=str(source),
            remedy="Ask for the right to read it, or copy it.",
        ) from error
    except OSError as error:
        raise CorruptData(f"{source.name} cannot be read: {error.strerror or error}.", received=str(source)) from error


def _open_file(source: Path, cancelled: Asked) -> Listing:
    suffix = source.suffix.lower()
    if suffix in (".csv", ".tsv"):
        return CsvListing(source)
    if suffix in SUFFIXES or suffix in _NOT_READ:
        raise DataError(
            f"{source.name} is {_NOT_READ.get(suffix, 'one picture, and that makes no set')}.",
            remedy="Choose the folder that holds a folder a class, or a zip or tar of one, a .csv, an .npz or IDX files.",
        )
    from cvlab.engine.data.tar_listing import TarListing, is_tar

    return TarListing(source, cancelled) if is_tar(source) else ZipListing(source)


class FolderListing(Listing):
    """Class folders on the disk. Links that lead out of the folder are not followed; what may not be opened is listed."""

    def __init__(self, root: Path, cancelled: Asked = never) -> None:
        super().__init__(root.resolve().name or "images")
        self._root = root.resolve()
        os.scandir(self._root).close()  # the folder itself must open
        self._arrange(self._walk(self._root, (), cancelled))

    def _walk(self, folder: Path, above: tuple[str, ...], cancelled: Asked) -> Iterator[tuple[tuple[str, ...], object]]:
        if cancelled():
            raise Cancelled
        try:
            with os.scandir(folder) as found:
                entries = sorted(found, key=_name_of)
        except OSError as error:
            self.skipped.append(Skipped("/".join(above), f"this folder may not be opened ({error.strerror or error})"))
            return
        for entry in entries:
            name = readable(entry.name)
            if name.startswith(".") or name in _CLUTTER:
                continue
            path = (*above, name)
            if entry.is_symlink() and not Path(entry.path).resolve().is_relative_to(self._root):
                self.skipped.append(Skipped("/".join(path), "a link that leads out of the folder"))
            elif entry.is_dir(follow_symlinks=False):
                yield from self._walk(Path(entry.path), path, cancelled)
            elif entry.is_dir():
                self.skipped.append(Skipped("/".join(path), "a link to a folder"))  # it could lead in circles
            elif Path(name).suffix.lower() in SUFFIXES:
                yield path, entry.path
            else:
                self.others += 1

    def read(self, item: Item) -> bytes:
        return _read_file(Path(item.handle))


class ZipListing(Listing):
    """The same inside a zip. Nothing is unpacked to the disk: a path that climbs out has nowhere to go, and is left out."""

    def __init__(self, path: Path) -> None:
        super().__init__(path.stem)
        size = path.stat().st_size
        try:
            self._zip = zipfile.ZipFile(path)
        except (zipfile.BadZipFile, EOFError, ValueError, NotImplementedError) as error:
            raise CorruptData(
                f"{path.name} is no zip archive, or only the beginning of one.",
                received=f"{size:,} bytes; {error}".rstrip("."),
                remedy="Fetch it again, or unpack it and choose the folder.",
            ) from error
        try:
            members = self._zip.infolist()
            unpacked = sum(member.file_size for member in members)
            if unpacked > RATIO_COUNTS_FROM and unpacked > MAX_RATIO * size:
                raise CorruptData(
                    f"{path.name} looks like a zip bomb: it was not unpacked.",
                    received=f"{size:,} bytes that claim to become {unpacked:,}",
                    remedy="Pictures hardly pack at all. If you trust it, unpack it yourself and choose the folder.",
                )
            self._arrange(self._pictures(members))
        except BaseException:
            self._zip.close()
            raise

    def _pictures(self, members: list[zipfile.ZipInfo]) -> Iterator[tuple[tuple[str, ...], object]]:
        for member in members:
            if member.is_dir():
                continue
            name = _zip_name(member)
            path = PurePosixPath(name).parts
            if is_clutter(path):
                continue
            if ".." in path or name.startswith("/") or re.match(r"[A-Za-z]:", name):
                self.skipped.append(Skipped(name, "its path leads out of the archive"))
            elif stat.S_ISLNK(member.external_attr >> 16):
                self.skipped.append(Skipped(name, "a link"))
            elif PurePosixPath(name).suffix.lower() not in SUFFIXES:
                self.others += 1
            elif member.flag_bits & 0x1:
                self.skipped.append(Skipped(name, "locked with a password"))
            elif member.file_size > MAX_FILE_BYTES:
                self.skipped.append(Skipped(name, too_large(member.file_size)))
            else:
                yield path, member

    def read(self, item: Item) -> bytes:
        try:
            # No more than the announced size is unpacked, and that was judged.
            return self._zip.read(item.handle)
        except Exception as error:  # a damaged archive can make zipfile and its decompressors raise anything at all
            raise CorruptData(f"damaged in the archive ({str(error)[:100] or type(error).__name__})") from error

    def close(self) -> None:
        self._zip.close()


class CsvListing(Listing):
    """Rows of path, label and perhaps part; paths count from the CSV's own folder and may not leave it."""

    def __init__(self, path: Path) -> None:
        super().__init__(path.stem)
        if path.stat().st_size > MAX_CSV_BYTES:
            raise CorruptData(
                f"{path.name} is too large for a list of files.", received=f"{path.stat().st_size:,} bytes"
            )
        root = path.resolve().parent
        try:
            text = path.read_text(encoding="utf-8-sig")
        except UnicodeDecodeError as error:
            raise CorruptData(
                f"{path.name} is not text in UTF-8.", received=str(error), remedy="Save it as UTF-8."
            ) from error
        for row in self._rows(text, path.name):
            name, label, part = (
                row[0].strip().replace("\\", "/"),
                row[1].strip(),
                row[2].strip() if len(row) > 2 else "",
            )
            place = (root / name).resolve()
            if not place.is_relative_to(root):
                self.skipped.append(Skipped(name, "its path leads out of the folder"))
            elif not label:
                self.skipped.append(Skipped(name, "no label"))
            elif part and part.casefold() not in _PARTS:
                self.skipped.append(Skipped(name, f"an unknown part, “{part[:20]}”"))
            else:
                self.items.append(Item(_PARTS.get(part.casefold(), ""), label, name, place))

    def _rows(self, text: str, name: str) -> list[list[str]]:
        first = text.split("\n", 1)[0]
        separator = max(",;\t", key=first.count)
        try:
            rows = [
                row
                for row in csv.reader(io.StringIO(text, newline=""), delimiter=separator)
                if any(map(str.strip, row))
            ]
        except csv.Error as error:
            raise CorruptData(f"{name} is not a table.", received=str(error)) from error
        if any(len(row) < 2 for row in rows):
            short = next(row for row in rows if len(row) < 2)
            raise DataError(
                f"{name} needs two columns, path and label.",
                received=separator.join(short)[:80],
                remedy="Write one image a row: path,label. A third column may say train or test.",
            )
        # A heading names no picture.
        return rows[1:] if rows and PurePosixPath(rows[0][0].strip()).suffix.lower() not in SUFFIXES else rows

    def read(self, item: Item) -> bytes:
        return _read_file(item.handle)


def _read_file(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            size = os.fstat(file.fileno()).st_size
            if size > MAX_FILE_BYTES:
                raise CorruptData(too_large(size))
            return file.read(MAX_FILE_BYTES + 1)
    except FileNotFoundError as error:
        raise CorruptData("not there") from error
    except OSError as error:
        raise CorruptData(f"it cannot be opened ({error.strerror or error})") from error


def too_large(size: int) -> str:
    """What was received, in words, where a file has more than `MAX_FILE_BYTES`."""
    return f"{size:,} bytes, at most {MAX_FILE_BYTES:,} are read"


def is_clutter(path: tuple[str, ...]) -> bool:
    """Whether a desktop, not a person, put the file there."""
    return any((part.startswith(".") and part != "..") or part in _CLUTTER for part in path)


def _name_of(entry: os.DirEntry) -> str:
    return entry.name


def readable(name: str) -> str:
    """A file name that can be shown and saved, also if the disk holds bytes that are no text."""
    return os.fsencode(name).decode("utf-8", "replace")


def _zip_name(member: zipfile.ZipInfo) -> str:
    """The member's path with /, also where the archiver wrote UTF-8 without saying so."""
    name = member.filename
    if not member.flag_bits & 0x800 and not name.isascii():
        with contextlib.suppress(UnicodeError):
            name = name.encode("cp437").decode("utf-8")
    return name.replace("\\", "/")


def same_name(label: str) -> str:
    """What two class names have in common when people, or other disks, take them for one: case and spelling of accents."""
    return unicodedata.normalize("NFKC", label).strip().casefold()
