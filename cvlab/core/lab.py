"""The lab: one project and everything that works on it. The window and the tests make one; the command line a part of one."""

from __future__ import annotations

import contextlib
import json
import logging
from dataclasses import dataclass
from pathlib import Path
from time import time
from typing import TYPE_CHECKING

from cvlab.core import paths
from cvlab.core.autosave import DELAY, Autosave, AutosaveState
from cvlab.core.evaluation import EvaluateOnTest
from cvlab.core.history import History
from cvlab.core.jobs import JobControl, Jobs
from cvlab.core.leftovers import RemoveLeftovers
from cvlab.core.locked_test_set import LockedTestSet, ShownFigures
from cvlab.core.models import Models
from cvlab.core.notices import Notice, Notices, Remedy
from cvlab.core.project import Project, ProjectSnapshot
from cvlab.core.recipes import Recipes
from cvlab.core.recovery import Recovery
from cvlab.core.run import Run
from cvlab.core.runs import Runs
from cvlab.core.settings import Settings
from cvlab.core.storage.autosave import AutosaveFolders, file_stamp
from cvlab.core.storage.files import DamagedFile, free_name
from cvlab.core.storage.project_file import load_project, save_project, title_of
from cvlab.core.storage.record import RunRecord
from cvlab.core.storage.trash import Trash
from cvlab.engine.disk import write_whole
from cvlab.engine.errors import CvlabError

if TYPE_CHECKING:
    from cvlab.core.weights import Weights
    from cvlab.engine.data.dataset import Dataset
    from cvlab.engine.nets.architecture import Architecture


