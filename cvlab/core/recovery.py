"""What earlier windows left: the project of the last one comes back, and work of those that ended unexpectedly is offered."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from cvlab.core.autosave import Autosave
from cvlab.core.notices import Notice, Notices, Remedy
from cvlab.core.project import Project
from cvlab.core.storage.autosave import AutosaveFolder, AutosaveFolders, AutosaveRecord, file_stamp
from cvlab.core.storage.files import DamagedFile, set_aside
from cvlab.core.storage.project_file import load_project, title_of
from cvlab.engine.errors import CvlabError, NewerFile

Adopt = Callable[[Project, bool], None]
"""Takes a project in place of the open one; the second value says whether it differs from its file."""


@dataclass(frozen=True)
class Left:
    """What one earlier window left behind."""

    folder: AutosaveFolder
    record: AutosaveRecord

    @property
    def title(self) -> str:
        file = self.record.file
        return title_of(file.stem) if file is not None else "Untitled"

    @property
    def when(self) -> str:
        """The time of its last writing: "10:46", with the day where that is not today."""
        time = self.record.time
        if time is None:
            return "an earlier session"
        return f"{time:%H:%M}" if time.date() == datetime.now().date() else f"{time.day} {time:%B, %H:%M}"


class Recovery:
    """Looks through the folders of earlier sessions once, at the start; later it does what its notices offer."""

    def __init__(self, folders: AutosaveFolders, autosave: Autosave, notices: Notices, adopt: Adopt) -> None:
        """adopt: called with a project that is to be opened in place of the present one."""
        self._folders, self._autosave, self._notices, self._adopt = folders, autosave, notices, adopt

    def start(self, *, reopens: bool) -> bool:
        """Claims a folder for this window, brings back the last project if `reopens`, and offers what else was left.

        Returns:
            Whether a project was brought back.
        """
        self._folders.take_over_old()
        self._folders.clean()
        left, others = self._find()
        if others:
            self._notices.info(
                "cvlab is open in another window",
                "This window starts with a project of its own and keeps its own autosave; neither replaces the other's.",
            )
        is_back = False
        for each in left:
            if reopens and not is_back:
                is_back = self._continue(each)
            if each.folder.is_alive() or not each.folder.holds_project:
                continue  # this window goes on with it, or its file was opened
            if each.record.differs:
                self._offer(each)
            else:
                self._forget(each)
        try:
            self._autosave.folder.claim()
        except CvlabError as error:
            self._autosave.failure = error
        return is_back

    def _find(self) -> tuple[list[Left], int]:
        """What ended sessions left, newest first, and how many sessions are alive."""
        left, others = [], 0
        for folder in self._folders.all():
            if folder.path == self._autosave.folder.path:
                continue
            if folder.is_alive():
                others += 1
            elif folder.holds_project:
                try:
                    left.append(Left(folder, folder.record()))
                except CvlabError as error:
                    self.tell_damaged(set_aside(folder.path, error), "The autosaved project")
        return left, others

    # -- at the start ------------------------------------------------------------------------------------------------------

    def _continue(self, left: Left) -> bool:
        """Opens what was open: as it was left after a clean end, as its file has it after any other. False if nothing can be."""
        record, file = left.record, left.record.file
        is_current = file is None or (record.stamp != "" and file_stamp(file) == record.stamp)
        if not (record.is_closed or not record.differs):
            return self._reopen(file)  # the autosave itself is offered
        if not is_current and file_stamp(file) and not record.is_unsaved and self._reopen(file):
            self._forget(left)
            return True
        try:
            left.folder.claim()
            project = left.folder.load()
        except CvlabError as error:
            self._refuse(left, error)
            return self._reopen(file)
        self._take(project, left, record.is_unsaved or not is_current)
        self._autosave.start_with(left.folder, is_closed=record.is_closed)
        if not is_current:
            self._tell_changed(file)
        return True

    def _reopen(self, file: Path | None) -> bool:
        """Opens a project by its file's name; False, with a notice, if it cannot be."""
        if file is None:
            return False
        try:
            project = load_project(file)
        except CvlabError as error:
            self._notices.error(error)
            return False
        project.path, project.title = file, title_of(file.stem)
        self._adopt(project, False)
        return True

    def _take(self, project: Project, left: Left, is_unsaved: bool) -> None:
        project.path = left.record.file
        self._adopt(project, is_unsaved)

    def _tell_changed(self, file: Path | None) -> None:
        if file is None:
            return
        what = "was changed by another program" if file_stamp(file) else "is no longer where it was"
        self._notices.post(
            Notice(
                "warning",
                f"{file.name} {what}",
                "What is open is your own last work on it. Save as… keeps both; Save writes it to that file.",
            )
        )

    # -- what is offered ---------------------------------------------------------------------------------------------------

    def _offer(self, left: Left) -> None:
        if left.record.is_closed:
            text = f"A window was closed while {left.title} had unsaved changes."
        else:
            text = f"cvlab ended unexpectedly while {left.title} had unsaved changes."
        self._notices.post(
            Notice(
                "warning", f"Recovered work from {left.when}", text,
                remedies=(
                    Remedy("Restore", _Answer(self, left).restore), Remedy("Discard", _Answer(self, left).discard)
                ),
            )
        )  # fmt: skip

    def restore(self, left: Left) -> None:
        """Opens recovered work; what is open now is kept, and can be had back. Raises nothing: failures are notices."""
        try:
            left.folder.claim()
            project = left.folder.load()
        except CvlabError as error:
            self._refuse(left, error)
            return
        try:
            present = self._keep_present()
        except CvlabError as error:
            left.folder.release()
            self._notices.error(error, Remedy("Restore", _Answer(self, left).restore))
            return
        self._take(project, left, True)
        if self._autosave.write_now():
            left.folder.remove()  # only now: the work is in this window's own folder
        else:
            left.folder.release()
        undo = (Remedy("Undo", _Answer(self, present).restore),) if present is not None else ()
        self._notices.success(f"Restored work from {left.when}", f"{left.title} has unsaved changes.", *undo)

    def _keep_present(self) -> Left | None:
        """What is open now, in a folder as of an earlier window; None where it is as its file is. Raises `CannotWrite`."""
        if not self._autosave.write_now():
            raise (
                self._autosave.failure
                if isinstance(self._autosave.failure, CvlabError)
                else CvlabError("The open project could not be kept, so nothing was restored.")
            )
        folder = self._autosave.folder
        if not folder.holds_project:
            return None
        record = folder.record()
        if not record.differs:
            return None
        folder.release()
        self._autosave.move_to(self._folders.new())
        return Left(folder, record)

    def discard(self, left: Left) -> None:
        """Moves recovered work to where it is kept for 30 days. Raises nothing: failures are notices."""
        try:
            left.folder.claim()
            moved = Left(self._folders.discard(left.folder), left.record)
        except CvlabError as error:
            self._notices.error(error)
            return
        self._notices.info(
            f"Discarded work from {left.when}",
            "It is kept for 30 days.",
            Remedy("Undo", _Answer(self, moved).bring_back),
        )

    def bring_back(self, left: Left) -> None:
        """Offers discarded work again. Raises nothing: failures are notices."""
        try:
            self._offer(Left(self._folders.bring_back(left.folder), left.record))
        except CvlabError as error:
            self._notices.error(error)

    def _refuse(self, left: Left, error: CvlabError) -> None:
        """Work that cannot be opened: of a later version or another window it stays, else it is set aside."""
        if left.folder.is_claimed and not isinstance(error, NewerFile):
            left.folder.release()
            self.tell_damaged(set_aside(left.folder.path, error), "The autosaved project")
        else:
            left.folder.release()
            self._notices.error(error)

    def _forget(self, left: Left) -> None:
        """Removes what is in its file anyway."""
        try:
            left.folder.claim()
        except CvlabError:
            return  # another window has it
        left.folder.remove()

    def tell_damaged(self, damaged: DamagedFile, what: str = "") -> None:
        """A notice about a file that could not be read. what: the thing in words, where the name of the file does not say it."""
        where = f"It was kept as {damaged.kept.name}." if damaged.kept is not None else "It was left where it is."
        text = f"{what} could not be read. {where}" if what else where
        self._notices.post(Notice("warning", f"{damaged.path.name} cannot be read", text, damaged.reason))


@dataclass(frozen=True)
class _Answer:
    """What a button of a notice does."""

    recovery: Recovery
    left: Left

    def restore(self) -> None:
        self.recovery.restore(self.left)

    def discard(self) -> None:
        self.recovery.discard(self.left)

    def bring_back(self) -> None:
        self.recovery.bring_back(self.left)
