"""Starts runs of the project's net and recipe, with weights that are drawn or those of a trained net; or has them wait."""

from __future__ import annotations

from PySide6.QtCore import QObject, Signal

from cvlab.core.lab import Lab
from cvlab.core.runs import Run, check_trainable
from cvlab.engine.errors import CvlabError
from cvlab.ui.panels.training.beginning import Beginning
from cvlab.ui.panels.training.data_choice import require


class Starter(QObject):
    """refused(error): a run could not be started or queued."""

    refused = Signal(object)

    def __init__(self, lab: Lab, beginning: Beginning, parent: QObject) -> None:
        super().__init__(parent)
        self._lab, self._beginning = lab, beginning

    def start(self) -> Run | None:
        """The run, or None where there is none."""
        project = self._lab.project
        try:
            self._require()
            return self._lab.runs.start(project.architecture, project.recipe, begin_with=self._beginning.which())
        except CvlabError as error:
            self.refused.emit(error)
            return None

    def _require(self) -> None:
        """Raises what is wrong with the net by itself, then with the data, then with both together."""
        check_trainable(self._lab.project.architecture)
        require(self._lab.project.recipe.data, self._lab.project.architecture)

    def enqueue(self) -> None:
        """A run for when those before it are done. Its first weights are those that are chosen now."""
        project, which = self._lab.project, self._beginning.which()
        try:
            self._require()
            self._lab.runs.queue(
                project.architecture, project.recipe, begin_with=which, whose=self._beginning.title_of(which)
            )
        except CvlabError as error:
            self.refused.emit(error)
