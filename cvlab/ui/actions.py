"""Actions as data: one declaration serves the menu, the shortcut, the toolbar and the command palette."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Action:
    """id: permanent, "<panel>.<verb>". act: a bound method. menu: "File", "Edit", "View", "Run", "Help", or "" for palette only.

    enabled: a bound method asked whenever menus or the palette open, when its panel comes to the front, on every change of a
    run, and, for the panel in front, after changes of the history.
    """

    id: str
    text: str
    act: Callable[[], None]
    shortcut: str = ""
    icon: str = ""
    tooltip: str = ""
    menu: str = ""
    enabled: Callable[[], bool] | None = None
