"""Undo and redo: commands on the document, merged while a gesture lasts, with a clean mark for the title bar."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

from psygnal import Signal

LIMIT = 5000
"""Commands kept. A command holds two references, so thousands cost next to nothing."""


class Command(Protocol):
    """One edit of the document. label: what undo and redo call it. `do` is called first, then `undo` and `do` by turns."""

    label: str

    def do(self) -> None: ...
    def undo(self) -> None: ...
    def merge(self, later: Command) -> bool:
        """Take `later` into this command, if both belong to one gesture."""
        ...


@dataclass
class SetField:
    """Another value for one field of a state. `merge_key`: edits with the same key (one slider drag) become one step."""

    state: Any
    field: str
    new: Any
    label: str
    merge_key: str = ""

    def __post_init__(self) -> None:
        self.old = getattr(self.state, self.field)

    def do(self) -> None:
        setattr(self.state, self.field, self.new)

    def undo(self) -> None:
        setattr(self.state, self.field, self.old)

    def merge(self, later: Command) -> bool:
        same = (
            isinstance(later, SetField)
            and bool(self.merge_key)
            and (later.state, later.field, later.merge_key) == (self.state, self.field, self.merge_key)
        )
        if same:
            self.new = later.new
        return same


_NOWHERE = object()
"""The clean mark of a document that no command leads back to."""


class History:
    """The stack of commands. `changed` is emitted after every push, undo, redo and clean mark."""

    changed = Signal()

    def __init__(self) -> None:
        self._done: list[Command] = []
        self._undone: list[Command] = []
        self._clean: Command | object | None = None
        self._may_merge = False

    def push(self, command: Command) -> None:
        """Do the command and remember it."""
        command.do()
        self._undone.clear()
        mergeable = self._may_merge and self._done and self._done[-1] is not self._clean
        if not (mergeable and self._done[-1].merge(command)):
            self._done.append(command)
            del self._done[:-LIMIT]
        self._may_merge = True
        self.changed.emit()

    def end_gesture(self) -> None:
        """The next command starts a new undo step even if it could merge (the mouse was released)."""
        self._may_merge = False

    def undo(self) -> None:
        if self._done:
            command = self._done.pop()
            command.undo()
            self._undone.append(command)
            self._may_merge = False
            self.changed.emit()

    def redo(self) -> None:
        if self._undone:
            command = self._undone.pop()
            command.do()
            self._done.append(command)
            self._may_merge = False
            self.changed.emit()

    def clear(self) -> None:
        """Forget everything; what is open now counts as saved."""
        self._done.clear()
        self._undone.clear()
        self.mark_clean()

    def mark_unsaved(self) -> None:
        """The document differs from its file, and no undo leads back to it: `is_clean` is False until `mark_clean`."""
        self._clean = _NOWHERE
        self._may_merge = False
        self.changed.emit()

    def mark_clean(self) -> None:
        """The document is now as it is on disk."""
        self._clean = self._done[-1] if self._done else None
        self._may_merge = False
        self.changed.emit()

    @property
    def is_clean(self) -> bool:
        """Whether undo and redo are where `mark_clean` was called last."""
        return (self._done[-1] if self._done else None) is self._clean

    @property
    def can_undo(self) -> bool:
        return bool(self._done)

    @property
    def can_redo(self) -> bool:
        return bool(self._undone)

    def is_last(self, command: Command) -> bool:
        """Whether `undo` would undo this command."""
        return bool(self._done) and self._done[-1] is command

    @property
    def undo_label(self) -> str:
        return self._done[-1].label if self._done else ""

    @property
    def redo_label(self) -> str:
        return self._undone[-1].label if self._undone else ""
