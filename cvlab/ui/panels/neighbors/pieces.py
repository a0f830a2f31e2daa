"""The shared controls under this panel's names, and how its numbers are written."""

from __future__ import annotations

from PySide6.QtWidgets import QComboBox, QPushButton, QWidget

from cvlab.ui.widgets import controls
from cvlab.ui.widgets.controls import Control, label

__all__ = ["button", "chip", "choice", "icon_button", "label", "named", "percent", "plain"]

_PANEL = "neighbors"


def named(widget: Control, name: str, words: str, tip: str) -> Control:
    return controls.named(widget, f"{_PANEL}.{name}", words, tip)


def button(parent: QWidget, name: str, words: str, tip: str, *, glyph: str = "", role: str = "") -> QPushButton:
    return controls.button(parent, f"{_PANEL}.{name}", words, tip, glyph=glyph, role=role)


def icon_button(parent: QWidget, name: str, glyph: str, words: str, tip: str) -> QPushButton:
    return controls.icon_button(parent, f"{_PANEL}.{name}", glyph, words, tip)


def chip(parent: QWidget, name: str, words: str, tip: str, *, checkable: bool = False) -> QPushButton:
    made = button(parent, name, words, tip, role="chip")
    made.setCheckable(checkable)
    return made


def choice(parent: QWidget, name: str, words: str, tip: str, items: list[tuple[str, object]]) -> QComboBox:
    """A combo box; items: (words, value)."""
    made = named(QComboBox(parent), name, words, tip)
    for text, value in items:
        made.addItem(text, value)
    return made


def percent(share: float, places: int = 1) -> str:
    """0.3845 -> "38.5 %"."""
    return f"{share:.{places}%}".replace("%", " %")


def plain(value: float) -> str:
    """A distance: whole numbers whole, others with four figures, a true minus."""
    text = f"{value:,.0f}" if float(value).is_integer() else f"{value:,.4g}" if abs(value) < 1_000 else f"{value:,.1f}"
    return text.replace("-", "−")
