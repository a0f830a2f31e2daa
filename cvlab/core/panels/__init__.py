"""The one list of what panels keep in the project: an observable state each, and the model that saves it.

`core/panels/<id>.py` defines `<Id>State`, made with `observable`, and `Saved<Id>`, a `SavedState`. Both are imported on first
need: a panel that is not looked at costs nothing at start.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from cvlab.core.panels.saved import SavedState

STATES: tuple[str, ...] = (
    "datasets",
    "neighbors",
    "linear",
    "optimization",
    "circuits",
    "convolution",
    "builder",
    "training",
    "digits",
    "runs",
)


def state_class(panel_id: str) -> type[Any]:
    """The state of this panel; built without arguments it is what a new project starts with."""
    return getattr(import_module(f"{__name__}.{panel_id}"), f"{panel_id.capitalize()}State")


def saved_class(panel_id: str) -> type[SavedState]:
    """The model of this panel's section in a project file."""
    return getattr(import_module(f"{__name__}.{panel_id}"), f"Saved{panel_id.capitalize()}")
