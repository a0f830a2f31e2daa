"""The small pieces that stand on this panel's pages."""

from __future__ import annotations

from typing import TypeVar

from PySide6.QtWidgets import QComboBox, QLabel, QPushButton, QWidget

from cvlab.ui.theme.icons import icon

Control = TypeVar("Control", bound=QWidget)


def named(widget: Control, name: str, words: str, tip: str) -> Control:
    """The control with its permanent name, its spoken name and what it teaches."""
    widget.setObjectName(f"neighbors.{name}")
    widget.setAccessibleName(words)
    widget.setToolTip(tip)
    return widget


def button(parent: QWidget, name: str, words: str, tip: str, *, glyph: str = "", role: str = "") -> QPushButton:
    """A button with words, perhaps a glyph before them."""
    made = QPushButton(words, parent)
    if glyph:
        made.setIcon(icon(glyph, "accent_ink" if "primary" in role else "ink"))
    made.setProperty("role", role)
    return named(made, name, words, tip)


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


def label(parent: QWidget, text: str = "", role: str = "small muted", *, wraps: bool = False) -> QLabel:
    made = QLabel(text, parent)
    made.setProperty("role", role)
    made.setWordWrap(wraps)
    return made


def percent(share: float, places: int = 1) -> str:
    """0.3845 -> "38.5 %"."""
    return f"{share:.{places}%}".replace("%", " %")


def plain(value: float) -> str:
    """A distance: whole numbers whole, others with four figures, a true minus."""
    text = f"{value:,.0f}" if float(value).is_integer() else f"{value:,.4g}" if abs(value) < 1_000 else f"{value:,.1f}"
    return text.replace("-", "−")