log = logging.getLogger("cvlab.core")


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
    """Owns the project, its history, the runs and the background jobs. Call `pump` often and `close` once.

    autosave: writes the project to this window's own folder. recovery: what earlier windows left.
    """

    def __init__(self, *, autosave_delay: float = DELAY, autosaves: bool = True) -> None:
        """autosave_delay: seconds from a change to its writing. autosaves: whether the project is kept at all; a lab that only
        shows something must not take the place of a person's last project."""
        self.project = Project()
        self.history = History()
        self.jobs = Jobs()
        self.notices = Notices()
        self._told = ("", "")
        self._saved: ProjectSnapshot | None = Project().snapshot()
        self._stamp = ""
        self._autosaves = autosaves
        self._autosave_failed: Notice | None = None
        folders = AutosaveFolders(paths.autosave())
        self.autosave = Autosave(folders.new(), self._autosave_state, autosave_delay)
        self.recovery = Recovery(folders, self.autosave, self.notices, self._take_back)
        self.settings = Settings.load()
        self.test_set = LockedTestSet(self.project, self.settings)
        self.runs = Runs(paths.runs(), self.dataset, self.first_weights, self._reads_test_set)
        self.runs.ended.connect(self._count_test_read)
        self.runs.line.recall()
        for damaged in (*self.settings.damaged, *self.runs.line.damaged):
            self.recovery.tell_damaged(damaged)
        self.recipes = Recipes(paths.recipes())
        self.models = Models(paths.resources() / "models", self.runs, paths.nets(), self._shown_figures)
        self.test_set.changed.connect(self._figures_changed)

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

    # -- the test set ------------------------------------------------------------------------------------------------

    def _reads_test_set(self) -> bool:
        """Whether a run that ends now reads the test set. Called on the run's thread."""
        return self.test_set.is_unlocked

    def _shown_figures(self) -> ShownFigures:
        return self.test_set.shown

    def _figures_changed(self) -> None:
        self.models.changed.emit()

    def _count_test_read(self, run: Run) -> None:
        if run.state.status == "finished" and run.state.test_accuracy is not None:
            self.test_set.count_read(run.recipe.data)

    def evaluate_on_test(self, folder: Path) -> None:
        """Measures a run on the test set in the background, or takes the figure that it has; shows it though the test set is
        locked, and counts the reading. A failure becomes a notice."""
        request = EvaluateOnTest(folder, self.dataset)
        self.jobs.submit(f"test.{folder.name}", request, done=self._evaluated, failed=self._not_evaluated)

    def is_evaluating(self, run_id: str) -> bool:
        return self.jobs.is_busy(f"test.{run_id}")

    def _evaluated(self, record: RunRecord) -> None:
        run = self.runs.current
        if run is not None and run.id == record.id:
            run.folder.record = record
            run.state.test_accuracy = record.result.get("test_accuracy")
        self.test_set.reveal(record.id)
        self.test_set.count_read(record.recipe.data)

    def _not_evaluated(self, error: BaseException) -> None:
        self.notices.error(error)
        self.test_set.changed.emit()  # who waits for the figure may ask again

    def remove_leftovers(self) -> None:
        """Removes in the background what killed processes have left, also beside the projects that were open last."""
        self.jobs.submit("leftovers", RemoveLeftovers(tuple(map(Path, self.settings.recent))))

    def pump(self) -> None:
        """Takes in what threads have produced. On the GUI thread, some 30 times a second."""
        if self._autosaves:
            self.autosave.look()
            self._tell_autosave()
        if self.project.unreadable:
            self._tell_unreadable()
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
        """An untitled project."""
        self._adopt(Project())

    def open(self, path: Path) -> None:
        """Opens a project file; raises `FileError` and leaves what is open as it is."""
        path = path.absolute()
        stamp = file_stamp(path)
        project = load_project(path)
        project.path, project.title = path, title_of(path.stem)
        self._adopt(project, stamp)
        self._remember(path)

    def save(self, path: Path | None = None) -> None:
        """Writes the project to its file, or to another one. Raises `CannotWrite`; nothing is lost then."""
        target = path or self.project.path
        if target is None:
            raise ValueError("a project without a file needs a path to be saved to")
        target = target.absolute()
        save_project(self.project, target)
        self.project.path = target
        self.project.title = title_of(target.stem)
        self.history.mark_clean()
        self._saved, self._stamp = self.project.snapshot(), file_stamp(target)
        self._remember(target)

    def restore(self, *, reopens: bool = True) -> bool:
        """Brings back the project of the last time if `reopens`, and offers what windows that ended unexpectedly left. False if
        nothing was brought back. Call it once, before anything is changed."""
        try:
            is_back = self.recovery.start(reopens=reopens)
        except Exception as error:  # the window starts without what was left; nothing of it is removed
            log.exception("earlier sessions could not be looked through")
            self.notices.error(error)
            is_back = False
        if self._autosaves:
            self.autosave.look()  # from here on changes are kept, even if the window hangs before it is painted
        return is_back

    def check_files(self) -> None:
        """Looks in the background for runs, nets and results that cannot be read, sets them aside, and posts a notice."""
        from cvlab.core.damaged_files import FindDamagedFiles

        request = FindDamagedFiles(paths.runs(), paths.nets(), paths.recipes(), paths.data())
        self.jobs.submit("files", request, done=self._tell_damaged)

    def _tell_damaged(self, found: list[DamagedFile]) -> None:
        if len(found) == 1:
            self.recovery.tell_damaged(found[0])
        elif found:
            names = [f"{each.path.parent.name}/{each.path.name}" for each in found]
            more = f" and {len(names) - 3} more" if len(names) > 3 else ""
            text = f"{', '.join(names[:3])}{more}. Each is kept beside its place, under a name with “damaged”."
            self.notices.post(Notice("warning", f"{len(found)} files cannot be read", text, found[0].reason))

    def _take_back(self, project: Project, is_unsaved: bool) -> None:
        """Opens what an earlier window left. is_unsaved: it differs from its file."""
        self._adopt(project, file_stamp(project.path))
        if project.path is not None and is_unsaved:
            self._saved = None  # what the file holds is not read
        if is_unsaved:
            self.history.mark_unsaved()

    def _adopt(self, project: Project, stamp: str = "") -> None:
        # The views hold on to this project object: its fields take the new values.
        self.project.adopt(project)
        self.history.clear()
        self._saved = self.project.snapshot() if self.project.path is not None else Project().snapshot()
        self._stamp = stamp

    def _autosave_state(self) -> AutosaveState:
        return AutosaveState(self.project.snapshot(), not self.history.is_clean, self._saved, self._stamp)

    def _tell_autosave(self) -> None:
        """A notice when the project can no longer be autosaved, once, and another one when it can again."""
        failure = self.autosave.failure
        if failure is not None and self._autosave_failed is None:
            what = failure if isinstance(failure, CvlabError) else f"{type(failure).__name__}: {failure}"
            self._autosave_failed = self.notices.post(
                Notice("error", "Changes are not autosaved", f"{what} It is tried again until it works.")
            )
        elif failure is None and self._autosave_failed is not None:
            self.notices.dismiss(self._autosave_failed.id)
            self._autosave_failed = None
            self.notices.success("Changes are autosaved again")

    def _tell_unreadable(self) -> None:
        """Parts of a project that could not be read, each kept in a file of its own."""
        parts, self.project.unreadable = self.project.unreadable, {}
        for panel_id, section in parts.items():
            path = free_name(paths.autosave() / f"{panel_id}.json")
            with contextlib.suppress(CvlabError, ValueError, RecursionError):
                write_whole(path, json.dumps(section, indent=1).encode())
            self.recovery.tell_damaged(
                DamagedFile(path.with_name(panel_id), path, ""),
                f"The part of the panel {panel_id} in the autosaved project",
            )

    def _remember(self, path: Path) -> None:
        self.settings.add_recent(path)
        with contextlib.suppress(CvlabError):
            self.settings.save()

    def close(self) -> None:
        """Stops the run (it saves itself), cancels the jobs, waits for the threads, keeps the project. A full disk does not
        keep the window from closing."""
        if self._autosaves:
            self.autosave.close()
            with contextlib.suppress(CvlabError):
                self.settings.save()
        self.runs.close()
        self.jobs.shutdown()
