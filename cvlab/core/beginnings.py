"""Runs that begin with trained weights: which nets one can begin with, and the folder of such a run, made off the GUI thread."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from cvlab.core.jobs import JobControl
from cvlab.core.models import ModelChoice, Models
from cvlab.core.storage.run_folder import RunFolder
from cvlab.core.weights import beginning
from cvlab.engine.nets.architecture import Architecture
from cvlab.engine.training.recipe import Recipe


@dataclass(frozen=True)
class FindBeginnings:
    """A job: `Models.beginnings` of this net."""

    models: Models
    net: Architecture

    def run(self, control: JobControl) -> list[tuple[ModelChoice, tuple[str, ...]]]:
        return self.models.beginnings(self.net)


@dataclass(frozen=True)
class MakeBeginning:
    """A job: the folder of a run of this net that begins with the weights of the net `which`; `Runs.resume` starts it.

    Raises `NotOurFile` where not one layer fits, the first `NetError` of a net that does not, `CannotWrite`."""

    models: Models
    root: Path
    net: Architecture
    recipe: Recipe
    which: str

    def run(self, control: JobControl) -> Path:
        weights = beginning(self.net, self.which, self.models)
        control.check()
        return RunFolder.begin_with(self.root, self.net, self.recipe, weights.values, weights.title).path
