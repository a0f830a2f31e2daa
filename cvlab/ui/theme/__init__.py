"""Looks: colours by role, light and dark, the style sheet, icons. The only place that knows a colour."""

from cvlab.ui.theme.theme import Theme, theme

__all__ = ["Theme", "theme"]
