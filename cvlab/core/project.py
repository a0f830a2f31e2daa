"""The project: everything that is saved and undone, as observable state. Panels meet only here."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from functools import cache
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from pydantic import ValidationError

from cvlab.core.panels import STATES, saved_class, state_class
from cvlab.core.state import batch, observable
from cvlab.engine.nets import zoo
from cvlab.engine.nets.architecture import Architecture
from cvlab.engine.training.recipe import Recipe

log = logging.getLogger("cvlab.core")


@dataclass(frozen=True, eq=False)
class ProjectSnapshot:
    """A project at one moment: its fields, those of the panel states in use, and the sections that are still as they were read.

    It holds references to immutable values, so taking one is cheap and any thread may read it.
    """

    title: str
    path: Path | None
    architecture: Architecture
    recipe: Recipe
    panel: str
    test_unlocked: bool
    test_revealed: tuple[str, ...]
    test_reads: dict[str, int]
    states: dict[str, dict[str, Any]]
    unread: dict[str, Any]

    def is_same(self, other: ProjectSnapshot) -> bool:
        """Whether both refer to the very same values. Cheap; equal values that were made twice count as different."""
        mine, theirs = self._references(), other._references()
        return len(mine) == len(theirs) and all(a is b for a, b in zip(mine, theirs, strict=True))

    def _references(self) -> list[Any]:
        parts = [
            self.title,
            self.path,
            self.architecture,
            self.recipe,
            self.panel,
            *self.test_set,
            *self.unread.values(),
        ]
        # Names are interned, so a state that is new to the project differs as a value that is new to a state does.
        for name, values in self.states.items():
            parts.append(name)
            parts += values.values()
        return parts

    @property
    def test_set(self) -> tuple[bool, tuple[str, ...], dict[str, int]]:
        """Whether the test set is unlocked, the runs whose figure was asked for, and how often it was read."""
        return self.test_unlocked, self.test_revealed, self.test_reads

    def sections(self) -> dict[str, Any]:
        """The panels' parts of a project file, by panel id: those in use saved anew, the others as they were read."""
        return self.unread | {name: self.section(name) for name in self.states}

    def section(self, panel_id: str) -> dict[str, Any]:
        """The section of a panel state that is in use. Raises ValidationError for a state that a file may not hold."""
        return saved_class(panel_id).of(SimpleNamespace(**self.states[panel_id])).model_dump(mode="json")


def _values(state: Any) -> dict[str, Any]:
    return {name: getattr(state, name) for name in _field_names(type(state))}


@cache
def _field_names(kind: type) -> tuple[str, ...]:
    return tuple(each.name for each in fields(kind))


@observable
class Project:
    """One person's lab. `architecture` and `recipe` are immutable values: an edit puts another one here, through the history.

    The state of a panel is an attribute by the panel's id, `project.linear`: see `core.panels`. It is made on first need, new or
    from the section of the file that the project was read from; until then the section is kept as it is, and so are sections of
    panels that this version does not know.

    test_unlocked: whether test figures are shown and runs read the test set. test_revealed: ids of the runs whose test figure was
    asked for while it is locked. test_reads: how often the test set was read in this project, by data set. See `LockedTestSet`.
    unreadable: sections in place of which a panel started with its defaults, by panel id; whoever reports them empties it.
    """

    title: str = "Untitled"
    path: Path | None = None
    architecture: Architecture = field(default_factory=zoo.lenet)
    recipe: Recipe = field(default_factory=Recipe)
    panel: str = "builder"
    test_unlocked: bool = False
    test_revealed: tuple[str, ...] = ()
    test_reads: dict[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._states: dict[str, Any] = {}
        self._unread: dict[str, Any] = {}
        self.unreadable: dict[str, Any] = {}

    def __getattr__(self, name: str) -> Any:
        if name not in STATES:
            raise AttributeError(f"there is no panel state {name!r}")
        if name not in self._states:
            self._states[name] = self._read(name)
        return self._states[name]

    def __dir__(self) -> list[str]:
        return [*super().__dir__(), *STATES]

    def _read(self, panel_id: str) -> Any:
        section = self._unread.pop(panel_id, None)
        if section is not None:
            try:
                return saved_class(panel_id).model_validate(section).state()
            except ValidationError:
                # Only what this program saved by itself gets here unchecked: see `load_project`.
                log.exception("the section of %s cannot be read; the panel starts anew", panel_id)
                self.unreadable[panel_id] = section
        return state_class(panel_id)()

    def sections(self) -> dict[str, Any]:
        """The panels' parts of a project file, by panel id: those that are in use saved anew, the others as they were read."""
        return self.snapshot().sections()

    def snapshot(self) -> ProjectSnapshot:
        """Everything that is saved, as it is now. Takes some 30 microseconds: immutable values are only referred to."""
        states = {name: _values(state) for name, state in list(self._states.items())}
        return ProjectSnapshot(*_values(self).values(), states, dict(self._unread))

    def keep(self, sections: Mapping[str, Any]) -> None:
        """Sections of a file, each to be read when its panel is first looked at. For a project that nobody looks at yet."""
        self._unread.update(sections)

    def adopt(self, other: Project) -> None:
        """Takes over every value of another project, each announced once; panel states that are in use stay the same objects."""
        with batch(self, *self._states.values()):
            self._unread = {name: part for name, part in other.sections().items() if name not in self._states}
            for name, own in self._states.items():
                new = getattr(other, name)
                for each in fields(own):
                    setattr(own, each.name, getattr(new, each.name))
            for each in fields(self):
                setattr(self, each.name, getattr(other, each.name))
