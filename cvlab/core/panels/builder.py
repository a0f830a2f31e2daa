"""The builder's state: what is selected. The net itself is the project's."""

from __future__ import annotations

from pydantic import Field

from cvlab.core.panels.saved import SavedState
from cvlab.core.state import observable


@observable
class BuilderState:
    """selected: ids of the selected layers."""

    selected: tuple[int, ...] = ()


class SavedBuilder(SavedState):
    """The panel's part of a project file."""

    kind = BuilderState

    selected: tuple[int, ...] = Field((), max_length=2000)
