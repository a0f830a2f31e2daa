"""TensorBoard's files of a run: written while it trains, or afterwards for a run that has none."""

from __future__ import annotations

import os
import platform
import time
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from cvlab.core.storage.growing_file import GrowingFile
from cvlab.engine.disk import refused, write_whole
from cvlab.engine.training.events import Event, RunStarted, StepEnd

if TYPE_CHECKING:
    from cvlab.engine.training.tensorboard import EventWriter

FOLDER = "tensorboard"


class Board:
    """The folder of a run that TensorBoard reads. One thread writes."""

    def __init__(self, run: Path) -> None:
        self.path = run / FOLDER
        self._file: GrowingFile[bytes] | None = None
        self._writer: EventWriter | None = None

    def log(self, event: Event) -> None:
        """Appends what the event has to say; the first of a run begins a file. Raises `CannotWrite`."""
        from cvlab.engine.training.tensorboard import EventWriter, file_name

        now = time.time()
        if self._file is None or self._writer is None:
            if not isinstance(event, RunStarted):
                return
            try:
                self.path.mkdir(exist_ok=True)
            except OSError as error:
                raise refused(error, self.path) from error
            self._file = GrowingFile(self.path / file_name(now, platform.node(), os.getpid()), "ab")
            self._writer = EventWriter()
            self._file.add(self._writer.begin(now, event.start_step), at_once=False)
        self._file.add(self._writer.encode(event, now), at_once=not isinstance(event, StepEnd))

    def close(self) -> None:
        file, self._file = self._file, None
        if file is not None:
            file.close()

    @property
    def is_there(self) -> bool:
        """Whether TensorBoard would find something."""
        return any(self.path.glob("*tfevents*"))

    def write_past(self, events: Iterable[Event], began: float) -> Path:
        """One file of a run's metrics, at the times at which they came about. began: when the run did, in seconds since 1970.
        Histograms of layers are not among the metrics, and so not in it. Returns the file. Raises `CannotWrite`."""
        from cvlab.engine.training.tensorboard import EventWriter, file_name

        writer, wall = EventWriter(), began
        parts = [writer.begin(began)]
        for event in events:
            wall = max(wall, began + getattr(event, "seconds", 0.0))
            parts.append(writer.encode(event, wall))
        path = self.path / file_name(began, platform.node(), os.getpid())
        write_whole(path, b"".join(parts))
        return path
