"""What lies in a folder, an archive or a CSV of one's own images: which file belongs to which class and part. Decodes nothing.

Class folders may stand at the top, or below `train/` and `test/` (or `val/`); folders around all of that do not matter.
"""

from __future__ import annotations

import contextlib
import csv
import io
import itertools
import os
import re
import stat
import unicodedata
import zipfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from cvlab.engine.archive import Archive, ZipBomb
from cvlab.engine.data.progress import Asked, never
from cvlab.engine.errors import Cancelled, CorruptData, DataError, DataMissing
from cvlab.engine.files import open_regular

MAX_FILE_BYTES = 64 * 1024 * 1024
MAX_CSV_BYTES = 256 * 1024 * 1024
MAX_FILES = 1_000_000
"""Files of a folder, members of a tar, lines of a CSV."""
MAX_LINE, MAX_COLUMNS, MAX_LEVELS = 100_000, 100, 64
"""Characters and columns of a line in a CSV; folders inside each other."""
RATIO_COUNTS_FROM = 1 << 30
"""An archive that unpacks to over 1 GiB and over 100 times its own size is no set of pictures: those hardly pack at all."""
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
_TOO_DEEP = f"more than {MAX_LEVELS} folders inside each other"
_FEWER = "Choose a folder with fewer files, or one that holds only the pictures."
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
        return CsvListing(source, cancelled)
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
        self._arrange(self._walk(cancelled))

    def _walk(self, cancelled: Asked) -> Iterator[tuple[tuple[str, ...], object]]:
        left, seen = [((), self._root)], 0
        while left:
            if cancelled():
                raise Cancelled
            above, folder = left.pop()
            try:
                with os.scandir(folder) as found:
                    entries = sorted(itertools.islice(found, MAX_FILES + 1), key=_name_of)
            except OSError as error:
                reason = f"this folder may not be opened ({error.strerror or error})"
                self.skipped.append(Skipped("/".join(above), reason))
                continue
            seen += len(entries)
            if seen > MAX_FILES:
                raise DataError(f"There are more than {MAX_FILES:,} files in {self.title}.", remedy=_FEWER)
            inner = []
            for entry in entries:
                name = readable(entry.name)
                if name.startswith(".") or name in _CLUTTER:
                    continue
                path = (*above, name)
                if entry.is_symlink() and not _is_inside(Path(entry.path), self._root):
                    self.skipped.append(Skipped("/".join(path), "a link that leads out of the folder"))
                elif entry.is_dir(follow_symlinks=False):
                    if len(path) > MAX_LEVELS:
                        self.skipped.append(Skipped("/".join(path), _TOO_DEEP))
                    else:
                        inner.append((path, Path(entry.path)))
                elif entry.is_dir():
                    self.skipped.append(Skipped("/".join(path), "a link to a folder"))  # it could lead in circles
                elif Path(name).suffix.lower() not in SUFFIXES:
                    self.others += 1
                elif not entry.is_file():
                    self.skipped.append(Skipped("/".join(path), "no plain file"))
                else:
                    yield path, entry.path
            left += reversed(inner)

    def read(self, item: Item) -> bytes:
        return _read_file(Path(item.handle))


class ZipListing(Listing):
    """The same inside a zip. Nothing is unpacked to the disk: a path that climbs out has nowhere to go, and is left out."""

    def __init__(self, path: Path) -> None:
        super().__init__(path.stem)
        try:
            self._zip = Archive(path, ratio_from=RATIO_COUNTS_FROM)
        except ZipBomb as error:
            raise CorruptData(
                f"{path.name} looks like a zip bomb: it was not unpacked.",
                received=str(error),
                remedy="Pictures hardly pack at all. If you trust it, unpack it yourself and choose the folder.",
            ) from error
        except zipfile.BadZipFile as error:
            raise CorruptData(
                f"{path.name} is no zip archive, or only the beginning of one.",
                received=f"{path.stat().st_size:,} bytes; {error}".rstrip("."),
                remedy="Fetch it again, or unpack it and choose the folder.",
            ) from error
        try:
            self._arrange(self._pictures(self._zip.infolist()))
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
            elif len(path) > MAX_LEVELS:
                self.skipped.append(Skipped(name[:200], _TOO_DEEP))
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
            return self._zip.content(item.handle, MAX_FILE_BYTES)
        except zipfile.BadZipFile as error:
            raise CorruptData(f"damaged in the archive ({str(error)[:100]})") from error

    def close(self) -> None:
        self._zip.close()


