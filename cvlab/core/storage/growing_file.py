"""A file that is only ever added to: opened at the first write, flushed when it matters, a sentence where the disk refuses."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path
from typing import IO, AnyStr, BinaryIO, Generic

from cvlab.engine.disk import refused


class GrowingFile(Generic[AnyStr]):
    """mode: "a" for text (UTF-8), "ab" for bytes. One thread writes. Every method but `close` raises `CannotWrite`."""

    def __init__(self, path: Path, mode: str = "a") -> None:
        self.path, self._mode = path, mode
        self._file: IO[AnyStr] | None = None
        self._reader: BinaryIO | None = None  # of the same file, even when it has been deleted or renamed since
        self._least = 0

    def add(self, data: AnyStr, *, at_once: bool) -> None:
        """at_once: whether a reader shall see it now; the rest comes with what follows, at `flush` or at `close`."""
        try:
            if self._file is None:
                self._file = self.path.open(self._mode, encoding=None if "b" in self._mode else "utf-8")
                self._reader = self.path.open("rb")
                self._least = os.fstat(self._reader.fileno()).st_size
            self._file.write(data)
            if at_once:
                self._file.flush()
        except OSError as error:
            raise refused(error, self.path) from error

    def flush(self) -> None:
        """Hands what was written to the operating system: a killed process loses none of it. Raises `CannotWrite`."""
        if self._file is not None:
            try:
                self._file.flush()
            except OSError as error:
                raise refused(error, self.path) from error

    def sync(self) -> None:
        """Flushes, and waits for the disk: a power cut loses none of it. Raises `CannotWrite`."""
        self.flush()
        if self._file is not None:
            try:
                os.fsync(self._file.fileno())
            except OSError as error:
                raise refused(error, self.path) from error

    @property
    def is_in_place(self) -> bool:
        """Whether `path` is still the file that is written to. True before the first write."""
        if self._reader is None:
            return True
        mine = os.fstat(self._reader.fileno())
        try:
            there = self.path.stat()
        except OSError:
            return False
        return (there.st_dev, there.st_ino) == (mine.st_dev, mine.st_ino)

    @property
    def was_shortened(self) -> bool:
        """Whether another program has taken away from its end since this was last asked."""
        if self._reader is None:
            return False
        before, self._least = self._least, os.fstat(self._reader.fileno()).st_size
        return self._least < before

    def content(self) -> bytes:
        """All that the file holds, even when it has been deleted since the first write. Raises `CannotWrite`."""
        self.flush()
        try:
            if self._reader is None:
                return self.path.read_bytes() if self.path.exists() else b""
            self._reader.seek(0)
            return self._reader.read()
        except OSError as error:
            raise refused(error, self.path) from error

    def close(self) -> None:
        """As far as the disk allows; adding more opens it again."""
        file, self._file = self._file, None
        reader, self._reader = self._reader, None
        for each in (file, reader):
            if each is not None:
                with contextlib.suppress(OSError):
                    each.close()
