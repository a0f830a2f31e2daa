"""Colours by role, for light and dark, and the type sizes and the radius that everything is built from."""

from __future__ import annotations

from dataclasses import dataclass, field

RADIUS = 8
TEXT, SMALL, HEADING = 13, 12, 18
"""Type sizes in pixels."""


@dataclass(frozen=True)
class Tokens:
    """One theme's colours. Text roles are at least 4.5:1 on every ground (`faint` is for lines, never for text)."""

    name: str
    surface: str  # behind everything
    raised: str  # cards, docks, menus
    sunken: str  # wells: canvases, plots, text fields
    ink: str
    muted: str  # secondary text
    faint: str  # hairlines, grid
    line: str  # outlines of controls, 3:1 on `raised` so that a field can be seen to be one
    hover: str  # under the pointer
    accent: str
    accent_ink: str  # text on accent
    accent_soft: str  # selected rows, hovered buttons
    positive: str  # forward values, success
    negative: str  # gradients, failure
    warning: str
    train: str  # curves of the training split
    held_out: str  # curves of the held-out split
    classes: tuple[str, ...] = ()
    roles: dict[str, str] = field(
        default_factory=dict
    )  # layer kinds: input conv pool activation shape linear regularise norm merge group missing


# Ten hues that differ in lightness too, so that they survive a projector and most colour blindness.
_CLASSES_LIGHT = (
    "#4269d0", "#c77700", "#d9432f", "#1f9e8f", "#3a8f3f", "#d0428f", "#8a4fd3", "#6f86a8", "#8c5a3b", "#6b6f76",
)  # fmt: skip
_CLASSES_DARK = (
    "#7f9df5", "#efb118", "#ff725c", "#6cc5b0", "#61c06b", "#ff8ab7", "#b48cf0", "#97bbf5", "#c49a7d", "#a7adb5",
)  # fmt: skip

LIGHT = Tokens(
    name="light", surface="#f5f6f8", raised="#ffffff", sunken="#eceef2", ink="#1b1f27", muted="#5a6372", faint="#d9dde4",
    line="#878f9d", hover="#eceff4",
    accent="#3b5bdb", accent_ink="#ffffff", accent_soft="#e3e9ff", positive="#1b7738", negative="#c62f2f", warning="#925d00",
    train="#3b5bdb", held_out="#c75d00", classes=_CLASSES_LIGHT,
    roles={"input": "#5a6372", "conv": "#3b5bdb", "pool": "#0f8478", "activation": "#b25e00", "shape": "#6b7280",
           "linear": "#7a3fc4", "regularise": "#b83280", "norm": "#1c7293", "merge": "#4d7c0f",
           "group": "#3f4a5c", "missing": "#c62f2f"},
)  # fmt: skip

DARK = Tokens(
    name="dark", surface="#14171c", raised="#1c2027", sunken="#101317", ink="#e7eaf0", muted="#9aa4b4", faint="#2e343e",
    line="#687180", hover="#282e38",
    accent="#8ea6ff", accent_ink="#0e1220", accent_soft="#28304d", positive="#5fce85", negative="#ff7b72", warning="#e8b04a",
    train="#8ea6ff", held_out="#ffab5e", classes=_CLASSES_DARK,
    roles={"input": "#9aa4b4", "conv": "#8ea6ff", "pool": "#4fc9b8", "activation": "#f0a24a", "shape": "#a0a8b4",
           "linear": "#c39bff", "regularise": "#f28cc0", "norm": "#6cc3e6", "merge": "#a9d159",
           "group": "#b8c2d3", "missing": "#ff7b72"},
)  # fmt: skip
