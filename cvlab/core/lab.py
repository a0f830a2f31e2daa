"""The lab: one project and everything that works on it. The window and the tests make one; the command line a part of one."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from pathlib import Path
from time import time
from typing import TYPE_CHECKING

from cvlab.core import paths
from cvlab.core.history import History
from cvlab.core.jobs import JobControl, Jobs
from cvlab.core.leftovers import RemoveLeftovers
from cvlab.core.models import Models
from cvlab.core.notices import Notice, Notices, Remedy
from cvlab.core.project import Project
from cvlab.core.recipes import Recipes
from cvlab.core.run import Run
from cvlab.core.runs import Runs
from cvlab.core.settings import Settings
from cvlab.core.storage.project_file import load_project, save_project
from cvlab.core.storage.trash import Trash
from cvlab.engine.errors import CvlabError

if TYPE_CHECKING:
    from cvlab.core.weights import Weights
    from cvlab.engine.data.dataset import Dataset
    from cvlab.engine.nets.architecture import Architecture

AUTOSAVE = "last.cvlab"


@dataclass(frozen=True)
class TurnDown:
    """What a notice offers where the learning rate is too high."""

    run: Run
    rate: float

    def act(self) -> None:
        if self.run.is_active:
            self.run.turn("optimizer.learning_rate", self.rate)


@dataclass(frozen=True)
class EmptyTrash:
    """Empties the trash below each of these folders of what has been there for too long."""

    roots: tuple[Path, ...]
    now: float

    def run(self, control: JobControl) -> None:
        for root in self.roots:
            Trash(root).empty(self.now)


class Lab:
    """Owns the project, its history, the runs and the background jobs. Call `pump` often and `close` once."""

    def __init__(self) -> None:
        self.project = Project()
        self.history = History()
        self.jobs = Jobs()
        self.notices = Notices()
        self._told = ("", "")
        self.settings = Settings.load()
        self.runs = Runs(paths.runs(), self.dataset, self.first_weights)
        self.runs.line.recall()
        self.recipes = Recipes(paths.recipes())
        self.models = Models(paths.resources() / "models", self.runs, paths.nets())

    def empty_trash(self) -> None:
        """Deletes for good, in the background, what was deleted days ago. Call it when the program starts, never later: what is
        deleted from now on can be restored as long as it runs."""
        self.jobs.submit("lab.trash", EmptyTrash((paths.runs(), paths.nets()), time()))

    def dataset(self, dataset_id: str) -> Dataset:
        """The data set, from this machine. Blocking: call it in a job or a run. Raises `DataError`."""
        from cvlab.engine.data import catalogue

        return catalogue.load(dataset_id, root=paths.data(), bundled=paths.resources() / "data")

    def first_weights(self, net: Architecture, which: str) -> Weights:
        """Those of a trained net, by its id, as far as this net can begin with them. Blocking: called by a run. Raises
        `NotOurFile`."""
        from cvlab.core.weights import beginning

        return beginning(net, which, self.models)

    def remove_leftovers(self) -> None:
        """Removes in the background what killed processes have left, also beside the projects that were open last."""
        self.jobs.submit("leftovers", RemoveLeftovers(tuple(map(Path, self.settings.recent))))

    def pump(self) -> None:
        """Takes in what threads have produced. On the GUI thread, some 30 times a second."""
        self.runs.deliver()
        self.jobs.drain()
        run = self.runs.current
        if run is not None and (run.id, run.state.notice) != self._told:
            self._told = (run.id, run.state.notice)
            if run.state.notice and run.suggested is not None and run.is_active:
                turn = Remedy(f"Turn it down to {run.suggested:g}", TurnDown(run, run.suggested).act)
                self.notices.post(Notice("warning", run.title, run.state.notice, remedies=(turn,)))
            elif run.state.notice:
                self.notices.info(run.title, run.state.notice)

    # -- the project's file ------------------------------------------------------------------------------------------

    def new(self) -> None:
        """An untitled project; the open one is autosaved first."""
        self.autosave()
        self._adopt(Project())

    def open(self, path: Path) -> None:
        """Opens a project file; raises `FileError` and leaves what is open as it is."""
        project = load_project(path)
        project.path = path
        self._adopt(project)
        self._remember(path)

    def save(self, path: Path | None = None) -> None:
        """Writes the project to its file, or to another one. Raises `CannotWrite`; nothing is lost then."""
        target = path or self.project.path
        if target is None:
            raise ValueError("a project without a file needs a path to be saved to")
        save_project(self.project, target)
        self.project.path = target
        self.project.title = target.stem
        self.history.mark_clean()
        self._remember(target)

    def autosave(self) -> None:
        """Keeps the project for the next start. Never raises: a full disk must not keep the window from closing."""
        with contextlib.suppress(CvlabError, OSError):
            save_project(self.project, paths.autosave() / AUTOSAVE)
            self.settings.save()

    def restore(self) -> bool:
        """Brings back the project of the last time; False if there is none that can be read."""
        path = paths.autosave() / AUTOSAVE
        if not path.exists():
            return False
        try:
            self._adopt(load_project(path, ours=True))
        except CvlabError as error:
            self.notices.error(error)
            return False
        return True

    def _adopt(self, project: Project) -> None:
        # The views hold on to this project object: its fields take the new values.
        self.project.adopt(project)
        self.history.clear()

    def _remember(self, path: Path) -> None:
        recent = [str(path), *(p for p in self.settings.recent if p != str(path))]
        self.settings.recent = recent[:10]
        with contextlib.suppress(CvlabError):
            self.settings.save()

    def close(self) -> None:
        """Stops the run (it saves itself), cancels the jobs, waits for the threads, keeps the project."""
        self.autosave()
        self.runs.close()
        self.jobs.shutdown()
