"""Writes the open project to the session's folder soon after it changed, on a thread of its own."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from time import monotonic
from typing import Any

from cvlab.core.panels import STATES, saved_class, state_class
from cvlab.core.project import ProjectSnapshot
from cvlab.core.storage.autosave import RECORD, AutosaveFolder, AutosaveRecord, now_text
from cvlab.core.storage.project_file import project_bytes
from cvlab.engine.errors import CvlabError

log = logging.getLogger("cvlab.core")

DELAY = 2.0
"""Seconds from a change to its writing. With the writing itself it stays below the five that may be lost."""
STALLED = 1.0
"""Seconds without a look from the GUI thread after which the writer looks itself: what made the window hang is kept, too."""
LOOKS = 8
"""Looks at the project during the delay."""


@dataclass(frozen=True, eq=False)
class AutosaveState:
    """All that is written.

    is_unsaved: the title bar says so. saved: what the project's file holds, or a new project where there is no file; None where
    that is not known. stamp: of the file as it was read or written last.
    """

    project: ProjectSnapshot
    is_unsaved: bool
    saved: ProjectSnapshot | None
    stamp: str

    def is_same(self, other: AutosaveState) -> bool:
        """Whether nothing has happened between the two."""
        mine, theirs = (self.is_unsaved, self.stamp), (other.is_unsaved, other.stamp)
        return mine == theirs and self.saved is other.saved and self.project.is_same(other.project)


class Autosave:
    """The writer of one window. Call `look` often on the GUI thread, it costs some 30 microseconds; `close` once.

    failure: why the last writing failed, None where it did not; it is tried again.
    """

    def __init__(self, folder: AutosaveFolder, take: Callable[[], AutosaveState], delay: float = DELAY) -> None:
        """take: the project's state now. delay: seconds from a change to its writing, at most 5 to keep the promise."""
        self.folder, self.delay = folder, delay
        self.failure: Exception | None = None
        self._take = take
        self._latest = take()
        self._base: AutosaveState | None = self._latest
        self._written: _Content | None = None
        self._says_closed = True
        self._sections = _Sections()
        self._condition = threading.Condition()
        self._due: float | None = None
        self._looked = 0.0
        self._is_ending = False
        self._thread: threading.Thread | None = None

    def start_with(self, folder: AutosaveFolder, *, is_closed: bool) -> None:
        """Writes to another folder from now on, which holds the project as it is now. is_closed: its record says that the window
        was closed. Only before the first `look`."""
        self.folder, self._says_closed = folder, is_closed
        self._latest = self._base = self._take()

    def move_to(self, folder: AutosaveFolder) -> None:
        """Writes to another folder from now on, in which nothing is yet. Only after `write_now`."""
        self.folder, self._written, self._says_closed = folder, None, False

    def look(self) -> None:
        """Notices what has changed; the writing follows on the writer's thread."""
        now = monotonic()
        if now - self._looked < self.delay / LOOKS:
            return
        state = self._take()
        with self._condition:
            self._looked = now
            self._see(state)
        if self._thread is None:
            self._thread = threading.Thread(target=self._work, name="cvlab-autosave", daemon=True)
            self._thread.start()

    def write_now(self, *, is_closed: bool = False) -> bool:
        """Writes what is there now, if it is not written yet, and ends the thread; `look` starts another one. False if that
        failed: `failure` says why."""
        self._stop()
        self._latest = self._take()
        self._write(self._latest, is_closed)
        return self.failure is None

    def close(self) -> None:
        """The last writing of a window that closes. The folder of a new project that was never changed is removed."""
        if self.write_now(is_closed=True) and self._written is not None and self._written.is_nothing:
            self.folder.remove()
        self.folder.release()

    def _stop(self) -> None:
        with self._condition:
            self._is_ending = True
            self._condition.notify()
        if self._thread is not None:
            self._thread.join()
            self._thread = None
        self._is_ending, self._due = False, None

    def _see(self, state: AutosaveState) -> None:
        if not state.is_same(self._latest):
            self._latest = state
            if self._due is None:
                self._due = monotonic() + self.delay
                self._condition.notify()

    def _work(self) -> None:
        while (state := self._next()) is not None:
            self._write(state)
            if self.failure is not None:
                with self._condition:
                    self._due = monotonic() + 2 * self.delay

    def _next(self) -> AutosaveState | None:
        """Waits for the next state to write; None at the end."""
        with self._condition:
            while not self._is_ending:
                now = monotonic()
                if now - self._looked > STALLED:
                    self._look_from_here()
                if self._due is not None and self._due <= now:
                    self._due = None
                    return self._latest
                self._condition.wait(STALLED if self._due is None else min(STALLED, self._due - now))
        return None

    def _look_from_here(self) -> None:
        try:
            self._see(self._take())
        except Exception:  # the GUI thread is at work after all, and changed what was being read
            log.debug("the project could not be read by the autosave's thread", exc_info=True)

    def _write(self, state: AutosaveState, is_closed: bool = False) -> None:
        try:
            if self._base is not None:
                base, self._base = self._base, None
                self._written = self._content(base)
            content = self._content(state)
            is_new = content != self._written or (is_closed and not self._says_closed)
            if is_new and (self.folder.holds_project or not content.is_nothing):
                self.folder.write(self._bytes(content, is_closed))
                self._says_closed = is_closed
            self._written = content
            self.failure = None
        except CvlabError as error:
            self.failure = error
        except Exception as error:
            log.exception("the project could not be autosaved")
            self.failure = error

    def _content(self, state: AutosaveState) -> _Content:
        sections, saved = self._sections.of(state.project), None
        if state.saved is not None:
            of_saved = _changed(self._sections.of_saved(state.saved))
            saved = (state.saved.architecture, state.saved.recipe, state.saved.test_set, of_saved)
        differs = saved != (
            state.project.architecture,
            state.project.recipe,
            state.project.test_set,
            _changed(sections),
        )
        return _Content(state, sections, differs)

    def _bytes(self, content: _Content, is_closed: bool) -> bytes:
        project = content.state.project
        record = AutosaveRecord(
            path=str(project.path) if project.path is not None else "",
            written=now_text(),
            is_closed=is_closed,
            differs=content.differs,
            is_unsaved=content.state.is_unsaved,
            stamp=content.state.stamp,
        )
        return project_bytes(project, content.sections, **{RECORD: record.text()})


