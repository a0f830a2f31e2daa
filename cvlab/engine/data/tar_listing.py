"""The pictures inside a tar archive, plain or compressed: nothing of it is unpacked under a name, all of it is bounded.

A compressed tar can only be read from its beginning, and an import reads it in an order of its own. So it is unpacked once,
as one nameless temporary file; the last one is kept, because looking through and importing follow each other.
"""

from __future__ import annotations

import atexit
import contextlib
import os
import re
import tarfile
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import BinaryIO

from cvlab.engine.archive import MAX_RATIO, unpacked
from cvlab.engine.data.listing import (
    MAX_FILE_BYTES,
    MAX_FILES,
    MAX_LEVELS,
    RATIO_COUNTS_FROM,
    SUFFIXES,
    Item,
    Listing,
    Skipped,
    is_clutter,
    readable,
    too_large,
)
from cvlab.engine.data.progress import Asked, never
from cvlab.engine.disk import refused
from cvlab.engine.errors import Cancelled, CannotWrite, CorruptData
from cvlab.engine.files import open_regular

_MAX_HEADER, _CHUNK = 16 * 1024 * 1024, 1 << 20
_PICKLES = re.compile(r"(data_batch_\d|test_batch|batches\.meta|.+\.(pkl|pickle|pt|pth))")


def is_tar(path: Path) -> bool:
    """Whether it is a tar archive by its content, however it is compressed; false for what cannot be opened."""
    words = path.name.lower().split(".")[1:]
    try:
        with open_regular(path) as file:
            head = (unpacked(file) or file).read(tarfile.BLOCKSIZE)
        tarfile.TarInfo.frombuf(head, "utf-8", "surrogateescape")
    except (OSError, EOFError, tarfile.HeaderError):
        # One that calls itself so is a damaged one.
        return path.is_file() and ("tar" in words or words[-1:] in (["tgz"], ["tbz2"], ["txz"]))
    return True


class TarListing(Listing):
    """What a zip is to `ZipListing`. Raises CorruptData for what is cut short or a bomb, CannotWrite if there is no room."""

    def __init__(self, path: Path, cancelled: Asked = never) -> None:
        super().__init__(re.sub(r"\.(tar(\.\w+)?|tgz|tbz2|txz)$", "", path.name, flags=re.IGNORECASE))
        self._plain = _take(path, cancelled)
        self._file, self._turn = self._plain.file, self._plain.turn
        try:
            self._arrange(self._pictures(path.name, cancelled))
        except (tarfile.TarError, EOFError, ValueError, OverflowError, RecursionError) as error:
            self.close()
            raise CorruptData(
                f"{path.name} is no tar archive, or only the beginning of one.",
                received=f"{path.stat().st_size:,} bytes; {error}".rstrip("."),
                remedy="Fetch it again, or unpack it and choose the folder.",
            ) from error
        except BaseException:
            self.close()
            raise

    def _pictures(self, title: str, cancelled: Asked) -> Iterator[tuple[tuple[str, ...], object]]:
        self._file.seek(0, 2)
        end = self._file.tell()
        self._file.seek(0)
        with tarfile.open(fileobj=_Bounded(self._file), mode="r:") as archive:
            before = -1
            for count, member in enumerate(archive):
                archive.members = []  # they would all be kept
                if member.offset_data <= before or member.size < 0:
                    raise tarfile.ReadError("a member that begins before the last one")  # the archive would not end
                before = member.offset_data
                if count >= MAX_FILES:
                    raise CorruptData(f"{title} holds more than {MAX_FILES:,} files.", received="a bomb, most likely")
                if cancelled():
                    raise Cancelled
                name = readable(member.name)
                path = PurePosixPath(name).parts
                if member.isdir() or is_clutter(path):
                    continue
                if not path:
                    self.skipped.append(Skipped(name, "no name"))
                    continue
                if ".." in path or name.startswith("/") or re.match(r"[A-Za-z]:", name):
                    self.skipped.append(Skipped(name, "its path leads out of the archive"))
                elif member.issym() or member.islnk():
                    self.skipped.append(Skipped(name, "a link"))
                elif not member.isreg() or member.issparse():
                    self.skipped.append(Skipped(name, "no plain file"))
                elif len(path) > MAX_LEVELS:
                    self.skipped.append(Skipped(name[:200], f"more than {MAX_LEVELS} folders inside each other"))
                elif PurePosixPath(name).suffix.lower() not in SUFFIXES:
                    self.others += 1
                    if _PICKLES.fullmatch(path[-1]):
                        self.hint = _OF_PICKLES
                elif member.size > MAX_FILE_BYTES:
                    self.skipped.append(Skipped(name, too_large(member.size)))
                elif member.offset_data + member.size > end:
                    raise tarfile.ReadError(f"{name} ends too early")
                else:
                    yield path, (member.offset_data, member.size)

    def read(self, item: Item) -> bytes:
        offset, size = item.handle
        with self._turn:
            self._file.seek(offset)
            content = self._file.read(size)
        if len(content) < size:
            raise CorruptData("cut short in the archive")
        return content

    def close(self) -> None:
        _give_back(self._plain)


