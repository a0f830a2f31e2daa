"""What processes that were killed while they wrote have left in cvlab's own folders."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from cvlab.core import paths
from cvlab.core.jobs import JobControl
from cvlab.engine.disk import remove_leftovers


def own_folders() -> tuple[Path, ...]:
    """Where cvlab writes without being told where."""
    return paths.runs(), paths.nets(), paths.recipes(), paths.autosave(), paths.settings(), paths.data()


@dataclass(frozen=True)
class RemoveLeftovers:
    """A job: removes them in and below `own_folders`, and beside these files of the person's; returns what is gone."""

    beside: tuple[Path, ...] = ()

    def run(self, control: JobControl) -> list[Path]:
        return [*remove_leftovers(own_folders()), *remove_leftovers({path.parent for path in self.beside}, depth=1)]


def remove_all(more: Sequence[Path] = ()) -> list[Path]:
    """Removes them at once: some milliseconds, 0.1 s beside thousands of runs. more: folders besides `own_folders`."""
    return remove_leftovers({*own_folders(), *more})
