"""The project: everything that is saved and undone, as observable state. Panels meet only here."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import field, fields
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from cvlab.core.panels import STATES, saved_class, state_class
from cvlab.core.state import batch, observable
from cvlab.engine.nets import zoo
from cvlab.engine.nets.architecture import Architecture
from cvlab.engine.training.recipe import Recipe

log = logging.getLogger("cvlab.core")


@observable
class Project:
    """One person's lab. `architecture` and `recipe` are immutable values: an edit puts another one here, through the history.

    The state of a panel is an attribute by the panel's id, `project.linear`: see `core.panels`. It is made on first need, new or
    from the section of the file that the project was read from; until then the section is kept as it is, and so are sections of
    panels that this version does not know.
    """

    title: str = "Untitled"
    path: Path | None = None
    architecture: Architecture = field(default_factory=zoo.lenet)
    recipe: Recipe = field(default_factory=Recipe)
    panel: str = "builder"

    def __post_init__(self) -> None:
        self._states: dict[str, Any] = {}
        self._unread: dict[str, Any] = {}

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
        return state_class(panel_id)()

    def sections(self) -> dict[str, Any]:
        """The panels' parts of a project file, by panel id: those that are in use saved anew, the others as they were read."""
        in_use = {name: saved_class(name).of(state).model_dump(mode="json") for name, state in self._states.items()}
        return self._unread | in_use

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
