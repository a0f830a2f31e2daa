"""Controls with everything that a control must have: a permanent name, a name for ears, and a tip that teaches."""

from __future__ import annotations

from typing import TypeVar

from PySide6.QtCore import QSize
from PySide6.QtWidgets import QLabel, QPushButton, QWidget

from cvlab.ui.theme.icons import icon

Control = TypeVar("Control", bound=QWidget)


def named(widget: Control, name: str, words: str, tip: str) -> Control:
    """name: "<panel>.<control>". words: what a screen reader says. tip: the tool tip."""
    widget.setObjectName(name)
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


def icon_button(parent: QWidget, name: str, glyph: str, words: str, tip: str) -> QPushButton:
    """A small quiet button with a glyph alone; the one that plays is the primary one."""
    is_primary = glyph == "play"
    made = QPushButton(icon(glyph, "accent_ink" if is_primary else "ink"), "", parent)
    made.setProperty("role", "primary icon" if is_primary else "quiet icon")
    made.setFixedSize(QSize(44 if is_primary else 36, 32))
    return named(made, name, words, tip)


def chip(parent: QWidget, name: str, words: str, tip: str, *, checkable: bool = False) -> QPushButton:
    """A small round button with words; where it is checkable, one of several choices."""
    made = button(parent, name, words, tip, role="chip")
    made.setCheckable(checkable)
    return made


def label(parent: QWidget, text: str = "", role: str = "small muted", *, wraps: bool = False) -> QLabel:
    made = QLabel(text, parent)
    made.setProperty("role", role)
    made.setWordWrap(wraps)
    return made


def steady(words: QLabel, widest: str) -> QLabel:
    """A line whose words change often: as wide as the widest, of fixed size, so that nothing around it is laid out again."""
    words.ensurePolished()  # its role decides its font
    words.setFixedSize(words.fontMetrics().horizontalAdvance(widest) + 4, words.fontMetrics().height() + 2)
    return words


class Controls:
    """The same for one panel, whose id then stands before every name."""

    def __init__(self, panel: str) -> None:
        self._panel = panel

    def named(self, widget: Control, name: str, words: str, tip: str) -> Control:
        return named(widget, f"{self._panel}.{name}", words, tip)

    def button(
        self, parent: QWidget, name: str, words: str, tip: str, *, glyph: str = "", role: str = ""
    ) -> QPushButton:
        return button(parent, f"{self._panel}.{name}", words, tip, glyph=glyph, role=role)

    def icon_button(self, parent: QWidget, name: str, glyph: str, words: str, tip: str) -> QPushButton:
        return icon_button(parent, f"{self._panel}.{name}", glyph, words, tip)

    def chip(self, parent: QWidget, name: str, words: str, tip: str, *, checkable: bool = False) -> QPushButton:
        return chip(parent, f"{self._panel}.{name}", words, tip, checkable=checkable)