@dataclass(frozen=True, eq=False)
class _Content:
    """What one writing puts on the disk, but for the time and whether the window was closed."""

    state: AutosaveState
    sections: dict[str, Any]
    differs: bool

    @property
    def is_nothing(self) -> bool:
        """A new project in which at most another panel was looked at."""
        return not self.differs and not self.state.is_unsaved and self.state.project.path is None

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Content) and self._key() == other._key()

    __hash__ = None

    def _key(self) -> tuple:
        project = self.state.project
        return (
            project.title, project.path, project.panel, project.architecture, project.recipe, project.test_set,
            _changed(self.sections),
            self.differs, self.state.is_unsaved, self.state.stamp,
        )  # fmt: skip


class _Sections:
    """Makes the sections of snapshots; those of a state that did not change are made once."""

    def __init__(self) -> None:
        self._made: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {}
        self._refused: set[str] = set()
        self._saved: tuple[ProjectSnapshot, dict[str, Any]] | None = None

    def of(self, snapshot: ProjectSnapshot) -> dict[str, Any]:
        """The sections by panel id. One that cannot be saved keeps what it held before, so that the others are kept."""
        found = dict(snapshot.unread)
        for name, values in snapshot.states.items():
            before = self._made.get(name)
            if before is None or any(values[key] is not before[0].get(key) for key in values):
                try:
                    self._made[name] = (values, snapshot.section(name))
                except Exception:
                    if name not in self._refused:
                        self._refused.add(name)
                        log.exception("the state of %s cannot be saved; its last one that could is kept", name)
            if name in self._made:
                found[name] = self._made[name][1]
        return found

    def of_saved(self, snapshot: ProjectSnapshot) -> dict[str, Any]:
        """The same for the snapshot that the others are compared with."""
        if self._saved is None or self._saved[0] is not snapshot:
            self._saved = (snapshot, _Sections().of(snapshot))
        return self._saved[1]


def _changed(sections: dict[str, Any]) -> dict[str, Any]:
    """Without those that hold what a new project has: a panel that was only looked at is no change."""
    return {name: part for name, part in sections.items() if name not in STATES or part != _default_section(name)}


@cache
def _default_section(panel_id: str) -> dict[str, Any]:
    return saved_class(panel_id).of(state_class(panel_id)()).model_dump(mode="json")
