"""A file that is only ever added to: opened at the first write, flushed when it matters, a sentence where the disk refuses."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import IO, AnyStr, Generic

from cvlab.engine.disk import refused


class GrowingFile(Generic[AnyStr]):
    """mode: "a" for text (UTF-8), "ab" for bytes. One thread writes. Every method but `close` raises `CannotWrite`."""

    def __init__(self, path: Path, mode: str = "a") -> None:
        self.path, self._mode = path, mode
        self._file: IO[AnyStr] | None = None

    def add(self, data: AnyStr, *, at_once: bool) -> None:
        """at_once: whether a reader shall see it now; the rest comes with what follows, at `flush` or at `close`."""
        try:
            if self._file is None:
                self._file = self.path.open(self._mode, encoding=None if "b" in self._mode else "utf-8")
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

    def close(self) -> None:
        """As far as the disk allows; adding more opens it again."""
        file, self._file = self._file, None
        if file is not None:
            with contextlib.suppress(OSError):
                file.close()
