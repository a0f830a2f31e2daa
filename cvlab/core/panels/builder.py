"""The builder's state: what is selected. The net itself is the project's."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from cvlab.core.panels.saved import SavedState
from cvlab.core.state import observable


@observable
class BuilderState:
    """selected: ids of the selected layers. folded: palette groups that are folded away. share: whose share the bars show."""

    selected: tuple[int, ...] = ()
    folded: tuple[str, ...] = ()
    share: str = "parameters"


class SavedBuilder(SavedState):
    """The panel's part of a project file."""

    kind = BuilderState

    selected: tuple[int, ...] = Field((), max_length=2000)
    folded: tuple[str, ...] = Field((), max_length=40)
    share: Literal["parameters", "work", "memory"] = "parameters"
