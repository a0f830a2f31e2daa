"""Starts runs of the project's net and recipe, with weights that are drawn or those of a trained net."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QObject, Signal

from cvlab.core.beginnings import MakeBeginning
from cvlab.core.lab import Lab
from cvlab.core.runs import Run, check_trainable
from cvlab.core.storage.run_folder import RunFolder
from cvlab.engine.errors import CvlabError, TrainingError
from cvlab.ui.panels.training.beginning import Beginning
from cvlab.ui.panels.training.data_choice import require

_JOB = "training.begin"


class Starter(QObject):
    """refused(error): a run could not be started. The folder of one that begins with trained weights is made off the GUI
    thread; until it is there nothing trains."""

    refused = Signal(object)

    def __init__(self, lab: Lab, beginning: Beginning, parent: QObject) -> None:
        super().__init__(parent)
        self._lab, self._beginning = lab, beginning
        self._step_first = False

    def start(self) -> Run | None:
        """The run, or None where there is none or none yet."""
        lab, project, which = self._lab, self._lab.project, self._beginning.which()
        try:
            require(project.recipe.data)
            if not which:
                return lab.runs.start(project.architecture, project.recipe)
            check_trainable(project.architecture)
            if lab.runs.current is not None and lab.runs.current.is_active:
                raise TrainingError("A run is still training.", remedy="Stop it first, or let it finish.")
        except CvlabError as error:
            self.refused.emit(error)
            return None
        self._step_first = False
        request = MakeBeginning(lab.models, lab.runs.root, project.architecture, project.recipe, which)
        lab.jobs.submit(_JOB, request, done=self._made, failed=self._failed)
        return None

    def step_first(self) -> None:
        """The run that is being made shall train one batch, then pause."""
        self._step_first = self._lab.jobs.is_busy(_JOB)

    def enqueue(self) -> None:
        """A run for when those before it are done."""
        project = self._lab.project
        try:
            require(project.recipe.data)
            if self._beginning.which():
                raise TrainingError(
                    "A run that begins with trained weights cannot wait in the queue.",
                    remedy="Start it when the others are done, or let its first weights be drawn.",
                )
            self._lab.runs.queue(project.architecture, project.recipe)
        except CvlabError as error:
            self.refused.emit(error)

    def _made(self, path: Path) -> None:
        try:
            run = self._lab.runs.resume(path)
        except CvlabError as error:
            RunFolder.open(path).discard()
            self.refused.emit(error)
            return
        if self._step_first:
            run.step()

    def _failed(self, error: BaseException) -> None:
        if not isinstance(error, CvlabError):
            raise error
        self.refused.emit(error)
