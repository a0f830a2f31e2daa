"""The small pieces that stand in this panel's cards."""

from __future__ import annotations

from PySide6.QtWidgets import QLabel, QPushButton, QWidget

from cvlab.ui.theme.icons import icon


def named(widget: QWidget, name: str, words: str, tip: str) -> QWidget:
    """The control with its permanent name, its spoken name and what it teaches."""
    widget.setObjectName(f"linear.{name}")
    widget.setAccessibleName(words)
    widget.setToolTip(tip)
    return widget


def icon_button(parent: QWidget, name: str, glyph: str, words: str, tip: str) -> QPushButton:
    """A small button with a glyph; the one that plays is the primary one."""
    primary = glyph == "play"
    button = QPushButton(icon(glyph, "accent_ink" if primary else "ink"), "", parent)
    button.setProperty("role", "primary icon" if primary else "quiet icon")
    button.setFixedSize(44 if primary else 36, 32)
    return named(button, name, words, tip)


def label(parent: QWidget, text: str = "", role: str = "small muted", *, wraps: bool = False) -> QLabel:
    made = QLabel(text, parent)
    made.setProperty("role", role)
    made.setWordWrap(wraps)
    return made


def number(value: float) -> str:
    """Four figures, with a true minus: 437.9, −0.0123, 3.1e+05."""
    text = f"{value:.4g}"
    return ("0" if float(text) == 0 else text).replace("-", "−")
