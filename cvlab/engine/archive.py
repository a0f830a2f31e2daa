"""Archives and compressed files that anybody may have made: directory, members and what they unpack to are bounded."""

from __future__ import annotations

import bz2
import io
import lzma
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO

from cvlab.engine.files import open_regular

MAX_MEMBERS, MAX_DIRECTORY = 500_000, 64 * 1024 * 1024
"""Members of an archive, and bytes of the directory that lists them."""
MAX_RATIO = 100
"""An archive that unpacks to much more than so many times its size was made to fill memory or disk."""

_CHUNK, _SMALL_CHUNK, _PIECE = 1 << 20, 4096, 1 << 18
_BOUNDED_OUTPUT = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
"""Methods whose decompressors give no more than they are asked for. The others unpack all that they are given, so they are
given little at a time."""


class ZipBomb(zipfile.BadZipFile):
    """An archive that claims to become very much larger than it is. size, unpacked: bytes."""

    def __init__(self, size: int, unpacked: int) -> None:
        super().__init__(f"{size:,} bytes that claim to become {unpacked:,}")
        self.size, self.unpacked = size, unpacked


class Archive(zipfile.ZipFile):
    """A zip archive in a regular file or in bytes, open for reading members of bounded size.

    Args:
        source: the file, or its bytes.
        ratio_from: bytes. An archive that unpacks to more than this, and to more than `MAX_RATIO` times its own size, is refused.

    Raises:
        zipfile.BadZipFile: it is not a zip archive, is damaged, or exceeds a bound. zipfile itself raises many things for damage.
        OSError: the file cannot be opened.
    """

    _source: BinaryIO | None = None  # zipfile closes also what could not be opened

    def __init__(self, source: Path | bytes, *, ratio_from: int) -> None:
        self._source = io.BytesIO(source) if isinstance(source, bytes) else open_regular(source)
        size = self._source.seek(0, 2)
        directory = _Directory(self._source)
        try:
            super().__init__(directory)  # type: ignore[arg-type]
            self.unpacked = sum(member.file_size for member in self.infolist())
            if self.unpacked > max(ratio_from, MAX_RATIO * size):
                raise ZipBomb(size, self.unpacked)
        except zipfile.BadZipFile:
            self._source.close()
            raise
        except Exception as error:
            self._source.close()
            raise _damaged(error) from error
        directory.is_bounded = False

    def close(self) -> None:
        """Closes the file, too."""
        super().close()
        if self._source is not None:
            self._source.close()

    def content(self, member: zipfile.ZipInfo, limit: int) -> bytes:
        """What a member unpacks to; at most `limit` bytes. Raises zipfile.BadZipFile."""
        if member.file_size > limit:
            raise zipfile.BadZipFile(
                f"{member.filename[:60]} of {member.file_size:,} bytes, at most {limit:,} are read"
            )
        step = _CHUNK if member.compress_type in _BOUNDED_OUTPUT else _SMALL_CHUNK
        pieces = []
        try:
            with self.open(member) as stream:
                while piece := stream.read(step):
                    pieces.append(piece)
        except Exception as error:
            raise _damaged(error) from error
        return b"".join(pieces)


def _damaged(error: Exception) -> zipfile.BadZipFile:
    return zipfile.BadZipFile(str(error)[:120] or type(error).__name__)


class _Directory:
    """What zipfile reads the directory through: it believes the size that the file gives, and makes an object of each entry."""

    def __init__(self, file: BinaryIO) -> None:
        self._file, self.seek, self.tell, self.seekable = file, file.seek, file.tell, file.seekable
        self.is_bounded = True

    def read(self, size: int = -1) -> bytes:
        if not self.is_bounded:
            return self._file.read(size)
        if size > MAX_DIRECTORY:
            raise zipfile.BadZipFile(f"a directory of {size:,} bytes")
        data = self._file.read(size if size >= 0 else MAX_DIRECTORY)
        if data.count(zipfile.stringCentralDir) > MAX_MEMBERS:
            raise zipfile.BadZipFile(f"more than {MAX_MEMBERS:,} members")
        return data


# -- one compressed file ---------------------------------------------------------------------------------------------------

MAX_XZ_MEMORY = 256 * 1024 * 1024
"""Bytes that an .xz file may make its decompressor take: the file says how many, up to 4 GB. Those of `xz -9` need 65 MB."""
MAX_ZEROS = 16 * 1024 * 1024
"""Bytes of zeros that may follow a compressed file: some systems fill up its last block."""
_UNPACKERS: dict[bytes, Callable[[], Any]] = {
    b"\x1f\x8b": lambda: zlib.decompressobj(31),
    b"BZh": bz2.BZ2Decompressor,
    b"\xfd7zXZ\x00": lambda: lzma.LZMADecompressor(lzma.FORMAT_XZ, memlimit=MAX_XZ_MEMORY),
}


def unpacked(file: BinaryIO) -> io.BufferedReader | None:
    """What a gzip, bzip2 or xz file unpacks to, told by its first bytes; None for one that is not compressed, which then stands
    where it stood. Reading raises DamagedStream, and EOFError where the file is cut short."""
    head = file.read(6)
    file.seek(-len(head), 1)
    make = next((make for magic, make in _UNPACKERS.items() if head.startswith(magic)), None)
    return None if make is None else io.BufferedReader(_Unpacked(file, make), _PIECE)


class DamagedStream(OSError):
    """Compressed bytes that cannot be unpacked."""


class _Unpacked(io.RawIOBase):
    """A compressed file, of one stream or several, unpacked piece by piece while it is read.

    Python's own modules step over zeros behind the last stream one by one, gigabytes of them too, and give the decompressor of
    xz whatever memory its file asks for.
    """

    def __init__(self, file: BinaryIO, make: Callable[[], Any]) -> None:
        self._file, self._make, self._unpacker, self._left = file, make, make(), b""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        """Fills as much of the buffer as one step gives; 0 at the end."""
        try:
            return self._step(memoryview(buffer).cast("B"))
        except (OSError, ValueError, zlib.error, lzma.LZMAError, MemoryError) as error:
            raise DamagedStream(str(error) or "it needs too much memory") from error

    def _step(self, room: memoryview) -> int:
        while True:
            if self._unpacker.eof:
                rest, zeros = self._unpacker.unused_data.lstrip(b"\0"), 0
                while not rest:
                    if not (piece := self._file.read(_PIECE)):
                        return 0
                    rest, zeros = piece.lstrip(b"\0"), zeros + len(piece)
                    if zeros > MAX_ZEROS:
                        raise OSError(f"more than {MAX_ZEROS:,} zeros follow")
                self._unpacker, self._left = self._make(), rest  # another stream follows
            needs_input = getattr(self._unpacker, "needs_input", True)
            given = self._left or (self._file.read(_PIECE) if needs_input else b"")
            piece = self._unpacker.decompress(given, min(len(room), _PIECE))
            self._left = getattr(self._unpacker, "unconsumed_tail", b"")
            if piece:
                room[: len(piece)] = piece
                return len(piece)
            if needs_input and not given and not self._unpacker.eof:
                raise EOFError("it is cut short")
