"""Reading runs from disk, in the background."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from pathlib import Path

from cvlab.core.jobs import JobControl
from cvlab.core.locked_test_set import ShownFigures
from cvlab.core.run_list import RunCurves, RunRow, read_curves, read_rows
from cvlab.engine.errors import NotOurFile

KEPT = 24
"""Runs whose curves stay in memory: three full sets of what may be laid over each other."""


@dataclass(frozen=True)
class ListRuns:
    """What each run folder says of itself. shown: which test figures may be in it."""

    root: Path
    shown: ShownFigures

    def run(self, control: JobControl) -> list[RunRow]:
        return read_rows(self.root, control.cancelled, self.shown)


@dataclass(frozen=True)
class ReadCurves:
    """The curves of these runs, by folder."""

    folders: tuple[Path, ...]

    def run(self, control: JobControl) -> dict[str, RunCurves]:
        found = {}
        for folder in self.folders:
            control.check()
            try:
                found[folder.name] = read_curves(folder)
            except NotOurFile:
                if folder.exists():  # else it was deleted since it was asked for
                    raise
        return found


class CurveStore:
    """Curves that were read, the latest looked at last to go."""

    def __init__(self) -> None:
        self._curves: OrderedDict[str, RunCurves] = OrderedDict()

    def get(self, run_id: str) -> RunCurves | None:
        if run_id in self._curves:
            self._curves.move_to_end(run_id)
        return self._curves.get(run_id)

    def put(self, curves: dict[str, RunCurves]) -> None:
        self._curves.update(curves)
        while len(self._curves) > KEPT:
            self._curves.popitem(last=False)

    def forget(self, run_id: str) -> None:
        """It has grown since."""
        self._curves.pop(run_id, None)
