"""Runs that begin with trained weights: which nets one can begin with, found off the GUI thread."""

from __future__ import annotations

from dataclasses import dataclass

from cvlab.core.jobs import JobControl
from cvlab.core.models import ModelChoice, Models
from cvlab.engine.nets.architecture import Architecture


@dataclass(frozen=True)
class FindBeginnings:
    """A job: `Models.beginnings` of this net."""

    models: Models
    net: Architecture

    def run(self, control: JobControl) -> list[tuple[ModelChoice, tuple[str, ...]]]:
        return self.models.beginnings(self.net)