_OF_PICKLES = (
    "It holds Python pickles, and those could run code: they are not read. Take the set's binary version instead "
    "(cifar-10-binary.tar.gz, cifar-100-binary.tar.gz), or choose CIFAR above and give it the original archive."
)


class _Bounded:
    """What tarfile reads headers through: it believes their sizes, so one that claims gigabytes is refused here."""

    def __init__(self, file: BinaryIO) -> None:
        self._file, self.seek, self.tell = file, file.seek, file.tell

    def read(self, size: int = -1) -> bytes:
        if not 0 <= size <= _MAX_HEADER:
            raise tarfile.ReadError(f"a header of {size:,} bytes")
        return self._file.read(size)


# -- compressed ones ---------------------------------------------------------------------------------------------------


class _Plain:
    """A plain tar that listings read from in turns. key: what it was unpacked from: path, size and time. users: listings."""

    def __init__(self, file: BinaryIO, key: tuple[str, int, int] | None = None) -> None:
        self.file, self.key, self.users, self.turn = file, key, 1, threading.Lock()


_kept: list[_Plain] = []  # the one that was unpacked last, or none
_one_at_a_time = threading.Lock()


def _take(path: Path, cancelled: Asked) -> _Plain:
    """The plain tar: the file itself, or what it unpacks to."""
    file = open_regular(path)
    packed = unpacked(file)
    if packed is None:
        return _Plain(file)
    found = os.fstat(file.fileno())
    key = (str(path.resolve()), found.st_size, found.st_mtime_ns)
    with file, _one_at_a_time:
        if _kept and _kept[0].key == key:
            _kept[0].users += 1
        else:
            _drop_kept()
            _kept.append(_Plain(_unpack(path, packed, found.st_size, cancelled), key))
        return _kept[0]


def _give_back(plain: _Plain) -> None:
    with _one_at_a_time:
        plain.users -= 1
        if plain.users == 0 and plain not in _kept:
            plain.file.close()


def _drop_kept() -> None:
    for plain in _kept:
        if plain.users == 0:
            plain.file.close()  # else by whoever reads it last
    _kept.clear()


def forget() -> None:
    """Lets go of the archive that was unpacked last, and of the room that it takes."""
    with _one_at_a_time:
        _drop_kept()


atexit.register(forget)


def _unpack(path: Path, packed: BinaryIO, size: int, cancelled: Asked) -> BinaryIO:
    most, done = max(RATIO_COUNTS_FROM, MAX_RATIO * size), 0
    made = tempfile.TemporaryFile(prefix="cvlab-")  # noqa: SIM115 - the listing reads on from it
    try:
        while chunk := packed.read(_CHUNK):
            if cancelled():
                raise Cancelled
            done += len(chunk)
            if done > most:
                raise CorruptData(
                    f"{path.name} looks like a bomb: it was not unpacked.",
                    received=f"{size:,} bytes that become more than {most:,}",
                    remedy="Pictures hardly pack at all. If you trust it, unpack it yourself and choose the folder.",
                )
            _write(made, chunk)
        return made
    except (CorruptData, CannotWrite, Cancelled):
        made.close()
        raise
    except (EOFError, OSError) as error:
        made.close()
        raise CorruptData(
            f"{path.name} is cut short or damaged.",
            received=f"{done:,} bytes could be unpacked; {error}".rstrip("."),
            remedy="Fetch it again, or unpack it and choose the folder.",
        ) from error


def _write(made: BinaryIO, chunk: bytes) -> None:
    try:
        made.write(chunk)
    except OSError as error:
        with contextlib.suppress(OSError):
            made.close()
        raise refused(error, Path(tempfile.gettempdir()), kept=False) from error