class CsvListing(Listing):
    """Rows of path, label and perhaps part; paths count from the CSV's own folder and may not leave it, nor may links."""

    def __init__(self, path: Path, cancelled: Asked = never) -> None:
        super().__init__(path.stem)
        self._name, self._root = path.name, path.resolve().parent
        with open_regular(path) as file:
            size = os.fstat(file.fileno()).st_size
            if size > MAX_CSV_BYTES:
                raise CorruptData(f"{path.name} is too large for a list of files.", received=f"{size:,} bytes")
            lines = sum(piece.count(b"\n") for piece in iter(lambda: file.read(1 << 20), b""))
            if lines > MAX_FILES:
                raise CorruptData(f"{path.name} is too large for a list of files.", received=f"{lines:,} lines")
            file.seek(0)
            try:
                text = io.TextIOWrapper(file, encoding="utf-8-sig", newline="")
                for number, row in enumerate(self._rows(text)):
                    if number % 1000 == 0 and cancelled():
                        raise Cancelled
                    self._take(*row)
            except UnicodeDecodeError as error:
                raise CorruptData(
                    f"{path.name} is not text in UTF-8.", received=str(error)[:200], remedy="Save it as UTF-8."
                ) from error
            except csv.Error as error:
                raise CorruptData(f"{path.name} is not a table.", received=str(error)) from error

    def _take(self, name: str, label: str, part: str) -> None:
        place = os.path.normpath(self._root / name)
        if not Path(place).is_relative_to(self._root) or "\0" in name:
            self.skipped.append(Skipped(name, "its path leads out of the folder"))
        elif not label:
            self.skipped.append(Skipped(name, "no label"))
        elif part and part.casefold() not in _PARTS:
            self.skipped.append(Skipped(name, f"an unknown part, “{part[:20]}”"))
        else:
            self.items.append(Item(_PARTS.get(part.casefold(), ""), label, name, place))

    def _rows(self, text: io.TextIOBase) -> Iterator[tuple[str, str, str]]:
        """(path, label, part or "") of each row that has any, without the heading."""
        first = self._line(text)
        separator = max(",;\t", key=first.count)
        is_first = True
        for row in csv.reader(self._lines(first, text), delimiter=separator):
            if not any(map(str.strip, row)):
                continue
            if len(row) > MAX_COLUMNS:
                raise csv.Error(f"{len(row):,} columns, at most {MAX_COLUMNS} are read")
            if len(row) < 2:
                raise DataError(
                    f"{self._name} needs two columns, path and label.",
                    received=separator.join(row)[:80],
                    remedy="Write one image a row: path,label. A third column may say train or test.",
                )
            name, label, part = (each.strip() for each in (*row[:3], "")[:3])
            # A heading names no picture.
            if not is_first or PurePosixPath(name).suffix.lower() in SUFFIXES:
                yield name.replace("\\", "/"), label, part
            is_first = False

    def _lines(self, first: str, text: io.TextIOBase) -> Iterator[str]:
        count, line = 0, first
        while line:
            count += 1
            if count > MAX_FILES:
                raise csv.Error(f"more than {MAX_FILES:,} lines")
            yield line
            line = self._line(text)

    def _line(self, text: io.TextIOBase) -> str:
        line = text.readline(MAX_LINE + 1)
        if len(line) > MAX_LINE:
            raise csv.Error(f"a line of more than {MAX_LINE:,} characters")
        return line

    def read(self, item: Item) -> bytes:
        if not _is_inside(Path(item.handle), self._root):
            raise CorruptData("its path leads out of the folder")
        return _read_file(Path(item.handle))


def _read_file(path: Path) -> bytes:
    try:
        with open_regular(path) as file:
            size = os.fstat(file.fileno()).st_size
            if size > MAX_FILE_BYTES:
                raise CorruptData(too_large(size))
            return file.read(size)
    except FileNotFoundError as error:
        raise CorruptData("not there") from error
    except OSError as error:
        raise CorruptData(f"it cannot be opened ({error.strerror or error})") from error


def _is_inside(path: Path, root: Path) -> bool:
    """Whether a path, with every link in it followed, stays below the folder; not for one that cannot be a path."""
    try:
        return path.resolve().is_relative_to(root)
    except (OSError, ValueError, RuntimeError):  # links in a circle, a null character, half of a surrogate pair
        return False


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
